package api

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// What one portal may take of a process, so that it slows no other: requests a second (Limits.Portals) and requests at once. Its
// share of the database is the store's matter, that of jobs the queue's.

var (
	errPortalRate = fault.New(fault.KindTooMany, "portal_rate", "This organization's portal is asked more often than it may be. Wait a moment and try again; a program is to slow down.")
	errPortalFull = fault.New(fault.KindUnavailable, "portal_busy", "This organization's portal has as many requests under way as it may have. Please try again in a moment.")
)

// fullRetry is after what time a portal that has too many requests under way is worth another try.
const fullRetry = 2 * time.Second

// shares counts the requests that each portal has under way.
type shares struct {
	mu   sync.Mutex
	most int
	by   map[uid.ID]int
}

// enter counts a request in; leave is to be called when it is answered.
func (s *shares) enter(id uid.ID) (leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by[id] >= s.most {
		return nil, false
	}
	if s.by == nil {
		s.by = map[uid.ID]int{}
	}
	s.by[id]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.by[id]--; s.by[id] == 0 {
			delete(s.by, id)
		}
	}, true
}

// paceFor is how long a request of a portal that is asked too often waits for its turn before it is refused: who asks one thing
// after the other is slowed down by it and loses nothing.
const paceFor = time.Second

// admit counts a portal's request in, when its turn comes. What is the same for all and lies in memory costs no turn.
func (s *Server) admit(c *fiber.Ctx, t tenant.Tenant) (leave func(), err error) {
	leave, ok := s.shares.enter(t.ID)
	if !ok {
		return nil, problem.After(errPortalFull, fullRetry)
	}
	if s.Limits.Portals == nil || strings.HasPrefix(c.Path(), "/assets/") {
		return leave, nil
	}
	for waited := time.Duration(0); ; {
		ok, retry, _ := s.Limits.Portals.Allow(t.ID.String())
		if ok {
			return leave, nil
		}
		pause := min(retry, paceFor-waited)
		if pause <= 0 || s.stopping.Load() {
			leave()
			return nil, problem.After(errPortalRate, retry)
		}
		select {
		case <-time.After(pause):
		case <-c.UserContext().Done():
			leave()
			return nil, context.Cause(c.UserContext())
		}
		waited += pause
	}
}
