package themes_test

import (
	"fmt"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/themes"
)

// of makes the player of a lesson of another kind out of one of the sample's.
func (w *world) of(kind catalog.LessonKind, change func(*catalog.Lesson)) enrolment.Player {
	l := lesson(w.outlines[0], catalog.LessonText)
	l.Kind, l.Title = kind, "Your escape route"
	change(&l)
	return w.player(l)
}

func lessonsSpecimens(w *world) []specimen {
	view := w.portal("/learn/x/y", learnerMay())
	sound := *w.put("old-talk.mp3", "text/plain", []byte("old-talk.mp3"))
	link := func(l *catalog.Lesson) {
		l.URL = "https://www.osha.gov/emergency-preparedness/getting-started/and/a/long/way/behind/it"
	}
	embed := func(l *catalog.Lesson) { l.URL = "https://player.vimeo.com/video/76979871" }
	audio := w.of(catalog.LessonAudio, func(l *catalog.Lesson) { l.NoSkip = true })
	audio.Seconds = 300
	timed := w.of(catalog.LessonText, func(l *catalog.Lesson) { l.Completion = catalog.Completion{Rule: catalog.RuleViewed, Seconds: 90} })
	timed.Progress = map[uid.ID]enrolment.Progress{timed.Lesson.ID: {Status: enrolment.ProgressStarted, Seen: enrolment.Intervals{{0, 30}}}}
	many := w.player(lesson(w.outlines[0], catalog.LessonText))
	many.Outline.Modules = append([]catalog.OutlineModule{}, many.Outline.Modules...)
	for m := range 20 {
		module := catalog.OutlineModule{Module: catalog.Module{ID: id(fmt.Sprint("m", m)), Title: fmt.Sprintf("Chapter %d of the long handbook", m+3)}}
		for l := range 24 {
			module.Lessons = append(module.Lessons, catalog.Lesson{ID: id(fmt.Sprint("l", m, ".", l)), Kind: catalog.LessonKinds()[l%9], Title: fmt.Sprintf("Lesson %d of it", l+1), Minutes: l})
		}
		many.Outline.Modules = append(many.Outline.Modules, module)
	}
	return append(append(lessonKindSpecimens(w), assignmentSpecimens(w)...), []specimen{
		{"player-audio", view, themes.PlayerPage{Player: audio, File: &content.File{ID: sound, Name: "old-talk.mp3", Kind: content.FileAudio, MediaType: "audio/mpeg", Size: 5 << 20, Seconds: 300}}},
		{"player-file", view, themes.PlayerPage{Player: w.of(catalog.LessonFile, func(*catalog.Lesson) {}), Body: prose("Read it."), File: &content.File{ID: *w.put(longName, "text/plain", []byte(longName)), Name: longName, Kind: content.FileOffice, Size: 80 << 10}}},
		{"player-file-missing", view, themes.PlayerPage{Player: w.of(catalog.LessonFile, func(*catalog.Lesson) {})}},
		{"player-embed", view, themes.PlayerPage{Player: w.of(catalog.LessonEmbed, embed), Embed: true}},
		{"player-embed-not-allowed", view, themes.PlayerPage{Player: w.of(catalog.LessonEmbed, embed)}},
		{"player-link", view, themes.PlayerPage{Player: w.of(catalog.LessonLink, link)}},
		{"player-timed", view, themes.PlayerPage{Player: timed, Body: prose("Read it."), Problem: enrolment.ErrTooSoon}},
		{"player-many", view, themes.PlayerPage{Player: many, Body: prose("Read it.")}},
		{"embeds", w.portal("/settings/embeds", may()), themes.EmbedsPage{Hosts: "player.vimeo.com\nwww.youtube-nocookie.com"}},
		{"embeds-wrong", w.portal("/settings/embeds", may()), themes.EmbedsPage{Hosts: "a b", Problem: refused(map[string]string{"hosts": `"a b" is no host name. Write one a line, such as player.vimeo.com.`})}},
	}...)
}

// lessonKindSpecimens are the editors of the kinds.
func lessonKindSpecimens(w *world) (all []specimen) {
	o := w.outlines[0]
	for _, k := range []catalog.LessonKind{catalog.LessonAudio, catalog.LessonFile, catalog.LessonEmbed, catalog.LessonLink, catalog.LessonSubmission} {
		l := lesson(o, catalog.LessonText)
		l.Kind, l.FileID = k, nil
		all = append(all, specimen{"lesson-" + string(k), w.portal("/studio/x", may()), themes.LessonEditPage{
			Outline: o, Lesson: l, Form: themes.NewLessonForm(l),
			Problem: refused(map[string]string{"url": "Enter an address that begins with https:// or http://.", "completion.rule": "Choose what completes a lesson of this kind.", "no_skip": "Nobody can tell how long this recording lasts, so it cannot be kept from being skipped. Upload it as MP4, or allow skipping."}),
		}})
	}
	return all
}
