// Package inbox takes what a payment provider tells us: signed messages, each kept once as it came, then handled by a worker.
// A message is only the reason to ask: the object that it names is read again, so that messages may come twice, late and in any
// order. What the provider could not deliver is fetched. Telling the provider of usage is package report.
package inbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"lyceum/billing/provider"
	"lyceum/internal/clock"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// State is what became of a message.
type State string

// The states.
const (
	StateWaiting State = "waiting" // to be handled, or to be tried again
	StateDone    State = "done"
	StateIgnored State = "ignored" // of a kind that changes nothing here
	StateParked  State = "parked"  // failed too often, or an operator is to look
)

// States lists all of them, as they are shown.
func States() []State { return []State{StateParked, StateWaiting, StateDone, StateIgnored} }

// Source is how a message came here.
type Source string

// The sources.
const (
	SourceWebhook Source = "webhook" // sent and signed by the provider
	SourceGap     Source = "gap"     // fetched, as it could not be delivered
	SourceHere    Source = "here"    // of the books, in this process
)

// Message is what a provider told us, once. It is a row of control.provider_events.
type Message struct {
	ID         uid.ID
	Provider   string
	EventID    string // the provider's; unique with Provider
	Type       string
	Object     string // the kind of what it is about: subscription, invoice
	Ref        string // which one
	Customer   string
	Source     Source
	Payload    []byte    // as it came
	At         time.Time // when the provider says that it happened
	ReceivedAt time.Time
	State      State
	Attempts   int
	NextTryAt  time.Time // until then nobody else tries
	Error      string    // the last failure, for operators
	DoneAt     *time.Time
}

// TableName is control.provider_events.
func (Message) TableName() string { return "control.provider_events" }

// Filter narrows a list of messages; zero values narrow nothing.
type Filter struct {
	State State
	Type  string // how it begins
	Page  page.Request
}

// Depth is how much waits.
type Depth struct {
	Waiting int
	Parked  int
	Oldest  *time.Time // when the oldest of those that wait came; nil: none waits
}

// Keeper is what is needed kept. All but InControl run inside it.
type Keeper interface {
	InControl(ctx context.Context, fn func(context.Context) error) error
	Audit(ctx context.Context, action string, tenantID uid.ID, data map[string]string, at time.Time) error
	// InsertMessage writes a message unless it is there; written tells which.
	InsertMessage(ctx context.Context, m Message) (written bool, err error)
	// ClaimMessages takes up to n of a provider that are due, the oldest first, counts the try and keeps them from others until
	// a moment.
	ClaimMessages(ctx context.Context, provider string, now, until time.Time, n int) ([]Message, error)
	// SettleMessage writes State, NextTryAt, Error and DoneAt, if nobody tried it again since: Attempts is as claimed.
	SettleMessage(ctx context.Context, m Message) error
	// ResetMessage has one handled again, ResetMessages at most n that a filter chooses, the oldest first, but for those that
	// wait. It counts as a try: who is at it settles nothing.
	ResetMessage(ctx context.Context, id uid.ID, now time.Time) error
	ResetMessages(ctx context.Context, f Filter, now time.Time, n int) (int, error)
	MessageByID(ctx context.Context, id uid.ID) (Message, error)
	Messages(ctx context.Context, f Filter) (page.Of[Message], error)
	MessageDepth(ctx context.Context) (Depth, error)
	// DeleteMessages removes those done or ignored that came before a moment.
	DeleteMessages(ctx context.Context, before time.Time) (int, error)

	// ProviderMark is since when undelivered messages are to be fetched; the zero time before the first.
	ProviderMark(ctx context.Context, provider string) (time.Time, error)
	SetProviderMark(ctx context.Context, provider string, since time.Time) error
}

// Subscriptions take over what the provider says; subscription.Service does.
type Subscriptions interface {
	Refresh(ctx context.Context, providerRef string) error
	// InvoiceChanged takes over a customer's bills, and what they mean for the subscription; a stranger is left alone.
	InvoiceChanged(ctx context.Context, customerRef string) error
}

// Options are what the service works with.
type Options struct {
	Keep          Keeper
	Subscriptions Subscriptions
	// Provider is who tells; nil, or giving nil: nobody does.
	Provider func() provider.Provider
	Now      clock.Clock // real time: signatures carry it; default clock.Real
	Log      *slog.Logger
}

// Service takes and handles messages.
type Service struct {
	Options
	tally Tally
	step  func(name string) // what tests break off at
}

// Tally counts what came to this process since it began.
type Tally struct{ Accepted, Repeated, Forged, Failed atomic.Int64 }

// Failures of this package.
var (
	ErrNotFound    = fault.New(fault.KindNotFound, "provider_event_not_found", "There is no such message of the payment service.")
	ErrNoProvider  = fault.New(fault.KindNotFound, "provider_not_found", "No such payment service is set up here.")
	ErrNotSettable = fault.New(fault.KindConflict, "provider_event_not_parked", "Only a message that is parked can be marked as settled.")
)

// New makes the service.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = clock.Real
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Options: o, step: func(string) {}}
}

// Tally gives the counters.
func (s *Service) Tally() *Tally { return &s.tally }

func (s *Service) provider() provider.Provider {
	if s.Provider == nil {
		return nil
	}
	return s.Provider()
}

// Accept checks a message that was sent to us and keeps it, once. Nothing else is done about it now. ErrNoProvider where name is
// not who takes payments here; provider.ErrForged for what the provider did not sign, or too long ago: of that nothing is kept.
func (s *Service) Accept(ctx context.Context, name string, body []byte, signature string) error {
	p := s.provider()
	if p == nil || p.Name() != name {
		return ErrNoProvider
	}
	e, err := p.Read(body, signature, s.Now())
	if err == nil && e.ID == "" {
		err = provider.ErrForged.Because(errors.New("it has no id"))
	}
	if err != nil {
		s.tally.Forged.Add(1)
		return err
	}
	e.Payload = body
	return s.keep(ctx, name, e, SourceWebhook)
}

// Take keeps a message of the books in this process.
func (s *Service) Take(ctx context.Context, name string, e provider.Event) error {
	return s.keep(ctx, name, e, SourceHere)
}

func (s *Service) keep(ctx context.Context, name string, e provider.Event, from Source) error {
	now := s.Now()
	m := Message{
		ID: uid.New(), Provider: name, EventID: e.ID, Type: e.Type, Object: e.Object, Ref: e.Ref, Customer: e.Customer, Source: from, Payload: e.Payload,
		At: e.At, ReceivedAt: now, State: StateWaiting, NextTryAt: now,
	}
	if m.Payload == nil {
		m.Payload = []byte{}
	}
	var written bool
	err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		written, err = s.Keep.InsertMessage(ctx, m)
		s.step("written")
		return err
	})
	if err != nil {
		return fmt.Errorf("keep message %s: %w", e.ID, err)
	}
	s.step("kept")
	if !written {
		s.tally.Repeated.Add(1)
		return nil
	}
	s.tally.Accepted.Add(1)
	return nil
}

// overlap is how far the search for what was not delivered looks back behind the last one: a provider still tries for a while
// before it gives up, and until then says nothing of it.
const overlap = 24 * time.Hour

// furthest is how far back a provider knows what it sent; Stripe says 30 days.
const furthest = 30 * 24 * time.Hour

// Gather fetches what the provider could not deliver. The mark moves on only when all of it is kept.
func (s *Service) Gather(ctx context.Context) error {
	p := s.provider()
	if p == nil {
		return nil
	}
	now := s.Now()
	var since time.Time
	err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		since, err = s.Keep.ProviderMark(ctx, p.Name())
		return err
	})
	if err != nil {
		return err
	}
	if since = since.Add(-overlap); since.Before(now.Add(-furthest)) {
		since = now.Add(-furthest)
	}
	missed, err := p.Undelivered(ctx, since)
	if err != nil {
		return fmt.Errorf("ask for messages that did not arrive: %w", err)
	}
	for _, e := range missed {
		if err := s.keep(ctx, p.Name(), e, SourceGap); err != nil {
			return err
		}
	}
	return s.Keep.InControl(ctx, func(ctx context.Context) error { return s.Keep.SetProviderMark(ctx, p.Name(), now) })
}
