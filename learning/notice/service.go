package notice

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/recall"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Keeper is what notices need kept; every method joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error

	// Readers are those of these people who may sign in, with what they chose.
	Readers(ctx context.Context, people []uid.ID) ([]Reader, error)
	// SetPreferences writes a person's choices.
	SetPreferences(ctx context.Context, person uid.ID, p Preferences) error
	// AddNotices writes notices but those that were made of the same source for the same person before, and says for whom
	// it wrote one.
	AddNotices(ctx context.Context, list []Notice) ([]uid.ID, error)
	NoticesOf(ctx context.Context, person uid.ID, p page.Request) (page.Of[Notice], error)
	// NoticesAfter are a person's notices that are newer than an id, the oldest first, at most n.
	NoticesAfter(ctx context.Context, person, after uid.ID, n int) ([]Notice, error)
	// StandingOf joins a running transaction or, alone, is one by itself.
	StandingOf(ctx context.Context, person uid.ID) (Standing, error)
	// ReadNotice marks one as read, and gives it; ErrNotFound for one of somebody else.
	ReadNotice(ctx context.Context, person, id uid.ID, at time.Time) (Notice, error)
	// ReadNotices marks every one up to an id as read, and says how many.
	ReadNotices(ctx context.Context, person, upTo uid.ID, at time.Time) (int, error)
	// ForgetNotices removes what is older, at most n, and says how many.
	ForgetNotices(ctx context.Context, before time.Time, n int) (int, error)
}

// Announcer tells every process that these people's notices changed.
type Announcer interface {
	AnnounceNotices(ctx context.Context, tenantID uid.ID, people []uid.ID)
}

// Options is what the service works with.
type Options struct {
	Keep     Keeper
	Announce Announcer
	Now      clock.Clock
	Hub      HubOptions
}

// Service keeps notices.
type Service struct {
	keep     Keeper
	announce Announcer
	now      clock.Clock
	standing *recall.Cache[seat, Standing]
	hub      *hub
}

// seat is a person of a tenant.
type seat struct{ tenant, person uid.ID }

// standingFor is how long a standing is believed without asking the store: the net below a lost announcement.
const standingFor = 30 * time.Second

// New makes the service.
func New(o Options) *Service {
	return &Service{
		keep: o.Keep, announce: o.Announce, now: o.Now,
		standing: recall.New[seat, Standing](20_000, standingFor, o.Now), hub: newHub(o.Hub),
	}
}

// Telling is something to be told to people.
type Telling struct {
	Source uid.ID // the event; told twice of the same one, a person has one notice
	Kind   Kind
	People []uid.ID
	Data   Data
	Path   string
}

// tellAtOnce is to how many people one transaction tells.
const tellAtOnce = 500

// Tell makes notices for those who want them in the app, and gives those who want a mail. People who may not sign in are
// told nothing. It is a job's: it asks for no permission and may run twice.
func (s *Service) Tell(ctx context.Context, t Telling) (mail []uid.ID, err error) {
	for rest := t.People; len(rest) > 0; {
		n := min(tellAtOnce, len(rest))
		some, err := s.tell(ctx, t, rest[:n])
		if err != nil {
			return nil, err
		}
		mail, rest = append(mail, some...), rest[n:]
	}
	return mail, nil
}

func (s *Service) tell(ctx context.Context, t Telling, people []uid.ID) (mail []uid.ID, err error) {
	var told []uid.ID
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		mail = nil
		readers, err := s.keep.Readers(ctx, people)
		if err != nil {
			return err
		}
		var list []Notice
		for _, r := range readers {
			w := r.Preferences.Of(t.Kind)
			if w.Mail {
				mail = append(mail, r.ID)
			}
			if w.App {
				list = append(list, Notice{ID: uid.New(), PersonID: r.ID, Source: t.Source, Kind: t.Kind, Data: t.Data, Path: t.Path, At: s.now()})
			}
		}
		told, err = s.keep.AddNotices(ctx, list)
		return err
	})
	if err == nil {
		s.changed(ctx, told...)
	}
	return mail, err
}

// Told tells every process that these people were told something by others than Tell.
func (s *Service) Told(ctx context.Context, people ...uid.ID) { s.changed(ctx, people...) }

// changed tells every process, this one first, that people's notices changed.
func (s *Service) changed(ctx context.Context, people ...uid.ID) {
	t, ok := tenant.From(ctx)
	if !ok || len(people) == 0 {
		return
	}
	for _, p := range people {
		s.Changed(t.ID, p)
	}
	s.announce.AnnounceNotices(ctx, t.ID, people)
}

// Changed drops what is remembered of a person's notices and wakes their open pages; uid.Nil stands for every tenant or
// every person. It is called for what this and other processes announce.
func (s *Service) Changed(tenantID, person uid.ID) {
	switch {
	case tenantID == uid.Nil:
		s.standing.Drop(nil)
	case person == uid.Nil:
		s.standing.Drop(func(at seat, _ Standing) bool { return at.tenant == tenantID })
	default:
		s.standing.Forget(seat{tenantID, person})
	}
	s.hub.wake(tenantID, person)
}

// me is who asks.
func me(ctx context.Context) (auth.Principal, error) {
	if err := auth.Require(ctx, policy.PersonSelf); err != nil {
		return auth.Principal{}, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return who, nil
}

// Mine lists one's own notices, the newest first. It needs person:self.
func (s *Service) Mine(ctx context.Context, p page.Request) (out page.Of[Notice], err error) {
	who, err := me(ctx)
	if err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		out, err = s.keep.NoticesOf(ctx, who.PersonID, p)
		return err
	})
	return out, err
}

// After lists one's own notices that are newer than an id, the oldest first, at most n. It needs person:self.
func (s *Service) After(ctx context.Context, after uid.ID, n int) (list []Notice, err error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.NoticesAfter(ctx, who.PersonID, after, n)
		return err
	})
	return list, err
}

// Standing is how much who asks has not read; remembered for up to half a minute, and dropped when it changes. It needs
// person:self.
func (s *Service) Standing(ctx context.Context) (Standing, error) {
	who, err := me(ctx)
	if err != nil {
		return Standing{}, err
	}
	t, _ := tenant.From(ctx)
	return s.standing.Get(ctx, seat{t.ID, who.PersonID}, func(ctx context.Context) (Standing, error) {
		return s.keep.StandingOf(ctx, who.PersonID)
	})
}

// Read marks one of one's own notices as read, and gives it. It needs person:self.
func (s *Service) Read(ctx context.Context, id uid.ID) (n Notice, err error) {
	who, err := me(ctx)
	if err != nil {
		return n, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		n, err = s.keep.ReadNotice(ctx, who.PersonID, id, s.now())
		return err
	})
	if err == nil {
		s.changed(ctx, who.PersonID)
	}
	return n, err
}

// ReadAll marks one's own notices as read: all, or those up to the one that was seen last, so that one that came meanwhile
// stays new. It needs person:self.
func (s *Service) ReadAll(ctx context.Context, upTo *uid.ID) error {
	who, err := me(ctx)
	if err != nil {
		return err
	}
	last := uid.New()
	if upTo != nil {
		last = *upTo
	}
	n := 0
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		n, err = s.keep.ReadNotices(ctx, who.PersonID, last, s.now())
		return err
	})
	if err == nil && n > 0 {
		s.changed(ctx, who.PersonID)
	}
	return err
}

// Choice is a kind with how one is told of it.
type Choice struct {
	Kind Kind
	Ways Ways
	Own  Ways // the kind's own way
}

// Choices lists the kinds that concern who asks, each with how they are told of it. It needs person:self.
func (s *Service) Choices(ctx context.Context) (list []Choice, err error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	chosen, err := s.preferences(ctx, who.PersonID)
	for _, a := range kinds {
		if who.May.Has(a.Need) {
			list = append(list, Choice{Kind: a.Kind, Ways: chosen.Of(a.Kind), Own: a.Ways})
		}
	}
	return list, err
}

func (s *Service) preferences(ctx context.Context, person uid.ID) (p Preferences, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		readers, err := s.keep.Readers(ctx, []uid.ID{person})
		if len(readers) == 1 {
			p = readers[0].Preferences
		}
		return err
	})
	return p, err
}

// Choose writes how who asks wants to be told of the kinds named; the others stay as they are. It tells of it as
// notification.preferences_changed and needs person:self.
func (s *Service) Choose(ctx context.Context, wishes map[Kind]Wish) error {
	who, err := me(ctx)
	if err != nil {
		return err
	}
	wrong := fault.Fields{}
	for k := range wishes {
		_, known := byKind[k]
		wrong.Check(known || retired[k], string(k), "There is no such kind of notification.")
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		now, err := s.preferences(ctx, who.PersonID)
		if err != nil {
			return err
		}
		next, changed := Preferences{}, false
		for _, a := range kinds {
			w := now.Of(a.Kind)
			if wish, ok := wishes[a.Kind]; ok {
				wanted := wish.over(w)
				changed, w = changed || wanted != w, wanted
			}
			if w != a.Ways {
				next[a.Kind] = w
			}
		}
		if !changed {
			return nil
		}
		if err = s.keep.SetPreferences(ctx, who.PersonID, next); err != nil {
			return err
		}
		e, err := event.New(ctx, s.now(), "notification.preferences_changed", "person", who.PersonID, map[string]any{"person_id": who.PersonID, "preferences": next})
		if err != nil {
			return err
		}
		return s.keep.AppendEvents(ctx, e)
	})
}

// Wants tells how a person is to be told of a kind; neither way when they may not sign in. It is a job's: it asks for no
// permission.
func (s *Service) Wants(ctx context.Context, person uid.ID, k Kind) (w Ways, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		readers, err := s.keep.Readers(ctx, []uid.ID{person})
		if len(readers) == 1 {
			w = readers[0].Preferences.Of(k)
		}
		return err
	})
	return w, err
}

// keptFor is how long notices are kept, and sweepAtOnce how many are removed in one transaction.
const (
	keptFor     = 365 * 24 * time.Hour
	sweepAtOnce = 5000
)

// Sweep removes notices that are older than a year. It is a chore's: it asks for no permission.
func (s *Service) Sweep(ctx context.Context) error {
	for {
		n := 0
		err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
			n, err = s.keep.ForgetNotices(ctx, s.now().Add(-keptFor), sweepAtOnce)
			return err
		})
		if err != nil || n < sweepAtOnce {
			return err
		}
	}
}
