package catalog_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/fault"
	"lyceum/internal/lines"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/store/storetest"
)

// written is a course with two text lessons.
func (h house) written(t *testing.T) (course, first, second uid.ID) {
	t.Helper()
	o := h.create(t, "Written")
	o, err := h.catalog.AddModule(h.instructor, o.Course.ID, o.Course.Revision, "One")
	if err != nil {
		t.Fatal(err)
	}
	o, first, err = h.catalog.AddLesson(h.instructor, o.Course.ID, o.Course.Revision, o.Modules[0].ID, catalog.LessonInput{Kind: catalog.LessonText, Title: "First", Body: "one\ntwo\nthree"})
	if err != nil {
		t.Fatal(err)
	}
	_, second, err = h.catalog.AddLesson(h.instructor, o.Course.ID, o.Course.Revision, o.Modules[0].ID, text("Second"))
	if err != nil {
		t.Fatal(err)
	}
	return o.Course.ID, first, second
}

func body(text string) catalog.LessonInput {
	return catalog.LessonInput{Kind: catalog.LessonText, Title: "First", Body: text}
}

func TestAuthorsOfDifferentLessonsNeverMeet(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course, first, second := h.written(t)
	o, _ := h.catalog.Edit(h.instructor, course)
	mine := h.save(t, course, first, body("mine"))
	if _, err := h.catalog.SaveLesson(h.instructor, course, second, catalog.LessonSave{Lesson: text("Second, theirs"), Automatic: true}); err != nil {
		t.Errorf("the other lesson is refused: %v", err)
	}
	after, err := h.catalog.AddModule(h.instructor, course, o.Course.Revision, "Two")
	if err != nil {
		t.Errorf("the outline is refused because lessons were saved: %v", err)
	}
	if mine.Lesson.Revision != 1 || after.Course.State() != o.Course.State()+3 {
		t.Errorf("revision %d, state from %d to %d", mine.Lesson.Revision, o.Course.State(), after.Course.State())
	}
}

func TestASaveOnAnOldRevisionChangesNothingAndIsMerged(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course, lesson, _ := h.written(t)
	colleague := storetest.Instructor(t, h.tenant, h.w)
	if _, err := h.catalog.SaveLesson(colleague, course, lesson, catalog.LessonSave{Lesson: body("one\ntwo\nthree\nfour")}); err != nil {
		t.Fatal(err)
	}
	mine := catalog.LessonSave{Lesson: body("eins\ntwo\nthree")}
	mine.Lesson.Minutes = 9
	_, err := h.catalog.SaveLesson(h.instructor, course, lesson, mine)
	wantFault(t, err, catalog.ErrLessonChanged)
	m, err := h.catalog.MergeLesson(h.instructor, course, lesson, mine)
	if err != nil {
		t.Fatal(err)
	}
	if !m.Clean() || m.Merged.Body != "eins\ntwo\nthree\nfour" || m.Merged.Minutes != 9 || m.Lesson.Body != "one\ntwo\nthree\nfour" || m.Name == "" || m.Lesson.Revision != 1 {
		t.Errorf("merged: %+v", m)
	}
	w, err := h.catalog.SaveLesson(h.instructor, course, lesson, catalog.LessonSave{Revision: m.Lesson.Revision, Lesson: m.Merged})
	if err != nil || w.Lesson.Revision != 2 || w.Lesson.Body != m.Merged.Body {
		t.Errorf("the proposal is refused: %v %+v", err, w)
	}
	// The answer was lost and the editor sends the same once more, on its old revision.
	if again, err := h.catalog.SaveLesson(h.instructor, course, lesson, catalog.LessonSave{Revision: 1, Lesson: m.Merged}); err != nil || again.Lesson.Revision != 2 {
		t.Errorf("the same again: %v, revision %d", err, again.Lesson.Revision)
	}
}

func TestWhatBothChangedIsKeptOfBothAndNamed(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course, lesson, _ := h.written(t)
	theirs := body("one\nzwei\nthree")
	theirs.Title, theirs.Minutes = "Theirs", 4
	h.save(t, course, lesson, theirs)
	mine := body("one\ndeux\nthree")
	mine.Title, mine.Minutes = "Mine", 4
	m, err := h.catalog.MergeLesson(h.instructor, course, lesson, catalog.LessonSave{Lesson: mine})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Body", "Title"}, m.Clashes); diff != "" || m.Clean() {
		t.Error(diff)
	}
	if m.Merged.Body != "one\ndeux\nzwei\nthree" || m.Merged.Title != "Mine" || m.Merged.Minutes != 4 {
		t.Errorf("merged: %+v", m.Merged)
	}
}

func TestQuestionsAreMergedOneByOne(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.published(t, "Quizzed")
	quiz := o.Lessons()[1]
	ask := func(prompt string) catalog.Question {
		return catalog.Question{ID: uid.New(), Prompt: prompt, Options: []catalog.Option{{ID: uid.New(), Text: "yes", Correct: true}, {ID: uid.New(), Text: "no"}}}
	}
	first, second, third := quiz.Questions[0], ask("Two?"), ask("Three?")
	with := func(q ...catalog.Question) catalog.LessonInput {
		in := quiz.Input()
		in.Questions = q
		return in
	}
	base := h.save(t, o.Course.ID, quiz.ID, with(first, second, third)).Lesson.Revision
	changed, added, mineToo := second, ask("Four?"), ask("Five?")
	changed.Prompt = "Two, really?"
	h.save(t, o.Course.ID, quiz.ID, with(changed, third, added)) // the first is gone
	better := third
	better.Explanation = "Because."
	m, err := h.catalog.MergeLesson(h.instructor, o.Course.ID, quiz.ID, catalog.LessonSave{Revision: base, Lesson: with(better, mineToo, first, second)})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, q := range m.Merged.Questions {
		got = append(got, q.Prompt+q.Explanation)
	}
	if diff := cmp.Diff([]string{"Three?Because.", "Five?", "Two, really?", "Four?"}, got); diff != "" || len(m.Mended) != 0 {
		t.Errorf("%s, %d clash", diff, len(m.Mended))
	}
	other := second
	other.Prompt = "Two, perhaps?"
	m, err = h.catalog.MergeLesson(h.instructor, o.Course.ID, quiz.ID, catalog.LessonSave{Revision: base, Lesson: with(first, other, third)})
	if err != nil || m.Clean() || len(m.Mended) != 1 || m.Mended[0].Mine.Prompt != "Two, perhaps?" || m.Mended[0].Theirs.Prompt != "Two, really?" {
		t.Errorf("both changed one: %v %+v", err, m.Mended)
	}
}

func TestEveryStateIsKeptAndComesBack(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course, lesson, _ := h.written(t)
	h.save(t, course, lesson, body("one\ntwo\nthree\nfour"))
	h.save(t, course, lesson, body("none"))
	saves, err := h.catalog.Saves(h.instructor, course, lesson)
	if err != nil || len(saves) != 3 || saves[0].Revision != 2 || saves[0].Name == "" || saves[2].SavedBy != nil || saves[0].Automatic {
		t.Fatalf("kept: %v %+v", err, saves)
	}
	past, err := h.catalog.SaveOf(h.instructor, course, lesson, 1)
	if err != nil {
		t.Fatal(err)
	}
	want := []lines.Change{{Kind: lines.Same, Lines: []string{"one", "two", "three"}}, {Kind: lines.Added, Lines: []string{"four"}}}
	if diff := cmp.Diff(want, past.Changes()); diff != "" || past.Before == nil {
		t.Error(diff)
	}
	w, err := h.catalog.RestoreLesson(h.instructor, course, lesson, 2, 0)
	if err != nil || w.Lesson.Body != "one\ntwo\nthree" || w.Lesson.Revision != 3 {
		t.Errorf("restored: %v %+v", err, w.Lesson)
	}
	_, err = h.catalog.RestoreLesson(h.instructor, course, lesson, 2, 1)
	wantFault(t, err, catalog.ErrLessonChanged)
	_, err = h.catalog.RestoreLesson(h.instructor, course, lesson, 3, 77)
	wantFault(t, err, catalog.ErrSaveNotFound)
}

func TestThePastOfALessonReachesBackBeforeItsDraft(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.published(t, "Long ago")
	lesson := o.Lessons()[0]
	in := lesson.Input()
	in.Body = "New words."
	w := h.save(t, o.Course.ID, lesson.ID, in)
	if w.Version.ID == o.Version.ID || w.Version.PublishedAt != nil {
		t.Fatal("the published version was written to")
	}
	past, err := h.catalog.SaveOf(h.instructor, o.Course.ID, lesson.ID, 0)
	if err != nil || past.Content.Body != lesson.Body || past.VersionID != o.Version.ID {
		t.Errorf("before: %v %+v", err, past.Save)
	}
}

func TestAutomaticSavesAreThinnedAndOldOnesForgotten(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course, lesson, _ := h.written(t)
	auto := func(ctx context.Context, revision int, text string) {
		t.Helper()
		if _, err := h.catalog.SaveLesson(ctx, course, lesson, catalog.LessonSave{Revision: revision, Automatic: true, Lesson: body(text)}); err != nil {
			t.Fatal(err)
		}
	}
	revisions := func() (all []int) {
		t.Helper()
		saves, err := h.catalog.Saves(h.instructor, course, lesson)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range saves {
			all = append(all, s.Revision)
		}
		return all
	}
	h.w.Now.Advance(catalog.SaveEvery - h.w.Now.Now().Sub(h.w.Now.Now().Truncate(catalog.SaveEvery))) // a window begins
	auto(h.instructor, 0, "a")
	auto(h.instructor, 1, "ab")
	auto(h.instructor, 2, "abc")
	if diff := cmp.Diff([]int{3, 0}, revisions()); diff != "" {
		t.Errorf("within one window: %s", diff)
	}
	h.w.Now.Advance(catalog.SaveEvery)
	auto(h.instructor, 3, "abcd")
	auto(storetest.Instructor(t, h.tenant, h.w), 4, "abcde") // another person's are their own
	h.save(t, course, lesson, body("by the button"))
	auto(h.instructor, 6, "abcdefg")
	if diff := cmp.Diff([]int{7, 6, 5, 3, 0}, revisions()); diff != "" {
		t.Errorf("in the next: %s", diff)
	}
	// What was made on a state that is thinned away is merged from the last one before it.
	m, err := h.catalog.MergeLesson(h.instructor, course, lesson, catalog.LessonSave{Revision: 2, Lesson: body("abc\nmine")})
	if err != nil || !strings.Contains(m.Merged.Body, "mine") || !strings.Contains(m.Merged.Body, "abcdefg") {
		t.Errorf("merged from what is left: %v %q", err, m.Merged.Body)
	}
	for i := range catalog.MaxSaves {
		h.w.Now.Advance(time.Second)
		h.save(t, course, lesson, body("again "+strings.Repeat("x", i)))
	}
	if all := revisions(); len(all) != catalog.MaxSaves || all[len(all)-1] != 8 {
		t.Errorf("%d are kept, from %d", len(all), all[len(all)-1])
	}
}

func TestAPictureWithoutAlternativeTextIsRefusedByItsLine(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course, lesson, _ := h.written(t)
	unsaid := catalog.LessonSave{Lesson: body("# Exits\n\nLook:\n![](file:" + uid.New().String() + ")")}
	_, err := h.catalog.SaveLesson(h.instructor, course, lesson, unsaid)
	if got := fault.Of(err).Fields["body"]; !strings.HasPrefix(got, "Line 4:") {
		t.Errorf("refused with %q", got)
	}
	unsaid.Automatic = true // the editor's own save keeps what is not finished yet
	if _, err = h.catalog.SaveLesson(h.instructor, course, lesson, unsaid); err != nil {
		t.Error(err)
	}
	h.save(t, course, lesson, body("![](file:"+uid.New().String()+` "decorative")`))
}

func TestWhoElseWritesIsSeenForAWhile(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course, lesson, other := h.written(t)
	colleague := storetest.Person(t, h.tenant, h.w, "instructor")
	see := func(ctx context.Context, lesson uid.ID) []string {
		t.Helper()
		_, others, err := h.catalog.Writing(ctx, course, lesson)
		if err != nil {
			t.Fatal(err)
		}
		return others
	}
	see(storetest.As(t, h.tenant, h.w, colleague), lesson)
	if got := see(h.instructor, lesson); len(got) != 1 || got[0] != colleague.Name {
		t.Errorf("seen: %v", got)
	}
	if got := see(h.instructor, other); len(got) != 0 {
		t.Errorf("in the other lesson: %v", got)
	}
	h.w.Now.Advance(catalog.WriterFresh + time.Second)
	if got := see(h.instructor, lesson); len(got) != 0 {
		t.Errorf("after a while: %v", got)
	}
}
