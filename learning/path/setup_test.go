package path_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/fault"
	"lyceum/internal/throttle"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/learning/enrolment"
	"lyceum/learning/path"
	"lyceum/store"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// house is a tenant with an instructor who writes paths and manages enrolments.
type house struct {
	w            *storetest.World
	paths        *path.Service
	learn        *enrolment.Service
	catalog      *catalog.Service
	certificates *certificate.Service
	tenant       context.Context // nobody asks
	author       context.Context
}

func setup(t *testing.T) house {
	t.Helper()
	w := storetest.New(t)
	ctx, now := w.Tenant(t), w.Now.Clock()
	h := house{
		w: w, tenant: ctx, author: storetest.Instructor(t, ctx, w), learn: enrolment.New(enrolment.Options{Keep: w.Store, Now: now}),
		catalog: catalog.New(catalog.Options{Keep: w.Store, Now: now}), certificates: certificate.New(certificate.Options{Keep: w.Store, Now: now}),
	}
	h.paths = path.New(path.Options{Keep: w.Store, Enrolment: h.learn, As: asAnyone(w.Store, now), Now: now})
	return h
}

// asAnyone is auth.Service.As over the test's store.
func asAnyone(s *store.Store, now clock.Clock) func(context.Context, uid.ID) (context.Context, error) {
	return auth.New(auth.Options{Keep: s, Policy: policy.NewEngine(s, now), Now: now, Guess: throttle.New(now, 1, 1, 1)}).As
}

// course publishes the small course with the minutes it takes.
func (h house) course(t *testing.T, title string, minutes int) catalog.Outline {
	t.Helper()
	in := storetest.SmallCourse(title)
	in.EstimatedMinutes = minutes
	return storetest.PublishedCourse(t, h.tenant, h.w, in)
}

// path publishes a path of sections.
func (h house) path(t *testing.T, title string, ordered bool, sections ...path.Section) path.Path {
	t.Helper()
	p, err := h.paths.Create(h.author, path.Input{Title: title, Ordered: ordered})
	if err == nil {
		p, err = h.paths.Set(h.author, p.ID, p.Revision, path.Input{Title: title, Slug: p.Slug, Ordered: ordered}, sections)
	}
	if err == nil {
		p, err = h.paths.Publish(h.author, p.ID, p.Revision)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func part(ordered bool, need int, courses ...catalog.Outline) path.Section {
	s := path.Section{Title: "Part", Ordered: ordered, Need: need}
	for _, o := range courses {
		s.Courses = append(s.Courses, o.Course.ID)
	}
	return s
}

func (h house) setting(t *testing.T, o catalog.Outline, change func(*catalog.Course)) {
	t.Helper()
	err := h.w.Store.InTenant(h.tenant, func(ctx context.Context) error {
		c, err := h.w.Store.LockCourse(ctx, o.Course.ID)
		if err != nil {
			return err
		}
		change(&c)
		return h.w.Store.UpdateCourseRow(ctx, c)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// finish completes a course that a person is in, on the version they are on.
func (h house) finish(t *testing.T, as context.Context, slug string) {
	t.Helper()
	in, err := h.learn.In(as, slug)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range in.Outline.Lessons() {
		if l.Kind == catalog.LessonQuiz {
			var whole catalog.Lesson
			if err = h.w.Store.InTenant(h.tenant, func(ctx context.Context) error {
				whole, _, err = h.w.Store.LessonToLearn(ctx, in.VersionID, l.ID)
				return err
			}); err == nil {
				_, err = h.learn.Submit(as, in.ID, l.ID, storetest.RightAnswers(whole.Questions))
			}
		} else {
			_, err = h.learn.Continue(as, in.ID, l.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// take enrols a person in a course and completes it.
func (h house) take(t *testing.T, as context.Context, slug string) {
	t.Helper()
	if _, err := h.learn.SelfEnrol(as, slug); err != nil {
		t.Fatal(err)
	}
	h.finish(t, as, slug)
}

// skill adds a skill that courses teach.
func (h house) skill(t *testing.T, name string, courses ...catalog.Outline) uid.ID {
	t.Helper()
	id := uid.New()
	err := h.w.Store.InTenant(h.tenant, func(ctx context.Context) error {
		if _, err := store.Pgx(ctx).Exec(ctx, "insert into skills (id, name, description, created_at) values ($1, $2, '', $3)", id, name, h.w.Now.Now()); err != nil {
			return err
		}
		for _, o := range courses {
			if _, err := store.Pgx(ctx).Exec(ctx, "insert into course_skills (course_id, skill_id) values ($1, $2)", o.Course.ID, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// needs has a course ask for other courses.
func (h house) needs(t *testing.T, asks catalog.Outline, kind enrolment.NeedKind, what ...uid.ID) {
	t.Helper()
	for _, id := range what {
		in := path.NeedInput{Kind: kind, Course: id}
		if kind == enrolment.NeedSkill {
			in = path.NeedInput{Kind: kind, Skill: id}
		}
		if _, err := h.paths.AddNeed(h.author, asks.Course.ID, in); err != nil {
			t.Fatal(err)
		}
	}
}

// shown is a path in letters as a person meets it: "du l" for a section with a done and an underway course, then one
// with a locked one.
func (h house) shown(t *testing.T, as context.Context, p path.Path) string {
	t.Helper()
	s, err := h.paths.ByID(as, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, x := range s.Standing.Parts {
		text := ""
		for _, step := range x.Steps {
			text += string(step.State[0])
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
}

func (h house) wantShown(t *testing.T, as context.Context, p path.Path, want string) {
	t.Helper()
	if got := h.shown(t, as, p); got != want {
		t.Helper()
		t.Errorf("the path stands at %q, want %q", got, want)
	}
}

func wantFault(t *testing.T, err error, want *fault.Fault) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %s", err, want.Code)
	}
}

func wantField(t *testing.T, err error, field, says string) {
	t.Helper()
	if got := fault.Of(err).Fields[field]; err == nil || !strings.Contains(got, says) {
		t.Errorf("field %s says %q in %v, want %q", field, got, err, says)
	}
}
