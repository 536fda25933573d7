package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"lyceum/auth/policy"
	"lyceum/cmd/lyceum/yardstick"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/tenant"
)

const (
	reporters   = 32 // who report at once
	bareReports = 16 // connections of the yardstick: as many as the product has
)

// reportYardstickCmd serves the yardstick of reports; only the benchmark starts it.
type reportYardstickCmd struct {
	Listen  string `required:"" help:"Address."`
	URL     string `required:"" help:"Database."`
	Lessons string `required:"" help:"The rows to change, one a client."`
}

// Run serves until it is told to stop.
func (cmd *reportYardstickCmd) Run(ctx context.Context, _ *Config) error {
	var lessons []uid.ID
	for _, text := range strings.Split(cmd.Lessons, ",") {
		id, ok := uid.Parse(text)
		if !ok {
			return fmt.Errorf("%q is no id", text)
		}
		lessons = append(lessons, id)
	}
	r, err := yardstick.OpenReports(ctx, cmd.URL, bareReports, lessons)
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", cmd.Listen)
	if err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	return yardstick.ServeReports(ctx, ln, r)
}

// reporter is a learner with a film open.
type reporter struct {
	benchTenant
	ctx               context.Context //nolint:containedctx // whose acts these are, for the time of the run
	enrolment, lesson uid.ID
	began             time.Time
	at                float64 // up to where the film was played, in seconds
}

// play gives what was played since the last report, at the film's own speed: what the product takes for possible however
// fast the machine reports.
func (r *reporter) play() (from, until float64) {
	from = r.at
	r.at = max(from+0.001, math.Floor(time.Since(r.began).Seconds()*1000)/1000)
	return from, r.at
}

// reporterOf gives the learner of a tenant of the fleet a film of ten hours, and opens it.
func (b *bench) reporterOf(ctx context.Context, t benchTenant) (r reporter, err error) {
	ctx = tenant.With(ctx, t.Tenant)
	author, err := b.benchPerson(ctx, policy.Admin)
	if err != nil {
		return r, err
	}
	as, err := b.app.auth.As(ctx, author.ID)
	if err != nil {
		return r, err
	}
	film := content.File{ID: uid.New(), Name: "film.mp4", Kind: content.FileVideo, MediaType: "video/mp4", Size: 1, SHA256: "none", Seconds: 36_000, CreatedAt: b.app.now()}
	if err = b.app.store.InTenant(ctx, func(ctx context.Context) error { return b.app.store.AddFile(ctx, film) }); err != nil {
		return r, err
	}
	lesson := catalog.LessonInput{Kind: catalog.LessonVideo, Title: "Film", FileID: &film.ID}
	o, err := b.app.catalog.Import(as, catalog.ImportCourse{
		CourseInput: catalog.CourseInput{Title: "Reports", SelfEnrol: true}, Modules: []catalog.ImportModule{{Title: "All", Lessons: []catalog.LessonInput{lesson}}},
	})
	if err != nil {
		return r, err
	}
	r = reporter{benchTenant: t, lesson: o.Lessons()[0].ID}
	if r.ctx, err = b.app.auth.As(ctx, t.person); err != nil {
		return r, err
	}
	e, err := b.app.enrolment.SelfEnrol(r.ctx, o.Course.Slug)
	if err != nil {
		return r, err
	}
	r.enrolment, r.began = e.ID, time.Now()
	_, err = b.app.enrolment.Open(r.ctx, o.Course.Slug, nil)
	return r, err
}

// many runs what each client does over and over for a time, and gives how often it was done a second.
func many(ctx context.Context, d time.Duration, do func(ctx context.Context, client int) error) (rate float64, err error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var wait sync.WaitGroup
	var done atomic.Int64
	failures := make(chan error, reporters)
	began := time.Now()
	for client := range reporters {
		wait.Go(func() {
			for ctx.Err() == nil {
				if err := do(context.WithoutCancel(ctx), client); err != nil {
					failures <- err
					return
				}
				done.Add(1)
			}
		})
	}
	wait.Wait()
	took := time.Since(began)
	close(failures)
	for failed := range failures {
		err = errors.Join(err, failed)
	}
	return float64(done.Load()) / took.Seconds(), err
}

// measureReports takes reports of progress against a bare transaction that writes a row and changes another, in turn:
// through the service, and over HTTP against a bare handler.
func (b *bench) measureReports(ctx context.Context) error {
	list, lessons := make([]reporter, reporters), make([]uid.ID, reporters)
	for i := range list {
		var err error
		if list[i], err = b.reporterOf(ctx, b.fleet[i]); err != nil {
			return err
		}
		lessons[i] = uid.New()
	}
	url := b.config.DatabaseURL + "&search_path=" + b.fleet[0].SchemaName
	if err := yardstick.MakeReports(ctx, url, lessons); err != nil {
		return err
	}
	bare, err := yardstick.OpenReports(ctx, url, bareReports, lessons)
	if err != nil {
		return err
	}
	defer bare.Pool.Close()
	err = b.compareReports("progress reports at 32 clients through the service, of a bare two-row transaction", func(d time.Duration) (float64, error) {
		return many(ctx, d, func(_ context.Context, client int) error {
			r := &list[client]
			position, until := r.play()
			_, _, err := b.app.enrolment.Report(r.ctx, enrolment.ReportInput{Enrolment: r.enrolment, Lesson: r.lesson, Reports: []enrolment.Report{
				{ID: uid.New(), Position: &position, Played: enrolment.Intervals{{position, until}}, Seen: enrolment.Intervals{{0.1, 0}}},
			}})
			return err
		})
	}, func(d time.Duration) (float64, error) {
		return many(ctx, d, func(ctx context.Context, client int) error {
			return bare.Keep(ctx, client, uid.New(), 10, `{"w": [[0, 10]], "s": [[0, 10]], "p": 10, "m": 10}`)
		})
	})
	if err != nil {
		return err
	}
	return b.reportsOverHTTP(ctx, list, lessons, url)
}

func (b *bench) compareReports(what string, ours, theirs func(time.Duration) (float64, error)) error {
	var ratios, rates, bareRates []float64
	for round := -1; round < b.cmd.Rounds; round++ { // the first round warms up and is not counted
		o, err := ours(b.cmd.Round)
		if err != nil {
			return err
		}
		t, err := theirs(b.cmd.Round)
		if err != nil {
			return err
		}
		if round >= 0 {
			ratios, rates, bareRates = append(ratios, o/t), append(rates, o), append(bareRates, t)
		}
	}
	low, median, high := spread(ratios)
	_, rate, _ := spread(rates)
	_, bareRate, _ := spread(bareRates)
	b.judge(what, median >= 0.6, "≥ 0.6", "%.2f (%.2f–%.2f); %.0f of %.0f a second", median, low, high, rate, bareRate)
	return nil
}

func (b *bench) reportsOverHTTP(ctx context.Context, list []reporter, lessons []uid.ID, url string) error {
	product, err := b.product(ctx)
	if err != nil {
		return err
	}
	defer product.stop()
	names := make([]string, len(lessons))
	for i, l := range lessons {
		names[i] = l.String()
	}
	bare, err := b.start(ctx, "report-yardstick", "--url", url, "--lessons", strings.Join(names, ","))
	if err != nil {
		return err
	}
	defer bare.stop()
	post := func(r *reporter, path string) shot {
		from, until := r.play()
		body := fmt.Sprintf(`{"reports": [{"id": %q, "position": %.3f, "played": [[%.3f, %.3f]], "seen": [[0.1, 0]]}]}`, uid.New(), from, from, until)
		return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nAccept: application/json\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			path, r.host(), r.secret, len(body), body)
	}
	side := func(address string, path func(client int) string) func(time.Duration) (float64, error) {
		return func(d time.Duration) (float64, error) {
			var open sync.Map
			rate, err := many(ctx, d, func(_ context.Context, client int) error {
				return roundTrip(&open, client, address, post(&list[client], path(client)))
			})
			open.Range(func(_, conn any) bool { _ = conn.(*talk).Close(); return true })
			return rate, err
		}
	}
	return b.compareReports("  the same over HTTP, of a bare handler's", side(product.address, func(client int) string {
		return "/api/v1/enrolments/" + list[client].enrolment.String() + "/lessons/" + list[client].lesson.String() + "/reports"
	}), side(bare.address, func(client int) string { return fmt.Sprintf("/%d", client) }))
}

// talk is a connection that is kept.
type talk struct {
	net.Conn
	r *bufio.Reader
}

// exchange sends a shot on the client's own connection and waits for its answer.
func roundTrip(open *sync.Map, client int, address string, s shot) error {
	kept, ok := open.Load(client)
	if !ok {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return fmt.Errorf("load: %w", err)
		}
		kept = &talk{conn, bufio.NewReader(conn)}
		open.Store(client, kept)
	}
	t := kept.(*talk)
	if _, err := t.Write(s); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	status, err := answer(t.r)
	if err == nil && status != 200 {
		err = fmt.Errorf("load: status %d", status)
	}
	return err
}
