package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/desk"
	"lyceum/learning/enrolment"
)

type deskLesson struct {
	ID     uid.ID             `json:"id"`
	Title  string             `json:"title"`
	Module string             `json:"module"`
	Kind   catalog.LessonKind `json:"kind"`
	Begun  int                `json:"begun" doc:"People of the course who opened it."`
	Done   int                `json:"done" doc:"People who completed it."`
	Here   int                `json:"stuck_here" doc:"People who were last seen in it, and not for 14 days."`
}

type deskShown struct {
	Active    int          `json:"active"`
	Completed int          `json:"completed"`
	Behind    int          `json:"behind" doc:"Active people who are quiet, unbegun or overdue."`
	Quiet     int          `json:"quiet" doc:"Begun, and not seen for 14 days."`
	Unbegun   int          `json:"unbegun" doc:"Enrolled 7 days ago, and never begun."`
	Overdue   int          `json:"overdue"`
	Waiting   int          `json:"waiting" doc:"Pieces of work that wait to be marked."`
	Lessons   []deskLesson `json:"lessons" doc:"Of the published version, in order."`
}

type deskOut struct{ Body deskShown }

type deskIn struct {
	ID uid.ID `path:"course" doc:"The course's id."`
}

type deskPeopleIn struct {
	Paging
	ID  uid.ID   `path:"course" doc:"The course's id."`
	Who desk.Who `query:"who" enum:"behind,quiet,unbegun,overdue" doc:"Only these; everyone without it."`
}

type deskCell struct {
	LessonID uid.ID                   `json:"lesson_id"`
	Status   enrolment.ProgressStatus `json:"status" enum:"started,completed"`
}

type deskPerson struct {
	EnrolmentID uid.ID           `json:"enrolment_id"`
	PersonID    uid.ID           `json:"person_id"`
	Name        string           `json:"name"`
	Email       string           `json:"email"`
	Percent     int              `json:"percent"`
	Status      enrolment.Status `json:"status" enum:"active,completed"`
	DueAt       *time.Time       `json:"due_at"`
	SeenAt      *time.Time       `json:"seen_at" doc:"When they last did something in a lesson; null: never."`
	LastID      *uid.ID          `json:"last_lesson_id"`
	MessagedAt  *time.Time       `json:"messaged_at" doc:"When they were last written to from the desk."`
	Quiet       bool             `json:"quiet"`
	Unbegun     bool             `json:"unbegun"`
	Overdue     bool             `json:"overdue"`
	Lessons     []deskCell       `json:"lessons" doc:"Lessons that they opened."`
}

type deskMessageIn struct {
	ID   uid.ID `path:"course" doc:"The course's id."`
	Body struct {
		ID   *uid.ID  `json:"id,omitempty" required:"false" doc:"Your own id of the message (a UUID): sent again with it, it goes to nobody twice."`
		Who  desk.Who `json:"who,omitempty" required:"false" enum:"behind,quiet,unbegun,overdue" doc:"Whom it goes to; all active people without it."`
		Body string   `json:"body" minLength:"1" maxLength:"4000"`
	}
}

type deskMessage struct {
	ID     uid.ID    `json:"id"`
	Who    desk.Who  `json:"who"`
	Body   string    `json:"body"`
	People int       `json:"people" doc:"To how many it goes."`
	SentAt time.Time `json:"sent_at"`
}

type deskMessageOut struct{ Body deskMessage }

type desksIn struct {
	Whose desk.Whose `query:"whose" enum:"mine,all" doc:"Only courses that whoever asks made; all without it."`
}

type desksTotals struct {
	Courses   int `json:"courses" doc:"Published courses that somebody is in."`
	Active    int `json:"active" doc:"People who are in several courses count in each."`
	Completed int `json:"completed"`
	Behind    int `json:"behind"`
	Quiet     int `json:"quiet"`
	Unbegun   int `json:"unbegun"`
	Overdue   int `json:"overdue"`
	Waiting   int `json:"waiting" doc:"Pieces of work and tests that wait to be marked."`
}

type desksOut struct{ Body desksTotals }

type desksCoursesIn struct {
	Paging
	Whose desk.Whose `query:"whose" enum:"mine,all" doc:"Only courses that whoever asks made; all without it."`
}

type deskCourse struct {
	CourseID  uid.ID     `json:"course_id"`
	Title     string     `json:"title"`
	Active    int        `json:"active"`
	Completed int        `json:"completed"`
	Behind    int        `json:"behind"`
	Quiet     int        `json:"quiet"`
	Unbegun   int        `json:"unbegun"`
	Overdue   int        `json:"overdue"`
	Waiting   int        `json:"waiting"`
	Stuck     *deskStuck `json:"stuck,omitempty" doc:"The lesson in which most of the quiet were last seen."`
	Drop      *deskDrop  `json:"drop,omitempty" doc:"The lesson at which most people stop."`
}

type deskStuck struct {
	LessonID uid.ID `json:"lesson_id"`
	Title    string `json:"title"`
	People   int    `json:"people"`
}

type deskDrop struct {
	LessonID uid.ID `json:"lesson_id"`
	Title    string `json:"title"`
	Before   int    `json:"before" doc:"Who completed the lesson before; of the first lesson, who is in the course."`
	Lost     int    `json:"lost" doc:"Who of them did not complete this one."`
}

type desksPeopleIn struct {
	Paging
	Whose desk.Whose `query:"whose" enum:"mine,all" doc:"Only courses that whoever asks made; all without it."`
	Who   desk.Who   `query:"who" enum:"behind,quiet,unbegun,overdue" doc:"Only these; everyone behind without it."`
}

type deskStraggler struct {
	CourseID    uid.ID     `json:"course_id"`
	CourseTitle string     `json:"course_title"`
	EnrolmentID uid.ID     `json:"enrolment_id"`
	PersonID    uid.ID     `json:"person_id"`
	Name        string     `json:"name"`
	Email       string     `json:"email"`
	Percent     int        `json:"percent"`
	DueAt       *time.Time `json:"due_at"`
	SeenAt      *time.Time `json:"seen_at"`
	LastTitle   string     `json:"last_lesson,omitempty"`
	MessagedAt  *time.Time `json:"messaged_at"`
	Quiet       bool       `json:"quiet"`
	Unbegun     bool       `json:"unbegun"`
	Overdue     bool       `json:"overdue"`
}

func showDeskCourse(t *desk.Standing) deskCourse {
	out := deskCourse{CourseID: t.CourseID, Title: t.Title, Active: t.Active, Completed: t.Completed, Behind: t.Behind, Quiet: t.Quiet, Unbegun: t.Unbegun, Overdue: t.Overdue, Waiting: t.Waiting}
	if t.StuckID != nil {
		out.Stuck = &deskStuck{*t.StuckID, t.StuckTitle, t.Stuck}
	}
	if d := t.Drop; d != nil {
		out.Drop = &deskDrop{d.LessonID, d.Title, d.Before, d.Lost}
	}
	return out
}

func (a *api) desksOperations() {
	look := route.For(policy.EnrolmentManage)
	on(a, operation{
		method: get, path: "/desk", id: "get-desk", tag: tagEnrolments, need: look,
		summary: "How all courses stand together",
	}, func(ctx context.Context, in *desksIn) (*desksOut, error) {
		t, err := a.Desk.Totals(ctx, desk.OverviewFilter{Whose: in.Whose})
		if err != nil {
			return nil, err
		}
		return &desksOut{desksTotals{t.Courses, t.Active, t.Completed, t.Behind, t.Quiet, t.Unbegun, t.Overdue, t.Waiting}}, nil
	})
	on(a, operation{
		method: get, path: "/desk/courses", id: "list-desk-courses", tag: tagEnrolments, need: look,
		summary: "How each course stands: who is behind, and where people stop; the one with most people behind first",
	}, func(ctx context.Context, in *desksCoursesIn) (*pageOut[deskCourse], error) {
		list, err := a.Desk.Courses(ctx, desk.OverviewFilter{Whose: in.Whose, Page: in.request()})
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, showDeskCourse), nil
	})
	on(a, operation{
		method: get, path: "/desk/people", id: "list-desk-people", tag: tagEnrolments, need: look,
		summary: "Who is behind in any course; who was not seen for longest first",
	}, func(ctx context.Context, in *desksPeopleIn) (*pageOut[deskStraggler], error) {
		list, err := a.Desk.Stragglers(ctx, desk.OverviewFilter{Whose: in.Whose, Who: in.Who, Page: in.request()})
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, func(t *desk.Straggler) deskStraggler {
			return deskStraggler{t.CourseID, t.CourseTitle, t.EnrolmentID, t.PersonID, t.Name, t.Email, t.Percent, utcOrNone(t.DueAt), utcOrNone(t.SeenAt), t.LastTitle, utcOrNone(t.MessagedAt), t.Quiet, t.Unbegun, t.Overdue}
		}), nil
	})
}

func showDeskPerson(p *desk.Person) deskPerson {
	out := deskPerson{
		EnrolmentID: p.EnrolmentID, PersonID: p.PersonID, Name: p.Name, Email: p.Email, Percent: p.Percent, Status: p.Status, DueAt: utcOrNone(p.DueAt),
		SeenAt: utcOrNone(p.SeenAt), LastID: p.LastID, MessagedAt: utcOrNone(p.MessagedAt), Quiet: p.Quiet, Unbegun: p.Unbegun, Overdue: p.Overdue, Lessons: []deskCell{},
	}
	for lesson, s := range p.Cells {
		out.Lessons = append(out.Lessons, deskCell{lesson, s})
	}
	return out
}

func (a *api) deskOperations() {
	a.desksOperations()
	look := route.For(policy.EnrolmentManage)
	on(a, operation{
		method: get, path: "/courses/{course}/desk", id: "get-course-desk", tag: tagEnrolments, need: look,
		summary: "How a course goes: who is behind, and where people stop", fails: faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *deskIn) (*deskOut, error) {
		d, err := a.Desk.Course(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		n := d.Counts
		out := &deskOut{deskShown{Active: n.Active, Completed: n.Completed, Behind: n.Behind, Quiet: n.Quiet, Unbegun: n.Unbegun, Overdue: n.Overdue, Waiting: n.Waiting, Lessons: []deskLesson{}}}
		for _, l := range d.Lessons {
			out.Body.Lessons = append(out.Body.Lessons, deskLesson(l))
		}
		return out, nil
	})
	on(a, operation{
		method: get, path: "/courses/{course}/desk/people", id: "list-course-desk-people", tag: tagEnrolments, need: look,
		summary: "Who is in a course and how far in each lesson; who was not seen for longest first", fails: faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *deskPeopleIn) (*pageOut[deskPerson], error) {
		list, err := a.Desk.People(ctx, in.ID, desk.Filter{Who: in.Who, Page: in.request()})
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, showDeskPerson), nil
	})
	on(a, operation{
		method: post, path: "/courses/{course}/messages", id: "message-course-people", tag: tagEnrolments, need: look, status: 201,
		summary: "Write to the people of a course", about: "In the app and by mail, as each of them chose.",
		fails: faults{catalog.ErrCourseNotFound, desk.ErrNobody, desk.ErrTooMany},
	}, func(ctx context.Context, in *deskMessageIn) (*deskMessageOut, error) {
		key := uid.New()
		if in.Body.ID != nil {
			key = *in.Body.ID
		}
		m, err := a.Desk.Write(ctx, desk.Note{ID: key, Course: in.ID, To: in.Body.Who, Body: in.Body.Body})
		if err != nil {
			return nil, err
		}
		return &deskMessageOut{deskMessage{ID: m.ID, Who: m.Audience, Body: m.Body, People: m.People, SentAt: m.SentAt.UTC()}}, nil
	})
}
