package themes_test

import (
	"fmt"

	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/themes"
)

// catalogueSpecimens are the catalogue's filters and order, and what authors do beside writing.
func catalogueSpecimens(w *world) []specimen {
	safety, it := id("category safety"), id("category it")
	categories := []catalog.Category{
		{ID: safety, Name: "Safety at work", Courses: 4}, {ID: id("category fire"), ParentID: &safety, Name: "Fire and smoke", Depth: 1, Courses: 1},
		{ID: it, Name: "Information security", Position: 1},
	}
	skills := []catalog.Skill{
		{ID: id("skill lift"), Name: "Lifting loads", Description: "Moves up to 25 kg without harm.", Courses: 2}, {ID: id("skill calm"), Name: "Staying calm"},
	}
	facets := catalog.Facets{
		All: 2, Categories: []catalog.Facet{{Value: safety.String(), Name: "Safety at work", Courses: 2}, {Value: id("category fire").String(), Name: "Fire and smoke", Depth: 1, Courses: 1}},
		Tags:      []catalog.Facet{{Value: "height", Name: "height", Courses: 2}, {Value: "first day", Name: "first day", Courses: 1}},
		Skills:    []catalog.Facet{{Value: skills[0].ID.String(), Name: "Lifting loads", Courses: 1}},
		Languages: []catalog.Facet{{Value: "en", Courses: 2}, {Value: "de", Courses: 1}},
	}
	card := w.card(0)
	card.Languages, card.Reading, card.Visibility, card.Mine = []string{"en", "de"}, "en", catalog.VisibleOnRequest, &catalog.CardPlace{Status: "active", Started: true, Percent: 40}
	o := w.outlines[0]
	draft := o
	draftID := id("draft")
	draft.Course.DraftID, draft.Course.Review, draft.Course.ReviewNote = &draftID, catalog.ReviewRequested, "Is the part about ladders clear?"
	stale := draft
	stale.Course.Review, stale.Course.ReviewedRevision = catalog.ReviewApproved, 1
	spoken := o
	spoken.Languages, spoken.Reading = []string{"en", "de"}, "de"
	spoken.Untranslated = map[uid.ID]bool{o.Lessons()[0].ID: true}
	spoken.Meta = catalog.Meta{Category: "Safety at work", Tags: []string{"height", "first day"}, Skills: skills}
	spoken.Course.Visibility = catalog.VisibleOnRequest
	changes := catalog.Changes{
		Languages: []string{"de"}, Details: true, Order: true, Removed: []catalog.Part{{ID: id("r"), Module: true, Title: "Old rules"}}, Changed: []catalog.Part{{ID: id("c"), Title: "Ladders"}},
	}
	for i := range 15 {
		changes.Added = append(changes.Added, catalog.Part{ID: id(fmt.Sprint("added", i)), Title: fmt.Sprint("Step ", i+1)})
	}
	before := id("version before")
	newest := catalog.Edition{Version: o.Version, Publisher: "Jonas Albrecht", Before: &before, Lessons: 8, People: 41, Changes: changes}
	newest.PublishedAt = &now
	first := catalog.Edition{Version: o.Version, Lessons: 7, People: 1}
	first.ID, first.Number, first.PublishedAt = before, 1, &now
	text, quiz := lesson(o, catalog.LessonText), lesson(o, catalog.LessonQuiz)
	states := []catalog.PieceState{
		{Piece: catalog.Piece{Part: o.Version.ID, Kind: catalog.PieceCourse, Title: o.Version.Title, Body: o.Version.Summary}, Text: catalog.Text{Title: "Sicher arbeiten"}, Missing: []string{"body"}},
		{Piece: catalog.Piece{Part: o.Modules[0].ID, Kind: catalog.PieceModule, Title: o.Modules[0].Title}, Text: catalog.Text{Title: "Grundlagen"}, Changed: []string{"title"}},
		{Piece: catalog.Piece{Part: quiz.ID, Kind: catalog.PieceLesson, Lesson: quiz.Kind, Title: quiz.Title, Questions: quiz.Questions}, Missing: []string{"title", "questions"}},
	}
	settings := themes.CourseSettingsPage{
		Outline: o, Form: themes.SettingsForm{Category: safety.String(), Tags: "height, first day", Visibility: "groups", Capacity: "12", Skills: []string{skills[0].ID.String()}, SelfEnrol: true},
		Categories: categories, Skills: skills, Tags: []catalog.Tag{{Tag: "height", Courses: 3}}, Groups: []catalog.GroupChoice{{ID: id("group"), Name: "Warehouse", Members: 34}}, CopyTitle: o.Version.Title,
	}
	wrong := settings
	wrong.Problem = refused(map[string]string{"groups": "Choose at least one group that sees the course.", "capacity": "Enter a whole number."})
	untitled := settings
	untitled.CopyTitle, untitled.CopyWrong = "", refused(map[string]string{"title": "Enter a title."})
	template := settings
	template.Form.Template, template.Groups, template.Skills = true, nil, nil
	template.Outline.Course.Template, template.Outline.Course.Status = true, catalog.StatusArchived
	large := themes.CourseEditPage{Outline: manyLessons(o), Form: themes.CourseForm{Title: o.Version.Title, Slug: o.Course.Slug, Language: "en"}}
	large.Open = []string{large.Outline.Modules[1].ID.String()}
	at := func(path string) themes.View { return w.portal(path, may()) }
	return []specimen{
		{"catalogue-narrowed", w.portal("/courses?tag=height", learnerMay()), themes.CataloguePage{Filter: catalog.CardFilter{Tag: "height", Category: &safety, Language: "de"}, Cards: listOf(card, w.card(1)), Facets: facets}},
		{"catalogue-narrowed-to-nothing", w.portal("/courses?tag=x", learnerMay()), themes.CataloguePage{Filter: catalog.CardFilter{Skill: &skills[0].ID}, Facets: facets}},
		{"course-in-german", w.portal("/courses/x", learnerMay()), themes.CoursePage{Outline: spoken, Summary: prose(o.Version.Summary)}},
		{"course-large", w.portal("/courses/x", learnerMay()), themes.CoursePage{Outline: large.Outline, Open: large.Open}},
		{"catalogue-settings", at("/settings/catalogue"), themes.CatalogueSettingsPage{Rules: catalog.Rules{ReviewRequired: true}, Categories: categories, Skills: listOf(skills...)}},
		{"catalogue-settings-new", at("/settings/catalogue"), themes.CatalogueSettingsPage{Category: "Safety", Problem: refused(map[string]string{"name": "Enter a name."})}},
		{"course-settings", at("/studio/x/settings"), settings},
		{"course-settings-wrong", at("/studio/x/settings"), wrong},
		{"course-settings-copy", at("/studio/x/settings"), untitled},
		{"course-settings-template", w.portal("/studio/x/settings", learnerMay()), template},
		{"review", at("/studio/x/review"), themes.ReviewPage{Review: catalog.Reviewing{Outline: draft, Changes: changes, AskedBy: "Jonas Albrecht", Required: true}, Problem: refused(map[string]string{"note": "Say what has to be changed."})}},
		{"review-own", at("/studio/x/review"), themes.ReviewPage{Review: catalog.Reviewing{Outline: draft, AskedBy: "Maya Chen", Own: true, Missing: catalog.ErrNothingToTeach}}},
		{"review-stale", at("/studio/x/review"), themes.ReviewPage{Review: catalog.Reviewing{Outline: stale, AskedBy: "Maya Chen", Reviewer: "Jonas Albrecht"}}},
		{"review-nothing", at("/studio/x/review"), themes.ReviewPage{Review: catalog.Reviewing{Outline: o}}},
		{"versions", at("/studio/x/versions"), themes.VersionsPage{Outline: o, Versions: page.Of[catalog.Edition]{Items: []catalog.Edition{newest, first}, Next: "more"}}},
		{"versions-draft", at("/studio/x/versions"), themes.VersionsPage{Outline: draft, Problem: catalog.ErrDraftExists}},
		{"version", at("/studio/x/versions/y"), themes.VersionPage{Outline: o}},
		{"version-lesson", at("/studio/x/versions/y"), themes.VersionPage{Outline: o, Lesson: &text, Body: prose(text.Body)}},
		{"version-quiz", at("/studio/x/versions/y"), themes.VersionPage{Outline: o, Lesson: &quiz}},
		{"languages", at("/studio/x/languages"), themes.LanguagesPage{Outline: o, Languages: []catalog.LanguageState{{Language: "de", Pieces: 14, Done: 9, Changed: 2}, {Language: "pt-BR", Pieces: 14, Done: 14}}, Problem: catalog.ErrLanguageTaken}},
		{"translation", at("/studio/x/languages/de"), themes.TranslationPage{Outline: o, Language: "de", Pieces: states}},
		{"piece-course", at("/studio/x/languages/de/y"), themes.PiecePage{Outline: o, Language: "de", Piece: states[0], Form: themes.PieceForm{Title: "Sicher arbeiten"}, Original: prose(o.Version.Summary), Next: &o.Modules[0].ID}},
		{"piece-quiz", at("/studio/x/languages/de/y"), themes.PiecePage{Outline: o, Language: "de", Piece: states[2], Previous: &o.Modules[0].ID, Problem: fault.Invalid(map[string]string{"title": "Use at most 120 characters."})}},
		{"piece-video", at("/studio/x/languages/de/y"), themes.PiecePage{Outline: o, Language: "de", Piece: catalog.PieceState{Piece: catalog.Piece{Part: text.ID, Kind: catalog.PieceLesson, Lesson: catalog.LessonVideo, Title: "Film"}, Changed: []string{"title"}}, Form: themes.PieceForm{CaptionsFileID: id("captions").String()}}},
		{"piece-pdf", at("/studio/x/languages/de/y"), themes.PiecePage{Outline: o, Language: "de", Piece: catalog.PieceState{Piece: catalog.Piece{Part: text.ID, Kind: catalog.PieceLesson, Lesson: catalog.LessonPDF, Title: "Handout"}}, Form: themes.PieceForm{FileID: id("pdf").String()}}},
		{"studio-templates", at("/studio"), themes.StudioPage{Review: catalog.ReviewRequested, Cards: listOf(w.card(0)), Templates: []catalog.Card{w.card(1)}, Form: themes.NewCourseForm{Template: w.card(1).ID.String()}}},
		{"course-edit-large", at("/studio/x?open=y"), large},
		{"publish-unread", at("/studio/x/publish"), themes.PublishPage{Outline: draft, Unread: true, Problem: catalog.ErrReviewNeeded}},
		{"player-spoken", w.portal("/learn/x/y", learnerMay()), themes.PlayerPage{Player: spokenPlayer(w, spoken)}},
	}
}

// manyLessons is a course of 120 lessons in four modules.
func manyLessons(o catalog.Outline) catalog.Outline {
	o.Modules = nil
	for i := range 4 {
		m := catalog.OutlineModule{Module: catalog.Module{VersionID: o.Version.ID, ID: id(fmt.Sprint("large ", i)), Position: i, Title: fmt.Sprint("Part ", i+1)}}
		for j := range 30 {
			m.Lessons = append(m.Lessons, catalog.Lesson{VersionID: o.Version.ID, ID: id(fmt.Sprint("large ", i, " ", j)), ModuleID: m.ID, Position: j, Kind: catalog.LessonText, Title: fmt.Sprint("Step ", j+1), Minutes: 3})
		}
		o.Modules = append(o.Modules, m)
	}
	return o
}

func spokenPlayer(w *world, o catalog.Outline) enrolment.Player {
	p := w.player(lesson(w.outlines[0], catalog.LessonText))
	p.Outline = o
	return p
}
