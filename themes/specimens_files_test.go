package themes_test

import (
	"lyceum/internal/page"
	"lyceum/learning/content"
	"lyceum/themes"
)

const longName = "evacuation-drill-in-the-new-building-with-all-floors-and-the-car-park_final_version_2.mp4"

// uploadedFiles are the files of the files' page.
func (w *world) uploadedFiles() {
	for _, name := range []string{longName, "exit.png", "logo.svg", "answer.docx", "old-talk.mp3", "rules.pdf", "en.vtt"} {
		w.put(name, "text/plain", []byte(name))
	}
}

func filesSpecimens(w *world) []specimen {
	one := func(name string, kind content.FileKind, size int64, uses ...content.Use) content.Listed {
		return content.Listed{File: content.File{ID: *w.put(name, "text/plain", []byte(name)), Name: name, Kind: kind, Size: size, CreatedAt: now}, Uses: uses}
	}
	course := content.Use{Place: content.UsedInCourse, CourseID: id("course"), Title: "Workplace safety"}
	film := one(longName, content.FileVideo, 734<<20, course, content.Use{Place: content.UsedInCourse, CourseID: id("other"), Title: "Information security awareness"})
	film.Seconds, film.Note = 754, content.NoteLateIndex
	picture := one("exit.png", content.FilePicture, 240<<10, course)
	picture.Width, picture.Height = 1600, 900
	list := page.Of[content.Listed]{Next: "more", Items: []content.Listed{
		film, picture, one("logo.svg", content.FilePicture, 4<<10, content.Use{Place: content.UsedInBrand}), one("answer.docx", content.FileOffice, 80<<10, content.Use{Place: content.UsedInSubmission}),
		one("old-talk.mp3", content.FileAudio, 12<<20), one("rules.pdf", content.FileDocument, 2<<20, course), one("en.vtt", content.FileCaptions, 3<<10, course),
	}}
	full := content.Storage{Used: 19 << 30, Coming: 512 << 20, Files: 412, Limit: 20 << 30}
	return []specimen{
		{"files", w.portal("/files", may()), themes.FilesPage{Files: list, Storage: content.Storage{Used: 3 << 30, Files: 7, Limit: 20 << 30}}},
		{"files-full", w.portal("/files?kind=video&unused=1", may()), themes.FilesPage{Filter: content.Filter{Kind: content.FileVideo, Unused: true, Largest: true}, Files: page.Of[content.Listed]{Items: list.Items[4:5]}, Storage: full}},
		{"files-none", w.portal("/files?kind=audio", may()), themes.FilesPage{Filter: content.Filter{Kind: content.FileAudio}, Storage: content.Storage{Used: 1 << 20, Files: 1}}},
		{"files-empty", w.portal("/files", may()), themes.FilesPage{}},
	}
}
