package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/auth"
	"lyceum/auth/bulk"
	"lyceum/auth/group"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// AddImport keeps a list of people with its lines.
func (s *Store) AddImport(ctx context.Context, i bulk.Import, lines []bulk.Line) error {
	if err := s.tx(ctx).Table("people_imports").Create(&i).Error; err != nil {
		return fail(err, "add a list of people")
	}
	return fail(s.tx(ctx).Table("people_import_lines").CreateInBatches(lines, 500).Error, "add the lines of list %s", i.ID)
}

// ImportByID finds a list of people.
func (s *Store) ImportByID(ctx context.Context, id uid.ID) (i bulk.Import, err error) {
	err = s.tx(ctx).Table("people_imports").Where("id = ?", id).Take(&i).Error
	return i, notFound(err, bulk.ErrNotFound, "find list %s", id)
}

// LockImport finds a list of people and holds it until the transaction ends.
func (s *Store) LockImport(ctx context.Context, id uid.ID) (i bulk.Import, err error) {
	err = s.tx(ctx).Table("people_imports").Where("id = ?", id).Clauses(clause.Locking{Strength: "UPDATE"}).Take(&i).Error
	return i, notFound(err, bulk.ErrNotFound, "hold list %s", id)
}

// SaveImport writes how far a list is.
func (s *Store) SaveImport(ctx context.Context, i bulk.Import) error {
	return fail(s.tx(ctx).Table("people_imports").Where("id = ?", i.ID).Select("*").Omit("id", "created_at").Updates(&i).Error, "save list %s", i.ID)
}

// Imports lists the lists of people, the newest first.
func (s *Store) Imports(ctx context.Context, r page.Request) (out page.Of[bulk.Import], err error) {
	limit := r.Bounded()
	q := s.tx(ctx).Table("people_imports").Order("id desc").Limit(limit + 1)
	if r.After != "" {
		parts, err := page.Parts(r.After, 1)
		if err != nil {
			return out, err
		}
		q = q.Where("id < ?", parts[0])
	}
	if err := q.Find(&out.Items).Error; err != nil {
		return out, fail(err, "list lists of people")
	}
	if len(out.Items) > limit {
		out.Items = out.Items[:limit]
		out.Next = page.Cursor(out.Items[limit-1].ID.String())
	}
	return out, nil
}

// DeleteImport removes a list with its lines.
func (s *Store) DeleteImport(ctx context.Context, id uid.ID) error {
	if err := s.setAside(ctx, "people_import_lines", "import_id = ?", id); err != nil {
		return err
	}
	return s.changeOne(ctx, bulk.ErrNotFound, "remove a list", "delete from people_imports where id = ?", id)
}

// DeleteImports removes the lists that were made before a moment and are not running.
func (s *Store) DeleteImports(ctx context.Context, before time.Time) (int64, error) {
	if err := s.setAside(ctx, "people_import_lines", "import_id in (select id from people_imports where created_at < ? and status <> 'running')", before); err != nil {
		return 0, err
	}
	done := s.tx(ctx).Exec("delete from people_imports where created_at < ? and status <> 'running'", before)
	return done.RowsAffected, fail(done.Error, "remove old lists")
}

// ImportLines lists the lines of a list by number.
func (s *Store) ImportLines(ctx context.Context, id uid.ID, f bulk.Filter) (out page.Of[bulk.Line], err error) {
	limit := f.Page.Bounded()
	q := s.tx(ctx).Table("people_import_lines").Where("import_id = ?", id).Order("number").Limit(limit + 1)
	if f.Outcome != "" {
		q = q.Where("outcome = ?", f.Outcome)
	}
	if f.State != "" {
		q = q.Where("state = ?", f.State)
	}
	if f.Page.After != "" {
		parts, err := page.Parts(f.Page.After, 1)
		if err != nil {
			return out, err
		}
		n, err := strconv.ParseInt(parts[0], 10, 32)
		if err != nil {
			return out, page.ErrCursor
		}
		q = q.Where("number > ?", n)
	}
	if err := q.Find(&out.Items).Error; err != nil {
		return out, fail(err, "lines of list %s", id)
	}
	if len(out.Items) > limit {
		out.Items = out.Items[:limit]
		out.Next = page.Cursor(strconv.Itoa(out.Items[limit-1].Number))
	}
	return out, nil
}

// WaitingLines gives the first lines of a list that are to be done.
func (s *Store) WaitingLines(ctx context.Context, id uid.ID, n int) (lines []bulk.Line, err error) {
	err = s.tx(ctx).Table("people_import_lines").Where("import_id = ? and state = 'waiting'", id).Order("number").Limit(n).Find(&lines).Error
	return lines, fail(err, "waiting lines of list %s", id)
}

// SaveLines writes what becomes of lines, in one statement for many.
func (s *Store) SaveLines(ctx context.Context, lines []bulk.Line) error {
	type row struct {
		Import  uid.ID       `json:"i"`
		Number  int          `json:"n"`
		Email   string       `json:"e"`
		Name    string       `json:"m"`
		Outcome bulk.Outcome `json:"o"`
		Detail  bulk.Detail  `json:"d"`
		Problem string       `json:"p"`
		State   bulk.State   `json:"s"`
		Person  *uid.ID      `json:"w"`
	}
	rows := make([]row, len(lines))
	for i, l := range lines {
		rows[i] = row{l.ImportID, l.Number, l.Email, l.Name, l.Outcome, l.Detail, l.Problem, l.State, l.PersonID}
	}
	raw, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("lines of a list: %w", err)
	}
	err = s.tx(ctx).Exec(`update people_import_lines l set email = r.e, name = r.m, outcome = r.o, detail = r.d, problem = r.p, state = r.s, person_id = r.w
		from jsonb_to_recordset(?::jsonb) as r(i uuid, n integer, e text, m text, o text, d jsonb, p text, s text, w uuid)
		where l.import_id = r.i and l.number = r.n`, string(raw)).Error
	return fail(err, "save the lines of a list")
}

// MailedSince counts the invitations of lists that were asked for since a moment.
func (s *Store) MailedSince(ctx context.Context, since time.Time) (n int, err error) {
	err = s.tx(ctx).Raw("select coalesce(sum(mailed), 0) from people_imports where requested_at > ?", since).Scan(&n).Error
	return n, fail(err, "count invitations of lists")
}

// atOnce bounds the values of one IN.
const atOnce = 1000

// PeopleByEmails gives the people of e-mails with their roles.
func (s *Store) PeopleByEmails(ctx context.Context, emails []string) (map[string]auth.Person, error) {
	out := make(map[string]auth.Person, len(emails))
	for len(emails) > 0 {
		n := min(len(emails), atOnce)
		var rows []personRow
		if err := s.tx(ctx).Table("people p").Select(personColumns+", "+personRoles).Where("p.email in ?", emails[:n]).Find(&rows).Error; err != nil {
			return nil, fail(err, "people by e-mail")
		}
		for _, r := range rows {
			out[r.Email] = r.person()
		}
		emails = emails[n:]
	}
	return out, nil
}

// GroupsByNames gives groups by their names in small letters; of two of one name the one that is kept by hand.
func (s *Store) GroupsByNames(ctx context.Context, names []string) (map[string]group.Group, error) {
	out := map[string]group.Group{}
	for len(names) > 0 {
		n := min(len(names), atOnce)
		var rows []struct {
			group.Group `gorm:"embedded"`
			SortName    string
		}
		err := s.tx(ctx).Table("groups g").Select(ruledColumns+", lower(g.name) as sort_name").Where("lower(g.name) in ?", names[:n]).
			Order("(g.directory_id is null and g.rule is null), g.id").Find(&rows).Error
		if err != nil {
			return nil, fail(err, "groups by name")
		}
		for _, r := range rows {
			out[r.SortName] = r.Group
		}
		names = names[n:]
	}
	return out, nil
}

// GroupNamesOf gives the names of the groups that each of these people is in, in small letters.
func (s *Store) GroupNamesOf(ctx context.Context, people []uid.ID) (map[uid.ID]map[string]bool, error) {
	out := map[uid.ID]map[string]bool{}
	for len(people) > 0 {
		n := min(len(people), atOnce)
		var rows []struct {
			PersonID uid.ID
			Name     string
		}
		err := s.tx(ctx).Table("group_members m").Select("m.person_id, lower(g.name) as name").Joins("join groups g on g.id = m.group_id").Where("m.person_id in ?", people[:n]).Find(&rows).Error
		if err != nil {
			return nil, fail(err, "groups of people")
		}
		for _, r := range rows {
			if out[r.PersonID] == nil {
				out[r.PersonID] = map[string]bool{}
			}
			out[r.PersonID][r.Name] = true
		}
		people = people[n:]
	}
	return out, nil
}

const linkColumns = "l.id, l.hash, l.sealed, l.name, l.role, l.group_id, l.domains, l.max_uses, l.used, l.created_by, l.created_at, l.expires_at, l.revoked_at, coalesce(g.name, '') as group_name"

func (s *Store) joinLinks(ctx context.Context) *gorm.DB {
	return s.tx(ctx).Table("join_links l").Select(linkColumns).Joins("left join groups g on g.id = l.group_id")
}

// AddLink keeps a link to join.
func (s *Store) AddLink(ctx context.Context, l bulk.Link) error {
	return fail(s.tx(ctx).Table("join_links").Create(&l).Error, "add a link to join")
}

// LinkByID finds a link to join.
func (s *Store) LinkByID(ctx context.Context, id uid.ID) (l bulk.Link, err error) {
	err = s.joinLinks(ctx).Where("l.id = ?", id).Take(&l).Error
	return l, notFound(err, bulk.ErrNoLink, "find link %s", id)
}

// LinkByHash finds a link to join by its secret.
func (s *Store) LinkByHash(ctx context.Context, hash []byte) (l bulk.Link, err error) {
	err = s.joinLinks(ctx).Where("l.hash = ?", hash).Take(&l).Error
	return l, notFound(err, bulk.ErrNoLink, "find a link to join")
}

// LockLink finds a link to join and holds it until the transaction ends.
func (s *Store) LockLink(ctx context.Context, id uid.ID) (l bulk.Link, err error) {
	err = s.joinLinks(ctx).Where("l.id = ?", id).Clauses(clause.Locking{Strength: "UPDATE", Table: clause.Table{Name: "l"}}).Take(&l).Error
	return l, notFound(err, bulk.ErrNoLink, "hold link %s", id)
}

// SaveLink writes how often a link was used and whether it was revoked.
func (s *Store) SaveLink(ctx context.Context, l bulk.Link) error {
	return fail(s.tx(ctx).Exec("update join_links set used = ?, revoked_at = ? where id = ?", l.Used, l.RevokedAt, l.ID).Error, "save link %s", l.ID)
}

// Links lists the links to join, the newest first.
func (s *Store) Links(ctx context.Context) (list []bulk.Link, err error) {
	return list, fail(s.joinLinks(ctx).Order("l.id desc").Limit(200).Find(&list).Error, "list links to join")
}
