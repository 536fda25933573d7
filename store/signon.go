package store

import (
	"context"

	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

const connectionsMax = 100

const connectionColumns = "id, kind, name, status, position, settings, secrets, mapping, role_rules, revision, checked_at, problem, created_at, updated_at"

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

// InsertConnection adds a connection.
func (s *Store) InsertConnection(ctx context.Context, c signon.Connection) error {
	return fail(s.tx(ctx).Table("connections").Create(&c).Error, "add a connection")
}

// SetConnection writes everything but id and kind, when the row still has the revision before.
func (s *Store) SetConnection(ctx context.Context, c signon.Connection, was int) error {
	return s.changeOne(ctx, signon.ErrStaleRevision, "change connection", `update connections set name = ?, status = ?, position = ?, settings = ?, secrets = ?,
		mapping = ?, role_rules = ?, revision = ?, checked_at = ?, problem = ?, updated_at = ? where id = ? and revision = ?`,
		c.Name, c.Status, c.Position, c.Settings, c.Secrets, c.Mapping, c.RoleRules, c.Revision, c.CheckedAt, c.Problem, c.UpdatedAt, c.ID, was)
}

// DeleteConnection removes a connection with its identities and trace.
func (s *Store) DeleteConnection(ctx context.Context, id uid.ID) error {
	return s.changeOne(ctx, signon.ErrConnectionNotFound, "remove a connection", "delete from connections where id = ?", id)
}
