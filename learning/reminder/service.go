package reminder

import (
	"context"
	"time"

	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
)

// Query says which facts are looked for.
type Query struct {
	Offsets []int         // steps that may be told
	Now     time.Time     // facts with such a step from staleAfter before it
	Ahead   time.Duration // until so long after it
	After   uid.ID        // recipients after this one
	N       int           // at most so many facts, by recipient
}

// Step is one line of the ledger: that a person was told of something. Told twice is a conflict.
type Step struct {
	MessageID uid.ID
	PersonID  uid.ID
	Kind      Kind
	SubjectID uid.ID
	Anchor    time.Time
	Step      int
	AboutID   uid.ID
}

// TableName is reminder_steps.
func (Step) TableName() string { return "reminder_steps" }

// Hours are a person's own quiet hours; nil: the portal's.
type Hours struct{ From, To *int }

// Keeper is what reminders need kept, within InTenant but for what says otherwise.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	ReminderPolicies(ctx context.Context) ([]Policy, error)
	// AnyReminderDate tells whether anything has a date up to the earliest step before it. It is asked outside of a transaction.
	AnyReminderDate(ctx context.Context, now time.Time) (bool, error)
	// ReminderScope names a requirement or course; ErrNoScope.
	ReminderScope(ctx context.Context, s Scope, id uid.ID) (name string, err error)
	// SaveReminderPolicy writes one of the revision before; ErrChanged.
	SaveReminderPolicy(ctx context.Context, p Policy) error
	// DeleteReminderPolicy is ErrNotFound.
	DeleteReminderPolicy(ctx context.Context, s Scope, id uid.ID) error
	ReminderFacts(ctx context.Context, q Query) ([]Fact, error)
	// Readers are those of these people who may sign in, with what they chose.
	Readers(ctx context.Context, people []uid.ID) ([]notice.Reader, error)
	// AddReminders writes messages but for who has one of that day, and gives the ids of those written.
	AddReminders(ctx context.Context, list []Message) ([]uid.ID, error)
	AddReminderSteps(ctx context.Context, list []Step) error
	AddNotices(ctx context.Context, list []notice.Notice) ([]uid.ID, error)
	// Reminders lists messages, the newest first; of a person, with Nil of all.
	Reminders(ctx context.Context, person uid.ID, p page.Request) (page.Of[Message], error)
	// ReminderByID is ErrNotFound.
	ReminderByID(ctx context.Context, id uid.ID) (Message, error)
	// OpenReminderSteps are those of a message that are still to be done.
	OpenReminderSteps(ctx context.Context, message uid.ID, now time.Time) ([]Step, error)
	// MoveReminderMail writes a mail's state where it has one of those, and tells whether it had.
	MoveReminderMail(ctx context.Context, id uid.ID, from []MailState, to MailState, at *time.Time) (bool, error)
	QuietHours(ctx context.Context, person uid.ID) (Hours, error)
	SetQuietHours(ctx context.Context, person uid.ID, h Hours) error
	ForgetReminders(ctx context.Context, before time.Time) error
}

// Notifier wakes the open pages of people who were told something; notice.Service is one.
type Notifier interface {
	Told(ctx context.Context, people ...uid.ID)
}

// Pusher has notices sent to their people's devices, within the running transaction; push.Service is one.
type Pusher interface {
	Push(ctx context.Context, list []notice.Notice) error
}

// Service is reminders.
type Service struct {
	keep    Keeper
	notify  Notifier
	devices Pusher // nil: nothing is sent to devices
	now     clock.Clock
}

// New makes the service.
func New(keep Keeper, notify Notifier, now clock.Clock) *Service {
	return &Service{keep: keep, notify: notify, now: now}
}

// Pushing has messages sent to devices too.
func (s *Service) Pushing(p Pusher) *Service {
	s.devices = p
	return s
}
