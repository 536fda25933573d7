package api_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
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

// byKey is a limiter that allows one key nothing, or each second time.
type byKey struct {
	refused string
	second  bool
	asked   atomic.Int32
}

func (b *byKey) Allow(key string) (bool, time.Duration, int) {
	if b.second {
		return b.asked.Add(1)%2 == 0, time.Millisecond, 1
	}
	return key != b.refused, 3 * time.Second, 1
}

func TestAPortalThatIsAskedALittleTooOftenIsPaced(t *testing.T) {
	t.Parallel()
	limit := &byKey{second: true}
	h := setup(t, func(h *house) { h.o.Limits.Portals = limit })
	h.stranger().get("/signin").is(200)
	if n := limit.asked.Load(); n != 2 {
		t.Errorf("asked %d times", n)
	}
}

func TestAPortalThatIsAskedTooOftenIsSlowedAndNoOtherIs(t *testing.T) {
	t.Parallel()
	limit := &byKey{}
	h := setup(t, func(h *house) { h.o.Limits.Portals = limit })
	other := h.newTenant()
	limit.refused = h.tenant.ID.String()
	h.stranger().get("/signin").is(429).has("Retry-After", "3").says("asked more often than it may be")
	h.stranger().json(http.MethodGet, "/api/v1/me", "").is(429).has("Retry-After", "3").says(`"code":"portal_rate"`)
	h.browser(h.hostOf(other)).get("/signin").is(200)
	h.browser("lyceum.localhost:8080").get("/signup").is(200)
}

func TestAPortalHasSoManyRequestsUnderWayAndAnotherHasItsOwn(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan struct{}), make(chan struct{})
	h := setup(t, func(h *house) { h.o.PortalAtOnce = 1 }, failing(map[string]fiber.Handler{
		"/waits": func(c *fiber.Ctx) error {
			close(begun)
			<-goOn
			return c.SendString("done")
		},
	}))
	other := h.browser(h.hostOf(h.newTenant()))
	first := make(chan answer)
	slow, quick := h.stranger(), h.stranger()
	go func() { first <- slow.get("/waits") }()
	<-begun
	quick.get("/signin").is(503).has("Retry-After", "2").says("as many requests under way")
	other.get("/signin").is(200)
	close(goOn)
	if got := <-first; got.StatusCode != 200 {
		t.Errorf("the one under way was answered with %d", got.StatusCode)
	}
	quick.get("/signin").is(200)
}
