package enrolment_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// house is a tenant with a manager who asks.
type house struct {
	w       *storetest.World
	learn   *enrolment.Service
	catalog *catalog.Service
	tenant  context.Context // nobody asks
	manager context.Context // may write courses too
}

func setup(t *testing.T) house {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	return house{
		w: w, tenant: ctx, manager: storetest.Instructor(t, ctx, w),
		learn:   enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()}),
		catalog: catalog.New(catalog.Options{Keep: w.Store, Now: w.Now.Clock()}),
	}
}

// course publishes the small course: a text and a quiz.
func (h house) course(t *testing.T, title string) catalog.Outline {
	t.Helper()
	return storetest.PublishedCourse(t, h.tenant, h.w, storetest.SmallCourse(title))
}

// film publishes a course of one video with a duration in seconds.
func (h house) film(t *testing.T, title string, seconds float64) catalog.Outline {
	t.Helper()
	file := storetest.File(t, h.tenant, h.w, content.FileVideo, "video/mp4", seconds).ID
	in := storetest.SmallCourse(title)
	in.Modules[0].Lessons = []catalog.LessonInput{{Kind: catalog.LessonVideo, Title: "Watch this", FileID: &file}}
	return storetest.PublishedCourse(t, h.tenant, h.w, in)
}

func (h house) enrolled(t *testing.T, o catalog.Outline) (context.Context, enrolment.Enrolment) {
	t.Helper()
	return storetest.EnrolledLearner(t, h.tenant, h.w, o)
}

func (h house) open(t *testing.T, as context.Context, slug string, lesson *uid.ID) enrolment.Player {
	t.Helper()
	p, err := h.learn.Open(as, slug, lesson)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// read is the enrolment as it is kept.
func (h house) read(t *testing.T, id uid.ID) (e enrolment.Enrolment) {
	t.Helper()
	err := h.w.Store.InTenant(h.tenant, func(ctx context.Context) (err error) {
		e, err = h.w.Store.LockEnrolment(ctx, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func (h house) wantEvents(t *testing.T, subject uid.ID, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, storetest.EventTypes(t, h.tenant, h.w, subject)); diff != "" {
		t.Errorf("events: %s", diff)
	}
}

func wantFault(t *testing.T, err error, want *fault.Fault) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %s", err, want.Code)
	}
}

func wantFields(t *testing.T, err error, fields ...string) {
	t.Helper()
	got := fault.Of(err).Fields
	for _, f := range fields {
		if got[f] == "" {
			t.Errorf("no message for field %s", f)
		}
	}
	if err == nil || len(got) != len(fields) {
		t.Errorf("got %v with fields %v, want %v", err, got, fields)
	}
}

func count[T comparable](list []T, what T) (n int) {
	for _, x := range list {
		if x == what {
			n++
		}
	}
	return n
}
