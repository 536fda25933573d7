package rest

import (
	"context"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// CourseFields is what a course says of itself. It is exported because huma looks into embedded structs of exported
// types only.
type CourseFields struct {
	Title            string  `json:"title"`
	Slug             string  `json:"slug,omitempty" doc:"The course's address: a–z, 0–9 and hyphens. Left out on creation, it is made from the title."`
	Summary          string  `json:"summary,omitempty"`
	Language         string  `json:"language,omitempty" doc:"A BCP 47 language tag. Left out means en."`
	CoverFileID      *uid.ID `json:"cover_file_id,omitempty" doc:"An uploaded picture."`
	EstimatedMinutes int     `json:"estimated_minutes,omitempty" doc:"Left out, it is worked out from the lessons when the course is published."`
	SelfEnrol        bool    `json:"self_enrol,omitempty" doc:"Let people enrol themselves."`
}

// newCourse is a course to begin.
type newCourse struct{ CourseFields }

// courseChange is everything a course says of itself, made on a revision. What is left out becomes empty.
type courseChange struct {
	CourseFields
	Revision *int `json:"revision,omitempty" doc:"The revision this change was made on, unless If-Match names it."`
}

// revisionOnly names the revision an action is meant for.
type revisionOnly struct {
	Revision *int `json:"revision,omitempty" doc:"The revision this action is meant for, unless If-Match names it."`
}

type coursesIn struct {
	Paging
	Narrowing
	Authoring bool           `query:"authoring" doc:"Drafts and archived courses too, each as its authors see it. It needs course:edit."`
	Status    catalog.Status `query:"status" enum:"draft,published,archived" doc:"Only courses in this state. It counts with authoring."`
	Template  bool           `query:"template" doc:"Only templates. It counts with authoring."`
	Review    catalog.Review `query:"review" enum:"requested,approved,returned" doc:"Only drafts that stand so. It counts with authoring."`
}

type courseIn struct {
	Course string `path:"course" doc:"The course's address or its id." example:"fire-safety"`
}

type courseIDIn struct {
	ID uid.ID `path:"course" doc:"The course's id."`
}

type newCourseIn struct{ Body newCourse }

type courseChangeIn struct {
	AtRevision
	ID   uid.ID `path:"course" doc:"The course's id."`
	Body courseChange
}

type publishIn struct {
	AtRevision
	ID   uid.ID `path:"course" doc:"The course's id."`
	Body *revisionOnly
}

type outlineOut struct {
	ETag string `header:"ETag" doc:"The revision, as If-Match takes it."`
	Body outline
}

type createdOutlineOut struct {
	ETag     string `header:"ETag" doc:"The revision, as If-Match takes it."`
	Location string `header:"Location"`
	Body     outline
}

func (in CourseFields) input() catalog.CourseInput {
	return catalog.CourseInput{
		Title: in.Title, Slug: in.Slug, Summary: in.Summary, Language: in.Language,
		CoverFileID: in.CoverFileID, EstimatedMinutes: in.EstimatedMinutes, SelfEnrol: in.SelfEnrol,
	}
}

// authored answers a course as its authors see it. Who may change a course but not edit it (a key for publishing
// alone) sees it without what is correct.
func authored(ctx context.Context, o catalog.Outline, err error) (*outlineOut, error) {
	if err != nil {
		return nil, err
	}
	show := hidden
	if auth.Require(ctx, policy.CourseEdit) == nil {
		show = revealed
	}
	return &outlineOut{ETag: etag(o.Course.Revision), Body: showOutline(o, show)}, nil
}

// addressOf gives the address of a course named by address or id.
func (a *api) addressOf(ctx context.Context, course string) (slug string, err error) {
	id, ok := uid.Parse(course)
	if !ok {
		return course, nil
	}
	c, err := a.Catalog.ByID(ctx, id)
	return c.Slug, err
}

// published reads the version that people enrol in of a course named by address or id.
func (a *api) published(ctx context.Context, course string) (catalog.Outline, error) {
	if id, ok := uid.Parse(course); ok {
		return a.Catalog.PublishedByID(ctx, id)
	}
	return a.Catalog.Published(ctx, course)
}

func (a *api) courseOperations() {
	on(a, operation{
		method: get, path: "/courses", id: "list-courses", tag: tagCourses, need: route.For(policy.CourseRead),
		summary: "List courses by title",
		about:   "Only those that who asks may find, titles and summaries in the language they read best (Accept-Language, else their account's).",
	}, func(ctx context.Context, in *coursesIn) (*pageOut[course], error) {
		f := in.filter()
		f.Status, f.Authoring, f.Template, f.Review, f.Page = in.Status, in.Authoring, in.Template, in.Review, in.request()
		cards, err := a.Catalog.Cards(ctx, f)
		if err != nil {
			return nil, err
		}
		return paged(ctx, cards, showCard), nil
	})
	on(a, operation{
		method: post, path: "/courses", id: "create-course", tag: tagCourses, need: route.For(policy.CourseEdit), status: 201,
		summary: "Begin a course with an empty draft",
		fails:   faults{catalog.ErrSlugTaken},
	}, func(ctx context.Context, in *newCourseIn) (*createdOutlineOut, error) {
		created, err := a.Catalog.Create(ctx, in.Body.input())
		o, err := authored(ctx, created, err)
		if err != nil {
			return nil, err
		}
		return &createdOutlineOut{ETag: o.ETag, Location: base + "/courses/" + o.Body.ID.String() + "/draft", Body: o.Body}, nil
	})
	on(a, operation{
		method: get, path: "/courses/{course}", id: "get-course", tag: tagCourses, need: route.For(policy.CourseRead),
		summary: "Read a published course with its outline",
		about:   "In the language that who asks reads best (Accept-Language, else their account's). Lessons come without text and questions: those are read by who is enrolled, or as the draft by authors.",
		fails:   faults{catalog.ErrCourseNotFound, catalog.ErrNotPublished},
	}, func(ctx context.Context, in *courseIn) (*outlineOut, error) {
		o, err := a.published(ctx, in.Course)
		if err != nil {
			return nil, err
		}
		return &outlineOut{ETag: etag(o.Course.Revision), Body: showOutline(o, hidden)}, nil
	})
	a.draftOperations()
	a.publishingOperations()
}

func (a *api) draftOperations() {
	on(a, operation{
		method: get, path: "/courses/{course}/draft", id: "get-course-draft", tag: tagAuthoring, need: route.For(policy.CourseEdit),
		summary: "Read a course as its authors see it",
		about:   "The draft with everything in it, or the published version when nothing was changed since.",
		fails:   faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *courseIDIn) (*outlineOut, error) {
		o, err := a.Catalog.Edit(ctx, in.ID)
		return authored(ctx, o, err)
	})
	on(a, operation{
		method: put, path: "/courses/{course}", id: "update-course", tag: tagAuthoring, need: route.For(policy.CourseEdit),
		summary: "Change what a course says of itself",
		about:   "Address and self-enrolment hold at once; the rest belongs to the draft. What is left out becomes empty.",
		fails:   faults{catalog.ErrCourseNotFound, catalog.ErrRevision, catalog.ErrSlugTaken},
	}, func(ctx context.Context, in *courseChangeIn) (*outlineOut, error) {
		at, err := in.revision(in.Body.Revision)
		if err != nil {
			return nil, err
		}
		o, err := a.Catalog.UpdateCourse(ctx, in.ID, at, in.Body.input())
		return authored(ctx, o, err)
	})
}

func (a *api) publishingOperations() {
	on(a, operation{
		method: post, path: "/courses/{course}/publish", id: "publish-course", tag: tagAuthoring, need: route.For(policy.CoursePublish),
		summary: "Make the draft the version that people learn from",
		about:   "Who has started stays on their version. What is missing for publishing is told by field, as lessons.<lesson id>.<field>.",
		fails:   faults{catalog.ErrCourseNotFound, catalog.ErrRevision, catalog.ErrNothingNew, catalog.ErrNothingToTeach, catalog.ErrReviewNeeded},
	}, func(ctx context.Context, in *publishIn) (*outlineOut, error) {
		at, err := in.revision(in.Body.named())
		if err != nil {
			return nil, err
		}
		o, err := a.Catalog.Publish(ctx, in.ID, at)
		return authored(ctx, o, err)
	})
	on(a, operation{
		method: post, path: "/courses/{course}/archive", id: "archive-course", tag: tagAuthoring, need: route.For(policy.CoursePublish),
		summary: "Close a course for those who are not in it",
		about:   "Those in it go on. A course that is archived already stays as it is.",
		fails:   faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *courseIDIn) (*nothing, error) {
		return nil, a.Catalog.Archive(ctx, in.ID)
	})
	on(a, operation{
		method: post, path: "/courses/{course}/restore", id: "restore-course", tag: tagAuthoring, need: route.For(policy.CoursePublish),
		summary: "Open an archived course again",
		fails:   faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *courseIDIn) (*nothing, error) {
		return nil, a.Catalog.Restore(ctx, in.ID)
	})
}

// named gives the revision a body names, nil when there is no body.
func (r *revisionOnly) named() *int {
	if r == nil {
		return nil
	}
	return r.Revision
}
