package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/auth"
	"lyceum/auth/ldapsync"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

const (
	ldapDirectoriesMax   = 100
	ldapDirectoryColumns = "id, kind, name, status, mode, connection_id, settings, secrets, mapping, role_rules, revision, synced_at, problem, created_at, updated_at"
)

// LDAPDirectories lists all by name.
func (s *Store) LDAPDirectories(ctx context.Context) (list []ldapsync.Directory, err error) {
	err = s.tx(ctx).Table("directories").Select(ldapDirectoryColumns).Where("kind = ?", ldapsync.Kind).Order("lower(name), id").Limit(ldapDirectoriesMax).Find(&list).Error
	return list, fail(err, "list LDAP directories")
}

// LDAPDirectory finds a directory.
func (s *Store) LDAPDirectory(ctx context.Context, id uid.ID) (d ldapsync.Directory, err error) {
	err = s.tx(ctx).Table("directories").Select(ldapDirectoryColumns).Where("id = ? and kind = ?", id, ldapsync.Kind).Take(&d).Error
	return d, notFound(err, ldapsync.ErrDirectoryNotFound, "find LDAP directory %s", id)
}

// InsertLDAPDirectory adds a directory.
func (s *Store) InsertLDAPDirectory(ctx context.Context, d ldapsync.Directory) error {
	return fail(s.tx(ctx).Table("directories").Create(&d).Error, "add an LDAP directory")
}

// SetLDAPDirectory writes everything but id, kind and what runs write, when the row still has the revision.
func (s *Store) SetLDAPDirectory(ctx context.Context, d ldapsync.Directory, was int) error {
	return s.changeOne(ctx, ldapsync.ErrDirectoryChanged, "change an LDAP directory", `update directories set name = ?, status = ?, connection_id = ?, settings = ?, secrets = ?,
		mapping = ?, role_rules = ?, revision = ?, updated_at = ? where id = ? and kind = ? and revision = ?`,
		d.Name, d.Status, d.ConnectionID, d.Settings, d.Secrets, d.Mapping, d.RoleRules, d.Revision, d.UpdatedAt, d.ID, ldapsync.Kind, was)
}

// DeleteLDAPDirectory removes a directory with all that hangs on it. The roles that it gave stay, as if given by hand.
func (s *Store) DeleteLDAPDirectory(ctx context.Context, id uid.ID) error {
	if err := s.tx(ctx).Exec("update person_roles set source = null where source = ?", id).Error; err != nil {
		return fail(err, "keep the roles of LDAP directory %s", id)
	}
	if err := s.asideOfDirectory(ctx, id); err != nil {
		return err
	}
	return s.changeOne(ctx, ldapsync.ErrDirectoryNotFound, "remove an LDAP directory", "delete from directories where id = ? and kind = ?", id, ldapsync.Kind)
}

// SetLDAPSynced writes when a run ended and what was in its way.
func (s *Store) SetLDAPSynced(ctx context.Context, id uid.ID, at time.Time, problem string) error {
	return s.changeOne(ctx, ldapsync.ErrDirectoryNotFound, "note a run of an LDAP directory",
		"update directories set synced_at = ?, problem = ? where id = ? and kind = ?", at, problem, id, ldapsync.Kind)
}

const (
	runColumns      = "id, directory_id, dry_run, requested_by, started_at, beat_at, ended_at, outcome, problem, counts"
	wholeRunColumns = runColumns + ", changes, report"
)

// BeginDirectoryRun adds a run, ends those of its directory that were silent, and removes the oldest.
func (s *Store) BeginDirectoryRun(ctx context.Context, r ldapsync.Run, quiet time.Time) error {
	err := s.tx(ctx).Exec("update directory_runs set ended_at = ?, outcome = ?, problem = ? where directory_id = ? and ended_at is null and beat_at < ?",
		r.StartedAt, ldapsync.OutcomeFailed, ldapsync.ErrRunOver.Text, r.DirectoryID, quiet).Error
	if err == nil {
		err = s.tx(ctx).Table("directory_runs").Create(&r).Error
	}
	if err == nil {
		err = s.tx(ctx).Exec("delete from directory_runs where directory_id = ? and id <= (select id from directory_runs where directory_id = ? order by id desc offset ? limit 1)"+unlessAnyHeld(ctx),
			r.DirectoryID, r.DirectoryID, ldapsync.RunsKept).Error
	}
	return fail(err, "begin a run of directory %s", r.DirectoryID)
}

// BeatDirectoryRun writes a run's sign of life.
func (s *Store) BeatDirectoryRun(ctx context.Context, id uid.ID, at time.Time) error {
	return s.changeOne(ctx, ldapsync.ErrRunOver, "beat a run", "update directory_runs set beat_at = ? where id = ? and ended_at is null", at, id)
}

// EndDirectoryRun writes how a run ended.
func (s *Store) EndDirectoryRun(ctx context.Context, r ldapsync.Run) error {
	return s.changeOne(ctx, ldapsync.ErrRunOver, "end a run",
		"update directory_runs set beat_at = ?, ended_at = ?, outcome = ?, problem = ?, counts = ?, changes = ?, report = ? where id = ? and ended_at is null",
		r.BeatAt, r.EndedAt, r.Outcome, r.Problem, r.Counts, r.Changes, r.Report, r.ID)
}

// DirectoryRuns lists a directory's runs, the newest first; without changes and report unless whole.
func (s *Store) DirectoryRuns(ctx context.Context, directory uid.ID, p page.Request, whole bool) (out page.Of[ldapsync.Run], err error) {
	limit, columns := p.Bounded(), runColumns
	if whole {
		columns = wholeRunColumns
	}
	q := s.tx(ctx).Table("directory_runs").Select(columns).Where("directory_id = ?", directory).Order("id desc").Limit(limit + 1)
	if p.After != "" {
		id, ok := uid.Parse(p.After)
		if !ok {
			return out, page.ErrCursor
		}
		q = q.Where("id < ?", id)
	}
	if err := q.Find(&out.Items).Error; err != nil {
		return page.Of[ldapsync.Run]{}, fail(err, "runs of directory %s", directory)
	}
	if len(out.Items) > limit {
		out.Items = out.Items[:limit]
		out.Next = out.Items[limit-1].ID.String()
	}
	return out, nil
}

// DirectoryRun finds a run of a directory with all that it did.
func (s *Store) DirectoryRun(ctx context.Context, directory, id uid.ID) (r ldapsync.Run, err error) {
	err = s.tx(ctx).Table("directory_runs").Select(wholeRunColumns).Where("directory_id = ? and id = ?", directory, id).Take(&r).Error
	return r, notFound(err, ldapsync.ErrRunNotFound, "find run %s", id)
}

const subjectRecordColumns = "directory_id, person_id, external_id, user_name, active, resource, revision, created_at, updated_at"

func (s *Store) subjectRecords(ctx context.Context) *gorm.DB {
	return s.tx(ctx).Table("directory_people").Select(subjectRecordColumns)
}

// SubjectRecords gives the records of subjects of a directory.
func (s *Store) SubjectRecords(ctx context.Context, directory uid.ID, subjects []string) (list []ldapsync.Record, err error) {
	err = s.subjectRecords(ctx).Where("directory_id = ? and external_id in ?", directory, subjects).Limit(len(subjects)).Find(&list).Error
	return list, fail(err, "records of directory %s", directory)
}

// RecordOfPerson finds a person's record in a directory.
func (s *Store) RecordOfPerson(ctx context.Context, directory, person uid.ID) (r ldapsync.Record, err error) {
	err = s.subjectRecords(ctx).Where("directory_id = ? and person_id = ?", directory, person).Take(&r).Error
	return r, notFound(err, auth.ErrPersonNotFound, "find the record of person %s", person)
}

// NamedRecord gives the person who has a user name in a directory, uid.Nil when nobody has.
func (s *Store) NamedRecord(ctx context.Context, directory uid.ID, userName string) (uid.ID, error) {
	var row struct{ PersonID uid.ID }
	err := s.tx(ctx).Table("directory_people").Select("person_id").Where("directory_id = ? and user_name = ?", directory, userName).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return uid.Nil, nil
	}
	return row.PersonID, fail(err, "find a user name in directory %s", directory)
}

// ActiveRecords gives those of a directory's records that are active, by person, each with no more of its resource than the
// name.
func (s *Store) ActiveRecords(ctx context.Context, directory, after uid.ID, n int) (list []ldapsync.Record, err error) {
	err = s.tx(ctx).Table("directory_people").
		Select("directory_id, person_id, external_id, user_name, active, jsonb_build_object('dn', resource->'dn') as resource, revision, created_at, updated_at").
		Where("directory_id = ? and active and person_id > ?", directory, after).Order("person_id").Limit(n).Find(&list).Error
	return list, fail(err, "active records of directory %s", directory)
}

// CountActiveRecords counts the active records of a directory.
func (s *Store) CountActiveRecords(ctx context.Context, directory uid.ID) (int, error) {
	var n int64
	err := s.tx(ctx).Table("directory_people").Where("directory_id = ? and active", directory).Count(&n).Error
	return int(n), fail(err, "count records of directory %s", directory)
}

// PutSubjectRecord adds a record, or puts it in the place of the person's.
func (s *Store) PutSubjectRecord(ctx context.Context, r ldapsync.Record) error {
	again := clause.OnConflict{
		Columns:   []clause.Column{{Name: "directory_id"}, {Name: "person_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"external_id", "user_name", "active", "resource", "revision", "updated_at"}),
	}
	return fail(s.tx(ctx).Table("directory_people").Clauses(again).Create(&r).Error, "keep a record of directory %s", r.DirectoryID)
}

// SetSubjectRecord writes what changes of a record.
func (s *Store) SetSubjectRecord(ctx context.Context, r ldapsync.Record) error {
	return s.changeOne(ctx, auth.ErrPersonNotFound, "change a record", `update directory_people set user_name = ?, active = ?, resource = ?, revision = ?, updated_at = ?
		where directory_id = ? and person_id = ?`, r.UserName, r.Active, r.Resource, r.Revision, r.UpdatedAt, r.DirectoryID, r.PersonID)
}

// ManagersOf gives the managers of those people who have one.
func (s *Store) ManagersOf(ctx context.Context, people []uid.ID) (map[uid.ID]uid.ID, error) {
	var rows []struct{ ID, ManagerID uid.ID }
	out := make(map[uid.ID]uid.ID, len(people))
	err := s.tx(ctx).Table("people").Select("id, manager_id").Where("id in ? and manager_id is not null", people).Find(&rows).Error
	for _, r := range rows {
		out[r.ID] = r.ManagerID
	}
	return out, fail(err, "managers of people")
}
