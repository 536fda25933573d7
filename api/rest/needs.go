package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/path"
)

// prerequisite is something that a course asks for first.
type prerequisite struct {
	ID       uid.ID             `json:"id"`
	Kind     enrolment.NeedKind `json:"kind" enum:"course,certificate,skill" doc:"A course completed, a valid certificate of it, or any completed course that teaches the skill."`
	CourseID *uid.ID            `json:"course_id,omitempty"`
	SkillID  *uid.ID            `json:"skill_id,omitempty"`
	Name     string             `json:"name" doc:"The course's title or the skill's name."`
	Slug     string             `json:"slug,omitempty" doc:"The course's address."`
	Met      bool               `json:"met" doc:"Who asks has it, or may start without."`
}

type newPrerequisite struct {
	Kind     enrolment.NeedKind `json:"kind" enum:"course,certificate,skill"`
	CourseID *uid.ID            `json:"course_id,omitempty" doc:"For course and certificate."`
	SkillID  *uid.ID            `json:"skill_id,omitempty" doc:"For skill."`
}

// courseWay is what stands between who asks and a course.
type courseWay struct {
	CourseID uid.ID         `json:"course_id"`
	Missing  []prerequisite `json:"missing" doc:"Empty: the course can be started."`
	Steps    []wayStep      `json:"steps" doc:"The courses to complete, in this order. Empty although something is missing: no course leads there."`
	Minutes  int            `json:"minutes" doc:"What the steps take together."`
	Shortest bool           `json:"shortest" doc:"No other way takes fewer minutes. Where so many courses lead there that not every way was looked at, it is false."`
}

type wayStep struct {
	CourseID  uid.ID           `json:"course_id"`
	Slug      string           `json:"slug"`
	Title     string           `json:"title"`
	Minutes   int              `json:"minutes" doc:"What is left of it."`
	Percent   int              `json:"percent"`
	Enrolment enrolment.Status `json:"enrolment,omitempty" enum:"active"`
	Reason    path.Reason      `json:"reason,omitempty" enum:"request,asked,closed,full" doc:"Why one cannot begin it by oneself."`
}

type waiver struct {
	PersonID    uid.ID    `json:"person_id"`
	PersonName  string    `json:"person_name"`
	PersonEmail string    `json:"person_email"`
	WaivedBy    *uid.ID   `json:"waived_by,omitempty"`
	WaivedAt    time.Time `json:"waived_at"`
}

type newPrerequisiteIn struct {
	ID   uid.ID `path:"course" doc:"The course's id."`
	Body newPrerequisite
}

type prerequisiteIn struct {
	ID           uid.ID `path:"course" doc:"The course's id."`
	Prerequisite uid.ID `path:"prerequisite" doc:"The prerequisite's id."`
}

type waiverIn struct {
	ID     uid.ID `path:"course" doc:"The course's id."`
	Person uid.ID `path:"person" doc:"The person's id."`
}

type (
	prerequisitesOut struct {
		Body struct {
			Items []prerequisite `json:"items"`
		}
	}
	wayOut struct{ Body courseWay }
)

func (a *api) needOperations() {
	read, edit := route.For(policy.CourseRead), route.For(policy.CourseEdit)
	on(a, operation{
		method: get, path: "/courses/{course}/prerequisites", id: "list-prerequisites", tag: tagPaths, need: read,
		summary: "What a course asks for first, and whether one has it", fails: faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *courseIn) (*prerequisitesOut, error) {
		id, err := a.courseNamed(ctx, in.Course)
		if err != nil {
			return nil, err
		}
		list, err := a.Paths.Needs(ctx, id)
		if err != nil {
			return nil, err
		}
		return showNeeds(list), nil
	})
	on(a, operation{
		method: post, path: "/courses/{course}/prerequisites", id: "add-prerequisite", tag: tagPaths, need: edit, status: 200,
		summary: "Have a course ask for something first",
		about:   "It holds at once, for everyone who has not started the course; who has goes on. What would close a circle is refused by name.",
		fails:   faults{catalog.ErrCourseNotFound, path.ErrNeedTwice},
	}, func(ctx context.Context, in *newPrerequisiteIn) (*prerequisitesOut, error) {
		wish := path.NeedInput{Kind: in.Body.Kind}
		if in.Body.CourseID != nil {
			wish.Course = *in.Body.CourseID
		}
		if in.Body.SkillID != nil {
			wish.Skill = *in.Body.SkillID
		}
		if _, err := a.Paths.AddNeed(ctx, in.ID, wish); err != nil {
			return nil, err
		}
		list, err := a.Paths.Needs(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return showNeeds(list), nil
	})
	on(a, operation{
		method: del, path: "/courses/{course}/prerequisites/{prerequisite}", id: "remove-prerequisite", tag: tagPaths, need: edit,
		summary: "Have a course no longer ask for something", fails: faults{catalog.ErrCourseNotFound, path.ErrNeedNotFound},
	}, func(ctx context.Context, in *prerequisiteIn) (*nothing, error) {
		return nil, a.Paths.RemoveNeed(ctx, in.ID, in.Prerequisite)
	})
	on(a, operation{
		method: get, path: "/courses/{course}/way", id: "get-way", tag: tagPaths, need: read,
		summary: "What is missing for a course, and the shortest way there", fails: faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *courseIn) (*wayOut, error) {
		id, err := a.courseNamed(ctx, in.Course)
		if err == nil {
			_, err = a.Catalog.ByID(ctx, id)
		}
		if err != nil {
			return nil, err
		}
		w, err := a.Paths.Way(ctx, id)
		if err != nil {
			return nil, err
		}
		return &wayOut{showWay(w)}, nil
	})
	a.waiverOperations()
}

func (a *api) waiverOperations() {
	manage := route.For(policy.EnrolmentManage)
	on(a, operation{
		method: get, path: "/courses/{course}/waivers", id: "list-waivers", tag: tagPaths, need: manage,
		summary: "Who may start a course without what it asks for first", fails: faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *rosterIn) (*pageOut[waiver], error) {
		list, err := a.Paths.Waivers(ctx, in.ID, in.request())
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, func(w *path.Waived) waiver {
			return waiver{PersonID: w.PersonID, PersonName: w.PersonName, PersonEmail: w.PersonEmail, WaivedBy: w.WaivedBy, WaivedAt: utc(w.WaivedAt)}
		}), nil
	})
	on(a, operation{
		method: put, path: "/courses/{course}/waivers/{person}", id: "waive-prerequisites", tag: tagPaths, need: manage,
		summary: "Let a person start a course without what it asks for first", fails: faults{catalog.ErrCourseNotFound, auth.ErrPersonNotFound},
	}, func(ctx context.Context, in *waiverIn) (*nothing, error) {
		return nil, a.Paths.Waive(ctx, in.ID, in.Person)
	})
	on(a, operation{
		method: del, path: "/courses/{course}/waivers/{person}", id: "remove-waiver", tag: tagPaths, need: manage,
		summary: "Take that back; who has started goes on", fails: faults{catalog.ErrCourseNotFound, auth.ErrPersonNotFound},
	}, func(ctx context.Context, in *waiverIn) (*nothing, error) {
		return nil, a.Paths.Unwaive(ctx, in.ID, in.Person)
	})
}

func showNeed(n enrolment.Need) prerequisite {
	return prerequisite{ID: n.ID, Kind: n.Kind, CourseID: n.NeededCourse, SkillID: n.NeededSkill, Name: n.Name, Slug: n.Slug, Met: n.Met}
}

func showNeeds(list []enrolment.Need) *prerequisitesOut {
	out := &prerequisitesOut{}
	out.Body.Items = make([]prerequisite, len(list))
	for i, n := range list {
		out.Body.Items[i] = showNeed(n)
	}
	return out
}

func showWay(w path.Way) courseWay {
	out := courseWay{CourseID: w.CourseID, Minutes: w.Minutes, Shortest: w.Exact, Missing: make([]prerequisite, len(w.Missing)), Steps: make([]wayStep, len(w.Steps))}
	for i, n := range w.Missing {
		out.Missing[i] = showNeed(n)
	}
	for i, s := range w.Steps {
		out.Steps[i] = wayStep{CourseID: s.CourseID, Slug: s.Slug, Title: s.Title, Minutes: s.Minutes, Percent: s.Percent, Enrolment: s.Status, Reason: s.Reason}
	}
	return out
}
