package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/store/queue"
)

// pathConsequences is what follows on paths when a course is completed, a certificate issued, a path changed or a course
// archived: what opens is entered, what is complete is told.
func (a *app) pathConsequences() []queue.Consequence {
	return []queue.Consequence{
		{When: "enrolment.completed", Name: "advance_person_completed", Do: a.advancePerson},
		{When: "certificate.issued", Name: "advance_person_certified", Do: a.advancePerson},
		{When: "path.changed", Name: "advance_path_changed", Timeout: pathsMax, Do: a.advancePath},
		{When: "course.archived", Name: "advance_paths_archived", Timeout: pathsMax, Do: a.advancePaths},
	}
}

// pathsMax is how long one run may take for everyone on a path.
const pathsMax = 10 * time.Minute

func (a *app) advancePerson(ctx context.Context, e event.Event) error {
	var d struct {
		PersonID uid.ID `json:"person_id"`
	}
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	return a.paths.AdvancePerson(ctx, d.PersonID)
}

func (a *app) advancePath(ctx context.Context, e event.Event) error {
	return a.paths.AdvanceAll(ctx, e.SubjectID)
}

func (a *app) advancePaths(ctx context.Context, e event.Event) error {
	return a.paths.AdvanceWith(ctx, e.SubjectID)
}
