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

// dutyConsequences is what follows for people's duties from requirements, groups and completions.
func (a *app) dutyConsequences() (table []queue.Consequence) {
	for _, typ := range []string{"requirement.saved", "requirement.group_added", "requirement.group_removed", "requirement.switched", "requirement.person_named", "requirement.person_unnamed", "requirement.run_undone"} {
		table = append(table, queue.Consequence{When: typ, Name: "run_requirement", Long: true, Timeout: settleTimeout, Do: func(ctx context.Context, e event.Event) error {
			return a.duties.Run(ctx, e.SubjectID)
		}})
	}
	return append(table,
		queue.Consequence{When: "group.members_changed", Name: "give_duties", Timeout: settleTimeout, Do: func(ctx context.Context, e event.Event) error {
			return a.duties.Joined(ctx, e.SubjectID)
		}},
		queue.Consequence{When: "path.changed", Name: "run_requirements_of_path", Long: true, Timeout: settleTimeout, Do: func(ctx context.Context, e event.Event) error {
			return a.duties.PathChanged(ctx, e.SubjectID)
		}},
		queue.Consequence{When: "enrolment.completed", Name: "advance_duties", Do: a.advanceDuties},
		queue.Consequence{When: "certificate.issued", Name: "advance_duties_by_certificate", Do: a.advanceDuties},
		queue.Consequence{When: "certificate.revoked", Name: "advance_duties_by_certificate_revoked", Do: a.advanceDuties},
		queue.Consequence{When: "person.roles_changed", Name: "forget_roles", Do: func(ctx context.Context, e event.Event) error {
			var d struct {
				By string `json:"by"`
			}
			if err := json.Unmarshal(e.Data, &d); err != nil {
				return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
			}
			if d.By == "requirements" { // who changes roles by hand has told already
				a.auth.Changed(ctx)
			}
			return nil
		}},
	)
}

// advanceDuties takes what the person of an event completed into their duties.
func (a *app) advanceDuties(ctx context.Context, e event.Event) error {
	var d struct {
		PersonID uid.ID `json:"person_id"`
	}
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	if d.PersonID == uid.Nil {
		return nil
	}
	return a.duties.Advance(ctx, d.PersonID)
}

// dutyChores look for what no event told: groups that were removed, people who left, places that became free.
func (a *app) dutyChores() []queue.Chore {
	return []queue.Chore{{Name: "run_requirements", Every: 6 * time.Hour, Timeout: time.Hour, Do: func(ctx context.Context) error {
		return a.everywhere(ctx, "requirements", a.duties.RunAll)
	}}}
}
