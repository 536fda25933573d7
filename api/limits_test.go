package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestStrangersArePostingWithinBoundsOnly(t *testing.T) {
	t.Parallel()
	h := setup(t, func(h *house) { h.o.Limits.Strangers = never{} })
	s := h.stranger()
	s.get("/signin").is(200)
	s.post("/signin", "email", "a@example.com", "password", "x").is(429).has("Retry-After", "42").says("Too many")
	s.get("/signin").is(200)
}

func TestGuessingAtKeysIsBounded(t *testing.T) {
	t.Parallel()
	asked := &counting{left: 2}
	h := setup(t, func(h *house) { h.o.Limits.Strangers = asked })
	guess := func(key string) answer {
		return h.stranger().json(http.MethodGet, "/api/v1/me", "", "Authorization", "Bearer "+key)
	}
	guess("lyc_nonsense").is(401)
	guess("lyc_another").is(401)
	guess("lyc_nonsense").is(429).has("Retry-After", "42").says("too_many_requests")
	h.stranger().json(http.MethodGet, "/api/v1/me", "").is(401)
	if len(asked.keys) != 3 || !strings.Contains(asked.keys[0], h.tenant.ID.String()) || asked.keys[0] != asked.keys[2] {
		t.Errorf("counted by %q", asked.keys)
	}
}

// counting is a limiter that allows so many, and remembers what for.
type counting struct {
	left int
	keys []string
}

func (c *counting) Allow(key string) (bool, time.Duration, int) {
	c.keys, c.left = append(c.keys, key), c.left-1
	return c.left >= 0, 42 * time.Second, max(c.left, 0)
}

// never is a limiter that allows nothing.
type never struct{}

func (never) Allow(string) (bool, time.Duration, int) { return false, 42 * time.Second, 0 }
