package dashboard_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/dashboard"
	"lyceum/learning/duty"
	"lyceum/learning/enrolment"
	"lyceum/learning/report"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func TestEveryFigureIsThatOfItsRows(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx, now := w.Tenant(t), w.Now.Clock()
	admin := storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Admin))
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	reports := report.New(w.Store, now)
	s := dashboard.New(w.Store, reports, now)
	if d, err := s.Look(admin, time.UTC, true); err != nil || d.Now.All() != 0 || len(d.Points) != 0 || len(d.Completions) != 12 || d.Completions[11].Month != "2026-03" || d.Completions[0].Month != "2025-04" {
		t.Fatalf("of nothing: %+v, %v", d, err)
	}
	o := storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse("Knots"))
	enrolments := enrolment.New(enrolment.Options{Keep: w.Store, Now: now})
	duties, groups := duty.New(w.Store, enrolments, nil, now), group.New(w.Store, now)
	days := 10
	r, err := duties.Save(admin, uid.Nil, duty.Input{Status: duty.StatusOn, Name: "Rigging", Courses: []uid.ID{o.Course.ID}, Terms: duty.Terms{DueDays: &days, GraceDays: 60}})
	do(err)
	var people []auth.Person
	for range 3 {
		people = append(people, storetest.Person(t, ctx, w, policy.Learner))
	}
	for i, name := range []string{"All", "Some"} {
		g, err := groups.Create(admin, group.Input{Name: name})
		do(err)
		for _, p := range people[i:] {
			_, err = groups.Add(admin, g.ID, []uid.ID{p.ID})
			do(err)
		}
		_, err = duties.Apply(admin, r.ID, duty.Proposal{Do: duty.DoAdd, Group: g.ID})
		do(err)
	}
	do(duties.RunAll(ctx))
	w.Now.Advance(5 * 24 * time.Hour)
	portal, _ := tenant.From(ctx)
	_, err = w.Admin.Exec(t.Context(), fmt.Sprintf("update %s.enrolments set status = 'completed', completed_at = $1 where person_id = $2", portal.SchemaName), now(), people[0].ID)
	do(err)
	do(duties.Advance(ctx, people[0].ID))
	w.Now.Advance(40 * 24 * time.Hour) // in April; two are in grace
	d, err := s.Look(admin, time.UTC, false)
	do(err)
	if d.Now[duty.StateCompliant] != 1 || d.Now[duty.StateInGrace] != 2 || d.Now.Percent() != 33 || len(d.Requirements) != 1 || d.Requirements[0].Standing.All() != 3 {
		t.Errorf("now: %+v", d)
	}
	if len(d.Groups) != 2 || d.Groups[0].Name != "All" || d.Groups[0].Standing.All() != 3 || d.Groups[1].Standing[duty.StateInGrace] != 2 || d.Groups[1].Standing[duty.StateCompliant] != 0 {
		t.Errorf("by group: %+v", d.Groups)
	}
	for _, g := range d.Groups {
		list, err := reports.Totals(admin, report.Filter{Group: g.ID})
		do(err)
		n := 0
		for _, one := range list {
			n += one.N
			if g.Standing[one.State] != one.N {
				t.Errorf("%s: %d are %s, the matrix says %d", g.Name, g.Standing[one.State], one.State, one.N)
			}
		}
		if n != g.Standing.All() {
			t.Errorf("%s: %d, the matrix says %d", g.Name, g.Standing.All(), n)
		}
	}
	last := d.Points[len(d.Points)-2]
	if len(d.Points) != 7 || last.Day != "2026-03-31" || last.Standing[duty.StateCompliant] != 1 || last.Standing[duty.StateInGrace] != 2 || d.Points[4].Standing.All() != 0 || !d.Points[6].Now {
		t.Errorf("over time: %+v", d.Points)
	}
	if d.Completions[10].N != 1 || d.Completions[11].N != 0 {
		t.Errorf("completions: %+v", d.Completions)
	}
	from, rows, err := s.Completions(admin, "2026-03", time.UTC, page.Request{Limit: 1})
	if err != nil || from.Month() != time.March || len(rows.Items) != 1 || rows.Items[0].Title != "Knots" || rows.Next != "" {
		t.Errorf("%v, %+v, %v", from, rows, err)
	}
	if _, _, err := s.Completions(admin, "2026-03", time.UTC, page.Request{After: "nonsense"}); !errors.Is(err, page.ErrCursor) {
		t.Errorf("a cursor that is none: %v", err)
	}
	learner, _ := storetest.Learner(t, ctx, w)
	if _, err := s.Look(learner, time.UTC, false); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a learner: %v", err)
	}
	far := w.Tenant(t)
	stranger := storetest.As(t, far, w, storetest.Person(t, far, w, policy.Admin))
	if d, err := s.Look(stranger, time.UTC, true); err != nil || d.Now.All() != 0 || d.Completions[10].N != 0 {
		t.Errorf("another tenant sees %+v, %v", d, err)
	}
}
