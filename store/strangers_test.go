package store_test

import (
	"context"
	"errors"
	"testing"

	"lyceum/billing"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

// TestWhatIsAskedByAPersonsIDKnowsNobodyOfAnotherTenant: ids travel in events and addresses, so another tenant may hold one.
func TestWhatIsAskedByAPersonsIDKnowsNobodyOfAnotherTenant(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	course := storetest.PublishedCourse(t, mine, w, storetest.SmallCourse("Ladders"))
	_, e := storetest.EnrolledLearner(t, mine, w, course)
	period := billing.PeriodOf(w.Now.Now())
	types := []string{"enrolment.created"}

	ask := func(ctx context.Context) (names map[uid.ID]string, courses int, first, enrolled error) {
		err := w.Store.InTenant(ctx, func(ctx context.Context) (err error) {
			if names, err = w.Store.NamesOf(ctx, []uid.ID{e.PersonID, uid.New()}); err != nil {
				return err
			}
			_, first = w.Store.FirstEventOf(ctx, billing.Sought{Person: e.PersonID, Types: types, From: period.Start, Before: period.End(), Own: true})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.Store.EnrolmentsOf(ctx, e.PersonID, page.Request{})
		return names, len(got.Items), first, err
	}
	names, courses, first, err := ask(mine)
	if len(names) != 1 || names[e.PersonID] == "" || first != nil || err != nil || courses != 1 {
		t.Errorf("their own tenant: names %v, event %v, %d courses (%v)", names, first, courses, err)
	}
	names, courses, first, err = ask(other)
	if len(names) != 0 || !errors.Is(first, event.ErrNotFound) || err != nil || courses != 0 {
		t.Errorf("another tenant: names %v, event %v, %d courses (%v)", names, first, courses, err)
	}
}
