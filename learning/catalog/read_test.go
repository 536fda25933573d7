package catalog_test

import (
	"context"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/store/storetest"
)

// bare fails when an outline shows what a lesson says or asks.
func bare(t *testing.T, o catalog.Outline) {
	t.Helper()
	if len(o.Lessons()) == 0 {
		t.Error("there are no lessons")
	}
	for _, l := range o.Lessons() {
		if l.Body != "" || l.Questions != nil || l.Title == "" {
			t.Errorf("shows %+v", l)
		}
	}
}

// mayOnly is someone of the tenant who may do one thing.
func (h house) mayOnly(p policy.Permission) context.Context {
	return auth.WithPrincipal(h.tenant, auth.Principal{PersonID: uid.New(), May: policy.Set{p: {}}})
}

func TestTheHeadOfACourseIsForThoseWhoLookAfterItsPeople(t *testing.T) {
	t.Parallel()
	h, ok := setup(t), must(t)
	manager := storetest.As(t, h.tenant, h.w, storetest.Person(t, h.tenant, h.w, policy.Manager))
	o := h.published(t, "Winches")
	draft := ok(h.catalog.RenameModule(h.instructor, o.Course.ID, o.Course.Revision, o.Modules[0].ID, "Not yet said"))
	for name, as := range map[string]context.Context{"a manager": manager, "an author": h.instructor} {
		head := ok(h.catalog.Head(as, o.Course.ID))
		if bare(t, head); head.Version.ID != o.Version.ID || head.Modules[0].Title != "Basics" || *head.Course.DraftID != draft.Version.ID {
			t.Errorf("%s sees version %d, %v", name, head.Version.Number, titles(t, head))
		}
	}
	sketch := h.create(t, "Sketch")
	if head := ok(h.catalog.Head(manager, sketch.Course.ID)); head.Version.Title != "Sketch" || head.Course.PublishedID != nil {
		t.Errorf("a draft's head is %+v", head.Version)
	}
	if err := h.catalog.Archive(h.instructor, o.Course.ID); err != nil {
		t.Fatal(err)
	}
	if head := ok(h.catalog.Head(manager, o.Course.ID)); head.Course.Status != catalog.StatusArchived {
		t.Errorf("an archived course's head is %+v", head.Course)
	}
	learner, _ := storetest.Learner(t, h.tenant, h.w)
	_, err := h.catalog.Head(learner, o.Course.ID)
	wantFault(t, err, policy.ErrForbidden)
	_, err = h.catalog.Head(manager, uid.New())
	wantFault(t, err, catalog.ErrCourseNotFound)
}

func TestACourseIsFoundByItsIDAsByItsAddress(t *testing.T) {
	t.Parallel()
	h, ok := setup(t), must(t)
	learner, _ := storetest.Learner(t, h.tenant, h.w)
	o, sketch := h.published(t, "Pulleys"), h.create(t, "Sketch")
	shown := ok(h.catalog.PublishedByID(learner, o.Course.ID))
	if bare(t, shown); shown.Course.Slug != "pulleys" {
		t.Errorf("shows %+v", shown.Course)
	}
	for name, as := range map[string]context.Context{
		"a learner": learner, "who may learn and nothing else": h.mayOnly(policy.EnrolmentSelf), "who may enrol others and nothing else": h.mayOnly(policy.EnrolmentManage),
	} {
		if c, err := h.catalog.ByID(as, o.Course.ID); err != nil || c.Slug != "pulleys" {
			t.Errorf("%s finds %+v, %v", name, c, err)
		}
		_, err := h.catalog.ByID(as, sketch.Course.ID)
		wantFault(t, err, catalog.ErrCourseNotFound)
	}
	if c, err := h.catalog.ByID(h.instructor, sketch.Course.ID); err != nil || c.Slug != "sketch" {
		t.Errorf("its author finds %+v, %v", c, err)
	}
	for _, id := range []uid.ID{sketch.Course.ID, uid.New()} {
		_, err := h.catalog.PublishedByID(learner, id)
		wantFault(t, err, catalog.ErrCourseNotFound)
	}
	if err := h.catalog.Archive(h.instructor, o.Course.ID); err != nil {
		t.Fatal(err)
	}
	_, err := h.catalog.PublishedByID(learner, o.Course.ID)
	wantFault(t, err, catalog.ErrNotPublished)
}
