package api

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"lyceum/api/problem"
	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/tenant"
)

// bodyMemory is the most that large bodies may take together, in bytes, when Options.BodyMemory does not say.
const bodyMemory = 512 << 20

var errUploadsBusy = fault.New(fault.KindUnavailable, "uploads_busy", "Too many large files are being uploaded here at once. Try again in a minute.")

// bodies bounds the memory that large bodies take together: fasthttp sets it aside as soon as a header announces a body,
// before a byte of it has come and before any handler is asked. What a request takes is noted by its header, which is the
// same one from then until the request is answered or its reading has failed.
type bodies struct {
	most int

	mu      sync.Mutex
	changed sync.Cond // total is another
	total   int
	held    map[*fasthttp.RequestHeader]int
	refused map[*fasthttp.RequestHeader]error
}

func (b *bodies) open(most int) {
	b.most, b.held, b.refused = most, map[*fasthttp.RequestHeader]int{}, map[*fasthttp.RequestHeader]error{}
	b.changed.L = &b.mu
}

// take notes a body of n bytes; false when there is no room for it.
func (b *bodies) take(h *fasthttp.RequestHeader, n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.total+n > b.most {
		return false
	}
	b.total += n
	b.held[h] = n
	b.changed.Broadcast()
	return true
}

// refuse notes why the body of a request is not read.
func (b *bodies) refuse(h *fasthttp.RequestHeader, why error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refused[h] = why
}

// leave forgets a request and says why its body was not read, nil when it was.
func (b *bodies) leave(h *fasthttp.RequestHeader) (why error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := b.held[h]; n > 0 {
		b.total -= n
		b.changed.Broadcast()
	}
	why = b.refused[h]
	delete(b.held, h)
	delete(b.refused, h)
	return why
}

// received says how much of a request's body is read: a large one only where files are taken, from who is found to be
// signed in or to hold a key, and while there is room for it.
func (s *Server) received(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	_ = s.bodies.leave(h) // a request on the same connection whose end was not seen
	small, large := fasthttp.RequestConfig{MaxRequestBodySize: formLimit}, fasthttp.RequestConfig{MaxRequestBodySize: s.room.of(h)}
	announced := h.ContentLength()
	if announced == -1 { // in pieces: as much as may come
		announced = large.MaxRequestBodySize
	}
	switch {
	case announced <= formLimit, announced > large.MaxRequestBodySize:
		return large
	case !s.knows(h):
		s.bodies.refuse(h, auth.ErrSignInFirst)
		return small
	case !s.bodies.take(h, announced):
		s.bodies.refuse(h, problem.After(errUploadsBusy, time.Minute))
		return small
	}
	return large
}

// knows tells whether the session or key that a header shows holds at the portal it asks for.
func (s *Server) knows(h *fasthttp.RequestHeader) bool {
	ctx, cancel := context.WithTimeout(context.Background(), readyFor)
	defer cancel()
	place, t, err := s.Directory.ByHost(ctx, strings.ToLower(string(h.Host())))
	if err != nil || place != tenant.PlaceTenant {
		return false
	}
	ctx = tenant.With(ctx, t)
	scheme, key, _ := strings.Cut(string(h.Peek(fiber.HeaderAuthorization)), " ")
	if strings.EqualFold(scheme, "Bearer") {
		_, err = s.Auth.KeyPrincipal(ctx, strings.TrimSpace(key))
	} else {
		_, err = s.Auth.Resume(ctx, string(h.Cookie(visit.SessionCookie(s.Secure))))
	}
	return err == nil
}

// released frees what the request's body took once it is answered.
func (s *Server) released(c *fiber.Ctx) error {
	defer s.bodies.leave(&c.Context().Request.Header) //nolint:errcheck // who is here was not refused
	return c.Next()
}
