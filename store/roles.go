package store

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"lyceum/auth"
	"lyceum/auth/policy"
)

// RoleRows lists all roles, the built-in ones first, then by name.
func (s *Store) RoleRows(ctx context.Context) (rows []auth.RoleRow, err error) {
	err = s.tx(ctx).Table("roles").Select("code, name, coalesce(description, '') as description, built_in").
		Order("built_in desc, lower(name), code").Limit(rolesMax).Find(&rows).Error
	return rows, fail(err, "list the roles")
}

// InsertRole adds a role.
func (s *Store) InsertRole(ctx context.Context, r auth.RoleRow) error {
	return fail(s.tx(ctx).Table("roles").Create(&r).Error, "add a role")
}

// SetRole writes a role's name and description.
func (s *Store) SetRole(ctx context.Context, r auth.RoleRow) error {
	return s.changeOne(ctx, auth.ErrRoleNotFound, "change a role", "update roles set name = ?, description = ? where code = ? and not built_in", r.Name, r.Description, r.Code)
}

// DeleteRole removes a role and its lines. A rule of a connection or directory that gives it keeps it, as people do.
func (s *Store) DeleteRole(ctx context.Context, role policy.Role) error {
	var given bool
	err := s.tx(ctx).Raw(`select exists (select 1 from connections where role_rules -> 'rules' @> jsonb_build_array(jsonb_build_object('role', ?::text)) or role_rules ->> 'default' = ?)
		or exists (select 1 from directories where role_rules -> 'rules' @> jsonb_build_array(jsonb_build_object('role', ?::text)) or role_rules ->> 'default' = ?)`,
		role, role, role, role).Scan(&given).Error
	if err != nil {
		return fail(err, "find who gives role %s", role)
	}
	if given {
		return auth.ErrRoleInUse
	}
	if err := s.SetLines(ctx, role, nil); err != nil {
		return err
	}
	return s.changeOne(ctx, auth.ErrRoleNotFound, "remove a role", "delete from roles where code = ? and not built_in", role)
}

// SetLines replaces all lines of a role.
func (s *Store) SetLines(ctx context.Context, role policy.Role, lines []policy.Line) error {
	if err := s.tx(ctx).Exec("delete from policies where v0 = ?", role).Error; err != nil || len(lines) == 0 {
		return fail(err, "empty role %s", role)
	}
	return fail(s.tx(ctx).Table("policies").Create(&lines).Error, "fill role %s", role)
}

// LockRoles holds back other changes of roles until the transaction ends: the owner's row stands for all.
func (s *Store) LockRoles(ctx context.Context) error {
	return fail(s.tx(ctx).Exec("select 1 from roles where code = ? for no key update", policy.Owner).Error, "hold the roles")
}

// RoleSets counts active people by their combination of roles.
func (s *Store) RoleSets(ctx context.Context) ([]auth.RoleSet, error) {
	var rows []struct {
		Codes  string
		People int
	}
	err := s.tx(ctx).Raw(`select codes, count(*) as people from (
			select string_agg(r.role, ' ' order by r.role) as codes from people p join person_roles r on r.person_id = p.id where p.status = ? group by p.id
		) each group by codes order by codes`, auth.PersonActive).Scan(&rows).Error
	sets := make([]auth.RoleSet, len(rows))
	for i, r := range rows {
		sets[i].People = r.People
		for _, code := range strings.Fields(r.Codes) {
			sets[i].Roles = append(sets[i].Roles, policy.Role(code))
		}
	}
	return sets, fail(err, "count people by roles")
}

// RoleNames gives the names of roles that are not built in. It needs no transaction around it.
func (s *Store) RoleNames(ctx context.Context) (map[policy.Role]string, error) {
	names := map[policy.Role]string{}
	err := s.single(ctx, func(rows pgx.Rows) error {
		clear(names)
		for rows.Next() {
			var code policy.Role
			var name string
			if err := rows.Scan(&code, &name); err != nil {
				return err
			}
			names[code] = name
		}
		return rows.Err()
	}, "select code, name from roles where not built_in order by code limit $1", rolesMax)
	return names, fail(err, "read the roles' names")
}
