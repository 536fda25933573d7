package store

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

const connectionsMax = 100

const connectionColumns = "id, kind, product, name, status, position, settings, secrets, mapping, role_rules, admission, revision, checked_at, problem, created_at, updated_at"

// SignOnConnections lists all by position, then name.
func (s *Store) SignOnConnections(ctx context.Context) (list []signon.Connection, err error) {
	err = s.tx(ctx).Table("connections").Select(connectionColumns).Order("position, lower(name), id").Limit(connectionsMax).Find(&list).Error
	return list, fail(err, "list connections")
}

// ConnectionByID finds a connection.
func (s *Store) ConnectionByID(ctx context.Context, id uid.ID) (c signon.Connection, err error) {
	err = s.tx(ctx).Table("connections").Select(connectionColumns).Where("id = ?", id).Take(&c).Error
	return c, notFound(err, signon.ErrConnectionNotFound, "find connection %s", id)
}

// HoldConnection finds a connection and keeps others from changing it until the transaction ends; who else holds it so does
// not wait.
func (s *Store) HoldConnection(ctx context.Context, id uid.ID) (c signon.Connection, err error) {
	err = s.tx(ctx).Raw("select "+connectionColumns+" from connections where id = ? for share", id).Scan(&c).Error
	if err == nil && c.ID == uid.Nil {
		err = gorm.ErrRecordNotFound
	}
	return c, notFound(err, signon.ErrConnectionNotFound, "hold connection %s", id)
}

// InsertConnection adds a connection.
func (s *Store) InsertConnection(ctx context.Context, c signon.Connection) error {
	return fail(s.tx(ctx).Table("connections").Create(&c).Error, "add a connection")
}

// SetConnection writes everything but id and kind, when the row still has the revision before.
func (s *Store) SetConnection(ctx context.Context, c signon.Connection, was int) error {
	return s.changeOne(ctx, signon.ErrStaleRevision, "change connection", `update connections set product = ?, name = ?, status = ?, position = ?, settings = ?, secrets = ?,
		mapping = ?, role_rules = ?, admission = ?, revision = ?, checked_at = ?, problem = ?, updated_at = ? where id = ? and revision = ?`,
		c.Product, c.Name, c.Status, c.Position, c.Settings, c.Secrets, c.Mapping, c.RoleRules, c.Admission, c.Revision, c.CheckedAt, c.Problem, c.UpdatedAt, c.ID, was)
}

// DeleteConnection removes a connection with its identities and trace.
func (s *Store) DeleteConnection(ctx context.Context, id uid.ID) error {
	for _, table := range []string{"identities", "sign_on_attempts"} {
		if err := s.setAside(ctx, table, "connection_id = ?", id); err != nil {
			return err
		}
	}
	return s.changeOne(ctx, signon.ErrConnectionNotFound, "remove a connection", "delete from connections where id = ?", id)
}

// LockConnections holds all connections until the transaction ends.
func (s *Store) LockConnections(ctx context.Context) error {
	var ids []uid.ID
	err := s.tx(ctx).Raw("select id from connections order by id for update").Scan(&ids).Error
	return fail(err, "hold the connections")
}

// SetConnectionPosition moves a connection in the order.
func (s *Store) SetConnectionPosition(ctx context.Context, id uid.ID, position int) error {
	return s.changeOne(ctx, signon.ErrConnectionNotFound, "move a connection", "update connections set position = ? where id = ?", position, id)
}

// SetConnectionChecked notes a fetch of metadata or discovery, which is no change of the revision.
func (s *Store) SetConnectionChecked(ctx context.Context, id uid.ID, at time.Time, problem string) error {
	return s.changeOne(ctx, signon.ErrConnectionNotFound, "note a fetch", "update connections set checked_at = ?, problem = ? where id = ?", at, problem, id)
}

// OwnersOver counts the owners who are linked to a connection.
func (s *Store) OwnersOver(ctx context.Context, connection uid.ID) (n int, err error) {
	err = s.tx(ctx).Raw(`select count(distinct i.person_id) from identities i join person_roles r on r.person_id = i.person_id
		where i.connection_id = ? and r.role = ?`, connection, policy.Owner).Scan(&n).Error
	return n, fail(err, "owners linked to connection %s", connection)
}

// Stakes counts what hangs on a connection.
func (s *Store) Stakes(ctx context.Context, connection uid.ID, now time.Time) (st signon.Stakes, err error) {
	err = s.tx(ctx).Raw(`select count(distinct i.person_id) as people,
			count(distinct i.person_id) filter (where p.password_hash = '' and not exists (
				select 1 from factors f where f.person_id = i.person_id and f.kind = 'passkey' and f.confirmed_at is not null) and not exists (
				select 1 from identities o where o.person_id = i.person_id and o.connection_id <> i.connection_id)) as only_way,
			(select count(*) from directories d where d.connection_id = ?) as directories,
			(select count(distinct s.person_id) from sessions s where s.connection_id = ? and s.expires_at > ?) as signed_in
		from identities i join people p on p.id = i.person_id where i.connection_id = ?`, connection, connection, now, connection).
		Row().Scan(&st.People, &st.OnlyWay, &st.Directories, &st.SignedIn)
	if err != nil {
		return st, fail(err, "what hangs on connection %s", connection)
	}
	var rows []struct{ Domain, Policy string }
	err = s.tx(ctx).Table("email_domains").Select("domain, policy").Where("connection_id = ?", connection).Order("domain").Limit(connectionsMax).Find(&rows).Error
	for _, r := range rows {
		st.Domains = append(st.Domains, r.Domain)
		if r.Policy == "required" {
			st.Required = append(st.Required, r.Domain)
		}
	}
	return st, fail(err, "domains of connection %s", connection)
}

// LinkedPeople lists who is linked to a connection: their roles, those of them that it gave, and what is known of their
// groups — the claims of their last attempt here, else the groups that directories keep of them.
func (s *Store) LinkedPeople(ctx context.Context, connection uid.ID, n int) ([]signon.Linked, error) {
	var rows []struct {
		PersonID             uid.ID
		Roles, Given, Groups string
		Claims               signon.JSON[map[string][]string]
		Kept                 bool
	}
	err := s.tx(ctx).Raw(`select i.person_id,
			coalesce((select string_agg(r.role, ' ' order by r.role) from person_roles r where r.person_id = i.person_id), '') as roles,
			coalesce((select string_agg(r.role, ' ' order by r.role) from person_roles r where r.person_id = i.person_id and r.source = ?), '') as given,
			coalesce((select jsonb_agg(v.name order by v.name) from group_members m join groups g on g.id = m.group_id,
				lateral (values (g.name), (g.external_id)) v (name) where m.person_id = i.person_id and g.directory_id is not null and v.name is not null), '[]')::text as groups,
			coalesce((select a.claims from sign_on_attempts a where a.connection_id = ? and a.person_id = i.person_id and a.outcome <> 'refused' order by a.id desc limit 1), '{}') as claims,
			exists (select 1 from directory_people d where d.person_id = i.person_id) as kept
		from (select distinct person_id from identities where connection_id = ?) i order by i.person_id limit ?`, connection, connection, connection, n).Scan(&rows).Error
	if err != nil {
		return nil, fail(err, "people linked to connection %s", connection)
	}
	out := make([]signon.Linked, len(rows))
	for i, r := range rows {
		l := signon.Linked{PersonID: r.PersonID, Roles: rolesIn(r.Roles), Given: rolesIn(r.Given), Claims: r.Claims.V, InDirectory: r.Kept}
		if err := json.Unmarshal([]byte(r.Groups), &l.Groups); err != nil {
			return nil, fail(err, "groups of people linked to connection %s", connection)
		}
		out[i] = l
	}
	return out, nil
}
