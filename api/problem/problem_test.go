package problem_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/go-cmp/cmp"

	"lyceum/api/problem"
	"lyceum/internal/fault"
)

func TestEachKindHasItsStatus(t *testing.T) {
	t.Parallel()
	for kind, want := range map[fault.Kind]int{
		fault.KindInvalid: 422, fault.KindNotFound: 404, fault.KindConflict: 409, fault.KindForbidden: 403, fault.KindUnauthenticated: 401,
		fault.KindTooMany: 429, fault.KindTooLarge: 413, fault.KindUnavailable: 503, fault.KindInternal: 500, "something new": 500,
	} {
		if got := problem.Status(kind); got != want {
			t.Errorf("%s: %d, want %d", kind, got, want)
		}
	}
}

func TestAnErrorIsFoundThroughItsWrapping(t *testing.T) {
	t.Parallel()
	taken := fault.New(fault.KindConflict, "taken", "Choose another.")
	busy := fault.New(fault.KindTooMany, "busy", "Wait.")
	for name, c := range map[string]struct {
		err    error
		status int
		code   string
		retry  time.Duration
		ours   bool
	}{
		"a fault":                {fmt.Errorf("publish: %w", taken), 409, "taken", 0, false},
		"too many":               {busy, 429, "busy", time.Minute, false},
		"too many, known how":    {fmt.Errorf("post: %w", problem.After(busy, 7*time.Second)), 429, "busy", 7 * time.Second, false},
		"a plain error":          {errors.New("secret"), 500, "internal", 0, true},
		"an internal fault":      {fault.New(fault.KindInternal, "broken", "The key is 42."), 500, "internal", 0, true},
		"a missed deadline":      {fmt.Errorf("query: %w", context.DeadlineExceeded), 503, "too_slow", 5 * time.Second, true},
		"fiber's not found":      {fiber.ErrNotFound, 404, "page_not_found", 0, false},
		"fiber's method":         {fiber.ErrMethodNotAllowed, 405, "method_not_allowed", 0, false},
		"fiber's body":           {fiber.ErrRequestEntityTooLarge, 413, "body_too_large", 0, false},
		"fiber's header":         {fiber.ErrRequestHeaderFieldsTooLarge, 431, "headers_too_large", 0, false},
		"fiber's other mistakes": {fiber.NewError(418, "I am a teapot"), 418, "bad_request", 0, false},
		"fiber's own mistakes":   {fiber.NewError(502, "dial tcp 10.0.0.7"), 500, "internal", 0, true},
	} {
		got := problem.Find(c.err)
		if got.Status != c.status || got.Fault.Code != c.code || got.Retry != c.retry || got.Ours != c.ours {
			t.Errorf("%s: %d %s %v %v", name, got.Status, got.Fault.Code, got.Retry, got.Ours)
		}
		if c.ours && got.Fault.Text == c.err.Error() {
			t.Errorf("%s: its text would be shown", name)
		}
	}
}

func TestADocumentHasTheFieldsInTheirOrder(t *testing.T) {
	t.Parallel()
	f := problem.Find(fault.Invalid(map[string]string{"name": "Enter a name.", "email": "Enter an e-mail."}))
	got, err := json.Marshal(problem.NewDocument(f, "r-1"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"type":"about:blank","title":"Unprocessable Entity","status":422,"detail":"Some fields need your attention.","code":"invalid_input",` +
		`"request_id":"r-1","errors":[{"field":"email","message":"Enter an e-mail."},{"field":"name","message":"Enter a name."}]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyWhatTypingMendsIsShownInAForm(t *testing.T) {
	t.Parallel()
	for _, err := range []error{errors.New("x"), context.DeadlineExceeded, fault.New(fault.KindUnavailable, "down", "Later.")} {
		if f, ok := problem.Shown(err); ok {
			t.Errorf("%v is shown as %v", err, f)
		}
	}
	if f, ok := problem.Shown(fault.New(fault.KindConflict, "taken", "Choose another.")); !ok || f.Code != "taken" {
		t.Errorf("%v, %v", f, ok)
	}
}
