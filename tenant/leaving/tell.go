package leaving

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"lyceum/tenant"
)

// Recipient is whom a mail about the end of a portal goes to.
type Recipient struct {
	Name   string `json:"name"`
	Email  string `json:"email"`
	Locale string `json:"locale"`
}

// Key tells one recipient from another in the ids of mails, without naming them.
func (r Recipient) Key() string {
	sum := sha256.Sum256([]byte(strings.ToLower(r.Email)))
	return hex.EncodeToString(sum[:8])
}

// triedFor is how long a receipt is sent again to who could not be reached. It is read at its address for ever.
const triedFor = 7 * 24 * time.Hour

// recipients are the active owners of the tenant of ctx, and who asked: a person only while there is no owner, since one who is none any
// more has nothing to be told; else the portal's contact.
func (s *Service) recipients(ctx context.Context, l Leaving) ([]Recipient, error) {
	var to []Recipient
	if s.Owners != nil {
		owners, err := s.Owners(ctx)
		if errors.Is(err, tenant.ErrSchemaVersion) { // a portal that could not be updated is warned of and erased all the same
			s.Log.WarnContext(ctx, "the owners of a portal that leaves are not known", "tenant", l.TenantSlug, "err", err)
		} else if err != nil {
			return nil, err
		}
		for _, p := range owners {
			to = append(to, Recipient{Name: p.Name, Email: p.Email, Locale: p.Locale})
		}
	}
	known := func(r Recipient) bool { return strings.EqualFold(r.Email, l.ByEmail) }
	if l.ByEmail != "" && !slices.ContainsFunc(to, known) && (len(to) == 0 || !l.ByPerson()) {
		to = append(to, Recipient{Name: l.ByName, Email: l.ByEmail, Locale: l.Locale})
	}
	return to, nil
}

// tellOwners sends a mail to each; ctx is in the tenant. It fails only where nobody could be told: who called may try again then.
func (s *Service) tellOwners(ctx context.Context, kind string, l Leaving) error {
	to, err := s.recipients(ctx, l)
	if err != nil {
		return err
	}
	left, err := s.send(ctx, kind, l, to)
	if err != nil && len(left) < len(to) {
		s.Log.WarnContext(ctx, "not every owner could be told of the end of a portal", "tenant", l.TenantSlug, "mail", kind, "missed", len(left), "err", err)
		return nil
	}
	return err
}

// send gives those whom the mail could not be sent to.
func (s *Service) send(ctx context.Context, kind string, l Leaving, to []Recipient) (left []Recipient, err error) {
	if s.Mails == nil {
		return nil, nil
	}
	var errs []error
	for _, r := range to {
		if err := s.Mails.Leaving(ctx, kind, l, r); err != nil {
			left, errs = append(left, r), append(errs, err)
		}
	}
	return left, errors.Join(errs...)
}

// noteRecipients keeps who gets the receipt, while the portal still knows them.
func (s *Service) noteRecipients(ctx context.Context, t tenant.Tenant, l Leaving) ([]Recipient, error) {
	to, err := s.recipients(tenant.With(ctx, t), l)
	if err != nil {
		if t.SchemaVersion != 0 {
			return nil, err
		}
		to = nil // it never had a schema
	}
	return to, s.Keep.InControl(ctx, func(ctx context.Context) error { return s.Keep.LeavingRecipients(ctx, l.ID, to) })
}

// mailed sends the receipt. An erasure is done without it, so a mail that cannot be sent is tried again by the next run, to those who
// did not get it, for a week.
func (s *Service) mailed(ctx context.Context, l Leaving) error {
	to := l.Recipients
	if len(to) == 0 && l.ByEmail != "" { // its erasure began before recipients were noted
		to = []Recipient{{Name: l.ByName, Email: l.ByEmail, Locale: l.Locale}}
	}
	left, err := s.send(ctx, MailErased, l, to)
	if err != nil {
		s.Log.WarnContext(ctx, "a receipt could not be sent", "tenant", l.TenantSlug, "missed", len(left), "err", err)
	}
	return s.Keep.InControl(ctx, func(ctx context.Context) error {
		if len(left) > 0 && s.Now().Before(l.ErasedAt.Add(triedFor)) {
			return s.Keep.LeavingRecipients(ctx, l.ID, left)
		}
		return s.Keep.LeavingMailed(ctx, l.ID, s.Now())
	})
}
