// Package support lets an operator of the platform look at a portal as one of its people: asked for with a reason and a ticket,
// bound to a browser, for minutes, and reading only unless the portal grants changes. The portal rules it (Rules), is told of
// it, and can end it. What a visit may reach is api's table (api/acting.go); that its transactions only read is store's. It
// makes no sessions and no keys of the person's.
package support

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// State is where a visit stands.
type State string

// The states.
const (
	Waiting  State = "waiting"  // for the portal's yes
	Approved State = "approved" // and not entered yet
	Open     State = "open"
	Ended    State = "ended"
	Refused  State = "refused"
	Lapsed   State = "lapsed" // nobody answered, or nobody came
)

// Why is what ended a visit.
type Why string

// The reasons.
const (
	WhyTime      Why = "time"
	WhyOperator  Why = "operator"
	WhyPortal    Why = "portal"    // one of its people ended it
	WhySuspended Why = "suspended" // the portal was
)

// How long things last.
const (
	CodeLifetime = time.Minute
	waitsFor     = 72 * time.Hour // for the portal's yes
	comesWithin  = time.Hour      // of it
)

// Visit is an operator's visit, asked for, going on or over. It is a row of support_visits.
type Visit struct {
	ID           uid.ID
	OperatorID   uid.ID
	OperatorName string
	PersonID     uid.ID
	PersonName   string `gorm:"->"`
	Reason       string
	Ticket       string
	Minutes      int
	Writes       bool // changes were asked for; they are possible while the portal grants them
	State        State
	AskedAt      time.Time
	DecidedBy    *uid.ID // nil: the portal asks for no yes
	DecidedAt    *time.Time
	CodeHash     []byte
	CodeBound    []byte // SHA-256 of the secret of the browser that the code is for
	CodeEndsAt   *time.Time
	Hash         []byte // of the visit's own secret
	BeganAt      *time.Time
	EndsAt       *time.Time
	EndedAt      *time.Time
	EndedBy      *uid.ID
	Why          Why
}

// Going tells whether it is not over: waiting, approved or open.
func (v Visit) Going() bool { return v.State == Waiting || v.State == Approved || v.State == Open }

// over tells that a going visit's time is up.
func (v Visit) over(now time.Time) bool {
	switch v.State {
	case Waiting:
		return !now.Before(v.AskedAt.Add(waitsFor))
	case Approved:
		return v.DecidedAt == nil || !now.Before(v.DecidedAt.Add(comesWithin))
	case Open:
		return v.EndsAt == nil || !now.Before(*v.EndsAt)
	}
	return true
}

// Listed is a visit in the operators' register: it names the person by id alone. It is a row of control.support_visits.
type Listed struct {
	ID           uid.ID
	TenantID     uid.ID
	TenantSlug   string
	OperatorID   uid.ID
	OperatorName string
	PersonID     uid.ID
	Reason       string
	Ticket       string
	Minutes      int
	Writes       bool
	State        State
	Why          Why
	AskedAt      time.Time
	BeganAt      *time.Time
	EndsAt       *time.Time
	EndedAt      *time.Time
}

// Rules is what a portal allows. The zero Rules are the default: reading, without asking.
type Rules struct {
	Off         bool       `json:"off"`
	Approve     bool       `json:"approve"`                // each visit needs the yes of one of the portal's people
	WritesUntil *time.Time `json:"writes_until,omitempty"` // changes are granted until then
}

// Grants tells whether changes are granted at a moment.
func (r Rules) Grants(now time.Time) bool {
	return !r.Off && r.WritesUntil != nil && now.Before(*r.WritesUntil)
}

// Failures of this package.
var (
	ErrNotFound = fault.New(fault.KindNotFound, "support_visit_not_found", "There is no such support visit.")
	ErrOff      = fault.New(fault.KindForbidden, "support_off", "This portal does not allow support access. Ask an owner to switch it on under Support access.")
	ErrOver     = fault.New(fault.KindForbidden, "support_over", "This support visit is over. Ask for a new one in the console if you still need it.")
	ErrNotYours = fault.New(fault.KindForbidden, "support_not_yours", "Another operator asked for this visit. Ask for one of your own.")
	ErrDecided  = fault.New(fault.KindConflict, "support_decided", "This visit was answered already, or nobody came in time.")
	ErrCode     = fault.New(fault.KindNotFound, "support_code", "This way in was used already, took longer than a minute, or belongs to another browser. Go back to the console and begin again.")
)

// Keeper is what the service needs kept. What begins with Listed or Register runs in InControl, the rest in InTenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(ctx context.Context) error) error
	InControl(ctx context.Context, fn func(ctx context.Context) error) error
	SupportRules(ctx context.Context) (Rules, error)
	SaveSupportRules(ctx context.Context, r Rules, at time.Time) error
	InsertVisit(ctx context.Context, v Visit) error
	// LockVisit holds a visit until the transaction ends; ErrNotFound.
	LockVisit(ctx context.Context, id uid.ID) (Visit, error)
	SaveVisit(ctx context.Context, v Visit) error
	// VisitByHash and VisitByCode find a visit by a secret's hash; ErrNotFound.
	VisitByHash(ctx context.Context, hash []byte) (Visit, error)
	VisitByCode(ctx context.Context, hash []byte) (Visit, error)
	// VisitsGoing lists those that are not over; Visits the newest.
	VisitsGoing(ctx context.Context) ([]Visit, error)
	Visits(ctx context.Context, n int) ([]Visit, error)
	VisitByID(ctx context.Context, id uid.ID) (Visit, error)

	// RegisterVisit writes the register's line and tells whether its state is news.
	RegisterVisit(ctx context.Context, l Listed) (news bool, err error)
	ListedVisits(ctx context.Context, n int) ([]Listed, error)
	ListedVisit(ctx context.Context, id uid.ID) (Listed, error)
	// ListedDue gives the tenants with a visit whose time is up, or that are not active any more.
	ListedDue(ctx context.Context, now, asked time.Time) ([]uid.ID, error)
	TenantByID(ctx context.Context, id uid.ID) (tenant.Tenant, error)
	PersonByEmail(ctx context.Context, email string) (auth.Person, error)
	// Audit writes the operators' log.
	Audit(ctx context.Context, action string, tenantID uid.ID, data map[string]string, at time.Time) error
}

// Service keeps visits.
type Service struct {
	keep Keeper
	auth *auth.Service
	now  clock.Clock
	// holds tells that nothing is to be done in a portal now, because it is maintained; nil: there always is.
	holds func(ctx context.Context, t tenant.Tenant) bool
}

// Holding has EndDue pass over portals that are maintained, and gives the service back.
func (s *Service) Holding(holds func(ctx context.Context, t tenant.Tenant) bool) *Service {
	s.holds = holds
	return s
}

// New makes the service.
func New(keep Keeper, people *auth.Service, now clock.Clock) *Service {
	return &Service{keep: keep, auth: people, now: now}
}

// Wish is what an operator asks for.
type Wish struct {
	Email   string // of the person to look as
	Reason  string
	Ticket  string
	Minutes int // 5 to 120; 0: 30
	Writes  bool
}

func (w *Wish) validate() error {
	f := fault.Fields{}
	var ok bool
	w.Email, ok = auth.NormaliseEmail(w.Email)
	f.Check(ok, "email", "Enter an e-mail address, for example “anna@example.com”.")
	w.Reason, w.Ticket = strings.TrimSpace(w.Reason), strings.TrimSpace(w.Ticket)
	long := utf8.RuneCountInString(w.Reason)
	f.Check(long >= 10 && long <= 500 && utf8.ValidString(w.Reason), "reason", "Say why in 10 to 500 characters: the portal's owners will read it.")
	f.Check(w.Ticket != "" && utf8.RuneCountInString(w.Ticket) <= 100 && utf8.ValidString(w.Ticket), "ticket", "Name the ticket, in at most 100 characters.")
	if w.Minutes == 0 {
		w.Minutes = 30
	}
	f.Check(w.Minutes >= 5 && w.Minutes <= 120, "minutes", "Choose between 5 and 120 minutes.")
	return f.Err()
}
