package themes

import (
	"fmt"
	"time"

	"lyceum/internal/fault"
)

// ProblemPage is any failure that has no page of its own: 400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503. The
// request's id is taken from the View.
type ProblemPage struct {
	Status     int
	Fault      *fault.Fault
	RetryAfter time.Duration // 0 when unknown
}

func (p ProblemPage) in(c *Chrome) (string, any) { return "problem", framed[ProblemPage]{c, p} }

// SuspendedPage answers every request to a suspended portal (status 403).
type SuspendedPage struct {
	Unpaid  bool // for the bill; then owners may pay, and learners go on with what is mandatory
	Bill    bool // who asks may see the bill
	SignIn  bool // nobody is signed in
	Courses []MandatoryCourse
	Contact string // whom to ask: the tenant's contact address
}

func (p SuspendedPage) in(c *Chrome) (string, any) { return "suspended", framed[SuspendedPage]{c, p} }

// ProvisioningPage answers requests to a portal that is being made or updated (status 503); it asks again by itself.
type ProvisioningPage struct{ Updating bool }

func (p ProvisioningPage) in(c *Chrome) (string, any) {
	return "provisioning", framed[ProvisioningPage]{c, p}
}

// Heading is the message key of what happened in a few words.
func (p ProblemPage) Heading() string {
	switch p.Status {
	case 401, 403, 404, 409, 413, 429, 503:
		return fmt.Sprintf("problem.%d", p.Status)
	}
	if p.Status < 500 {
		return "problem.400"
	}
	return "problem.500"
}

// Wait is how many seconds to wait, 0 when unknown.
func (p ProblemPage) Wait() int { return int((p.RetryAfter + time.Second - 1) / time.Second) }

// MandatoryCourse is a course that stays reachable on a portal that is closed for its bill.
type MandatoryCourse struct {
	Slug, Title string
	DueAt       *time.Time
}
