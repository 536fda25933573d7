package api_test

import (
	"context"
	"time"

	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/tenant"
	"lyceum/tenant/health"
)

// only looks at the tenants of one test: the others of this database have other clocks.
type only struct {
	*store.Store
	list *[]tenant.Tenant
}

func (o only) TenantsAfter(_ context.Context, after uid.ID, _ int) ([]tenant.Tenant, error) {
	if after != uid.Nil {
		return nil, nil
	}
	return *o.list, nil
}

func (only) SweepFailures(context.Context, time.Time) error { return nil }

// alone lets a house look at the health of its own tenants only.
func alone(list *[]tenant.Tenant) func(*house) {
	return func(h *house) {
		h.o.Health = health.New(health.Options{Keep: only{h.w.Store, list}, Versions: health.Versions{Newest: h.o.SchemaVersion, Oldest: 1}, Now: h.w.Now.Clock()})
	}
}

func TestAnOperatorSeesWhatFailsAtATenantAndNothingOfItsPeople(t *testing.T) {
	t.Parallel()
	var list []tenant.Tenant
	h := setup(t, alone(&list))
	other := h.newTenant()
	list = []tenant.Tenant{h.tenant, other}
	o := h.operator()
	at := "/operator/tenants/" + h.tenant.Slug
	o.get(at).is(200).says("It was not looked at yet.")

	learner := h.person(policy.Learner)
	b := h.as(learner)
	if _, err := h.w.Admin.Exec(t.Context(), "alter table "+h.tenant.SchemaName+".certificates rename to certificates_away"); err != nil {
		t.Fatal(err)
	}
	failed := b.get("/certificates").is(500)
	if err := h.o.Health.Gather(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.get(at).is(200).says("One request failed within a day.", "/certificates", "database 42P01", failed.Header.Get("X-Request-Id")).saysNot(learner.Email, learner.Name)
	o.get("/operator/tenants/" + other.Slug).is(200).says("Nothing is known against it.").saysNot("database 42P01")

	o.get("/operator?q="+h.tenant.Slug).is(200).says(h.tenant.Name, "Watch")
	o.get("/operator?health=warn&sort=error&q=" + h.tenant.Slug).is(200).says(h.tenant.Name)
	o.get("/operator?health=bad&q=" + h.tenant.Slug).is(200).says("No portal found").saysNot(h.tenant.Name)
	o.get("/operator?behind=1&q=" + h.tenant.Slug).is(200).says("No portal found")
	o.get("/operator?state=nonsense&plan=nonsense&sort=nonsense").is(200).says("No portal found")
	o.get("/operator?after=nonsense").is(422)
	h.as(h.person(policy.Owner)).get("/operator").is(404)
}
