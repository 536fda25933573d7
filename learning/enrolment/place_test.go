package enrolment_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

// setting changes what a course's settings say.
func (h house) setting(t *testing.T, course uid.ID, change func(*catalog.Course)) {
	t.Helper()
	err := h.w.Store.InTenant(h.tenant, func(ctx context.Context) error {
		c, err := h.w.Store.LockCourse(ctx, course)
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

func (h house) ask(t *testing.T, as context.Context, slug, note string) enrolment.PlaceRequest {
	t.Helper()
	r, err := h.learn.AskPlace(as, slug, note)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (h house) requests(t *testing.T, course uid.ID, status enrolment.RequestStatus) []enrolment.PlaceAsked {
	t.Helper()
	list, err := h.learn.PlaceRequests(h.manager, enrolment.PlaceFilter{Course: course, Status: status})
	if err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func TestOfManyWhoEnrolAtOnceOnlyAsManyAsThereArePlacesGetOne(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Three places")
	h.setting(t, o.Course.ID, func(c *catalog.Course) { c.Capacity = 3 })
	var wait sync.WaitGroup
	got := make([]error, 9)
	for i := range got {
		learner, _ := storetest.Learner(t, h.tenant, h.w)
		wait.Go(func() { _, got[i] = h.learn.SelfEnrol(learner, "three-places") })
	}
	wait.Wait()
	in := 0
	for _, err := range got {
		if err == nil {
			in++
			continue
		}
		wantFault(t, err, enrolment.ErrFull)
	}
	if in != 3 {
		t.Errorf("%d of 9 are in a course of 3 places", in)
	}
}

func TestWhoWaitsGetsTheNextFreePlaceInTheOrderOfAsking(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Full")
	h.setting(t, o.Course.ID, func(c *catalog.Course) { c.Capacity, c.WaitingList = 1, true })
	_, first := h.enrolled(t, o)
	var waiting []context.Context
	var people []auth.Person
	for range 3 {
		learner, p := storetest.Learner(t, h.tenant, h.w)
		h.w.Now.Advance(time.Minute)
		if r := h.ask(t, learner, "full", ""); r.Kind != enrolment.RequestWaiting {
			t.Fatalf("asked for %s", r.Kind)
		}
		waiting, people = append(waiting, learner), append(people, p)
	}
	if again := h.ask(t, waiting[0], "full", "x"); again.Note != "" || len(h.requests(t, o.Course.ID, enrolment.RequestOpen)) != 3 {
		t.Error("asking twice made a second request")
	}
	if p, err := h.learn.PlacesIn(waiting[2], h.courseOf(t, o)); err != nil || p.Ahead != 2 || p.Waiting != 3 || !p.Full() || p.Mine == nil {
		t.Errorf("the last one sees %+v, %v", p, err)
	}
	if n, err := h.learn.FillPlaces(h.tenant, o.Course.ID); n != 0 || err != nil {
		t.Errorf("a full course gave %d places, %v", n, err)
	}
	if err := h.learn.TakeBackPlace(waiting[1], "full"); err != nil {
		t.Fatal(err)
	}
	if err := h.learn.Withdraw(h.manager, first.ID); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 0} { // the job run twice gives the place once
		if n, err := h.learn.FillPlaces(h.tenant, o.Course.ID); n != want || err != nil {
			t.Errorf("gave %d places, %v; want %d", n, err, want)
		}
	}
	if mine, err := h.learn.Mine(waiting[0], page.Request{}); err != nil || len(mine.Items) != 1 || mine.Items[0].Source != enrolment.SourceRequested {
		t.Errorf("the first who waits has %v, %v", mine.Items, err)
	}
	h.setting(t, o.Course.ID, func(c *catalog.Course) { c.Capacity = 5 })
	if n, err := h.learn.FillAllPlaces(h.tenant); n != 1 || err != nil {
		t.Errorf("more places gave %d, %v", n, err)
	}
	if list := h.requests(t, o.Course.ID, enrolment.RequestTakenBack); len(list) != 1 || list[0].PersonID != people[1].ID {
		t.Errorf("taken back: %v", list)
	}
}

func (h house) courseOf(t *testing.T, o catalog.Outline) (c catalog.Course) {
	t.Helper()
	err := h.w.Store.InTenant(h.tenant, func(ctx context.Context) (err error) {
		c, err = h.w.Store.CourseByID(ctx, o.Course.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAPlaceOnRequestIsGrantedOrRefusedOnce(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "On request")
	h.setting(t, o.Course.ID, func(c *catalog.Course) { c.Visibility = catalog.VisibleOnRequest })
	ada, person := storetest.Learner(t, h.tenant, h.w)
	_, err := h.learn.SelfEnrol(ada, "on-request")
	wantFault(t, err, enrolment.ErrAskFirst)
	r := h.ask(t, ada, "on-request", "  It is my job.\x00 ")
	if r.Kind != enrolment.RequestApproval || r.Note != "It is my job." {
		t.Errorf("asked %+v", r)
	}
	if list := h.requests(t, o.Course.ID, ""); len(list) != 1 || list[0].PersonName != person.Name {
		t.Errorf("the manager sees %v", list)
	}
	refused, err := h.learn.DecidePlace(h.manager, enrolment.Decision{Request: r.ID, Answer: "Next spring."})
	if err != nil || refused.Status != enrolment.RequestRefused {
		t.Fatalf("refused %+v, %v", refused, err)
	}
	_, err = h.learn.DecidePlace(h.manager, enrolment.Decision{Request: r.ID, Grant: true})
	wantFault(t, err, enrolment.ErrDecided)
	if p, err := h.learn.PlacesIn(ada, h.courseOf(t, o)); err != nil || p.Mine == nil || p.Mine.Answer != "Next spring." {
		t.Errorf("who was refused sees %+v, %v", p, err)
	}
	h.w.Now.Advance(time.Hour)
	again := h.ask(t, ada, "on-request", "")
	if _, err = h.learn.DecidePlace(h.manager, enrolment.Decision{Request: again.ID, Grant: true}); err != nil {
		t.Fatal(err)
	}
	mine, err := h.learn.Mine(ada, page.Request{})
	if err != nil || len(mine.Items) != 1 || mine.Items[0].Source != enrolment.SourceRequested || mine.Items[0].EnrolledBy == nil {
		t.Errorf("enrolled %v, %v", mine.Items, err)
	}
	_, err = h.learn.AskPlace(ada, "on-request", "")
	wantFault(t, err, enrolment.ErrAlreadyEnrolled)
	types := storetest.EventTypes(t, h.tenant, h.w, o.Course.ID)
	for _, want := range []string{"place.requested", "place.refused", "place.granted"} {
		if !slices.Contains(types, want) {
			t.Errorf("not told: %s in %v", want, types)
		}
	}
}

func TestAnApprovalInAFullCourseWaitsAndTurnsIntoAPlaceLater(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Small room")
	_, e := h.enrolled(t, o)
	h.setting(t, o.Course.ID, func(c *catalog.Course) { c.Capacity, c.Visibility = 1, catalog.VisibleOnRequest })
	ada, _ := storetest.Learner(t, h.tenant, h.w)
	r := h.ask(t, ada, "small-room", "")
	_, err := h.learn.DecidePlace(h.manager, enrolment.Decision{Request: r.ID, Grant: true})
	wantFault(t, err, enrolment.ErrFull)
	h.setting(t, o.Course.ID, func(c *catalog.Course) { c.WaitingList = true })
	got, err := h.learn.DecidePlace(h.manager, enrolment.Decision{Request: r.ID, Grant: true})
	if err != nil || got.Status != enrolment.RequestOpen || got.Kind != enrolment.RequestWaiting {
		t.Fatalf("granted in a full course: %+v, %v", got, err)
	}
	if err = h.learn.Withdraw(h.manager, e.ID); err != nil {
		t.Fatal(err)
	}
	if n, err := h.learn.FillPlaces(h.tenant, o.Course.ID); n != 1 || err != nil {
		t.Errorf("gave %d, %v", n, err)
	}
	bob, _ := storetest.Learner(t, h.tenant, h.w)
	h.setting(t, o.Course.ID, func(c *catalog.Course) { c.Visibility = catalog.VisibleToAll })
	wait := h.ask(t, bob, "small-room", "")
	if now, err := h.learn.DecidePlace(h.manager, enrolment.Decision{Request: wait.ID, Grant: true}); err != nil || now.Status != enrolment.RequestGranted {
		t.Errorf("a manager gives a place beyond the number: %+v, %v", now, err)
	}
}

func TestWhatCannotBeAskedIsSaid(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Open")
	ada, _ := storetest.Learner(t, h.tenant, h.w)
	_, err := h.learn.AskPlace(ada, "open", "")
	wantFault(t, err, enrolment.ErrNothingToAsk)
	_, err = h.learn.AskPlace(ada, "open", strings.Repeat("x", enrolment.MaxPlaceNote+1))
	wantFields(t, err, "note")
	_, err = h.learn.AskPlace(ada, "nowhere", "")
	wantFault(t, err, catalog.ErrCourseNotFound)
	wantFault(t, h.learn.TakeBackPlace(ada, "open"), enrolment.ErrRequestNotFound)
	h.setting(t, o.Course.ID, func(c *catalog.Course) { c.Capacity = 1 })
	h.enrolled(t, o)
	_, err = h.learn.AskPlace(ada, "open", "")
	wantFault(t, err, enrolment.ErrFull)
	h.setting(t, o.Course.ID, func(c *catalog.Course) { c.SelfEnrol = false })
	_, err = h.learn.AskPlace(ada, "open", "")
	wantFault(t, err, enrolment.ErrSelfEnrolClosed)
	_, err = h.learn.DecidePlace(ada, enrolment.Decision{Request: uid.New(), Grant: true})
	wantFault(t, err, policy.ErrForbidden)
	_, err = h.learn.DecidePlace(h.manager, enrolment.Decision{Request: uid.New(), Grant: true})
	wantFault(t, err, enrolment.ErrRequestNotFound)
	_, err = h.learn.PlaceRequests(ada, enrolment.PlaceFilter{Course: o.Course.ID})
	wantFault(t, err, policy.ErrForbidden)
	_, err = h.learn.PlaceRequests(h.manager, enrolment.PlaceFilter{Course: o.Course.ID, Status: "maybe"})
	wantFields(t, err, "status")
}

func TestNobodySeesOrDecidesTheRequestsOfAnotherTenant(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Ours")
	h.setting(t, o.Course.ID, func(c *catalog.Course) { c.Visibility = catalog.VisibleOnRequest })
	ada, _ := storetest.Learner(t, h.tenant, h.w)
	r := h.ask(t, ada, "ours", "")
	other := h.w.Tenant(t)
	stranger := storetest.Instructor(t, other, h.w)
	_, err := h.learn.PlaceRequest(stranger, r.ID)
	wantFault(t, err, enrolment.ErrRequestNotFound)
	_, err = h.learn.DecidePlace(stranger, enrolment.Decision{Request: r.ID, Grant: true})
	wantFault(t, err, enrolment.ErrRequestNotFound)
	_, err = h.learn.PlaceRequests(stranger, enrolment.PlaceFilter{Course: o.Course.ID})
	wantFault(t, err, catalog.ErrCourseNotFound)
	_, err = h.learn.Standings(stranger, o.Course.ID)
	wantFault(t, err, catalog.ErrCourseNotFound)
	wantFault(t, h.learn.RequestMove(stranger, o.Course.ID, enrolment.Stages()), catalog.ErrCourseNotFound)
	if n, err := h.learn.FillAllPlaces(other); n != 0 || err != nil {
		t.Errorf("gave %d places of another tenant, %v", n, err)
	}
}
