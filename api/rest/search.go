package rest

import (
	"context"

	"lyceum/api/route"
	"lyceum/internal/uid"
	"lyceum/learning/search"
)

// searchHit is one thing that was found.
type searchHit struct {
	Kind        search.Kind   `json:"kind" enum:"course,lesson,caption,person,group"`
	ID          uid.ID        `json:"id" doc:"Of the course, lesson, person or group; of a caption the lesson's."`
	CourseID    *uid.ID       `json:"course_id,omitempty"`
	CourseSlug  string        `json:"course_slug,omitempty"`
	CourseTitle string        `json:"course_title,omitempty"`
	Language    string        `json:"language,omitempty" doc:"The language in which it was found."`
	Draft       bool          `json:"draft" doc:"It stands in what is not published."`
	Enrolled    bool          `json:"enrolled" doc:"Who asks is in the course."`
	Seconds     *int          `json:"seconds,omitempty" doc:"Of a caption: where in the film."`
	Path        string        `json:"path" doc:"Where it stands in the portal."`
	Title       []searchPiece `json:"title"`
	Excerpt     []searchPiece `json:"excerpt" doc:"Where the words stand in the text; empty where only the title was found."`
}

// searchPiece is a part of a text.
type searchPiece struct {
	Text string `json:"text" doc:"Plain text: escape it where you show it."`
	Hit  bool   `json:"hit" doc:"It was asked for."`
}

// searchAnswer is what was found, the best first.
type searchAnswer struct {
	Items   []searchHit `json:"items"`
	Guessed bool        `json:"guessed" doc:"Nothing is written as it was typed; these are what is nearest."`
}

type searchIn struct {
	Query  string        `query:"q" required:"true" maxLength:"1000" doc:"What to look for: every word must be found, as words begin. What is mistyped is found where little else is."`
	Kinds  []search.Kind `query:"kind" enum:"course,lesson,caption,person,group" doc:"Only these kinds, separated by commas. Left out: all that you may find."`
	Locale string        `query:"locale" doc:"A language whose texts come first." example:"de"`
	Limit  int           `query:"limit" minimum:"1" maximum:"50" default:"8" doc:"How many results at most."`
}

type searchOut struct{ Body searchAnswer }

func (a *api) searchOperations() {
	on(a, operation{
		method: get, path: "/search", id: "search", tag: tagSearch, need: route.SignedIn, summary: "Find courses, lessons, captions, people and groups",
		about: "It needs course:read or person:read. Courses are those one may see, texts and captions those of courses one is in, drafts need course:edit, people and groups person:read.",
	}, func(ctx context.Context, in *searchIn) (*searchOut, error) {
		found, err := a.Search.Search(ctx, search.Question{Text: in.Query, Kinds: in.Kinds, Locale: in.Locale, Limit: in.Limit})
		if err != nil {
			return nil, err
		}
		out := &searchOut{searchAnswer{Items: make([]searchHit, len(found.Items)), Guessed: found.Guessed}}
		for i := range found.Items {
			out.Body.Items[i] = showHit(&found.Items[i])
		}
		return out, nil
	})
}

func showHit(r *search.Result) searchHit {
	out := searchHit{
		Kind: r.Kind, ID: r.ID, CourseID: r.CourseID, CourseSlug: r.CourseSlug, CourseTitle: r.CourseTitle, Language: r.Language, Draft: r.Draft,
		Enrolled: r.Inside, Path: r.Path(), Title: showPieces(r.Title), Excerpt: showPieces(r.Excerpt),
	}
	if r.Kind == search.KindCaption {
		out.Seconds = &r.Seconds
	}
	return out
}

func showPieces(list []search.Piece) []searchPiece {
	out := make([]searchPiece, len(list))
	for i, p := range list {
		out[i] = searchPiece{p.Text, p.Hit}
	}
	return out
}
