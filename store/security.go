package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// SecurityRules reads the running tenant's rules for sessions and second factors. It needs no transaction around it.
func (s *Store) SecurityRules(ctx context.Context) (auth.SecurityRules, error) {
	r, raw := auth.DefaultSecurityRules(), ""
	err := s.single(ctx, func(rows pgx.Rows) error {
		raw = ""
		for rows.Next() {
			if err := rows.Scan(&raw); err != nil {
				return err
			}
		}
		return rows.Err()
	}, "select value::text from settings where name = 'security'")
	if err != nil || raw == "" {
		return r, fail(err, "read the rules of security")
	}
	return r, json.Unmarshal([]byte(raw), &r)
}

// SaveSecurityRules writes rules over those of the revision before.
func (s *Store) SaveSecurityRules(ctx context.Context, r auth.SecurityRules, at time.Time) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("rules of security: %w", err)
	}
	if r.Revision == 1 { // the first ones
		return s.changeOne(ctx, auth.ErrRulesChanged, "save the rules of security",
			"insert into settings (name, value, updated_at) values ('security', ?, ?) on conflict (name) do nothing", string(raw), at)
	}
	return s.changeOne(ctx, auth.ErrRulesChanged, "save the rules of security",
		"update settings set value = ?, updated_at = ? where name = 'security' and (value->>'revision')::int = ?", string(raw), at, r.Revision-1)
}

// DeleteLapsedSessions ends sessions not used since one time, or begun before another.
func (s *Store) DeleteLapsedSessions(ctx context.Context, unused, begun time.Time) error {
	return fail(s.remove(ctx, "sessions", "seen_at <= ? or created_at <= ?", unused, begun).Error, "end lapsed sessions")
}

// DeleteOldestSessions ends those of a person's sessions beyond a number, the ones that began first.
func (s *Store) DeleteOldestSessions(ctx context.Context, person uid.ID, keep int) (int, error) {
	res := s.remove(ctx, "sessions", `person_id = ? and id not in
		(select id from sessions where person_id = ? order by created_at desc, id desc limit ?)`, person, person, keep)
	return int(res.RowsAffected), fail(res.Error, "end the oldest sessions of person %s", person)
}

// DeleteSessionsBeyond ends everyone's sessions beyond a number, the ones that began first. The spared one counts as the last.
func (s *Store) DeleteSessionsBeyond(ctx context.Context, keep int, spared uid.ID) (int, error) {
	res := s.remove(ctx, "sessions", `id in (select id from
		(select id, row_number() over (partition by person_id order by (id = ?) desc, created_at desc, id desc) as n from sessions) s where n > ?)`, spared, keep)
	return int(res.RowsAffected), fail(res.Error, "end sessions beyond %d", keep)
}

// withoutFactor is true of p who has no second factor.
const withoutFactor = "not exists (select 1 from factors f where f.person_id = p.id and f.kind in ('totp', 'passkey'))"

// FactorCounts counts active people by role: all, and those without a second factor.
func (s *Store) FactorCounts(ctx context.Context) (counts []auth.FactorCount, err error) {
	err = s.tx(ctx).Raw(`select r.role, count(*) as people, count(*) filter (where ` + withoutFactor + `) as without
		from person_roles r join people p on p.id = r.person_id where p.status = 'active' group by r.role order by r.role`).Scan(&counts).Error
	return counts, fail(err, "count who has no second factor")
}

// WithoutFactor lists active people who have one of these roles, or any, and no second factor.
func (s *Store) WithoutFactor(ctx context.Context, roles []policy.Role, r page.Request) (out page.Of[auth.Person], err error) {
	limit := r.Bounded()
	q := s.tx(ctx).Table("people p").Select(personColumns + ", lower(p.name) as sort_name, " + personRoles).
		Where("p.status = 'active' and " + withoutFactor).Order("lower(p.name), p.id").Limit(limit + 1)
	if len(roles) > 0 {
		q = q.Where("exists (select 1 from person_roles r where r.person_id = p.id and r.role in ?)", roles)
	}
	q, err = afterPerson(q, r.After)
	if err != nil {
		return out, err
	}
	var rows []personRow
	if err = q.Find(&rows).Error; err != nil {
		return out, fail(err, "list who has no second factor")
	}
	return peopleByName(rows, limit), nil
}

// PasskeyOwners counts active owners with a passkey.
func (s *Store) PasskeyOwners(ctx context.Context) (n int, err error) {
	err = s.tx(ctx).Raw(`select count(distinct p.id) from people p join person_roles r on r.person_id = p.id join factors f on f.person_id = p.id
		where p.status = 'active' and r.role = ? and f.kind = 'passkey'`, policy.Owner).Scan(&n).Error
	return n, fail(err, "count owners with a passkey")
}
