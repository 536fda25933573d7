package tenant

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"lyceum/internal/fault"
	"lyceum/internal/page"
)

// List gives tenants by slug, a page at a time.
func (s *Service) List(ctx context.Context, f Filter) (page.Of[Tenant], error) {
	return s.Keep.Tenants(ctx, f)
}

// Show finds a tenant by its slug.
func (s *Service) Show(ctx context.Context, slug string) (Tenant, error) {
	return s.Keep.TenantBySlug(ctx, strings.ToLower(strings.TrimSpace(slug)))
}

// Suspend closes a portal: it answers only that it is suspended and whom to ask. The reason is kept for operators and
// required. Suspending a suspended portal changes its reason.
func (s *Service) Suspend(ctx context.Context, slug, reason string) (Tenant, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" || len([]rune(reason)) > 500 {
		return Tenant{}, fault.Invalid(map[string]string{"reason": "Say why, in at most 500 characters: colleagues will read it."})
	}
	t, err := s.change(ctx, slug, "tenant.suspended", []Status{StatusActive, StatusSuspended}, StatusSuspended, reason)
	if err != nil || s.Closed == nil {
		return t, err
	}
	return t, s.Closed(With(ctx, t), t)
}

// Resume opens a suspended portal again. Resuming an active one changes nothing.
func (s *Service) Resume(ctx context.Context, slug string) (Tenant, error) {
	return s.change(ctx, slug, "tenant.resumed", []Status{StatusSuspended, StatusActive}, StatusActive, "")
}

func (s *Service) change(ctx context.Context, slug, action string, from []Status, to Status, reason string) (Tenant, error) {
	t, err := s.Show(ctx, slug)
	if err != nil {
		return Tenant{}, err
	}
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		if err := s.Keep.ChangeStatus(ctx, t.ID, from, to, reason, s.Now()); err != nil {
			return err
		}
		return s.Keep.Audit(ctx, action, t.ID, map[string]string{"slug": t.Slug, "reason": reason}, s.Now())
	})
	if err != nil {
		return Tenant{}, fmt.Errorf("%s %s: %w", action, slug, err)
	}
	s.Keep.Announce(ctx, t.ID)
	return s.Keep.TenantByID(ctx, t.ID)
}

// Delete removes a portal with everything in it, for good and at once: who has no reason of their own lets its owners have days to think
// (tenant/leaving). typed must be the slug, typed by hand; reason, at most 300 characters, stands in the log. Usage that was counted stays in the ledger. A crash in between leaves the tenant deleting and unreachable; FinishAll goes on.
func (s *Service) Delete(ctx context.Context, slug, typed, reason string) error {
	t, err := s.Show(ctx, slug)
	if err != nil {
		return err
	}
	if strings.TrimSpace(typed) != t.Slug {
		return fault.Invalid(map[string]string{"typed": "Type “" + t.Slug + "” to delete this portal and everything in it."})
	}
	reason = strings.TrimSpace(reason)
	if reason == "" || utf8.RuneCountInString(reason) > 300 {
		return fault.Invalid(map[string]string{"reason": "Say why it is deleted at once, in at most 300 characters. It stands in the log."})
	}
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		all := []Status{StatusProvisioning, StatusActive, StatusSuspended, StatusDeleting}
		if err := s.Keep.ChangeStatus(ctx, t.ID, all, StatusDeleting, "", s.Now()); err != nil {
			return err
		}
		return s.Keep.Audit(ctx, "tenant.deleted", t.ID, map[string]string{"slug": t.Slug, "name": t.Name, "reason": reason}, s.Now())
	})
	if err != nil {
		return fmt.Errorf("delete %s: %w", slug, err)
	}
	s.Keep.Announce(ctx, t.ID)
	return s.erase(ctx, t)
}

func (s *Service) erase(ctx context.Context, t Tenant) error {
	if s.Eraser != nil {
		return s.Eraser.Erase(ctx, t)
	}
	return s.remove(ctx, t)
}

func (s *Service) remove(ctx context.Context, t Tenant) error {
	if err := s.Files.RemoveTenantFiles(ctx, t); err != nil {
		return fmt.Errorf("delete the files of %s: %w", t.Slug, err)
	}
	if err := s.Schemas.Drop(ctx, t); err != nil {
		return fmt.Errorf("delete the schema of %s: %w", t.Slug, err)
	}
	// Once more: an upload that was on its way when the schema went has nowhere to be noted now.
	if err := s.Files.RemoveTenantFiles(ctx, t); err != nil {
		return fmt.Errorf("delete the files of %s: %w", t.Slug, err)
	}
	if err := s.Keep.RemoveTenant(ctx, t.ID); err != nil {
		return fmt.Errorf("delete %s: %w", t.Slug, err)
	}
	s.Keep.Announce(ctx, t.ID)
	return nil
}
