package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// placeRequest is a person who asks for a place in a course.
type placeRequest struct {
	ID          uid.ID                  `json:"id"`
	CourseID    uid.ID                  `json:"course_id"`
	PersonID    uid.ID                  `json:"person_id"`
	PersonName  string                  `json:"person_name,omitempty"`
	PersonEmail string                  `json:"person_email,omitempty"`
	Kind        enrolment.RequestKind   `json:"kind" enum:"approval,waiting" doc:"To be let in, or for the next place that becomes free."`
	Status      enrolment.RequestStatus `json:"status" enum:"open,granted,refused,taken_back"`
	Note        string                  `json:"note,omitempty" doc:"Of who asks."`
	Answer      string                  `json:"answer,omitempty" doc:"Of who decided."`
	AskedAt     time.Time               `json:"asked_at"`
	DecidedAt   *time.Time              `json:"decided_at,omitempty"`
	DecidedBy   *uid.ID                 `json:"decided_by,omitempty"`
}

// standing is how the places of a course stand.
type standing struct {
	Capacity int           `json:"capacity" doc:"How many may be in the course at once; 0 is any number."`
	Taken    int           `json:"taken" doc:"People in the course who have not completed it; 0 where the number does not matter."`
	Waiting  int           `json:"waiting"`
	Ahead    int           `json:"ahead" doc:"People who wait before who asks."`
	Mine     *placeRequest `json:"mine,omitempty" doc:"The open request of who asks, or the last one that was refused."`
}

// versionStages is how many people are on a version.
type versionStages struct {
	VersionID   uid.ID     `json:"version_id"`
	Number      int        `json:"number"`
	PublishedAt *time.Time `json:"published_at,omitempty"`
	NotStarted  int        `json:"not_started"`
	InProgress  int        `json:"in_progress"`
	Done        int        `json:"done"`
}

// move is what an enrolment was before it was moved to another version.
type move struct {
	ID            uid.ID                 `json:"id"`
	FromVersionID uid.ID                 `json:"from_version_id"`
	ToVersionID   uid.ID                 `json:"to_version_id"`
	Status        enrolment.Status       `json:"status" enum:"active,completed" doc:"What it was."`
	Percent       int                    `json:"percent" doc:"What it was."`
	CompletedAt   *time.Time             `json:"completed_at,omitempty"`
	Completed     []enrolment.LessonDone `json:"completed_lessons"`
	MovedBy       *uid.ID                `json:"moved_by,omitempty"`
	MovedAt       time.Time              `json:"moved_at"`
}

type placeAskIn struct {
	Slug string `path:"course" doc:"The course's address." example:"fire-safety"`
	Body *struct {
		Note string `json:"note,omitempty" maxLength:"1000"`
	}
}

type placeSlugIn struct {
	Course string `path:"course" doc:"The course's address or its id." example:"fire-safety"`
}

type placeListIn struct {
	Paging
	ID     uid.ID                  `path:"course" doc:"The course's id."`
	Status enrolment.RequestStatus `query:"status" enum:"open,granted,refused,taken_back" doc:"Only requests in this state."`
}

type placeDecideIn struct {
	ID   uid.ID `path:"request" doc:"The request's id."`
	Body struct {
		Decision string `json:"decision" enum:"grant,refuse"`
		Answer   string `json:"answer,omitempty" maxLength:"1000" doc:"Shown and mailed to who asked."`
	}
}

type moveIn struct {
	ID   uid.ID `path:"course" doc:"The course's id."`
	Body struct {
		Stages []enrolment.Stage `json:"stages" minItems:"1" doc:"not_started, in_progress, done"`
	}
}

type (
	placeOut     struct{ Body placeRequest }
	placesOut    struct{ Body standing }
	standingsOut struct {
		Body struct {
			Items []versionStages `json:"items"`
		}
	}
	movesOut struct {
		Body struct {
			Items []move `json:"items"`
		}
	}
)

func (a *api) placeOperations() {
	learn, manage := route.For(policy.EnrolmentSelf), route.For(policy.EnrolmentManage)
	on(a, operation{
		method: get, path: "/courses/{course}/places", id: "get-places", tag: tagEnrolments, need: route.For(policy.CourseRead),
		summary: "How the places of a course stand", fails: faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *placeSlugIn) (*placesOut, error) {
		slug, err := a.addressOf(ctx, in.Course)
		if err != nil {
			return nil, err
		}
		o, err := a.Catalog.Published(ctx, slug)
		if err != nil {
			return nil, err
		}
		p, err := a.Enrolment.PlacesIn(ctx, o.Course)
		if err != nil {
			return nil, err
		}
		return &placesOut{showPlaces(p)}, nil
	})
	on(a, operation{
		method: post, path: "/courses/{course}/place-requests", id: "ask-for-place", tag: tagEnrolments, need: learn, status: 201,
		summary: "Ask for a place in a course",
		about:   "Where places are given on request it asks to be let in, in a full course for the next place that becomes free. Asked again it answers with the open request.",
		fails:   faults{catalog.ErrCourseNotFound, catalog.ErrNotPublished, enrolment.ErrNothingToAsk, enrolment.ErrFull, enrolment.ErrAlreadyEnrolled, enrolment.ErrWithdrawn, enrolment.ErrSelfEnrolClosed},
	}, func(ctx context.Context, in *placeAskIn) (*placeOut, error) {
		note := ""
		if in.Body != nil {
			note = in.Body.Note
		}
		r, err := a.Enrolment.AskPlace(ctx, in.Slug, note)
		if err != nil {
			return nil, err
		}
		return &placeOut{showRequest(enrolment.PlaceAsked{PlaceRequest: r})}, nil
	})
	on(a, operation{
		method: del, path: "/courses/{course}/place-requests/mine", id: "take-back-place", tag: tagEnrolments, need: learn,
		summary: "Take one's own request back", fails: faults{catalog.ErrCourseNotFound, enrolment.ErrRequestNotFound, enrolment.ErrDecided},
	}, func(ctx context.Context, in *placeSlugIn) (*nothing, error) {
		slug, err := a.addressOf(ctx, in.Course)
		if err != nil {
			return nil, err
		}
		return nil, a.Enrolment.TakeBackPlace(ctx, slug)
	})
	on(a, operation{
		method: get, path: "/courses/{course}/place-requests", id: "list-place-requests", tag: tagEnrolments, need: manage,
		summary: "Who asked for a place in a course, in the order they asked", fails: faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *placeListIn) (*pageOut[placeRequest], error) {
		list, err := a.Enrolment.PlaceRequests(ctx, enrolment.PlaceFilter{Course: in.ID, Status: in.Status, Page: in.request()})
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, func(r *enrolment.PlaceAsked) placeRequest { return showRequest(*r) }), nil
	})
	on(a, operation{
		method: post, path: "/place-requests/{request}/decision", id: "decide-place", tag: tagEnrolments, need: manage, status: 200,
		summary: "Grant or refuse a request for a place",
		about:   "A request to be let in that is granted while the course is full waits for the next place, where there is a waiting list. Who waits can be given a place at once, beyond the number of places.",
		fails:   faults{enrolment.ErrRequestNotFound, enrolment.ErrDecided, enrolment.ErrFull, enrolment.ErrDeactivated, catalog.ErrNotPublished},
	}, func(ctx context.Context, in *placeDecideIn) (*placeOut, error) {
		r, err := a.Enrolment.DecidePlace(ctx, enrolment.Decision{Request: in.ID, Grant: in.Body.Decision == "grant", Answer: in.Body.Answer})
		if err != nil {
			return nil, err
		}
		return &placeOut{showRequest(enrolment.PlaceAsked{PlaceRequest: r})}, nil
	})
	a.moveOperations()
	a.roundOperations()
}

func (a *api) moveOperations() {
	on(a, operation{
		method: get, path: "/courses/{course}/standings", id: "list-standings", tag: tagEnrolments, need: route.For(policy.EnrolmentManage),
		summary: "How many people are on which version of a course", fails: faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *courseIDIn) (*standingsOut, error) {
		list, err := a.Enrolment.Standings(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		out := &standingsOut{}
		out.Body.Items = make([]versionStages, len(list))
		for i, v := range list {
			out.Body.Items[i] = versionStages{VersionID: v.VersionID, Number: v.Number, PublishedAt: utcOrNone(v.PublishedAt), NotStarted: v.NotStarted, InProgress: v.InProgress, Done: v.Done}
		}
		return out, nil
	})
	on(a, operation{
		method: post, path: "/courses/{course}/moves", id: "move-people", tag: tagEnrolments, need: route.For(policy.CoursePublish), status: 202,
		summary: "Move people to the published version of a course",
		about:   "Lessons completed before that the version has stay completed; what an enrolment was is kept in its history. It is done in the background.",
		fails:   faults{catalog.ErrCourseNotFound, catalog.ErrNotPublished, enrolment.ErrNobodyToMove},
	}, func(ctx context.Context, in *moveIn) (*nothing, error) {
		return nil, a.Enrolment.RequestMove(ctx, in.ID, in.Body.Stages)
	})
	on(a, operation{
		method: get, path: "/enrolments/{enrolment}/history", id: "list-enrolment-moves", tag: tagEnrolments, need: route.SignedIn,
		summary: "What an enrolment was on earlier versions of its course",
		about:   "One's own needs enrolment:self, anyone's enrolment:manage; to everyone else there is none.",
		fails:   faults{enrolment.ErrEnrolmentNotFound, policy.ErrForbidden},
	}, func(ctx context.Context, in *enrolmentIn) (*movesOut, error) {
		list, err := a.Enrolment.History(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		out := &movesOut{}
		out.Body.Items = make([]move, len(list))
		for i, m := range list {
			done := m.Progress
			if done == nil {
				done = enrolment.Snapshot{}
			}
			out.Body.Items[i] = move{ID: m.ID, FromVersionID: m.FromVersionID, ToVersionID: m.ToVersionID, Status: m.Status, Percent: m.Percent, CompletedAt: utcOrNone(m.CompletedAt), Completed: done, MovedBy: m.MovedBy, MovedAt: utc(m.MovedAt)}
		}
		return out, nil
	})
}

// roundOperations are taking a course again.
func (a *api) roundOperations() {
	on(a, operation{
		method: post, path: "/enrolments/{enrolment}/again", id: "take-again", tag: tagEnrolments, need: route.For(policy.EnrolmentManage), status: 201,
		summary: "Have a person take a completed course again",
		about: "It is a new enrolment on the version of today, with its own progress, attempts and certificate. The one before is closed and stays, as does its certificate. " +
			"Requirements that expire do this by themselves.",
		fails: faults{enrolment.ErrEnrolmentNotFound, enrolment.ErrNotCompleted, enrolment.ErrDeactivated, catalog.ErrNotPublished},
	}, func(ctx context.Context, in *enrolmentIn) (*enrolledOut, error) {
		e, err := a.Enrolment.Again(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &enrolledOut{showEnrolment(&e)}, nil
	})
	on(a, operation{
		method: get, path: "/enrolments/{enrolment}/rounds", id: "list-rounds", tag: tagEnrolments, need: route.SignedIn,
		summary: "Every time that the person of an enrolment was in its course, the newest first",
		about:   "One's own needs enrolment:self, anyone's enrolment:manage; to everyone else there is none.",
		fails:   faults{enrolment.ErrEnrolmentNotFound, policy.ErrForbidden},
	}, func(ctx context.Context, in *enrolmentIn) (*roundsOut, error) {
		list, err := a.Enrolment.Rounds(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		out := &roundsOut{}
		out.Body.Items = make([]round, len(list))
		for i, r := range list {
			out.Body.Items[i] = round{ID: r.ID, Status: r.Status, Percent: r.Percent, VersionNumber: r.VersionNumber, EnrolledAt: utc(r.EnrolledAt), CompletedAt: utcOrNone(r.CompletedAt), DueAt: utcOrNone(r.DueAt), SupersededAt: utcOrNone(r.SupersededAt), CertificateCode: r.CertificateCode}
		}
		return out, nil
	})
}

type round struct {
	ID              uid.ID           `json:"id" doc:"The enrolment's."`
	Status          enrolment.Status `json:"status"`
	Percent         int              `json:"percent"`
	VersionNumber   int              `json:"version_number"`
	EnrolledAt      time.Time        `json:"enrolled_at"`
	CompletedAt     *time.Time       `json:"completed_at"`
	DueAt           *time.Time       `json:"due_at"`
	SupersededAt    *time.Time       `json:"superseded_at" doc:"When the next round began; null: the round that runs."`
	CertificateCode string           `json:"certificate_code" doc:"Empty without one that holds."`
}

type roundsOut struct {
	Body struct {
		Items []round `json:"items"`
	}
}

func showPlaces(p enrolment.Places) standing {
	out := standing{Capacity: p.Capacity, Taken: p.Taken, Waiting: p.Waiting, Ahead: p.Ahead}
	if p.Mine != nil {
		mine := showRequest(enrolment.PlaceAsked{PlaceRequest: *p.Mine})
		out.Mine = &mine
	}
	return out
}

func showRequest(r enrolment.PlaceAsked) placeRequest {
	return placeRequest{
		ID: r.ID, CourseID: r.CourseID, PersonID: r.PersonID, PersonName: r.PersonName, PersonEmail: r.PersonEmail, Kind: r.Kind, Status: r.Status,
		Note: r.Note, Answer: r.Answer, AskedAt: utc(r.AskedAt), DecidedAt: utcOrNone(r.DecidedAt), DecidedBy: r.DecidedBy,
	}
}
