package certificate

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Filter narrows the list of all certificates; zero values narrow nothing.
type Filter struct {
	Query  string // in a person's name or a course's title, or a certificate's number
	Course uid.ID
	State  Narrow
	Page   page.Request
	Now    time.Time // set by the service
}

// Narrow is which certificates a list shows.
type Narrow string

// The narrowings; "" narrows nothing.
const (
	NarrowRevoked  Narrow = "revoked"
	NarrowExpired  Narrow = "expired"
	NarrowExpiring Narrow = "expiring" // within 30 days
)

// Class is what anyone may know of why a certificate was withdrawn.
type Class string

// The classes.
const (
	ClassError      Class = "error"      // it was issued in error
	ClassCorrected  Class = "corrected"  // another one with corrected details stands in its place
	ClassConditions Class = "conditions" // what it certifies was not or is no longer met
	ClassRequest    Class = "request"    // the person asked for it
	ClassOther      Class = "other"
)

// Classes are all of them.
func Classes() []Class {
	return []Class{ClassError, ClassCorrected, ClassConditions, ClassRequest, ClassOther}
}

// Public is the class for everyone to see: one withdrawn before there were classes is of the class other.
func (c Class) Public() Class {
	if c == "" {
		return ClassOther
	}
	return c
}

// Withdrawal is why a certificate is withdrawn.
type Withdrawal struct {
	Code   string // of the certificate
	Reason string // for those who may see everyone's
	Class  Class  // for anyone; "" is other, and corrected where it is issued anew
	Renew  bool   // issued anew, it is valid as if it were completed today
}

// Validate gathers every fault: fields reason, class.
func (w *Withdrawal) Validate() error {
	w.Reason = strings.TrimSpace(w.Reason)
	f := fault.Fields{}
	f.Check(w.Reason != "", "reason", "Say why, for whoever asks about it later.")
	f.Check(len([]rune(w.Reason)) <= MaxReason, "reason", "Use at most 500 characters.")
	f.Check(slices.Contains(Classes(), w.Class), "class", "Choose one of the reasons that the public page may show.")
	return f.Err()
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
	f.Now = s.now()
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.IssuedCertificates(ctx, f)
		return err
	})
	return list, err
}

// Revoke withdraws a certificate for a reason: from then on its public page and its status list say so, and it is given out
// no more. ErrRevoked for one that was withdrawn before. It needs certificate:manage. Event certificate.revoked.
func (s *Service) Revoke(ctx context.Context, w Withdrawal) (c Certificate, err error) {
	if err = auth.Require(ctx, policy.CertificateManage); err != nil {
		return c, err
	}
	if w.Class == "" {
		w.Class = ClassOther
	}
	if err = w.Validate(); err != nil {
		return c, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err = s.revoke(ctx, w)
		return err
	})
	return c, err
}

func (s *Service) revoke(ctx context.Context, w Withdrawal) (c Certificate, err error) {
	code, ok := NormaliseCode(w.Code)
	if !ok {
		return c, ErrNotFound
	}
	if c, err = s.keep.CertificateByCode(ctx, code); err != nil {
		return c, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	now := s.now()
	was := c
	c.RevokedAt, c.RevokedBy, c.RevokeReason, c.RevokeClass = &now, &who.PersonID, w.Reason, w.Class
	if err = s.keep.RevokeCertificate(ctx, c); err != nil {
		return was, err
	}
	return c, s.tell(ctx, "certificate.revoked", c, map[string]any{"reason": w.Reason, "class": w.Class})
}

// ErrReplaced is a certificate in whose place another one stands already.
var ErrReplaced = fault.New(fault.KindConflict, "certificate_replaced", "Another certificate of the same course holds instead of this one. Issue that one anew.")

// Reissue withdraws a certificate for a reason, unless it is withdrawn already, and issues another in its place that says what is
// so now: the person's name as it is today, and the result. It is valid as long as the one before, or anew from today where
// it is to be renewed. It goes by the enrolment: ErrNotCompleted where that is no longer completed, ErrReplaced where another
// one took the place already. It needs certificate:manage. Events certificate.revoked and certificate.issued.
func (s *Service) Reissue(ctx context.Context, w Withdrawal) (c Certificate, err error) {
	if err = auth.Require(ctx, policy.CertificateManage); err != nil {
		return c, err
	}
	if w.Class == "" {
		w.Class = ClassCorrected
	}
	if err = w.Validate(); err != nil {
		return c, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		old, err := s.revoke(ctx, w)
		if err != nil && !errors.Is(err, ErrRevoked) {
			return err
		}
		if old.ReplacedAt != nil {
			return ErrReplaced
		}
		c, err = s.again(ctx, old, w.Renew)
		return err
	})
	return c, err
}

// again issues a certificate in the place of one that was withdrawn.
func (s *Service) again(ctx context.Context, old Certificate, renew bool) (c Certificate, err error) {
	done, err := s.keep.CompletionOf(ctx, old.EnrolmentID)
	if err != nil {
		return c, err
	}
	if done.CompletedAt == nil || !done.CompletedAt.Equal(old.CompletedAt) {
		return c, ErrNotCompleted
	}
	until := old.ValidUntil
	if renew {
		if until, err = s.validUntil(ctx, old.CourseID, s.now()); err != nil {
			return c, err
		}
	}
	if err = s.keep.ReplaceCertificate(ctx, old.ID, s.now()); err != nil {
		return c, err
	}
	c, made, err := s.add(ctx, done, until, &old.ID)
	if err != nil || !made {
		return c, err
	}
	return c, s.tell(ctx, "certificate.issued", c, nil)
}

// History lists every certificate of the enrolment that one belongs to, the newest first: what was issued, withdrawn and
// replaced, by whom and why. It needs certificate:all. ErrNotFound.
func (s *Service) History(ctx context.Context, code string) (list []Certificate, err error) {
	if err = auth.Require(ctx, policy.CertificateAll); err != nil {
		return nil, err
	}
	code, ok := NormaliseCode(code)
	if !ok {
		return nil, ErrNotFound
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.CertificateByCode(ctx, code)
		if err != nil {
			return err
		}
		list, err = s.keep.CertificateHistory(ctx, c.EnrolmentID)
		return err
	})
	return list, err
}

// tell says what happened to a certificate, with what else belongs to it.
func (s *Service) tell(ctx context.Context, what string, c Certificate, also map[string]any) error {
	data := map[string]any{
		"certificate_id": c.ID, "person_id": c.PersonID, "person_name": c.PersonName,
		"course_id": c.CourseID, "course_title": c.CourseTitle, "code": c.Code,
	}
	if c.ValidUntil != nil {
		data["valid_until"] = c.ValidUntil.UTC()
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
