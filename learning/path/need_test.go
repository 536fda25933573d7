package path_test

import (
	"testing"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/path"
	"lyceum/store/storetest"
)

func TestACourseIsStartedOnceEverythingItAsksForIsThere(t *testing.T) {
	t.Parallel()
	h := setup(t)
	basics, proof, teacher, goal := h.course(t, "Basics", 10), h.course(t, "Proof", 10), h.course(t, "Teacher", 10), h.course(t, "Goal", 10)
	h.needs(t, goal, enrolment.NeedCourse, basics.Course.ID)
	h.needs(t, goal, enrolment.NeedCertificate, proof.Course.ID)
	h.needs(t, goal, enrolment.NeedSkill, h.skill(t, "Speaking", teacher))
	ada, _ := storetest.Learner(t, h.tenant, h.w)
	_, err := h.learn.SelfEnrol(ada, "goal")
	wantFault(t, err, enrolment.ErrNeedsFirst)
	h.take(t, ada, "basics")
	h.take(t, ada, "proof")
	h.take(t, ada, "teacher")
	_, err = h.learn.SelfEnrol(ada, "goal") // the certificate is not issued yet
	wantFault(t, err, enrolment.ErrNeedsFirst)
	in, err := h.learn.In(ada, "proof")
	if err != nil {
		t.Fatal(err)
	}
	if _, err = h.certificates.Issue(h.tenant, in.ID); err != nil {
		t.Fatal(err)
	}
	if needs, err := h.paths.Needs(ada, goal.Course.ID); err != nil || len(needs) != 3 || len(enrolment.Unmet(needs)) != 0 {
		t.Errorf("%+v, %v", needs, err)
	}
	if _, err = h.learn.SelfEnrol(ada, "goal"); err != nil {
		t.Error(err)
	}
}

func TestWhoIsPutIntoACourseStartsItWhenReadyOrWhenItIsWaived(t *testing.T) {
	t.Parallel()
	h := setup(t)
	first, goal := h.course(t, "First", 10), h.course(t, "Goal", 10)
	ada, _ := storetest.Learner(t, h.tenant, h.w)
	_, err := h.learn.SelfEnrol(ada, "goal")
	if err == nil {
		_, err = h.learn.Open(ada, "goal", nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.needs(t, goal, enrolment.NeedCourse, first.Course.ID)
	if _, err = h.learn.Open(ada, "goal", nil); err != nil {
		t.Errorf("who had started is held up: %v", err)
	}
	bob, person := storetest.Learner(t, h.tenant, h.w)
	e, err := h.learn.Enrol(h.author, goal.Course.ID, person.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.learn.Open(bob, "goal", nil)
	wantFault(t, err, enrolment.ErrNeedsFirst)
	_, err = h.learn.Continue(bob, e.ID, goal.Lessons()[0].ID)
	wantFault(t, err, enrolment.ErrNeedsFirst)
	for range 2 {
		if err = h.paths.Waive(h.author, goal.Course.ID, person.ID); err != nil {
			t.Fatal(err)
		}
	}
	list, err := h.paths.Waivers(h.author, goal.Course.ID, page.Request{})
	if err != nil || len(list.Items) != 1 || list.Items[0].PersonName != person.Name {
		t.Errorf("waivers %+v, %v", list, err)
	}
	if w, err := h.paths.Way(bob, goal.Course.ID); err != nil || !w.Open() {
		t.Errorf("what is waived is missing: %+v, %v", w, err)
	}
	if err = h.paths.Unwaive(h.author, goal.Course.ID, person.ID); err != nil {
		t.Fatal(err)
	}
	_, err = h.learn.Open(bob, "goal", nil)
	wantFault(t, err, enrolment.ErrNeedsFirst)
	if err = h.paths.Waive(h.author, goal.Course.ID, person.ID); err == nil {
		_, err = h.learn.Open(bob, "goal", nil)
	}
	if err != nil {
		t.Error(err)
	}
	told := storetest.EventTypes(t, h.tenant, h.w, goal.Course.ID)
	if count(told, "prerequisite.waived") != 2 || count(told, "prerequisite.unwaived") != 1 || count(told, "course.prerequisite_added") != 1 {
		t.Errorf("told %v", told)
	}
}

func TestCirclesAreRefusedByName(t *testing.T) {
	t.Parallel()
	h := setup(t)
	a, b, c, d := h.course(t, "A", 1), h.course(t, "B", 1), h.course(t, "C", 1), h.course(t, "D", 1)
	h.needs(t, a, enrolment.NeedCourse, b.Course.ID)
	h.needs(t, b, enrolment.NeedCertificate, c.Course.ID)
	_, err := h.paths.AddNeed(h.author, c.Course.ID, path.NeedInput{Kind: enrolment.NeedCourse, Course: a.Course.ID})
	wantField(t, err, "course", "That would be a circle: “C” needs “A”, “A” needs “B”, “B” needs “C”.")
	_, err = h.paths.AddNeed(h.author, c.Course.ID, path.NeedInput{Kind: enrolment.NeedCourse, Course: c.Course.ID})
	wantField(t, err, "course", "before itself")
	// d is taught by a alone, which needs c: c cannot ask for it, nor for a course that does.
	skill := h.skill(t, "S", a)
	_, err = h.paths.AddNeed(h.author, c.Course.ID, path.NeedInput{Kind: enrolment.NeedSkill, Skill: skill})
	wantField(t, err, "skill", "No course teaches “S”")
	h.needs(t, d, enrolment.NeedSkill, skill)
	_, err = h.paths.AddNeed(h.author, c.Course.ID, path.NeedInput{Kind: enrolment.NeedCourse, Course: d.Course.ID})
	wantField(t, err, "course", "cannot be completed before this course")
	_, err = h.paths.AddNeed(h.author, a.Course.ID, path.NeedInput{Kind: enrolment.NeedCourse, Course: b.Course.ID})
	wantFault(t, err, path.ErrNeedTwice)
	_, err = h.paths.AddNeed(h.author, a.Course.ID, path.NeedInput{Kind: "wish"})
	wantField(t, err, "kind", "Choose")
	_, err = h.paths.AddNeed(h.author, a.Course.ID, path.NeedInput{Kind: enrolment.NeedCourse, Course: uid.New()})
	wantField(t, err, "course", "not here")
	_, err = h.paths.AddNeed(h.author, uid.New(), path.NeedInput{Kind: enrolment.NeedCourse, Course: a.Course.ID})
	wantFault(t, err, catalog.ErrCourseNotFound)
	needs, err := h.paths.Needs(h.author, a.Course.ID)
	if err != nil || len(needs) != 1 {
		t.Fatalf("%v, %v", needs, err)
	}
	if err = h.paths.RemoveNeed(h.author, a.Course.ID, needs[0].ID); err != nil {
		t.Fatal(err)
	}
	wantFault(t, h.paths.RemoveNeed(h.author, a.Course.ID, needs[0].ID), path.ErrNeedNotFound)
	h.needs(t, c, enrolment.NeedCourse, a.Course.ID) // no circle any more
}

func TestTheWayToACourseIsTheShortestForThePerson(t *testing.T) {
	t.Parallel()
	h := setup(t)
	long, short, before, goal, own := h.course(t, "Long", 90), h.course(t, "Short", 20), h.course(t, "Before", 30), h.course(t, "Goal", 10), h.course(t, "Own", 60)
	h.needs(t, short, enrolment.NeedCourse, before.Course.ID)
	h.needs(t, goal, enrolment.NeedSkill, h.skill(t, "Skill", long, short))
	h.needs(t, goal, enrolment.NeedCourse, own.Course.ID)
	ada, _ := storetest.Learner(t, h.tenant, h.w)
	way := func() (text string, minutes int) {
		t.Helper()
		w, err := h.paths.Way(ada, goal.Course.ID)
		if err != nil || !w.Exact {
			t.Fatalf("%+v, %v", w, err)
		}
		for _, s := range w.Steps {
			text += s.Title + " "
		}
		return text, w.Minutes
	}
	text, minutes := way()
	if minutes != 110 || text != "Before Short Own " && text != "Before Own Short " && text != "Own Before Short " {
		t.Errorf("the way is %s(%d minutes)", text, minutes)
	}
	h.take(t, ada, "own")
	if text, minutes = way(); text != "Before Short " || minutes != 50 {
		t.Errorf("then %s(%d minutes)", text, minutes)
	}
	if err := h.catalog.Archive(h.author, before.Course.ID); err != nil {
		t.Fatal(err)
	}
	if text, minutes = way(); text != "Long " || minutes != 90 {
		t.Errorf("round an archived course: %s(%d minutes)", text, minutes)
	}
	h.setting(t, long, func(c *catalog.Course) { c.Visibility = catalog.VisibleToGroups })
	w, err := h.paths.Way(ada, goal.Course.ID)
	if err != nil || !w.None() || len(w.Missing) != 1 {
		t.Errorf("there is no way: %+v, %v", w, err)
	}
	ways, err := h.paths.Ways(ada, []uid.ID{goal.Course.ID, own.Course.ID, short.Course.ID})
	if err != nil || len(ways) != 2 {
		t.Errorf("%v, %v", ways, err)
	}
}
