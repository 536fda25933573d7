package desk_test

import (
	"slices"
	"testing"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/desk"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

func TestTheOverviewSaysWhoIsBehindInAnyCourse(t *testing.T) {
	t.Parallel()
	c := setup(t)
	mine, err := catalog.New(catalog.Options{Keep: c.Store, Now: c.Now.Clock()}).Import(c.teach, storetest.SmallCourse("Ropes"))
	if err != nil {
		t.Fatal(err)
	}
	busy, _ := storetest.EnrolledLearner(t, c.ctx, c.World, mine)
	e := enrolment.New(enrolment.Options{Keep: c.Store, Now: c.Now.Clock()})
	if _, err = e.Open(busy, mine.Course.Slug, &mine.Lessons()[0].ID); err != nil {
		t.Fatal(err)
	}
	all, err := c.s.Totals(c.teach, desk.OverviewFilter{})
	if err != nil || all != (desk.Totals{Courses: 2, Counts: desk.Counts{Active: 5, Quiet: 1, Unbegun: 1, Overdue: 1, Behind: 3}}) {
		t.Errorf("all: %+v, %v", all, err)
	}
	own, err := c.s.Totals(c.teach, desk.OverviewFilter{Whose: desk.Mine})
	if err != nil || own != (desk.Totals{Courses: 1, Counts: desk.Counts{Active: 1}}) {
		t.Errorf("mine: %+v, %v", own, err)
	}
	for _, limit := range []int{1, 50} {
		var titles []string
		for r := (page.Request{Limit: limit}); ; {
			out, err := c.s.Courses(c.teach, desk.OverviewFilter{Whose: desk.All, Page: r})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range out.Items {
				titles = append(titles, s.Title)
				if s.Title == "Knots" && (s.Behind != 3 || s.Stuck != 1 || s.StuckID == nil || *s.StuckID != c.course.Lessons()[0].ID || s.Drop == nil || s.Drop.Before != 4 || s.Drop.Lost != 4) {
					t.Errorf("%+v, %+v", s, s.Drop)
				}
			}
			if r.After = out.Next; out.Next == "" {
				break
			}
		}
		if !slices.Equal(titles, []string{"Knots", "Ropes"}) { // most behind first
			t.Errorf("by %d: %q", limit, titles)
		}
	}
	for who, want := range map[desk.Who][]string{"": {"never", "quiet", "late"}, desk.Quiet: {"quiet"}, desk.Unbegun: {"never"}, desk.Overdue: {"late"}} {
		var names []string
		for r := (page.Request{Limit: 2}); ; {
			out, err := c.s.Stragglers(c.teach, desk.OverviewFilter{Who: who, Page: r})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range out.Items {
				for name, e := range c.who {
					if e.ID == p.EnrolmentID && p.CourseTitle == "Knots" {
						names = append(names, name)
					}
				}
			}
			if r.After = out.Next; out.Next == "" {
				break
			}
		}
		if !slices.Equal(names, want) {
			t.Errorf("%q: %q, want %q", who, names, want)
		}
	}
	if _, err = c.s.Courses(busy, desk.OverviewFilter{}); err == nil {
		t.Error("learners see how courses stand")
	}
	if _, err = c.s.Totals(c.teach, desk.OverviewFilter{Whose: "ours"}); err == nil {
		t.Error("whose?")
	}
	// Another tenant has none of it.
	strange := c.Tenant(t)
	by := storetest.Instructor(t, strange, c.World)
	if n, err := c.s.Totals(by, desk.OverviewFilter{}); err != nil || n.Courses != 0 {
		t.Errorf("another tenant sees %+v, %v", n, err)
	}
	if out, err := c.s.Stragglers(by, desk.OverviewFilter{Page: page.Request{After: page.Cursor("2020-01-01T00:00:00Z", uid.Nil.String())}}); err != nil || len(out.Items) != 0 {
		t.Errorf("another tenant sees %+v, %v", out, err)
	}
}
