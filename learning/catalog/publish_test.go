package catalog_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

func TestPublishingTellsEverythingThatIsMissing(t *testing.T) {
	t.Parallel()
	h, ok := setup(t), must(t)
	o := h.create(t, "Unready")
	id := o.Course.ID
	_, err := h.catalog.Publish(h.instructor, id, o.Course.Revision)
	wantFault(t, err, catalog.ErrNothingToTeach)
	wantFields(t, err, "lessons")

	picture := storetest.File(t, h.tenant, h.w, content.FilePicture, "image/png", 0).ID.String()
	pdf := storetest.File(t, h.tenant, h.w, content.FileDocument, "application/pdf", 0).ID.String()
	yes, no := catalog.Option{Text: "yes", Correct: true}, catalog.Option{Text: "no"}
	o = ok(h.catalog.AddModule(h.instructor, id, o.Course.Revision, "Empty"))
	o = ok(h.catalog.AddModule(h.instructor, id, o.Course.Revision, "Full"))
	want := []string{"modules." + moduleID(o, "Empty").String() + ".lessons"}
	for _, c := range []struct {
		in     catalog.LessonInput
		fields []string
	}{
		{catalog.LessonInput{Kind: catalog.LessonText, Title: "fine", Body: "![A red door](file:" + picture + ")"}, nil},
		{catalog.LessonInput{Kind: catalog.LessonText, Title: "empty"}, []string{"body"}},
		{catalog.LessonInput{Kind: catalog.LessonVideo, Title: "no film"}, []string{"file_id"}},
		{catalog.LessonInput{Kind: catalog.LessonPDF, Title: "no document"}, []string{"file_id"}},
		{catalog.LessonInput{Kind: catalog.LessonQuiz, Title: "no questions"}, []string{"questions"}},
		{catalog.LessonInput{Kind: catalog.LessonText, Title: "no alternative text", Body: "![](file:" + picture + ")"}, []string{"body"}},
		{catalog.LessonInput{Kind: catalog.LessonText, Title: "no picture", Body: "![A door](file:" + pdf + ")"}, []string{"body"}},
		{catalog.LessonInput{Kind: catalog.LessonText, Title: "gone picture", Body: "![A door](file:" + uid.New().String() + ")"}, []string{"body"}},
		{catalog.LessonInput{Kind: catalog.LessonText, Title: "foreign picture", Body: "![A door](https://example.com/door.png)"}, []string{"body"}},
		{catalog.LessonInput{Kind: catalog.LessonQuiz, Title: "one-sided", Questions: catalog.Questions{
			{Prompt: "fine", Options: []catalog.Option{yes, no}},
			{Prompt: "all right", Options: []catalog.Option{yes, {Text: "also", Correct: true}}},
			{Prompt: "none right", Options: []catalog.Option{no}},
			{Prompt: "no answers"},
		}}, []string{"questions.1.options", "questions.2.options", "questions.3.options"}},
	} {
		var lesson uid.ID
		if o, lesson, err = h.catalog.AddLesson(h.instructor, id, o.Course.Revision, moduleID(o, "Full"), c.in); err != nil {
			t.Fatal(err)
		}
		for _, f := range c.fields {
			want = append(want, "lessons."+lesson.String()+"."+f)
		}
	}
	checked := h.catalog.Check(h.instructor, id)
	wantFault(t, checked, catalog.ErrNothingToTeach)
	_, err = h.catalog.Publish(h.instructor, id, o.Course.Revision)
	wantFault(t, err, catalog.ErrNothingToTeach)
	wantFields(t, err, want...)
	if diff := cmp.Diff(fault.Of(err).Fields, fault.Of(checked).Fields); diff != "" {
		t.Errorf("checking tells something else than publishing: %s", diff)
	}
	for field, message := range fault.Of(err).Fields {
		if strings.HasPrefix(field, "lessons.") && !strings.Contains(message, "“") {
			t.Errorf("%s does not name its lesson: %s", field, message)
		}
	}
	if catalog.ErrNothingToTeach.Fields != nil {
		t.Error("the declared fault took the fields of one course")
	}
	if after := ok(h.catalog.Edit(h.instructor, id)); after.Course.Status != catalog.StatusDraft || after.Course.Revision != o.Course.Revision {
		t.Errorf("a refused publishing left %+v", after.Course)
	}
}

func TestCheckingBeforePublishingChangesNothing(t *testing.T) {
	t.Parallel()
	h, ok := setup(t), must(t)
	o := h.published(t, "Ladders")
	id := o.Course.ID
	wantFault(t, h.catalog.Check(h.instructor, id), catalog.ErrNothingNew)
	o = ok(h.catalog.RenameModule(h.instructor, id, o.Course.Revision, o.Modules[0].ID, "Renamed"))
	told := storetest.EventTypes(t, h.tenant, h.w, id)
	if err := h.catalog.Check(h.instructor, id); err != nil {
		t.Errorf("a draft that may be published: %v", err)
	}
	after := ok(h.catalog.Edit(h.instructor, id))
	if diff := cmp.Diff(o, after) + cmp.Diff(told, storetest.EventTypes(t, h.tenant, h.w, id)); diff != "" {
		t.Error(diff)
	}
	ok(h.catalog.Publish(h.instructor, id, o.Course.Revision))
}

func TestPublishingMovesThoseWhoHaveNotStarted(t *testing.T) {
	t.Parallel()
	h, ok := setup(t), must(t)
	o := h.published(t, "Forklifts")
	id, first := o.Course.ID, o.Version.ID
	started, e1 := storetest.EnrolledLearner(t, h.tenant, h.w, o)
	_, e2 := storetest.EnrolledLearner(t, h.tenant, h.w, o)
	learn := enrolment.New(enrolment.Options{Keep: h.w.Store, Now: h.w.Now.Clock()})
	if _, err := learn.Open(started, "forklifts", nil); err != nil {
		t.Fatal(err)
	}
	_, err := h.catalog.Publish(h.instructor, id, o.Course.Revision)
	wantFault(t, err, catalog.ErrNothingNew)
	o = ok(h.catalog.RenameModule(h.instructor, id, o.Course.Revision, o.Modules[0].ID, "Renamed"))
	o = ok(h.catalog.Publish(h.instructor, id, o.Course.Revision))
	if o.Version.Number != 2 || o.Course.DraftID != nil || *o.Course.PublishedID != o.Version.ID || o.Version.PublishedAt == nil {
		t.Errorf("published %+v", o)
	}
	if got := []uid.ID{h.versionOf(t, e1.ID), h.versionOf(t, e2.ID)}; got[0] != first || got[1] != o.Version.ID {
		t.Errorf("versions are %v", got)
	}
	events := storetest.Events(t, h.tenant, h.w, id)
	last := events[len(events)-1]
	if last.Type != "course.published" || last.Data["version"] != 2.0 || last.Data["moved"] != 1.0 || last.Data["slug"] != "forklifts" {
		t.Errorf("told %+v", last)
	}
	if shown := ok(h.catalog.Published(h.instructor, "forklifts")); shown.Modules[0].Title != "Renamed" {
		t.Errorf("learners see %v", titles(t, shown))
	}
}

func (h house) versionOf(t *testing.T, enrolmentID uid.ID) (version uid.ID) {
	t.Helper()
	err := h.w.Store.InTenant(h.tenant, func(ctx context.Context) error {
		e, err := h.w.Store.LockEnrolment(ctx, enrolmentID)
		version = e.VersionID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return version
}

func TestTheEstimateIsFilledFromTheLessonsWhenTheAuthorGaveNone(t *testing.T) {
	t.Parallel()
	h := setup(t)
	video := storetest.File(t, h.tenant, h.w, content.FileVideo, "video/mp4", 130).ID
	in := storetest.SmallCourse("Estimate") // 10 and 5 minutes
	in.EstimatedMinutes = 0
	in.Modules[0].Lessons = append(in.Modules[0].Lessons,
		catalog.LessonInput{Kind: catalog.LessonVideo, Title: "Film", FileID: &video}, // 130 seconds are 3 minutes
		catalog.LessonInput{Kind: catalog.LessonText, Title: "Long", Body: strings.Repeat("word ", 401)})
	o, err := h.catalog.Import(h.instructor, in)
	if err != nil || o.Version.EstimatedMinutes != 10+5+3+3 {
		t.Errorf("%d minutes, %v", o.Version.EstimatedMinutes, err)
	}
}

func TestAnArchivedCourseIsClosedUntilItIsRestored(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o, draft := h.published(t, "Cranes"), h.create(t, "Sketch")
	for range 2 { // the second time changes nothing and tells nothing
		for _, id := range []uid.ID{o.Course.ID, draft.Course.ID} {
			if err := h.catalog.Archive(h.instructor, id); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, err := h.catalog.Published(h.instructor, "cranes")
	wantFault(t, err, catalog.ErrNotPublished)
	for range 2 {
		for _, id := range []uid.ID{o.Course.ID, draft.Course.ID} {
			if err := h.catalog.Restore(h.instructor, id); err != nil {
				t.Fatal(err)
			}
		}
	}
	must(t)(h.catalog.Published(h.instructor, "cranes"))
	if c, err := h.catalog.BySlug(h.instructor, "sketch"); err != nil || c.Status != catalog.StatusDraft {
		t.Errorf("restored sketch: %+v, %v", c, err)
	}
	want := []string{"course.published", "course.archived", "course.restored"}
	if diff := cmp.Diff(want, storetest.EventTypes(t, h.tenant, h.w, o.Course.ID)); diff != "" {
		t.Error(diff)
	}
	wantFault(t, h.catalog.Archive(h.instructor, uid.New()), catalog.ErrCourseNotFound)
}

func TestImportingTwiceMakesOneCourse(t *testing.T) {
	t.Parallel()
	h := setup(t)
	got, wait := make([]catalog.Outline, 4), sync.WaitGroup{}
	for i := range got {
		wait.Go(func() {
			var err error
			if got[i], err = h.catalog.Import(h.instructor, storetest.SmallCourse("Once")); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for _, o := range got[1:] {
		if o.Course.ID != got[0].Course.ID || len(o.Lessons()) != 2 || o.Course.Status != catalog.StatusPublished {
			t.Errorf("another course: %+v", o.Course)
		}
	}
	if diff := cmp.Diff([]string{"course.published"}, storetest.EventTypes(t, h.tenant, h.w, got[0].Course.ID)); diff != "" {
		t.Error(diff)
	}
}

func TestAnImportNamesItsFaultsByPlaceAndLeavesNothing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	in := storetest.SmallCourse("Broken")
	in.Modules[0].Title, in.Modules[0].Lessons[1].Title = "", ""
	_, err := h.catalog.Import(h.instructor, in)
	wantFields(t, err, "modules.0.title", "modules.0.lessons.1.title")

	in, missing := storetest.SmallCourse("Broken"), uid.New()
	in.CoverFileID = &missing
	in.Modules[0].Lessons[0].Body = ""
	in.Modules = append(in.Modules, catalog.ImportModule{Title: "Empty"})
	_, err = h.catalog.Import(h.instructor, in)
	wantFault(t, err, catalog.ErrNothingToTeach)
	wantFields(t, err, "cover_file_id", "modules.0.lessons.0.body", "modules.1.lessons")
	_, err = h.catalog.BySlug(h.instructor, "broken")
	wantFault(t, err, catalog.ErrCourseNotFound)
}

func TestCardsShowLearnersWhatIsPublishedAndAuthorsEverything(t *testing.T) {
	t.Parallel()
	h := setup(t)
	learner, _ := storetest.Learner(t, h.tenant, h.w)
	alpha := h.published(t, "Alpha")
	h.published(t, "beta 100%")
	h.create(t, "Gamma draft")
	if err := h.catalog.Archive(h.instructor, h.published(t, "Delta").Course.ID); err != nil {
		t.Fatal(err)
	}
	must(t)(h.catalog.UpdateCourse(h.instructor, alpha.Course.ID, alpha.Course.Revision, catalog.CourseInput{Title: "Alpha, rewritten", Slug: "alpha", SelfEnrol: true}))

	list := func(ctx context.Context, f catalog.CardFilter) (names []string) {
		t.Helper()
		for {
			got, err := h.catalog.Cards(ctx, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range got.Items {
				name := c.Title
				if c.HasDraft {
					name += " *"
				}
				names = append(names, name)
			}
			if f.Page.After = got.Next; got.Next == "" {
				return names
			}
			if len(got.Items) != f.Page.Bounded() {
				t.Errorf("a piece of %d", len(got.Items))
			}
		}
	}
	for name, c := range map[string]struct {
		as     context.Context
		filter catalog.CardFilter
		want   []string
	}{
		"a learner sees what is published":      {learner, catalog.CardFilter{}, []string{"Alpha", "beta 100%"}},
		"a learner cannot ask for drafts":       {learner, catalog.CardFilter{Status: catalog.StatusDraft}, []string{"Alpha", "beta 100%"}},
		"an author sees drafts and the shelved": {h.instructor, catalog.CardFilter{Authoring: true}, []string{"Alpha, rewritten *", "beta 100%", "Delta", "Gamma draft *"}},
		"by status":                             {h.instructor, catalog.CardFilter{Authoring: true, Status: catalog.StatusArchived}, []string{"Delta"}},
		"by a word, in any case":                {learner, catalog.CardFilter{Query: " ALPHA "}, []string{"Alpha"}},
		"a per cent sign means itself":          {learner, catalog.CardFilter{Query: "0%"}, []string{"beta 100%"}},
		"an underscore means itself":            {learner, catalog.CardFilter{Query: "_"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, list(c.as, c.filter)); diff != "" {
				t.Error(diff)
			}
			c.filter.Page.Limit = 1
			if diff := cmp.Diff(c.want, list(c.as, c.filter)); diff != "" {
				t.Errorf("one by one: %s", diff)
			}
		})
	}
	cards, err := h.catalog.Cards(learner, catalog.CardFilter{Query: "Alpha"})
	if err != nil || cards.Items[0].Lessons != 2 || !cards.Items[0].SelfEnrol || cards.Items[0].Slug != "alpha" || cards.Items[0].EstimatedMinutes != 15 {
		t.Errorf("card is %+v, %v", cards.Items, err)
	}
	_, err = h.catalog.Cards(h.instructor, catalog.CardFilter{Authoring: true, Status: "lost"})
	wantFields(t, err, "status")
	bad := catalog.CardFilter{}
	bad.Page.After = "nonsense"
	if _, err = h.catalog.Cards(learner, bad); fault.Of(err).Code != "bad_cursor" {
		t.Errorf("got %v", err)
	}
}

func TestTheCoursePageShowsNoBodiesAndNoAnswers(t *testing.T) {
	t.Parallel()
	h := setup(t)
	learner, _ := storetest.Learner(t, h.tenant, h.w)
	h.published(t, "Visible")
	h.create(t, "Hidden")
	o := must(t)(h.catalog.Published(learner, "visible"))
	for _, l := range o.Lessons() {
		if l.Body != "" || l.Questions != nil || l.Title == "" {
			t.Errorf("shows %+v", l)
		}
	}
	for _, slug := range []string{"hidden", "nowhere", "not a slug\x00"} {
		_, err := h.catalog.Published(learner, slug)
		wantFault(t, err, catalog.ErrCourseNotFound)
		_, err = h.catalog.BySlug(learner, slug)
		wantFault(t, err, catalog.ErrCourseNotFound)
	}
}

func TestAnotherTenantSeesAndChangesNothing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o, other := h.published(t, "Ours"), h.neighbour(t)
	id, r := o.Course.ID, o.Course.Revision
	module, lesson := o.Modules[0].ID, o.Lessons()[0].ID
	drop := func(_ catalog.Outline, err error) error { return err }
	_, _, added := h.catalog.AddLesson(other, id, r, module, text("Theirs"))
	_, saved := h.catalog.SaveLesson(other, id, lesson, catalog.LessonSave{Lesson: text("Theirs")})
	_, read := h.catalog.Lesson(other, id, lesson)
	_, saves := h.catalog.Saves(other, id, lesson)
	_, past := h.catalog.SaveOf(other, id, lesson, 0)
	_, restored := h.catalog.RestoreLesson(other, id, lesson, 0, 0)
	_, merged := h.catalog.MergeLesson(other, id, lesson, catalog.LessonSave{Lesson: text("Theirs")})
	_, _, writing := h.catalog.Writing(other, id, lesson)
	_, bySlug := h.catalog.BySlug(other, "ours")
	_, byID := h.catalog.ByID(other, id)
	for name, err := range map[string]error{
		"Edit": drop(h.catalog.Edit(other, id)), "Published": drop(h.catalog.Published(other, "ours")), "BySlug": bySlug,
		"PublishedByID": drop(h.catalog.PublishedByID(other, id)), "ByID": byID, "Head": drop(h.catalog.Head(other, id)), "Check": h.catalog.Check(other, id),
		"UpdateCourse": drop(h.catalog.UpdateCourse(other, id, r, catalog.CourseInput{Title: "Theirs", Slug: "theirs"})),
		"AddModule":    drop(h.catalog.AddModule(other, id, r, "Theirs")), "AddLesson": added,
		"RenameModule": drop(h.catalog.RenameModule(other, id, r, module, "Theirs")),
		"MoveModule":   drop(h.catalog.MoveModule(other, id, r, module, 0)),
		"DeleteModule": drop(h.catalog.DeleteModule(other, id, r, module)),
		"SaveLesson":   saved, "Lesson": read, "Saves": saves, "SaveOf": past, "RestoreLesson": restored, "MergeLesson": merged, "Writing": writing,
		"MoveLesson":   drop(h.catalog.MoveLesson(other, id, r, lesson, module, 0)),
		"DeleteLesson": drop(h.catalog.DeleteLesson(other, id, r, lesson)),
		"Publish":      drop(h.catalog.Publish(other, id, r)),
		"Archive":      h.catalog.Archive(other, id), "Restore": h.catalog.Restore(other, id),
	} {
		t.Run(name, func(t *testing.T) { wantFault(t, err, catalog.ErrCourseNotFound) })
	}
	for _, authoring := range []bool{true, false} {
		if cards, err := h.catalog.Cards(other, catalog.CardFilter{Authoring: authoring}); err != nil || len(cards.Items) != 0 {
			t.Errorf("sees %v, %v", cards.Items, err)
		}
	}
	theirs, err := h.catalog.Import(other, storetest.SmallCourse("Ours")) // the same address, in their own portal
	if err != nil || theirs.Course.ID == id {
		t.Errorf("their own: %+v, %v", theirs.Course, err)
	}
	if after := must(t)(h.catalog.Edit(h.instructor, id)); !slices.Equal(ids(after), ids(o)) || after.Course.Revision != r {
		t.Errorf("ours changed: %v", titles(t, after))
	}
}
