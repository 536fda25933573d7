package desk_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/desk"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// class is a course with people: one who is through, one who is under way, one who is quiet since the first lesson, one who never
// began, and one who is overdue besides.
type class struct {
	*storetest.World
	t      *testing.T
	s      *desk.Service
	ctx    context.Context
	teach  context.Context
	course catalog.Outline
	who    map[string]enrolment.Enrolment
}

func setup(t *testing.T) *class {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	c := &class{World: w, t: t, s: desk.New(w.Store, w.Now.Clock()), ctx: ctx, teach: storetest.Instructor(t, ctx, w), who: map[string]enrolment.Enrolment{}}
	c.course = storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse("Knots"))
	e := enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()})
	lessons := c.course.Lessons()
	portal, _ := tenant.From(ctx)
	join := func(name string, opened int, due *time.Time) {
		learner, at := storetest.EnrolledLearner(t, ctx, w, c.course)
		c.who[name] = at
		for i := range opened {
			if _, err := e.Open(learner, c.course.Course.Slug, &lessons[i].ID); err != nil {
				t.Fatal(err)
			}
		}
		if due != nil {
			if _, err := w.Admin.Exec(t.Context(), "update "+portal.SchemaName+".enrolments set due_at = $2 where id = $1", at.ID, *due); err != nil {
				t.Fatal(err)
			}
		}
	}
	join("never", 0, nil)
	join("quiet", 1, nil)
	w.Now.Advance(10 * 24 * time.Hour)
	late := w.Now.Now().Add(24 * time.Hour)
	join("late", 1, &late)
	w.Now.Advance(10 * 24 * time.Hour)
	join("busy", 2, nil)
	return c
}

func (c *class) names(w desk.Who, limit int) (names []string) {
	c.t.Helper()
	for r := (page.Request{Limit: limit}); ; {
		out, err := c.s.People(c.teach, c.course.Course.ID, desk.Filter{Who: w, Page: r})
		if err != nil {
			c.t.Fatal(err)
		}
		for _, p := range out.Items {
			for name, e := range c.who {
				if e.ID == p.EnrolmentID {
					names = append(names, name)
				}
			}
		}
		if out.Next == "" {
			return names
		}
		r.After = out.Next
	}
}

func TestTheDeskSaysWhoIsBehindAndWhere(t *testing.T) {
	t.Parallel()
	c := setup(t)
	d, err := c.s.Course(c.teach, c.course.Course.ID)
	if err != nil {
		t.Fatal(err)
	}
	if d.Counts != (desk.Counts{Active: 4, Quiet: 1, Unbegun: 1, Overdue: 1, Behind: 3}) {
		t.Errorf("counts: %+v", d.Counts)
	}
	lessons := c.course.Lessons()
	if len(d.Lessons) != len(lessons) || d.Lessons[0].ID != lessons[0].ID || d.Lessons[0].Begun != 3 || d.Lessons[1].Begun != 1 || d.Lessons[0].Here != 1 || d.Lessons[1].Here != 0 {
		t.Errorf("lessons: %+v", d.Lessons)
	}
	for who, want := range map[desk.Who][]string{
		desk.Everyone: {"never", "quiet", "late", "busy"}, // not seen for longest first
		desk.Behind:   {"never", "quiet", "late"}, desk.Quiet: {"quiet"}, desk.Unbegun: {"never"}, desk.Overdue: {"late"},
	} {
		for _, limit := range []int{1, 3, 50} {
			if got := c.names(who, limit); !slices.Equal(got, want) {
				t.Errorf("%q by %d: %q, want %q", who, limit, got, want)
			}
		}
	}
	out, err := c.s.People(c.teach, c.course.Course.ID, desk.Filter{Who: desk.Quiet})
	if err != nil || out.Items[0].Cells[lessons[0].ID] != enrolment.ProgressStarted || out.Items[0].Cells[lessons[1].ID] != "" || out.Items[0].LastID == nil || *out.Items[0].LastID != lessons[0].ID {
		t.Errorf("the map: %+v, %v", out.Items, err)
	}
}

func TestAMessageGoesOnceToThoseBehind(t *testing.T) {
	t.Parallel()
	c := setup(t)
	note := desk.Note{ID: uid.New(), Course: c.course.Course.ID, To: desk.Behind, Body: " How are the knots coming along? "}
	for range 2 { // sent again by a second click
		m, err := c.s.Write(c.teach, note)
		if err != nil || m.People != 3 || m.Body != "How are the knots coming along?" {
			t.Fatalf("%+v, %v", m, err)
		}
	}
	told := 0
	for name, e := range c.who {
		n := 0
		for _, typ := range storetest.EventTypes(t, c.ctx, c.World, e.ID) {
			if typ == "learner.messaged" {
				n++
			}
		}
		if n > 1 || n == 1 && name == "busy" {
			t.Errorf("%s was told %d times", name, n)
		}
		told += n
	}
	if told != 3 {
		t.Errorf("%d were told", told)
	}
	out, err := c.s.People(c.teach, c.course.Course.ID, desk.Filter{Who: desk.Behind})
	if err != nil || out.Items[0].MessagedAt == nil || !out.Items[0].MessagedAt.Equal(c.Now.Now()) {
		t.Errorf("when they were written to: %+v, %v", out.Items, err)
	}
	if d, err := c.s.Course(c.teach, c.course.Course.ID); err != nil || len(d.Messages) != 1 || d.Messages[0].People != 3 || d.Messages[0].SentByName == "" {
		t.Errorf("%+v, %v", d.Messages, err)
	}
}

func TestWhatAMessageIsRefusedFor(t *testing.T) {
	t.Parallel()
	c := setup(t)
	good := desk.Note{ID: uid.New(), Course: c.course.Course.ID, To: desk.Behind, Body: "Hello"}
	for field, bad := range map[string]func(*desk.Note){
		"body": func(n *desk.Note) { n.Body = " \n " },
		"who":  func(n *desk.Note) { n.To = "everybody" },
	} {
		n := good
		bad(&n)
		if _, err := c.s.Write(c.teach, n); fault.Of(err).Fields[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	learner, _ := storetest.Learner(t, c.ctx, c.World)
	if _, err := c.s.Write(learner, good); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a learner writes to all: %v", err)
	}
	if _, err := c.s.People(learner, good.Course, desk.Filter{}); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a learner reads the desk: %v", err)
	}
	other := c.Tenant(t)
	elsewhere := storetest.Instructor(t, other, c.World)
	if _, err := c.s.Course(elsewhere, good.Course); !errors.Is(err, catalog.ErrCourseNotFound) {
		t.Errorf("another portal's instructor: %v", err)
	}
	if _, err := c.s.Write(elsewhere, good); !errors.Is(err, catalog.ErrCourseNotFound) {
		t.Errorf("another portal's instructor writes: %v", err)
	}
	empty := storetest.PublishedCourse(t, c.ctx, c.World, storetest.SmallCourse("Nobody's"))
	good.Course = empty.Course.ID
	if _, err := c.s.Write(c.teach, good); !errors.Is(err, desk.ErrNobody) {
		t.Errorf("to nobody: %v", err)
	}
}
