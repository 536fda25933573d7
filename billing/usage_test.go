package billing_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/billing"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// owner lets ctx read the usage page.
func owner(ctx context.Context) context.Context {
	return auth.WithPrincipal(ctx, auth.Principal{PersonID: uid.New(), May: policy.Set{policy.UsageRead: {}}})
}

// learned makes a learning event of a person, in the log, at a moment.
func learned(t *testing.T, w *storetest.World, ctx context.Context, typ string, person uid.ID, at time.Time) event.Event {
	t.Helper()
	var e event.Event
	err := w.Store.InTenant(ctx, func(ctx context.Context) (err error) {
		ctx = event.WithActor(ctx, event.Actor{ID: person, Kind: "person"})
		if e, err = event.New(ctx, at, typ, "enrolment", uid.New(), map[string]any{"person_id": person, "person_name": "Ada"}); err != nil {
			return err
		}
		return w.Store.AppendEvents(ctx, e)
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestALearnerCountsOnceAPeriodHoweverOftenItIsTold(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx, other := w.Tenant(t), w.Tenant(t)
	s := billing.New(w.Store, w.Now.Now)
	ada, bob := uid.New(), uid.New()
	march := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	first := learned(t, w, ctx, "lesson.started", ada, march)
	later := learned(t, w, ctx, "quiz.submitted", ada, march.AddDate(0, 0, 7))
	bobs := learned(t, w, ctx, "lesson.completed", bob, march.AddDate(0, 0, 7))
	april := learned(t, w, ctx, "lesson.started", ada, time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))
	lastMoment := learned(t, w, ctx, "lesson.started", ada, time.Date(2026, 3, 31, 23, 59, 59, 0, time.UTC))

	var wg sync.WaitGroup
	for range 5 { // told again and again, at once
		for _, e := range []event.Event{first} {
			wg.Go(func() {
				if err := s.Count(ctx, e); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	for _, e := range []event.Event{later, bobs, april, lastMoment, first} {
		if err := s.Count(ctx, e); err != nil {
			t.Fatal(err)
		}
	}

	u, err := s.Usage(owner(ctx), billing.MeterActiveLearner, billing.PeriodOf(march), page.Request{})
	if err != nil {
		t.Fatal(err)
	}
	if u.Total != 2 || len(u.PerDay) != 31 || u.PerDay[1] != 1 || u.PerDay[8] != 1 || len(u.Rows) != 2 {
		t.Fatalf("March: total %d, days %v, %d rows", u.Total, u.PerDay, len(u.Rows))
	}
	if u.Rows[0].SubjectID != ada || u.Rows[0].EventID != first.ID || u.Rows[0].SubjectName != "Ada" {
		t.Errorf("the first entry is %+v", u.Rows[0])
	}
	if u, err := s.Usage(owner(ctx), billing.MeterActiveLearner, billing.PeriodOf(april.At), page.Request{}); err != nil || u.Total != 1 {
		t.Errorf("April: %d (%v)", u.Total, err)
	}
	if u, err := s.Usage(owner(other), billing.MeterActiveLearner, billing.PeriodOf(march), page.Request{}); err != nil || u.Total != 0 || len(u.Rows) != 0 {
		t.Errorf("another tenant sees %d (%v)", u.Total, err)
	}

	proof, err := s.Proof(owner(ctx), u.Rows[0].ID)
	if err != nil || proof.Event == nil || proof.Event.ID != first.ID || proof.Event.Type != "lesson.started" {
		t.Errorf("the entry opens %+v (%v)", proof.Event, err)
	}
	if _, err := s.Proof(owner(other), u.Rows[0].ID); !errors.Is(err, billing.ErrUsageNotFound) {
		t.Errorf("another tenant opens the entry: %v", err)
	}
	if _, err := s.Usage(auth.WithPrincipal(ctx, auth.Principal{PersonID: ada}), billing.MeterActiveLearner, billing.PeriodOf(march), page.Request{}); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a learner reads the usage page: %v", err)
	}
	if _, err := s.Usage(ctx, billing.MeterActiveLearner, billing.PeriodOf(march), page.Request{}); !errors.Is(err, auth.ErrSignInFirst) {
		t.Errorf("a stranger reads the usage page: %v", err)
	}
}

func TestWhatIsNoLearningNeverCounts(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	s := billing.New(w.Store, w.Now.Now)
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for _, typ := range []string{"person.signed_in", "person.created", "invitation.created", "enrolment.created", "password.reset_requested", "certificate.issued", "course.published", "brand.changed"} {
		if err := s.Count(ctx, learned(t, w, ctx, typ, uid.New(), at)); err != nil {
			t.Fatal(err)
		}
	}
	if u, err := s.Usage(owner(ctx), billing.MeterActiveLearner, billing.PeriodOf(at), page.Request{}); err != nil || u.Total != 0 {
		t.Fatalf("counted %d (%v)", u.Total, err)
	}
	by := uid.New()
	nameless := event.Event{ID: uid.New(), Type: "lesson.started", ActorID: &by, ActorKind: "person", Data: []byte(`{}`), At: at}
	if err := s.Count(ctx, nameless); err == nil {
		t.Error("an event that names no person was counted")
	}
	if err := s.Count(context.Background(), learned(t, w, ctx, "lesson.started", uid.New(), at)); err == nil {
		t.Error("counted without a tenant")
	}
	if _, ok := tenant.From(ctx); !ok {
		t.Fatal("no tenant")
	}
}

func TestTheLedgerIsWalkedWholeByPages(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	s := billing.New(w.Store, w.Now.Now)
	at := time.Date(2026, 2, 28, 10, 0, 0, 0, time.UTC)
	want := map[uid.ID]bool{}
	for range 7 {
		person := uid.New()
		want[person] = true
		if err := s.Count(ctx, learned(t, w, ctx, "lesson.started", person, at)); err != nil {
			t.Fatal(err)
		}
	}
	for r := (page.Request{Limit: 3}); ; {
		u, err := s.Usage(owner(ctx), billing.MeterActiveLearner, billing.PeriodOf(at), r)
		if err != nil {
			t.Fatal(err)
		}
		if u.Total != 7 || len(u.PerDay) != 28 {
			t.Errorf("total %d over %d days", u.Total, len(u.PerDay))
		}
		for _, e := range u.Rows {
			if !want[e.SubjectID] {
				t.Errorf("%s came twice or is a stranger", e.SubjectID)
			}
			delete(want, e.SubjectID)
		}
		if r.After = u.Next; u.Next == "" {
			break
		}
	}
	if len(want) != 0 {
		t.Errorf("%d never came", len(want))
	}
	if p, err := billing.ParsePeriod("2026-02", at); err != nil || p != billing.PeriodOf(at) {
		t.Errorf("2026-02 is %v (%v)", p, err)
	}
	if _, err := billing.ParsePeriod("February", at); !errors.Is(err, billing.ErrPeriod) {
		t.Errorf("February: %v", err)
	}
}

// TestTheFirstEventCountsInWhateverOrderTheyAreTold: jobs run side by side, so a later event may be told first.
func TestTheFirstEventCountsInWhateverOrderTheyAreTold(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	course := storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse("Ladders"))
	learner, e := storetest.EnrolledLearner(t, ctx, w, course)
	learn := enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Now})
	lesson := course.Lessons()[0]
	if _, err := learn.Open(learner, course.Course.Slug, &lesson.ID); err != nil {
		t.Fatal(err)
	}
	w.Now.Advance(time.Minute)
	if _, err := learn.Continue(learner, e.ID, lesson.ID); err != nil {
		t.Fatal(err)
	}
	var told []event.Event
	err := w.Store.InTenant(ctx, func(ctx context.Context) error {
		p, err := w.Store.Events(ctx, event.Filter{Subject: e.ID})
		told = p.Items // the newest first
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s := billing.New(w.Store, w.Now.Now)
	for _, e := range told {
		if err := s.Count(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	u, err := s.Usage(owner(ctx), billing.MeterActiveLearner, billing.PeriodOf(w.Now.Now()), page.Request{})
	if err != nil || u.Total != 1 || u.Rows[0].EventType != "lesson.started" || !u.Rows[0].OccurredAt.Equal(w.Now.Now().Add(-time.Minute)) {
		t.Fatalf("counted by %+v (%v)", u.Rows, err)
	}
}
