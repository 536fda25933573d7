// Package access gives people a copy of what a portal keeps of them (GDPR Art. 15 and 20): one archive, made by a job from the register of
// auth/privacy, for the person who asked or for an administrator who hands it over. It decides whose data goes into it and that nobody
// else's does; it knows no pages, and erases nothing.
package access

import (
	"context"
	"errors"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/privacy"
	"lyceum/internal/blob"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Bounds.
const (
	KeptFor  = 14 * 24 * time.Hour      // how long a copy can be fetched
	Every    = 24 * time.Hour           // a person asks once in it, and the portal once of each person
	rowsKept = 3 * 365 * 24 * time.Hour // how long it is known that somebody was answered: GDPR Art. 5(2)
	attempts = 5
	listMost = 20
)

// Status is where a request stands.
type Status string

// The states.
const (
	Waiting Status = "waiting"
	Working Status = "working"
	Ready   Status = "ready"
	Failed  Status = "failed"
	Expired Status = "expired" // its days are over, or the person was erased
)

// Request is a wish for a copy. It is a row of data_requests.
type Request struct {
	ID        uid.ID
	PersonID  uid.ID
	BySelf    bool   // the person asked: nobody else reads it
	AskedBy   uid.ID // who asked
	Locale    string // in which the page is that explains it, as from themes.PickLocale
	Zone      string // of the times on that page, an IANA name
	Status    Status
	Parts     int // tables and groups of files
	Done      int // of them
	Attempts  int // a process that was killed is followed by another one, which begins anew
	Object    string
	Bytes     int64
	SHA256    string `gorm:"column:sha256"`
	AskedAt   time.Time
	ReadyAt   *time.Time
	ExpiresAt *time.Time

	PersonName string `gorm:"->"` // while the person is there
}

// TableName is data_requests.
func (Request) TableName() string { return "data_requests" }

// Open tells whether it is still being made.
func (r Request) Open() bool { return r.Status == Waiting || r.Status == Working }

// Shown is how the person is called as long as they are there, then the pseudonym.
func (r Request) Shown() string {
	if r.PersonName != "" {
		return r.PersonName
	}
	return privacy.PseudonymOf(r.PersonID)
}

// Percent is how much of it is made.
func (r Request) Percent() int {
	switch {
	case r.Status == Ready:
		return 100
	case r.Parts == 0:
		return 0
	}
	return min(r.Done, r.Parts) * 100 / r.Parts
}

// FileName is the name of its file.
func (r Request) FileName() string {
	return "data-" + r.AskedAt.UTC().Format(time.DateOnly) + "-" + r.ID.String()[:8] + ".zip"
}

// Failures of this package.
var (
	ErrNotFound = fault.New(fault.KindNotFound, "data_request_not_found", "There is no such copy. Copies are kept for 14 days.")
	ErrNotReady = fault.New(fault.KindConflict, "data_request_not_ready", "This copy is not ready, or its days are over. Ask for another one.")
	ErrOpen     = fault.New(fault.KindConflict, "data_request_open", "This copy is being made already. Wait until it is ready.")
	ErrTooSoon  = fault.New(fault.KindConflict, "data_request_too_soon", "A copy was asked for within the last day. Ask again tomorrow.")
)

// Look is for whom the page is written that explains a copy.
type Look struct{ Locale, Zone string }

// Row is a row of a table as JSON: values by column.
type Row map[string]any

// File is one that the person handed in; its bytes are found by their hash.
type File struct {
	ID     uid.ID
	Name   string
	SHA256 string `gorm:"column:sha256"`
}

// Keeper is what is kept; every method but InTenant joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	PersonByID(ctx context.Context, id uid.ID) (auth.Person, error)
	// InsertDataRequest is ErrOpen while another one of the same person by the same is being made.
	InsertDataRequest(ctx context.Context, r Request) error
	// LastDataRequest is when a copy of a person was last asked for that did not fail, by themselves or not; nil: never.
	LastDataRequest(ctx context.Context, person uid.ID, bySelf bool) (*time.Time, error)
	// BeginDataRequest takes one that is open for the next attempt; false for any other.
	BeginDataRequest(ctx context.Context, id uid.ID) (Request, bool, error)
	// SaveDataRequest writes one where it is still worked at in this attempt, and tells whether it was.
	SaveDataRequest(ctx context.Context, r Request) (bool, error)
	// DataRequestByID is ErrNotFound.
	DataRequestByID(ctx context.Context, id uid.ID) (Request, error)
	// DataRequestsOf lists a person's, the newest first.
	DataRequestsOf(ctx context.Context, person uid.ID, n int) ([]Request, error)
	// DataRequests lists all, the newest first.
	DataRequests(ctx context.Context, p page.Request) (page.Of[Request], error)
	// DataRequestsPast lists those that have a file and should have none: their days are over, or they failed.
	DataRequestsPast(ctx context.Context, now time.Time, n int) ([]Request, error)
	// CloseDataRequests ends those of a person, and gives those that have a file.
	CloseDataRequests(ctx context.Context, person uid.ID) ([]Request, error)
	// DropDataRequest notes that the file of one is gone.
	DropDataRequest(ctx context.Context, id uid.ID) error
	ForgetDataRequests(ctx context.Context, before time.Time) error
	// GivenColumns are the columns of a table in their order, without those named, and after them words for ids; none where the table is
	// not there.
	GivenColumns(ctx context.Context, t Table) ([]string, error)
	// GivenRows hands over the rows of a person in a table, some at a time, in the order of their keys.
	GivenRows(ctx context.Context, person uid.ID, t Table, columns []string, each func([]Row) error) error
	// AddressesOf are a person's e-mail addresses as far as they are known.
	AddressesOf(ctx context.Context, person uid.ID) ([]string, error)
	// OthersAmong tells which of these ids and names, in lower case, are other people's.
	OthersAmong(ctx context.Context, person uid.ID, ids, names []string) (others []string, err error)
	// HandedFiles walks over what a person handed in, by id.
	HandedFiles(ctx context.Context, person, after uid.ID, n int) ([]File, error)
}

// Options are what the service works with.
type Options struct {
	Keep  Keeper
	Blobs *blob.Store
	// Explain writes the page that explains a copy, in the person's language.
	Explain func(ctx context.Context, r Readme) (string, error)
	Now     clock.Clock
}

// Service makes copies.
type Service struct{ Options }

// New makes the service.
func New(o Options) *Service { return &Service{o} }

func (s *Service) tell(ctx context.Context, typ string, r Request, data map[string]any) error {
	if data == nil {
		data = map[string]any{}
	}
	data["person_id"], data["asked_by"], data["by_self"] = r.PersonID, r.AskedBy, r.BySelf
	e, err := event.New(ctx, s.Now(), typ, "data_request", r.ID, data)
	if err != nil {
		return err
	}
	return s.Keep.AppendEvents(ctx, e)
}

// AskOwn wishes for a copy of what is kept of who asks; a job makes it. It needs person:self; ErrOpen, ErrTooSoon within a day of the last one.
// Event data_request.asked.
func (s *Service) AskOwn(ctx context.Context, look Look) (Request, error) {
	if err := auth.Require(ctx, policy.PersonSelf); err != nil {
		return Request{}, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return s.ask(ctx, Request{PersonID: who.PersonID, BySelf: true, AskedBy: who.PersonID}, look)
}

// AskFor wishes for a copy of what is kept of somebody, to be handed over to them: also of who cannot sign in any more. It needs
// privacy:manage; auth.ErrPersonNotFound, ErrOpen, ErrTooSoon. Event data_request.asked.
func (s *Service) AskFor(ctx context.Context, person uid.ID, look Look) (Request, error) {
	if err := auth.Require(ctx, policy.PrivacyManage); err != nil {
		return Request{}, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return s.ask(ctx, Request{PersonID: person, AskedBy: who.PersonID}, look)
}

func (s *Service) ask(ctx context.Context, r Request, look Look) (Request, error) {
	r.ID, r.Status, r.AskedAt, r.Parts, r.Locale, r.Zone = uid.New(), Waiting, s.Now(), len(Tables())+1, look.Locale, look.Zone
	err := s.Keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.Keep.PersonByID(ctx, r.PersonID)
		if err != nil {
			return err
		}
		if p.Locale != "" {
			r.Locale = p.Locale
		}
		if p.TimeZone != "" {
			r.Zone = p.TimeZone
		}
		last, err := s.Keep.LastDataRequest(ctx, r.PersonID, r.BySelf)
		if err != nil {
			return err
		}
		// The row comes first: while one is being made that is what there is to say.
		if err := s.Keep.InsertDataRequest(ctx, r); err != nil {
			return err
		}
		if last != nil && s.Now().Before(last.Add(Every)) {
			return ErrTooSoon
		}
		return s.tell(ctx, "data_request.asked", r, nil)
	})
	return r, err
}

// Own lists one's own copies, the newest first. It needs person:self.
func (s *Service) Own(ctx context.Context) (list []Request, err error) {
	if err := auth.Require(ctx, policy.PersonSelf); err != nil {
		return nil, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		all, err := s.Keep.DataRequestsOf(ctx, who.PersonID, listMost)
		for _, r := range all {
			if r.BySelf {
				list = append(list, r)
			}
		}
		return err
	})
	return list, err
}

// Of lists the copies of somebody, the newest first. It needs privacy:read.
func (s *Service) Of(ctx context.Context, person uid.ID) (list []Request, err error) {
	if err := auth.Require(ctx, policy.PrivacyRead); err != nil {
		return nil, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.Keep.DataRequestsOf(ctx, person, listMost)
		return err
	})
	return list, err
}

// All lists the copies of everybody, the newest first. It needs privacy:read.
func (s *Service) All(ctx context.Context, p page.Request) (list page.Of[Request], err error) {
	if err := auth.Require(ctx, policy.PrivacyRead); err != nil {
		return list, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.Keep.DataRequests(ctx, p)
		return err
	})
	return list, err
}

// Get finds one: of one's own by person:self, one that the portal made by privacy:read. ErrNotFound, also for what somebody asked for
// themselves.
func (s *Service) Get(ctx context.Context, id uid.ID) (r Request, err error) {
	if err := auth.Require(ctx, policy.PersonSelf); err != nil {
		return r, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		r, err = s.Keep.DataRequestByID(ctx, id)
		return err
	})
	switch {
	case err != nil:
		return Request{}, err
	case r.BySelf && r.PersonID == who.PersonID, !r.BySelf && auth.Require(ctx, policy.PrivacyRead) == nil:
		return r, nil
	}
	return Request{}, ErrNotFound
}

// Fetchable finds one whose file may be read by who asks, and notes that it is: of one's own by person:self, one that the portal made by
// privacy:manage. ErrNotFound, ErrNotReady. Event data_request.fetched.
func (s *Service) Fetchable(ctx context.Context, id uid.ID) (r Request, err error) {
	if r, err = s.Get(ctx, id); err != nil {
		return r, err
	}
	if !r.BySelf {
		if err := auth.Require(ctx, policy.PrivacyManage); err != nil {
			return r, err
		}
	}
	if r.Status != Ready || !s.Now().Before(*r.ExpiresAt) {
		return r, ErrNotReady
	}
	return r, s.Keep.InTenant(ctx, func(ctx context.Context) error { return s.tell(ctx, "data_request.fetched", r, nil) })
}

// Read opens length bytes from offset of a file that is Fetchable; the caller closes it.
func (s *Service) Read(ctx context.Context, r Request, offset, length int64) (*blob.Section, error) {
	out, err := s.Blobs.Section(ctx, r.Object, offset, length)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, ErrNotReady
	}
	return out, err
}

// RemoveOf removes the copies of a person who is erased; that there were any stays. It is a job's, tells how many, and may be called again.
func (s *Service) RemoveOf(ctx context.Context, person uid.ID) (n int, err error) {
	var list []Request
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.Keep.CloseDataRequests(ctx, person)
		return err
	})
	return len(list), errors.Join(err, s.remove(ctx, list))
}

// Prune removes copies whose days are over, and forgets what is older than three years. It is a chore's.
func (s *Service) Prune(ctx context.Context) error {
	var past []Request
	err := s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if past, err = s.Keep.DataRequestsPast(ctx, s.Now(), 200); err != nil {
			return err
		}
		return s.Keep.ForgetDataRequests(ctx, s.Now().Add(-rowsKept))
	})
	return errors.Join(err, s.remove(ctx, past))
}

func (s *Service) remove(ctx context.Context, list []Request) error {
	var errs []error
	for _, r := range list {
		if err := s.Blobs.Delete(ctx, r.Object); err != nil && !errors.Is(err, blob.ErrNotFound) {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, s.Keep.InTenant(ctx, func(ctx context.Context) error { return s.Keep.DropDataRequest(ctx, r.ID) }))
	}
	return errors.Join(errs...)
}

func folder(ctx context.Context) string {
	t, _ := tenant.From(ctx)
	return t.SchemaName
}
