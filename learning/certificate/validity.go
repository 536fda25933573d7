package certificate

import (
	"context"
	"errors"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// Validity is a number of months, or until a day. Days end at midnight UTC, so that a certificate names the same day to
// whoever reads it, wherever they are.

// Rule is how the certificates of a course are from now on; those that were issued stay as they are.
type Rule struct {
	CourseID uid.ID
	Months   *int       // valid for so many from the completion; nil: not counted
	Until    *time.Time // valid until the end of a day, in UTC; nil: no such day. At most one of the two is set
	DesignID *uid.ID    // nil: the standard one
	SavedBy  *uid.ID
	SavedAt  time.Time
}

// MaxMonths is how many months a certificate may be valid for.
const MaxMonths = 240

// ValidUntil is when a certificate ends by this rule; nil is never.
func (r Rule) ValidUntil(completed time.Time) *time.Time {
	switch {
	case r.Until != nil:
		until := r.Until.UTC()
		return &until
	case r.Months != nil && *r.Months > 0:
		end := EndOfDay(addMonths(completed.UTC(), *r.Months))
		return &end
	}
	return nil
}

// addMonths keeps the day of the month, or takes the month's last where it is shorter: a month after 31 January is 28 February.
func addMonths(t time.Time, months int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return time.Date(first.Year(), first.Month(), min(t.Day(), last), 0, 0, 0, 0, time.UTC)
}

// EndOfDay is the last second of a day in UTC.
func EndOfDay(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, time.UTC).Add(-time.Second)
}

// RuleKeeper is what the validity of certificates needs kept; every method joins the running transaction of the tenant.
type RuleKeeper interface {
	CourseByID(ctx context.Context, id uid.ID) (catalog.Course, error)
	// CertificateRule is a course's; the zero rule where it has none.
	CertificateRule(ctx context.Context, course uid.ID) (Rule, error)
	PutCertificateRule(ctx context.Context, r Rule) error
	// ExpiringCertificates holds certificates whose next reminder is due, the most urgent first, at most n; those that another
	// process works on are passed by.
	ExpiringCertificates(ctx context.Context, now time.Time, n int) ([]Certificate, error)
	// ExpiryTold writes how far the reminders of a certificate went.
	ExpiryTold(ctx context.Context, id uid.ID, how Nearness) error
}

// RuleOf gives how a course's certificates are. It needs course:edit.
func (s *Service) RuleOf(ctx context.Context, course uid.ID) (r Rule, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return r, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err := s.keep.CourseByID(ctx, course); err != nil {
			return err
		}
		r, err = s.keep.CertificateRule(ctx, course)
		return err
	})
	r.CourseID = course
	return r, err
}

// check gathers every fault: fields valid_months, valid_until.
func (s *Service) check(r Rule, before Rule) error {
	f := fault.Fields{}
	f.Check(r.Months == nil || *r.Months >= 1 && *r.Months <= MaxMonths, "valid_months", "Enter a number of months from 1 to 240.")
	f.Check(r.Months == nil || r.Until == nil, "valid_until", "Choose a number of months or a day, not both.")
	kept := r.Until != nil && before.Until != nil && r.Until.Equal(*before.Until)
	f.Check(r.Until == nil || kept || r.Until.After(s.now()), "valid_until", "This day is over. Choose today or a later day.")
	f.Check(r.Until == nil || r.Until.Before(s.now().AddDate(50, 0, 0)), "valid_until", "Choose a day within the next fifty years.")
	return f.Err()
}

// SetRule changes how a course's certificates are from now on; until is rounded to the end of its day. It needs course:edit.
// Event course.certificate_changed.
func (s *Service) SetRule(ctx context.Context, r Rule) (Rule, error) {
	if err := auth.Require(ctx, policy.CourseEdit); err != nil {
		return r, err
	}
	if r.Until != nil {
		end := EndOfDay(*r.Until)
		r.Until = &end
	}
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.CourseByID(ctx, r.CourseID)
		if err != nil {
			return err
		}
		before, err := s.keep.CertificateRule(ctx, r.CourseID)
		if err != nil {
			return err
		}
		if err = s.check(r, before); err != nil {
			return err
		}
		if r.DesignID != nil {
			if _, err = s.keep.DesignByID(ctx, *r.DesignID); err != nil {
				return err
			}
		}
		who, _ := auth.PrincipalFrom(ctx)
		r.SavedBy, r.SavedAt = &who.PersonID, s.now()
		if err = s.keep.PutCertificateRule(ctx, r); err != nil {
			return err
		}
		e, err := event.New(ctx, r.SavedAt, "course.certificate_changed", "course", c.ID, map[string]any{"slug": c.Slug, "valid_months": r.Months, "valid_until": r.Until, "design_id": r.DesignID})
		if err != nil {
			return err
		}
		return s.keep.AppendEvents(ctx, e)
	})
	return r, err
}

// validUntil is when a certificate of a course ends by the rule of today.
func (s *Service) validUntil(ctx context.Context, course uid.ID, from time.Time) (*time.Time, error) {
	r, err := s.keep.CertificateRule(ctx, course)
	if err != nil {
		return nil, err
	}
	return r.ValidUntil(from), nil
}

// Nearness is how far the reminders of a certificate's end went.
type Nearness int

// The reminders, in order.
const (
	NearNot   Nearness = iota
	NearMonth          // within 30 days
	NearWeek           // within 7 days
	NearOver           // past
)

// How long before the end the reminders go out.
const (
	WithinMonth = 30 * 24 * time.Hour
	WithinWeek  = 7 * 24 * time.Hour
)

// nearnessAt is the reminder that an end asks for at a moment.
func nearnessAt(until, now time.Time) Nearness {
	switch left := until.Sub(now); {
	case left < 0:
		return NearOver
	case left <= WithinWeek:
		return NearWeek
	case left <= WithinMonth:
		return NearMonth
	}
	return NearNot
}

// remindAtOnce is how many certificates one transaction tells of.
const remindAtOnce = 200

// Remind tells of certificates that end soon (certificate.expires_soon, 30 and 7 days before) and of those that ended
// (certificate.expired), each once, however often it runs or dies; where several are due only the latest is told. Those
// that were withdrawn or replaced are left out. It is a chore's: it asks for no permission.
func (s *Service) Remind(ctx context.Context) error {
	for {
		n := 0
		err := s.keep.InTenant(ctx, func(ctx context.Context) error {
			list, err := s.keep.ExpiringCertificates(ctx, s.now(), remindAtOnce)
			if err != nil {
				return err
			}
			n = len(list)
			var errs []error
			for _, c := range list {
				errs = append(errs, s.remind(ctx, c))
			}
			return errors.Join(errs...)
		})
		if err != nil || n < remindAtOnce {
			return err
		}
	}
}

func (s *Service) remind(ctx context.Context, c Certificate) error {
	near := nearnessAt(*c.ValidUntil, s.now())
	if err := s.keep.ExpiryTold(ctx, c.ID, near); err != nil {
		return err
	}
	switch near {
	case NearOver:
		return s.tell(ctx, "certificate.expired", c, nil)
	case NearWeek:
		return s.tell(ctx, "certificate.expires_soon", c, map[string]any{"days": 7})
	case NearNot, NearMonth:
	}
	return s.tell(ctx, "certificate.expires_soon", c, map[string]any{"days": 30})
}
