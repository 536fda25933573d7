package enrolment_test

import (
	"testing"
	"time"

	"lyceum/internal/page"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

func TestWhoEnrolledThemselvesLeavesAndComesBackWithWhatTheyDid(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Optional")
	learner, _ := storetest.Learner(t, h.tenant, h.w)
	e, err := h.learn.SelfEnrol(learner, "optional")
	if err != nil {
		t.Fatal(err)
	}
	h.open(t, learner, "optional", nil)
	if _, err = h.learn.Continue(learner, e.ID, o.Lessons()[0].ID); err != nil {
		t.Fatal(err)
	}
	for range 2 { // said twice it happens once
		if err = h.learn.Leave(learner, e.ID); err != nil {
			t.Fatal(err)
		}
	}
	_, err = h.learn.Open(learner, "optional", nil)
	wantFault(t, err, enrolment.ErrLeft)
	if mine, err := h.learn.Mine(learner, page.Request{}); err != nil || len(mine.Items) != 0 {
		t.Errorf("still in the list: %v, %v", mine.Items, err)
	}
	roster, err := h.learn.Roster(h.manager, o.Course.ID, page.Request{})
	if err != nil || len(roster.Items) != 1 || !roster.Items[0].Left() {
		t.Errorf("the roster does not say that they left: %+v, %v", roster.Items, err)
	}
	h.w.Now.Advance(time.Hour)
	back, err := h.learn.SelfEnrol(learner, "optional")
	if err != nil || back.ID != e.ID || back.Percent != 50 || back.Status != enrolment.StatusActive || back.LeftAt != nil {
		t.Errorf("came back as %+v, %v", back, err)
	}
	h.wantEvents(t, e.ID, "enrolment.created", "enrolment.started", "lesson.started", "lesson.completed", "enrolment.withdrawn", "enrolment.reinstated")

	if err = h.learn.Leave(learner, e.ID); err != nil {
		t.Fatal(err)
	}
	if err = h.learn.Withdraw(h.manager, e.ID); err != nil { // who left is taken out: now they may not come back by themselves
		t.Fatal(err)
	}
	_, err = h.learn.SelfEnrol(learner, "optional")
	wantFault(t, err, enrolment.ErrWithdrawn)
	wantFault(t, h.learn.Leave(learner, e.ID), enrolment.ErrWithdrawn)
}

func TestOnlyWhoIsInACourseByTheirOwnWishLeavesIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Duty")
	learner, p := storetest.Learner(t, h.tenant, h.w)
	other, _ := storetest.Learner(t, h.tenant, h.w)
	e, err := h.learn.Enrol(h.manager, o.Course.ID, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantFault(t, h.learn.Leave(learner, e.ID), enrolment.ErrNotYoursToLeave)
	wantFault(t, h.learn.Leave(other, e.ID), enrolment.ErrEnrolmentNotFound)
	own, err := h.learn.SelfEnrol(other, "duty")
	if err != nil {
		t.Fatal(err)
	}
	now := h.w.Now.Clock()()
	day := enrolment.Day{Year: now.Year() + 1, Month: now.Month(), Day: 1}
	if _, err = h.learn.SetDue(h.manager, own.ID, &day); err != nil {
		t.Fatal(err)
	}
	wantFault(t, h.learn.Leave(other, own.ID), enrolment.ErrNotYoursToLeave) // someone expects it by a day
}

func TestAPlaceThatIsLeftGoesToWhoWaitsAndComingBackNeedsOne(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Tiny")
	h.setting(t, o.Course.ID, func(c *catalog.Course) { c.Capacity, c.WaitingList = 1, true })
	first, _ := storetest.Learner(t, h.tenant, h.w)
	second, _ := storetest.Learner(t, h.tenant, h.w)
	e, err := h.learn.SelfEnrol(first, "tiny")
	if err != nil {
		t.Fatal(err)
	}
	h.ask(t, second, "tiny", "")
	if err = h.learn.Leave(first, e.ID); err != nil {
		t.Fatal(err)
	}
	if n, err := h.learn.FillPlaces(h.tenant, o.Course.ID); n != 1 || err != nil {
		t.Fatalf("gave %d places, %v", n, err)
	}
	_, err = h.learn.SelfEnrol(first, "tiny")
	wantFault(t, err, enrolment.ErrFull)
	h.ask(t, first, "tiny", "") // they wait like anyone else
	h.setting(t, o.Course.ID, func(c *catalog.Course) { c.Capacity = 2 })
	if n, err := h.learn.FillPlaces(h.tenant, o.Course.ID); n != 1 || err != nil {
		t.Fatalf("gave %d places, %v", n, err)
	}
	if back := h.read(t, e.ID); back.Status != enrolment.StatusActive || back.Source != enrolment.SourceRequested || back.LeftAt != nil {
		t.Errorf("came back as %+v", back)
	}
}
