package enrolment_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

func TestEnrollingOneselfManyTimesAtOnceMakesOneEnrolment(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Once")
	learner, p := storetest.Learner(t, h.tenant, h.w)
	got, wait := make([]enrolment.Enrolment, 6), sync.WaitGroup{}
	for i := range got {
		wait.Go(func() {
			var err error
			if got[i], err = h.learn.SelfEnrol(learner, "once"); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for _, e := range got {
		if e.ID != got[0].ID || e.PersonID != p.ID || e.VersionID != o.Version.ID || e.Source != enrolment.SourceSelf || e.Status != enrolment.StatusActive {
			t.Errorf("enrolled %+v", e)
		}
	}
	h.wantEvents(t, got[0].ID, "enrolment.created")
	data := storetest.Events(t, h.tenant, h.w, got[0].ID)[0].Data
	if data["person_id"] != p.ID.String() || data["person_name"] != p.Name || data["course_title"] != "Once" || data["source"] != "self" {
		t.Errorf("told %v", data)
	}
}

func TestSelfEnrolmentIsRefusedWhereTheCourseDoesNotTakeIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	learner, _ := storetest.Learner(t, h.tenant, h.w)
	closed := storetest.SmallCourse("Closed")
	closed.SelfEnrol = false
	storetest.PublishedCourse(t, h.tenant, h.w, closed)
	shelved := h.course(t, "Shelved")
	in, e := h.enrolled(t, shelved)
	if err := h.catalog.Archive(h.manager, shelved.Course.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.catalog.Create(h.manager, catalog.CourseInput{Title: "Sketch", SelfEnrol: true}); err != nil {
		t.Fatal(err)
	}
	for slug, want := range map[string]*fault.Fault{
		"closed": enrolment.ErrSelfEnrolClosed, "shelved": catalog.ErrNotPublished, "sketch": catalog.ErrCourseNotFound, "nowhere": catalog.ErrCourseNotFound, "a\x00b": catalog.ErrCourseNotFound,
	} {
		_, err := h.learn.SelfEnrol(learner, slug)
		wantFault(t, err, want)
	}
	if again, err := h.learn.SelfEnrol(in, "shelved"); err != nil || again.ID != e.ID {
		t.Errorf("who is in an archived course gets %+v, %v", again, err)
	}
	h.open(t, in, "shelved", nil) // and goes on
}

func TestWhoEnrolsWhileANewVersionIsPublishedStartsOnIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for round := range 5 {
		slug := fmt.Sprint("race-", round)
		o := h.course(t, slug)
		changed, err := h.catalog.RenameModule(h.manager, o.Course.ID, o.Course.Revision, o.Modules[0].ID, "New")
		if err != nil {
			t.Fatal(err)
		}
		enrolled, wait := make([]uid.ID, 4), sync.WaitGroup{}
		for i := range enrolled {
			learner, _ := storetest.Learner(t, h.tenant, h.w)
			wait.Go(func() {
				e, err := h.learn.SelfEnrol(learner, slug)
				if err != nil {
					t.Error(err)
				}
				enrolled[i] = e.ID
			})
		}
		wait.Go(func() {
			if _, err := h.catalog.Publish(h.manager, o.Course.ID, changed.Course.Revision); err != nil {
				t.Error(err)
			}
		})
		wait.Wait()
		for _, id := range enrolled {
			if e := h.read(t, id); e.VersionID != changed.Version.ID {
				t.Errorf("round %d: left on the old version", round)
			}
		}
	}
}

func TestAManagerEnrolsWithdrawsAndBringsBack(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Assigned")
	learner, p := storetest.Learner(t, h.tenant, h.w)
	e, err := h.learn.Enrol(h.manager, o.Course.ID, p.ID)
	if err != nil || e.Source != enrolment.SourceAssigned || e.EnrolledBy == nil {
		t.Fatalf("enrolled %+v, %v", e, err)
	}
	_, err = h.learn.Enrol(h.manager, o.Course.ID, p.ID)
	wantFault(t, err, enrolment.ErrAlreadyEnrolled)
	h.open(t, learner, "assigned", nil)
	if _, err = h.learn.Continue(learner, e.ID, o.Lessons()[0].ID); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err = h.learn.Withdraw(h.manager, e.ID); err != nil {
			t.Fatal(err)
		}
	}
	_, err = h.learn.Open(learner, "assigned", nil)
	wantFault(t, err, enrolment.ErrWithdrawn)
	_, err = h.learn.SelfEnrol(learner, "assigned")
	wantFault(t, err, enrolment.ErrWithdrawn)
	_, err = h.learn.Continue(learner, e.ID, o.Lessons()[0].ID)
	wantFault(t, err, enrolment.ErrWithdrawn)
	if mine, err := h.learn.Mine(learner, page.Request{}); err != nil || len(mine.Items) != 0 {
		t.Errorf("still in the list: %v, %v", mine.Items, err)
	}
	h.w.Now.Advance(time.Hour)
	back, err := h.learn.Enrol(h.manager, o.Course.ID, p.ID)
	if err != nil || back.ID != e.ID || back.Percent != 50 || back.Status != enrolment.StatusActive || !back.EnrolledAt.After(e.EnrolledAt) {
		t.Errorf("came back as %+v, %v", back, err)
	}
	h.wantEvents(t, e.ID, "enrolment.created", "enrolment.started", "lesson.started", "lesson.completed", "enrolment.withdrawn", "enrolment.reinstated")

	gone := storetest.AddPerson(t, h.tenant, h.w, auth.Person{Status: auth.PersonDeactivated}, policy.Learner)
	_, err = h.learn.Enrol(h.manager, o.Course.ID, gone.ID)
	wantFault(t, err, enrolment.ErrDeactivated)
	_, err = h.learn.Enrol(h.manager, o.Course.ID, uid.New())
	wantFault(t, err, auth.ErrPersonNotFound)
	_, err = h.learn.Enrol(h.manager, uid.New(), p.ID)
	wantFault(t, err, catalog.ErrCourseNotFound)
	wantFault(t, h.learn.Withdraw(h.manager, uid.New()), enrolment.ErrEnrolmentNotFound)
}

func TestMyListShowsEverythingThePageNeedsTheNewestFirst(t *testing.T) {
	t.Parallel()
	h := setup(t)
	learner, p := storetest.Learner(t, h.tenant, h.w)
	var want []string
	for i := range 5 {
		in := storetest.SmallCourse(fmt.Sprint("Course ", i))
		in.Summary = fmt.Sprint("About ", i)
		storetest.PublishedCourse(t, h.tenant, h.w, in)
		if i != 3 {
			h.w.Now.Advance(time.Minute) // two of them at the same moment
		}
		if _, err := h.learn.SelfEnrol(learner, in.Slug); err != nil {
			t.Fatal(err)
		}
		want = append([]string{in.Title}, want...)
	}
	h.enrolled(t, h.course(t, "Someone else's"))
	for _, limit := range []int{0, 1, 2, 5} {
		var got []string
		request := page.Request{Limit: limit}
		for {
			list, err := h.learn.Mine(learner, request)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range list.Items {
				got = append(got, m.Title)
			}
			if request.After = list.Next; list.Next == "" {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d at a time: %s", limit, diff)
		}
	}

	e := h.finish(t, learner, "course-4")
	certificates := certificate.New(certificate.Options{Keep: h.w.Store, Now: h.w.Now.Clock()})
	c, err := certificates.Issue(h.tenant, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	list, err := h.learn.Mine(learner, page.Request{Limit: 2})
	if err != nil {
		t.Fatal(err)
	}
	m := list.Items[0]
	if diff := cmp.Diff(h.read(t, e.ID), m.Enrolment); diff != "" {
		t.Error(diff)
	}
	if m.PersonID != p.ID || m.CourseSlug != "course-4" || m.Summary != "About 4" || m.EstimatedMinutes != 15 || m.CertificateCode != c.Code || m.CoverFileID != nil {
		t.Errorf("item is %+v", m)
	}
	if list.Items[1].CertificateCode != "" {
		t.Error("a certificate before completion")
	}
	for _, after := range []string{"nonsense", page.Cursor("yesterday", uid.New().String()), page.Cursor(time.Now().Format(time.RFC3339), "me")} {
		_, err = h.learn.Mine(learner, page.Request{After: after})
		wantFault(t, err, page.ErrCursor)
	}
}

// finish takes the small course to its end.
func (h house) finish(t *testing.T, learner context.Context, slug string) enrolment.Enrolment {
	t.Helper()
	p := h.open(t, learner, slug, nil)
	lessons := p.Outline.Lessons()
	if _, err := h.learn.Continue(learner, p.Enrolment.ID, lessons[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.learn.Submit(learner, p.Enrolment.ID, lessons[1].ID, storetest.RightAnswers(h.questions(t, p.Enrolment))); err != nil {
		t.Fatal(err)
	}
	return h.read(t, p.Enrolment.ID)
}

// questions are those of the enrolment's version, with what is correct.
func (h house) questions(t *testing.T, e enrolment.Enrolment) (q catalog.Questions) {
	t.Helper()
	err := h.w.Store.InTenant(h.tenant, func(ctx context.Context) error {
		lessons, err := h.w.Store.LessonsOf(ctx, e.VersionID)
		for _, l := range lessons {
			q = append(q, l.Questions...)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestTheRosterListsEveryoneInTheCourse(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Roster")
	var want []uid.ID
	for range 3 {
		_, e := h.enrolled(t, o)
		want = append(want, e.ID)
	}
	if err := h.learn.Withdraw(h.manager, want[1]); err != nil {
		t.Fatal(err)
	}
	var got []uid.ID
	request := page.Request{Limit: 2}
	for {
		list, err := h.learn.Roster(h.manager, o.Course.ID, request)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list.Items {
			got = append(got, r.ID)
			if r.PersonName == "" || r.PersonEmail == "" || r.CourseID != o.Course.ID || r.EnrolledAt.IsZero() {
				t.Errorf("row is %+v", r)
			}
		}
		if request.After = list.Next; list.Next == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, err := h.learn.Roster(h.manager, uid.New(), page.Request{})
	wantFault(t, err, catalog.ErrCourseNotFound)
}

func TestEveryOperationAsksForItsPermission(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Guarded")
	_, e := h.enrolled(t, o)
	lesson := o.Lessons()[0].ID
	for name, c := range map[string]struct {
		without policy.Permission
		call    func(context.Context) error
	}{
		"SelfEnrol": {policy.EnrolmentSelf, func(a context.Context) error { _, err := h.learn.SelfEnrol(a, "guarded"); return err }},
		"Mine":      {policy.EnrolmentSelf, func(a context.Context) error { _, err := h.learn.Mine(a, page.Request{}); return err }},
		"In":        {policy.EnrolmentSelf, func(a context.Context) error { _, err := h.learn.In(a, "guarded"); return err }},
		"Open":      {policy.EnrolmentSelf, func(a context.Context) error { _, err := h.learn.Open(a, "guarded", nil); return err }},
		"Continue":  {policy.EnrolmentSelf, func(a context.Context) error { _, err := h.learn.Continue(a, e.ID, lesson); return err }},
		"Watch":     {policy.EnrolmentSelf, func(a context.Context) error { _, err := h.learn.Watch(a, enrolment.WatchInput{}); return err }},
		"Submit":    {policy.EnrolmentSelf, func(a context.Context) error { _, err := h.learn.Submit(a, e.ID, lesson, nil); return err }},
		"Enrol":     {policy.EnrolmentManage, func(a context.Context) error { _, err := h.learn.Enrol(a, o.Course.ID, e.PersonID); return err }},
		"Withdraw":  {policy.EnrolmentManage, func(a context.Context) error { return h.learn.Withdraw(a, e.ID) }},
		"Roster":    {policy.EnrolmentManage, func(a context.Context) error { _, err := h.learn.Roster(a, o.Course.ID, page.Request{}); return err }},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.call(h.tenant); !errors.Is(err, auth.ErrSignInFirst) {
				t.Errorf("a stranger gets %v", err)
			}
			may := policy.Set{policy.EnrolmentSelf: {}, policy.EnrolmentManage: {}}
			delete(may, c.without)
			who := auth.Principal{PersonID: e.PersonID, May: may}
			if err := c.call(auth.WithPrincipal(h.tenant, who)); !errors.Is(err, policy.ErrForbidden) {
				t.Errorf("without %s: %v", c.without, err)
			}
		})
	}
}

func TestNobodyReachesAnothersEnrolment(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Private")
	owner, e := h.enrolled(t, o)
	h.open(t, owner, "private", nil)
	lesson, quiz := o.Lessons()[0].ID, o.Lessons()[1].ID
	colleague, _ := h.enrolled(t, o)
	abroad := h.w.Tenant(t)
	stranger, _ := storetest.Learner(t, abroad, h.w)
	for name, as := range map[string]context.Context{"a colleague": colleague, "another tenant": stranger} {
		t.Run(name, func(t *testing.T) {
			_, err := h.learn.Continue(as, e.ID, lesson)
			wantFault(t, err, enrolment.ErrEnrolmentNotFound)
			_, err = h.learn.Watch(as, enrolment.WatchInput{Enrolment: e.ID, Lesson: lesson})
			wantFault(t, err, enrolment.ErrEnrolmentNotFound)
			_, err = h.learn.Submit(as, e.ID, quiz, nil)
			wantFault(t, err, enrolment.ErrEnrolmentNotFound)
		})
	}
	_, err := h.learn.Open(stranger, "private", nil)
	wantFault(t, err, catalog.ErrCourseNotFound)
	_, err = h.learn.SelfEnrol(stranger, "private")
	wantFault(t, err, catalog.ErrCourseNotFound)
	if mine, err := h.learn.Mine(stranger, page.Request{}); err != nil || len(mine.Items) != 0 {
		t.Errorf("another tenant sees %v, %v", mine.Items, err)
	}
	manager := storetest.Instructor(t, abroad, h.w)
	wantFault(t, h.learn.Withdraw(manager, e.ID), enrolment.ErrEnrolmentNotFound)
	_, err = h.learn.Roster(manager, o.Course.ID, page.Request{})
	wantFault(t, err, catalog.ErrCourseNotFound)
	_, err = h.learn.Enrol(manager, o.Course.ID, e.PersonID)
	wantFault(t, err, catalog.ErrCourseNotFound)
	outsider, _ := storetest.Learner(t, h.tenant, h.w)
	_, err = h.learn.Open(outsider, "private", nil)
	wantFault(t, err, enrolment.ErrEnrolmentNotFound)
	if got := h.read(t, e.ID); got.Percent != 0 || got.Status != enrolment.StatusActive {
		t.Errorf("it became %+v", got)
	}
}
