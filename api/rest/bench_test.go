package rest_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"lyceum/api/rest"
	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/tenant"
)

// atHand keeps one person's list in memory: what is measured is everything but the database.
type atHand struct {
	enrolment.Keeper
	mine []enrolment.Mine
}

func (atHand) InTenant(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }

func (k atHand) EnrolmentsOf(context.Context, uid.ID, page.Request) (page.Of[enrolment.Mine], error) {
	return page.Of[enrolment.Mine]{Items: k.mine}, nil
}

func threeCourses() []enrolment.Mine {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	list := make([]enrolment.Mine, 3)
	for i := range list {
		list[i] = enrolment.Mine{
			Enrolment:  enrolment.Enrolment{ID: uid.New(), CourseID: uid.New(), Status: enrolment.StatusActive, Source: enrolment.SourceSelf, Percent: 40, EnrolledAt: at, StartedAt: &at},
			CourseSlug: "information-security", Title: "Information security", EstimatedMinutes: 35,
			Summary: "What everyone can do so that attackers find no way in: passwords, mail, devices and people who ask.",
		}
	}
	return list
}

// lean serves the measured path with a learner signed in.
func lean(t testing.TB) fasthttp.RequestHandler {
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true, DisableDefaultDate: true})
	ctx := tenant.With(context.Background(), tenant.Tenant{ID: uid.New(), Slug: "acme"})
	ctx = auth.WithPrincipal(ctx, auth.Principal{PersonID: uid.New(), May: policy.Set{policy.EnrolmentSelf: {}}})
	app.Use(func(c *fiber.Ctx) error {
		visit.Begin(c)
		c.SetUserContext(ctx)
		return c.Next()
	})
	_, err := rest.Mount(app, rest.Services{
		Enrolment: enrolment.New(enrolment.Options{Keep: atHand{mine: threeCourses()}, Now: clock.Real}),
		Limit:     freely{}, Rate: rest.Rate{Requests: 100, Window: time.Minute},
	})
	if err != nil {
		t.Fatal(err)
	}
	return app.Handler()
}

// bare serves the same list by a handler of plain Fiber.
func bare() fasthttp.RequestHandler {
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true, DisableDefaultDate: true})
	list := threeCourses()
	app.Get("/api/v1/me/enrolments", func(c *fiber.Ctx) error {
		raw, err := json.Marshal(list)
		if err != nil {
			return err
		}
		return c.Type("json").Send(raw)
	})
	return app.Handler()
}

func ask(t testing.TB, handle fasthttp.RequestHandler) func() {
	var c fasthttp.RequestCtx
	return func() {
		c.Request.Reset()
		c.Response.Reset()
		c.ResetUserValues()
		c.Request.SetRequestURI("/api/v1/me/enrolments")
		c.Request.Header.SetHost("acme.example")
		c.Request.Header.SetMethod("GET")
		handle(&c)
		if c.Response.StatusCode() != 200 {
			t.Fatalf("status %d: %s", c.Response.StatusCode(), c.Response.Body())
		}
	}
}

func BenchmarkMyEnrolments(b *testing.B) {
	for name, handle := range map[string]fasthttp.RequestHandler{"rest": lean(b), "bare": bare()} {
		b.Run(name, func(b *testing.B) {
			request := ask(b, handle)
			b.ReportAllocs()
			for b.Loop() {
				request()
			}
		})
	}
}

// The list that is asked for most must cost little beside its query. An allocation more or less does not matter; a layer
// that copies the answer once more does.
func TestOnesOwnEnrolmentsAreAnsweredWithFewAllocations(t *testing.T) { // not in parallel: it counts the allocations of the process
	request := ask(t, lean(t))
	request()
	if n := testing.AllocsPerRun(200, request); n > 55 {
		t.Errorf("%.0f allocations for three courses, want at most 55", n)
	}
}
