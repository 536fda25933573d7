package certificate

import (
	"context"
	"errors"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

// Completion is what a certificate says of a completed enrolment.
type Completion struct {
	EnrolmentID   uid.ID
	PersonID      uid.ID
	CourseID      uid.ID
	Status        enrolment.Status
	PersonName    string
	CourseTitle   string
	VersionNumber int
	Percent       *int // of the quiz passed last, nil without one
	Minutes       int
	CompletedAt   *time.Time
}

// Keeper is what certificates need kept; every method joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	RuleKeeper
	DesignKeeper
	InTenant(ctx context.Context, fn func(context.Context) error) error

	CompletionOf(ctx context.Context, enrolment uid.ID) (Completion, error)
	// AddCertificate is false when the enrolment has one already, or the code is taken.
	AddCertificate(ctx context.Context, c Certificate) (added bool, err error)
	// ReplaceCertificate makes room for another certificate of the same enrolment; this one stays readable.
	ReplaceCertificate(ctx context.Context, id uid.ID, at time.Time) error
	// CertificateFor is the one that holds: the latest of the enrolment.
	CertificateFor(ctx context.Context, enrolment uid.ID) (Certificate, error)
	CertificateByCode(ctx context.Context, code string) (Certificate, error)
	// RevokeCertificate withdraws one that holds; ErrRevoked for one that was withdrawn before.
	RevokeCertificate(ctx context.Context, c Certificate) error
	// CertificateHistory are all of an enrolment, the newest first.
	CertificateHistory(ctx context.Context, enrolment uid.ID) ([]Certificate, error)
	// IssuedCertificates are all, the newest first.
	IssuedCertificates(ctx context.Context, f Filter) (page.Of[Certificate], error)
	// CertificatesOf are a person's, the newest first.
	CertificatesOf(ctx context.Context, person uid.ID, limit int) ([]Certificate, error)
}

// Options is what the service works with.
type Options struct {
	Keep Keeper
	Now  clock.Clock
	// Code makes a public number; nil is 20 random characters. A test hands in one that repeats itself.
	Code func() string
}

// Service issues certificates and finds them.
type Service struct {
	keep Keeper
	now  clock.Clock
	code func() string
}

// CodeLength is how many characters a certificate's public number has.
const CodeLength = 20

// maxMine bounds the list of a person's certificates.
const maxMine = 500

// New makes the service.
func New(o Options) *Service {
	if o.Code == nil {
		o.Code = func() string { return uid.Opaque(CodeLength) }
	}
	return &Service{keep: o.Keep, now: o.Now, code: o.Code}
}

// Failures of issuing.
var (
	// ErrNotCompleted is an enrolment that is not completed.
	ErrNotCompleted = fault.New(fault.KindConflict, "enrolment_not_completed", "A certificate is issued when the course is completed.")
	errNoCode       = errors.New("no free certificate number in five tries")
)

// Issue gives the certificate of a completed enrolment, making it the first time and telling of it as
// certificate.issued. Completed again on a later version it is another certificate; the first stays valid and readable,
// marked as replaced. It is a job's: it asks for no permission, and is not for handlers. ErrNotCompleted when the
// enrolment is not completed.
func (s *Service) Issue(ctx context.Context, enrolmentID uid.ID) (c Certificate, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		earlier, err := s.keep.CertificateFor(ctx, enrolmentID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		issued := err == nil
		done, err := s.keep.CompletionOf(ctx, enrolmentID)
		if err != nil {
			return err
		}
		completed := done.Status == enrolment.StatusCompleted && done.CompletedAt != nil
		if issued && (!completed || earlier.CompletedAt.Equal(*done.CompletedAt)) {
			c = earlier
			return nil
		}
		if !completed {
			return ErrNotCompleted
		}
		if issued {
			if err = s.keep.ReplaceCertificate(ctx, earlier.ID, s.now()); err != nil {
				return err
			}
		}
		until, err := s.validUntil(ctx, done.CourseID, *done.CompletedAt)
		if err != nil {
			return err
		}
		var made bool
		if c, made, err = s.add(ctx, done, until, nil); err != nil || !made {
			return err
		}
		return s.tell(ctx, "certificate.issued", c, nil)
	})
	if err != nil {
		return Certificate{}, err
	}
	return c, nil
}

// add writes the certificate under a number that is free; made is false when another job was quicker.
func (s *Service) add(ctx context.Context, done Completion, until *time.Time, reissueOf *uid.ID) (c Certificate, made bool, err error) {
	c = Certificate{
		ID: uid.New(), EnrolmentID: done.EnrolmentID, PersonID: done.PersonID, CourseID: done.CourseID,
		PersonName: done.PersonName, CourseTitle: done.CourseTitle, VersionNumber: done.VersionNumber,
		Percent: done.Percent, Minutes: done.Minutes, CompletedAt: *done.CompletedAt, IssuedAt: s.now(), ReissueOf: reissueOf, ValidUntil: until,
	}
	if c.Print, err = s.print(ctx, done.CourseID); err != nil {
		return c, false, err
	}
	for range 5 {
		c.Code = s.code()
		if made, err = s.keep.AddCertificate(ctx, c); err != nil || made {
			return c, made, err
		}
		earlier, err := s.keep.CertificateFor(ctx, done.EnrolmentID)
		if !errors.Is(err, ErrNotFound) {
			return earlier, false, err
		}
	}
	return Certificate{}, false, errNoCode
}

// Mine lists the certificates of who asks, the newest first. It needs certificate:read.
func (s *Service) Mine(ctx context.Context) (list []Certificate, err error) {
	if err = auth.Require(ctx, policy.CertificateRead); err != nil {
		return nil, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.CertificatesOf(ctx, who.PersonID, maxMine)
		return err
	})
	return list, err
}

// ByCode finds a certificate by its public number, for anyone: whoever holds the number may check it. Spaces, hyphens
// and capitals do not matter. A revoked one comes with RevokedAt set.
func (s *Service) ByCode(ctx context.Context, code string) (c Certificate, err error) {
	code, ok := NormaliseCode(code)
	if !ok {
		return Certificate{}, ErrNotFound
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err = s.keep.CertificateByCode(ctx, code)
		return err
	})
	return c, err
}

// NormaliseCode reads a number as people type it; ok is false for what is no number of ours.
func NormaliseCode(s string) (code string, ok bool) {
	code = strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '-' || r == '\t' || r == '\u00a0':
			return -1
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, s)
	if len(code) != CodeLength {
		return "", false
	}
	for _, r := range code {
		if (r < '0' || r > '9') && (r < 'a' || r > 'z') {
			return "", false
		}
	}
	return code, true
}

// Spaced writes the number in groups of five, for people to read and type.
func (c Certificate) Spaced() string {
	var groups []string
	for rest := c.Code; rest != ""; {
		n := min(5, len(rest))
		groups = append(groups, rest[:n])
		rest = rest[n:]
	}
	return strings.Join(groups, "-")
}
