package leaving

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"lyceum/tenant"
)

// The steps of an erasure, in their order. What is lost last is what the others need: the name by which everything is found.
const (
	StepCounted   = "counted"   // what there was
	StepPayments  = "payments"  // the subscription, and the customer at whoever takes the payments
	StepJobs      = "jobs"      // waiting work
	StepFiles     = "files"     // uploads, domains and their certificates
	StepSchema    = "schema"    // the schema with every row, and the role that could read it
	StepUploads   = "uploads"   // what was on its way when the schema went
	StepDirectory = "directory" // the name, the addresses, the prepared answers in memory
)

// Steps lists them.
func Steps() []string {
	return []string{StepCounted, StepPayments, StepJobs, StepFiles, StepSchema, StepUploads, StepDirectory}
}

// Run does what is due: warns owners, begins erasures whose day came, goes on with those that were cut short, writes receipts and
// sends them. One that fails does not keep it from the others.
func (s *Service) Run(ctx context.Context) error {
	var list []Leaving
	err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		list, err = s.Keep.DueLeavings(ctx, s.Now(), WarnedBefore)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, l := range list {
		if err := s.advance(ctx, l); err != nil {
			errs = append(errs, fmt.Errorf("%s leaves: %w", l.TenantSlug, err))
		}
	}
	return errors.Join(errs...)
}

func (s *Service) advance(ctx context.Context, l Leaving) error {
	now := s.Now()
	switch {
	case l.ErasedAt != nil: // the mail is missing
		return s.mailed(ctx, l)
	case now.Before(l.EraseAt):
		t, err := s.Tenants.Keep.TenantByID(ctx, l.TenantID)
		if err != nil {
			return err
		}
		if err := s.tellOwners(tenant.With(ctx, t), MailWarned, l); err != nil {
			return err
		}
		return s.Keep.InControl(ctx, func(ctx context.Context) error { return s.Keep.Warned(ctx, l.ID, now) })
	}
	t, err := s.Tenants.Keep.TenantByID(ctx, l.TenantID)
	switch {
	case errors.Is(err, tenant.ErrNotFound):
		return s.finish(ctx, l) // the last step is done
	case err != nil:
		return err
	case s.Holds != nil && s.Holds(ctx, t):
		return nil // the next round
	case t.Status == tenant.StatusDeleting:
		return s.Erase(ctx, t)
	}
	if err := s.unheld(ctx, t); errors.Is(err, ErrHeld) {
		return nil // its day came under a hold: it waits for the release
	} else if err != nil {
		return err
	}
	// From here on nobody takes it back; one who did since the list was read keeps the portal.
	if err := s.closing(ctx, l); errors.Is(err, ErrNotLeaving) {
		return nil
	} else if err != nil {
		return err
	}
	return s.Tenants.Delete(ctx, t.Slug, t.Slug, "its day came")
}

func (s *Service) closing(ctx context.Context, l Leaving) error {
	return s.Keep.InControl(ctx, func(ctx context.Context) error { return s.Keep.Closing(ctx, l.ID, s.Now()) })
}

// Erase takes a tenant that is deleting through the steps that it still lacks, and writes the receipt. It may be stopped anywhere
// and called again.
func (s *Service) Erase(ctx context.Context, t tenant.Tenant) error {
	l, err := s.open(ctx, t.ID)
	if errors.Is(err, ErrNotLeaving) { // deleted at once, by an operator or for an unpaid bill
		if err = s.note(ctx, s.wish(ctx, t, s.Now()), "tenant.erasing"); err == nil {
			l, err = s.open(ctx, t.ID)
		}
	}
	if err != nil {
		return err
	}
	if l.ClosedAt == nil {
		if err := s.closing(ctx, l); err != nil {
			return err
		}
	}
	var done []Step
	err = s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		done, err = s.Keep.ErasureSteps(ctx, l.ID)
		return err
	})
	if err != nil {
		return err
	}
	for _, step := range Steps() {
		if slices.ContainsFunc(done, func(d Step) bool { return d.Step == step }) {
			continue
		}
		if step == StepCounted {
			if l.Recipients, err = s.noteRecipients(ctx, t, l); err != nil {
				return fmt.Errorf("erase %s: who is told: %w", t.Slug, err)
			}
		}
		counts, err := s.do(ctx, t, step)
		if err != nil {
			return fmt.Errorf("erase %s: %s: %w", t.Slug, step, err)
		}
		err = s.Keep.InControl(ctx, func(ctx context.Context) error {
			return s.Keep.StepDone(ctx, Step{LeavingID: l.ID, Step: step, DoneAt: s.Now(), Counts: counts})
		})
		if err != nil {
			return err
		}
	}
	return s.finish(ctx, l)
}

func (s *Service) do(ctx context.Context, t tenant.Tenant, step string) (counts map[string]int64, err error) {
	inside := tenant.With(ctx, t)
	switch step {
	case StepCounted:
		err = s.Keep.InTenant(inside, func(ctx context.Context) error {
			counts, err = s.Keep.TenantCounts(ctx)
			return err
		})
		if err != nil && t.SchemaVersion == 0 { // it never had a schema
			return nil, nil
		}
	case StepPayments:
		if s.Payments != nil {
			err = s.Payments.End(ctx, t.ID)
		}
	case StepJobs:
		var n int64
		n, err = s.Jobs.RemoveJobs(ctx, t.ID)
		counts = map[string]int64{"jobs": n}
	case StepFiles, StepUploads:
		err = s.Files.RemoveTenantFiles(ctx, t)
	case StepSchema:
		err = s.Schemas.Drop(ctx, t)
	case StepDirectory:
		if err = s.Keep.RemoveTenant(ctx, t.ID); err == nil {
			s.Keep.Announce(ctx, t.ID)
		}
	}
	return counts, err
}

// finish writes the receipt once every step is done, and sends it.
func (s *Service) finish(ctx context.Context, l Leaving) error {
	var done []Step
	err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		done, err = s.Keep.ErasureSteps(ctx, l.ID)
		return err
	})
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(done, func(d Step) bool { return d.Step == StepDirectory }) {
		// The row went and the process died before that was noted: the row is what was to go.
		last := Step{LeavingID: l.ID, Step: StepDirectory, DoneAt: s.Now()}
		if err := s.Keep.InControl(ctx, func(ctx context.Context) error { return s.Keep.StepDone(ctx, last) }); err != nil {
			return err
		}
		done = append(done, last)
	}
	at := s.Now()
	receipt, err := s.sign(l, done, at)
	if err != nil {
		return err
	}
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		if err := s.Keep.FinishLeaving(ctx, l.ID, receipt, at); err != nil {
			return err
		}
		return s.Keep.Audit(ctx, "tenant.erased", l.TenantID, map[string]string{"slug": l.TenantSlug, "receipt": l.ID.String()}, at)
	})
	if err != nil {
		return err
	}
	l.Receipt, l.ErasedAt = receipt, &at
	return s.mailed(ctx, l)
}
