package enrolment_test

import (
	"errors"
	"sync"
	"testing"

	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

func TestWhoDecidesWhilePlacesAreFilledWaitsAndIsTold(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Busy")
	h.setting(t, o.Course.ID, func(c *catalog.Course) { c.Capacity, c.WaitingList = 1, true })
	first, _ := storetest.Learner(t, h.tenant, h.w)
	if _, err := h.learn.SelfEnrol(first, "busy"); err != nil {
		t.Fatal(err)
	}
	var asked []enrolment.PlaceRequest
	for range 12 {
		l, _ := storetest.Learner(t, h.tenant, h.w)
		asked = append(asked, h.ask(t, l, "busy", ""))
	}
	h.setting(t, o.Course.ID, func(c *catalog.Course) { c.Capacity = 100 })
	var wait sync.WaitGroup
	for _, r := range asked {
		wait.Go(func() {
			_, err := h.learn.DecidePlace(h.manager, enrolment.Decision{Request: r.ID, Grant: true})
			if err != nil && !errors.Is(err, enrolment.ErrDecided) {
				t.Errorf("decide: %v", err)
			}
		})
	}
	for range 4 {
		wait.Go(func() {
			if _, err := h.learn.FillPlaces(h.tenant, o.Course.ID); err != nil {
				t.Errorf("fill: %v", err)
			}
		})
	}
	wait.Wait()
	if n := len(h.requests(t, o.Course.ID, enrolment.RequestGranted)); n != len(asked) {
		t.Errorf("%d of %d are granted", n, len(asked))
	}
}
