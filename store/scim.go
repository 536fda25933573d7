package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"lyceum/auth/scim"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

const (
	directoriesMax     = 100
	directoryColumns   = "id, kind, name, status, mode, connection_id, settings, mapping, role_rules, revision, synced_at, problem, created_at, updated_at"
	directoryTokensMax = 100
)

// Try runs fn within a savepoint: what it did is taken back, and nothing else, when it fails.
func (s *Store) Try(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.tx(ctx).Transaction(func(*gorm.DB) error { return fn(ctx) })
}

// Directories lists those of a kind by name.
func (s *Store) Directories(ctx context.Context, kind scim.Kind) (list []scim.Directory, err error) {
	err = s.tx(ctx).Table("directories").Select(directoryColumns).Where("kind = ?", kind).Order("lower(name), id").Limit(directoriesMax).Find(&list).Error
	return list, fail(err, "list directories")
}

// DirectoryByID finds a directory.
func (s *Store) DirectoryByID(ctx context.Context, kind scim.Kind, id uid.ID) (d scim.Directory, err error) {
	err = s.tx(ctx).Table("directories").Select(directoryColumns).Where("id = ? and kind = ?", id, kind).Take(&d).Error
	return d, notFound(err, scim.ErrDirectoryNotFound, "find directory %s", id)
}

// InsertDirectory adds a directory.
func (s *Store) InsertDirectory(ctx context.Context, d scim.Directory) error {
	return fail(s.tx(ctx).Table("directories").Create(&d).Error, "add a directory")
}

// SetDirectory writes everything but id, kind and when it was used, when the row still has the revision.
func (s *Store) SetDirectory(ctx context.Context, d scim.Directory, was int) error {
	return s.changeOne(ctx, scim.ErrDirectoryChanged, "change a directory", `update directories set name = ?, status = ?, mode = ?, connection_id = ?, settings = ?,
		mapping = ?, role_rules = ?, revision = ?, problem = ?, updated_at = ? where id = ? and kind = ? and revision = ?`,
		d.Name, d.Status, d.Mode, d.ConnectionID, d.Settings, d.Mapping, d.RoleRules, d.Revision, d.Problem, d.UpdatedAt, d.ID, d.Kind, was)
}

// DeleteDirectory removes a directory with all that hangs on it. The roles that it gave stay, as if given by hand.
func (s *Store) DeleteDirectory(ctx context.Context, kind scim.Kind, id uid.ID) error {
	if err := s.tx(ctx).Exec("update person_roles set source = null where source = ?", id).Error; err != nil {
		return fail(err, "keep the roles of directory %s", id)
	}
	if err := s.asideOfDirectory(ctx, id); err != nil {
		return err
	}
	return s.changeOne(ctx, scim.ErrDirectoryNotFound, "remove a directory", "delete from directories where id = ? and kind = ?", id, kind)
}

// InsertDirectoryToken adds a token.
func (s *Store) InsertDirectoryToken(ctx context.Context, t scim.Token) error {
	return fail(s.tx(ctx).Table("directory_tokens").Create(&t).Error, "add a directory's token")
}

const directoryOfHash = `select t.id, t.directory_id, t.name, t.prefix, t.created_by, t.created_at, t.expires_at, t.last_used_at, t.revoked_at,
	d.kind, d.name, d.status, d.mode, d.connection_id, d.settings::text, d.mapping::text, d.role_rules::text, d.revision, d.synced_at, d.problem, d.created_at, d.updated_at
	from directory_tokens t join directories d on d.id = t.directory_id where t.hash = $1`

// DirectoryTokenByHash finds a token, expired, revoked or not, with its directory, in one query. It needs no transaction around it.
func (s *Store) DirectoryTokenByHash(ctx context.Context, hash []byte) (t scim.Token, d scim.Directory, err error) {
	err = s.singleRow(ctx, scim.ErrUnauthorised, func(row pgx.Row) error {
		var settings, mapping, rules string
		err := row.Scan(&t.ID, &t.DirectoryID, &t.Name, &t.Prefix, &t.CreatedBy, &t.CreatedAt, &t.ExpiresAt, &t.LastUsedAt, &t.RevokedAt,
			&d.Kind, &d.Name, &d.Status, &d.Mode, &d.ConnectionID, &settings, &mapping, &rules, &d.Revision, &d.SyncedAt, &d.Problem, &d.CreatedAt, &d.UpdatedAt)
		if err != nil {
			return err
		}
		d.ID = t.DirectoryID
		if err := d.Settings.Scan(settings); err != nil {
			return err
		}
		if err := d.Mapping.Scan(mapping); err != nil {
			return err
		}
		return d.RoleRules.Scan(rules)
	}, directoryOfHash, hash)
	return t, d, fail(err, "find a directory's token")
}

// TouchDirectoryToken writes when a token and its directory were used, unless a later use stands there already.
func (s *Store) TouchDirectoryToken(ctx context.Context, t scim.Token, at time.Time) error {
	err := s.tx(ctx).Exec("update directory_tokens set last_used_at = ? where id = ? and (last_used_at is null or last_used_at < ?)", at, t.ID, at).Error
	if err == nil {
		err = s.tx(ctx).Exec("update directories set synced_at = ? where id = ? and (synced_at is null or synced_at < ?)", at, t.DirectoryID, at).Error
	}
	return fail(err, "touch token %s", t.ID)
}

// DirectoryTokens lists a directory's tokens that are not revoked, the newest first, without hashes.
func (s *Store) DirectoryTokens(ctx context.Context, directory uid.ID) (list []scim.Token, err error) {
	err = s.tx(ctx).Table("directory_tokens").Select("id, directory_id, name, prefix, created_by, created_at, expires_at, last_used_at").
		Where("directory_id = ? and revoked_at is null", directory).Order("created_at desc, id desc").Limit(directoryTokensMax).Find(&list).Error
	return list, fail(err, "tokens of directory %s", directory)
}

// RevokeDirectoryToken ends a token.
func (s *Store) RevokeDirectoryToken(ctx context.Context, directory, id uid.ID, at time.Time) error {
	return s.changeOne(ctx, scim.ErrTokenNotFound, "revoke a directory's token",
		"update directory_tokens set revoked_at = ? where id = ? and directory_id = ? and revoked_at is null", at, id, directory)
}

// LogRequest adds a request to its directory's log and removes those beyond scim.RequestsKept.
func (s *Store) LogRequest(ctx context.Context, l scim.Logged) error {
	if err := s.tx(ctx).Table("directory_requests").Create(&l).Error; err != nil {
		return fail(err, "log a request")
	}
	err := s.tx(ctx).Exec("delete from directory_requests where directory_id = ? and id <= (select id from directory_requests where directory_id = ? order by id desc offset ? limit 1)"+unlessAnyHeld(ctx),
		l.DirectoryID, l.DirectoryID, scim.RequestsKept).Error
	return fail(err, "trim the log of directory %s", l.DirectoryID)
}

const (
	loggedColumns = "id, directory_id, method, path, status, outcome, dry_run, millis, at"
	loggedBodies  = loggedColumns + ", request, response"
)

// LoggedRequests lists a directory's requests, the newest first; without bodies unless whole.
func (s *Store) LoggedRequests(ctx context.Context, directory uid.ID, p page.Request, whole bool) (out page.Of[scim.Logged], err error) {
	limit := p.Bounded()
	q := s.tx(ctx).Table("directory_requests").Select(loggedColumns)
	if whole {
		q = q.Select(loggedBodies)
	}
	q = q.Where("directory_id = ?", directory).Order("id desc").Limit(limit + 1)
	if p.After != "" {
		id, ok := uid.Parse(p.After)
		if !ok {
			return out, page.ErrCursor
		}
		q = q.Where("id < ?", id)
	}
	var rows []scim.Logged
	if err := q.Find(&rows).Error; err != nil {
		return out, fail(err, "log of directory %s", directory)
	}
	out.Items = rows
	if len(rows) > limit {
		out.Items = rows[:limit]
		out.Next = rows[limit-1].ID.String()
	}
	return out, nil
}

// LoggedRequest finds one request of a directory's log.
func (s *Store) LoggedRequest(ctx context.Context, directory, id uid.ID) (l scim.Logged, err error) {
	err = s.tx(ctx).Table("directory_requests").Select(loggedBodies).Where("directory_id = ? and id = ?", directory, id).Take(&l).Error
	return l, notFound(err, scim.ErrRequestNotFound, "find a logged request")
}
