// Package leaving is how an organization goes: its owner says so, has some days to think again, takes everything out, and is given
// proof that nothing is left. Whoever has a portal deleted, owner, operator or the clock of an unpaid bill, it ends in the same
// recorded steps and with the same receipt.
package leaving

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// CoolingOff is how many days there are between the wish and the erasure, where nobody configured another number.
const CoolingOff = 14

// WarnedBefore is how long before the erasure its owner is reminded.
const WarnedBefore = 3 * 24 * time.Hour

// Leaving is one wish to go. It is a row of control.leavings and outlives its tenant.
type Leaving struct {
	ID         uid.ID
	TenantID   uid.ID
	TenantSlug string
	TenantName string
	ByKind     string  // person, api_key, operator, command_line, system
	ByID       *uid.ID // the person or operator
	ByName     string  // of a person; "" for the others
	ByEmail    string  // of a person; of the portal's contact for the others
	Locale     string
	AskedAt    time.Time
	EraseAt    time.Time
	WarnedAt   *time.Time
	KeptAt     *time.Time
	KeptBy     string
	ClosedAt   *time.Time // when the erasure began
	ErasedAt   *time.Time
	Token      string // the receipt's address
	Receipt    string // a signed statement (JWS), "" before the end
	MailedAt   *time.Time
	// Recipients are who still has to get the receipt: noted when the erasure begins, none once the mails are sent.
	Recipients []Recipient `gorm:"serializer:json"`
}

// ByPerson tells whether somebody of the portal asked, by hand or by a key of theirs; else it was whoever runs the platform.
func (l Leaving) ByPerson() bool { return l.ByKind == "person" || l.ByKind == "api_key" }

// TableName is control.leavings.
func (Leaving) TableName() string { return "control.leavings" }

// Step is a part of an erasure that is done.
type Step struct {
	LeavingID uid.ID
	Step      string
	DoneAt    time.Time
	Counts    map[string]int64 `gorm:"serializer:json"`
}

// TableName is control.leaving_steps.
func (Step) TableName() string { return "control.leaving_steps" }

// Failures of this package.
var (
	ErrNotLeaving = fault.New(fault.KindConflict, "portal_not_leaving", "Nobody has asked for this portal to be erased.")
	ErrHeld       = fault.New(fault.KindConflict, "portal_held", "A legal hold is open: this portal is not erased until it is released. See Privacy, Legal holds.")
	ErrGoing      = fault.New(fault.KindConflict, "portal_being_erased", "This portal is being erased. That can no longer be stopped.")
	ErrNotFound   = fault.New(fault.KindNotFound, "receipt_not_found", "There is no receipt at this address. It is there once everything is erased.")
)

// Keeper is what is kept, in the control schema.
type Keeper interface {
	InControl(ctx context.Context, fn func(context.Context) error) error
	InTenant(ctx context.Context, fn func(context.Context) error) error
	Announce(ctx context.Context, tenantID uid.ID)
	Audit(ctx context.Context, action string, tenantID uid.ID, data map[string]string, at time.Time) error
	AppendEvents(ctx context.Context, events ...event.Event) error

	// OpenLeaving is the wish of a tenant that was not taken back; ErrNotLeaving.
	OpenLeaving(ctx context.Context, tenantID uid.ID) (Leaving, error)
	// InsertLeaving writes one unless the tenant has an open one, and marks the tenant with its day.
	InsertLeaving(ctx context.Context, l Leaving) error
	// KeepTenant takes the open wish back; ErrNotLeaving, ErrGoing.
	KeepTenant(ctx context.Context, tenantID uid.ID, by string, at time.Time) error
	// PauseTenant lets a tenant rest, or has it go on; changed is false where it already does.
	PauseTenant(ctx context.Context, tenantID uid.ID, rests bool, at time.Time) (changed bool, err error)
	// DueLeavings are those to be warned of, erased, or finished, the oldest first.
	DueLeavings(ctx context.Context, now time.Time, warn time.Duration) ([]Leaving, error)
	Warned(ctx context.Context, id uid.ID, at time.Time) error
	// Closing notes that the erasure began; it can be called again. ErrNotLeaving for a wish that was taken back.
	Closing(ctx context.Context, id uid.ID, at time.Time) error
	ErasureSteps(ctx context.Context, id uid.ID) ([]Step, error)
	StepDone(ctx context.Context, s Step) error
	// FinishLeaving writes the receipt, once.
	FinishLeaving(ctx context.Context, id uid.ID, receipt string, at time.Time) error
	// LeavingRecipients notes who still has to get the receipt.
	LeavingRecipients(ctx context.Context, id uid.ID, to []Recipient) error
	// LeavingMailed notes that nobody has to get it any more.
	LeavingMailed(ctx context.Context, id uid.ID, at time.Time) error
	LeavingByToken(ctx context.Context, token string) (Leaving, error)
	// LeavingsOf are those of a tenant or, for uid.Nil, of all with that slug, the newest first.
	LeavingsOf(ctx context.Context, slug string, limit int) ([]Leaving, error)

	// TenantCounts counts what a tenant has: people, courses, enrolments, certificates, files, bytes.
	TenantCounts(ctx context.Context) (map[string]int64, error)
	RemoveTenant(ctx context.Context, id uid.ID) error
}

// Jobs is the queue of waiting work.
type Jobs interface {
	// RemoveJobs takes a tenant's waiting jobs away and gives how many there were.
	RemoveJobs(ctx context.Context, tenantID uid.ID) (int64, error)
}

// Payments ends what a tenant pays.
type Payments interface {
	// End ends the subscription at whoever takes the payments and has them forget the customer. It may be called again, and fails
	// while they do not answer.
	End(ctx context.Context, tenantID uid.ID) error
}

// Mails tells one owner; each may be called again.
type Mails interface {
	Leaving(ctx context.Context, kind string, l Leaving, to Recipient) error
}

// The kinds of mails.
const (
	MailAsked  = "asked"
	MailWarned = "warned"
	MailKept   = "kept"
	MailErased = "erased"
)

// Options are what the service works with.
type Options struct {
	Keep     Keeper
	Tenants  *tenant.Service
	Schemas  tenant.Schemas
	Files    tenant.Files
	Jobs     Jobs
	Payments Payments // nil: nobody pays
	People   func(ctx context.Context, id uid.ID) (auth.Person, error)
	// Owners are the active owners of the tenant of ctx, who are told of everything here. Nil: only who asked is told.
	Owners func(ctx context.Context) ([]auth.Person, error)
	Mails  Mails // nil: nobody is told
	Seal   seal.Key
	Hosts  tenant.Hosts
	Days   int // of cooling off; 0: CoolingOff
	// Holds tells that nothing is to be done in a portal now, because it is maintained: its erasure waits. Nil: nothing ever waits.
	Holds func(ctx context.Context, t tenant.Tenant) bool
	// Held tells whether a legal hold of the portal is open (auth/privacy/hold): then it is not erased. Nil: none ever is.
	Held func(ctx context.Context, t tenant.Tenant) (bool, error)
	Now  clock.Clock
	Log  *slog.Logger
}

// Service lets organizations go.
type Service struct{ Options }

// New makes the service.
func New(o Options) *Service {
	if o.Days <= 0 {
		o.Days = CoolingOff
	}
	return &Service{o}
}

// Current gives the open wish of the tenant of ctx; nil where nobody wishes to go. It needs portal:leave.
func (s *Service) Current(ctx context.Context) (*Leaving, error) {
	if err := auth.Require(ctx, policy.PortalLeave); err != nil {
		return nil, err
	}
	t, _ := tenant.From(ctx)
	l, err := s.open(ctx, t.ID)
	if errors.Is(err, ErrNotLeaving) {
		return nil, nil //nolint:nilnil // nobody wishes to go
	}
	return &l, err
}

func (s *Service) open(ctx context.Context, id uid.ID) (l Leaving, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		l, err = s.Keep.OpenLeaving(ctx, id)
		return err
	})
	return l, err
}

// Ask wishes the portal of ctx to be erased when the cooling-off days are over; typed must be its name in addresses, typed by hand.
// From then on it is read-only. Asking again changes nothing. It needs portal:leave.
func (s *Service) Ask(ctx context.Context, typed string) (Leaving, error) {
	if err := auth.Require(ctx, policy.PortalLeave); err != nil {
		return Leaving{}, err
	}
	t, _ := tenant.From(ctx)
	if strings.TrimSpace(typed) != t.Slug {
		return Leaving{}, fault.Invalid(map[string]string{"confirm": "Type “" + t.Slug + "” to have this portal erased."})
	}
	who, _ := auth.PrincipalFrom(ctx)
	p, err := s.People(ctx, who.PersonID)
	if err != nil {
		return Leaving{}, err
	}
	if err := s.unheld(ctx, t); err != nil {
		return Leaving{}, err
	}
	l := s.wish(ctx, t, s.Now().AddDate(0, 0, s.Days))
	l.ByID, l.ByName, l.ByEmail, l.Locale = &p.ID, p.Name, p.Email, p.Locale
	if err := s.note(ctx, l, "tenant.leaving"); err != nil {
		return Leaving{}, err
	}
	l, err = s.open(ctx, t.ID)
	if err != nil {
		return l, err
	}
	return l, s.tell(ctx, t, "portal.leaving_asked", MailAsked, l)
}

// unheld is ErrHeld while a legal hold of the portal is open.
func (s *Service) unheld(ctx context.Context, t tenant.Tenant) error {
	if s.Held == nil {
		return nil
	}
	held, err := s.Held(ctx, t)
	if err == nil && held {
		err = ErrHeld
	}
	return err
}

func (s *Service) wish(ctx context.Context, t tenant.Tenant, eraseAt time.Time) Leaving {
	a := event.ActorFrom(ctx)
	l := Leaving{
		ID: uid.New(), TenantID: t.ID, TenantSlug: t.Slug, TenantName: t.Name, ByKind: a.Kind, ByEmail: t.ContactEmail,
		AskedAt: s.Now(), EraseAt: eraseAt, Token: uid.Opaque(40),
	}
	if a.ID != uid.Nil {
		l.ByID = &a.ID
	}
	return l
}

func (s *Service) note(ctx context.Context, l Leaving, action string) error {
	err := s.Keep.InControl(ctx, func(ctx context.Context) error {
		if err := s.Keep.InsertLeaving(ctx, l); err != nil {
			return err
		}
		return s.Keep.Audit(ctx, action, l.TenantID, map[string]string{"slug": l.TenantSlug, "erase_at": l.EraseAt.UTC().Format(time.RFC3339)}, s.Now())
	})
	if err != nil {
		return fmt.Errorf("%s leaves: %w", l.TenantSlug, err)
	}
	s.Keep.Announce(ctx, l.TenantID)
	return nil
}

// tell notes in the portal's own log what was wished, and sends the mail; that a mail cannot be sent stops nobody.
func (s *Service) tell(ctx context.Context, t tenant.Tenant, typ, mail string, l Leaving) error {
	inside := tenant.With(ctx, t)
	err := s.Keep.InTenant(inside, func(ctx context.Context) error {
		e, err := event.New(ctx, s.Now(), typ, "portal", t.ID, map[string]string{"erase_at": l.EraseAt.UTC().Format(time.RFC3339)})
		if err != nil {
			return err
		}
		return s.Keep.AppendEvents(ctx, e)
	})
	if err != nil {
		return err
	}
	if err := s.tellOwners(inside, mail, l); err != nil {
		s.Log.WarnContext(ctx, "an owner could not be told of the end of a portal", "tenant", t.Slug, "mail", mail, "err", err)
	}
	return nil
}

// Stay takes the wish back; the portal works again at once. ErrNotLeaving, ErrGoing. It needs portal:leave.
func (s *Service) Stay(ctx context.Context) error {
	if err := auth.Require(ctx, policy.PortalLeave); err != nil {
		return err
	}
	t, _ := tenant.From(ctx)
	who, _ := auth.PrincipalFrom(ctx)
	p, err := s.People(ctx, who.PersonID)
	if err != nil {
		return err
	}
	return s.keep(ctx, t, p.Name)
}

// Restore takes the wish of a portal back, for operators and the command line.
func (s *Service) Restore(ctx context.Context, slug string) error {
	t, err := s.Tenants.Show(ctx, slug)
	if err != nil {
		return err
	}
	return s.keep(ctx, t, event.ActorFrom(ctx).Kind)
}

func (s *Service) keep(ctx context.Context, t tenant.Tenant, by string) error {
	l, err := s.open(ctx, t.ID)
	if err != nil {
		return err
	}
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		if err := s.Keep.KeepTenant(ctx, t.ID, by, s.Now()); err != nil {
			return err
		}
		return s.Keep.Audit(ctx, "tenant.kept", t.ID, map[string]string{"slug": t.Slug, "by": by}, s.Now())
	})
	if err != nil {
		return err
	}
	s.Keep.Announce(ctx, t.ID)
	return s.tell(ctx, t, "portal.leaving_withdrawn", MailKept, l)
}

// Schedule wishes a portal to be erased after its cooling-off days, for operators and the command line: typed as for Ask.
func (s *Service) Schedule(ctx context.Context, slug, typed string) (Leaving, error) {
	t, err := s.Tenants.Show(ctx, slug)
	if err != nil {
		return Leaving{}, err
	}
	if strings.TrimSpace(typed) != t.Slug {
		return Leaving{}, fault.Invalid(map[string]string{"typed": "Type “" + t.Slug + "” to have this portal erased."})
	}
	if err := s.unheld(ctx, t); err != nil {
		return Leaving{}, err
	}
	if err := s.note(ctx, s.wish(ctx, t, s.Now().AddDate(0, 0, s.Days)), "tenant.leaving"); err != nil {
		return Leaving{}, err
	}
	l, err := s.open(ctx, t.ID)
	if err != nil {
		return l, err
	}
	return l, s.tell(ctx, t, "portal.leaving_asked", MailAsked, l)
}

// Of lists the wishes of a portal by its name in addresses, the newest first, for operators.
func (s *Service) Of(ctx context.Context, slug string) (list []Leaving, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		list, err = s.Keep.LeavingsOf(ctx, slug, 20)
		return err
	})
	return list, err
}

// ByToken finds a finished leaving by the address of its receipt: whoever holds the address may read it. ErrNotFound.
func (s *Service) ByToken(ctx context.Context, token string) (l Leaving, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		l, err = s.Keep.LeavingByToken(ctx, token)
		return err
	})
	if err == nil && l.Receipt == "" {
		err = ErrNotFound
	}
	return l, err
}

// ReceiptURL is where a receipt is read when the portal is gone.
func (s *Service) ReceiptURL(l Leaving) string { return s.Hosts.PlatformURL() + "/receipts/" + l.Token }
