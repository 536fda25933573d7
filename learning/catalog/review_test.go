package catalog_test

import (
	"slices"
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/learning/catalog"
	"lyceum/store/storetest"
)

var pageOfOne = page.Request{Limit: 1}

func TestWhereAReviewIsRequiredOnlyWhatAnotherApprovedIsPublished(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin := h.admin(t)
	o := h.published(t, "Rules")
	if err := h.catalog.SetRules(admin, catalog.Rules{ReviewRequired: true}); err != nil {
		t.Fatal(err)
	}
	wantFault(t, h.catalog.SetRules(h.instructor, catalog.Rules{}), policy.ErrForbidden)
	id := o.Course.ID
	wantFault(t, h.catalog.AskReview(h.instructor, id, o.Course.Revision, ""), catalog.ErrNoDraft)
	d := must(t)(h.catalog.RenameModule(h.instructor, id, o.Course.Revision, moduleID(o, "Basics"), "First things"))
	_, err := h.catalog.Publish(h.instructor, id, d.Course.Revision)
	wantFault(t, err, catalog.ErrReviewNeeded)
	wantFault(t, h.catalog.Check(h.instructor, id), catalog.ErrReviewNeeded)

	other := storetest.Instructor(t, h.tenant, h.w)
	wantFault(t, h.catalog.Approve(other, id, d.Course.Revision, ""), catalog.ErrReviewNotAsked)
	if err = h.catalog.AskReview(h.instructor, id, d.Course.Revision, "Is the title better?"); err != nil {
		t.Fatal(err)
	}
	wantFault(t, h.catalog.Approve(h.instructor, id, d.Course.Revision, ""), catalog.ErrReviewOwn)
	wantFault(t, h.catalog.Return(h.instructor, id, "x"), catalog.ErrReviewOwn)
	wantFields(t, h.catalog.Return(other, id, " "), "note")
	if err = h.catalog.Return(other, id, "Too short."); err != nil {
		t.Fatal(err)
	}
	if err = h.catalog.AskReview(h.instructor, id, d.Course.Revision, "Now?"); err != nil {
		t.Fatal(err)
	}
	if err = h.catalog.Approve(other, id, d.Course.Revision, "Good."); err != nil {
		t.Fatal(err)
	}
	h.set(t, o, catalog.Settings{Tags: []string{"words"}}) // settings belong to no version
	if err = h.catalog.Check(h.instructor, id); err != nil {
		t.Error(err)
	}
	c, _, err := h.catalog.Settings(h.instructor, id)
	if err != nil || !c.Approved() {
		t.Fatalf("%+v, %v", c, err)
	}
	d = must(t)(h.catalog.RenameModule(h.instructor, id, c.Revision, moduleID(o, "Basics"), "Other things"))
	_, err = h.catalog.Publish(h.instructor, id, d.Course.Revision)
	wantFault(t, err, catalog.ErrReviewNeeded)
	if err = h.catalog.AskReview(h.instructor, id, d.Course.Revision, ""); err != nil {
		t.Fatal(err)
	}
	seen, err := h.catalog.ReviewOf(other, id)
	if err != nil || !seen.Required || seen.Own || seen.AskedBy == "" || len(seen.Changes.Changed) != 1 || seen.Changes.Changed[0].Title != "Other things" {
		t.Errorf("got %+v, %v", seen, err)
	}
	wantFault(t, h.catalog.Approve(other, id, d.Course.Revision-1, ""), catalog.ErrRevision)
	if err = h.catalog.Approve(other, id, d.Course.Revision, ""); err != nil {
		t.Fatal(err)
	}
	p, err := h.catalog.Publish(h.instructor, id, d.Course.Revision)
	if err != nil || p.Course.Review != catalog.ReviewNone {
		t.Fatalf("%+v, %v", p.Course, err)
	}
	want := []string{"course.review_requested", "course.returned", "course.review_requested", "course.approved", "course.settings_changed", "course.review_requested", "course.approved", "course.published"}
	if got := storetest.EventTypes(t, h.tenant, h.w, id)[1:]; !slices.Equal(got, want) {
		t.Errorf("told %v", got)
	}
	_, err = h.catalog.Import(h.instructor, storetest.SmallCourse("At once"))
	wantFault(t, err, catalog.ErrReviewNeeded)
	learner, _ := storetest.Learner(t, h.tenant, h.w)
	wantFault(t, h.catalog.Approve(learner, id, 1, ""), policy.ErrForbidden)
}

func TestTheHistoryTellsWhatEachVersionChanged(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.published(t, "Ladders")
	id, basics := o.Course.ID, moduleID(o, "Basics")
	d := must(t)(h.catalog.DeleteLesson(h.instructor, id, o.Course.Revision, lessonID(o, "Read this")))
	d, _, err := h.catalog.AddLesson(h.instructor, id, d.Course.Revision, basics, text("Rungs"))
	if err != nil {
		t.Fatal(err)
	}
	d = must(t)(h.catalog.RenameModule(h.instructor, id, d.Course.Revision, basics, "Steps"))
	must(t)(h.catalog.Publish(h.instructor, id, d.Course.Revision))
	c, history, err := h.catalog.Versions(h.instructor, id, page.Request{})
	if err != nil || len(history.Items) != 2 || history.Next != "" {
		t.Fatalf("%+v, %v", history, err)
	}
	newest, first := history.Items[0], history.Items[1]
	if newest.Number != 2 || newest.Publisher == "" || len(newest.Changes.Added) != 1 || newest.Changes.Added[0].Title != "Rungs" ||
		len(newest.Changes.Removed) != 1 || newest.Changes.Removed[0].Title != "Read this" || len(newest.Changes.Changed) != 1 || newest.Changes.Details || newest.Changes.Order {
		t.Errorf("got %+v", newest)
	}
	if first.Number != 1 || len(first.Changes.Added) != 3 || first.Lessons != 2 {
		t.Errorf("got %+v", first)
	}
	one, err := first1(h.catalog.Versions(h.instructor, id, pageOfOne))
	if err != nil || len(one.Items) != 1 || one.Next == "" || len(one.Items[0].Changes.Added) != 1 {
		t.Errorf("alone %+v, %v", one, err)
	}
	old, err := h.catalog.VersionOutline(h.instructor, id, first.ID)
	if err != nil || lessonID(old, "Read this") == lessonID(old, "no such") {
		t.Errorf("%v, %v", titles(t, old), err)
	}
	if l, err := h.catalog.VersionLesson(h.instructor, id, first.ID, lessonID(old, "Read this")); err != nil || l.Body == "" {
		t.Errorf("%+v, %v", l, err)
	}
	other := h.published(t, "Another")
	_, err = h.catalog.VersionHead(h.instructor, other.Course.ID, first.ID)
	wantFault(t, err, catalog.ErrVersionNotFound)
	wantFault(t, h.catalog.DiscardDraft(h.instructor, id, c.Revision), catalog.ErrNoDraft)

	back := must(t)(h.catalog.BeginFrom(h.instructor, id, c.Revision, first.ID))
	if got := titles(t, back); !slices.Equal(got, []string{"Basics", "  Read this", "  Check yourself"}) || back.Version.Number != 3 || back.Version.PublishedAt != nil {
		t.Errorf("begun from the first: %v, number %d", got, back.Version.Number)
	}
	_, err = h.catalog.BeginFrom(h.instructor, id, back.Course.Revision, first.ID)
	wantFault(t, err, catalog.ErrDraftExists)
	if err = h.catalog.DiscardDraft(h.instructor, id, back.Course.Revision); err != nil {
		t.Fatal(err)
	}
	now, err := h.catalog.Edit(h.instructor, id)
	if err != nil || now.Version.Number != 2 || now.Course.DraftID != nil {
		t.Errorf("after discarding: %+v, %v", now.Version, err)
	}
	sketch := h.create(t, "Sketch")
	wantFault(t, h.catalog.DiscardDraft(h.instructor, sketch.Course.ID, sketch.Course.Revision), catalog.ErrNeverPublished)
	_, err = h.catalog.VersionHead(h.neighbour(t), id, first.ID)
	wantFault(t, err, catalog.ErrCourseNotFound)
}

func first1(_ catalog.Course, p page.Of[catalog.Edition], err error) (page.Of[catalog.Edition], error) {
	return p, err
}

func TestACopyHasEverythingButItsPeopleAndIsNobodysTemplate(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.published(t, "Onboarding")
	h.set(t, o, catalog.Settings{Template: true, Tags: []string{"new"}, Capacity: 5})
	if got, err := h.catalog.Cards(h.instructor, catalog.CardFilter{Authoring: true, Template: true}); err != nil || len(got.Items) != 1 || !got.Items[0].Template {
		t.Fatalf("%+v, %v", got, err)
	}
	withGerman := must(t)(h.catalog.AddLanguage(h.instructor, o.Course.ID, mustCourse(t, h, o).Revision, "de"))
	must(t)(h.catalog.Translate(h.instructor, o.Course.ID, withGerman.Course.Revision, "de", lessonID(o, "Read this"), catalog.TextInput{Title: "Lies das"}))
	c, err := h.catalog.Duplicate(h.instructor, o.Course.ID, catalog.CopyInput{Title: "Onboarding of drivers"})
	if err != nil {
		t.Fatal(err)
	}
	if got := titles(t, c); !slices.Equal(got, []string{"Basics", "  Read this", "  Check yourself"}) || c.Course.Status != catalog.StatusDraft || c.Course.Slug != "onboarding-of-drivers" || c.Course.Template {
		t.Errorf("%v, %+v", got, c.Course)
	}
	if lessonID(c, "Read this") == lessonID(o, "Read this") || len(c.Lessons()[1].Questions) != 1 {
		t.Error("the copy shares lessons with the original, or lost questions")
	}
	_, set, err := h.catalog.Settings(h.instructor, c.Course.ID)
	if err != nil || set.Capacity != 5 || !slices.Equal(set.Tags, []string{"new"}) {
		t.Errorf("%+v, %v", set, err)
	}
	_, pieces, err := h.catalog.Pieces(h.instructor, c.Course.ID, "de")
	if err != nil || pieces[2].Text.Title != "Lies das" {
		t.Errorf("%+v, %v", pieces, err)
	}
	_, err = h.catalog.Duplicate(h.instructor, o.Course.ID, catalog.CopyInput{})
	wantFields(t, err, "title")
	_, err = h.catalog.Duplicate(h.neighbour(t), o.Course.ID, catalog.CopyInput{Title: "Mine"})
	wantFault(t, err, catalog.ErrCourseNotFound)
}

func mustCourse(t *testing.T, h house, o catalog.Outline) catalog.Course {
	t.Helper()
	c, _, err := h.catalog.Settings(h.instructor, o.Course.ID)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
