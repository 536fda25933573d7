package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/cmd/lyceum/yardstick"
	"lyceum/internal/uid"
	"lyceum/learning/starter"
	"lyceum/store"
	"lyceum/tenant"
)

// pageYardstickCmd serves the yardstick of a page; only the benchmark starts it.
type pageYardstickCmd struct {
	Listen string `required:"" help:"Address."`
	URL    string `required:"" help:"Database."`
	Page   string `required:"" enum:"home,course" help:"Which page's queries."`
	Person string `required:"" help:"Whose."`
	Slug   string `help:"Of the course."`
}

// Run serves until it is told to stop.
func (cmd *pageYardstickCmd) Run(ctx context.Context, _ *Config) error {
	person, ok := uid.Parse(cmd.Person)
	if !ok {
		return errors.New("--person is no id")
	}
	ln, err := net.Listen("tcp", cmd.Listen)
	if err != nil {
		return fmt.Errorf("yardstick: %w", err)
	}
	var list []yardstick.Query
	switch cmd.Page {
	case "home":
		statements, second := store.HomeSQL()
		for i, sql := range statements {
			list = append(list, yardstick.Query{SQL: sql, Args: []any{person, second[i]}})
		}
	case "course":
		for _, sql := range store.CourseSQL() {
			list = append(list, yardstick.Query{SQL: sql, Args: []any{person, cmd.Slug}})
		}
	}
	return yardstick.ServePage(ctx, ln, yardstick.PageOptions{URL: cmd.URL, Queries: list, Connections: 12})
}

// benchPage is a learner with a full home: two sample courses with their lessons, one of them half way, the other done.
type benchPage struct {
	benchTenant
	cookie string
	slug   string
}

// homeTenants is how many tenants' learners look at their pages: a tenant works on few connections (TENANCY.md), so one
// alone would not use the machine.
const homeTenants = 8

// homeTenant fills a tenant with the sample courses and lets its learner take them.
func (b *bench) homeTenant(ctx context.Context, t benchTenant) (benchPage, error) {
	p := benchPage{benchTenant: t}
	ctx = tenant.With(ctx, p.Tenant)
	owner, err := b.app.auth.CreateOwner(ctx, "author@bench.example", "Author", "none")
	if err != nil {
		return p, err
	}
	author, err := b.app.auth.As(ctx, owner.ID)
	if err != nil {
		return p, err
	}
	samples, err := starter.List()
	if err != nil {
		return p, err
	}
	for i, c := range samples {
		o, err := b.app.starter.Add(author, c.Slug, false)
		if err != nil {
			return p, err
		}
		lessons := o.Lessons()
		reach := len(lessons)
		if i == 0 {
			reach, p.slug = reach/2+1, o.Course.Slug
		}
		if err := b.app.demoLearner(ctx, auth.Person{ID: p.person}, o, b.app.now().AddDate(0, 0, -9), reach); err != nil {
			return p, err
		}
	}
	secret, err := b.app.auth.OpenSession(ctx, p.person, auth.Client{})
	p.cookie = visit.SessionCookie(false) + "=" + secret
	return p, errors.Join(err, b.dueSoon(ctx, author, p))
}

func (b *bench) dueSoon(ctx, author context.Context, p benchPage) error {
	c, err := b.app.catalog.BySlug(author, p.slug)
	if err != nil {
		return err
	}
	at := b.app.now().AddDate(0, 0, 3)
	return b.app.store.InTenant(ctx, func(ctx context.Context) error {
		e, err := b.app.store.EnrolmentIn(ctx, p.person, c.ID)
		if err != nil {
			return err
		}
		return b.app.store.SetDue(ctx, e.ID, &at)
	})
}

func (p benchPage) get(path string, zipped bool) shot {
	accept := ""
	if zipped {
		accept = "Accept-Encoding: gzip\r\n"
	}
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nAccept: text/html\r\n%s\r\n", path, p.host(), p.cookie, accept)
}

// measureHome takes the learner's home and a course's page against a bare handler that runs the same queries in one
// transaction, in turn.
func (b *bench) measureHome(ctx context.Context) error {
	var pages []benchPage
	for _, t := range b.fleet[:homeTenants] {
		p, err := b.homeTenant(ctx, t)
		if err != nil {
			return err
		}
		pages = append(pages, p)
	}
	product, err := b.product(ctx)
	if err != nil {
		return err
	}
	defer product.stop()
	for _, page := range []struct {
		name, what string
		path       func(benchPage) string
	}{
		{"home", "learner's home", func(benchPage) string { return "/" }},
		{"course", "course page", func(p benchPage) string { return "/courses/" + p.slug }},
	} {
		p := pages[0]
		bare, err := b.start(ctx, "page-yardstick", "--url", b.config.DatabaseURL+"&search_path="+p.SchemaName, "--page", page.name, "--person", p.person.String(), "--slug", p.slug)
		if err != nil {
			return err
		}
		var plain, zipped []shot
		for _, p := range pages {
			plain, zipped = append(plain, p.get(page.path(p), false)), append(zipped, p.get(page.path(p), true))
		}
		err = b.comparePage(ctx, product, bare, page.what, plain, zipped)
		bare.stop()
		if err != nil {
			return err
		}
	}
	return nil
}

// pageSide is one of the two that are compared.
type pageSide struct {
	child *child
	shots []shot
	rates []float64
	cpu   []float64 // milliseconds of processor for a request: the server's and the database's
}

func (b *bench) comparePage(ctx context.Context, product, bare *child, what string, plain, zipped []shot) error {
	idle := get("localhost", "/", "none")
	sides := []*pageSide{{child: product, shots: plain}, {child: bare, shots: []shot{idle, idle}}, {child: product, shots: zipped}}
	for round := -1; round < b.cmd.Rounds; round++ { // the first round warms up and is not counted
		for _, s := range sides {
			before := b.processor(ctx, s.child)
			v, err := fire(ctx, s.child.address, s.shots, b.cmd.Clients, b.cmd.Round)
			if err != nil {
				return err
			}
			if v.Failed > 0 {
				return fmt.Errorf("%d of %d requests for the %s failed", v.Failed, v.Requests, what)
			}
			if round >= 0 {
				s.rates = append(s.rates, v.Rate())
				s.cpu = append(s.cpu, 1000*(b.processor(ctx, s.child)-before)/float64(v.Requests))
			}
		}
	}
	ratio := func(a, b *pageSide) (out []float64) {
		for i := range a.rates {
			out = append(out, a.rates[i]/b.rates[i])
		}
		return out
	}
	low, median, high := spread(ratio(sides[0], sides[1]))
	_, zip, _ := spread(ratio(sides[2], sides[1]))
	_, rate, _ := spread(sides[0].rates)
	_, bareRate, _ := spread(sides[1].rates)
	_, cpu, _ := spread(sides[0].cpu)
	_, bareCPU, _ := spread(sides[1].cpu)
	b.judge(fmt.Sprintf("%s, %d tenants (Zipf), requests/s of a bare handler's with the same queries", what, homeTenants), median >= 0.5, "≥ 0.5", "%.2f (%.2f–%.2f); %.0f of %.0f", median, low, high, rate, bareRate)
	b.note("  compressed for a browser", "%.2f", zip)
	b.note("  processor time a request, the bare handler's to ours", "%.2f; %.2f to %.2f ms", bareCPU/cpu, bareCPU, cpu)
	return nil
}

// processor is the processor time so far, in seconds, of a child and of the database's backends; 0 where the system does not
// tell.
func (b *bench) processor(ctx context.Context, c *child) float64 {
	sum := processorOf(c.Process.Pid)
	rows, err := b.app.admin.Pool().Query(ctx, "select pid from pg_stat_activity where backend_type = 'client backend'")
	if err != nil {
		return 0
	}
	defer rows.Close()
	for rows.Next() {
		var pid int
		if rows.Scan(&pid) == nil {
			sum += processorOf(pid)
		}
	}
	return sum
}

// processorOf is a process's processor time in seconds (proc(5): fields 14 and 15 of stat, in ticks of a hundredth).
func processorOf(pid int) float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(f[11], 64)
	system, _ := strconv.ParseFloat(f[12], 64)
	return (user + system) / 100
}
