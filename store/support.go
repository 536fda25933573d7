package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/auth/support"
	"lyceum/internal/uid"
)

// SupportRules reads what the running tenant allows; the zero Rules where nothing was said.
func (s *Store) SupportRules(ctx context.Context) (r support.Rules, err error) {
	var raw []string
	if err = s.tx(ctx).Raw("select value::text from settings where name = 'support'").Scan(&raw).Error; err != nil || len(raw) == 0 {
		return r, fail(err, "read the rules of support access")
	}
	return r, json.Unmarshal([]byte(raw[0]), &r)
}

// SaveSupportRules writes what the running tenant allows.
func (s *Store) SaveSupportRules(ctx context.Context, r support.Rules, at time.Time) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("rules of support access: %w", err)
	}
	return fail(s.tx(ctx).Exec(`insert into settings (name, value, updated_at) values ('support', ?, ?)
		on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at`, string(raw), at).Error, "save the rules of support access")
}

// InsertVisit adds a visit.
func (s *Store) InsertVisit(ctx context.Context, v support.Visit) error {
	return fail(s.tx(ctx).Table("support_visits").Create(&v).Error, "add a support visit")
}

// LockVisit holds a visit until the transaction ends.
func (s *Store) LockVisit(ctx context.Context, id uid.ID) (v support.Visit, err error) {
	err = s.visits(ctx).Where("v.id = ?", id).Clauses(clause.Locking{Strength: "UPDATE", Table: clause.Table{Name: "v"}}).Take(&v).Error
	return v, notFound(err, support.ErrNotFound, "hold support visit %s", id)
}

// SaveVisit writes where a visit stands.
func (s *Store) SaveVisit(ctx context.Context, v support.Visit) error {
	return s.changeOne(ctx, support.ErrNotFound, "save a support visit", `update support_visits set state = ?, decided_by = ?, decided_at = ?, code_hash = ?, code_bound = ?,
		code_ends_at = ?, hash = ?, began_at = ?, ends_at = ?, ended_at = ?, ended_by = ?, why = ? where id = ?`,
		v.State, v.DecidedBy, v.DecidedAt, v.CodeHash, v.CodeBound, v.CodeEndsAt, v.Hash, v.BeganAt, v.EndsAt, v.EndedAt, v.EndedBy, v.Why, v.ID)
}

func (s *Store) visits(ctx context.Context) *gorm.DB {
	return s.tx(ctx).Table("support_visits v").Joins("left join people p on p.id = v.person_id").
		Select(`v.id, v.operator_id, v.operator_name, v.person_id, coalesce(p.name, '') as person_name, v.reason, v.ticket, v.minutes, v.writes, v.state, v.asked_at, v.decided_by,
			v.decided_at, v.code_hash, v.code_bound, v.code_ends_at, v.hash, v.began_at, v.ends_at, v.ended_at, v.ended_by, v.why`)
}

// VisitByID finds a visit.
func (s *Store) VisitByID(ctx context.Context, id uid.ID) (v support.Visit, err error) {
	err = s.visits(ctx).Where("v.id = ?", id).Take(&v).Error
	return v, notFound(err, support.ErrNotFound, "find support visit %s", id)
}

// VisitByHash finds the visit of a secret.
func (s *Store) VisitByHash(ctx context.Context, hash []byte) (v support.Visit, err error) {
	err = s.visits(ctx).Where("v.hash = ?", hash).Take(&v).Error
	return v, notFound(err, support.ErrNotFound, "find a support visit")
}

// VisitByCode finds the visit that a code leads into.
func (s *Store) VisitByCode(ctx context.Context, hash []byte) (v support.Visit, err error) {
	err = s.visits(ctx).Where("v.code_hash = ?", hash).Take(&v).Error
	return v, notFound(err, support.ErrNotFound, "find a support visit by its code")
}

// visitsGoingMax bounds how many visits are ended at once; the rest follow with the next run.
const visitsGoingMax = 500

// VisitsGoing lists the visits that are not over.
func (s *Store) VisitsGoing(ctx context.Context) (list []support.Visit, err error) {
	err = s.visits(ctx).Where("v.state in ('waiting', 'approved', 'open')").Order("v.id").Limit(visitsGoingMax).Find(&list).Error
	return list, fail(err, "support visits that go on")
}

// Visits lists the newest visits.
func (s *Store) Visits(ctx context.Context, n int) (list []support.Visit, err error) {
	err = s.visits(ctx).Order("v.id desc").Limit(n).Find(&list).Error
	return list, fail(err, "list support visits")
}

// RegisterVisit writes a visit into the operators' register and tells whether its state is news. A later state is never
// written over by an earlier one.
func (s *Store) RegisterVisit(ctx context.Context, l support.Listed) (news bool, err error) {
	made := s.tx(ctx).Table("control.support_visits").Clauses(clause.OnConflict{DoNothing: true}).Create(&l)
	if made.Error != nil || made.RowsAffected > 0 {
		return made.RowsAffected > 0, fail(made.Error, "register a support visit")
	}
	moved := s.tx(ctx).Exec(`update control.support_visits set state = ?, why = ?, began_at = ?, ends_at = ?, ended_at = ? where id = ? and state <> ?
		and state in ('waiting', 'approved', 'open')`, l.State, l.Why, l.BeganAt, l.EndsAt, l.EndedAt, l.ID, l.State)
	return moved.RowsAffected > 0, fail(moved.Error, "register a support visit's state")
}

// ListedVisits lists the newest visits of all tenants.
func (s *Store) ListedVisits(ctx context.Context, n int) (list []support.Listed, err error) {
	err = s.tx(ctx).Table("control.support_visits").Order("id desc").Limit(n).Find(&list).Error
	return list, fail(err, "list the register of support visits")
}

// ListedVisit finds a visit of the register.
func (s *Store) ListedVisit(ctx context.Context, id uid.ID) (l support.Listed, err error) {
	err = s.tx(ctx).Table("control.support_visits").Where("id = ?", id).Take(&l).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return l, support.ErrNotFound
	}
	return l, fail(err, "find a support visit in the register")
}

// ListedDue gives the tenants with a visit whose time is up, or that are not active any more.
func (s *Store) ListedDue(ctx context.Context, now, asked time.Time) (due []uid.ID, err error) {
	err = s.tx(ctx).Raw(`select distinct v.tenant_id from control.support_visits v join control.tenants t on t.id = v.tenant_id
		where v.state in ('waiting', 'approved', 'open') and (v.ends_at <= ? or v.ends_at is null and v.asked_at <= ? or t.status <> 'active') limit 1000`, now, asked).Scan(&due).Error
	return due, fail(err, "support visits that are over")
}
