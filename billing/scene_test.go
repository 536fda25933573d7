package billing_test

import (
	"context"
	"errors"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/billing"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

// scene is a learner in a course, on a morning in March.
type scene struct {
	t         *testing.T
	w         *storetest.World
	ctx       context.Context // the tenant's
	person    uid.ID
	enrolment uid.ID
	s         *billing.Service
}

func begin(t *testing.T) *scene {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	course := storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse("Ladders"))
	_, e := storetest.EnrolledLearner(t, ctx, w, course)
	return &scene{t, w, ctx, e.PersonID, e.ID, billing.New(w.Store, w.Now.Now)}
}

// by is who causes an event.
type by struct {
	id   uid.ID
	kind string
}

// writes puts an event about the learner into the log, told by nobody yet.
func (s *scene) writes(typ string, who by) (e event.Event) {
	s.t.Helper()
	ctx := s.ctx
	if who.kind != "" {
		ctx = event.WithActor(ctx, event.Actor{ID: who.id, Kind: who.kind})
	}
	err := s.w.Store.InTenant(ctx, func(ctx context.Context) (err error) {
		if e, err = event.New(ctx, s.w.Now.Now(), typ, "enrolment", s.enrolment, map[string]any{"person_id": s.person, "person_name": "Ada"}); err != nil {
			return err
		}
		return s.w.Store.AppendEvents(ctx, e)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return e
}

// told tells the meter of events.
func (s *scene) told(events ...event.Event) {
	s.t.Helper()
	for _, e := range events {
		if err := s.s.Count(s.ctx, e); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *scene) own() by { return by{s.person, "person"} }

// does has the learner do something.
func (s *scene) does(types ...string) {
	s.t.Helper()
	for _, typ := range types {
		s.told(s.writes(typ, s.own()))
	}
}

// usage gives the month of now.
func (s *scene) usage() billing.Usage {
	s.t.Helper()
	u, err := s.s.Usage(owner(s.ctx), billing.MeterActiveLearner, billing.PeriodOf(s.w.Now.Now()), page.Request{})
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

func (s *scene) counts(want int64) {
	s.t.Helper()
	if got := s.usage().Total; got != want {
		s.t.Errorf("%d active learners, want %d", got, want)
	}
}

// first is the entry by which the learner began to count.
func (s *scene) first() billing.UsageEvent {
	s.t.Helper()
	rows := s.usage().Rows
	if len(rows) == 0 {
		s.t.Fatal("there is no entry")
	}
	return rows[0]
}

func (s *scene) strike(reason string) (billing.UsageEvent, error) {
	s.t.Helper()
	return s.s.Strike(payer(s.ctx), billing.StrikeInput{Entry: s.first().ID, Reason: reason})
}

func (s *scene) struck() billing.UsageEvent {
	s.t.Helper()
	c, err := s.strike("It was a mistake.")
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *scene) cannotStrike(want error) {
	s.t.Helper()
	if _, err := s.strike("It was a mistake."); !errors.Is(err, want) {
		s.t.Errorf("striking off: %v, want %v", err, want)
	}
}

// payer may change the bill.
func payer(ctx context.Context) context.Context {
	id := uid.New()
	who := auth.Principal{PersonID: id, Name: "Olga Owner", May: policy.Set{policy.UsageRead: {}, policy.BillingManage: {}}}
	return event.WithActor(auth.WithPrincipal(ctx, who), event.Actor{ID: id, Kind: "person"})
}
