package themes

import (
	"time"

	"lyceum/auth/org"
	"lyceum/internal/fault"
)

// FlashDelegated tells that somebody looks after one's people; Name is who.
const FlashDelegated FlashKey = "delegated"

// StructurePage is GET /people/structure?on=&known=&person=: who reported to whom on a day, as known at the end of another.
type StructurePage struct {
	Structure org.Structure
	On, Known string // what was asked for; "" today, and what is known now
}

func (p StructurePage) in(c *Chrome) (string, any) { return "structure", framed[StructurePage]{c, p} }

// Person is whose reports are shown, as an address has it; "" the top.
func (p StructurePage) Person() string {
	if p.Structure.Whose == nil {
		return ""
	}
	return p.Structure.Whose.PersonID.String()
}

// SpansPage is GET /people/:id/managers: whom a person reported to over time. It posts manager and since to it.
type SpansPage struct {
	Place   org.Place
	Spans   []org.Span
	Manager string // what was typed, or the manager's e-mail
	Since   string
	Problem *fault.Fault
}

func (p SpansPage) in(c *Chrome) (string, any) { return "spans", framed[SpansPage]{c, p} }

// At is its address.
func (p SpansPage) At() string { return "/people/" + p.Place.Person.ID.String() + "/managers" }

// AwayPage is GET /team/away?of=: who looks after whose people. It posts to, first_day and last_day to it, and nothing to
// /team/away/:delegation/end.
type AwayPage struct {
	Delegations     []org.Delegation
	Everybody       bool
	To, First, Last string
	Problem         *fault.Fault
}

func (p AwayPage) in(c *Chrome) (string, any) { return "away", framed[AwayPage]{c, p} }

// Given tells that a delegation is one's own to another.
func (c *Chrome) Given(d org.Delegation) bool {
	return c.View.Who != nil && d.GiverID == c.View.Who.PersonID
}

// LongDay writes a day of the calendar in words, wherever the reader is.
func (t talk) LongDay(at time.Time) string {
	at = at.UTC()
	f := dates[t.locale]
	return f.day(at.Day(), f.months[at.Month()-1], at.Year())
}
