// Package privacy is what a portal owes to people about their data: a register of what is kept of them, why and for how long, and
// erasing a person so that nothing is left but what the law wants kept, with a signed receipt. It decides; what hangs on a person in
// other rooms stands in the register, table by table.
package privacy

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/privacy/hold"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// CoolingOff is how many days lie between the decision to erase somebody and the erasure, where nothing else is said.
const CoolingOff = 7

// LastFor is for how long an erasure waits for its last mail to be taken before it goes on without.
const LastFor = 24 * time.Hour

// Status is where an erasure stands.
type Status string

// The states.
const (
	Asked     Status = "asked"     // the person asked; somebody has to decide
	Scheduled Status = "scheduled" // it is decided: it begins when EraseAt has come
	Working   Status = "working"   // it began and goes on until it is done
	Erased    Status = "erased"    // it is done; there is a receipt
	Refused   Status = "refused"   // it was not granted; Answer says why
	Withdrawn Status = "withdrawn" // it was taken back in time
)

// Erasure is the erasure of a person. It is a row of erasures.
type Erasure struct {
	ID        uid.ID
	PersonID  uid.ID
	Pseudonym string // what stands where the name stood
	Status    Status
	BySelf    bool    // the person asked themselves
	AskedBy   *uid.ID // who asked
	AskedAt   time.Time
	DecidedBy *uid.ID
	DecidedAt *time.Time
	Answer    string // why it was refused
	EraseAt   *time.Time
	BegunAt   *time.Time
	ErasedAt  *time.Time
	Receipt   string // a JWS; empty until it is done

	PersonName  string `gorm:"->"` // while the person is there
	PersonEmail string `gorm:"->"`
}

// Open tells whether it may still come to something.
func (e Erasure) Open() bool {
	return e.Status == Asked || e.Status == Scheduled || e.Status == Working
}

// Shown is how the person is called as long as they are there, then the pseudonym.
func (e Erasure) Shown() string {
	if e.PersonName != "" {
		return e.PersonName
	}
	return e.Pseudonym
}

// PseudonymOf is what stands where a person's name stood: from the last half of their id, which says nothing to whoever does not have it.
func PseudonymOf(person uid.ID) string {
	text := person.String()
	return "Erased person " + text[len(text)-8:]
}

// Step is a part of an erasure that is done.
type Step struct {
	ErasureID uid.ID
	Step      string
	DoneAt    time.Time
	Counts    map[string]int64 `gorm:"serializer:json"` // rows by what was done with them
}

// TableName is erasure_steps.
func (Step) TableName() string { return "erasure_steps" }

// Failures of this package.
var (
	ErrNotFound = fault.New(fault.KindNotFound, "erasure_not_found", "There is no such erasure.")
	ErrOpen     = fault.New(fault.KindConflict, "erasure_open", "The erasure of this person was asked for already.")
	ErrDecided  = fault.New(fault.KindConflict, "erasure_decided", "This erasure was decided already. Reload the page to see where it stands.")
	ErrBegun    = fault.New(fault.KindConflict, "erasure_begun", "This erasure has begun and cannot be taken back.")
	ErrSelf     = fault.New(fault.KindConflict, "erasure_self", "Somebody else has to decide about your own erasure. Ask another administrator.")
	ErrNoProof  = fault.New(fault.KindNotFound, "erasure_no_receipt", "There is no receipt yet: the erasure is not done.")
)

// Line is how many rows of a person have the same verdict.
type Line struct {
	Topic  Topic
	Class  Class
	Fate   Fate
	Why    Why
	Export bool
	Tables []string
	Rows   int64
}

// Preview is what the erasure of a person would do.
type Preview struct {
	Person auth.Person
	Lines  []Line
	Open   *Erasure    // one that was asked for already
	Holds  []hold.Hold // that are over the person: nothing is erased while there is one
}

// Goes sums up the rows that go or lose the name, Stays those that stay.
func (p Preview) Goes() (n int) {
	for _, l := range p.Lines {
		if l.Fate != Kept {
			n += int(l.Rows)
		}
	}
	return n
}

// Stays sums up the rows that stay.
func (p Preview) Stays() (n int) {
	for _, l := range p.Lines {
		if l.Fate == Kept {
			n += int(l.Rows)
		}
	}
	return n
}

// Keeper is what is kept; every method but InTenant joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	// InsertErasure is ErrOpen while one of the same person is open.
	InsertErasure(ctx context.Context, e Erasure) error
	SaveErasure(ctx context.Context, e Erasure) error
	// ErasureByID holds it until the transaction ends; ErrNotFound.
	ErasureByID(ctx context.Context, id uid.ID) (Erasure, error)
	// OpenErasureOf is nil where none is open.
	OpenErasureOf(ctx context.Context, person uid.ID) (*Erasure, error)
	// LastWishOf is the newest one that a person asked for themselves; nil where there is none.
	LastWishOf(ctx context.Context, person uid.ID) (*Erasure, error)
	// Erasures lists them, the newest first.
	Erasures(ctx context.Context, p page.Request) (page.Of[Erasure], error)
	// HoldsOver lists the open legal holds over a person.
	HoldsOver(ctx context.Context, person uid.ID) ([]hold.Hold, error)
	// DueErasures are those that are to begin or to go on, the oldest first; not those of people under a hold.
	DueErasures(ctx context.Context, now time.Time, n int) ([]Erasure, error)
	// PersonErasureSteps lists what of an erasure is done.
	PersonErasureSteps(ctx context.Context, erasure uid.ID) ([]Step, error)
	// PersonStepDone notes a step.
	PersonStepDone(ctx context.Context, s Step) error
	// CountPersonRows counts the rows of a person by entry of the register.
	CountPersonRows(ctx context.Context, person uid.ID) ([]int64, error)
	// DeletePersonRows deletes those rows of a person that the entry is about.
	DeletePersonRows(ctx context.Context, person uid.ID, e Entry) (int64, error)
	// HandOverHandIns gives what was handed in by a group to another of its members.
	HandOverHandIns(ctx context.Context, person uid.ID) error
	// HandOverReports gives saved reports that are shared to somebody else.
	HandOverReports(ctx context.Context, person, to uid.ID) error
	// PseudonymisePerson writes the pseudonym where the name of a person stands in a column of its own.
	PseudonymisePerson(ctx context.Context, person uid.ID, pseudonym string) (int64, error)
	// ScrubPerson replaces name and e-mail in the text of what is about something else, and deletes requests that hold them.
	ScrubPerson(ctx context.Context, p auth.Person, pseudonym string) (int64, error)
	// LeaveLines takes a person out of reporting lines: nobody reports to them any more.
	LeaveLines(ctx context.Context, person uid.ID, at time.Time) error
	// AliasesOf are the further names by which directories and identity providers know a person.
	AliasesOf(ctx context.Context, person uid.ID) ([]string, error)
	// InsertErasedMarks keeps marks, once.
	InsertErasedMarks(ctx context.Context, erasure uid.ID, marks [][]byte, at time.Time) error
	// DeleteErasedMarks forgets marks and tells how many there were.
	DeleteErasedMarks(ctx context.Context, marks [][]byte) (int64, error)
}

// Signer signs with the portal's key; base is the portal's address.
type Signer interface {
	Sign(ctx context.Context, base, mediaType string, payload []byte) (string, error)
}

// Files removes files.
type Files interface {
	// RemoveHandedBy removes what a person brought to be handed in and nothing uses any more; it tells how many.
	RemoveHandedBy(ctx context.Context, person uid.ID) (int, error)
}

// Copies removes copies of people's data (auth/privacy/access).
type Copies interface {
	// RemoveOf removes those of a person and tells how many; it may be called again.
	RemoveOf(ctx context.Context, person uid.ID) (int, error)
}

// Options are what the service works with.
type Options struct {
	Keep   Keeper
	Auth   *auth.Service
	Files  Files
	Copies Copies // nil: there are none
	Sign   Signer
	Base   func(tenant.Tenant) string // a portal's address
	Days   int                        // to think again; 0: CoolingOff
	// Last tells a person by mail that they are erased, before their address goes; nil: nobody does. It may be called twice for one erasure.
	Last func(ctx context.Context, p auth.Person, e Erasure) error
	Now  clock.Clock
	Log  *slog.Logger
}

// Service answers for people's data.
type Service struct{ Options }

// New makes the service.
func New(o Options) *Service {
	if o.Days == 0 {
		o.Days = CoolingOff
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{o}
}

func (s *Service) tell(ctx context.Context, typ string, e Erasure, data map[string]any) error {
	if data == nil {
		data = map[string]any{}
	}
	if e.PersonID != uid.Nil {
		data["person_id"] = e.PersonID
	}
	ev, err := event.New(ctx, s.Now(), typ, "erasure", e.ID, data)
	if err != nil {
		return err
	}
	return s.Keep.AppendEvents(ctx, ev)
}

// Overview gathers the register by topic, for people who read it.
func Overview() (lines []Line) {
	counts := make([]int64, len(Register))
	return sum(counts, true)
}

// sum gathers entries of one verdict. All keeps those without rows.
func sum(counts []int64, all bool) (lines []Line) {
	for _, topic := range Topics() {
		first := len(lines)
		for i, e := range Register {
			if e.Topic != topic || !all && (!e.counted() || counts[i] == 0) {
				continue
			}
			at := first
			for at < len(lines) && (lines[at].Class != e.Class || lines[at].Fate != e.Fate || lines[at].Why != e.Why || lines[at].Export != e.Export) {
				at++
			}
			if at == len(lines) {
				lines = append(lines, Line{Topic: topic, Class: e.Class, Fate: e.Fate, Why: e.Why, Export: e.Export})
			}
			lines[at].Rows += counts[i]
			if name := e.Table; len(lines[at].Tables) == 0 || lines[at].Tables[len(lines[at].Tables)-1] != name {
				lines[at].Tables = append(lines[at].Tables, name)
			}
		}
	}
	return lines
}

// same tells whether somebody typed what stands there, case and spaces aside.
func same(typed, text string) bool {
	return text != "" && strings.EqualFold(strings.Join(strings.Fields(typed), " "), strings.Join(strings.Fields(text), " "))
}
