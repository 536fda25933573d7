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

// settleTimeout is how long filling a large group, or enrolling it, may take at a time.
const settleTimeout = 10 * time.Minute

// groupConsequences is what follows for groups from what happens to people, and for enrolments from what happens to groups.
func (a *app) groupConsequences() (table []queue.Consequence) {
	for _, typ := range []string{
		"person.created", "person.updated", "person.deactivated", "person.reactivated", "person.roles_changed", "invitation.created", "invitation.accepted", "person.placed",
	} {
		table = append(table, queue.Consequence{When: typ, Name: "settle_person", Urgency: queue.Unseen, Timeout: settleTimeout, Do: func(ctx context.Context, e event.Event) error {
			return a.groups.SettlePerson(ctx, e.SubjectID)
		}})
	}
	// Rules ask what people completed, and which certificates they hold.
	for _, typ := range []string{"enrolment.completed", "certificate.issued", "certificate.revoked", "certificate.expired"} {
		table = append(table, queue.Consequence{When: typ, Name: "settle_learner", Urgency: queue.Unseen, Timeout: settleTimeout, Do: func(ctx context.Context, e event.Event) error {
			var d struct {
				PersonID uid.ID `json:"person_id"`
			}
			if err := json.Unmarshal(e.Data, &d); err != nil {
				return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
			}
			if d.PersonID == uid.Nil {
				return nil
			}
			return a.groups.SettleLearner(ctx, d.PersonID)
		}})
	}
	return append(table,
		queue.Consequence{When: "group.members_changed", Name: "settle_groups", Urgency: queue.Unseen, Timeout: settleTimeout, Do: func(ctx context.Context, e event.Event) error {
			return a.groups.SettleAfter(ctx, e.SubjectID)
		}},
		queue.Consequence{When: "group.members_changed", Name: "enrol_joined", Timeout: settleTimeout, Do: func(ctx context.Context, e event.Event) error {
			return a.intakes.Joined(ctx, e.SubjectID)
		}},
		queue.Consequence{When: "intake.requested", Name: "enrol_group", Long: true, Timeout: settleTimeout, Do: func(ctx context.Context, e event.Event) error {
			var d struct {
				CourseID uid.ID `json:"course_id"`
			}
			if err := json.Unmarshal(e.Data, &d); err != nil {
				return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
			}
			return a.intakes.Run(ctx, e.SubjectID, d.CourseID)
		}},
	)
}

// groupChores look once a day for what no event told: days that passed, and jobs that were lost.
func (a *app) groupChores() []queue.Chore {
	return []queue.Chore{{Name: "settle_groups_daily", Every: 24 * time.Hour, Timeout: time.Hour, Do: func(ctx context.Context) error {
		return a.everywhere(ctx, "groups", func(ctx context.Context) error {
			if err := a.groups.SettleAll(ctx); err != nil {
				return err
			}
			return a.intakes.RunAll(ctx)
		})
	}}}
}

// searchConsequences is what of what happens can be found from then on.
func (a *app) searchConsequences() (table []queue.Consequence) {
	about := func(name string, do func(ctx context.Context, id uid.ID) error, events ...string) {
		for _, typ := range events {
			table = append(table, queue.Consequence{When: typ, Name: name, Urgency: queue.Unseen, Timeout: settleTimeout, Do: func(ctx context.Context, e event.Event) error {
				return do(ctx, e.SubjectID)
			}})
		}
	}
	about("index_course", a.search.IndexCourse, "course.created", "course.published", "course.archived", "course.restored")
	about("index_person", func(ctx context.Context, id uid.ID) error { return a.search.IndexPeople(ctx, id) },
		"person.created", "person.updated", "person.deactivated", "person.reactivated", "invitation.created", "invitation.accepted")
	about("index_group", func(ctx context.Context, id uid.ID) error { return a.search.IndexGroups(ctx, id) }, "group.created", "group.updated", "group.deleted")
	return table
}

// searchChores look for what no event told: drafts as they are written.
func (a *app) searchChores() []queue.Chore {
	return []queue.Chore{{Name: "sweep_search", Every: 10 * time.Minute, Timeout: time.Hour, Do: func(ctx context.Context) error {
		return a.everywhere(ctx, "search", a.search.Sweep)
	}}}
}
