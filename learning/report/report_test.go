package report_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/duty"
	"lyceum/learning/enrolment"
	"lyceum/learning/report"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

type house struct {
	*storetest.World
	t           *testing.T
	ctx, asking context.Context
	duties      *duty.Service
	groups      *group.Service
	reports     *report.Service
	courses     []catalog.Outline
}

func setup(t *testing.T) *house {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	now := w.Now.Clock()
	h := &house{World: w, t: t, ctx: ctx, asking: storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Admin)), groups: group.New(w.Store, now), duties: duty.New(w.Store, enrolment.New(enrolment.Options{Keep: w.Store, Now: now}), nil, now), reports: report.New(w.Store, now)}
	for _, title := range []string{"Fire safety", "Fire safety again", "Fire safety once more", "Fire safety, the last"} {
		h.courses = append(h.courses, storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse(title)))
	}
	return h
}

func (h *house) do(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) group(people ...auth.Person) uid.ID {
	h.t.Helper()
	g, err := h.groups.Create(h.asking, group.Input{Name: "Group " + uid.Opaque(6)})
	h.do(err)
	for _, p := range people {
		_, err = h.groups.Add(h.asking, g.ID, []uid.ID{p.ID})
		h.do(err)
	}
	return g.ID
}

func (h *house) requirement(terms duty.Terms, groups ...uid.ID) duty.Shown {
	h.t.Helper()
	in := duty.Input{Status: duty.StatusOn, Name: "Fire " + uid.Opaque(6), Framework: "OSHA", Terms: terms}
	for _, c := range h.courses {
		in.Courses = append(in.Courses, c.Course.ID)
	}
	r, err := h.duties.Save(h.asking, uid.Nil, in)
	h.do(err)
	for _, g := range groups {
		r, err = h.duties.Apply(h.asking, r.ID, duty.Proposal{Do: duty.DoAdd, Group: g})
		h.do(err)
	}
	return r
}

// completed writes down that somebody completed the n-th course now; their duties do not know it yet.
func (h *house) completed(p auth.Person, n int) time.Time {
	h.t.Helper()
	portal, _ := tenant.From(h.ctx)
	now := h.World.Now.Now()
	_, err := h.Admin.Exec(h.t.Context(), fmt.Sprintf(`insert into %s.enrolment_rounds (id, course_id, version_id, person_id, status, source, percent, enrolled_at, started_at, completed_at) values ($1, $2, $3, $4, 'completed', 'assigned', 100, $5, $5, $5)
		on conflict (person_id, course_id) where superseded_at is null do update set status = 'completed', percent = 100, started_at = excluded.started_at, completed_at = excluded.completed_at`, portal.SchemaName), uid.New(), h.courses[n].Course.ID, *h.courses[n].Course.PublishedID, p.ID, now)
	h.do(err)
	return now
}

// states gives how everybody stands with a requirement.
func (h *house) states(r uid.ID, as report.Moment) map[uid.ID]report.Cell {
	h.t.Helper()
	m, err := h.reports.Matrix(h.asking, report.Filter{Requirement: r, As: as})
	h.do(err)
	out := map[uid.ID]report.Cell{}
	for _, row := range m.Rows.Items {
		out[row.PersonID] = row.Cells[r]
	}
	return out
}

// What was seen at a moment is what is told of it ever after, whatever came later; and what was known later of an earlier moment is what
// the pure functions say of the facts that were known.
func TestThePastIsToldAsItWasSeenAndAsItWasKnown(t *testing.T) {
	t.Parallel()
	h := setup(t)
	r := rand.New(rand.NewPCG(8, 7)) //nolint:gosec // a test
	people := make([]auth.Person, 10)
	for i := range people {
		people[i] = storetest.Person(t, h.ctx, h.World, policy.Learner)
	}
	steady, moving := people[:6], people[6:] // these come and go, and are waived
	months, soon := 6, 40
	terms := duty.Terms{ValidMonths: &months, DueDays: &soon, GraceDays: 20, RenewDays: 60, KeepDay: true}
	coming := h.group(moving...)
	one := h.requirement(terms, h.group(steady...), coming)
	began := h.World.Now.Now()
	h.do(h.duties.Run(h.ctx, one.ID))
	type fact struct{ at, known time.Time }
	facts, waiting := map[uid.ID][]fact{}, map[uid.ID][]time.Time{}
	learn := func(p uid.ID) {
		for _, at := range waiting[p] {
			facts[p] = append(facts[p], fact{at, h.World.Now.Now()})
		}
		delete(waiting, p)
	}
	type seen struct {
		at    time.Time
		cells map[uid.ID]report.Cell
	}
	var past []seen
	for range 25 {
		h.World.Now.Advance(time.Duration(1+r.IntN(50*24)) * time.Hour)
		for _, p := range people {
			if n := len(facts[p.ID]) + len(waiting[p.ID]); n < len(h.courses) && r.IntN(4) == 0 {
				waiting[p.ID] = append(waiting[p.ID], h.completed(p, n))
			}
			if r.IntN(2) == 0 {
				h.do(h.duties.Advance(h.ctx, p.ID))
				learn(p.ID)
			}
		}
		p := moving[r.IntN(len(moving))]
		until := h.World.Now.Now().Add(time.Duration(1+r.IntN(90*24)) * time.Hour)
		var err error
		switch r.IntN(5) {
		case 0:
			_, err = h.groups.Remove(h.asking, coming, []uid.ID{p.ID})
		case 1:
			_, err = h.groups.Add(h.asking, coming, []uid.ID{p.ID})
		case 2:
			err = h.duties.Waive(h.asking, one.ID, p.ID, &until, "On leave.")
		case 3:
			err = h.duties.Unwaive(h.asking, one.ID, p.ID)
		}
		if err != nil && !errors.Is(err, duty.ErrNoDuty) {
			t.Fatal(err)
		}
		h.do(h.duties.Joined(h.ctx, coming)) // settles, and takes in what was completed
		for _, p := range people {
			learn(p.ID)
		}
		past = append(past, seen{h.World.Now.Now(), h.states(one.ID, report.Moment{})})
	}
	same := func(a, b *time.Time) bool { return (a == nil) == (b == nil) && (a == nil || a.Equal(*b)) }
	told := 0
	for _, was := range past {
		got := h.states(one.ID, report.Moment{At: was.at, Known: was.at})
		if len(got) != len(was.cells) {
			t.Fatalf("%d people on %v, were %d", len(got), was.at, len(was.cells))
		}
		for id, c := range was.cells {
			told++
			if g := got[id]; g.State != c.State || !same(g.DueAt, c.DueAt) || !same(g.CompletedAt, c.CompletedAt) || !same(g.ExpiresAt, c.ExpiresAt) || !same(g.GraceUntil, c.GraceUntil) {
				t.Fatalf("%s on %v: told %+v, was %+v", id, was.at, g, c)
			}
		}
	}
	end := h.World.Now.Now()
	for range 60 {
		moment := began.Add(time.Duration(r.Int64N(int64(end.Sub(began) + 200*24*time.Hour))))
		known := began.Add(time.Duration(r.Int64N(int64(end.Sub(began)))))
		got := h.states(one.ID, report.Moment{At: moment, Known: known})
		for _, p := range steady {
			var done []time.Time
			for _, f := range facts[p.ID] {
				if !f.known.After(known) && !f.at.After(moment) {
					done = append(done, f.at)
				}
			}
			list := duty.Cycles(terms, duty.Facts{BeganAt: began, Done: duty.Done(done...)})
			last := list[len(list)-1]
			if want := last.State(duty.Waiver{}, false, moment); got[p.ID].State != want || !same(got[p.ID].CompletedAt, last.CompletedAt) || !same(got[p.ID].ExpiresAt, last.ExpiresAt) {
				t.Fatalf("on %v as known on %v: told %+v, the facts say %s, %+v", moment, known, got[p.ID], want, last)
			}
			told++
		}
	}
	if told < 400 {
		t.Errorf("only %d looked at", told)
	}
	// Looking again, and settling again, records nothing.
	rec, err := h.reports.Record(h.asking, one.ID, people[0].ID, report.Moment{})
	h.do(err)
	h.do(h.duties.RunAll(h.ctx))
	again, err := h.reports.Record(h.asking, one.ID, people[0].ID, report.Moment{})
	h.do(err)
	if len(again.Entries) != len(rec.Entries) || rec.Entries[0].Reasons == "" {
		t.Errorf("%d entries, then %d: %+v", len(rec.Entries), len(again.Entries), rec.Entries[0])
	}
}

func TestTheMatrixIsFilteredPagedAndCounted(t *testing.T) {
	t.Parallel()
	h := setup(t)
	names := []string{"ada", "Ben", "cyd", "Dee"}
	people := make([]auth.Person, len(names))
	for i, n := range names {
		people[i] = storetest.AddPerson(t, h.ctx, h.World, auth.Person{Name: n, Email: n + uid.Opaque(5) + "@example.com"}, policy.Learner)
	}
	soon := 10
	cooks, all := h.group(people[0], people[1]), h.group(people...)
	fire, knots := h.requirement(duty.Terms{DueDays: &soon}, all), h.requirement(duty.Terms{}, cooks)
	h.completed(people[2], 0)
	h.do(h.duties.RunAll(h.ctx))
	before := h.World.Now.Now()
	h.World.Now.Advance(11 * 24 * time.Hour)

	m, err := h.reports.Matrix(h.asking, report.Filter{Page: page.Request{Limit: 3}})
	h.do(err)
	if len(m.Rows.Items) != 3 || m.Rows.Items[0].Name != "ada" || m.Rows.Items[1].Name != "Ben" || len(m.Columns) != 2 || len(m.Rows.Items[0].Cells) != 2 || len(m.Rows.Items[2].Cells) != 1+0 && len(m.Rows.Items[2].Cells) != 1 {
		t.Fatalf("%+v", m.Rows.Items)
	}
	m, err = h.reports.Matrix(h.asking, report.Filter{Page: page.Request{Limit: 3, After: m.Rows.Next}})
	h.do(err)
	if len(m.Rows.Items) != 1 || m.Rows.Items[0].Name != "Dee" || m.Rows.Next != "" {
		t.Fatalf("%+v", m.Rows)
	}
	for name, c := range map[string]struct {
		f    report.Filter
		want int
	}{
		"everyone":              {report.Filter{}, 4},
		"of a group":            {report.Filter{Group: cooks}, 2},
		"late":                  {report.Filter{Requirement: fire.ID, State: duty.StateNonCompliant}, 3},
		"late then":             {report.Filter{Requirement: fire.ID, State: duty.StateNonCompliant, As: report.Moment{At: before}}, 0},
		"late soon":             {report.Filter{Requirement: knots.ID, State: duty.StateNotStarted, As: report.Moment{At: before.Add(400 * 24 * time.Hour)}}, 2},
		"nothing was known":     {report.Filter{As: report.Moment{Known: before.Add(-time.Hour)}}, 0},
		"by a piece of a name":  {report.Filter{Name: "BE"}, 1},
		"of no department":      {report.Filter{Department: "Kitchen"}, 0},
		"below nobody":          {report.Filter{Manager: people[0].ID}, 0},
		"of a group, then":      {report.Filter{Group: cooks, As: report.Moment{At: before}}, 2},
		"late ones of a group":  {report.Filter{Group: cooks, State: duty.StateNonCompliant}, 2},
		"compliant of a group":  {report.Filter{Group: cooks, State: duty.StateCompliant}, 0},
		"who completed, so far": {report.Filter{State: duty.StateCompliant}, 1},
	} {
		m, err := h.reports.Matrix(h.asking, c.f)
		h.do(err)
		if len(m.Rows.Items) != c.want {
			t.Errorf("%s: %d people, want %d", name, len(m.Rows.Items), c.want)
		}
		totals, err := h.reports.Totals(h.asking, c.f)
		h.do(err)
		n := 0
		for _, x := range totals {
			if c.f.Requirement != uid.Nil || x.RequirementID == fire.ID {
				n += x.N
			}
		}
		if c.f.State == "" && n != c.want || c.f.State != "" && n > c.want {
			t.Errorf("%s: %d are counted, want %d: %+v", name, n, c.want, totals)
		}
	}
	head, each, err := h.reports.Export(h.asking, report.Filter{})
	h.do(err)
	n := 0
	h.do(each(h.asking, func(report.Row) error { n++; return nil }))
	if n != 4 || len(head.Columns) != 2 {
		t.Errorf("%d rows of %d columns", n, len(head.Columns))
	}
	if _, err := h.reports.Matrix(h.asking, report.Filter{Requirement: uid.New()}); !errors.Is(err, duty.ErrNotFound) {
		t.Error(err)
	}
	if _, err := h.reports.Matrix(storetest.As(t, h.ctx, h.World, people[0]), report.Filter{}); err == nil {
		t.Error("a learner sees the matrix")
	}
	// Another tenant sees nothing of it.
	other := h.World.Tenant(t)
	stranger := storetest.As(t, other, h.World, storetest.Person(t, other, h.World, policy.Admin))
	if m, err := h.reports.Matrix(stranger, report.Filter{}); err != nil || len(m.Rows.Items)+len(m.Columns) != 0 {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := h.reports.Record(stranger, fire.ID, people[0].ID, report.Moment{}); !errors.Is(err, report.ErrNoRecord) {
		t.Error(err)
	}
}

// A day is its end where it is asked for: who moved to another line the day after is in the old one, also west of UTC.
func TestTheLineOfADayIsThatOfTheDayWhereItIsAskedFor(t *testing.T) {
	t.Parallel()
	h := setup(t)
	old, next := storetest.Person(t, h.ctx, h.World, policy.Learner), storetest.Person(t, h.ctx, h.World, policy.Learner)
	lee := storetest.Person(t, h.ctx, h.World, policy.Learner)
	h.requirement(duty.Terms{}, h.group(lee))
	lines := org.New(h.World.Store, h.World.Now.Clock())
	h.do(lines.SetManager(h.asking, lee.ID, &old.ID))
	h.World.Now.Advance(3 * 24 * time.Hour)
	moved := h.World.Now.Now().UTC()
	h.do(lines.SetManager(h.asking, lee.ID, &next.ID))
	h.World.Now.Advance(3 * 24 * time.Hour)
	west := time.FixedZone("west", -5*3600)
	before := time.Date(moved.Year(), moved.Month(), moved.Day(), 0, 0, 0, 0, west).Add(-time.Microsecond) // the end of the day before, where it is the next day in UTC
	for manager, want := range map[uid.ID]int{old.ID: 1, next.ID: 0} {
		got, err := h.reports.Matrix(h.asking, report.Filter{Manager: manager, As: report.Moment{At: before}})
		h.do(err)
		if len(got.Rows.Items) != want {
			t.Errorf("%d people below %s, want %d", len(got.Rows.Items), manager, want)
		}
	}
}
