package certificate

import (
	"context"
	"errors"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Filter narrows the list of all certificates; zero values narrow nothing.
type Filter struct {
	Query   string // in a person's name or a course's title, or a certificate's number
	Course  uid.ID
	Revoked bool // those withdrawn alone
	Page    page.Request
}

// MaxReason is how many characters a reason may have.
const MaxReason = 500

// Issued lists certificates of everyone, the newest first. It needs certificate:all.
func (s *Service) Issued(ctx context.Context, f Filter) (list page.Of[Certificate], err error) {
	if err = auth.Require(ctx, policy.CertificateAll); err != nil {
		return list, err
	}
	if code, ok := NormaliseCode(f.Query); ok {
		f.Query = code
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.IssuedCertificates(ctx, f)
		return err
	})
	return list, err
}

func reasoned(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	f := fault.Fields{}
	f.Check(reason != "", "reason", "Say why, for whoever asks about it later.")
	f.Check(len([]rune(reason)) <= MaxReason, "reason", "Use at most 500 characters.")
	return reason, f.Err()
}

// Revoke withdraws a certificate for a reason: from then on its public page and its status list say so, and it is given out
// no more. ErrRevoked for one that was withdrawn before. It needs certificate:manage. Event certificate.revoked.
func (s *Service) Revoke(ctx context.Context, code, reason string) (c Certificate, err error) {
	if err = auth.Require(ctx, policy.CertificateManage); err != nil {
		return c, err
	}
	if reason, err = reasoned(reason); err != nil {
		return c, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err = s.revoke(ctx, code, reason)
		return err
	})
	return c, err
}

func (s *Service) revoke(ctx context.Context, code, reason string) (c Certificate, err error) {
	code, ok := NormaliseCode(code)
	if !ok {
		return c, ErrNotFound
	}
	if c, err = s.keep.CertificateByCode(ctx, code); err != nil {
		return c, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	now := s.now()
	if err = s.keep.RevokeCertificate(ctx, c.ID, who.PersonID, reason, now); err != nil {
		return c, err
	}
	c.RevokedAt, c.RevokedBy, c.RevokeReason = &now, &who.PersonID, reason
	return c, s.tell(ctx, "certificate.revoked", c, map[string]any{"reason": reason})
}

// ErrReplaced is a certificate in whose place another one stands already.
var ErrReplaced = fault.New(fault.KindConflict, "certificate_replaced", "Another certificate of the same course holds instead of this one. Issue that one anew.")

// Reissue withdraws a certificate for a reason, unless it is withdrawn already, and issues another in its place that says what is
// so now: the person's name as it is today, and the result. It goes by the enrolment: ErrNotCompleted where that is no
// longer completed, ErrReplaced where another one took the place already. It needs certificate:manage. Events certificate.revoked and certificate.issued.
func (s *Service) Reissue(ctx context.Context, code, reason string) (c Certificate, err error) {
	if err = auth.Require(ctx, policy.CertificateManage); err != nil {
		return c, err
	}
	if reason, err = reasoned(reason); err != nil {
		return c, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		old, err := s.revoke(ctx, code, reason)
		if err != nil && !errors.Is(err, ErrRevoked) {
			return err
		}
		if old.ReplacedAt != nil {
			return ErrReplaced
		}
		c, err = s.again(ctx, old)
		return err
	})
	return c, err
}

// again issues a certificate in the place of one that was withdrawn.
func (s *Service) again(ctx context.Context, old Certificate) (c Certificate, err error) {
	done, err := s.keep.CompletionOf(ctx, old.EnrolmentID)
	if err != nil {
		return c, err
	}
	if done.CompletedAt == nil || !done.CompletedAt.Equal(old.CompletedAt) {
		return c, ErrNotCompleted
	}
	if err = s.keep.ReplaceCertificate(ctx, old.ID, s.now()); err != nil {
		return c, err
	}
	c, made, err := s.add(ctx, done, &old.ID)
	if err != nil || !made {
		return c, err
	}
	return c, s.tell(ctx, "certificate.issued", c, nil)
}

// tell says what happened to a certificate, with what else belongs to it.
func (s *Service) tell(ctx context.Context, what string, c Certificate, also map[string]any) error {
	data := map[string]any{
		"certificate_id": c.ID, "person_id": c.PersonID, "person_name": c.PersonName,
		"course_id": c.CourseID, "course_title": c.CourseTitle, "code": c.Code,
	}
	for k, v := range also {
		data[k] = v
	}
	e, err := event.New(ctx, s.now(), what, "enrolment", c.EnrolmentID, data)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}
