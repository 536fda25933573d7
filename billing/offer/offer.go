// Package offer is what is on sale: operators write plans in it, publish their versions, retire them, and move
// subscriptions from one to another. What a version costs is plan's, who has one is subscription's, and how it is paid is
// provider's.
package offer

import (
	"context"
	"log/slog"
	"time"

	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/clock"
	"lyceum/internal/fault"
	"lyceum/internal/recall"
	"lyceum/internal/uid"
)

// Keeper is what is needed kept. All but InControl run inside it.
type Keeper interface {
	InControl(ctx context.Context, fn func(context.Context) error) error
	Audit(ctx context.Context, action string, tenantID uid.ID, data map[string]string, at time.Time) error

	Plans(ctx context.Context) ([]plan.Plan, error)
	PlanByID(ctx context.Context, id uid.ID) (plan.Plan, error)
	PlanByCode(ctx context.Context, code string) (plan.Plan, error)
	InsertPlan(ctx context.Context, p plan.Plan) error
	// SavePlan writes over the revision before; ErrChanged when that one is gone.
	SavePlan(ctx context.Context, p plan.Plan) error
	// LockPlans keeps other operators from publishing until the transaction ends.
	LockPlans(ctx context.Context) error

	PlanVersions(ctx context.Context, planID uid.ID) ([]plan.Version, error)
	PublishedVersions(ctx context.Context) ([]plan.Version, error)
	PlanVersion(ctx context.Context, id uid.ID) (plan.Version, error)
	InsertPlanVersion(ctx context.Context, v plan.Version) error
	// SavePlanVersion writes over the revision before of a draft; ErrChanged when that one is gone.
	SavePlanVersion(ctx context.Context, v plan.Version) error
	RetirePlanVersion(ctx context.Context, id uid.ID, at time.Time) error
	DeletePlanDraft(ctx context.Context, id uid.ID, revision int64) error

	// SubscribersOf counts, for each version, the organizations that are on it.
	SubscribersOf(ctx context.Context, versions []uid.ID) (map[uid.ID]int, error)
	SubscriptionsOn(ctx context.Context, version, after uid.ID, n int) ([]subscription.Subscription, error)

	InsertMigration(ctx context.Context, m Migration) error
	// SaveMigration writes how far one is; ErrChanged when it is finished or stopped.
	SaveMigration(ctx context.Context, m Migration) error
	MigrationsFrom(ctx context.Context, version uid.ID, n int) ([]Migration, error)
	RunningMigrations(ctx context.Context) ([]Migration, error)
}

// Failures of this package.
var (
	ErrPlanNotFound    = fault.New(fault.KindNotFound, "plan_not_found", "There is no such plan.")
	ErrVersionNotFound = fault.New(fault.KindNotFound, "no_such_plan_version", "The plan has no such version.")
	ErrCodeTaken       = fault.New(fault.KindConflict, "plan_code_taken", "Another plan has this code. Choose a different one.").With("code", "Another plan has this code. Choose a different one.")
	ErrChanged         = fault.New(fault.KindConflict, "plan_changed", "Somebody else changed this meanwhile. Nothing of yours was saved: look at it again, and repeat what you wanted.")
	ErrDraftThere      = fault.New(fault.KindConflict, "plan_draft_there", "The plan has a draft already. Publish or discard it first.")
	ErrNoDraft         = fault.New(fault.KindConflict, "plan_not_a_draft", "Only a draft can be changed. Make a new version instead.")
	ErrNotPublished    = fault.New(fault.KindConflict, "plan_not_published", "Only a version that is published can be used for this.")
	ErrArchived        = fault.New(fault.KindConflict, "plan_archived", "This plan is archived. Bring it back first.")
	ErrSignUpPlan      = fault.New(fault.KindConflict, "plan_for_sign_ups", "New organizations begin on this plan. Choose another one for them first.")
	ErrMigrating       = fault.New(fault.KindConflict, "plan_migration_runs", "Those on this version are being moved already. Wait until that is done, or stop it.")
	ErrSameVersion     = fault.New(fault.KindInvalid, "plan_migration_same", "Choose another version than the one they are on.")
	ErrPlanFile        = fault.New(fault.KindInvalid, "bad_plan_file", "This is no file of plans.")
)

// Options are what the service works with.
type Options struct {
	Keep Keeper
	// Provider is told of what is published; nil, or giving nil: nobody is.
	Provider func() provider.Provider
	Now      clock.Clock
	Log      *slog.Logger
}

// Service keeps plans. Its methods for operators ask for no permission: the API asks who they are.
type Service struct {
	Options
	versions *recall.Cache[uid.ID, provider.Offer]
}

// versionFor is how long a process believes a version's plan to be as it read it; the version itself never changes.
const versionFor = 5 * time.Minute

// New makes the service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Options: o, versions: recall.New[uid.ID, provider.Offer](1000, versionFor, clock.Real)}
}

func (s *Service) provider() provider.Provider {
	if s.Provider == nil {
		return nil
	}
	return s.Provider()
}

func (s *Service) note(ctx context.Context, action string, p plan.Plan, data map[string]string) error {
	if data == nil {
		data = map[string]string{}
	}
	data["plan"] = p.Code
	return s.Keep.Audit(ctx, action, uid.Nil, data, s.Now())
}

// examples are how many learners the price table shows.
var examples = []int64{1, 10, 100, 1000}

// Example is what a number of active learners would pay in a month, flat sums of an interval included.
type Example struct {
	Learners int64
	Total    *money.Money // nil: too large to be counted
}

// Examples prices the table of a version.
func Examples(v plan.Version) (out []Example) {
	for _, n := range examples {
		e := Example{Learners: n}
		if b, err := v.Bill(nil, plan.Quantities{learners: n}); err == nil {
			e.Total = &b.Total
		}
		out = append(out, e)
	}
	return out
}
