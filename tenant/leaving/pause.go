package leaving

import (
	"context"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/tenant"
)

// Pause lets the portal of ctx rest: it is read-only, learning that has begun goes on, and the bill goes on too. Pausing again changes
// nothing. It needs portal:leave.
func (s *Service) Pause(ctx context.Context) error {
	return s.rest(ctx, true, "tenant.paused", "portal.paused")
}

// Resume has the portal of ctx go on. One that does not rest stays as it is. It needs portal:leave.
func (s *Service) Resume(ctx context.Context) error {
	return s.rest(ctx, false, "tenant.went_on", "portal.went_on")
}

func (s *Service) rest(ctx context.Context, rests bool, action, typ string) error {
	if err := auth.Require(ctx, policy.PortalLeave); err != nil {
		return err
	}
	t, _ := tenant.From(ctx)
	var changed bool
	err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		changed, err = s.Keep.PauseTenant(ctx, t.ID, rests, s.Now())
		if err != nil || !changed {
			return err
		}
		return s.Keep.Audit(ctx, action, t.ID, map[string]string{"slug": t.Slug}, s.Now())
	})
	if err != nil || !changed {
		return err
	}
	s.Keep.Announce(ctx, t.ID)
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := event.New(ctx, s.Now(), typ, "portal", t.ID, nil)
		if err != nil {
			return err
		}
		return s.Keep.AppendEvents(ctx, e)
	})
}
