package store

import (
	"context"
	"time"

	"lyceum/billing/offer"
	"lyceum/billing/plan"
	"lyceum/internal/uid"
)

// lockPlans keeps two operators from publishing at the same moment.
const lockPlans = 7206210006

// LockPlans keeps others from changing what is on sale until the transaction ends.
func (s *Store) LockPlans(ctx context.Context) error {
	return fail(s.tx(ctx).Exec("select pg_advisory_xact_lock(?)", lockPlans).Error, "lock the plans")
}

// Plans lists all plans by their place. There are few.
func (s *Store) Plans(ctx context.Context) (list []plan.Plan, err error) {
	return list, fail(s.tx(ctx).Order("position, code").Limit(1000).Find(&list).Error, "list plans")
}

// PlanByID finds a plan; offer.ErrPlanNotFound.
func (s *Store) PlanByID(ctx context.Context, id uid.ID) (p plan.Plan, err error) {
	return p, notFound(s.tx(ctx).Where("id = ?", id).Take(&p).Error, offer.ErrPlanNotFound, "find plan %s", id)
}

// PlanByCode finds the plan of a code; offer.ErrPlanNotFound.
func (s *Store) PlanByCode(ctx context.Context, code string) (p plan.Plan, err error) {
	return p, notFound(s.tx(ctx).Where("code = ?", code).Take(&p).Error, offer.ErrPlanNotFound, "find plan %s", code)
}

// InsertPlan adds a plan; offer.ErrCodeTaken.
func (s *Store) InsertPlan(ctx context.Context, p plan.Plan) error {
	return fail(s.tx(ctx).Create(&p).Error, "add plan %s", p.Code)
}

// SavePlan writes over the revision before; offer.ErrChanged when that one is gone.
func (s *Store) SavePlan(ctx context.Context, p plan.Plan) error {
	return s.changeOne(ctx, offer.ErrChanged, "save a plan",
		"update control.plans set name = ?, public = ?, position = ?, sign_up = ?, archived_at = ?, revision = ? where id = ? and revision = ?",
		p.Name, p.Public, p.Position, p.SignUp, p.ArchivedAt, p.Revision, p.ID, p.Revision-1)
}

// PlanVersions lists a plan's versions, the newest first.
func (s *Store) PlanVersions(ctx context.Context, planID uid.ID) (list []plan.Version, err error) {
	return list, fail(s.tx(ctx).Where("plan_id = ?", planID).Order("number desc").Limit(1000).Find(&list).Error, "list versions")
}

// PublishedVersions lists what is on sale.
func (s *Store) PublishedVersions(ctx context.Context) (list []plan.Version, err error) {
	return list, fail(s.tx(ctx).Where("status = ?", plan.StatusPublished).Order("plan_id, number").Limit(1000).Find(&list).Error, "list published versions")
}

// PlanVersion finds a version; offer.ErrVersionNotFound.
func (s *Store) PlanVersion(ctx context.Context, id uid.ID) (v plan.Version, err error) {
	return v, notFound(s.tx(ctx).Where("id = ?", id).Take(&v).Error, offer.ErrVersionNotFound, "find version %s", id)
}

// InsertPlanVersion adds a version.
func (s *Store) InsertPlanVersion(ctx context.Context, v plan.Version) error {
	return fail(s.tx(ctx).Create(&v).Error, "add a version")
}

// SavePlanVersion writes over the revision before of a draft; offer.ErrChanged when that one is gone.
func (s *Store) SavePlanVersion(ctx context.Context, v plan.Version) error {
	res := s.tx(ctx).Model(&plan.Version{}).Where("id = ? and revision = ? and status = 'draft'", v.ID, v.Revision-1).
		Select("*").Omit("id", "plan_id", "number", "created_at").UpdateColumns(&v)
	if res.Error == nil && res.RowsAffected == 0 {
		return offer.ErrChanged
	}
	return fail(res.Error, "save version %s", v.ID)
}

// RetirePlanVersion takes a published version from sale; offer.ErrNotPublished.
func (s *Store) RetirePlanVersion(ctx context.Context, id uid.ID, at time.Time) error {
	return s.changeOne(ctx, offer.ErrNotPublished, "retire a version",
		"update control.plan_versions set status = 'retired', retired_at = ? where id = ? and status = 'published'", at, id)
}

// DeletePlanDraft throws a draft away; offer.ErrChanged when it is not in this revision any more.
func (s *Store) DeletePlanDraft(ctx context.Context, id uid.ID, revision int64) error {
	return s.changeOne(ctx, offer.ErrChanged, "discard a draft", "delete from control.plan_versions where id = ? and revision = ? and status = 'draft'", id, revision)
}
