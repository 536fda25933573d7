package rest_test

import (
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"

	"lyceum/api/problem"
	"lyceum/api/rest"
	"lyceum/api/visit"
	"lyceum/billing/provider"
	"lyceum/store/fleet"
	"lyceum/store/storetest"

	"context"
	"io"
	"log/slog"
)

// consoleDocument asks for something that the console's document is made of.
func consoleDocument(t testing.TB, path string) string {
	t.Helper()
	w := storetest.New(t)
	admin, err := fleet.Open(t.Context(), fleet.Options{URL: w.Admin.Config().ConnString()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true, DisableDefaultDate: true})
	app.Use(func(c *fiber.Ctx) error {
		visit.Begin(c)
		problem.With(c, &problem.Desk{Log: slog.New(slog.DiscardHandler)})
		return c.Next()
	})
	routes, err := rest.MountConsole(app, rest.ConsoleServices{
		Rollouts: admin, Sold: func(context.Context) ([]provider.Offer, error) { return nil, nil }, Limit: freely{}, Rate: rest.Rate{Requests: 100, Window: time.Minute}, Now: w.Now.Clock(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(routes) < 40 {
		t.Errorf("%d routes", len(routes))
	}
	res, err := app.Test(httptest.NewRequest("GET", "/api/v1"+path, nil), -1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("%s: %d, %v", path, res.StatusCode, err)
	}
	return string(body)
}

// To renew the golden document, look at the difference and run: go test ./api/rest -run OpenAPI -update
func TestTheOpenAPIDocumentOfTheConsoleIsTheGoldenOne(t *testing.T) {
	t.Parallel()
	got := consoleDocument(t, "/openapi.json")
	const file = "testdata/openapi_console.json"
	if *update {
		if err := os.WriteFile(file, []byte(got+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(string(want)), "\n"), strings.Split(strings.TrimSpace(got), "\n")); diff != "" {
		t.Errorf("the document changed (-golden +now):\n%s", diff)
	}
	for _, foreign := range []string{"api_key_invalid", "lyc_", "/api/v1/courses", "session"} {
		if strings.Contains(got, foreign) {
			t.Errorf("the console's document speaks of %q", foreign)
		}
	}
}

func TestTheConsolesOperationsHaveAPageOfTheirOwn(t *testing.T) {
	t.Parallel()
	got := consoleDocument(t, "/docs")
	for _, want := range []string{"Lyceum operators", "lyo_…", "https://the-platform.example", "Needs a key with the scope <code>manage</code>", "operator_key_scope", "Close a portal", "$PORTAL/api/v1/tenants"} {
		if !strings.Contains(got, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
