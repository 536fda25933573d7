package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"lyceum/store/fleet"
	"lyceum/tenant/rollout"
)

type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" help:"Migrate the control schema, then roll this release's shape out to every tenant, in waves. Stopped anywhere, the next run goes on."`
	Status migrateStatusCmd `cmd:"" help:"Show how far the fleet is, and the rollout."`
	Pause  migratePauseCmd  `cmd:"" help:"Have the rollout begin no further tenant."`
	Resume migrateResumeCmd `cmd:"" help:"Have a paused rollout go on; one that paused because of failures goes on whatever fails."`
	Retry  migrateRetryCmd  `cmd:"" help:"Try tenants that failed again."`
	Stop   migrateStopCmd   `cmd:"" help:"Give the rollout up. Tenants that were reached keep their shape."`
	Canary migrateCanaryCmd `cmd:"" help:"Choose tenants that go first."`
}

type migrateUpCmd struct {
	Waves     []int `default:"1,10,100" help:"Percent of the fleet that is reached at the end of each wave."`
	AtOnce    int   `name:"at-once" default:"4" help:"Schemas at a time, at most 16."`
	MaxFailed int   `name:"max-failed" default:"2" help:"Percent of a wave's tried ones that may fail before it pauses; 100 never pauses."`
}

// byCLI is who the audit names.
const byCLI = "command line"

// Run migrates and shows progress on a line of its own.
func (cmd migrateUpCmd) Run(ctx context.Context, c *Config) error {
	return withAdmin(ctx, c, func(db database, admin *fleet.Admin) error {
		bar := progress{to: os.Stderr, now: time.Now}
		r, hardened, err := admin.Migrate(ctx, db.pass, rollout.Options{Plan: cmd.Waves, Workers: cmd.AtOnce, MaxFailed: cmd.MaxFailed, By: byCLI}, bar.show)
		bar.end()
		if err != nil {
			return fmt.Errorf("%d schemas are migrated, %d failed, %d wait: see lyceum migrate status, then retry, resume or stop: %w", r.Sum().Done, r.Sum().Failed, r.Sum().Waiting, err)
		}
		fmt.Printf("The database has this release's shape (%d schemas migrated).\n", r.Sum().Done)
		if !hardened {
			fmt.Println("Note: this database does not let us take set_config from tenants' roles; see `lyceum doctor`.")
		}
		return nil
	})
}

// progress is a bar on a line of its own.
type progress struct {
	to    io.Writer
	now   func() time.Time
	last  time.Time
	began time.Time
	first int // that were done before this process began
	shown bool
}

func (p *progress) show(r rollout.Rollout) {
	now, sum := p.now(), r.Sum()
	if p.began.IsZero() {
		p.began, p.first = now, sum.Done+sum.Failed
	}
	if now.Sub(p.last) < 100*time.Millisecond && sum.Waiting > 0 {
		return
	}
	p.last, p.shown = now, true
	const width = 30
	full := width * sum.Percent() / 100
	line := fmt.Sprintf("\r[%s%s] %d of %d, wave %d of %d, %d failed", strings.Repeat("#", full), strings.Repeat(".", width-full), sum.Done+sum.Failed, sum.Total(), min(r.Wave(), len(r.Waves)), len(r.Waves), sum.Failed)
	if tried := sum.Done + sum.Failed - p.first; tried > 0 && now.After(p.began) {
		rate := float64(tried) / now.Sub(p.began).Seconds()
		line += fmt.Sprintf(", %.0f a second, %s left  ", rate, time.Duration(float64(sum.Waiting)/rate*float64(time.Second)).Round(time.Second))
	}
	fmt.Fprint(p.to, line)
}

func (p *progress) end() {
	if p.shown {
		fmt.Fprintln(p.to)
	}
}

type migrateStatusCmd struct{}

// Run shows the versions of the fleet and the newest rollout.
func (migrateStatusCmd) Run(ctx context.Context, c *Config) error {
	return withAdmin(ctx, c, func(_ database, admin *fleet.Admin) error {
		s, err := admin.Status(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintf(w, "control schema\t%d of %d\n", s.ControlVersion, s.ControlLatest)
		for _, v := range s.Versions {
			note := ""
			if v.Version < s.TenantLatest {
				note = "behind: run lyceum migrate up"
			}
			if v.Version == 0 {
				note = "being provisioned"
			}
			fmt.Fprintf(w, "tenants at version %d of %d\t%d\t%s\n", v.Version, s.TenantLatest, v.Tenants, note)
		}
		fmt.Fprintf(w, "spare schemas ready\t%d\n", s.Spares)
		if s.ControlVersion == s.ControlLatest {
			if err := showRollout(ctx, w, admin); err != nil {
				return err
			}
		}
		return w.Flush()
	})
}

func showRollout(ctx context.Context, w io.Writer, admin *fleet.Admin) error {
	list, err := admin.Rollouts(ctx, 1)
	if err != nil || len(list) == 0 {
		return err
	}
	r := list[0]
	why := ""
	if r.Why != "" {
		why = " (" + r.Why + ")"
	}
	fmt.Fprintf(w, "\nrollout to version %d\t%s%s\tbegan %s by %s\n", r.Target, r.State, why, r.StartedAt.UTC().Format(time.RFC3339), r.StartedBy)
	if r.WorkedAt != nil {
		fmt.Fprintf(w, "last worked on\t%s\tby %s\n", r.WorkedAt.UTC().Format(time.RFC3339), r.Holder)
	}
	for _, wave := range r.Waves {
		fmt.Fprintf(w, "wave %d, to %d %%\t%d of %d\t%d failed\n", wave.Number, wave.Share, wave.Done, wave.Total(), wave.Failed)
	}
	failed, err := admin.Failed(ctx, r.ID, 20)
	if err != nil {
		return err
	}
	for _, f := range failed {
		fmt.Fprintf(w, "failed\t%s %s\t%s\n", f.Slug, f.SchemaName, strings.ReplaceAll(f.Error, "\n", " "))
	}
	return nil
}

// onOpen does something to the open rollout.
func onOpen(ctx context.Context, c *Config, said string, do func(admin *fleet.Admin, r rollout.Rollout) error) error {
	return withAdmin(ctx, c, func(_ database, admin *fleet.Admin) error {
		list, err := admin.Rollouts(ctx, 1)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return errors.New("there was no rollout yet")
		}
		if err := do(admin, list[0]); err != nil {
			return err
		}
		fmt.Println(said)
		return nil
	})
}

type migratePauseCmd struct{}

// Run pauses the rollout.
func (migratePauseCmd) Run(ctx context.Context, c *Config) error {
	return onOpen(ctx, c, "Paused: what was begun ends, nothing more begins.", func(admin *fleet.Admin, r rollout.Rollout) error { return admin.Pause(ctx, r.ID, byCLI) })
}

type migrateResumeCmd struct{}

// Run resumes the rollout.
func (migrateResumeCmd) Run(ctx context.Context, c *Config) error {
	return onOpen(ctx, c, "It goes on: a serving process takes it up within seconds, or run lyceum migrate up.", func(admin *fleet.Admin, r rollout.Rollout) error { return admin.Resume(ctx, r.ID, byCLI) })
}

type migrateStopCmd struct{}

// Run gives the rollout up.
func (migrateStopCmd) Run(ctx context.Context, c *Config) error {
	return onOpen(ctx, c, "Given up. lyceum migrate up begins a new one.", func(admin *fleet.Admin, r rollout.Rollout) error { return admin.Discard(ctx, r.ID, byCLI) })
}

type migrateRetryCmd struct {
	Tenant string `arg:"" optional:"" help:"The tenant's slug or schema; all that failed when left out."`
}

// Run tries failed tenants again.
func (cmd migrateRetryCmd) Run(ctx context.Context, c *Config) error {
	return onOpen(ctx, c, "They are tried again: a serving process takes them up within seconds, or run lyceum migrate up.", func(admin *fleet.Admin, r rollout.Rollout) error {
		schema := cmd.Tenant
		failed, err := admin.Failed(ctx, r.ID, 10_000)
		if err != nil {
			return err
		}
		for _, f := range failed {
			if f.Slug == cmd.Tenant && f.Slug != "" {
				schema = f.SchemaName
			}
		}
		return admin.Retry(ctx, r.ID, schema, byCLI)
	})
}

type migrateCanaryCmd struct {
	Tenant []string `arg:"" help:"Slugs of the tenants."`
	Off    bool     `help:"They are not to go first any more."`
}

// Run chooses who goes first.
func (cmd migrateCanaryCmd) Run(ctx context.Context, c *Config) error {
	return withAdmin(ctx, c, func(_ database, admin *fleet.Admin) error {
		for _, slug := range cmd.Tenant {
			if err := admin.SetCanary(ctx, slug, !cmd.Off, byCLI); err != nil {
				return err
			}
		}
		return nil
	})
}

// withAdmin opens the database as administrator.
func withAdmin(ctx context.Context, c *Config, fn func(database, *fleet.Admin) error) error {
	log := c.logger()
	db, err := c.openDatabase(ctx, log)
	if err != nil {
		return err
	}
	defer db.stop() //nolint:errcheck // the command's own outcome is what counts
	admin, err := fleet.Open(ctx, fleet.Options{URL: db.admin, Log: log})
	if err != nil {
		return err
	}
	defer admin.Close()
	return fn(db, admin)
}
