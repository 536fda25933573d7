package path_test

import (
	"testing"
	"time"

	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

func TestWaitingListsFillWithWhoCouldBeginAndTheOthersKeepTheirTurn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	basics, o := h.course(t, "Basics", 1), h.course(t, "Wanted", 1)
	h.setting(t, o, func(c *catalog.Course) { c.Capacity, c.WaitingList = 1, true })
	storetest.EnrolledLearner(t, h.tenant, h.w, o)
	lacking, lacks := storetest.Learner(t, h.tenant, h.w)
	ready, _ := storetest.Learner(t, h.tenant, h.w)
	if _, err := h.learn.AskPlace(lacking, "wanted", ""); err != nil {
		t.Fatal(err)
	}
	h.w.Now.Advance(time.Minute)
	if _, err := h.learn.AskPlace(ready, "wanted", ""); err != nil {
		t.Fatal(err)
	}
	h.needs(t, o, enrolment.NeedCourse, basics.Course.ID) // asked for since they wait
	h.take(t, ready, "basics")
	h.finish(t, ready, "basics")
	h.setting(t, o, func(c *catalog.Course) { c.Capacity = 5 })
	if n, err := h.learn.FillPlaces(h.tenant, o.Course.ID); n != 1 || err != nil {
		t.Fatalf("gave %d places, %v; want one, to who could begin", n, err)
	}
	if _, err := h.learn.In(ready, "wanted"); err != nil {
		t.Errorf("who could begin: %v", err)
	}
	waiting, err := h.learn.PlaceRequests(h.author, enrolment.PlaceFilter{Course: o.Course.ID, Status: enrolment.RequestOpen})
	if err != nil || len(waiting.Items) != 1 || waiting.Items[0].PersonID != lacks.ID {
		t.Fatalf("waiting %+v, %v", waiting.Items, err)
	}
	// Whoever manages enrolments may give the place all the same; the course begins when what it asks for is there.
	if _, err := h.learn.DecidePlace(h.author, enrolment.Decision{Request: waiting.Items[0].ID, Grant: true}); err != nil {
		t.Fatal(err)
	}
	_, err = h.learn.Open(lacking, "wanted", nil)
	wantFault(t, err, enrolment.ErrNeedsFirst)
}
