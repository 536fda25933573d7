package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/markdown"
	"lyceum/internal/uid"
)

// MaxLanguages is in how many languages beside its own a course may be offered.
const MaxLanguages = 30

// Piece is a part of the original that is translated as a whole.
type Piece struct {
	Part      uid.ID
	Kind      PieceKind
	Lesson    LessonKind // of a lesson
	Title     string
	Body      string
	FileID    *uid.ID
	Captions  *uid.ID
	Questions Questions
}

// PieceKind is what a piece is.
type PieceKind string

const (
	// PieceCourse is title and summary.
	PieceCourse PieceKind = "course"
	// PieceModule is a module's title.
	PieceModule PieceKind = "module"
	// PieceLesson is a lesson.
	PieceLesson PieceKind = "lesson"
)

// PieceState is how far a piece is in a language. Missing and Changed name texts: title, body, questions.
type PieceState struct {
	Piece
	Text    Text     // the zero value before it is translated
	Missing []string // that the original has and the translation has not
	Changed []string // that the original says otherwise since it was translated
}

// Done tells whether nothing is missing.
func (p PieceState) Done() bool { return len(p.Missing) == 0 }

// LanguageState is how far a version is in a language.
type LanguageState struct {
	Language string
	Pieces   int
	Done     int
	Changed  int // pieces whose original changed since
}

// Percent is how much is translated, rounded down.
func (l LanguageState) Percent() int {
	if l.Pieces == 0 {
		return 100
	}
	return 100 * l.Done / l.Pieces
}

// pieces are what is to be translated of an outline, in order.
func pieces(o Outline) []Piece {
	out := []Piece{{Part: o.Version.ID, Kind: PieceCourse, Title: o.Version.Title, Body: o.Version.Summary}}
	for _, m := range o.Modules {
		out = append(out, Piece{Part: m.ID, Kind: PieceModule, Title: m.Title})
		for _, l := range m.Lessons {
			out = append(out, Piece{Part: l.ID, Kind: PieceLesson, Lesson: l.Kind, Title: l.Title, Body: l.Body, FileID: l.FileID, Captions: l.CaptionsFileID, Questions: l.Questions})
		}
	}
	return out
}

// source digests the texts of a piece.
func (p Piece) source() Source {
	s := Source{"title": digest(p.Title)}
	if p.Body != "" {
		s["body"] = digest(p.Body)
	}
	if len(p.Questions) > 0 {
		raw, _ := json.Marshal(p.Questions) // texts and ids of ours always marshal
		s["questions"] = digest(string(raw))
	}
	return s
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// state tells how far a piece is.
func (p Piece) state(t Text) PieceState {
	out := PieceState{Piece: p, Text: t}
	if t.Title == "" {
		out.Missing = append(out.Missing, "title")
	}
	if t.Body == "" && p.Body != "" {
		out.Missing = append(out.Missing, "body")
	}
	if !p.Questions.translated(t.Questions) {
		out.Missing = append(out.Missing, "questions")
	}
	now := p.source()
	for _, field := range []string{"title", "body", "questions"} {
		if was, ok := t.Source[field]; ok && now[field] != was {
			out.Changed = append(out.Changed, field)
		}
	}
	return out
}

// translated tells whether every text of the questions has one in the other language.
func (q Questions) translated(other Questions) bool {
	said := map[uid.ID]bool{}
	for _, o := range other {
		said[o.ID] = o.Prompt != ""
		for _, p := range o.Options {
			said[p.ID] = p.Text != ""
		}
	}
	for _, o := range q {
		if !said[o.ID] {
			return false
		}
		for _, p := range o.Options {
			if !said[p.ID] {
				return false
			}
		}
	}
	return true
}

// Translations is a version with how far it is in each of its languages.
type Translations struct {
	Outline   Outline
	Languages []LanguageState
}

// Languages tells in which languages the course is offered, as its authors see it, and how far each is. It needs
// course:edit.
func (s *Service) Languages(ctx context.Context, course uid.ID) (out Translations, err error) {
	err = s.translating(ctx, course, func(o Outline, texts []Text) error {
		out.Outline = o
		for _, l := range offeredIn(o.Version.ID, texts) {
			state := LanguageState{Language: l}
			for _, p := range statesIn(o, texts, l) {
				state.Pieces++
				if p.Done() {
					state.Done++
				}
				if len(p.Changed) > 0 {
					state.Changed++
				}
			}
			out.Languages = append(out.Languages, state)
		}
		return nil
	})
	return out, err
}

// Pieces lists what there is to translate into a language, in the order of the course. It needs course:edit.
func (s *Service) Pieces(ctx context.Context, course uid.ID, lang string) (o Outline, out []PieceState, err error) {
	err = s.translating(ctx, course, func(read Outline, texts []Text) error {
		if !slices.Contains(offeredIn(read.Version.ID, texts), lang) {
			return ErrLanguageNotFound
		}
		o, out = read, statesIn(read, texts, lang)
		return nil
	})
	return o, out, err
}

func (s *Service) translating(ctx context.Context, course uid.ID, do func(Outline, []Text) error) error {
	if err := auth.Require(ctx, policy.CourseEdit); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.CourseByID(ctx, course)
		if err != nil {
			return err
		}
		o, err := s.outline(ctx, c, c.edited(), s.keep.LessonsOf)
		if err != nil {
			return err
		}
		texts, err := s.keep.TextsOf(ctx, o.Version.ID)
		if err != nil {
			return err
		}
		return do(o, texts)
	})
}

// offeredIn are the languages beside the version's own.
func offeredIn(version uid.ID, texts []Text) (list []string) {
	for _, t := range texts {
		if t.Part == version {
			list = append(list, t.Language)
		}
	}
	slices.Sort(list)
	return list
}

func statesIn(o Outline, texts []Text, lang string) (out []PieceState) {
	by := map[uid.ID]Text{}
	for _, t := range texts {
		if t.Language == lang {
			by[t.Part] = t
		}
	}
	for _, p := range pieces(o) {
		out = append(out, p.state(by[p.Part]))
	}
	return out
}

// AddLanguage offers the draft in another language, all of it untranslated yet. It needs course:edit.
func (s *Service) AddLanguage(ctx context.Context, course uid.ID, revision int, lang string) (Outline, error) {
	lang = line(lang)
	return s.change(ctx, course, revision, func(ctx context.Context, d Outline) error {
		f := fault.Fields{}
		if tag, err := language.Parse(lang); err != nil || len(lang) > 35 {
			f.Add("language", "Enter a language tag such as en, de or pt-BR.")
		} else {
			lang = tag.String()
		}
		if err := f.Err(); err != nil {
			return err
		}
		texts, err := s.keep.TextsOf(ctx, d.Version.ID)
		if err != nil {
			return err
		}
		have := offeredIn(d.Version.ID, texts)
		switch {
		case lang == d.Version.Language || slices.Contains(have, lang):
			return ErrLanguageTaken
		case len(have) >= MaxLanguages:
			return fault.Fields{"language": fmt.Sprintf("A course has at most %d languages beside its own.", MaxLanguages)}.Err()
		}
		if err = s.keep.PutText(ctx, Text{VersionID: d.Version.ID, Language: lang, Part: d.Version.ID}); err != nil {
			return err
		}
		return s.tell(ctx, "course.language_added", d.Course, map[string]any{"slug": d.Course.Slug, "title": d.Version.Title, "language": lang})
	})
}

// RemoveLanguage takes a language with all that was translated out of the draft. It needs course:edit.
func (s *Service) RemoveLanguage(ctx context.Context, course uid.ID, revision int, lang string) (Outline, error) {
	return s.change(ctx, course, revision, func(ctx context.Context, d Outline) error {
		n, err := s.keep.RemoveLanguage(ctx, d.Version.ID, lang)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrLanguageNotFound
		}
		return s.tell(ctx, "course.language_removed", d.Course, map[string]any{"slug": d.Course.Slug, "title": d.Version.Title, "language": lang})
	})
}

// TextInput is a piece in another language. What is left empty stands in the version's own. Questions and options name
// the original's by id.
type TextInput struct {
	Title, Body            string
	FileID, CaptionsFileID *uid.ID
	Questions              Questions
}

// Translate writes a piece of the draft in another language. It needs course:edit.
func (s *Service) Translate(ctx context.Context, course uid.ID, revision int, lang string, part uid.ID, in TextInput) (Outline, error) {
	return s.change(ctx, course, revision, func(ctx context.Context, d Outline) error {
		_, offered, err := s.keep.TextOf(ctx, d.Version.ID, lang, d.Version.ID)
		if err != nil {
			return err
		}
		if !offered {
			return ErrLanguageNotFound
		}
		original, err := s.piece(ctx, d, part)
		if err != nil {
			return err
		}
		t, err := s.text(ctx, original, in)
		if err != nil {
			return err
		}
		t.VersionID, t.Language, t.Part, t.Source = d.Version.ID, lang, part, original.source()
		return s.keep.PutText(ctx, t)
	})
}

// piece reads a part of a draft whose lessons are heads only.
func (s *Service) piece(ctx context.Context, d Outline, part uid.ID) (Piece, error) {
	for _, p := range pieces(d) {
		if p.Part != part {
			continue
		}
		if p.Kind == PieceLesson {
			l, _, err := s.keep.LessonToLearn(ctx, d.Version.ID, part)
			p.Body, p.Questions = l.Body, l.Questions
			return p, err
		}
		return p, nil
	}
	return Piece{}, ErrLessonNotFound
}

// text checks what was written against the original and drops what that has not.
func (s *Service) text(ctx context.Context, original Piece, in TextInput) (t Text, err error) {
	t.Title = line(in.Title)
	f := fault.Fields{}
	f.Check(length(t.Title) <= MaxTitle, "title", fmt.Sprintf("Use at most %d characters.", MaxTitle))
	limit := MaxSummary
	if original.Kind == PieceLesson {
		limit = MaxBody
	}
	if original.Kind != PieceModule {
		t.Body = strings.TrimSpace(printable(in.Body))
		f.Check(length(t.Body) <= limit, "body", fmt.Sprintf("Use at most %d characters.", limit))
	}
	var wishes []fileWish
	if in.FileID != nil && (original.Lesson == LessonPDF || original.Lesson == LessonFile) {
		t.FileID = in.FileID
		wishes = append(wishes, fileWish{"file_id", *in.FileID, "document"})
	}
	if in.CaptionsFileID != nil && (original.Lesson == LessonVideo || original.Lesson == LessonAudio) {
		t.CaptionsFileID = in.CaptionsFileID
		wishes = append(wishes, fileWish{"captions_file_id", *in.CaptionsFileID, "captions"})
	}
	if err := s.checkFiles(ctx, f, wishes); err != nil {
		return Text{}, err
	}
	t.Questions = original.Questions.worded(in.Questions, f)
	return t, f.Err()
}

// worded takes the texts of questions of another language for those of the original.
func (q Questions) worded(in Questions, f fault.Fields) (out Questions) {
	said := map[uid.ID]string{}
	explained := map[uid.ID]string{}
	for _, o := range in {
		said[o.ID], explained[o.ID] = strings.TrimSpace(printable(o.Prompt)), strings.TrimSpace(printable(o.Explanation))
		for _, p := range o.Options {
			said[p.ID] = line(p.Text)
		}
	}
	for i, o := range q {
		w := Question{ID: o.ID, Prompt: said[o.ID], Explanation: explained[o.ID]}
		at := fmt.Sprintf("questions.%d.", i)
		f.Check(length(w.Prompt) <= MaxPrompt, at+"prompt", fmt.Sprintf("Use at most %d characters.", MaxPrompt))
		f.Check(length(w.Explanation) <= MaxExplanation, at+"explanation", fmt.Sprintf("Use at most %d characters.", MaxExplanation))
		for j, p := range o.Options {
			f.Check(length(said[p.ID]) <= MaxOption, fmt.Sprintf("%soptions.%d.text", at, j), fmt.Sprintf("Use at most %d characters.", MaxOption))
			w.Options = append(w.Options, Option{ID: p.ID, Text: said[p.ID]})
		}
		out = append(out, w)
	}
	return out
}

// checkTranslations wants the pictures of translated texts to be here and to say what they show, as those of the
// original.
func (s *Service) checkTranslations(ctx context.Context, f fault.Fields, o Outline) error {
	texts, err := s.keep.TextsOf(ctx, o.Version.ID)
	if err != nil {
		return err
	}
	var pictures []uid.ID
	for _, t := range texts {
		for _, p := range markdown.Images(t.Body) {
			if id, ok := PictureFile(p.Dest); ok {
				pictures = append(pictures, id)
			}
		}
	}
	known, err := s.filesByID(ctx, pictures)
	if err != nil {
		return err
	}
	for _, t := range texts {
		if l, ok := o.Lesson(t.Part); ok {
			l = t.Lesson(l)
			l.Body = t.Body
			l.checkPictures(f, "lessons."+l.ID.String()+".", known)
		}
	}
	return nil
}
