package themes

import (
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/team"
)

// Messages of the team's pages.
const (
	FlashNudged FlashKey = "nudged" // Name: how many were reminded
	FlashGiven  FlashKey = "given"  // Name: the course
)

// TeamPage is GET /team?scope=&show=&q=&after=: a manager's people, the most pressing first. It posts scope and note to
// /team/nudge, and decision, answer and scope to /team/requests/:request.
type TeamPage struct {
	Look     team.Look
	Show     team.Show // "" all
	Query    string
	Note     string // what was typed
	Requests []team.Asked
	Problem  *fault.Fault
}

func (p TeamPage) in(c *Chrome) (string, any) { return "team", framed[TeamPage]{c, p} }

// TeamTab is a state that the list can be narrowed to, with how many are in it.
type TeamTab struct {
	Show  team.Show
	Count int
	On    bool
}

// Tabs are the states with everybody before them.
func (p TeamPage) Tabs() []TeamTab {
	out := []TeamTab{{Count: p.Look.Counts.People, On: p.Show == ""}}
	for _, s := range team.Shows() {
		out = append(out, TeamTab{s, p.Look.Counts.Of(s), p.Show == s})
	}
	return out
}

// Narrowed tells that not everybody is listed.
func (p TeamPage) Narrowed() bool { return p.Show != "" || p.Query != "" }

// TeamScopes are the scopes that who looks may choose from.
func (c *Chrome) TeamScopes() []team.Scope {
	scopes := []team.Scope{team.ScopeLine, team.ScopeDirect}
	if c.May(policy.PersonManage) {
		scopes = append(scopes, team.ScopeEveryone)
	}
	return scopes
}

// TeamTone is the colour of a state, beside its words.
func (c *Chrome) TeamTone(s team.Show) string {
	switch s {
	case team.ShowOverdue:
		return "bad"
	case team.ShowSoon:
		return "warn"
	case team.ShowClear:
		return "good"
	case team.ShowOpen:
	}
	return ""
}

// TeamPersonPage is GET /team/:person. It posts note to …/nudge, and course and due_on to …/enrol.
type TeamPersonPage struct {
	Sheet   team.Sheet
	Courses []team.Course // to choose from
	Course  uid.ID        // what was chosen
	Due     string        // what was typed
	Note    string
	Problem *fault.Fault
}

func (p TeamPersonPage) in(c *Chrome) (string, any) {
	return "team_person", framed[TeamPersonPage]{c, p}
}

// At is its address.
func (p TeamPersonPage) At() string { return "/team/" + p.Sheet.Member.PersonID.String() }
