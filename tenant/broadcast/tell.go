package broadcast

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// TellKeeper is what telling owners needs kept. UntoldWindows, TellPortal, PortalTold and WindowTold run inside InControl, HasEvent and
// AppendEvents inside InTenant.
type TellKeeper interface {
	InTenant(ctx context.Context, fn func(ctx context.Context) error) error
	// UntoldWindows lists those that are announced, not over, and tell owners, but have not told all.
	UntoldWindows(ctx context.Context, now time.Time) ([]Window, error)
	// TellPortal notes that a portal is being told, by an event of a number that stays the same; told tells that it was.
	TellPortal(ctx context.Context, window, tenantID, event uid.ID) (id uid.ID, told bool, err error)
	PortalTold(ctx context.Context, window, tenantID uid.ID, at time.Time) error
	WindowTold(ctx context.Context, window uid.ID, at time.Time) error
	// TenantsAfter walks the active tenants by their ids.
	TenantsAfter(ctx context.Context, after uid.ID, n int) ([]tenant.Tenant, error)
	HasEvent(ctx context.Context, id uid.ID) (bool, error)
	AppendEvents(ctx context.Context, events ...event.Event) error
}

// Announcement is the data of maintenance.announced, from which the mail is made.
type Announcement struct {
	Window uid.ID    `json:"window"`
	Mode   Mode      `json:"mode"`
	From   time.Time `json:"from"`
	Until  time.Time `json:"until"`
}

// atOnce is how many portals are read at a time.
const atOnce = 200

// TellOwners puts windows that are announced into the logs of the portals that they reach, as maintenance.announced: mails are made of
// it. Each portal is told once of a window, however often a run is cut short; one that cannot be told now is tried again while the
// window is not over. A window that is changed is not told of again: pages show it as it is.
func (s *Service) TellOwners(ctx context.Context) error {
	var list []Window
	err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		list, err = s.Keep.UntoldWindows(ctx, s.Now())
		return err
	})
	if err != nil || len(list) == 0 {
		return err
	}
	st, err := s.load(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, w := range list {
		if failed := s.tellAll(ctx, st, w); failed != nil {
			errs = append(errs, failed)
			continue
		}
		errs = append(errs, s.Keep.InControl(ctx, func(ctx context.Context) error { return s.Keep.WindowTold(ctx, w.ID, s.Now()) }))
	}
	return errors.Join(errs...)
}

func (s *Service) tellAll(ctx context.Context, st standing, w Window) error {
	var errs []error
	for after := uid.Nil; ; {
		list, err := s.Keep.TenantsAfter(ctx, after, atOnce)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		for _, t := range list {
			after = t.ID
			if !w.Reaches(st.portal(t)) {
				continue
			}
			if err := s.tell(ctx, w, t); err != nil {
				errs = append(errs, fmt.Errorf("tell %s of maintenance: %w", t.Slug, err))
			}
		}
		if len(list) < atOnce {
			return errors.Join(errs...)
		}
	}
}

func (s *Service) tell(ctx context.Context, w Window, t tenant.Tenant) error {
	var id uid.ID
	var told bool
	err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		id, told, err = s.Keep.TellPortal(ctx, w.ID, t.ID, uid.New())
		return err
	})
	if err != nil || told {
		return err
	}
	e, err := event.New(ctx, s.Now(), "maintenance.announced", "portal", t.ID, Announcement{Window: w.ID, Mode: w.Mode, From: w.FromAt.UTC(), Until: w.UntilAt.UTC()})
	if err != nil {
		return err
	}
	e.ID = id
	err = s.Keep.InTenant(tenant.With(ctx, t), func(ctx context.Context) error {
		if has, err := s.Keep.HasEvent(ctx, id); err != nil || has {
			return err
		}
		return s.Keep.AppendEvents(ctx, e)
	})
	if err != nil {
		return err
	}
	return s.Keep.InControl(ctx, func(ctx context.Context) error { return s.Keep.PortalTold(ctx, w.ID, t.ID, s.Now()) })
}
