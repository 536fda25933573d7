package catalog_test

import (
	"slices"
	"testing"

	"lyceum/internal/page"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

func TestALanguageIsChosenByTheWishesInTurn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		offered, wishes []string
		want            string
	}{
		{nil, []string{"de"}, ""}, {[]string{"en"}, nil, "en"}, {[]string{"en", "de"}, []string{"de-AT", "en"}, "de"},
		{[]string{"en", "pt-BR"}, []string{"pt"}, "pt-BR"}, {[]string{"en", "de"}, []string{"fr", "en"}, "en"}, {[]string{"de", "en"}, []string{"fr"}, "de"},
		{[]string{"en", "de", "de-CH"}, []string{"de-CH"}, "de-CH"},
	} {
		if got := catalog.Choose(c.offered, c.wishes); got != c.want {
			t.Errorf("of %v for %v: %q, want %q", c.offered, c.wishes, got, c.want)
		}
	}
}

func TestACourseIsReadInOnesLanguagePieceByPieceAndPublishedOnesNeverChange(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.published(t, "Screens")
	id := o.Course.ID
	quiz := o.Lessons()[1].Questions
	d := must(t)(h.catalog.AddLanguage(h.instructor, id, o.Course.Revision, "de"))
	_, err := h.catalog.AddLanguage(h.instructor, id, d.Course.Revision, "de")
	wantFault(t, err, catalog.ErrLanguageTaken)
	_, err = h.catalog.AddLanguage(h.instructor, id, d.Course.Revision, "en")
	wantFault(t, err, catalog.ErrLanguageTaken)
	_, err = h.catalog.AddLanguage(h.instructor, id, d.Course.Revision, "!!")
	wantFields(t, err, "language")
	d = must(t)(h.catalog.Translate(h.instructor, id, d.Course.Revision, "de", d.Version.ID, catalog.TextInput{Title: "Bildschirme"}))
	d = must(t)(h.catalog.Translate(h.instructor, id, d.Course.Revision, "de", lessonID(o, "Read this"), catalog.TextInput{Title: "Lies das", Body: "Sperre."}))
	d = must(t)(h.catalog.Translate(h.instructor, id, d.Course.Revision, "de", lessonID(o, "Check yourself"), catalog.TextInput{
		Questions: catalog.Questions{{ID: quiz[0].ID, Prompt: "Was tust du?", Options: []catalog.Option{{ID: quiz[0].Options[0].ID, Text: "Sperren", Correct: false}}}},
	}))
	_, err = h.catalog.Translate(h.instructor, id, d.Course.Revision, "fr", d.Version.ID, catalog.TextInput{Title: "Écrans"})
	wantFault(t, err, catalog.ErrLanguageNotFound)

	german, person := storetest.Learner(t, h.tenant, h.w)
	german = catalog.WithLanguages(german, "de-AT", "en")
	if seen, err := h.catalog.Published(german, "screens"); err != nil || seen.Version.Title != "Screens" || seen.Reading != "" {
		t.Errorf("before it is published: %+v, %v", seen.Version, err)
	}
	_ = must(t)(h.catalog.Publish(h.instructor, id, d.Course.Revision))
	seen, err := h.catalog.Published(german, "screens")
	if err != nil || seen.Version.Title != "Bildschirme" || seen.Reading != "de" || !slices.Equal(seen.Languages, []string{"en", "de"}) {
		t.Fatalf("%+v, %v", seen, err)
	}
	if got := titles(t, seen); !slices.Equal(got, []string{"Basics", "  Lies das", "  Check yourself"}) {
		t.Errorf("in German: %v", got)
	}
	if seen.LanguageOf(moduleID(seen, "Basics")) != "en" || seen.LanguageOf(lessonID(seen, "Lies das")) != "de" {
		t.Error("a piece says another language than it stands in")
	}
	cards, err := h.catalog.Cards(german, catalog.CardFilter{Query: "bildsch"})
	if err != nil || len(cards.Items) != 1 || cards.Items[0].Title != "Bildschirme" || cards.Items[0].Reading != "de" || !slices.Equal(cards.Items[0].Languages, []string{"en", "de"}) {
		t.Errorf("%+v, %v", cards.Items, err)
	}
	for _, c := range []struct {
		wishes []string
		title  string
	}{{[]string{"en-GB", "de"}, "Screens"}, {[]string{"fr", "de-CH"}, "Bildschirme"}, {[]string{"fr"}, "Screens"}, {[]string{"x'; drop table courses --", "de"}, "Bildschirme"}} {
		ctx := catalog.WithLanguages(german, c.wishes...)
		cards, err := h.catalog.Cards(ctx, catalog.CardFilter{})
		seen, failed := h.catalog.Published(ctx, "screens")
		if err != nil || failed != nil || cards.Items[0].Title != c.title || seen.Version.Title != c.title {
			t.Errorf("for %v: %+v, %q, %v, %v", c.wishes, cards.Items, seen.Version.Title, err, failed)
		}
	}
	learn := enrolment.New(enrolment.Options{Keep: h.w.Store, Now: h.w.Now.Clock()})
	if _, err = learn.Enrol(h.instructor, id, person.ID); err != nil {
		t.Fatal(err)
	}
	read := lessonID(o, "Read this")
	player, err := learn.Open(german, "screens", &read)
	if err != nil || player.Lesson.Body != "Sperre." || player.Outline.Version.Title != "Bildschirme" {
		t.Errorf("%+v, %v", player.Lesson, err)
	}
	check := lessonID(o, "Check yourself")
	player, err = learn.Open(german, "screens", &check)
	if err != nil || player.Lesson.Title != "Check yourself" || player.Lesson.Questions[0].Prompt != "Was tust du?" || player.Lesson.Questions[0].Options[1].Text != quiz[0].Options[1].Text {
		t.Errorf("%+v, %v", player.Lesson, err)
	}
	if a, err := learn.Submit(german, player.Enrolment.ID, check, storetest.RightAnswers(quiz)); err != nil || !a.Passed {
		t.Errorf("the quiz counts otherwise in German: %+v, %v", a, err)
	}

	states, err := h.catalog.Languages(h.instructor, id)
	if err != nil || len(states.Languages) != 1 || states.Languages[0] != (catalog.LanguageState{Language: "de", Pieces: 4, Done: 2}) || states.Languages[0].Percent() != 50 {
		t.Errorf("%+v, %v", states.Languages, err)
	}
	if _, history, err := h.catalog.Versions(h.instructor, id, page.Request{}); err != nil || !slices.Equal(history.Items[0].Changes.Languages, []string{"de"}) || history.Items[1].Changes.Languages != nil {
		t.Errorf("%+v, %v", history.Items, err)
	}
	was, err := h.catalog.Lesson(h.instructor, id, read)
	if err != nil {
		t.Fatal(err)
	}
	next, err := h.catalog.SaveLesson(h.instructor, id, read, catalog.LessonSave{Revision: was.Lesson.Revision, Lesson: catalog.LessonInput{Kind: catalog.LessonText, Title: "Read this", Body: "Lock it. Always."}})
	if err != nil {
		t.Fatal(err)
	}
	_, pieces, err := h.catalog.Pieces(h.instructor, id, "de")
	if err != nil || !slices.Equal(pieces[2].Changed, []string{"body"}) || pieces[2].Text.Body != "Sperre." || !slices.Equal(pieces[3].Missing, []string{"title", "questions"}) {
		t.Errorf("%+v, %v", pieces, err)
	}
	_, err = h.catalog.UpdateCourse(h.instructor, id, next.Course.Revision, catalog.CourseInput{Title: "Screens", Slug: "screens", Language: "de"})
	wantFields(t, err, "language")
	must(t)(h.catalog.RemoveLanguage(h.instructor, id, next.Course.Revision, "de"))
	if seen, err = h.catalog.Published(german, "screens"); err != nil || seen.Version.Title != "Bildschirme" {
		t.Errorf("a published version changed: %+v, %v", seen.Version, err)
	}
}
