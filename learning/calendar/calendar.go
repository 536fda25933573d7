// Package calendar is what a person has to keep dates for, from several sources, as a list and as a feed (iCalendar, RFC
// 5545) at a secret address that any calendar program reads without signing in. It keeps no dates of its own: each source
// does (Due is the first). A new source is a type with Items and a line in cmd/lyceum/app.go.
package calendar

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Kind is what an item is.
type Kind string

// KindDue is the day by which a course is to be completed.
const KindDue Kind = "due"

// Item is something with a date. Begins and Ends are moments; of an all-day item the day counts in which Begins lies where
// the person is.
type Item struct {
	UID     string // stable for as long as the thing exists, whatever its date (RFC 5545 §3.8.4.7); without the portal's name
	Kind    Kind
	Title   string
	Begins  time.Time
	Ends    time.Time
	AllDay  bool
	Done    bool
	Path    string    // of its page within the portal
	Changed time.Time // when it was last changed, as far as known
}

// Whose is the person a calendar is read for.
type Whose struct {
	ID       uid.ID
	Name     string
	Locale   string
	TimeZone string // IANA name; empty is UTC
}

// Location is where the person's days begin and end.
func (w Whose) Location() *time.Location {
	place, err := time.LoadLocation(w.TimeZone)
	if err != nil {
		return time.UTC
	}
	return place
}

// Source gives a person's items that lie in a span, in a running transaction of the tenant, at most MaxItems.
type Source interface {
	Items(ctx context.Context, person uid.ID, from, until time.Time) ([]Item, error)
}

// MaxItems is how many items a source gives.
const MaxItems = 500

// Address is that a person has a secret address for their feed. It is a row of calendars.
type Address struct {
	PersonID  uid.ID
	Hash      []byte
	CreatedAt time.Time
}

// TableName is calendars.
func (Address) TableName() string { return "calendars" }

// Keeper is what calendars need kept; every method joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error

	// PutAddress writes a person's address over what was there.
	PutAddress(ctx context.Context, a Address) error
	// AddressOf is ErrNoAddress without one.
	AddressOf(ctx context.Context, person uid.ID) (Address, error)
	// RemoveAddress is ErrNoAddress when there is none.
	RemoveAddress(ctx context.Context, person uid.ID) error
	// HolderOf finds whose address it is, of those who may sign in; ErrNoAddress.
	HolderOf(ctx context.Context, hash []byte) (Whose, error)
}

// Failures of this package.
var (
	ErrNoAddress = fault.New(fault.KindNotFound, "calendar_address_unknown", "There is no calendar at this address. Its owner can make a new one on the calendar page.")
	ErrSpan      = fault.New(fault.KindInvalid, "calendar_span", "Ask for a span of at most 400 days, its end after its beginning.")
)

// How far a feed looks, and the longest span that can be asked for.
const (
	feedBack  = 90 * 24 * time.Hour
	feedAhead = 550 * 24 * time.Hour
	maxSpan   = 400 * 24 * time.Hour
)

// Options is what the service works with.
type Options struct {
	Keep    Keeper
	Sources []Source
	Now     clock.Clock
}

// Service reads calendars and keeps their addresses.
type Service struct {
	keep    Keeper
	sources []Source
	now     clock.Clock
}

// New makes the service.
func New(o Options) *Service { return &Service{keep: o.Keep, sources: o.Sources, now: o.Now} }

func me(ctx context.Context) (auth.Principal, error) {
	if err := auth.Require(ctx, policy.PersonSelf); err != nil {
		return auth.Principal{}, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return who, nil
}

// Mine lists the items of who asks in a span, in order. It needs person:self. ErrSpan for a span that is none or too long.
func (s *Service) Mine(ctx context.Context, from, until time.Time) (list []Item, err error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	if !until.After(from) || until.Sub(from) > maxSpan {
		return nil, ErrSpan
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.items(ctx, who.PersonID, from, until)
		return err
	})
	return list, err
}

func (s *Service) items(ctx context.Context, person uid.ID, from, until time.Time) (list []Item, err error) {
	for _, source := range s.sources {
		some, err := source.Items(ctx, person, from, until)
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	slices.SortStableFunc(list, func(a, b Item) int {
		return cmp.Or(a.Begins.Compare(b.Begins), cmp.Compare(a.Title, b.Title), cmp.Compare(a.UID, b.UID))
	})
	return list, nil
}

// Address tells since when who asks has a secret address; ErrNoAddress. The address itself is known to nobody. It needs
// person:self.
func (s *Service) Address(ctx context.Context) (a Address, err error) {
	who, err := me(ctx)
	if err != nil {
		return a, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		a, err = s.keep.AddressOf(ctx, who.PersonID)
		return err
	})
	return a, err
}

// MakeAddress makes the secret of the feed of who asks; one they had opens nothing any more. It is given once, tells of it
// as calendar.address_made and needs person:self.
func (s *Service) MakeAddress(ctx context.Context) (secret string, err error) {
	who, err := me(ctx)
	if err != nil {
		return "", err
	}
	secret, hash := uid.Secret()
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.keep.PutAddress(ctx, Address{PersonID: who.PersonID, Hash: hash, CreatedAt: s.now()}); err != nil {
			return err
		}
		return s.tell(ctx, "calendar.address_made", who.PersonID)
	})
	if err != nil {
		return "", err
	}
	return secret, nil
}

// RevokeAddress ends the feed of who asks; without one nothing happens. It tells of it as calendar.address_revoked and
// needs person:self.
func (s *Service) RevokeAddress(ctx context.Context) error {
	who, err := me(ctx)
	if err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		err := s.keep.RemoveAddress(ctx, who.PersonID)
		if errors.Is(err, ErrNoAddress) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.tell(ctx, "calendar.address_revoked", who.PersonID)
	})
}

func (s *Service) tell(ctx context.Context, typ string, person uid.ID) error {
	e, err := event.New(ctx, s.now(), typ, "person", person, map[string]any{"person_id": person})
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}

// FeedURL is the secret address of a feed below a portal's own.
func FeedURL(portal, secret string) string {
	return portal + "/calendar/feed/" + url.PathEscape(secret) + ".ics"
}

// secretLength is how long what uid.Secret makes is.
const secretLength = 43

// Feed gives the calendar behind a secret address, for whoever holds the address. ErrNoAddress for one that was revoked,
// was never made, or is of a person who may not sign in.
func (s *Service) Feed(ctx context.Context, secret string) (w Whose, list []Item, err error) {
	if len(secret) != secretLength {
		return w, nil, ErrNoAddress
	}
	now := s.now()
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if w, err = s.keep.HolderOf(ctx, uid.Hash(secret)); err != nil {
			return err
		}
		list, err = s.items(ctx, w.ID, now.Add(-feedBack), now.Add(feedAhead))
		return err
	})
	if err != nil {
		return Whose{}, nil, err
	}
	return w, list, nil
}
