package billing_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/audit"
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

// counting and not are what a single kind of event does.
func counting(types ...string) func(*scene) {
	return func(s *scene) { s.does(types...); s.counts(1) }
}

func not(types ...string) func(*scene) {
	return func(s *scene) { s.does(types...); s.counts(0) }
}

// inTheNameOf has somebody else cause every learning event of the learner.
func inTheNameOf(who func(*scene) by) func(*scene) {
	return func(s *scene) {
		for _, typ := range billing.LearningEvents() {
			s.told(s.writes(typ, who(s)))
		}
		s.counts(0)
	}
}

// sentences are those of docs/METERING.md, section Active learners, each with what shows it.
var sentences = map[string]func(*scene){
	"Opening a lesson counts.":                                            counting("lesson.started"),
	"Going on with a lesson on another day counts.":                       counting("lesson.progressed"),
	"Handing in a quiz counts.":                                           counting("quiz.submitted"),
	"Handing in other work counts.":                                       counting("submission.submitted"),
	"Completing a lesson counts.":                                         counting("lesson.completed"),
	"Completing a course counts.":                                         counting("enrolment.completed"),
	"Learning through one's own API key counts.":                          func(s *scene) { s.told(s.writes("lesson.started", by{s.person, "api_key"})); s.counts(1) },
	"Signing in does not count.":                                          not("person.signed_in", "session.started"),
	"Following the link of a mail does not count.":                        not("invitation.accepted", "password.reset", "sign_on.link_requested"),
	"Being looked at by a manager does not count.":                        not("person.viewed", "audit.exported", "enrolment.viewed"),
	"What the system does by itself does not count.":                      inTheNameOf(func(*scene) by { return by{} }),
	"Being marked by an instructor does not count.":                       inTheNameOf(func(*scene) by { return by{uid.New(), "person"} }),
	"What an operator does in a person's name does not count.":            inTheNameOf(func(s *scene) by { return by{s.person, "operator"} }),
	"What another person does in a person's name does not count.":         inTheNameOf(func(*scene) by { return by{uid.New(), "api_key"} }),
	"Being created by SCIM, a directory or an invitation does not count.": not("person.created", "scim.user_created", "invitation.created", "person.changed"),
	"Being enrolled, reminded or given a certificate does not count.":     not("enrolment.created", "enrolment.started", "enrolment.due_soon", "certificate.issued"),

	"A person counts once a month, however much they learn.": func(s *scene) {
		for range 3 {
			s.does(billing.LearningEvents()...)
			s.w.Now.Advance(30 * time.Hour)
		}
		s.counts(1)
	},
	"Of several events the first in the log counts, in whatever order they are told.": func(s *scene) {
		one := s.writes("lesson.started", s.own())
		s.w.Now.Advance(time.Hour)
		two := s.writes("lesson.completed", s.own())
		s.told(two, one)
		if got := s.first(); got.EventID != one.ID || !got.OccurredAt.Equal(one.At) {
			s.t.Errorf("counted by %+v", got)
		}
	},
	"An event that is told twice counts once.": func(s *scene) {
		e := s.writes("lesson.started", s.own())
		s.told(e, e)
		s.counts(1)
		if n := len(s.usage().Rows); n != 1 {
			s.t.Errorf("%d entries", n)
		}
	},
	"An event that is told late counts in the month in which it happened.": func(s *scene) {
		e := s.writes("lesson.started", s.own())
		s.w.Now.Advance(40 * 24 * time.Hour)
		s.told(e)
		s.counts(0)
		u, err := s.s.Usage(owner(s.ctx), billing.MeterActiveLearner, billing.PeriodOf(e.At), page.Request{})
		if err != nil || u.Total != 1 || !u.Rows[0].OccurredAt.Equal(e.At) || u.PerDay[e.At.Day()-1] != 1 {
			s.t.Errorf("in its month: %+v (%v)", u, err)
		}
	},
	"The last moment of a month belongs to it, the next one to the next.": func(s *scene) {
		end := billing.PeriodOf(s.w.Now.Now()).End()
		s.w.Now.Advance(end.Sub(s.w.Now.Now()) - time.Microsecond)
		s.does("lesson.started")
		s.counts(1)
		s.w.Now.Advance(time.Microsecond)
		s.counts(0)
		s.does("lesson.progressed")
		s.counts(1)
	},
	"The same person counts anew in the next month.": func(s *scene) {
		s.does("lesson.started")
		s.w.Now.Advance(31 * 24 * time.Hour)
		s.does("lesson.progressed")
		s.counts(1)
	},
	"Two tenants count apart.": func(s *scene) {
		other := s.w.Tenant(s.t)
		s.does("lesson.started")
		if u, err := s.s.Usage(owner(other), billing.MeterActiveLearner, billing.PeriodOf(s.w.Now.Now()), page.Request{}); err != nil || u.Total != 0 || len(u.Rows) != 0 {
			s.t.Errorf("the other one has %+v (%v)", u, err)
		}
	},

	"A first access can be struck off within 24 hours of the event that counted.": func(s *scene) {
		s.does("lesson.started")
		s.w.Now.Advance(billing.Grace)
		if p, err := s.s.Proof(payer(s.ctx), s.first().ID); err != nil || !p.Strikable {
			s.t.Errorf("it is not offered: %+v (%v)", p, err)
		}
		s.struck()
		s.counts(0)
	},
	"After 24 hours it can not.": func(s *scene) {
		s.does("lesson.started")
		s.w.Now.Advance(billing.Grace + time.Microsecond)
		s.cannotStrike(billing.ErrGraceOver)
		if p, err := s.s.Proof(payer(s.ctx), s.first().ID); err != nil || p.Strikable {
			s.t.Errorf("it is offered: %+v (%v)", p, err)
		}
		s.counts(1)
	},
	"It can not when something was handed in or completed since.": func(s *scene) {
		s.does("lesson.started")
		s.w.Now.Advance(time.Hour)
		s.does("submission.submitted")
		s.cannotStrike(billing.ErrLearned)
		s.counts(1)
	},
	"It can be done once a person and month.": func(s *scene) {
		s.does("lesson.started")
		s.struck()
		s.cannotStrike(billing.ErrStruck)
		s.w.Now.Advance(time.Hour)
		s.does("lesson.progressed")
		s.cannotStrike(billing.ErrStruck)
		s.counts(1)
	},
	"It needs the right to change the bill.": func(s *scene) {
		s.does("lesson.started")
		if _, err := s.s.Strike(owner(s.ctx), billing.StrikeInput{Entry: s.first().ID, Reason: "a mistake"}); !errors.Is(err, policy.ErrForbidden) {
			s.t.Errorf("without it: %v", err)
		}
		if p, err := s.s.Proof(owner(s.ctx), s.first().ID); err != nil || p.Strikable {
			s.t.Errorf("it is offered to who may not (%v)", err)
		}
		s.counts(1)
	},
	"It needs a reason of 3 to 500 characters.": func(s *scene) {
		s.does("lesson.started")
		for _, bad := range []string{"", " \n ", "no", strings.Repeat("ü", 501), "a\x00b\x00"} {
			if _, err := s.strike(bad); !errors.Is(err, billing.ErrReasonMissing) {
				s.t.Errorf("reason %.10q: %v", bad, err)
			}
		}
		if _, err := s.strike(strings.Repeat("ü", 500)); err != nil {
			s.t.Errorf("500 characters: %v", err)
		}
	},
	"The correction is an entry of its own, and nothing is changed.": func(s *scene) {
		s.does("lesson.started")
		before := s.first()
		s.w.Now.Advance(time.Hour)
		c := s.struck()
		rows := s.usage().Rows
		if len(rows) != 2 || rows[0] != before || rows[1].ID != c.ID {
			s.t.Fatalf("entries %+v", rows)
		}
		if got := rows[1]; got.Kind != billing.KindStruck || got.Quantity != -1 || got.SubjectID != s.person || got.Reason != "It was a mistake." || got.ByName != "Olga Owner" ||
			got.ByID == nil || !got.OccurredAt.Equal(before.OccurredAt) || !got.RecordedAt.Equal(s.w.Now.Now()) || got.EventType != billing.EventStruck {
			s.t.Errorf("the correction is %+v", got)
		}
	},
	"Only the entry by which a person began to count can be struck off.": func(s *scene) {
		s.does("lesson.started")
		c := s.struck()
		if _, err := s.s.Strike(payer(s.ctx), billing.StrikeInput{Entry: c.ID, Reason: "a mistake"}); !errors.Is(err, billing.ErrNotStrikable) {
			s.t.Errorf("a correction: %v", err)
		}
		if err := s.s.RecordTokens(s.ctx, billing.Tokens{ID: uid.New(), Quantity: 5, At: s.w.Now.Now()}); err != nil {
			s.t.Fatal(err)
		}
		u, err := s.s.Usage(owner(s.ctx), billing.MeterAITokens, billing.PeriodOf(s.w.Now.Now()), page.Request{})
		if err != nil || len(u.Rows) != 1 {
			s.t.Fatalf("tokens %+v (%v)", u.Rows, err)
		}
		if _, err := s.s.Strike(payer(s.ctx), billing.StrikeInput{Entry: u.Rows[0].ID, Reason: "a mistake"}); !errors.Is(err, billing.ErrNotStrikable) {
			s.t.Errorf("tokens: %v", err)
		}
	},
	"Another tenant's entry can not be struck off.": func(s *scene) {
		s.does("lesson.started")
		if _, err := s.s.Strike(payer(s.w.Tenant(s.t)), billing.StrikeInput{Entry: s.first().ID, Reason: "a mistake"}); !errors.Is(err, billing.ErrUsageNotFound) {
			s.t.Errorf("another tenant's: %v", err)
		}
		s.counts(1)
	},
	"Whoever learns again afterwards counts again.": func(s *scene) {
		s.does("lesson.started")
		late := s.writes("lesson.progressed", s.own()) // before it was struck off, told after
		s.w.Now.Advance(time.Hour)
		s.struck()
		s.told(late)
		s.counts(0)
		s.w.Now.Advance(time.Hour)
		again := s.writes("lesson.progressed", s.own())
		s.w.Now.Advance(time.Hour)
		s.does("lesson.completed")
		s.told(again, again)
		s.counts(1)
		rows := s.usage().Rows
		if last := rows[len(rows)-1]; len(rows) != 3 || last.Kind != billing.KindAgain || last.EventID != again.ID {
			s.t.Errorf("entries %+v", rows)
		}
	},
	"Who was struck off and is only looked at does not count again.": func(s *scene) {
		s.does("lesson.started")
		s.struck()
		s.w.Now.Advance(time.Hour)
		s.does("person.signed_in")
		s.told(s.writes("lesson.progressed", by{s.person, "operator"}))
		s.counts(0)
	},
	"What was completed as the entry was struck off counts.": func(s *scene) {
		s.does("lesson.started")
		s.w.Now.Advance(time.Minute)
		at := s.w.Now.Now()
		s.struck()
		e := event.Event{ID: uid.New(), Type: "lesson.completed", ActorID: &s.person, ActorKind: "person", At: at, Data: []byte(`{"person_id":"` + s.person.String() + `","person_name":"Ada"}`)}
		s.told(e)
		s.counts(1)
	},
	"Striking off stands in the audit log with its reason.": func(s *scene) {
		s.does("lesson.started")
		c := s.struck()
		auditor := auth.WithPrincipal(s.ctx, auth.Principal{PersonID: uid.New(), May: policy.Set{policy.AuditRead: {}}})
		found, err := audit.New(s.w.Store, s.w.Now.Now).Read(auditor, audit.Filter{Type: billing.EventStruck})
		if err != nil || len(found.Items) != 1 || found.Items[0].ID != c.EventID || !strings.Contains(found.Items[0].Data, "It was a mistake.") {
			s.t.Errorf("the audit log has %+v (%v)", found.Items, err)
		}
		// The job that the event enqueued writes nothing more.
		for _, e := range found.Items {
			told := event.Event{ID: e.ID, Type: e.Type, ActorID: e.ActorID, ActorKind: e.ActorKind, At: e.At, Data: []byte(e.Data)}
			if err := s.s.Correct(s.ctx, told); err != nil {
				s.t.Error(err)
			}
		}
		if rows := s.usage().Rows; len(rows) != 2 {
			s.t.Errorf("entries %+v", rows)
		}
	},
}

func TestTheDefinitionHoldsSentenceBySentence(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../docs/METERING.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(raw), "\n## Active learners\n")
	section, _, _ = strings.Cut(section, "\n## ")
	written := map[string]bool{}
	for line := range strings.Lines(section) {
		if sentence, ok := strings.CutPrefix(strings.TrimSpace(line), "- "); ok {
			written[sentence] = true
			show := sentences[sentence]
			if show == nil {
				t.Errorf("nothing shows that “%s”", sentence)
				continue
			}
			t.Run(sentence, func(t *testing.T) {
				t.Parallel()
				show(begin(t))
			})
		}
	}
	for sentence := range sentences {
		if !written[sentence] {
			t.Errorf("docs/METERING.md does not say that “%s”", sentence)
		}
	}
}
