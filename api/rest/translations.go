package rest

import (
	"context"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// languageState is how far a course is in a language.
type languageState struct {
	Language string `json:"language" doc:"A BCP 47 language tag."`
	Pieces   int    `json:"pieces" doc:"What there is to translate."`
	Done     int    `json:"done"`
	Percent  int    `json:"percent"`
	Changed  int    `json:"changed" doc:"Pieces whose original changed since they were translated."`
}

// piece is a part of a course that is translated as a whole.
type piece struct {
	Part     uid.ID            `json:"part" doc:"The version's, the module's or the lesson's id."`
	Kind     catalog.PieceKind `json:"kind" enum:"course,module,lesson"`
	Original pieceText         `json:"original"`
	Text     pieceText         `json:"text" doc:"What is empty stands in the course's own language."`
	Missing  []string          `json:"missing" doc:"Of title, body, questions."`
	Changed  []string          `json:"changed" doc:"What the original says otherwise since it was translated."`
}

// pieceText is a piece in one language.
type pieceText struct {
	Title          string     `json:"title"`
	Body           string     `json:"body,omitempty"`
	FileID         *uid.ID    `json:"file_id,omitempty"`
	CaptionsFileID *uid.ID    `json:"captions_file_id,omitempty"`
	Questions      []question `json:"questions,omitempty"`
}

// translation is a piece as a translator writes it. Questions and options name the original's by id.
type translation struct {
	Title          string             `json:"title,omitempty"`
	Body           string             `json:"body,omitempty"`
	FileID         *uid.ID            `json:"file_id,omitempty" doc:"Of a document."`
	CaptionsFileID *uid.ID            `json:"captions_file_id,omitempty" doc:"Of a recording."`
	Questions      []questionWordings `json:"questions,omitempty"`
	Revision       *int               `json:"revision,omitempty" doc:"The revision this change was made on, unless If-Match names it."`
}

// questionWordings is a question in another language.
type questionWordings struct {
	ID          uid.ID          `json:"id"`
	Prompt      string          `json:"prompt,omitempty"`
	Explanation string          `json:"explanation,omitempty"`
	Options     []optionWording `json:"options,omitempty"`
}

// optionWording is an answer in another language.
type optionWording struct {
	ID   uid.ID `json:"id"`
	Text string `json:"text,omitempty"`
}

// newLanguage is a language to offer a course in.
type newLanguage struct {
	Language string `json:"language" doc:"A BCP 47 language tag."`
	Revision *int   `json:"revision,omitempty" doc:"The revision this change was made on, unless If-Match names it."`
}

type (
	newLanguageIn struct {
		AtRevision
		ID   uid.ID `path:"course" doc:"The course's id."`
		Body newLanguage
	}
	languageIn struct {
		ID       uid.ID `path:"course" doc:"The course's id."`
		Language string `path:"language" doc:"A BCP 47 language tag."`
	}
	removeLanguageIn struct {
		AtRevision
		ID       uid.ID `path:"course" doc:"The course's id."`
		Language string `path:"language" doc:"A BCP 47 language tag."`
	}
	translationIn struct {
		AtRevision
		ID       uid.ID `path:"course" doc:"The course's id."`
		Language string `path:"language" doc:"A BCP 47 language tag."`
		Part     uid.ID `path:"part" doc:"The version's, the module's or the lesson's id."`
		Body     translation
	}
)

func (t translation) input() catalog.TextInput {
	in := catalog.TextInput{Title: t.Title, Body: t.Body, FileID: t.FileID, CaptionsFileID: t.CaptionsFileID}
	for _, q := range t.Questions {
		to := catalog.Question{ID: q.ID, Prompt: q.Prompt, Explanation: q.Explanation}
		for _, o := range q.Options {
			to.Options = append(to.Options, catalog.Option{ID: o.ID, Text: o.Text})
		}
		in.Questions = append(in.Questions, to)
	}
	return in
}

func showPiece(p *catalog.PieceState) piece {
	out := piece{
		Part: p.Part, Kind: p.Kind, Missing: listed(p.Missing), Changed: listed(p.Changed),
		Original: pieceText{Title: p.Title, Body: p.Body, FileID: p.FileID, CaptionsFileID: p.Captions},
		Text:     pieceText{Title: p.Text.Title, Body: p.Text.Body, FileID: p.Text.FileID, CaptionsFileID: p.Text.CaptionsFileID},
	}
	for _, q := range p.Questions {
		out.Original.Questions = append(out.Original.Questions, showQuestion(q, revealed))
	}
	for _, q := range p.Text.Questions {
		out.Text.Questions = append(out.Text.Questions, showQuestion(q, hidden))
	}
	return out
}

func (a *api) translationOperations() {
	edit := route.For(policy.CourseEdit)
	on(a, operation{
		method: get, path: "/courses/{course}/languages", id: "list-course-languages", tag: tagAuthoring, need: edit,
		summary: "In which languages a course is offered beside its own, and how far each is", fails: faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *courseIDIn) (*pageOut[languageState], error) {
		t, err := a.Catalog.Languages(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return whole(ctx, t.Languages, func(l *catalog.LanguageState) languageState {
			return languageState{Language: l.Language, Pieces: l.Pieces, Done: l.Done, Percent: l.Percent(), Changed: l.Changed}
		}), nil
	})
	on(a, operation{
		method: post, path: "/courses/{course}/languages", id: "add-course-language", tag: tagAuthoring, need: edit, status: 200,
		summary: "Offer a course in another language", about: "It belongs to the draft. What is not translated stands in the course's own language.",
		fails: faults{catalog.ErrCourseNotFound, catalog.ErrRevision, catalog.ErrLanguageTaken},
	}, func(ctx context.Context, in *newLanguageIn) (*outlineOut, error) {
		return changed(ctx, in.AtRevision, in.Body.Revision, func(at int) (catalog.Outline, error) { return a.Catalog.AddLanguage(ctx, in.ID, at, in.Body.Language) })
	})
	on(a, operation{
		method: del, path: "/courses/{course}/languages/{language}", id: "remove-course-language", tag: tagAuthoring, need: edit, status: 200,
		summary: "Take a language with all that was translated out of the draft", fails: faults{catalog.ErrCourseNotFound, catalog.ErrRevision, catalog.ErrLanguageNotFound},
	}, func(ctx context.Context, in *removeLanguageIn) (*outlineOut, error) {
		return changed(ctx, in.AtRevision, nil, func(at int) (catalog.Outline, error) { return a.Catalog.RemoveLanguage(ctx, in.ID, at, in.Language) })
	})
	on(a, operation{
		method: get, path: "/courses/{course}/languages/{language}/texts", id: "list-course-texts", tag: tagAuthoring, need: edit,
		summary: "List what there is to translate, with what is", fails: faults{catalog.ErrCourseNotFound, catalog.ErrLanguageNotFound},
	}, func(ctx context.Context, in *languageIn) (*pageOut[piece], error) {
		_, list, err := a.Catalog.Pieces(ctx, in.ID, in.Language)
		if err != nil {
			return nil, err
		}
		return whole(ctx, list, showPiece), nil
	})
	on(a, operation{
		method: put, path: "/courses/{course}/languages/{language}/texts/{part}", id: "translate", tag: tagAuthoring, need: edit,
		summary: "Write a piece of the draft in another language", about: "What is left out stands in the course's own language.",
		fails: faults{catalog.ErrCourseNotFound, catalog.ErrRevision, catalog.ErrLanguageNotFound, catalog.ErrLessonNotFound},
	}, func(ctx context.Context, in *translationIn) (*outlineOut, error) {
		return changed(ctx, in.AtRevision, in.Body.Revision, func(at int) (catalog.Outline, error) {
			return a.Catalog.Translate(ctx, in.ID, at, in.Language, in.Part, in.Body.input())
		})
	})
}
