package catalog

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/internal/uid"
)

// Text is a part of a version in another language than the version's own: the version itself (title and summary), a
// module (title) or a lesson. What is empty stands in the version's own language. It is a row of version_texts.
type Text struct {
	VersionID      uid.ID
	Language       string
	Part           uid.ID
	Title          string
	Body           string
	FileID         *uid.ID // of a document; a recording stays the same in each language, so that what was watched counts
	CaptionsFileID *uid.ID
	Questions      Questions
	Source         Source
}

// TableName is version_texts.
func (Text) TableName() string { return "version_texts" }

// Source is a digest of each text of the original that was translated, by field.
type Source map[string]string

// Value writes the JSON as a string.
func (s Source) Value() (driver.Value, error) {
	if s == nil {
		return "{}", nil
	}
	b, err := json.Marshal(map[string]string(s))
	return string(b), err
}

// Scan reads the JSON.
func (s *Source) Scan(src any) error {
	switch v := src.(type) {
	case string:
		return json.Unmarshal([]byte(v), (*map[string]string)(s))
	case []byte:
		return json.Unmarshal(v, (*map[string]string)(s))
	case nil:
		*s = nil
		return nil
	}
	return fmt.Errorf("source: cannot read %T", src)
}

// TextKeeper is what a version in many languages needs kept.
type TextKeeper interface {
	// TextsOf reads every text of a version in every language.
	TextsOf(ctx context.Context, version uid.ID) ([]Text, error)
	// TextHeads reads the texts of one language without the bodies of lessons and without questions.
	TextHeads(ctx context.Context, version uid.ID, language string) ([]Text, error)
	// TextOf reads one text; known is false when there is none.
	TextOf(ctx context.Context, version uid.ID, language string, part uid.ID) (t Text, known bool, err error)
	// PutText writes a text over what was there.
	PutText(ctx context.Context, t Text) error
	RemoveTexts(ctx context.Context, version uid.ID, parts []uid.ID) error
	// RemoveLanguage removes all texts of a language and says how many.
	RemoveLanguage(ctx context.Context, version uid.ID, language string) (int64, error)
	CloneTexts(ctx context.Context, from, to uid.ID) error
}

type languagesKey struct{}

// WithLanguages notes in which languages who asks reads best, the dearest first.
func WithLanguages(ctx context.Context, wishes ...string) context.Context {
	return context.WithValue(ctx, languagesKey{}, slices.DeleteFunc(slices.Clone(wishes), func(w string) bool { return w == "" }))
}

// LanguagesFrom gives them; without any it is the language of the person's account.
func LanguagesFrom(ctx context.Context) []string {
	if wishes, _ := ctx.Value(languagesKey{}).([]string); len(wishes) > 0 {
		return wishes
	}
	if who, ok := auth.PrincipalFrom(ctx); ok && who.Locale != "" {
		return []string{who.Locale}
	}
	return nil
}

// Choose picks the language to read in from those on offer, the original's first: each wish in turn, exactly or by its
// base ("de-AT" reads "de", "pt" reads "pt-BR"); the original's when none fits.
func Choose(offered, wishes []string) string {
	if len(offered) == 0 {
		return ""
	}
	for _, w := range wishes {
		for _, o := range offered {
			if strings.EqualFold(o, w) {
				return o
			}
		}
		for _, o := range offered {
			if strings.EqualFold(base(o), base(w)) {
				return o
			}
		}
	}
	return offered[0]
}

func base(tag string) string {
	b, _, _ := strings.Cut(tag, "-")
	return b
}

// Localise is the outline in another language, piece by piece: what a text leaves empty stays as the version says it.
func Localise(o Outline, texts []Text, language string) Outline {
	if language == "" || language == o.Version.Language {
		return o
	}
	by := make(map[uid.ID]Text, len(texts))
	for _, t := range texts {
		if t.Language == language {
			by[t.Part] = t
		}
	}
	o.Reading, o.Untranslated = language, map[uid.ID]bool{}
	if own := by[o.Version.ID]; own.Title != "" {
		o.Version.Title, o.Version.Summary = own.Title, either(own.Body, o.Version.Summary)
	} else {
		o.Untranslated[o.Version.ID] = true
	}
	modules := slices.Clone(o.Modules)
	for i, m := range modules {
		if t := by[m.ID]; t.Title != "" {
			modules[i].Title = t.Title
		} else {
			o.Untranslated[m.ID] = true
		}
		modules[i].Lessons = slices.Clone(m.Lessons)
		for j, l := range m.Lessons {
			t, known := by[l.ID]
			if !known || t.Title == "" {
				o.Untranslated[l.ID] = true
			}
			if known {
				modules[i].Lessons[j] = t.Lesson(l)
			}
		}
	}
	o.Modules = modules
	return o
}

// LanguageOf is the language that a part's title stands in.
func (o Outline) LanguageOf(part uid.ID) string {
	if o.Reading == "" || o.Untranslated[part] {
		return o.Version.Language
	}
	return o.Reading
}

// Shown is the language that the outline was read in.
func (o Outline) Shown() string {
	if o.Reading == "" {
		return o.Version.Language
	}
	return o.Reading
}

// Lesson is a lesson with what the text says over it.
func (t Text) Lesson(l Lesson) Lesson {
	l.Title, l.Body = either(t.Title, l.Title), either(t.Body, l.Body)
	if t.FileID != nil && (l.Kind == LessonPDF || l.Kind == LessonFile) {
		l.FileID = t.FileID
	}
	if t.CaptionsFileID != nil {
		l.CaptionsFileID = t.CaptionsFileID
	}
	l.Questions = l.Questions.in(t.Questions)
	return l
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// in gives the questions with what another language says of them, by their ids. What is correct is the original's.
func (q Questions) in(other Questions) Questions {
	if len(other) == 0 {
		return q
	}
	texts := map[uid.ID]string{}
	explained := map[uid.ID]string{}
	for _, o := range other {
		texts[o.ID], explained[o.ID] = o.Prompt, o.Explanation
		for _, p := range o.Options {
			texts[p.ID] = p.Text
		}
	}
	out := slices.Clone(q)
	for i := range out {
		out[i].Prompt, out[i].Explanation = either(texts[out[i].ID], out[i].Prompt), either(explained[out[i].ID], out[i].Explanation)
		out[i].Options = slices.Clone(out[i].Options)
		for j := range out[i].Options {
			out[i].Options[j].Text = either(texts[out[i].Options[j].ID], out[i].Options[j].Text)
		}
	}
	return out
}

// InTheirLanguage shows an outline that knows its Languages to who asks, in the language they read best: one query more
// when that is not the version's own.
func InTheirLanguage(ctx context.Context, keep TextKeeper, o Outline) (Outline, error) {
	language := Choose(o.Languages, LanguagesFrom(ctx))
	if language == "" || language == o.Version.Language {
		return o, nil
	}
	texts, err := keep.TextHeads(ctx, o.Version.ID, language)
	return Localise(o, texts, language), err
}

// LessonInTheirLanguage shows one whole lesson of such an outline in the language that the outline is shown in.
func LessonInTheirLanguage(ctx context.Context, keep TextKeeper, o Outline, l Lesson) (Lesson, error) {
	if o.Reading == "" {
		return l, nil
	}
	t, _, err := keep.TextOf(ctx, o.Version.ID, o.Reading, l.ID)
	return t.Lesson(l), err
}
