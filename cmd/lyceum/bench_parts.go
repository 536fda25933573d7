package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"lyceum/cmd/lyceum/yardstick"
	"lyceum/internal/uid"
	"lyceum/migrations"
	"lyceum/store"
	"lyceum/store/fleet"
	"lyceum/tenant"
	"lyceum/tenant/rollout"
)

// child is this program, started again as a process of its own, so that its memory and its work are its own.
type child struct {
	*exec.Cmd
	address string
}

func (b *bench) start(ctx context.Context, args ...string) (*child, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	address := ln.Addr().String()
	_ = ln.Close()
	c := &child{exec.CommandContext(ctx, b.exe, append(args, "--listen", address)...), address} //nolint:gosec // this program
	c.Stderr = os.Stderr
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", args[0], err)
	}
	return c, c.listens()
}

// listens waits until the process answers at its address, and ends it when it does not.
func (c *child) listens() error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 600 {
		conn, err := net.Dial("tcp", c.address)
		if err == nil {
			_ = conn.Close()
			return nil
		}
		<-tick.C
	}
	c.stop()
	return fmt.Errorf("%s does not listen on %s", c.Path, c.address)
}

func (c *child) stop() {
	_ = c.Process.Signal(syscall.SIGTERM)
	_ = c.Wait()
}

func (b *bench) product(ctx context.Context) (*child, error) {
	return b.start(ctx, "serve", "--database-url", b.config.DatabaseURL, "--data", b.config.Data, "--no-migrate", "--no-worker", "--log-level", "warn", "--rate-limit", "100000000", "--portal-rate", "0")
}

// yardstickCmd serves the yardstick; only the benchmark starts it.
type yardstickCmd struct {
	Listen string `required:"" help:"Address."`
	URL    string `required:"" help:"Database."`
	Person string `required:"" help:"Whose enrolments."`
}

// Run serves until it is told to stop.
func (cmd *yardstickCmd) Run(ctx context.Context, _ *Config) error {
	id, ok := uid.Parse(cmd.Person)
	if !ok {
		return errors.New("--person is no id")
	}
	ln, err := net.Listen("tcp", cmd.Listen)
	if err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	return yardstick.Serve(ctx, ln, yardstick.Options{URL: cmd.URL, SQL: store.EnrolmentsSQL(), Person: id, Connections: 12})
}

// measureREST takes the product and the yardstick in turn: the same SQL, answered to the same client.
func (b *bench) measureREST(ctx context.Context) error {
	product, err := b.product(ctx)
	if err != nil {
		return err
	}
	defer product.stop()
	bare, err := b.start(ctx, "yardstick", "--url", b.config.DatabaseURL+"&search_path="+b.fleet[0].SchemaName, "--person", b.fleet[0].person.String())
	if err != nil {
		return err
	}
	defer bare.stop()
	ours, theirs := b.shots(100), []shot{get("localhost", "/", "none"), get("localhost", "/", "none")}
	var ratios, rates, bareRates []float64
	for round := -1; round < b.cmd.Rounds; round++ { // the first round warms up and is not counted
		p, err := fire(ctx, product.address, ours, b.cmd.Clients, b.cmd.Round)
		if err != nil {
			return err
		}
		y, err := fire(ctx, bare.address, theirs, b.cmd.Clients, b.cmd.Round)
		if err != nil {
			return err
		}
		if p.Failed+y.Failed > 0 {
			return fmt.Errorf("%d of ours and %d of the yardstick's requests failed", p.Failed, y.Failed)
		}
		if round >= 0 {
			ratios, rates, bareRates = append(ratios, p.Rate()/y.Rate()), append(rates, p.Rate()), append(bareRates, y.Rate())
		}
	}
	low, median, high := spread(ratios)
	_, rate, _ := spread(rates)
	_, bareRate, _ := spread(bareRates)
	b.judge("own enrolments over REST, 100 tenants (Zipf), requests/s of a bare handler's", median >= 0.5, "≥ 0.5, aim 0.7", "%.2f (%.2f–%.2f); %.0f of %.0f", median, low, high, rate, bareRate)
	return nil
}

// measureLatency takes 10 tenants and all of them in turn.
func (b *bench) measureLatency(ctx context.Context) error {
	product, err := b.product(ctx)
	if err != nil {
		return err
	}
	defer product.stop()
	few, all := b.shots(10), b.shots(len(b.fleet))
	var ratios []float64
	var fewMedians, allMedians, allP95 []time.Duration
	for round := -2; round < b.cmd.Rounds; round++ {
		f, err := fire(ctx, product.address, few, b.cmd.Clients, b.cmd.Round)
		if err != nil {
			return err
		}
		a, err := fire(ctx, product.address, all, b.cmd.Clients, b.cmd.Round)
		if err != nil {
			return err
		}
		if f.Failed+a.Failed > 0 {
			return fmt.Errorf("%d requests failed", f.Failed+a.Failed)
		}
		if round >= 0 {
			ratios = append(ratios, float64(a.Median())/float64(f.Median()))
			fewMedians, allMedians, allP95 = append(fewMedians, f.Median()), append(allMedians, a.Median()), append(allP95, a.P95())
		}
	}
	low, median, high := spread(ratios)
	_, fm, _ := spreadOf(fewMedians)
	_, am, _ := spreadOf(allMedians)
	_, p95, _ := spreadOf(allP95)
	b.judge(fmt.Sprintf("median latency, %d tenants at random (Zipf) to 10", len(b.fleet)), median <= 1.5, "≤ 1.5", "%.2f (%.2f–%.2f); %.2f ms to %.2f ms, p95 %.2f ms",
		median, low, high, ms(am), ms(fm), ms(p95))
	b.note("  server's resident memory after it", "%.0f MB", residentMB(product.Process.Pid))
	backends, n, err := b.backendsMB(ctx)
	if err != nil {
		return err
	}
	b.note("  database backends' own memory after it", "%.0f MB in %d backends", backends, n)
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// residentMB is a process's resident memory.
func residentMB(pid int) float64 {
	if runtime.GOOS == "linux" {
		if kb, ok := procKB(fmt.Sprintf("/proc/%d/status", pid), "VmRSS:"); ok {
			return kb / 1024
		}
	}
	out, err := exec.Command("ps", "-o", "rss=", "-p", strconv.Itoa(pid)).Output() //nolint:gosec // a number
	if err != nil {
		return 0
	}
	kb, _ := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	return kb / 1024
}

func procKB(file, key string) (float64, bool) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	sc := bufio.NewScanner(strings.NewReader(string(raw)))
	for sc.Scan() {
		if f := strings.Fields(sc.Text()); len(f) >= 2 && f[0] == key {
			kb, err := strconv.ParseFloat(f[1], 64)
			return kb, err == nil
		}
	}
	return 0, false
}

// backendsMB is the memory that the product's database backends have for themselves: without the shared buffers.
func (b *bench) backendsMB(ctx context.Context) (mb float64, n int, err error) {
	rows, err := b.app.admin.Pool().Query(ctx, "select pid from pg_stat_activity where application_name = 'lyceum'")
	if err != nil {
		return 0, 0, fmt.Errorf("list backends: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			return 0, 0, err
		}
		if kb, ok := procKB(fmt.Sprintf("/proc/%d/smaps_rollup", pid), "Private_Dirty:"); ok {
			mb += kb / 1024
		}
		n++
	}
	return mb, n, rows.Err()
}

// quickOwners leaves the hash out: what is measured is the database's part.
type quickOwners struct{ owners }

// HashPassword does not hash.
func (quickOwners) HashPassword(context.Context, string) (string, error) { return "none", nil }

// signUps measures sign-ups, n of them, and gives them back.
func (b *bench) signUps(ctx context.Context, n int, spares bool) (took []time.Duration, err error) {
	if spares {
		if _, err := b.app.admin.FillSpares(ctx, n, b.app.now()); err != nil {
			return nil, err
		}
	}
	// What making the fleet and the spares left to be written is written first: it is not the sign-up's.
	if _, err := b.app.admin.Pool().Exec(ctx, "checkpoint"); err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	s := tenant.New(tenant.Options{Keep: b.app.store, Schemas: b.app.admin, Owners: quickOwners{owners{b.app.auth}}, Files: tenantFiles{b.app}, Now: b.app.now})
	for range n {
		started := time.Now()
		_, err := s.SignUp(ctx, signUp(tenant.SignUp{
			Organization: "Bench", Slug: "s" + uid.Opaque(12), OwnerName: "Owner", Email: "owner@bench.example", Password: "correct horse battery",
		}))
		if err != nil {
			return nil, err
		}
		took = append(took, time.Since(started))
	}
	return took, nil
}

const signUpsEach = 30

// measureSignUp is taken once with a small fleet and once with the large one.
func (b *bench) measureSignUp(ctx context.Context) error {
	with, err := b.signUps(ctx, signUpsEach, true)
	if err != nil {
		return err
	}
	without, err := b.signUps(ctx, 5, false)
	if err != nil {
		return err
	}
	low, median, high := spreadOf(with)
	_, bare, _ := spreadOf(without)
	b.signups = append(b.signups, median)
	what := fmt.Sprintf("database part of a sign-up, %d tenants, a spare ready", len(b.fleet))
	b.judge(what, median <= 50*time.Millisecond, "≤ 50 ms", "%.1f ms (%.1f–%.1f)", ms(median), ms(low), ms(high))
	b.note("  without a spare", "%.0f ms", ms(bare))
	if len(b.signups) == 2 {
		r := float64(b.signups[1]) / float64(b.signups[0])
		b.judge("  that to the small fleet's", r <= 1.5, "≤ 1.5", "%.2f", r)
	}
	return nil
}

// measureMigration adds a column and an index to every tenant while requests go on.
func (b *bench) measureMigration(ctx context.Context) error {
	product, err := b.product(ctx)
	if err != nil {
		return err
	}
	defer product.stop()
	script, err := migrations.Tenant()
	if err != nil {
		return err
	}
	script = append(script, migrations.Migration{
		Number: len(script) + 1, Name: "bench",
		Statements: []string{"alter table enrolment_rounds add column note text", "create index enrolment_rounds_note_ix on enrolment_rounds (note)"},
	})
	if _, err := fire(ctx, product.address, b.shots(len(b.fleet)), 4, b.cmd.Round); err != nil {
		return err
	}
	loadCtx, stop := context.WithCancel(ctx)
	defer stop()
	type outcome struct {
		v   volley
		err error
	}
	loaded := make(chan outcome, 1)
	go func() {
		v, err := fire(loadCtx, product.address, b.shots(len(b.fleet)), 4, 10*time.Minute)
		loaded <- outcome{v, err}
	}()
	admin, err := fleet.Open(ctx, fleet.Options{URL: b.app.db.admin, Tenant: script})
	if err != nil {
		return err
	}
	defer admin.Close()
	started := time.Now()
	_, err = admin.Begin(ctx, rollout.Options{By: "bench"})
	var r rollout.Rollout
	if err == nil {
		r, err = admin.Work(ctx, nil)
	}
	took := time.Since(started)
	stop()
	o := <-loaded
	if err = errors.Join(err, o.err); err != nil {
		return err
	}
	b.judge(fmt.Sprintf("%d of %d schemas migrated (a column, an index) in %d waves, 4 at a time", r.Sum().Done, r.Sum().Total(), len(r.Waves)), took <= time.Minute && r.State == rollout.Done, "60 s",
		"%.1f s under a load of 4 clients", took.Seconds())
	b.judge("  requests that failed meanwhile", o.v.Failed == 0, "0", "%d of %d", o.v.Failed, o.v.Requests)
	return nil
}
