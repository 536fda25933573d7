package themes

import (
	"time"

	"lyceum/internal/fault"
	"lyceum/tenant/rollout"
)

// RolloutsPage is GET /operator/migrations and /operator/migrations/:rollout: a release's shape on its way through the fleet. It posts
// waves, workers and max_failed to begin one; slug and off to …/canary; and to …/:rollout/pause, resume, stop, and schema to retry.
type RolloutsPage struct {
	Behind, All int
	List        []rollout.Rollout
	Shown       *rollout.Rollout // nil: there was none yet
	Failed      []rollout.Step
	Canaries    []string
	Form        RolloutForm
	Problem     *fault.Fault
}

// RolloutForm is a rollout as it is typed.
type RolloutForm struct {
	Waves              string
	Workers, MaxFailed int
}

func (p RolloutsPage) in(c *Chrome) (string, any) { return "rollouts", framed[RolloutsPage]{c, p} }

// Running tells whether it changes while one looks.
func (p RolloutsPage) Running() bool { return p.Shown != nil && p.Shown.State == rollout.Running }

// Open tells whether it can still go on.
func (p RolloutsPage) Open() bool { return p.Shown != nil && p.Shown.State.Open() }

// Begins tells whether one can be begun.
func (p RolloutsPage) Begins() bool {
	return p.Behind > 0 && (len(p.List) == 0 || !p.List[0].State.Open())
}

// Left is how long it probably still takes, in seconds; 0 where nothing is known.
func (p RolloutsPage) Left(now time.Time) int {
	d, _ := p.Shown.Left(now)
	return int(d.Round(time.Second).Seconds())
}

// Silent tells that nobody has worked on it for a while, though it is running.
func (p RolloutsPage) Silent(now time.Time) bool {
	return p.Running() && (p.Shown.WorkedAt == nil && now.Sub(p.Shown.StartedAt) > 30*time.Second || p.Shown.WorkedAt != nil && now.Sub(*p.Shown.WorkedAt) > 30*time.Second)
}
