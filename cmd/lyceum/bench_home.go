package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/cmd/lyceum/yardstick"
	"lyceum/internal/uid"
	"lyceum/learning/sample"
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

// homeTenant fills the first tenant of the fleet with the sample courses and lets its learner take them.
func (b *bench) homeTenant(ctx context.Context) (benchPage, error) {
	p := benchPage{benchTenant: b.fleet[0]}
	ctx = tenant.With(ctx, p.Tenant)
	owner, err := b.app.auth.CreateOwner(ctx, "author@bench.example", "Author", "none")
	if err != nil {
		return p, err
	}
	author, err := b.app.auth.As(ctx, owner.ID)
	if err != nil {
		return p, err
	}
	samples, err := sample.Courses()
	if err != nil {
		return p, err
	}
	for i, c := range samples {
		in, err := b.app.sampleCourse(author, c)
		if err != nil {
			return p, err
		}
		o, err := b.app.catalog.Import(author, in)
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
	p, err := b.homeTenant(ctx)
	if err != nil {
		return err
	}
	product, err := b.product(ctx)
	if err != nil {
		return err
	}
	defer product.stop()
	for _, page := range []struct{ name, what, path string }{{"home", "learner's home", "/"}, {"course", "course page", "/courses/" + p.slug}} {
		bare, err := b.start(ctx, "page-yardstick", "--url", b.config.DatabaseURL+"&search_path="+p.SchemaName, "--page", page.name, "--person", p.person.String(), "--slug", p.slug)
		if err != nil {
			return err
		}
		err = b.comparePage(ctx, product, bare, page.what, p.get(page.path, false), p.get(page.path, true))
		bare.stop()
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) comparePage(ctx context.Context, product, bare *child, what string, plain, zipped shot) error {
	theirs := []shot{get("localhost", "/", "none"), get("localhost", "/", "none")}
	var ratios, packed, rates, bareRates []float64
	for round := -1; round < b.cmd.Rounds; round++ { // the first round warms up and is not counted
		var v [3]volley
		var err error
		for i, one := range []struct {
			at    string
			shots []shot
		}{{product.address, []shot{plain, plain}}, {bare.address, theirs}, {product.address, []shot{zipped, zipped}}} {
			if v[i], err = fire(ctx, one.at, one.shots, b.cmd.Clients, b.cmd.Round); err != nil {
				return err
			}
			if v[i].Failed > 0 {
				return fmt.Errorf("%d of %d requests for the %s failed", v[i].Failed, v[i].Requests, strings.TrimSpace(what))
			}
		}
		if round >= 0 {
			ratios, packed = append(ratios, v[0].Rate()/v[1].Rate()), append(packed, v[2].Rate()/v[1].Rate())
			rates, bareRates = append(rates, v[0].Rate()), append(bareRates, v[1].Rate())
		}
	}
	low, median, high := spread(ratios)
	_, zip, _ := spread(packed)
	_, rate, _ := spread(rates)
	_, bareRate, _ := spread(bareRates)
	b.judge(what+", requests/s of a bare handler's with the same queries", median >= 0.5, "≥ 0.5", "%.2f (%.2f–%.2f); %.0f of %.0f", median, low, high, rate, bareRate)
	b.note("  compressed for a browser", "%.2f", zip)
	return nil
}
