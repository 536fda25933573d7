package offer_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"lyceum/billing/offer"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/store"
)

func TestAVersionThatIsPublishedNeverChangesAgain(t *testing.T) {
	t.Parallel()
	h, ctx := setup(t), t.Context()
	_, draft := h.made(t)
	v := h.priced(t, draft, 2)
	if v.Status != plan.StatusPublished || v.PublishedAt == nil {
		t.Fatalf("got %+v", v)
	}
	if _, err := h.s.SaveDraft(ctx, v); !errors.Is(err, offer.ErrNoDraft) {
		t.Errorf("saving it: %v", err)
	}
	if _, _, err := h.s.Publish(ctx, v.ID, v.Revision); !errors.Is(err, offer.ErrNoDraft) {
		t.Errorf("publishing it again: %v", err)
	}
	if _, err := h.s.Discard(ctx, v.ID, v.Revision); !errors.Is(err, offer.ErrNoDraft) {
		t.Errorf("discarding it: %v", err)
	}
	// The database itself holds it, whatever asks.
	for _, sql := range []string{
		"update control.plan_versions set components = '[]' where id = $1",
		"update control.plan_versions set trial_days = 99 where id = $1",
		"update control.plan_versions set status = 'draft' where id = $1",
		"update control.plan_versions set status = 'retired', retired_at = now(), currency = 'USD' where id = $1",
		"delete from control.plan_versions where id = $1",
	} {
		err := h.Store.InControl(ctx, func(ctx context.Context) error {
			_, err := store.Pgx(ctx).Exec(ctx, sql, v.ID)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "does not change") {
			t.Errorf("%s: %v", sql, err)
		}
	}
	o, err := h.s.Open(ctx, v.ID)
	if err != nil || o.Version.Components[0].Price != 2_000_000 || o.Version.Currency != "EUR" {
		t.Errorf("it is %+v (%v)", o.Version, err)
	}
}

func TestOfTwoOperatorsTheSecondIsToldToLookAgain(t *testing.T) {
	t.Parallel()
	h, ctx := setup(t), t.Context()
	p, draft := h.made(t)
	first, second := draft, draft
	first.TrialDays, second.TrialDays = 7, 30
	first.Components, second.Components = slices.Clone(draft.Components), slices.Clone(draft.Components)
	if _, err := h.s.SaveDraft(ctx, first); err != nil {
		t.Fatal(err)
	}
	if _, err := h.s.SaveDraft(ctx, second); !errors.Is(err, offer.ErrChanged) {
		t.Errorf("the second wrote over the first: %v", err)
	}
	if _, _, err := h.s.Publish(ctx, draft.ID, draft.Revision); !errors.Is(err, offer.ErrChanged) {
		t.Errorf("the second published what it had not seen: %v", err)
	}
	if _, err := h.s.Change(ctx, plan.Plan{ID: p.ID, Name: "A", Revision: p.Revision}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.s.Change(ctx, plan.Plan{ID: p.ID, Name: "B", Revision: p.Revision}); !errors.Is(err, offer.ErrChanged) {
		t.Errorf("the plan's name: %v", err)
	}
	if _, err := h.s.NewVersion(ctx, p.ID, uid.Nil); !errors.Is(err, offer.ErrDraftThere) {
		t.Errorf("a second draft: %v", err)
	}
	if _, err := h.s.Create(ctx, plan.Plan{Code: p.Code, Name: "C"}); !errors.Is(err, offer.ErrCodeTaken) {
		t.Errorf("a second plan of the code: %v", err)
	}
}

func TestANewVersionReplacesOnlyItsLikeAndLeavesSubscriptionsAlone(t *testing.T) {
	t.Parallel()
	h, ctx := setup(t), t.Context()
	p, draft := h.made(t)
	one := h.priced(t, draft, 2)
	acme := h.on(t, one.ID, subscription.CollectInvoice)

	yearly, err := h.s.NewVersion(ctx, p.ID, uid.Nil)
	if err != nil || yearly.Components[0].Price != 2_000_000 || yearly.Number != 2 || yearly.Revision != 1 {
		t.Fatalf("a copy of the last: %+v (%v)", yearly, err)
	}
	yearly.Interval = plan.Year
	yearly = h.priced(t, yearly, 20)
	v, err := h.s.NewVersion(ctx, p.ID, one.ID)
	if err != nil || v.Interval != plan.Month {
		t.Fatalf("a copy of the first: %+v (%v)", v, err)
	}
	two := h.priced(t, v, 3)

	status := map[uid.ID]plan.Status{}
	l, err := h.s.Show(ctx, p.ID)
	for _, v := range l.Versions {
		status[v.ID] = v.Status
	}
	if err != nil || status[one.ID] != plan.StatusRetired || status[yearly.ID] != plan.StatusPublished || status[two.ID] != plan.StatusPublished {
		t.Errorf("statuses %v (%v)", status, err)
	}
	if got := h.versionOf(t, acme); got != one.ID || l.Subscribers[one.ID] != 1 || l.All() != 1 {
		t.Errorf("the subscription is on %s, want %s; %v", got, one.ID, l.Subscribers)
	}
	offers, err := h.s.Offers(ctx)
	var mine []uid.ID
	for _, o := range offers {
		if o.Plan.ID == p.ID {
			mine = append(mine, o.Version.ID)
		}
	}
	if err != nil || !slices.Equal(mine, []uid.ID{two.ID, yearly.ID}) {
		t.Errorf("on offer: %v (%v), want the month before the year", mine, err)
	}
	if o, err := h.s.Version(ctx, one.ID); err != nil || o.Plan.Code != p.Code || o.Version.Components[0].Price != 2_000_000 {
		t.Errorf("who is on the old version pays %+v (%v)", o, err)
	}
	if _, err := h.s.Version(ctx, uid.New()); !errors.Is(err, subscription.ErrNoPlan) {
		t.Errorf("no version: %v", err)
	}
}

func TestWhatIsNotPublicOrArchivedIsNotOnOffer(t *testing.T) {
	t.Parallel()
	h, ctx := setup(t), t.Context()
	p, draft := h.made(t)
	v := h.priced(t, draft, 2)
	offered := func() bool {
		offers, err := h.s.Offers(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(offers, func(o provider.Offer) bool { return o.Version.ID == v.ID })
	}
	told := func() bool {
		if _, err := h.s.Sync(ctx, false); err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(h.till.told, func(o provider.Offer) bool { return o.Version.ID == v.ID })
	}
	if !offered() || !told() {
		t.Error("what is published is not on offer")
	}
	p, err := h.s.Change(ctx, plan.Plan{ID: p.ID, Name: p.Name, Public: false, Revision: p.Revision})
	if err != nil || offered() || !told() {
		t.Errorf("a plan for chosen customers is on offer to all, or not sold (%v)", err)
	}
	if p, err = h.s.Archive(ctx, p.ID, p.Revision); err != nil || told() {
		t.Errorf("an archived plan is sold (%v)", err)
	}
	if _, err := h.s.NewVersion(ctx, p.ID, uid.Nil); !errors.Is(err, offer.ErrArchived) {
		t.Errorf("a version of an archived plan: %v", err)
	}
	if _, err := h.s.Restore(ctx, p.ID, p.Revision); err != nil || !told() {
		t.Errorf("brought back it is not sold (%v)", err)
	}
	if _, err := h.s.Retire(ctx, v.ID); err != nil || told() {
		t.Errorf("a retired version is sold (%v)", err)
	}
}

func TestAPaymentServiceThatIsAwayDoesNotKeepAVersionFromBeingPublished(t *testing.T) {
	t.Parallel()
	h, ctx := setup(t), t.Context()
	_, draft := h.made(t)
	h.till.err = provider.ErrUnavailable
	v, told, err := h.s.Publish(ctx, draft.ID, draft.Revision)
	if err != nil || told || v.Status != plan.StatusPublished {
		t.Errorf("published %s, told %v (%v)", v.Status, told, err)
	}
}

func TestABadDraftIsRefusedWithItsFields(t *testing.T) {
	t.Parallel()
	h, ctx := setup(t), t.Context()
	_, draft := h.made(t)
	draft.Components = []plan.Component{{Code: "base", Name: "Base", Scheme: plan.Flat, Price: -1}}
	if _, err := h.s.SaveDraft(ctx, draft); fault.Of(err).Fields["components.0.price"] == "" {
		t.Errorf("got %v", err)
	}
}

// TestSignUpsBeginOnOnePlan is alone with what all tests share: which plan is marked.
func TestSignUpsBeginOnOnePlan(t *testing.T) { //nolint:paralleltest // there is one mark
	h, ctx := setup(t), t.Context()
	if err := h.s.SetSignUp(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := h.s.Trial(ctx); ok || err != nil {
		t.Errorf("without a mark sign-ups begin on a plan (%v)", err)
	}
	p, draft := h.made(t)
	if err := h.s.SetSignUp(ctx, &p.ID); !errors.Is(err, offer.ErrNotPublished) {
		t.Errorf("a plan that sells nothing: %v", err)
	}
	v := h.priced(t, draft, 2)
	other, draft := h.made(t)
	o := h.priced(t, draft, 2)
	for _, c := range []struct{ plan, version uid.ID }{{p.ID, v.ID}, {other.ID, o.ID}, {p.ID, v.ID}} {
		if err := h.s.SetSignUp(ctx, &c.plan); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := h.s.Trial(ctx); err != nil || !ok || got.Version.ID != c.version {
			t.Errorf("sign-ups begin on %s (%v)", got.Plan.Code, err)
		}
	}
	if _, err := h.s.Retire(ctx, v.ID); !errors.Is(err, offer.ErrSignUpPlan) {
		t.Errorf("its last version was retired: %v", err)
	}
	if _, err := h.s.Archive(ctx, p.ID, 0); !errors.Is(err, offer.ErrSignUpPlan) {
		t.Errorf("it was archived: %v", err)
	}

	t.Run("and a file carries it to another place", func(t *testing.T) { h.carries(t, p.Code) })
	if err := h.s.SetSignUp(ctx, nil); err != nil {
		t.Fatal(err)
	}
}

// carries exports, imports the same, and a changed file.
func (h *house) carries(t *testing.T, code string) {
	ctx := t.Context()
	out, err := h.s.Export(ctx)
	if err != nil {
		t.Fatal(err)
	}
	f, err := offer.ReadFile(out)
	if err != nil {
		t.Fatalf("what was written cannot be read: %v", err)
	}
	f.Plans = slices.DeleteFunc(f.Plans, func(e offer.PlanEntry) bool { return e.Code != code })
	if len(f.Plans) != 1 || !f.Plans[0].SignUp || len(f.Plans[0].Versions) != 1 {
		t.Fatalf("the file has %+v", f.Plans)
	}
	done, err := h.s.Import(ctx, f)
	if err != nil || slices.ContainsFunc(done, func(d offer.Done) bool { return d.Verb != "keep" }) {
		t.Errorf("the same file did %v (%v)", done, err)
	}
	f.Plans[0].Versions[0].TrialDays++
	done, err = h.s.Import(ctx, f)
	if err != nil || !slices.Equal(done, []offer.Done{{Verb: "keep", Plan: code}, {Verb: "publish", Plan: code, Kind: "EUR month"}}) {
		t.Errorf("a changed version did %v (%v)", done, err)
	}
	f.Plans[0].Code += "-b"
	f.Plans[0].SignUp = false
	done, err = h.s.Import(ctx, f)
	if err != nil || len(done) != 2 || done[0].Verb != "create" || done[1].Verb != "publish" {
		t.Errorf("a new plan did %v (%v)", done, err)
	}
}

func TestAFileThatIsNoneSaysWhy(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{`:                          "no file of plans",
		`{"format":1,"plans":[]} {}`: "follows its end",
		`{"format":1,"prices":[]}`:   "unknown field",
	} {
		if _, err := offer.ReadFile([]byte(text)); !errors.Is(err, offer.ErrPlanFile) || !strings.Contains(fault.Of(err).Text, want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	_, err := offer.ReadFile([]byte(`{"format":2,"plans":[{"code":"a b","name":"A","versions":[{"currency":"EUR","interval":"month","components":[{"code":"x","name":"X","scheme":"flat","price":-5}]}]},{"code":"a b","name":"B","sign_up":true}]}`))
	fields := fault.Of(err).Fields
	for _, f := range []string{"format", "plans.0.code", "plans.0.versions.0.components.0.price", "plans.0.versions.0.life.retained_days", "plans.1.code", "plans.1.sign_up"} {
		if fields[f] == "" {
			t.Errorf("nothing is said of %s: %v", f, fields)
		}
	}
}
