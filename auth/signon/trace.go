package signon

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Outcome is how an attempt to sign in over a connection ended.
type Outcome string

const (
	// OutcomeAdmitted signed someone in.
	OutcomeAdmitted Outcome = "admitted"
	// OutcomeRefused did not; Attempt.Reason names the check.
	OutcomeRefused Outcome = "refused"
	// OutcomeDryRun would have signed someone in, had it been meant.
	OutcomeDryRun Outcome = "dry_run"
)

// Outcomes lists them.
func Outcomes() []Outcome { return []Outcome{OutcomeAdmitted, OutcomeRefused, OutcomeDryRun} }

// AttemptsKept is how many attempts of each connection are kept, the newest.
const AttemptsKept = 50

// Attempt is one answer of an identity provider, what was checked and what came of it. It is a row of sign_on_attempts;
// no secret is in it.
type Attempt struct {
	ID           uid.ID
	ConnectionID uid.ID
	Outcome      Outcome
	Reason       string  // the check that refused; empty when none did
	PersonID     *uid.ID // who was, or would have been, signed in; nil: nobody known yet
	Subject      string
	IP           string
	Checks       JSON[auth.Report]
	Claims       JSON[map[string][]string] // as they came, redacted
	Result       JSON[Result]
	At           time.Time
}

// Result is what an attempt came to: whom the mapping made of the claims.
type Result struct {
	Profile auth.Profile      `json:"profile"`
	Groups  []string          `json:"groups,omitempty"`
	From    map[string]string `json:"from,omitempty"` // field → the entry of the mapping that filled it
	Left    map[string]string `json:"left,omitempty"` // field → why its value was not taken over
	Role    policy.Role       `json:"role,omitempty"` // that the role rules give
	Rule    int               `json:"rule,omitempty"` // which rule, from 1; 0 is the default
	// Effect says what happened, or would have: "created", "linked", "signed_in", "confirmation_needed"; empty where it was refused.
	Effect string `json:"effect,omitempty"`
}

// AttemptFilter narrows a connection's attempts. A zero value does not narrow.
type AttemptFilter struct {
	Connection uid.ID // required
	Outcome    Outcome
}

// TraceKeeper is what is needed of the trace by those who read it. All of it runs inside InTenant.
type TraceKeeper interface {
	// AttemptsOf gives a connection's attempts, the newest first, at most AttemptsKept.
	AttemptsOf(ctx context.Context, f AttemptFilter) ([]Attempt, error)
	// AttemptByID gives one of a connection's; ErrAttemptNotFound.
	AttemptByID(ctx context.Context, connection, id uid.ID) (Attempt, error)
	// LastAttempts gives, for every connection, when something last ended with each outcome.
	LastAttempts(ctx context.Context) (map[uid.ID]map[Outcome]time.Time, error)
	// NamesOf gives the names of people, as far as they are there.
	NamesOf(ctx context.Context, ids []uid.ID) (map[uid.ID]string, error)
}

// ErrAttemptNotFound is an id that names no attempt of a connection, or one that newer ones have pushed out.
var ErrAttemptNotFound = fault.New(fault.KindNotFound, "attempt_not_found", "This attempt is no longer kept: only the last 50 of each connection are.")

// Trace is a connection's last attempts with the names of the people in them.
type Trace struct {
	Connection Connection
	Attempts   []Attempt
	Names      map[uid.ID]string
}

// Attempts gives the last attempts over a connection, the newest first. It needs connection:manage.
func (s *Service) Attempts(ctx context.Context, f AttemptFilter) (t Trace, err error) {
	err = s.within(ctx, f.Connection, func(ctx context.Context) (err error) {
		if t.Connection, err = s.Keep.ConnectionByID(ctx, f.Connection); err != nil {
			return err
		}
		if t.Attempts, err = s.Keep.AttemptsOf(ctx, f); err != nil {
			return err
		}
		t.Names, err = s.namesIn(ctx, t.Attempts...)
		return err
	})
	return t, err
}

// Attempt gives one attempt with every check. It needs connection:manage; ErrAttemptNotFound.
func (s *Service) Attempt(ctx context.Context, connection, id uid.ID) (t Trace, err error) {
	err = s.within(ctx, connection, func(ctx context.Context) (err error) {
		if t.Connection, err = s.Keep.ConnectionByID(ctx, connection); err != nil {
			return err
		}
		a, err := s.Keep.AttemptByID(ctx, connection, id)
		if err != nil {
			return err
		}
		t.Attempts = []Attempt{a}
		t.Names, err = s.namesIn(ctx, a)
		return err
	})
	return t, err
}

func (s *Service) namesIn(ctx context.Context, attempts ...Attempt) (map[uid.ID]string, error) {
	var ids []uid.ID
	for _, a := range attempts {
		if a.PersonID != nil {
			ids = append(ids, *a.PersonID)
		}
	}
	return s.Keep.NamesOf(ctx, ids)
}

// Answered tells whether the attempt holds claims: an answer that was believed, whatever came of it.
func (a Attempt) Answered() bool { return len(a.Claims.V) > 0 }

// Refusing is the check that refused, nil when none did.
func (a Attempt) Refusing() *auth.Check {
	for i, c := range a.Checks.V {
		if !c.OK && (a.Reason == "" || c.Name == a.Reason) {
			return &a.Checks.V[i]
		}
	}
	return nil
}

// Exported is an attempt as it is sent to an identity provider's support: what was checked and what came, without who it
// is here.
type Exported struct {
	Attempt    string              `json:"attempt"`
	At         time.Time           `json:"at"`
	Connection string              `json:"connection"`
	Kind       auth.Protocol       `json:"kind"`
	Outcome    Outcome             `json:"outcome"`
	Reason     string              `json:"reason,omitempty"`
	Subject    string              `json:"subject,omitempty"`
	Checks     auth.Report         `json:"checks"`
	Claims     map[string][]string `json:"claims,omitempty"`
	Result     Result              `json:"result"`
}

// Export gives the attempt as it is sent away.
func (a Attempt) Export(c Connection) Exported {
	return Exported{
		Attempt: Number(a.ID), At: a.At.UTC(), Connection: c.Name, Kind: c.Kind, Outcome: a.Outcome, Reason: a.Reason, Subject: a.Subject,
		Checks: a.Checks.V, Claims: a.Claims.V, Result: a.Result.V,
	}
}
