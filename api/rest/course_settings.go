package rest

import (
	"context"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// CourseSettings are what holds of a course whatever its version says. It is exported because huma looks into embedded
// structs of exported types only.
type CourseSettings struct {
	CategoryID  *uid.ID            `json:"category_id,omitempty"`
	Tags        []string           `json:"tags,omitempty"`
	Skills      []uid.ID           `json:"skills,omitempty" doc:"What the course teaches."`
	Visibility  catalog.Visibility `json:"visibility,omitempty" enum:"everyone,groups,request" doc:"Who finds it: everyone, the members of its groups, or everyone while a place must be asked for. Left out means everyone."`
	Groups      []uid.ID           `json:"groups,omitempty" doc:"That see it, when visibility is groups."`
	SelfEnrol   bool               `json:"self_enrol,omitempty" doc:"Let people enrol themselves."`
	Capacity    int                `json:"capacity,omitempty" doc:"How many may be in it at once. Left out means any number."`
	WaitingList bool               `json:"waiting_list,omitempty" doc:"Who finds it full may wait."`
	Template    bool               `json:"template,omitempty" doc:"Courses are begun from it; nobody learns in it. Changing this needs catalogue:manage."`
}

// courseSettingsChange is all of them, made on a revision. What is left out becomes empty.
type courseSettingsChange struct {
	CourseSettings
	Revision *int `json:"revision,omitempty" doc:"The revision this change was made on, unless If-Match names it."`
}

// copyOf is what a copy is called.
type copyOf struct {
	Title string `json:"title"`
	Slug  string `json:"slug,omitempty" doc:"Left out, it is made from the title."`
}

type (
	courseSettingsOut struct {
		ETag string `header:"ETag" doc:"The revision, as If-Match takes it."`
		Body struct {
			CourseSettings
			Revision int `json:"revision"`
		}
	}
	courseSettingsIn struct {
		AtRevision
		ID   uid.ID `path:"course" doc:"The course's id."`
		Body courseSettingsChange
	}
	copyIn struct {
		ID   uid.ID `path:"course" doc:"The course's id."`
		Body copyOf
	}
)

func (s CourseSettings) settings() catalog.Settings {
	return catalog.Settings{
		CategoryID: s.CategoryID, Tags: s.Tags, Skills: s.Skills, Visibility: s.Visibility, Groups: s.Groups, SelfEnrol: s.SelfEnrol,
		Capacity: s.Capacity, WaitingList: s.WaitingList, Template: s.Template,
	}
}

// shownSettings answers a course's settings as they are kept.
func (a *api) shownSettings(ctx context.Context, id uid.ID) (*courseSettingsOut, error) {
	c, s, err := a.Catalog.Settings(ctx, id)
	if err != nil {
		return nil, err
	}
	out := &courseSettingsOut{ETag: etag(c.Revision)}
	out.Body.Revision = c.Revision
	out.Body.CourseSettings = CourseSettings{
		CategoryID: s.CategoryID, Tags: s.Tags, Skills: s.Skills, Visibility: s.Visibility, Groups: s.Groups, SelfEnrol: s.SelfEnrol,
		Capacity: s.Capacity, WaitingList: s.WaitingList, Template: s.Template,
	}
	return out, nil
}

func (a *api) courseSettingsOperations() {
	edit := route.For(policy.CourseEdit)
	on(a, operation{
		method: get, path: "/courses/{course}/settings", id: "get-course-settings", tag: tagAuthoring, need: edit,
		summary: "Read where a course stands and who may come in", fails: faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *courseIDIn) (*courseSettingsOut, error) {
		return a.shownSettings(ctx, in.ID)
	})
	on(a, operation{
		method: put, path: "/courses/{course}/settings", id: "set-course-settings", tag: tagAuthoring, need: edit,
		summary: "Change where a course stands and who may come in", about: "It holds at once, for every version. What is left out becomes empty.",
		fails: faults{catalog.ErrCourseNotFound, catalog.ErrRevision, catalog.ErrSkillNotFound, catalog.ErrNoSuchGroup},
	}, func(ctx context.Context, in *courseSettingsIn) (*courseSettingsOut, error) {
		at, err := in.revision(in.Body.Revision)
		if err != nil {
			return nil, err
		}
		if _, err = a.Catalog.SetSettings(ctx, in.ID, at, in.Body.settings()); err != nil {
			return nil, err
		}
		return a.shownSettings(ctx, in.ID)
	})
	on(a, operation{
		method: post, path: "/courses/{course}/copies", id: "duplicate-course", tag: tagAuthoring, need: edit, status: 201,
		summary: "Begin a course as a copy of another, or from a template", about: "The copy is a draft with everything that the authors see of the other, and nobody in it.",
		fails: faults{catalog.ErrCourseNotFound, catalog.ErrSlugTaken},
	}, func(ctx context.Context, in *copyIn) (*createdOutlineOut, error) {
		copied, err := a.Catalog.Duplicate(ctx, in.ID, catalog.CopyInput(in.Body))
		o, err := authored(ctx, copied, err)
		if err != nil {
			return nil, err
		}
		return &createdOutlineOut{ETag: o.ETag, Location: base + "/courses/" + o.Body.ID.String() + "/draft", Body: o.Body}, nil
	})
}
