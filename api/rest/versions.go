package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// edition is a published version of a course.
type edition struct {
	ID          uid.ID     `json:"id"`
	Number      int        `json:"number"`
	Title       string     `json:"title"`
	Language    string     `json:"language" doc:"A BCP 47 language tag."`
	PublishedAt *time.Time `json:"published_at"`
	PublishedBy *uid.ID    `json:"published_by,omitempty" doc:"A person. It is left out where it is not known."`
	Publisher   string     `json:"publisher" doc:"Their name, empty where it is not known."`
	Lessons     int        `json:"lessons"`
	People      int        `json:"people" doc:"Who are on this version."`
	Changes     changes    `json:"changes" doc:"Against the version before."`
}

// changes are what differs between two versions.
type changes struct {
	Added   []changedPart `json:"added"`
	Removed []changedPart `json:"removed"`
	Changed []changedPart `json:"changed"`
	Details bool          `json:"details" doc:"Title, summary, language, picture or time differ."`
	Order   bool          `json:"order" doc:"What both have stands in another order."`
	Tongues []string      `json:"languages" doc:"In which translations differ, came or went."`
}

// changedPart is a module or a lesson.
type changedPart struct {
	ID    uid.ID `json:"id"`
	Kind  string `json:"kind" enum:"module,lesson"`
	Title string `json:"title"`
}

// review is where a draft stands with whoever reads it over.
type review struct {
	State    string  `json:"state" enum:"none,requested,approved,returned"`
	Approved bool    `json:"approved" doc:"It was approved and not changed since."`
	Note     string  `json:"note"`
	AskedBy  *uid.ID `json:"asked_by,omitempty"`
	By       *uid.ID `json:"reviewed_by,omitempty"`
	Required bool    `json:"required" doc:"The portal publishes nothing unread."`
	Revision int     `json:"revision"`
	Changes  changes `json:"changes" doc:"Against what people learn from today."`
}

// reviewNote is what is asked or answered, at a revision.
type reviewNote struct {
	Note     string `json:"note,omitempty"`
	Revision *int   `json:"revision,omitempty" doc:"The revision that was read, unless If-Match names it."`
}

type (
	reviewOut struct {
		ETag string `header:"ETag" doc:"The revision, as If-Match takes it."`
		Body review
	}
	reviewNoteIn struct {
		AtRevision
		ID   uid.ID `path:"course" doc:"The course's id."`
		Body reviewNote
	}
	returnIn struct {
		ID   uid.ID `path:"course" doc:"The course's id."`
		Body struct {
			Note string `json:"note" doc:"What has to be changed."`
		}
	}
	versionsIn struct {
		After string `query:"after" doc:"Where the page before ended: the next of that answer. Leave it out for the first page."`
		Limit int    `query:"limit" minimum:"1" maximum:"10" default:"10" doc:"How many items at most."`
		ID    uid.ID `path:"course" doc:"The course's id."`
	}
	versionIn struct {
		ID      uid.ID `path:"course" doc:"The course's id."`
		Version uid.ID `path:"version" doc:"The version's id."`
	}
	beginFromIn struct {
		AtRevision
		ID      uid.ID `path:"course" doc:"The course's id."`
		Version uid.ID `path:"version" doc:"The version's id."`
		Body    *revisionOnly
	}
	discardIn struct {
		AtRevision
		ID uid.ID `path:"course" doc:"The course's id."`
	}
)

func showParts(list []catalog.Part) []changedPart {
	out := make([]changedPart, len(list))
	for i, p := range list {
		out[i] = changedPart{p.ID, "lesson", p.Title}
		if p.Module {
			out[i].Kind = "module"
		}
	}
	return out
}

func showDifference(c catalog.Changes) changes {
	return changes{Added: showParts(c.Added), Removed: showParts(c.Removed), Changed: showParts(c.Changed), Details: c.Details, Order: c.Order, Tongues: listed(c.Languages)}
}

func showEdition(e *catalog.Edition) edition {
	return edition{
		ID: e.ID, Number: e.Number, Title: e.Title, Language: e.Language, PublishedAt: utcOrNone(e.PublishedAt), PublishedBy: e.PublishedBy, Publisher: e.Publisher,
		Lessons: e.Lessons, People: e.People, Changes: showDifference(e.Changes),
	}
}

func (a *api) reviewOperations() {
	see := route.For(policy.CourseReview)
	on(a, operation{
		method: get, path: "/courses/{course}/review", id: "get-course-review", tag: tagAuthoring, need: see,
		summary: "Where a draft stands with whoever reads it over, and what changed in it", fails: faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *courseIDIn) (*reviewOut, error) {
		r, err := a.Catalog.ReviewOf(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		c := r.Outline.Course
		state := string(c.Review)
		if state == "" {
			state = "none"
		}
		return &reviewOut{ETag: etag(c.Revision), Body: review{
			State: state, Approved: c.Approved(), Note: c.ReviewNote, AskedBy: c.ReviewAskedBy, By: c.ReviewedBy, Required: r.Required, Revision: c.Revision, Changes: showDifference(r.Changes),
		}}, nil
	})
	on(a, operation{
		method: post, path: "/courses/{course}/review/request", id: "request-review", tag: tagAuthoring, need: route.For(policy.CourseEdit),
		summary: "Ask for someone else to read a draft over", about: "What could not be published is refused, as publish-course does.",
		fails: faults{catalog.ErrCourseNotFound, catalog.ErrNoDraft, catalog.ErrRevision, catalog.ErrNothingToTeach},
	}, func(ctx context.Context, in *reviewNoteIn) (*nothing, error) {
		at, err := in.revision(in.Body.Revision)
		if err != nil {
			return nil, err
		}
		return nil, a.Catalog.AskReview(ctx, in.ID, at, in.Body.Note)
	})
	on(a, operation{
		method: post, path: "/courses/{course}/review/approve", id: "approve-course", tag: tagAuthoring, need: see,
		summary: "Say that a draft may be published as it stands", about: "Who asked cannot approve. A later change of the draft asks anew.",
		fails: faults{catalog.ErrCourseNotFound, catalog.ErrNoDraft, catalog.ErrRevision, catalog.ErrReviewNotAsked, catalog.ErrReviewOwn},
	}, func(ctx context.Context, in *reviewNoteIn) (*nothing, error) {
		at, err := in.revision(in.Body.Revision)
		if err != nil {
			return nil, err
		}
		return nil, a.Catalog.Approve(ctx, in.ID, at, in.Body.Note)
	})
	on(a, operation{
		method: post, path: "/courses/{course}/review/return", id: "return-course", tag: tagAuthoring, need: see,
		summary: "Give a draft back with a note", fails: faults{catalog.ErrCourseNotFound, catalog.ErrNoDraft, catalog.ErrReviewNotAsked, catalog.ErrReviewOwn},
	}, func(ctx context.Context, in *returnIn) (*nothing, error) {
		return nil, a.Catalog.Return(ctx, in.ID, in.Body.Note)
	})
}

func (a *api) versionOperations() {
	edit := route.For(policy.CourseEdit)
	on(a, operation{
		method: get, path: "/courses/{course}/versions", id: "list-course-versions", tag: tagAuthoring, need: edit,
		summary: "List the published versions of a course, the newest first", about: "Each with what changed against the one before.", fails: faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *versionsIn) (*pageOut[edition], error) {
		p := Paging{After: in.After, Limit: in.Limit}
		_, list, err := a.Catalog.Versions(ctx, in.ID, p.request())
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, showEdition), nil
	})
	on(a, operation{
		method: get, path: "/courses/{course}/versions/{version}", id: "get-course-version", tag: tagAuthoring, need: route.For(policy.CourseReview),
		summary: "Read one version of a course whole", fails: faults{catalog.ErrCourseNotFound, catalog.ErrVersionNotFound},
	}, func(ctx context.Context, in *versionIn) (*outlineOut, error) {
		o, err := a.Catalog.VersionOutline(ctx, in.ID, in.Version)
		if err != nil {
			return nil, err
		}
		return &outlineOut{ETag: etag(o.Course.Revision), Body: showOutline(o, revealed)}, nil
	})
	on(a, operation{
		method: post, path: "/courses/{course}/versions/{version}/draft", id: "begin-draft-from-version", tag: tagAuthoring, need: edit,
		summary: "Begin a draft that says what a version said", fails: faults{catalog.ErrCourseNotFound, catalog.ErrVersionNotFound, catalog.ErrRevision, catalog.ErrDraftExists},
	}, func(ctx context.Context, in *beginFromIn) (*outlineOut, error) {
		at, err := in.revision(in.Body.named())
		if err != nil {
			return nil, err
		}
		o, err := a.Catalog.BeginFrom(ctx, in.ID, at, in.Version)
		return authored(ctx, o, err)
	})
	on(a, operation{
		method: del, path: "/courses/{course}/draft", id: "discard-draft", tag: tagAuthoring, need: edit,
		summary: "Drop the draft of a published course", fails: faults{catalog.ErrCourseNotFound, catalog.ErrRevision, catalog.ErrNoDraft, catalog.ErrNeverPublished},
	}, func(ctx context.Context, in *discardIn) (*nothing, error) {
		at, err := in.revision(nil)
		if err != nil {
			return nil, err
		}
		return nil, a.Catalog.DiscardDraft(ctx, in.ID, at)
	})
}
