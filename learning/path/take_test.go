package path_test

import (
	"context"
	"slices"
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/path"
	"lyceum/store/storetest"
)

func TestAPathTakesAPersonFromCourseToCourseAndIsCompletedOnce(t *testing.T) {
	t.Parallel()
	h := setup(t)
	a, b, c, d := h.course(t, "A", 10), h.course(t, "B", 10), h.course(t, "C", 10), h.course(t, "D", 10)
	p := h.path(t, "Onboarding", true, part(true, 0, a, b), part(false, 1, c, d))
	ada, person := storetest.Learner(t, h.tenant, h.w)
	h.wantShown(t, ada, p, "ol ll")
	if _, err := h.paths.Take(ada, p.ID); err != nil {
		t.Fatal(err)
	}
	h.wantShown(t, ada, p, "ul ll")
	h.finish(t, ada, "a")
	for range 2 { // a consequence may run twice
		if err := h.paths.AdvancePerson(h.tenant, person.ID); err != nil {
			t.Fatal(err)
		}
	}
	h.wantShown(t, ada, p, "du ll")
	h.finish(t, ada, "b")
	if err := h.paths.AdvancePerson(h.tenant, person.ID); err != nil {
		t.Fatal(err)
	}
	h.wantShown(t, ada, p, "dd oo") // one of two: the person chooses
	next, err := h.paths.GoOn(ada, p.ID)
	if err != nil || next.ID != c.Course.ID {
		t.Errorf("goes on with %s, %v", next.Title, err)
	}
	h.finish(t, ada, "c")
	for range 2 {
		if err = h.paths.AdvancePerson(h.tenant, person.ID); err != nil {
			t.Fatal(err)
		}
	}
	s, err := h.paths.BySlug(ada, "onboarding")
	if err != nil || s.Mine == nil || s.Mine.CompletedAt == nil || !s.Standing.Complete || s.Standing.Percent() != 100 {
		t.Errorf("%+v, %v", s, err)
	}
	told := storetest.EventTypes(t, h.tenant, h.w, p.ID)
	if n := count(told, "path.completed"); n != 1 || count(told, "path.enrolled") != 1 {
		t.Errorf("told %v", told)
	}
	_, err = h.paths.GoOn(ada, p.ID)
	wantFault(t, err, path.ErrNothingOpen)
}

func count(list []string, what string) (n int) {
	for _, x := range list {
		if x == what {
			n++
		}
	}
	return n
}

func TestWhatDoesNotLetAPersonInIsShownWithItsReasonAndOpensLater(t *testing.T) {
	t.Parallel()
	h := setup(t)
	full, request, closed, first, group := h.course(t, "Full", 1), h.course(t, "Request", 1), h.course(t, "Closed", 1), h.course(t, "First", 1), h.course(t, "Group", 1)
	h.setting(t, full, func(c *catalog.Course) { c.Capacity = 1 })
	storetest.EnrolledLearner(t, h.tenant, h.w, full)
	h.setting(t, request, func(c *catalog.Course) { c.Visibility = catalog.VisibleOnRequest })
	h.setting(t, closed, func(c *catalog.Course) { c.SelfEnrol = false })
	h.setting(t, group, func(c *catalog.Course) { c.Visibility = catalog.VisibleToGroups })
	h.needs(t, first, enrolment.NeedCourse, closed.Course.ID)
	p := h.path(t, "Hard to get in", false, part(false, 0, full, request, closed, first, group))
	ada, _ := storetest.Learner(t, h.tenant, h.w)
	s, err := h.paths.Take(ada, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	var reasons []path.Reason
	for _, step := range s.Standing.Parts[0].Steps {
		reasons = append(reasons, step.Reason)
	}
	if want := []path.Reason{path.ReasonFull, path.ReasonRequest, path.ReasonClosed, path.ReasonNeeds, path.ReasonHidden}; !slices.Equal(reasons, want) {
		t.Errorf("reasons %v", reasons)
	}
	if mine, err := h.learn.Mine(ada, page.Request{}); err != nil || len(mine.Items) != 0 {
		t.Errorf("entered %v, %v", mine.Items, err)
	}
	_, err = h.paths.GoOn(ada, p.ID)
	wantFault(t, err, path.ErrNothingOpen)
	if _, err = h.learn.AskPlace(ada, "request", ""); err != nil {
		t.Fatal(err)
	}
	if s, err = h.paths.ByID(ada, p.ID); err != nil || s.Standing.Parts[0].Steps[1].Reason != path.ReasonAsked {
		t.Errorf("asked: %+v, %v", s.Standing.Parts[0].Steps[1], err)
	}

	// Put on the path by one who manages enrolments, requests and closed doors do not stand in the way.
	bob, other := storetest.Learner(t, h.tenant, h.w)
	if _, err = h.paths.Enrol(h.author, p.ID, other.ID); err != nil {
		t.Fatal(err)
	}
	h.wantShown(t, bob, p, "luulu")
	_, err = h.paths.Enrol(h.author, p.ID, other.ID)
	wantFault(t, err, path.ErrAlreadyIn)
	h.finish(t, bob, "closed")
	if err = h.paths.AdvancePerson(h.tenant, other.ID); err != nil {
		t.Fatal(err)
	}
	h.wantShown(t, bob, p, "luduu")
	if e, err := h.learn.In(bob, "first"); err != nil || e.Source != enrolment.SourceAssigned || e.EnrolledBy == nil {
		t.Errorf("entered by themselves: %+v, %v", e.Enrolment, err)
	}
}

func TestWhoIsTakenOutOfACourseIsNotPutBackAndArchivedCoursesArePassedOver(t *testing.T) {
	t.Parallel()
	h := setup(t)
	a, b := h.course(t, "A", 1), h.course(t, "B", 1)
	p := h.path(t, "P", false, part(false, 0, a, b))
	ada, person := storetest.Learner(t, h.tenant, h.w)
	if _, err := h.paths.Take(ada, p.ID); err != nil {
		t.Fatal(err)
	}
	h.finish(t, ada, "a")
	in, err := h.learn.In(ada, "b")
	if err != nil {
		t.Fatal(err)
	}
	if err = h.learn.Withdraw(h.author, in.ID); err != nil {
		t.Fatal(err)
	}
	if err = h.paths.AdvancePerson(h.tenant, person.ID); err != nil {
		t.Fatal(err)
	}
	s, err := h.paths.ByID(ada, p.ID)
	if err != nil || s.Standing.Parts[0].Steps[1].Reason != path.ReasonWithdrawn || s.Standing.Complete {
		t.Errorf("%+v, %v", s.Standing, err)
	}
	if err = h.catalog.Archive(h.author, b.Course.ID); err != nil {
		t.Fatal(err)
	}
	if err = h.paths.AdvanceWith(h.tenant, b.Course.ID); err != nil {
		t.Fatal(err)
	}
	h.wantShown(t, ada, p, "dp")
	if s, err = h.paths.ByID(ada, p.ID); err != nil || s.Mine.CompletedAt == nil {
		t.Errorf("the path is not completed: %+v, %v", s.Mine, err)
	}
	wantFault(t, h.paths.Remove(h.author, p.ID, person.ID), path.ErrCompleted)
}

func TestACourseCompletedOnAnEarlierVersionStaysDoneOnThePath(t *testing.T) {
	t.Parallel()
	h := setup(t)
	a, b := h.course(t, "A", 1), h.course(t, "B", 1)
	p := h.path(t, "P", true, part(true, 0, a, b))
	ada, _ := storetest.Learner(t, h.tenant, h.w)
	if _, err := h.paths.Take(ada, p.ID); err != nil {
		t.Fatal(err)
	}
	h.finish(t, ada, "a")
	o, err := h.catalog.Edit(h.author, a.Course.ID)
	if err == nil {
		o, err = h.catalog.AddModule(h.author, a.Course.ID, o.Course.Revision, "More")
	}
	if err == nil {
		o, _, err = h.catalog.AddLesson(h.author, a.Course.ID, o.Course.Revision, o.Modules[1].ID, catalog.LessonInput{Kind: catalog.LessonText, Title: "New", Body: "New."})
	}
	if err == nil {
		_, err = h.catalog.Publish(h.author, a.Course.ID, o.Course.Revision)
	}
	if err == nil {
		_, err = h.learn.MoveAll(h.tenant, a.Course.ID, []enrolment.Stage{enrolment.StageDone}, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	if e, err := h.learn.In(ada, "a"); err != nil || e.Status != enrolment.StatusActive {
		t.Fatalf("the move left %+v, %v", e.Enrolment, err)
	}
	h.wantShown(t, ada, p, "do")
	next, err := h.paths.GoOn(ada, p.ID)
	if err != nil || next.ID != b.Course.ID {
		t.Errorf("goes on with %s, %v", next.Title, err)
	}
}

func TestAPathThatGrowsLeavesACompletionAndMovesTheRestOn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	a, b := h.course(t, "A", 1), h.course(t, "B", 1)
	p := h.path(t, "P", false, part(false, 0, a))
	ada, first := storetest.Learner(t, h.tenant, h.w)
	bob, second := storetest.Learner(t, h.tenant, h.w)
	for _, as := range []context.Context{ada, bob} {
		if _, err := h.paths.Take(as, p.ID); err != nil {
			t.Fatal(err)
		}
	}
	h.finish(t, ada, "a")
	if err := h.paths.AdvancePerson(h.tenant, first.ID); err != nil {
		t.Fatal(err)
	}
	p, err := h.paths.AddCourse(h.author, p.ID, p.Revision, p.Sections[0].ID, b.Course.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err = h.paths.AdvanceAll(h.tenant, p.ID); err != nil {
		t.Fatal(err)
	}
	h.wantShown(t, bob, p, "uu")
	if s, err := h.paths.ByID(ada, p.ID); err != nil || s.Mine.CompletedAt == nil || s.Standing.Complete {
		t.Errorf("who had completed: %+v, %v", s, err)
	}
	roster, err := h.paths.Roster(h.author, p.ID, page.Request{Limit: 1})
	if err != nil || len(roster.Items) != 1 || roster.Items[0].PersonID != first.ID || roster.Items[0].Standing.Percent() != 50 || roster.Next == "" {
		t.Fatalf("roster %+v, %v", roster, err)
	}
	if roster, err = h.paths.Roster(h.author, p.ID, page.Request{After: roster.Next}); err != nil || len(roster.Items) != 1 || roster.Items[0].PersonID != second.ID {
		t.Errorf("then %+v, %v", roster, err)
	}
	if err = h.paths.Remove(h.author, p.ID, second.ID); err != nil {
		t.Fatal(err)
	}
	wantFault(t, h.paths.Remove(h.author, p.ID, second.ID), path.ErrEnrolmentMissing)
	if _, err = h.learn.In(bob, "a"); err != nil {
		t.Errorf("taken off the path, the course is lost: %v", err)
	}
}

func TestWhoMayWhatWithPaths(t *testing.T) {
	t.Parallel()
	h := setup(t)
	a := h.course(t, "A", 1)
	p := h.path(t, "P", false, part(false, 0, a))
	draft, err := h.paths.Create(h.author, path.Input{Title: "Draft"})
	if err != nil {
		t.Fatal(err)
	}
	ada, person := storetest.Learner(t, h.tenant, h.w)
	manager := storetest.As(t, h.tenant, h.w, storetest.Person(t, h.tenant, h.w, policy.Manager))
	for name, call := range map[string]func() error{
		"create": func() error { _, err := h.paths.Create(ada, path.Input{Title: "X"}); return err },
		"change": func() error {
			_, err := h.paths.Update(manager, p.ID, p.Revision, path.Input{Title: "X", Slug: "x"})
			return err
		},
		"publish": func() error { _, err := h.paths.Publish(manager, p.ID, p.Revision); return err },
		"archive": func() error { _, err := h.paths.Archive(ada, p.ID, p.Revision); return err },
		"edit":    func() error { _, err := h.paths.Edit(ada, p.ID); return err },
		"drafts":  func() error { _, err := h.paths.List(ada, path.Filter{Authoring: true}); return err },
		"enrol":   func() error { _, err := h.paths.Enrol(ada, p.ID, person.ID); return err },
		"remove":  func() error { return h.paths.Remove(ada, p.ID, person.ID) },
		"roster":  func() error { _, err := h.paths.Roster(ada, p.ID, page.Request{}); return err },
		"need": func() error {
			_, err := h.paths.AddNeed(manager, a.Course.ID, path.NeedInput{Kind: enrolment.NeedCourse, Course: uid.New()})
			return err
		},
		"no need": func() error { return h.paths.RemoveNeed(manager, a.Course.ID, uid.New()) },
		"waive":   func() error { return h.paths.Waive(ada, a.Course.ID, person.ID) },
		"unwaive": func() error { return h.paths.Unwaive(ada, a.Course.ID, person.ID) },
		"waivers": func() error { _, err := h.paths.Waivers(ada, a.Course.ID, page.Request{}); return err },
	} {
		t.Run(name, func(t *testing.T) { wantFault(t, call(), policy.ErrForbidden) })
	}
	_, err = h.paths.ByID(ada, draft.ID)
	wantFault(t, err, path.ErrNotFound)
	_, err = h.paths.Take(ada, draft.ID)
	wantFault(t, err, path.ErrNotFound)
	if _, err = h.paths.Archive(h.author, p.ID, p.Revision); err != nil {
		t.Fatal(err)
	}
	_, err = h.paths.ByID(ada, p.ID)
	wantFault(t, err, path.ErrNotPublished)
	_, err = h.paths.Take(ada, p.ID)
	wantFault(t, err, path.ErrNotPublished)
}

func TestNobodyMeetsThePathsOfAnotherTenant(t *testing.T) {
	t.Parallel()
	h := setup(t)
	a := h.course(t, "A", 1)
	p := h.path(t, "P", false, part(false, 0, a))
	_, person := storetest.Learner(t, h.tenant, h.w)
	other := h.w.Tenant(t)
	stranger := storetest.Instructor(t, other, h.w)
	_, err := h.paths.ByID(stranger, p.ID)
	wantFault(t, err, path.ErrNotFound)
	_, err = h.paths.Take(stranger, p.ID)
	wantFault(t, err, path.ErrNotFound)
	_, err = h.paths.Publish(stranger, p.ID, p.Revision)
	wantFault(t, err, path.ErrNotFound)
	_, err = h.paths.Roster(stranger, p.ID, page.Request{})
	wantFault(t, err, path.ErrNotFound)
	_, err = h.paths.Needs(stranger, a.Course.ID)
	wantFault(t, err, catalog.ErrCourseNotFound)
	wantFault(t, h.paths.Waive(stranger, a.Course.ID, person.ID), catalog.ErrCourseNotFound)
	if list, err := h.paths.List(stranger, path.Filter{Authoring: true}); err != nil || len(list.Items) != 0 {
		t.Errorf("the other tenant lists %v, %v", list.Items, err)
	}
	if any, err := h.paths.Any(other); err != nil || any {
		t.Errorf("the other tenant has paths: %v, %v", any, err)
	}
	if any, err := h.paths.Any(h.tenant); err != nil || !any {
		t.Errorf("the tenant has none: %v, %v", any, err)
	}
}

func TestWhoTookAPathLeavesItAndWhoWasPutOnItAsks(t *testing.T) {
	t.Parallel()
	h := setup(t)
	a, b := h.course(t, "A", 1), h.course(t, "B", 1)
	p := h.path(t, "P", true, part(true, 0, a, b))
	ada, _ := storetest.Learner(t, h.tenant, h.w)
	wantFault(t, h.paths.Leave(ada, p.ID), path.ErrEnrolmentMissing)
	if _, err := h.paths.Take(ada, p.ID); err != nil {
		t.Fatal(err)
	}
	if err := h.paths.Leave(ada, p.ID); err != nil {
		t.Fatal(err)
	}
	if s, err := h.paths.ByID(ada, p.ID); err != nil || s.Mine != nil {
		t.Errorf("still on it: %+v, %v", s.Mine, err)
	}
	if in, err := h.learn.In(ada, "a"); err != nil || in.Status != enrolment.StatusActive {
		t.Errorf("the course went with it: %+v, %v", in.Enrolment, err)
	}
	if _, err := h.paths.Take(ada, p.ID); err != nil {
		t.Errorf("not taken again: %v", err)
	}
	if told := storetest.EventTypes(t, h.tenant, h.w, p.ID); count(told, "path.withdrawn") != 1 || count(told, "path.enrolled") != 2 {
		t.Errorf("told %v", told)
	}
	bob, other := storetest.Learner(t, h.tenant, h.w)
	if _, err := h.paths.Enrol(h.author, p.ID, other.ID); err != nil {
		t.Fatal(err)
	}
	wantFault(t, h.paths.Leave(bob, p.ID), path.ErrAssigned)
}
