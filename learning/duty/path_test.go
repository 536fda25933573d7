package duty_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/learning/enrolment"
	"lyceum/learning/path"
	"lyceum/store/storetest"
)

// walk gives the house paths, and publishes one of sections.
func (h *house) walk(sections ...path.Section) (*path.Service, path.Path) {
	h.t.Helper()
	now := h.World.Now.Clock()
	as := func(ctx context.Context, person uid.ID) (context.Context, error) {
		p, err := h.World.Store.PersonByID(ctx, person)
		if err != nil {
			err = h.World.Store.InTenant(ctx, func(ctx context.Context) error { p, err = h.World.Store.PersonByID(ctx, person); return err })
		}
		return storetest.As(h.t, ctx, h.World, p), err
	}
	paths := path.New(path.Options{Keep: h.World.Store, Enrolment: enrolment.New(enrolment.Options{Keep: h.World.Store, Now: now}), As: as, Now: now})
	h.duties.Along(paths)
	in := path.Input{Title: "Working at heights"}
	p, err := paths.Create(h.asking, in)
	h.do(err)
	in.Slug = p.Slug
	p, err = paths.Set(h.asking, p.ID, p.Revision, in, sections)
	h.do(err)
	p, err = paths.Publish(h.asking, p.ID, p.Revision)
	h.do(err)
	return paths, p
}

func (h *house) section(ordered bool, need int, courses ...int) path.Section {
	s := path.Section{Title: "Part", Ordered: ordered, Need: need}
	for _, n := range courses {
		s.Courses = append(s.Courses, h.courses[n].Course.ID)
	}
	return s
}

func (h *house) byPath(p path.Path, terms duty.Terms) duty.Shown {
	h.t.Helper()
	r, err := h.duties.Save(h.asking, uid.Nil, duty.Input{Name: "Heights " + uid.Opaque(6), Path: p.ID, Terms: terms, Status: duty.StatusOn})
	h.do(err)
	return r
}

// complete has somebody complete a course, in a round of its own.
func (h *house) complete(person uid.ID, course int) {
	h.t.Helper()
	now, c := h.World.Now.Now(), h.courses[course].Course
	h.exec(`update %s.enrolment_rounds set superseded_at = $1 where person_id = $2 and course_id = $3 and superseded_at is null`, now, person, c.ID)
	h.exec(`insert into %s.enrolment_rounds (id, course_id, version_id, person_id, status, source, percent, enrolled_at, started_at, completed_at) values ($1, $2, $3, $4, 'completed', 'assigned', 100, $5, $5, $5)`, uid.New(), c.ID, *c.PublishedID, person, now)
	h.do(h.duties.Advance(h.ctx, person))
}

// in tells who is in which course now, active.
func (h *house) in(person uid.ID) (courses []int) {
	h.t.Helper()
	h.do(h.World.Store.InTenant(h.ctx, func(ctx context.Context) error {
		var ids []uid.ID
		for _, o := range h.courses {
			ids = append(ids, o.Course.ID)
		}
		steps, err := h.World.Store.PathSteps(ctx, []uid.ID{person}, ids)
		for n, id := range ids {
			for _, s := range steps {
				if s.CourseID == id && s.Enrolment == enrolment.StatusActive {
					courses = append(courses, n)
				}
			}
		}
		return err
	}))
	return courses
}

func same[T comparable](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestAPathFulfilsARequirementAndIsTakenAgain(t *testing.T) {
	t.Parallel()
	h := setup(t)
	paths, p := h.walk(h.section(true, 0, 0, 1), h.section(false, 1, 2, 3))
	other := setup(t) // another portal
	_, err := other.duties.Save(other.asking, uid.Nil, duty.Input{Name: "Heights", Path: p.ID})
	if got := fault.Of(err); got == nil || got.Fields["path"] == "" {
		t.Errorf("a path of another portal: %v", err)
	}
	for _, in := range []duty.Input{{Path: p.ID, Courses: []uid.ID{h.courses[0].Course.ID}}, {Path: uid.New()}, {Path: p.ID, Terms: duty.Terms{Certificate: true}}, {}} {
		in.Name = "Heights"
		if _, err := h.duties.Save(h.asking, uid.Nil, in); fault.Of(err) == nil || fault.Of(err).Kind != fault.KindInvalid {
			t.Errorf("%+v: %v", in, err)
		}
	}
	ada, lee := storetest.Person(t, h.ctx, h.World, policy.Learner), storetest.Person(t, h.ctx, h.World, policy.Learner)
	year, soon := 12, 30
	h.complete(lee.ID, 0) // before it was a duty
	r := h.byPath(p, duty.Terms{ValidMonths: &year, DueDays: &soon, RenewDays: 60})
	if r.Path == nil || r.Path.Slug != p.Slug || len(r.Courses) != 4 {
		t.Fatalf("%+v", r)
	}
	crew := h.group("Crew", ada, lee)
	_, err = h.duties.Apply(h.asking, r.ID, duty.Proposal{Do: duty.DoAdd, Group: crew})
	h.do(err)
	for range 2 {
		h.do(h.duties.Run(h.ctx, r.ID)) // again changes nothing
	}
	if got := h.in(ada.ID); !same(got, []int{0}) {
		t.Errorf("ada, of an ordered section the first: %v", got)
	}
	if got := h.in(lee.ID); !same(got, []int{1}) {
		t.Errorf("lee, who completed the first: %v", got)
	}
	if err := paths.Leave(storetest.As(t, h.ctx, h.World, ada), p.ID); !errors.Is(err, path.ErrAssigned) {
		t.Errorf("leaving: %v", err)
	}
	if err := paths.Remove(h.asking, p.ID, ada.ID); !errors.Is(err, path.ErrRequired) {
		t.Errorf("taking off: %v", err)
	}
	h.complete(ada.ID, 0)
	h.do(paths.AdvancePerson(h.ctx, ada.ID))
	if got := h.in(ada.ID); !same(got, []int{1}) {
		t.Errorf("ada, after the first: %v", got)
	}
	because := func(person uid.ID, course int) int {
		var e enrolment.Enrolment
		h.do(h.World.Store.InTenant(h.ctx, func(ctx context.Context) (err error) {
			e, err = h.World.Store.EnrolmentIn(ctx, person, h.courses[course].Course.ID)
			return err
		}))
		list, err := h.duties.Because(h.asking, e.ID)
		h.do(err)
		if e.DueAt == nil || !e.DueAt.Equal(*h.all(r.ID)[person].DueAt) {
			t.Errorf("due date of what the path put %s into: %v", person, e.DueAt)
		}
		return len(list)
	}
	if because(ada.ID, 1) != 1 || because(lee.ID, 1) != 1 {
		t.Error("the ledger does not say why they are in the second course")
	}
	h.complete(ada.ID, 1)
	if got := h.all(r.ID)[ada.ID]; got.State == duty.StateCompliant || got.PathTitle != p.Title {
		t.Errorf("one section: %+v", got)
	}
	h.World.Now.Advance(time.Hour)
	h.complete(ada.ID, 3)
	if got := h.all(r.ID)[ada.ID]; got.State != duty.StateCompliant || !got.CompletedAt.Equal(h.World.Now.Now()) {
		t.Errorf("both: %+v", got)
	}
	if got := h.all(r.ID)[lee.ID]; got.State == duty.StateCompliant {
		t.Errorf("lee: %+v", got)
	}
	// Renewal opens the courses that made it, and no other.
	h.World.Now.Advance(320 * 24 * time.Hour)
	for range 2 {
		h.do(h.duties.Run(h.ctx, r.ID))
	}
	if got := h.in(ada.ID); !same(got, []int{0, 1, 3}) {
		t.Errorf("renewal: %v", got)
	}
	h.World.Now.Advance(24 * time.Hour)
	h.complete(ada.ID, 0)
	h.complete(ada.ID, 3)
	if got := h.all(r.ID)[ada.ID]; got.State != duty.StateExpiring {
		t.Errorf("half renewed: %+v", got)
	}
	h.complete(ada.ID, 1)
	if got := h.all(r.ID)[ada.ID]; got.State != duty.StateCompliant || !got.ExpiresAt.Equal(duty.Months(h.World.Now.Now(), 12)) {
		t.Errorf("renewed: %+v", got)
	}
}

func TestARequirementFollowsItsPathAndLetsGoOfWhoHasItNoMore(t *testing.T) {
	t.Parallel()
	h := setup(t)
	paths, p := h.walk(h.section(false, 0, 0))
	ada, lee := storetest.Person(t, h.ctx, h.World, policy.Learner), storetest.Person(t, h.ctx, h.World, policy.Learner)
	r, err := h.duties.Save(h.asking, uid.Nil, duty.Input{Name: "Heights", Path: p.ID, Status: duty.StatusOn, LeaveCourse: true})
	h.do(err)
	crew := h.group("Crew", ada, lee)
	_, err = h.duties.Apply(h.asking, r.ID, duty.Proposal{Do: duty.DoAdd, Group: crew})
	h.do(err)
	h.do(h.duties.Run(h.ctx, r.ID))
	h.complete(ada.ID, 0)
	p, err = paths.Set(h.asking, p.ID, p.Revision, path.Input{Title: p.Title, Slug: p.Slug}, []path.Section{h.section(false, 0, 0), h.section(false, 0, 1)})
	h.do(err)
	h.do(h.duties.PathChanged(h.ctx, p.ID))
	h.do(paths.AdvanceAll(h.ctx, p.ID))
	if got := h.all(r.ID); got[ada.ID].State != duty.StateCompliant || got[lee.ID].State == duty.StateCompliant {
		t.Errorf("who was through stays so: %+v", got)
	}
	h.complete(lee.ID, 0)
	if got := h.all(r.ID)[lee.ID]; got.State == duty.StateCompliant {
		t.Errorf("the new section counts for who was not: %+v", got)
	}
	kim := storetest.Person(t, h.ctx, h.World, policy.Learner)
	_, err = h.groups.Add(h.asking, crew, []uid.ID{kim.ID})
	h.do(err)
	h.do(h.duties.Joined(h.ctx, crew))
	if got := h.in(kim.ID); !same(got, []int{0, 1}) {
		t.Errorf("a newcomer: %v", got)
	}
	on := func(person auth.Person) bool {
		list, err := paths.List(storetest.As(t, h.ctx, h.World, person), path.Filter{Mine: true})
		h.do(err)
		return len(list.Items) == 1
	}
	_, err = h.duties.Apply(h.asking, r.ID, duty.Proposal{Do: duty.DoRemove, Group: crew})
	h.do(err)
	h.do(h.duties.Run(h.ctx, r.ID))
	if got := h.in(kim.ID); len(got) != 0 || on(kim) {
		t.Errorf("who has begun nothing is let go: %v, on the path %v", got, on(kim))
	}
	if !on(lee) {
		t.Error("who has begun stays on the path")
	}
	if _, err := h.duties.Duties(h.asking, r.ID, duty.Filter{Page: page.Request{Limit: 1}}); err != nil {
		t.Error(err)
	}
}

// What is kept of a path is what the pure functions say.
func TestKeptDutiesOfPathsAreWhatTheFactsSay(t *testing.T) {
	t.Parallel()
	h := setup(t)
	_, p := h.walk(h.section(false, 0, 0, 1), h.section(false, 1, 2, 3))
	r := rand.New(rand.NewPCG(7, 11)) //nolint:gosec // a test
	people := make([]auth.Person, 8)
	for i := range people {
		people[i] = storetest.Person(t, h.ctx, h.World, policy.Learner)
	}
	sections := duty.Sections{{Need: 2, Courses: []uid.ID{h.courses[0].Course.ID, h.courses[1].Course.ID}}, {Need: 1, Courses: []uid.ID{h.courses[2].Course.ID, h.courses[3].Course.ID}}}
	done := map[uid.ID][]duty.Completion{}
	take := func() {
		for _, one := range people {
			for range r.IntN(4) {
				n := r.IntN(4)
				h.complete(one.ID, n)
				done[one.ID] = append(done[one.ID], duty.Completion{At: h.World.Now.Now(), Course: h.courses[n].Course.ID})
				h.World.Now.Advance(time.Minute)
			}
		}
	}
	take() // some of it before it is a duty
	h.World.Now.Advance(time.Duration(150+r.IntN(60)) * 24 * time.Hour)
	months, soon := 6, 40
	terms := duty.Terms{ValidMonths: &months, DueDays: &soon, GraceDays: 20, RenewDays: 60, KeepDay: r.IntN(2) == 0}
	one := h.byPath(p, terms)
	began := h.World.Now.Now()
	_, err := h.duties.Apply(h.asking, one.ID, duty.Proposal{Do: duty.DoAdd, Group: h.group("All", people...)})
	h.do(err)
	renewed := false
	for range 14 {
		h.World.Now.Advance(time.Duration(r.IntN(50*24)) * time.Hour)
		take()
		h.do(h.duties.RunAll(h.ctx))
		now := h.World.Now.Now()
		for id, d := range h.all(one.ID) {
			list := duty.Cycles(terms, duty.Facts{BeganAt: began, Path: sections, Done: done[id]})
			last := list[len(list)-1]
			renewed = renewed || len(list) > 2
			same := func(a, b *time.Time) bool { return (a == nil) == (b == nil) && (a == nil || a.Equal(*b)) }
			if want := last.State(duty.Waiver{}, d.State == duty.StateInProgress, now); d.State != want || !same(d.CompletedAt, last.CompletedAt) || !same(d.ExpiresAt, last.ExpiresAt) || !same(d.GraceUntil, last.GraceUntil) {
				t.Fatalf("kept %+v, but the facts say %s, %+v of %v", d, want, last, done[id])
			}
		}
	}
	if !renewed {
		t.Error("nobody renewed twice: the test tests less than it should")
	}
}
