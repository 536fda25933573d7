package web

import (
	"context"
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/themes"
)

// lesson reads the lesson of the path with its course.
func (s Studio) lesson(c *fiber.Ctx) (themes.LessonEditPage, error) {
	course, lesson, err := within(c)
	if err != nil {
		return themes.LessonEditPage{}, err
	}
	w, err := s.Catalog.Lesson(c.UserContext(), course, lesson)
	if err != nil {
		return themes.LessonEditPage{}, err
	}
	return editing(w), nil
}

// editing is the editor of a lesson as it is kept.
func editing(w catalog.Written) themes.LessonEditPage {
	return themes.LessonEditPage{
		Outline: catalog.Outline{Course: w.Course, Version: w.Version}, Lesson: w.Lesson, Revision: w.Lesson.Revision, Form: themes.NewLessonForm(w.Lesson),
	}
}

// filled adds what the form refers to: its files, and its text as learners will see it.
func (s Studio) filled(ctx context.Context, p themes.LessonEditPage) (themes.LessonEditPage, error) {
	p.Preview = prose(p.Form.Body, "preview-")
	var err error
	if p.File, err = fileOf(ctx, s.Content, optionalID(p.Form.FileID)); err != nil {
		return p, err
	}
	p.Captions, err = fileOf(ctx, s.Content, optionalID(p.Form.CaptionsFileID))
	return p, err
}

// EditLesson shows the lesson's editor.
func (s Studio) EditLesson(c *fiber.Ctx) error {
	p, err := s.lesson(c)
	if err != nil {
		return err
	}
	if p, err = s.filled(c.UserContext(), p); err != nil {
		return err
	}
	return s.show(c, p)
}

// SaveLesson does what the pressed button says: every button but save shows the editor again with the form changed and
// nothing of it kept.
func (s Studio) SaveLesson(c *fiber.Ctx) error {
	ctx := c.UserContext()
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := s.lesson(c)
	if err != nil {
		return err
	}
	p.Form, p.Revision = themes.ReadLessonForm(f.get), f.revision()
	if err := s.readMine(ctx, f, &p); err != nil {
		return err
	}
	saved, refused := s.apply(ctx, f, &p)
	if saved {
		return s.done(c, studio(p.Outline.Course.ID)+"/lessons/"+p.Lesson.ID.String(), themes.FlashSaved, "")
	}
	if errors.Is(refused, catalog.ErrLessonChanged) {
		if refused = s.clash(ctx, f, &p, refused); refused == nil {
			return s.showWith(c, fiber.StatusConflict, p)
		}
	}
	if p, err = s.filled(ctx, p); err != nil {
		return err
	}
	if refused == nil {
		return s.show(c, p)
	}
	return s.refused(c, refused, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
}

// apply does what the pressed button says; saved tells that it was save and went well.
func (s Studio) apply(ctx context.Context, f form, p *themes.LessonEditPage) (saved bool, refused error) {
	if err := s.keepFiles(ctx, f, p); err != nil {
		return false, err
	}
	if do := f.get("do"); do != "" && do != "save" {
		return false, s.press(ctx, f, do, p)
	}
	p.Form = p.Form.Tidy()
	err := s.update(ctx, f, *p)
	return err == nil, err
}

// keepFiles keeps the files that the form brought along, so that they stay when the rest is refused.
func (s Studio) keepFiles(ctx context.Context, f form, p *themes.LessonEditPage) error {
	file, err := keep(ctx, s.Content, f, "file", filesOf(p.Lesson.Kind)...)
	if err != nil {
		return err
	}
	if file != nil {
		p.Form.FileID = file.ID.String()
	}
	captions, err := keep(ctx, s.Content, f, "captions", content.FileCaptions)
	if captions != nil {
		p.Form.CaptionsFileID = captions.ID.String()
	}
	return err
}

// filesOf are the files that a lesson of a kind may be made of.
func filesOf(k catalog.LessonKind) []content.FileKind {
	switch k {
	case catalog.LessonVideo:
		return []content.FileKind{content.FileVideo}
	case catalog.LessonAudio:
		return []content.FileKind{content.FileAudio}
	case catalog.LessonFile:
		return []content.FileKind{content.FileOffice, content.FileDocument, content.FileVideo, content.FileAudio}
	}
	return []content.FileKind{content.FileDocument}
}

// press does what a button of the editor other than save says.
func (s Studio) press(ctx context.Context, f form, do string, p *themes.LessonEditPage) error {
	switch do {
	case "add_picture":
	case "take_mine", "take_theirs", "take_merged":
		take(do, p)
		return nil
	default:
		p.Form = p.Form.Apply(do)
		return nil
	}
	wrong := fault.Fields{}
	wrong.Check(strings.TrimSpace(p.Form.PictureAlt) != "", "picture_alt", "Say what the picture shows, for those who cannot see it.")
	_, _, chosen, err := f.file("picture")
	if err != nil {
		return err
	}
	wrong.Check(chosen, "picture", wanted[content.FilePicture])
	if err := wrong.Err(); err != nil {
		return err
	}
	picture, err := keep(ctx, s.Content, f, "picture", content.FilePicture)
	if err != nil {
		return err
	}
	p.Form = p.Form.AddPicture(picture.ID)
	return nil
}

// update keeps the lesson.
func (s Studio) update(ctx context.Context, f form, p themes.LessonEditPage) error {
	in, err := lessonInput(f, p)
	if err != nil {
		return err
	}
	_, err = s.Catalog.SaveLesson(ctx, p.Outline.Course.ID, p.Lesson.ID, catalog.LessonSave{Revision: p.Revision, Lesson: in})
	return err
}

// lessonInput is what the form says of the lesson.
func lessonInput(f form, p themes.LessonEditPage) (catalog.LessonInput, error) {
	wrong := fault.Fields{}
	in := catalog.LessonInput{
		Kind: p.Lesson.Kind, Title: p.Form.Title, Minutes: f.number(wrong, "minutes"), Body: p.Form.Body, PassPercent: f.number(wrong, "pass_percent"),
		FileID: optionalID(p.Form.FileID), CaptionsFileID: optionalID(p.Form.CaptionsFileID), Questions: p.Form.Quiz(),
		URL: p.Form.URL, Completion: p.Form.Completion(wrong), NoSkip: p.Form.NoSkip,
	}
	return in, wrong.Err()
}

// PreviewLesson gives the text of a form as learners would see it, a piece of HTML for the editor's script.
func (s Studio) PreviewLesson(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	return c.SendString(string(prose(f.get("body"), "preview-")))
}
