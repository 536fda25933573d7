package themes

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/learning/bank"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/tenant"
	"lyceum/tenant/broadcast"
	"lyceum/tenant/health"
	"lyceum/tenant/life"
)

// Badge is a state in a word and a tone (good, warn, bad, brandly or none), drawn by parts/tile.html.
type Badge struct{ Text, Tone string }

var tones = map[string]string{
	"person_status.invited": "warn", "person_status.active": "good",
	"course_status.published": "good", "course_status.archived": "warn",
	"review_state.requested": "brandly", "review_state.approved": "good", "review_state.returned": "warn",
	"question_status.published": "good", "question_status.changed": "brandly", "question_status.archived": "warn", "question_comes.plain": "good", "question_comes.changed": "warn", "question_comes.refused": "bad", "question_goes.changed": "warn", "question_goes.missing": "bad",
	"certificate_state.valid": "good", "certificate_state.expiring": "warn", "certificate_state.expired": "warn", "certificate_state.revoked": "bad",
	"path_status.published": "good", "path_status.archived": "warn",
	"enrolment_status.completed": "good", "enrolment_status.started": "brandly",
	"connection_status.on": "good", "connection_status.dry_run": "brandly", "outcome.admitted": "good", "outcome.refused": "bad", "outcome.dry_run": "brandly",
	"run_outcome.done": "good", "run_outcome.held": "warn", "run_outcome.incomplete": "warn", "run_outcome.failed": "bad", "run_outcome.running": "brandly",
	"run_change.created": "good", "run_change.linked": "good", "run_change.reactivated": "good", "run_change.deactivated": "bad", "run_change.held": "warn", "run_change.passed": "warn", "run_change.noted": "warn",
	"directory_status.on": "good", "directory_status.dry_run": "warn",
	"status_verdict.working": "good", "status_verdict.disturbed": "warn", "status_verdict.down": "bad",
	"life.trial": "brandly", "life.active": "good", "life.past_due": "warn", "life.read_only": "warn", "life.suspended": "bad", "life.export_ready": "warn",
	"health.good": "good", "health.warn": "warn", "health.bad": "bad",
	"broadcast_state.planned": "brandly", "broadcast_state.running": "warn",
	"tenant.active": "good", "tenant.suspended": "bad", "tenant.provisioning": "brandly", "tenant.deleting": "warn",
}

// StatusBadge names a state; the group is the group of its messages.
func (c *Chrome) StatusBadge(group string, status any) (Badge, error) {
	text, err := c.Named(group, status)
	if err != nil {
		return Badge{}, err
	}
	code := ""
	switch s := status.(type) {
	case auth.PersonStatus:
		code = string(s)
	case catalog.Status:
		code = string(s)
	case tenant.Status:
		code = string(s)
	case catalog.Review:
		code = string(s)
	case bank.Status:
		code = string(s)
	case life.State:
		code = string(s)
	case health.Verdict:
		code = string(s)
	case broadcast.State:
		code = string(s)
	case string:
		code = s
	}
	return Badge{Text: text, Tone: tones[group+"."+code]}, nil
}

// EnrolmentBadge names where someone is in a course; enrolled but not begun is told apart.
func (c *Chrome) EnrolmentBadge(e enrolment.Enrolment) (Badge, error) {
	status := string(e.Status)
	if e.Status == enrolment.StatusActive && e.StartedAt != nil {
		status = "started"
	}
	if e.Left() {
		status = "left"
	}
	return c.StatusBadge("enrolment_status", status)
}

// AllRoles lists the roles to filter by: the built-in ones, then the portal's own by name.
func (c *Chrome) AllRoles() []policy.Role {
	own := slices.SortedFunc(maps.Keys(c.View.RoleNames), func(a, b policy.Role) int {
		return cmp.Or(strings.Compare(c.View.RoleNames[a], c.View.RoleNames[b]), strings.Compare(string(a), string(b)))
	})
	return append(policy.BuiltInRoles(), own...)
}

// PersonStatuses lists the states of people to filter by.
func (c *Chrome) PersonStatuses() []auth.PersonStatus {
	return []auth.PersonStatus{auth.PersonActive, auth.PersonInvited, auth.PersonDeactivated}
}

// CourseStatuses lists the states of courses to filter by.
func (c *Chrome) CourseStatuses() []catalog.Status {
	return []catalog.Status{catalog.StatusDraft, catalog.StatusPublished, catalog.StatusArchived}
}

// ReviewStates lists where a draft may stand, to filter by.
func (c *Chrome) ReviewStates() []catalog.Review {
	return []catalog.Review{catalog.ReviewRequested, catalog.ReviewApproved, catalog.ReviewReturned}
}

// LessonKinds lists what a lesson may be made of.
func (c *Chrome) LessonKinds() []catalog.LessonKind { return catalog.LessonKinds() }
