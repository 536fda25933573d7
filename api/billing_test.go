package api_test

import (
	"context"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/billing/subscription"
	"lyceum/learning/catalog"
	"lyceum/store"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

// stands puts the portal's subscription into a state, as time would.
func (h *house) stands(state subscription.State, closed bool) {
	h.t.Helper()
	t, _ := tenant.From(h.ctx)
	if err := h.o.Subscriptions.Begin(h.ctx, t); err != nil {
		h.t.Fatal(err)
	}
	err := h.w.Store.InControl(h.t.Context(), func(ctx context.Context) error {
		_, err := store.Pgx(ctx).Exec(ctx, "update control.subscriptions set state = $1, revision = revision + 1 where tenant_id = $2", state, t.ID)
		return err
	})
	if err == nil && closed {
		_, err = h.o.Tenants.Suspend(h.t.Context(), t.Slug, subscription.SuspendReason)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.o.Subscriptions.Drop(t.ID)
	h.o.Directory.Drop(t.ID)
}

func TestTheBillIsShownToWhoMaySeeIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.stands(subscription.StateActive, false)
	owner := h.as(h.person(policy.Owner))
	owner.get("/settings/billing").is(200).says("No real money").says("No bills yet").says("Cancel the subscription")
	owner.post("/settings/billing/budget", "budget", "-3").is(422).says("Write an amount above zero")
	owner.post("/settings/billing/budget", "budget", "250.00").is(303)
	owner.get("/settings/billing").is(200).says(`value="250.00"`)
	owner.post("/settings/billing/cancel", "when", "sometime").is(422)
	owner.get("/settings/billing/plans/nonsense").is(404)
	owner.get("/settings/billing/invoices/none").is(404)
	admin := h.as(h.person(policy.Admin))
	admin.get("/settings/billing").is(200).saysNot("Cancel the subscription")
	admin.post("/settings/billing/budget", "budget", "5").is(403)
	h.as(h.person(policy.Learner)).get("/settings/billing").is(403)
	h.as(h.person(policy.Manager)).get("/settings/billing").is(403)
}

func TestAReadOnlyPortalMakesNothingNewAndLearningGoesOn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Fire"))
	other := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Hobby"))
	owner, p := h.as(h.person(policy.Owner)), h.person(policy.Learner)
	learner := h.as(p)
	learner.get("/courses/" + o.Course.Slug).is(200)
	learner.post("/courses/" + o.Course.Slug + "/enrol").is(303)
	h.stands(subscription.StateReadOnly, false)
	owner.get("/studio").is(200)
	owner.post("/studio/courses", "title", "New").is(403).says("Nothing new can be made here")
	owner.post("/studio/"+o.Course.ID.String()+"/people", "person", p.ID.String()).is(403)
	owner.post("/people/invite", "email", "x@example.com", "role", "learner").is(403)
	learner.get("/courses/" + other.Course.Slug).is(200)
	learner.post("/courses/" + other.Course.Slug + "/enrol").is(403).says("Nothing new can be made here")
	learner.get("/learn/" + o.Course.Slug).is(303)
	learner.get(lessonPath(o)).is(200)
	h.stands(subscription.StateActive, false)
	owner.post("/studio/courses", "title", "New").is(303)
}

func TestAPortalClosedForItsBillKeepsMandatoryCoursesAndTheBillOpen(t *testing.T) {
	t.Parallel()
	h := setup(t)
	fire := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Fire"))
	hobby := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Hobby"))
	assigned, idle := h.person(policy.Learner), h.person(policy.Learner)
	h.due(assigned, fire, h.w.Now.Now().Add(7*24*time.Hour).Format(time.DateOnly))
	b, other, owner := h.as(assigned), h.as(idle), h.as(h.person(policy.Owner))
	b.get("/courses/" + hobby.Course.Slug).is(200)
	b.post("/courses/" + hobby.Course.Slug + "/enrol").is(303)
	h.stands(subscription.StateSuspended, true)

	b.get("/").is(403).says("Fire").says("Your mandatory courses").saysNot("Hobby")
	b.get("/learn/" + fire.Course.Slug).is(303)
	b.get(lessonPath(fire)).is(200)
	b.get("/learn/" + hobby.Course.Slug).is(403)
	b.get("/courses").is(403)
	b.get("/settings/billing").is(403)
	other.get("/").is(403).says("its bill is not paid").saysNot("Fire")
	other.get("/learn/" + fire.Course.Slug).is(403)
	owner.get("/").is(403).says(`href="/settings/billing"`)
	owner.get("/settings/billing").is(200)
	owner.get("/studio").is(403)
	stranger := h.browser(h.hostOf(mustTenant(h.ctx)))
	stranger.get("/").is(403).says("Sign in")
	stranger.get("/signin").is(200)
	stranger.get("/courses").is(403)

	h.stands(subscription.StateSuspended, false)
	if _, err := h.o.Tenants.Suspend(t.Context(), mustTenant(h.ctx).Slug, "abuse"); err != nil {
		t.Fatal(err)
	}
	h.o.Directory.Drop(mustTenant(h.ctx).ID)
	b.get(lessonPath(fire)).is(403).saysNot("Fire")
	owner.get("/settings/billing").is(403)
}

func mustTenant(ctx context.Context) tenant.Tenant {
	t, _ := tenant.From(ctx)
	return t
}

func lessonPath(o catalog.Outline) string {
	return "/learn/" + o.Course.Slug + "/" + o.Lessons()[0].ID.String()
}

func TestSignOnIsAskedOfThePlanOnlyWhereItIsNew(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.stands(subscription.StateActive, false) // without a plan there is no limit
	owner := h.as(h.person(policy.Owner))
	owner.get("/settings/sign-on/new").is(200)
	owner.post("/settings/sign-on/new", "protocol", "oidc", "name", "").is(422)
}
