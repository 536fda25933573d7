package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/learning/home"
)

// atHome is what a learner comes back to.
type atHome struct {
	Due          []myEnrolment    `json:"due" doc:"Under way with a due date, overdue first."`
	Doing        []doing          `json:"doing" doc:"Under way and begun, the last touched first."`
	Others       []myEnrolment    `json:"others" doc:"The other courses under way."`
	Completed    []myEnrolment    `json:"completed" doc:"The newest first."`
	Certificates []Proof          `json:"certificates" doc:"The newest."`
	Skills       []learnedSkill   `json:"skills" doc:"What the completed courses teach, the newest first."`
	Recommended  []recommendation `json:"recommended"`
}

// doing is a course under way with where one is in it.
type doing struct {
	Enrolment     myEnrolment `json:"enrolment"`
	LessonID      uid.ID      `json:"lesson_id" doc:"The lesson to go on with."`
	LessonTitle   string      `json:"lesson_title"`
	LessonNumber  int         `json:"lesson_number" doc:"From 1."`
	CourseLessons int         `json:"course_lessons"`
	Position      float64     `json:"position" doc:"The second of a recording to go on at; 0 otherwise."`
	TouchedAt     *time.Time  `json:"touched_at,omitempty"`
}

// learnedSkill is what one can do since a course that teaches it was completed.
type learnedSkill struct {
	ID   uid.ID    `json:"id"`
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

// recommendation is a course one might learn next, and why.
type recommendation struct {
	CourseID         uid.ID `json:"course_id"`
	Slug             string `json:"slug" doc:"The course's address."`
	Title            string `json:"title"`
	Summary          string `json:"summary"`
	EstimatedMinutes int    `json:"estimated_minutes"`
	Because          []why  `json:"because" doc:"The strongest reasons, two at most."`
}

// why is a reason to recommend a course.
type why struct {
	Reason home.Reason `json:"reason" enum:"prerequisite,skill,tag,category,group,department,new" doc:"A course one is in asks for it first; it shares a skill, tag or category with one; people of one's group or department take it; it was published lately."`
	Name   string      `json:"name,omitempty" doc:"Of that course, skill, tag, category, group or department."`
	Count  int         `json:"count,omitempty" doc:"How many people; never fewer than three."`
}

type homeOut struct{ Body atHome }

func (a *api) homeOperations() {
	on(a, operation{
		method: get, path: "/me/home", id: "get-my-home", tag: tagMe, need: route.For(policy.PersonSelf),
		summary: "What is due, what one was doing, what one earned, what one might learn next",
	}, func(ctx context.Context, _ *nothing) (*homeOut, error) {
		h, err := a.Home.Look(ctx)
		if err != nil {
			return nil, err
		}
		return &homeOut{a.showHome(ctx, h)}, nil
	})
	a.noticeOperations()
	a.pushOperations()
	a.calendarOperations()
	a.transcriptOperations()
	a.dueOperations()
}

func (a *api) showHome(ctx context.Context, h home.Home) atHome {
	out := atHome{
		Due: showMines(h.Due), Others: showMines(h.Mine), Completed: showMines(h.Completed),
		Doing: []doing{}, Certificates: []Proof{}, Skills: []learnedSkill{}, Recommended: []recommendation{},
	}
	for i := range h.Doing {
		d := &h.Doing[i]
		out.Doing = append(out.Doing, doing{
			Enrolment: showMine(&d.Mine), LessonID: d.Spot.LessonID, LessonTitle: d.Spot.Title, LessonNumber: d.Spot.Number, CourseLessons: d.Spot.Lessons,
			Position: d.Spot.Position, TouchedAt: utcOrNone(d.Spot.TouchedAt),
		})
	}
	for i := range h.Certificates {
		out.Certificates = append(out.Certificates, a.showCertificate(ctx, &h.Certificates[i]))
	}
	for _, s := range h.Skills {
		out.Skills = append(out.Skills, learnedSkill{s.ID, s.Name, utc(s.At)})
	}
	for _, r := range h.Recommended {
		one := recommendation{CourseID: r.CourseID, Slug: r.Slug, Title: r.Title, Summary: r.Summary, EstimatedMinutes: r.EstimatedMinutes}
		for _, w := range r.Why {
			one.Because = append(one.Because, why{w.Reason, w.Name, w.Count})
		}
		out.Recommended = append(out.Recommended, one)
	}
	return out
}

func showMines(list []enrolment.Mine) []myEnrolment {
	out := make([]myEnrolment, len(list))
	for i := range list {
		out[i] = showMine(&list[i])
	}
	return out
}
