package signon

import (
	"time"

	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Requirement is whether an identity provider must vouch for a person.
type Requirement string

const (
	// RequirementNone says nothing: the wider rule decides.
	RequirementNone Requirement = ""
	// RequirementOptional lets people choose between the portal's own password and a connection.
	RequirementOptional Requirement = "optional"
	// RequirementRequired closes the local ways in: passwords, passkeys, invitations and resets.
	RequirementRequired Requirement = "required"
)

// Rule is a requirement with the date from which it holds. Before its date it says nothing.
type Rule struct {
	Require Requirement `json:"require"`
	From    *time.Time  `json:"from,omitempty"` // nil: at once
}

// holds tells whether the rule says something at an instant.
func (r Rule) holds(now time.Time) bool {
	return r.Require != RequirementNone && (r.From == nil || !now.Before(*r.From))
}

// coming gives the date from which the rule will require, when that lies ahead.
func (r Rule) coming(now time.Time) *time.Time {
	if r.Require == RequirementRequired && r.From != nil && now.Before(*r.From) {
		return r.From
	}
	return nil
}

// GroupRule is the rule for people in a group. Over a domain's and the portal's it wins; of several groups, requiring wins.
type GroupRule struct {
	GroupID uid.ID `json:"group_id"`
	Rule
}

// Rules is who must use the organization's identity provider, and who may open local sign-in when it is down. The closest
// rule that holds decides: a group's, then the e-mail domain's (Domain.Policy), then the portal's.
type Rules struct {
	Portal Rule        `json:"portal"`
	Groups []GroupRule `json:"groups,omitempty"`
	// BreakGlass are the owners of whom two together open local sign-in for a while (break-glass). They have no other way
	// around the rules: one of them alone opens nothing.
	BreakGlass []uid.ID `json:"break_glass,omitempty"`
	Revision   int      `json:"revision"` // counts changes
}

// Holder is an active person with what decides whether a rule locks them out.
type Holder struct {
	auth.Person
	// Linked tells that a connection that is on has signed them in.
	Linked bool
}

// Failures of rules.
var (
	ErrRulesChanged = fault.New(fault.KindConflict, "sign_on_rules_changed", "Someone else changed these rules meanwhile. Reload the page, look at their change, and make yours again.")
	ErrLocksYouOut  = fault.New(fault.KindConflict, "rule_locks_you_out", "This rule would lock you out: you have never signed in over a connection that is switched on. Sign in that way once, then set the rule.")
	ErrNoProvenWay  = fault.New(fault.KindConflict, "rule_no_proven_way", "No owner or administrator has signed in over a connection that is switched on yet. Have one of them try it, or name two owners who can open local sign-in in an emergency.")
	ErrLocksOwners  = fault.New(fault.KindConflict, "rule_locks_owners", "This rule locks owners out who have never signed in over a connection. Look at the list, then confirm it.")
)
