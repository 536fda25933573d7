package billing

import (
	"encoding/json"
	"fmt"
	"slices"

	"lyceum/internal/event"
	"lyceum/internal/uid"
)

// LearningEvents are the event types that make a person an active learner: a lesson opened or gone on with, a quiz or
// other work handed in, a lesson or course completed. Signing in, following a mail, being created, enrolled, invited or
// looked at is none.
func LearningEvents() []string {
	return []string{"lesson.started", "lesson.progressed", "lesson.completed", "quiz.submitted", "enrolment.completed", "submission.submitted"}
}

// CompletingEvents are those of them after which a person was not counted by mistake: something was handed in or completed.
func CompletingEvents() []string {
	return []string{"lesson.completed", "quiz.submitted", "enrolment.completed", "submission.submitted"}
}

// OwnActors are the kinds of actors (event.Actor) that act for themselves: a person in a browser, and a person's own key.
func OwnActors() []string { return []string{"person", "api_key"} }

// Learner is who learned.
type Learner struct {
	ID   uid.ID `json:"person_id"`
	Name string `json:"person_name"`
}

// Learning tells whose learning an event is. ok is false for everything that never counts: for all other events, and for
// those that somebody else caused: an instructor who marks, an operator or administrator who acts on behalf of a person,
// the system. A learning event of a person that names nobody is an error.
func Learning(e event.Event) (l Learner, ok bool, err error) {
	if !slices.Contains(LearningEvents(), e.Type) || e.ActorID == nil || !slices.Contains(OwnActors(), e.ActorKind) {
		return Learner{}, false, nil
	}
	if err := json.Unmarshal(e.Data, &l); err != nil || l.ID == uid.Nil {
		return Learner{}, false, fmt.Errorf("event %s names no person (%w)", e.ID, err)
	}
	return l, l.ID == *e.ActorID, nil
}
