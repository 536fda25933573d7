package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/team"
)

type teamIn struct {
	Paging
	Scope team.Scope `query:"scope" enum:"direct,line,everyone" doc:"Whom: who reports to you directly, your whole line, or everybody (with person:manage). Without it your line; who may manage people and leads nobody sees everybody."`
	Show  team.Show  `query:"show" enum:"overdue,soon,open,clear" doc:"Only these; all without it."`
	Query string     `query:"q" maxLength:"100" doc:"Part of the name or e-mail, in any case."`
}

type teamMember struct {
	PersonID  uid.ID            `json:"person_id"`
	Name      string            `json:"name"`
	Email     string            `json:"email"`
	Status    auth.PersonStatus `json:"status" enum:"invited,active"`
	Depth     int               `json:"depth" doc:"1: reports to you directly; 0 where everybody is listed."`
	State     team.Show         `json:"state" enum:"overdue,soon,open,clear" doc:"The most pressing of what they have to do."`
	Overdue   int               `json:"overdue" doc:"How much is overdue: duties, and courses that no open duty asks for."`
	Soon      int               `json:"soon" doc:"Due, or to be renewed, within 14 days."`
	Open      int               `json:"open" doc:"Due later, or without a date."`
	NextDue   *time.Time        `json:"next_due_at"`
	Courses   int               `json:"courses"`
	Completed int               `json:"completed"`
	Percent   int               `json:"percent" doc:"Over all their courses."`
	SeenAt    *time.Time        `json:"seen_at" doc:"When they last did something in a lesson; null: never."`
	NudgedAt  *time.Time        `json:"reminded_at" doc:"When a manager last reminded them."`
}

type teamCountsIn struct {
	Scope team.Scope `query:"scope" enum:"direct,line,everyone" doc:"As in list-team."`
}

type teamCountsOut struct {
	Body struct {
		Scope    team.Scope `json:"scope" enum:"direct,line,everyone" doc:"The one that was used."`
		People   int        `json:"people"`
		Overdue  int        `json:"overdue"`
		Soon     int        `json:"soon"`
		Open     int        `json:"open"`
		Clear    int        `json:"clear"`
		Requests int        `json:"requests" doc:"Requests for places that wait for an answer."`
	}
}

type teamPersonIn struct {
	ID uid.ID `path:"person" doc:"The person's id."`
}

type teamThing struct {
	Kind    team.ThingKind `json:"kind" enum:"duty,course"`
	ID      uid.ID         `json:"id" doc:"Of the requirement or the course."`
	Name    string         `json:"name"`
	State   team.Show      `json:"state" enum:"overdue,soon,open"`
	DueAt   *time.Time     `json:"due_at"`
	Renewal bool           `json:"renewal" doc:"It was done, and expires then."`
	Percent int            `json:"percent" doc:"Of a course."`
}

type teamDone struct {
	CourseID    uid.ID    `json:"course_id"`
	Title       string    `json:"title"`
	CompletedAt time.Time `json:"completed_at"`
}

type teamAward struct {
	Code       string     `json:"code"`
	Course     string     `json:"course"`
	IssuedAt   time.Time  `json:"issued_at"`
	ValidUntil *time.Time `json:"valid_until"`
}

type teamSheetOut struct {
	Body struct {
		Member teamMember  `json:"member"`
		Things []teamThing `json:"things" doc:"What they have to do, the most pressing first; at most 200."`
		Done   []teamDone  `json:"done" doc:"What they completed, the newest first; at most 200."`
		Awards []teamAward `json:"certificates" doc:"Those that hold; at most 200."`
	}
}

type teamNote struct {
	Note string `json:"note,omitempty" required:"false" maxLength:"500" doc:"A word of your own."`
}

type teamNudgeIn struct {
	ID   uid.ID `path:"person" doc:"The person's id."`
	Body teamNote
}

type teamNudge struct {
	ID     uid.ID    `json:"id"`
	Day    string    `json:"day" format:"date" doc:"Where the person is."`
	SentAt time.Time `json:"sent_at"`
}

type teamNudgeOut struct{ Body teamNudge }

type teamNudgeAllIn struct {
	Scope team.Scope `query:"scope" enum:"direct,line,everyone" doc:"As in list-team."`
	Body  teamNote
}

type teamNudgedOut struct {
	Body struct {
		Sent int `json:"sent" doc:"Who was reminded today already is left out."`
	}
}

type teamEnrolIn struct {
	ID   uid.ID `path:"person" doc:"The person's id."`
	Body struct {
		CourseID uid.ID  `json:"course_id"`
		DueOn    *string `json:"due_on,omitempty" required:"false" format:"date" doc:"By when it is to be completed; the day ends where the person is."`
	}
}

type teamAsked struct {
	ID       uid.ID    `json:"id"`
	PersonID uid.ID    `json:"person_id"`
	Name     string    `json:"name"`
	Email    string    `json:"email"`
	CourseID uid.ID    `json:"course_id"`
	Course   string    `json:"course"`
	Note     string    `json:"note"`
	AskedAt  time.Time `json:"asked_at"`
}

type teamRequestsOut struct {
	Body struct {
		Items []teamAsked `json:"items"`
	}
}

type teamDecideIn struct {
	ID   uid.ID `path:"request" doc:"The request's id."`
	Body struct {
		Grant  bool   `json:"grant"`
		Answer string `json:"answer,omitempty" required:"false" maxLength:"1000"`
	}
}

type teamDecidedOut struct {
	Body struct {
		Status enrolment.RequestStatus `json:"status" enum:"open,granted,refused" doc:"open: granted in a full course, it waits for the next place."`
	}
}

type managerIn struct {
	ID   uid.ID `path:"person" doc:"The person's id."`
	Body struct {
		ManagerID *uid.ID `json:"manager_id,omitempty" required:"false" doc:"Left out: nobody."`
		Since     string  `json:"since,omitempty" required:"false" format:"date" doc:"From this day on, which is over; today without it. What was known from it on is superseded."`
	}
}

type managerOut struct {
	Body struct {
		ManagerID *uid.ID `json:"manager_id"`
		Manager   string  `json:"manager,omitempty"`
		Reports   int     `json:"reports" doc:"Who report to them directly."`
	}
}

func showTeamMember(m *team.Member) teamMember {
	return teamMember{
		PersonID: m.PersonID, Name: m.Name, Email: m.Email, Status: m.Status, Depth: m.Depth, State: m.State, Overdue: m.Overdue, Soon: m.Soon, Open: m.Open, NextDue: utcOrNone(m.NextDue),
		Courses: m.Courses, Completed: m.Completed, Percent: m.Percent, SeenAt: utcOrNone(m.SeenAt), NudgedAt: utcOrNone(m.NudgedAt),
	}
}

func (a *api) teamOperations() {
	own := route.For(policy.PersonSelf)
	const line = "Whose people they are comes from the reporting lines: no role is asked for. Anybody else is not found."
	on(a, operation{method: get, path: "/team", id: "list-team", tag: tagPeople, need: own, summary: "One's own people, the most pressing first", about: line},
		func(ctx context.Context, in *teamIn) (*pageOut[teamMember], error) {
			look, err := a.Team.List(ctx, team.Filter{Scope: in.Scope, Show: in.Show, Query: in.Query, Page: in.request()})
			if err != nil {
				return nil, err
			}
			return paged(ctx, look.Members, showTeamMember), nil
		})
	on(a, operation{method: get, path: "/team/counts", id: "count-team", tag: tagPeople, need: own, summary: "How one's own people stand"},
		func(ctx context.Context, in *teamCountsIn) (*teamCountsOut, error) {
			look, err := a.Team.List(ctx, team.Filter{Scope: in.Scope})
			if err != nil {
				return nil, err
			}
			out, n := &teamCountsOut{}, look.Counts
			b := &out.Body
			b.Scope, b.People, b.Overdue, b.Soon, b.Open, b.Clear, b.Requests = look.Scope, n.People, n.Overdue, n.Soon, n.Open, n.Clear, n.Requests
			return out, nil
		})
	on(a, operation{method: get, path: "/team/requests", id: "list-team-requests", tag: tagPeople, need: own, summary: "Requests of one's own people to be let into courses, the oldest first", about: "At most 200."},
		func(ctx context.Context, in *teamCountsIn) (*teamRequestsOut, error) {
			list, err := a.Team.Requests(ctx, in.Scope)
			if err != nil {
				return nil, err
			}
			out := &teamRequestsOut{}
			out.Body.Items = []teamAsked{}
			for _, r := range list {
				out.Body.Items = append(out.Body.Items, teamAsked{ID: r.ID, PersonID: r.PersonID, Name: r.Name, Email: r.Email, CourseID: r.CourseID, Course: r.Course, Note: r.Note, AskedAt: r.AskedAt.UTC()})
			}
			return out, nil
		})
	on(a, operation{method: put, path: "/team/requests/{request}", id: "decide-team-request", tag: tagPeople, need: own, summary: "Grant or refuse a place that one of one's own people asked for", fails: faults{enrolment.ErrRequestNotFound, enrolment.ErrDecided, enrolment.ErrFull, enrolment.ErrDeactivated}},
		func(ctx context.Context, in *teamDecideIn) (*teamDecidedOut, error) {
			_, r, err := a.Team.Decide(ctx, enrolment.Decision{Request: in.ID, Grant: in.Body.Grant, Answer: in.Body.Answer})
			if err != nil {
				return nil, err
			}
			out := &teamDecidedOut{}
			out.Body.Status = r.Status
			return out, nil
		})
	on(a, operation{method: post, path: "/team/nudges", id: "remind-team", tag: tagPeople, need: own, summary: "Remind all of one's own people who have something overdue", about: "In the app and by mail, as each of them chose; one reminder a day and person."},
		func(ctx context.Context, in *teamNudgeAllIn) (*teamNudgedOut, error) {
			n, err := a.Team.NudgeOverdue(ctx, in.Scope, in.Body.Note)
			if err != nil {
				return nil, err
			}
			out := &teamNudgedOut{}
			out.Body.Sent = n
			return out, nil
		})
	on(a, operation{method: get, path: "/team/{person}", id: "get-team-member", tag: tagPeople, need: own, summary: "One of one's own people: what they have to do, completed and hold", about: line, fails: faults{team.ErrNotYours}}, a.teamSheet)
	on(a, operation{method: post, path: "/team/{person}/nudges", id: "remind-team-member", tag: tagPeople, need: own, status: 201, summary: "Remind one of one's own people", about: "One reminder a day and person, whoever sends it.", fails: faults{team.ErrNotYours, team.ErrNudged, team.ErrCannot}},
		func(ctx context.Context, in *teamNudgeIn) (*teamNudgeOut, error) {
			n, err := a.Team.Nudge(ctx, in.ID, in.Body.Note)
			if err != nil {
				return nil, err
			}
			return &teamNudgeOut{teamNudge{ID: n.ID, Day: n.Day.Format(time.DateOnly), SentAt: n.SentAt.UTC()}}, nil
		})
	on(a, operation{method: post, path: "/team/{person}/enrolments", id: "enrol-team-member", tag: tagPeople, need: own, status: 204, summary: "Enrol one of one's own people in a course that one may find", fails: faults{team.ErrNotYours, team.ErrNotGiven, catalog.ErrCourseNotFound}},
		func(ctx context.Context, in *teamEnrolIn) (*struct{}, error) {
			day, err := readDay(in.Body.DueOn)
			if err != nil {
				return nil, err
			}
			_, err = a.Team.Enrol(ctx, in.ID, in.Body.CourseID, day)
			return nil, err
		})
	on(a, operation{method: get, path: "/people/{person}/manager", id: "get-manager", tag: tagPeople, need: route.For(policy.PersonRead), summary: "Whom a person reports to, and how many report to them", fails: faults{auth.ErrPersonNotFound}},
		func(ctx context.Context, in *teamPersonIn) (*managerOut, error) {
			p, err := a.Org.Place(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			out := &managerOut{}
			if out.Body.Reports = p.Reports; p.Manager != nil {
				out.Body.ManagerID, out.Body.Manager = &p.Manager.ID, p.Manager.Name
			}
			return out, nil
		})
	on(a, operation{method: put, path: "/people/{person}/manager", id: "set-manager", tag: tagPeople, need: route.For(policy.PersonManage), fresh: true, status: 204, summary: "Say whom a person reports to", about: "A directory that names managers says otherwise at its next sync.", fails: faults{auth.ErrPersonNotFound, auth.ErrLoop, auth.ErrLineLong, org.ErrNoManager}},
		func(ctx context.Context, in *managerIn) (*struct{}, error) {
			day, err := dayIn("since", in.Body.Since)
			if err != nil {
				return nil, err
			}
			since := &day
			if in.Body.Since == "" {
				since = nil
			}
			return nil, a.Org.SetManagerSince(ctx, in.ID, in.Body.ManagerID, since)
		})
}

func (a *api) teamSheet(ctx context.Context, in *teamPersonIn) (*teamSheetOut, error) {
	s, err := a.Team.Sheet(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &teamSheetOut{}
	b := &out.Body
	b.Member, b.Things, b.Done, b.Awards = showTeamMember(&s.Member), []teamThing{}, []teamDone{}, []teamAward{}
	for _, t := range s.Things {
		b.Things = append(b.Things, teamThing{Kind: t.Kind, ID: t.ID, Name: t.Name, State: t.State, DueAt: utcOrNone(t.DueAt), Renewal: t.Renewal, Percent: t.Percent})
	}
	for _, d := range s.Done {
		b.Done = append(b.Done, teamDone{CourseID: d.CourseID, Title: d.Title, CompletedAt: d.CompletedAt.UTC()})
	}
	for _, w := range s.Awards {
		b.Awards = append(b.Awards, teamAward{Code: w.Code, Course: w.CourseTitle, IssuedAt: w.IssuedAt.UTC(), ValidUntil: utcOrNone(w.ValidUntil)})
	}
	return out, nil
}
