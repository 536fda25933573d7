// Package rollout is how a release's shape reaches every tenant's schema: in waves, the first ones first, watched, and
// stopped by itself when too many fail. What does it is store/fleet; this says what it is and what may be asked of it.
package rollout

import (
	"context"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// State is how a rollout stands.
type State string

const (
	// Running is being worked on, by whichever process holds it; one that dies is followed by another.
	Running State = "running"
	// Paused waits for an operator: Why says what for.
	Paused State = "paused"
	// Done reached every schema, or all but those that failed and were left.
	Done State = "done"
	// Stopped was given up by an operator, or by a newer release's rollout.
	Stopped State = "stopped"
)

// Open tells whether it can still go on.
func (s State) Open() bool { return s == Running || s == Paused }

// Why a rollout paused or stopped, beside what an operator wrote.
const (
	WhyOperator  = "operator"  // asked for
	WhyCanary    = "canary"    // one of the first failed
	WhyFailures  = "failures"  // more failed than may
	WhyFailed    = "failed"    // all were tried, and some failed
	WhyNewer     = "newer"     // a newer release began its own
	WhyDiscarded = "discarded" // given up by an operator
)

// StepState is how one schema stands in a rollout.
type StepState string

// The states of a step.
const (
	Waiting    StepState = "waiting"
	StepDone   StepState = "done"
	StepFailed StepState = "failed"
)

// Options say how a rollout goes. The zero value is what a release begins with by itself.
type Options struct {
	Plan      []int // percent of the fleet that is reached at the end of each wave, the last 100; default 1, 10, 100
	Workers   int   // schemas at a time; default 4, at most 16
	MaxFailed int   // percent of a wave's tried ones that may fail before it pauses; default 2
	By        string
}

// Normalise fills in defaults and gathers what is wrong.
func (o *Options) Normalise() error {
	if len(o.Plan) == 0 {
		o.Plan = []int{1, 10, 100}
	}
	if o.Workers == 0 {
		o.Workers = 4
	}
	if o.MaxFailed == 0 {
		o.MaxFailed = 2
	}
	f, before := fault.Fields{}, 0
	for _, p := range o.Plan {
		f.Check(p > before && p <= 100, "plan", "Write rising shares in percent that end with 100, for example 1, 10, 100.")
		before = p
	}
	f.Check(before == 100 && len(o.Plan) <= 20, "plan", "Write rising shares in percent that end with 100, for example 1, 10, 100.")
	f.Check(o.Workers >= 1 && o.Workers <= 16, "workers", "Choose between 1 and 16 schemas at a time.")
	f.Check(o.MaxFailed >= 1 && o.MaxFailed <= 100, "max_failed", "Choose between 1 and 100 percent.")
	return f.Err()
}

// Rollout is one way of a release's shape through the fleet. It is a row of control.rollouts.
type Rollout struct {
	ID         uid.ID
	Target     int // the version of the schemas
	State      State
	Why        string // it is paused or stopped for
	Plan       []int
	Workers    int
	MaxFailed  int
	StartedBy  string
	StartedAt  time.Time
	WorkedAt   *time.Time // when a process last did something for it
	Holder     string     // that process; "" before any
	FinishedAt *time.Time
	Waves      []Wave
}

// Wave is how far one wave is.
type Wave struct {
	Number                int // from 1
	Share                 int // of the fleet reached at its end, in percent
	Waiting, Done, Failed int
}

// Total is how many schemas are in the wave.
func (w Wave) Total() int { return w.Waiting + w.Done + w.Failed }

// Percent is how much of it was tried.
func (w Wave) Percent() int {
	if w.Total() == 0 {
		return 100
	}
	return 100 * (w.Done + w.Failed) / w.Total()
}

// Sum adds the waves up.
func (r Rollout) Sum() (w Wave) {
	for _, one := range r.Waves {
		w.Waiting, w.Done, w.Failed = w.Waiting+one.Waiting, w.Done+one.Done, w.Failed+one.Failed
	}
	return w
}

// Wave is the number of the wave that is worked on; past the last when none is left.
func (r Rollout) Wave() int {
	for _, w := range r.Waves {
		if w.Waiting > 0 {
			return w.Number
		}
	}
	return len(r.Waves) + 1
}

// Left is how long it probably still takes at the pace so far; ok is false where nothing is known.
func (r Rollout) Left(now time.Time) (d time.Duration, ok bool) {
	sum := r.Sum()
	tried := sum.Done + sum.Failed
	if r.State != Running || tried == 0 || sum.Waiting == 0 || !now.After(r.StartedAt) {
		return 0, false
	}
	return now.Sub(r.StartedAt) / time.Duration(tried) * time.Duration(sum.Waiting), true
}

// Step is one schema of a rollout. It is a row of control.rollout_steps.
type Step struct {
	SchemaName string
	Slug       string // "" for a spare
	Wave       int
	State      StepState
	Tries      int
	Error      string
	Took       time.Duration
	EndedAt    *time.Time
}

// Keeper does and remembers rollouts. Nobody's permission is asked: operators call it.
type Keeper interface {
	// Rollouts lists them, the newest first, at most n.
	Rollouts(ctx context.Context, n int) ([]Rollout, error)
	// Rollout gives one; ErrNotFound.
	Rollout(ctx context.Context, id uid.ID) (Rollout, error)
	// Failed lists the steps that failed, at most n.
	Failed(ctx context.Context, id uid.ID, n int) ([]Step, error)
	// Begin begins one for the schemas that are behind, or gives the open one for this release. With nothing behind
	// ErrNothing.
	Begin(ctx context.Context, o Options) (Rollout, error)
	// Pause, Resume and Discard change an open one: ErrOver when it is over.
	Pause(ctx context.Context, id uid.ID, by string) error
	Resume(ctx context.Context, id uid.ID, by string) error
	Discard(ctx context.Context, id uid.ID, by string) error
	// Retry has the failed steps, or with a schema that one, tried again, and resumes; it opens one that is done. ErrNothing
	// when none failed.
	Retry(ctx context.Context, id uid.ID, schema, by string) error
	// SetCanary chooses a tenant to go first, or not, and writes down who did; tenant.ErrNotFound. Canaries lists those that were chosen, by
	// slug.
	SetCanary(ctx context.Context, slug string, first bool, by string) error
	Canaries(ctx context.Context) ([]string, error)
	// Behind counts the schemas that lack the newest shape.
	Behind(ctx context.Context) (behind, all int, err error)
}

// Failures of this package.
var (
	ErrNotFound = fault.New(fault.KindNotFound, "rollout_not_found", "There is no such rollout.")
	ErrNothing  = fault.New(fault.KindConflict, "rollout_nothing", "Every schema has the newest shape: there is nothing to do.")
	ErrOver     = fault.New(fault.KindConflict, "rollout_over", "This rollout is over.")
	ErrHeld     = fault.New(fault.KindConflict, "rollout_held", "Another process works on this rollout.")
)
