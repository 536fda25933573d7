package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"lyceum/store/embedded"
)

// benchCmd measures. Machines are noisy and differ: what counts is a ratio of two things taken in turn in one run.
type benchCmd struct {
	Tenants      int           `default:"2000" help:"Size of the large fleet."`
	Rounds       int           `default:"5" help:"Rounds of each side, taken in turn."`
	Round        time.Duration `default:"3s" help:"Length of a round of load."`
	Clients      int           `default:"16" help:"Connections that load at once."`
	UsageEntries int           `name:"usage-entries" default:"10000000" help:"Entries of the ledger of usage that are summed up."`
	Only         []string      `placeholder:"PART" help:"Only these parts: usage, certificates, matrix, tests, home, reports, catalog, search, files, signon, password, directory, fair, structure, rest, reminders, latency, signup, migrate, demo."`
}

// figure is a line of the table. Goal is what it should be; met is "" where nothing was asked.
type figure struct {
	what, value, goal string
	met               *bool
}

// bench is a run: a database of its own, a fleet in it, and the figures so far.
type bench struct {
	cmd     *benchCmd
	config  *Config
	app     *app
	fleet   []benchTenant
	exe     string
	figures []figure
	signups []time.Duration // medians with a spare: small fleet, large fleet
}

// Run measures and prints the table.
func (cmd *benchCmd) Run(ctx context.Context, c *Config) error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	dir, err := os.MkdirTemp("", "lyceum-bench-")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	srv, err := embedded.Start(ctx, embedded.Options{
		Root: filepath.Join(dir, "postgres"), Fsync: true, MaxConnections: 120, NoDownload: c.NoDownload,
		Settings: map[string]string{"shared_buffers": "512MB"}, Say: func(s string) { fmt.Fprintln(os.Stderr, s) },
	})
	if err != nil {
		return err
	}
	defer srv.Stop() //nolint:errcheck // a temporary database
	b := &bench{cmd: cmd, exe: exe, config: &Config{
		DatabaseURL: srv.AdminURL("postgres"), Data: dir, BaseDomain: "localhost", MailFrom: c.MailFrom, LogFormat: "text", LogLevel: "warn",
	}}
	if b.app, err = newApp(ctx, b.config, "", true, false); err != nil {
		return err
	}
	defer b.app.close()
	err = b.run(ctx)
	b.print(os.Stdout)
	return err
}

func (b *bench) wants(part string) bool {
	return len(b.cmd.Only) == 0 || slices.Contains(b.cmd.Only, part)
}

// run takes the parts in an order in which the fleet only grows.
func (b *bench) run(ctx context.Context) error {
	steps := []struct {
		part    string
		tenants int
		do      func(context.Context) error
	}{
		{"demo", 0, b.measureDemo},
		{"signup", 10, b.measureSignUp},
		{"signon", 10, b.measureSignOn},
		{"password", 10, b.measurePassword},
		{"directory", 10, b.measureDirectory},
		{"catalog", 10, b.measureCatalog},
		{"search", 10, b.measureSearch},
		{"files", 10, b.measureFiles},
		{"certificates", 0, b.measureCertificates},
		{"tests", 10, b.measureTests},
		{"home", 10, b.measureHome},
		{"matrix", 1, b.measureMatrix},
		{"rules", 1, b.measureRules},
		{"structure", 1, b.measureStructure},
		{"reports", reporters, b.measureReports},
		{"usage", reporters, b.measureUsage},
		{"fair", 40, b.measureFairness},
		{"rest", 100, b.measureREST},
		{"reminders", remindedPortals, b.measureReminders},
		{"latency", b.cmd.Tenants, b.measureLatency},
		{"signup", b.cmd.Tenants, b.measureSignUp},
		{"migrate", b.cmd.Tenants, b.measureMigration},
	}
	for _, s := range steps {
		if !b.wants(s.part) {
			continue
		}
		if err := b.grow(ctx, s.tenants); err != nil {
			return fmt.Errorf("%s: %w", s.part, err)
		}
		fmt.Fprintf(os.Stderr, "measuring %s with %d tenants …\n", s.part, len(b.fleet))
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.part, err)
		}
	}
	return nil
}

// note adds a figure without a goal.
func (b *bench) note(what, format string, args ...any) {
	b.figures = append(b.figures, figure{what: what, value: fmt.Sprintf(format, args...)})
}

// judge adds a figure with its goal.
func (b *bench) judge(what string, met bool, goal, format string, args ...any) {
	b.figures = append(b.figures, figure{what: what, value: fmt.Sprintf(format, args...), goal: goal, met: &met})
}

func (b *bench) print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "FIGURE\tVALUE\tGOAL\t")
	for _, f := range b.figures {
		met := ""
		if f.met != nil {
			if met = "missed"; *f.met {
				met = "met"
			}
		}
		_, _ = fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", f.what, f.value, f.goal, met)
	}
	_ = t.Flush()
	_, _ = fmt.Fprintln(w, strings.Repeat("-", 40)+"\nRatios are medians of rounds taken in turn on this machine; absolute figures are this machine's.")
}

// spread is lowest, median and highest.
func spread(values []float64) (low, median, high float64) {
	s := slices.Clone(values)
	slices.Sort(s)
	return s[0], s[len(s)/2], s[len(s)-1]
}

func spreadOf(durations []time.Duration) (low, median, high time.Duration) {
	s := slices.Clone(durations)
	slices.Sort(s)
	return s[0], s[len(s)/2], s[len(s)-1]
}
