package web

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/themes"
)

// history fills the page of a course's versions.
func (s Studio) history(c *fiber.Ctx) (p themes.VersionsPage, err error) {
	if p.Outline, err = s.head(c); err != nil {
		return p, err
	}
	_, p.Versions, err = s.Catalog.Versions(c.UserContext(), p.Outline.Course.ID, after(c))
	return p, err
}

// Versions shows the history of a course.
func (s Studio) Versions(c *fiber.Ctx) error {
	p, err := s.history(c)
	if err != nil {
		return err
	}
	return s.show(c, p)
}

// Version shows one version to read, and one lesson of it where the address names one.
func (s Studio) Version(c *fiber.Ctx) error {
	ctx := c.UserContext()
	course, err := id(c, "course")
	if err != nil {
		return err
	}
	version, err := id(c, "version")
	if err != nil {
		return err
	}
	p := themes.VersionPage{}
	if p.Outline, err = s.Catalog.VersionHead(ctx, course, version); err != nil {
		return err
	}
	if lesson, ok := uid.Parse(query(c, "lesson")); ok {
		l, err := s.Catalog.VersionLesson(ctx, course, version, lesson)
		if err != nil {
			return err
		}
		p.Lesson, p.Body = &l, s.illustrated(ctx, l.Body, "lesson-")
	}
	return s.show(c, p)
}

// BeginFrom begins a draft from a version.
func (s Studio) BeginFrom(c *fiber.Ctx) error {
	version, err := id(c, "version")
	if err != nil {
		return err
	}
	return s.rewind(c, themes.FlashDraftBegun, func(ctx context.Context, course uid.ID, revision int) error {
		_, err := s.Catalog.BeginFrom(ctx, course, revision, version)
		return err
	})
}

// Discard drops the draft.
func (s Studio) Discard(c *fiber.Ctx) error {
	return s.rewind(c, themes.FlashDraftDiscarded, s.Catalog.DiscardDraft)
}

func (s Studio) rewind(c *fiber.Ctx, key themes.FlashKey, do func(context.Context, uid.ID, int) error) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	course, err := id(c, "course")
	if err != nil {
		return err
	}
	if err = do(c.UserContext(), course, f.revision()); err != nil {
		p, failed := s.history(c)
		if failed != nil {
			return failed
		}
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	if key == themes.FlashDraftBegun {
		return s.done(c, studio(course), key, "")
	}
	return s.done(c, studio(course)+"/versions", key, "")
}

func (s Studio) languages(c *fiber.Ctx) (p themes.LanguagesPage, err error) {
	course, err := id(c, "course")
	if err != nil {
		return p, err
	}
	t, err := s.Catalog.Languages(c.UserContext(), course)
	return themes.LanguagesPage{Outline: t.Outline, Languages: t.Languages}, err
}

// Languages shows in which languages a course is offered.
func (s Studio) Languages(c *fiber.Ctx) error {
	p, err := s.languages(c)
	if err != nil {
		return err
	}
	return s.show(c, p)
}

// AddLanguage offers the course in another language.
func (s Studio) AddLanguage(c *fiber.Ctx) error {
	return s.changeLanguages(c, themes.FlashLanguageAdded, func(ctx context.Context, course uid.ID, f form) error {
		_, err := s.Catalog.AddLanguage(ctx, course, f.revision(), f.get("language"))
		return err
	})
}

// RemoveLanguage takes a language away.
func (s Studio) RemoveLanguage(c *fiber.Ctx) error {
	return s.changeLanguages(c, themes.FlashLanguageRemoved, func(ctx context.Context, course uid.ID, f form) error {
		_, err := s.Catalog.RemoveLanguage(ctx, course, f.revision(), c.Params("language"))
		return err
	})
}

func (s Studio) changeLanguages(c *fiber.Ctx, key themes.FlashKey, do func(context.Context, uid.ID, form) error) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	course, err := id(c, "course")
	if err != nil {
		return err
	}
	if err = do(c.UserContext(), course, f); err != nil {
		p, failed := s.languages(c)
		if failed != nil {
			return failed
		}
		p.Language = f.get("language")
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return s.done(c, studio(course)+"/languages", key, "")
}

// Translation shows what there is to translate into a language.
func (s Studio) Translation(c *fiber.Ctx) error {
	course, err := id(c, "course")
	if err != nil {
		return err
	}
	p := themes.TranslationPage{Language: c.Params("language")}
	if p.Outline, p.Pieces, err = s.Catalog.Pieces(c.UserContext(), course, p.Language); err != nil {
		return err
	}
	return s.show(c, p)
}

// piece fills the page of a piece beside its original.
func (s Studio) piece(c *fiber.Ctx) (p themes.PiecePage, err error) {
	course, err := id(c, "course")
	if err != nil {
		return p, err
	}
	part, err := id(c, "part")
	if err != nil {
		return p, err
	}
	p.Language = c.Params("language")
	o, pieces, err := s.Catalog.Pieces(c.UserContext(), course, p.Language)
	if err != nil {
		return p, err
	}
	for i := range pieces {
		if pieces[i].Part != part {
			continue
		}
		p.Outline, p.Piece, p.Form, p.Original = o, pieces[i], pieceForm(pieces[i].Text), s.illustrated(c.UserContext(), pieces[i].Body, "original-")
		if i > 0 {
			p.Previous = &pieces[i-1].Part
		}
		if i+1 < len(pieces) {
			p.Next = &pieces[i+1].Part
		}
		return p, nil
	}
	return p, catalog.ErrLessonNotFound
}

func pieceForm(t catalog.Text) themes.PieceForm {
	f := themes.PieceForm{Title: t.Title, Body: t.Body, Texts: map[string]string{}}
	if t.FileID != nil {
		f.FileID = t.FileID.String()
	}
	if t.CaptionsFileID != nil {
		f.CaptionsFileID = t.CaptionsFileID.String()
	}
	for _, q := range t.Questions {
		f.Texts["q."+q.ID.String()], f.Texts["e."+q.ID.String()] = q.Prompt, q.Explanation
		for _, o := range q.Options {
			f.Texts["q."+o.ID.String()] = o.Text
		}
	}
	return f
}

// Piece shows a piece beside its original.
func (s Studio) Piece(c *fiber.Ctx) error {
	p, err := s.piece(c)
	if err != nil {
		return err
	}
	return s.show(c, p)
}

// SavePiece writes it in the other language.
func (s Studio) SavePiece(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := s.piece(c)
	if err != nil {
		return err
	}
	p.Form = pieceTyped(f, p.Piece.Questions)
	if err = s.savePiece(c.UserContext(), f, &p); err != nil {
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	at := studio(p.Outline.Course.ID) + "/languages/" + p.Language
	if f.get("do") == "next" && p.Next != nil {
		return s.done(c, at+"/"+p.Next.String(), themes.FlashSaved, "")
	}
	return s.done(c, at+"/"+p.Piece.Part.String(), themes.FlashSaved, "")
}

func pieceTyped(f form, questions catalog.Questions) themes.PieceForm {
	typed := themes.PieceForm{Title: f.get("title"), Body: f.get("body"), FileID: f.get("file_id"), CaptionsFileID: f.get("captions_file_id"), Texts: map[string]string{}}
	if f.get("remove_file") != "" {
		typed.FileID = ""
	}
	if f.get("remove_captions") != "" {
		typed.CaptionsFileID = ""
	}
	for _, q := range questions {
		for _, key := range []string{"q." + q.ID.String(), "e." + q.ID.String()} {
			typed.Texts[key] = f.get(key)
		}
		for _, o := range q.Options {
			typed.Texts["q."+o.ID.String()] = f.get("q." + o.ID.String())
		}
	}
	return typed
}

// savePiece keeps the files that the form brought along and then the rest.
func (s Studio) savePiece(ctx context.Context, f form, p *themes.PiecePage) error {
	for _, upload := range []struct {
		name string
		kind content.FileKind
		into *string
		want bool
	}{{"file", content.FileDocument, &p.Form.FileID, p.HasDocument()}, {"captions", content.FileCaptions, &p.Form.CaptionsFileID, p.HasRecording()}} {
		if !upload.want {
			continue
		}
		kept, err := keep(ctx, s.Content, f, upload.name, upload.kind)
		if err != nil {
			return err
		}
		if kept != nil {
			*upload.into = kept.ID.String()
		}
	}
	in := catalog.TextInput{Title: p.Form.Title, Body: p.Form.Body, FileID: optionalID(p.Form.FileID), CaptionsFileID: optionalID(p.Form.CaptionsFileID)}
	for _, q := range p.Piece.Questions {
		w := catalog.Question{ID: q.ID, Prompt: p.Text(q.ID), Explanation: p.Explanation(q.ID)}
		for _, o := range q.Options {
			w.Options = append(w.Options, catalog.Option{ID: o.ID, Text: p.Text(o.ID)})
		}
		in.Questions = append(in.Questions, w)
	}
	_, err := s.Catalog.Translate(ctx, p.Outline.Course.ID, f.revision(), p.Language, p.Piece.Part, in)
	return err
}
