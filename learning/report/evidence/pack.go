// Package evidence is what an auditor is given: for a requirement and a period one file that says who had to, who had done it and when,
// with which content, who was excused and why, and what the requirement asked for. Its lines are chained by their hashes and the whole is
// signed with the portal's key, so that whoever holds it needs nobody's account to see that it is as it was made (Verify).
package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"lyceum/auth"
	"lyceum/auth/audit"
	"lyceum/auth/policy"
	"lyceum/internal/blob"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/report"
	"lyceum/tenant"
)

// KeptFor is how long a pack can be fetched.
const KeptFor = 30 * 24 * time.Hour

// Status is where a pack stands.
type Status string

// The states.
const (
	Waiting Status = "waiting"
	Working Status = "working"
	Ready   Status = "ready"
	Expired Status = "expired"
)

// Pack is one file of evidence. It is a row of evidence_packs.
type Pack struct {
	ID            uid.ID
	RequirementID uid.ID
	FromAt        time.Time // the period begins
	UntilAt       time.Time // and ends before
	Status        Status
	AskedBy       *uid.ID
	AskedAt       time.Time
	People        int // whom it tells of
	Done          int // of them
	Object        string
	Bytes         int64
	SHA256        string `gorm:"column:sha256"`
	ReadyAt       *time.Time
	ExpiresAt     *time.Time
}

// TableName is evidence_packs.
func (Pack) TableName() string { return "evidence_packs" }

// Open tells whether it is still being made.
func (p Pack) Open() bool { return p.Status == Waiting || p.Status == Working }

// Percent is how much of it is made.
func (p Pack) Percent() int {
	if p.People == 0 {
		return 0
	}
	return p.Done * 100 / p.People
}

// Failures of this package.
var (
	ErrNotFound = fault.New(fault.KindNotFound, "evidence_not_found", "There is no such evidence pack.")
	ErrOpen     = fault.New(fault.KindConflict, "evidence_running", "An evidence pack of this requirement is being made already. Wait until it is ready.")
	ErrNotReady = fault.New(fault.KindConflict, "evidence_not_ready", "This evidence pack is not ready, or its days are over. Ask for another one.")
)

// Terms are what a requirement asked for from a moment on.
type Terms struct {
	Revision   int
	RecordedAt time.Time
	Facts      string // a JSON object
}

// Person is somebody who had the duty in the period.
type Person struct {
	PersonID    uid.ID     `json:"person_id"`
	Name        string     `json:"name"` // "" for somebody who is gone
	Email       string     `json:"email"`
	Department  string     `json:"department,omitempty"` // on the last day of the period, or today before it is over
	Manager     string     `json:"manager,omitempty"`    // on that day
	GivenAt     time.Time  `json:"given_at"`
	WithdrawnAt *time.Time `json:"withdrawn_at,omitempty"`
	Reasons     string     `json:"because_of"`
}

// Fact is what was known of a cycle of a duty from a moment on.
type Fact struct {
	PersonID     uid.ID     `json:"person_id"`
	RecordedAt   time.Time  `json:"recorded_at"`
	Revision     int        `json:"revision"`
	Number       int        `json:"cycle"`
	Spell        int        `json:"spell"`
	GivenAt      time.Time  `json:"given_at"`
	WithdrawnAt  *time.Time `json:"withdrawn_at,omitempty"`
	BeganAt      time.Time  `json:"cycle_began_at"`
	DueAt        *time.Time `json:"due_at,omitempty"`
	DueGrace     *time.Time `json:"due_grace_until,omitempty"`
	CompletedAt  *time.Time `json:"completed_at,omitempty"`
	CourseID     *uid.ID    `json:"course_id,omitempty"`
	VersionID    *uid.ID    `json:"content_version_id,omitempty"`
	EnrolmentID  *uid.ID    `json:"enrolment_id,omitempty"`
	RenewsAt     *time.Time `json:"renews_at,omitempty"`
	ExpiresAt    *time.Time `json:"expires_at,omitempty"`
	GraceUntil   *time.Time `json:"grace_until,omitempty"`
	EndedAt      *time.Time `json:"ended_at,omitempty"`
	WaivedAt     *time.Time `json:"waived_at,omitempty"`
	WaivedUntil  *time.Time `json:"waived_until,omitempty"`
	WaivedBy     *uid.ID    `json:"waived_by,omitempty"`
	WaivedReason string     `json:"waived_reason,omitempty"`
	Reasons      string     `json:"because_of"`
}

// Lesson is what somebody did of a course.
type Lesson struct {
	EnrolmentID uid.ID     `json:"-"`
	Title       string     `json:"title"`
	Kind        string     `json:"kind"`
	Evidence    string     `json:"-"` // what the lesson needed and had, a JSON object
	StartedAt   time.Time  `json:"started_at"`
	CompletedAt *time.Time `json:"completed_at,omitempty"`
}

// MarshalJSON writes the evidence as the object that it is.
func (l Lesson) MarshalJSON() ([]byte, error) {
	type plain Lesson
	return json.Marshal(struct {
		plain
		Evidence json.RawMessage `json:"evidence,omitempty"`
	}{plain(l), json.RawMessage(l.Evidence)})
}

// Completion is a course that somebody completed, with the content that it had for them.
type Completion struct {
	PersonID     uid.ID     `json:"person_id"`
	EnrolmentID  uid.ID     `json:"enrolment_id"`
	CourseID     uid.ID     `json:"course_id"`
	Course       string     `json:"course"`
	VersionID    uid.ID     `json:"content_version_id"`
	Version      int        `json:"content_version"`
	PublishedAt  *time.Time `json:"content_published_at,omitempty"`
	EnrolledAt   time.Time  `json:"enrolled_at"`
	StartedAt    *time.Time `json:"started_at,omitempty"`
	CompletedAt  time.Time  `json:"completed_at"`
	Certificate  string     `json:"certificate,omitempty"`
	CertifiedAt  *time.Time `json:"certified_at,omitempty"`
	CertifiedFor string     `json:"certified_name,omitempty"`
	Lessons      []Lesson   `json:"lessons" gorm:"-"`
}

// Keeper is what is kept; every method but InTenant joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	ReportColumns(ctx context.Context) ([]report.Column, error)
	MatrixCells(ctx context.Context, people []uid.ID, f report.Filter, now time.Time) ([]report.Cell, error)
	AuditAfter(ctx context.Context, f audit.Filter, seq int64, n int) ([]audit.Entry, error)
	// InsertPack is ErrOpen while another one of the requirement is being made.
	InsertPack(ctx context.Context, p Pack) error
	SavePack(ctx context.Context, p Pack) error
	PackByID(ctx context.Context, id uid.ID) (Pack, error)
	// Packs lists those of a requirement, the newest first.
	Packs(ctx context.Context, requirement uid.ID, n int) ([]Pack, error)
	PacksPast(ctx context.Context, now time.Time, n int) ([]Pack, error)
	EvidenceTerms(ctx context.Context, requirement uid.ID) ([]Terms, error)
	// EvidencePeople walks by id over who had the duty in the period as it is known now, with where they stood on a day.
	EvidencePeople(ctx context.Context, p Pack, at report.Moment, after uid.ID, n int) ([]Person, error)
	CountEvidence(ctx context.Context, p Pack) (int, error)
	EvidenceFacts(ctx context.Context, p Pack, people []uid.ID) ([]Fact, error)
	EvidenceCompletions(ctx context.Context, p Pack, people []uid.ID) ([]Completion, error)
	EvidenceLessons(ctx context.Context, enrolments []uid.ID) ([]Lesson, error)
}

// Signer signs with the portal's key; base is the portal's address.
type Signer interface {
	Sign(ctx context.Context, base, mediaType string, payload []byte) (string, error)
}

// Options are what the service works with.
type Options struct {
	Keep  Keeper
	Blobs *blob.Store
	Sign  Signer
	Base  func(tenant.Tenant) string // a portal's address
	Now   clock.Clock
}

// Service makes packs.
type Service struct{ Options }

// New makes the service.
func New(o Options) *Service { return &Service{o} }

func (s *Service) in(ctx context.Context, fn func(context.Context) error) error {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return err
	}
	return s.Keep.InTenant(ctx, fn)
}

func (s *Service) requirement(ctx context.Context, id uid.ID) (report.Column, error) {
	all, err := s.Keep.ReportColumns(ctx)
	for _, c := range all {
		if c.ID == id {
			return c, err
		}
	}
	if err == nil {
		err = report.ErrNoRequirement
	}
	return report.Column{}, err
}

// List gives a requirement with its latest packs, the newest first. It needs enrolment:manage; report.ErrNoRequirement.
func (s *Service) List(ctx context.Context, requirement uid.ID) (about report.Column, list []Pack, err error) {
	err = s.in(ctx, func(ctx context.Context) error {
		if about, err = s.requirement(ctx, requirement); err != nil {
			return err
		}
		list, err = s.Keep.Packs(ctx, requirement, 20)
		return err
	})
	return about, list, err
}

// Show finds one. It needs enrolment:manage; ErrNotFound.
func (s *Service) Show(ctx context.Context, id uid.ID) (p Pack, err error) {
	err = s.in(ctx, func(ctx context.Context) error {
		p, err = s.Keep.PackByID(ctx, id)
		return err
	})
	return p, err
}

// Ask wishes for a pack of a period, which ends before until; a job makes it. It needs enrolment:manage; faults at from and until,
// report.ErrNoRequirement, ErrOpen. Event evidence.requested.
func (s *Service) Ask(ctx context.Context, requirement uid.ID, from, until time.Time) (p Pack, err error) {
	wrong := fault.Fields{}
	now := s.Now()
	wrong.Check(from.Year() >= 1970 && from.Before(now), "from", "Choose a day that has begun.")
	wrong.Check(until.After(from) && until.Year() < 3000, "until", "Choose a day that is not before the first.")
	if err := wrong.Err(); err != nil {
		return p, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	p = Pack{ID: uid.New(), RequirementID: requirement, FromAt: from.UTC(), UntilAt: until.UTC(), Status: Waiting, AskedBy: &who.PersonID, AskedAt: now}
	err = s.in(ctx, func(ctx context.Context) error {
		if _, err := s.requirement(ctx, requirement); err != nil {
			return err
		}
		if err := s.Keep.InsertPack(ctx, p); err != nil {
			return err
		}
		return s.tell(ctx, "evidence.requested", p, map[string]any{"requirement_id": requirement, "from": p.FromAt, "until": p.UntilAt})
	})
	return p, err
}

func (s *Service) tell(ctx context.Context, typ string, p Pack, data map[string]any) error {
	e, err := event.New(ctx, s.Now(), typ, "evidence", p.ID, data)
	if err != nil {
		return err
	}
	return s.Keep.AppendEvents(ctx, e)
}

// Read opens a pack that is ready; the caller closes it. Each reading is noted. It needs enrolment:manage; ErrNotFound, ErrNotReady.
// Event evidence.fetched.
func (s *Service) Read(ctx context.Context, id uid.ID) (p Pack, r io.ReadCloser, err error) {
	if p, err = s.Show(ctx, id); err != nil {
		return p, nil, err
	}
	if p.Status != Ready {
		return p, nil, ErrNotReady
	}
	if r, _, err = s.Blobs.Get(ctx, p.Object); err != nil {
		return p, nil, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		return s.tell(ctx, "evidence.fetched", p, map[string]any{"requirement_id": p.RequirementID})
	})
	if err != nil {
		return p, nil, errors.Join(err, r.Close())
	}
	return p, r, nil
}

// Run makes a pack that was wished for. It is a job's: it asks for no permission, and after a crash it begins anew. Event evidence.ready.
func (s *Service) Run(ctx context.Context, id uid.ID) error {
	var p Pack
	var about report.Column
	err := s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if p, err = s.Keep.PackByID(ctx, id); err != nil || !p.Open() {
			return err
		}
		if about, err = s.requirement(ctx, p.RequirementID); err != nil {
			return err
		}
		p.Status, p.Done = Working, 0
		if p.People, err = s.Keep.CountEvidence(ctx, p); err != nil {
			return err
		}
		return s.Keep.SavePack(ctx, p)
	})
	if errors.Is(err, ErrNotFound) || err == nil && !p.Open() {
		return nil
	}
	if err != nil {
		return err
	}
	t, _ := tenant.From(ctx)
	key := t.SchemaName + "/evidence/" + p.ID.String() + ".zip"
	out, in := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := s.write(ctx, &p, about, t, in)
		written <- err
		_ = in.CloseWithError(err)
	}()
	size, sum, err := s.Blobs.Put(ctx, key, "application/zip", out)
	_ = out.CloseWithError(err)
	if err = errors.Join(<-written, err); err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	now := s.Now()
	ends := now.Add(KeptFor)
	p.Status, p.Done, p.Object, p.Bytes, p.SHA256, p.ReadyAt, p.ExpiresAt = Ready, p.People, key, size, sum, &now, &ends
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.Keep.SavePack(ctx, p); err != nil {
			return err
		}
		return s.tell(ctx, "evidence.ready", p, map[string]any{"requirement_id": p.RequirementID, "bytes": size, "sha256": sum})
	})
}

// Prune removes packs whose days are over. It is a chore's.
func (s *Service) Prune(ctx context.Context) error {
	var past []Pack
	err := s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		past, err = s.Keep.PacksPast(ctx, s.Now(), 100)
		return err
	})
	errs := []error{err}
	for _, p := range past {
		if err := s.Blobs.Delete(ctx, p.Object); err != nil && !errors.Is(err, blob.ErrNotFound) {
			errs = append(errs, err)
			continue
		}
		p.Status, p.Object = Expired, ""
		errs = append(errs, s.Keep.InTenant(ctx, func(ctx context.Context) error { return s.Keep.SavePack(ctx, p) }))
	}
	return errors.Join(errs...)
}
