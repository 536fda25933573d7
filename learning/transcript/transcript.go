// Package transcript is everything a person learned, as a list and as a document that can be checked by its number. It
// reads what enrolment and certificate keep; what it keeps itself is which documents were given out.
package transcript

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/certificate"
	"lyceum/learning/enrolment"
)

// Line is one course a person is or was in.
type Line struct {
	EnrolmentID     uid.ID
	CourseID        uid.ID
	CourseTitle     string
	CourseSlug      string
	VersionNumber   int
	Status          enrolment.Status
	EnrolledAt      time.Time
	StartedAt       *time.Time
	CompletedAt     *time.Time
	Percent         int   // of the lessons
	Result          *int  // of the quiz passed last, as the certificate says; nil without one
	Seconds         int64 // about how long they learned: what was played of recordings, and from opening to completing other lessons, at most twice their estimated time
	CertificateCode string
	// CertificateUntil is the end of the certificate's last day, in UTC; nil: for ever. Left out of the digest where there is
	// none, so that documents given out before there were such days stay the same.
	CertificateUntil *time.Time `json:",omitempty"`
}

// Period narrows a transcript: courses completed in it, and those not completed that the person came into in it. Either end
// may be left out; Until is not part of it.
type Period struct{ From, Until *time.Time }

// Transcript is what a person learned.
type Transcript struct {
	PersonID   uid.ID
	PersonName string
	Period     Period
	Lines      []Line // the latest first, MaxLines at most
}

// MaxLines bounds a transcript.
const MaxLines = 1000

// Completed counts the courses completed.
func (t Transcript) Completed() int {
	n := 0
	for _, l := range t.Lines {
		if l.Status == enrolment.StatusCompleted {
			n++
		}
	}
	return n
}

// Seconds is about how long the person learned in all.
func (t Transcript) Seconds() (sum int64) {
	for _, l := range t.Lines {
		sum += l.Seconds
	}
	return sum
}

// Issued is a transcript that was given out as a document. It is a row of transcripts.
type Issued struct {
	ID         uid.ID
	Code       string // public, as a certificate's
	PersonID   uid.ID
	PersonName string
	Digest     []byte // SHA-256 of all it says
	Begins     *time.Time
	Ends       *time.Time
	Courses    int
	Completed  int
	IssuedAt   time.Time
}

// TableName is transcripts.
func (Issued) TableName() string { return "transcripts" }

// Spaced writes the number in groups of five.
func (i Issued) Spaced() string { return certificate.Certificate{Code: i.Code}.Spaced() }

// Failures of this package.
var (
	ErrNotFound = fault.New(fault.KindNotFound, "transcript_not_found", "No transcript has this number. Check it for typing errors.")
	ErrPeriod   = fault.New(fault.KindInvalid, "transcript_period", "The period ends before it begins. Choose a later end.")
)

// Keeper is what transcripts need kept; every method joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error

	// LearnerByID is auth.ErrPersonNotFound for nobody.
	LearnerByID(ctx context.Context, id uid.ID) (enrolment.Learner, error)
	TranscriptLines(ctx context.Context, person uid.ID, p Period, n int) ([]Line, error)
	// AddTranscript is false when one that says the same was given out before, or the code is taken.
	AddTranscript(ctx context.Context, i Issued) (added bool, err error)
	// TranscriptBy finds one that says the same; ErrNotFound.
	TranscriptBy(ctx context.Context, person uid.ID, digest []byte) (Issued, error)
	TranscriptByCode(ctx context.Context, code string) (Issued, error)
}

// Service reads transcripts and gives them out.
type Service struct {
	keep Keeper
	now  clock.Clock
}

// New makes the service.
func New(keep Keeper, now clock.Clock) *Service { return &Service{keep: keep, now: now} }

// Of gives what a person learned. One's own needs person:self, anyone's enrolment:manage.
func (s *Service) Of(ctx context.Context, person uid.ID, p Period) (t Transcript, err error) {
	who, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return t, auth.ErrSignInFirst
	}
	need := policy.EnrolmentManage
	if who.PersonID == person {
		need = policy.PersonSelf
	}
	if err = auth.Require(ctx, need); err != nil {
		return t, err
	}
	if p.From != nil && p.Until != nil && !p.Until.After(*p.From) {
		return t, ErrPeriod.With("until", ErrPeriod.Text)
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		l, err := s.keep.LearnerByID(ctx, person)
		if err != nil {
			return err
		}
		t = Transcript{PersonID: l.ID, PersonName: l.Name, Period: p}
		t.Lines, err = s.keep.TranscriptLines(ctx, person, p, MaxLines)
		return err
	})
	return t, err
}

var errNoCode = errors.New("no free transcript number in five tries")

// Issue gives a person's transcript with the number under which anyone may check that it was given out. The same content
// has the same number, whoever asks and however often; a new one is told as transcript.issued. It needs what Of needs.
func (s *Service) Issue(ctx context.Context, person uid.ID, p Period) (t Transcript, i Issued, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if t, err = s.Of(ctx, person, p); err != nil {
			return err
		}
		digest, err := t.digest()
		if err != nil {
			return err
		}
		i = Issued{
			ID: uid.New(), PersonID: t.PersonID, PersonName: t.PersonName, Digest: digest, Begins: p.From, Ends: p.Until,
			Courses: len(t.Lines), Completed: t.Completed(), IssuedAt: s.now(),
		}
		made := false
		if i, made, err = s.add(ctx, i); err != nil || !made {
			return err
		}
		e, err := event.New(ctx, i.IssuedAt, "transcript.issued", "person", i.PersonID, map[string]any{
			"person_id": i.PersonID, "person_name": i.PersonName, "code": i.Code, "courses": i.Courses, "completed": i.Completed,
		})
		if err != nil {
			return err
		}
		return s.keep.AppendEvents(ctx, e)
	})
	return t, i, err
}

func (s *Service) add(ctx context.Context, i Issued) (_ Issued, made bool, err error) {
	for range 5 {
		earlier, err := s.keep.TranscriptBy(ctx, i.PersonID, i.Digest)
		if !errors.Is(err, ErrNotFound) {
			return earlier, false, err
		}
		i.Code = uid.Opaque(certificate.CodeLength)
		if made, err = s.keep.AddTranscript(ctx, i); err != nil || made {
			return i, made, err
		}
	}
	return i, false, errNoCode
}

// digest is of all that the document says.
func (t Transcript) digest() ([]byte, error) {
	raw, err := json.Marshal(t)
	if err != nil {
		return nil, fmt.Errorf("transcript: %w", err)
	}
	sum := sha256.Sum256(raw)
	return sum[:], nil
}

// ByCode finds a transcript that was given out by its number, for anyone: whoever holds the document may check it.
func (s *Service) ByCode(ctx context.Context, code string) (i Issued, err error) {
	code, ok := certificate.NormaliseCode(code)
	if !ok {
		return Issued{}, ErrNotFound
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		i, err = s.keep.TranscriptByCode(ctx, code)
		return err
	})
	return i, err
}
