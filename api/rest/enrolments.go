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
)

// enrolled is one person in one course.
type enrolled struct {
	ID           uid.ID           `json:"id"`
	CourseID     uid.ID           `json:"course_id"`
	PersonID     uid.ID           `json:"person_id"`
	Status       enrolment.Status `json:"status" enum:"active,completed,withdrawn"`
	Source       enrolment.Source `json:"source" enum:"self,assigned,requested"`
	Percent      int              `json:"percent" doc:"Lessons completed, of all, rounded down; 100 only when completed."`
	LastLessonID *uid.ID          `json:"last_lesson_id,omitempty"`
	EnrolledAt   time.Time        `json:"enrolled_at"`
	StartedAt    *time.Time       `json:"started_at,omitempty"`
	CompletedAt  *time.Time       `json:"completed_at,omitempty"`
	DueAt        *time.Time       `json:"due_at,omitempty" doc:"The end of the day by which it is to be completed."`
	LeftAt       *time.Time       `json:"left_at,omitempty" doc:"When they left by themselves; left out for who was taken out."`
}

// myEnrolment is an enrolment as its owner's list shows it.
type myEnrolment struct {
	ID               uid.ID           `json:"id"`
	Status           enrolment.Status `json:"status" enum:"active,completed"`
	Source           enrolment.Source `json:"source" enum:"self,assigned,requested"`
	Percent          int              `json:"percent" doc:"Lessons completed, of all, rounded down; 100 only when completed."`
	LastLessonID     *uid.ID          `json:"last_lesson_id,omitempty"`
	EnrolledAt       time.Time        `json:"enrolled_at"`
	StartedAt        *time.Time       `json:"started_at,omitempty"`
	CompletedAt      *time.Time       `json:"completed_at,omitempty"`
	DueAt            *time.Time       `json:"due_at,omitempty" doc:"The end of the day by which it is to be completed."`
	CourseID         uid.ID           `json:"course_id"`
	CourseSlug       string           `json:"course_slug" doc:"The course's address."`
	Title            string           `json:"title"`
	Summary          string           `json:"summary"`
	CoverFileID      *uid.ID          `json:"cover_file_id,omitempty"`
	EstimatedMinutes int              `json:"estimated_minutes"`
	CertificateCode  string           `json:"certificate_code,omitempty" doc:"Left out until the certificate is issued."`
}

// rosterEntry is an enrolment as the course's list shows it.
type rosterEntry struct {
	ID           uid.ID           `json:"id"`
	PersonID     uid.ID           `json:"person_id"`
	PersonName   string           `json:"person_name"`
	PersonEmail  string           `json:"person_email"`
	Status       enrolment.Status `json:"status" enum:"active,completed,withdrawn"`
	Source       enrolment.Source `json:"source" enum:"self,assigned,requested"`
	Percent      int              `json:"percent"`
	LastLessonID *uid.ID          `json:"last_lesson_id,omitempty"`
	EnrolledAt   time.Time        `json:"enrolled_at"`
	StartedAt    *time.Time       `json:"started_at,omitempty"`
	CompletedAt  *time.Time       `json:"completed_at,omitempty"`
	DueAt        *time.Time       `json:"due_at,omitempty" doc:"The end of the day by which it is to be completed."`
	LeftAt       *time.Time       `json:"left_at,omitempty" doc:"When they left by themselves; left out for who was taken out."`
}

// enrolmentShown is an enrolment with how far the person is.
type enrolmentShown struct {
	Enrolment       enrolled   `json:"enrolment"`
	PersonName      string     `json:"person_name"`
	PersonEmail     string     `json:"person_email"`
	Course          outline    `json:"course" doc:"The version enrolled in; its lessons come without text and questions."`
	Progress        []progress `json:"progress" doc:"The lessons begun, in the order of the course."`
	CertificateCode string     `json:"certificate_code,omitempty" doc:"Left out until the certificate is issued."`
}

// whom says who is enrolled.
type whom struct {
	PersonID *uid.ID `json:"person_id,omitempty" doc:"Left out, it is who asks. Anyone else needs enrolment:manage."`
	DueOn    *string `json:"due_on,omitempty" format:"date" doc:"The day by which it is to be completed; only with person_id. It ends where the learner is." example:"2026-12-01"`
}

type myEnrolmentsIn struct{ Paging }

type rosterIn struct {
	Paging
	ID    uid.ID `path:"course" doc:"The course's id."`
	Group uid.ID `query:"group" doc:"Only people of this group."`
}

type enrolIn struct {
	Course string `path:"course" doc:"The course's address or its id." example:"fire-safety"`
	Body   *whom
}

type enrolmentIn struct {
	ID uid.ID `path:"enrolment" doc:"The enrolment's id."`
}

type enrolledOut struct{ Body enrolled }

type enrolmentShownOut struct{ Body enrolmentShown }

func (a *api) enrolmentOperations() {
	on(a, operation{
		method: get, path: "/me/enrolments", id: "list-my-enrolments", tag: tagMe, need: route.For(policy.EnrolmentSelf),
		summary: "One's own courses, the newest first",
		about:   "Courses one was taken out of are left out.",
	}, func(ctx context.Context, in *myEnrolmentsIn) (*pageOut[myEnrolment], error) {
		mine, err := a.Enrolment.Mine(ctx, in.request())
		if err != nil {
			return nil, err
		}
		return paged(ctx, mine, showMine), nil
	})
	on(a, operation{
		method: get, path: "/courses/{course}/enrolments", id: "list-course-enrolments", tag: tagEnrolments, need: route.For(policy.EnrolmentManage),
		summary: "Everyone who is or was in a course",
		fails:   faults{catalog.ErrCourseNotFound},
	}, func(ctx context.Context, in *rosterIn) (*pageOut[rosterEntry], error) {
		roster, err := a.Enrolment.RosterIn(ctx, in.ID, in.Group, in.request())
		if err != nil {
			return nil, err
		}
		return paged(ctx, roster, showRoster), nil
	})
	on(a, operation{
		method: post, path: "/courses/{course}/enrolments", id: "enrol", tag: tagEnrolments, need: route.SignedIn, status: 201,
		summary: "Enrol oneself or someone else",
		about: "Without person_id it is who asks: that needs enrolment:self and a course that takes self-enrolment, and who is in the course already gets that enrolment; " +
			"who left it comes back with their progress. With person_id it needs enrolment:manage; one who was withdrawn comes back with their progress. " +
			"What the course asks for first is not asked of whom someone else enrols: they are in it, and begin when they have it.",
		fails: faults{
			catalog.ErrCourseNotFound, catalog.ErrNotPublished, auth.ErrPersonNotFound,
			policy.ErrForbidden, enrolment.ErrNeedsFirst, enrolment.ErrSelfEnrolClosed, enrolment.ErrWithdrawn, enrolment.ErrAlreadyEnrolled, enrolment.ErrDeactivated,
		},
	}, func(ctx context.Context, in *enrolIn) (*enrolledOut, error) {
		e, err := a.enrol(ctx, in.Course, in.Body)
		if err != nil {
			return nil, err
		}
		return &enrolledOut{showEnrolment(&e)}, nil
	})
	a.oneEnrolmentOperations()
}

func (a *api) oneEnrolmentOperations() {
	on(a, operation{
		method: get, path: "/enrolments/{enrolment}", id: "get-enrolment", tag: tagEnrolments, need: route.SignedIn,
		summary: "An enrolment with the progress in each lesson",
		about: "One's own needs enrolment:self, anyone's enrolment:manage; to everyone else there is none. " +
			"It begins nothing and counts as no learning.",
		fails: faults{enrolment.ErrEnrolmentNotFound, policy.ErrForbidden},
	}, func(ctx context.Context, in *enrolmentIn) (*enrolmentShownOut, error) {
		e, err := a.Enrolment.Show(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &enrolmentShownOut{enrolmentShown{
			Enrolment: showEnrolment(&e.Enrolment), PersonName: e.PersonName, PersonEmail: e.PersonEmail,
			Course: showOutline(e.Outline, hidden), Progress: showProgresses(e.Outline, e.Progress), CertificateCode: e.CertificateCode,
		}}, nil
	})
	on(a, operation{
		method: del, path: "/enrolments/{enrolment}", id: "withdraw", tag: tagEnrolments, need: route.SignedIn,
		summary: "Leave a course, or take a person out of it",
		about: "The record stays. Anyone is taken out by who has enrolment:manage. Without it, it is leaving: one's own, with enrolment:self, of a course that one is in by " +
			"one's own wish and without a date; who left may enrol again.",
		fails: faults{enrolment.ErrEnrolmentNotFound, enrolment.ErrCompleted, enrolment.ErrNotYoursToLeave, enrolment.ErrWithdrawn, policy.ErrForbidden},
	}, func(ctx context.Context, in *enrolmentIn) (*nothing, error) {
		if who, _ := auth.PrincipalFrom(ctx); !who.May.Has(policy.EnrolmentManage) {
			return nil, a.Enrolment.Leave(ctx, in.ID)
		}
		return nil, a.Enrolment.Withdraw(ctx, in.ID)
	})
}

// enrol enrols who asks, or the person named.
func (a *api) enrol(ctx context.Context, course string, who *whom) (enrolment.Enrolment, error) {
	if who == nil || who.PersonID == nil {
		slug, err := a.addressOf(ctx, course)
		if err != nil {
			return enrolment.Enrolment{}, err
		}
		return a.Enrolment.SelfEnrol(ctx, slug)
	}
	id, ok := uid.Parse(course)
	if !ok {
		c, err := a.Catalog.BySlug(ctx, course)
		if err != nil {
			return enrolment.Enrolment{}, err
		}
		id = c.ID
	}
	day, err := readDay(who.DueOn)
	if err != nil {
		return enrolment.Enrolment{}, err
	}
	return a.Enrolment.EnrolBy(ctx, id, *who.PersonID, day)
}

func showEnrolment(e *enrolment.Enrolment) enrolled {
	return enrolled{
		ID: e.ID, CourseID: e.CourseID, PersonID: e.PersonID, Status: e.Status, Source: e.Source, Percent: e.Percent,
		LastLessonID: e.LastLessonID, EnrolledAt: utc(e.EnrolledAt), StartedAt: utcOrNone(e.StartedAt), CompletedAt: utcOrNone(e.CompletedAt), DueAt: utcOrNone(e.DueAt), LeftAt: utcOrNone(e.LeftAt),
	}
}

func showMine(m *enrolment.Mine) myEnrolment {
	return myEnrolment{
		ID: m.ID, Status: m.Status, Source: m.Source, Percent: m.Percent, LastLessonID: m.LastLessonID,
		EnrolledAt: utc(m.EnrolledAt), StartedAt: utcOrNone(m.StartedAt), CompletedAt: utcOrNone(m.CompletedAt), DueAt: utcOrNone(m.DueAt),
		CourseID: m.CourseID, CourseSlug: m.CourseSlug, Title: m.Title, Summary: m.Summary, CoverFileID: m.CoverFileID,
		EstimatedMinutes: m.EstimatedMinutes, CertificateCode: m.CertificateCode,
	}
}

func showRoster(r *enrolment.Roster) rosterEntry {
	return rosterEntry{
		ID: r.ID, PersonID: r.PersonID, PersonName: r.PersonName, PersonEmail: r.PersonEmail, Status: r.Status, Source: r.Source,
		Percent: r.Percent, LastLessonID: r.LastLessonID, EnrolledAt: utc(r.EnrolledAt), StartedAt: utcOrNone(r.StartedAt), CompletedAt: utcOrNone(r.CompletedAt), DueAt: utcOrNone(r.DueAt), LeftAt: utcOrNone(r.LeftAt),
	}
}
