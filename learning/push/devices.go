package push

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/internal/webpush"
	"lyceum/learning/notice"
	"lyceum/tenant"
)

// me is who asks.
func me(ctx context.Context) (auth.Principal, error) {
	if err := auth.Require(ctx, policy.PersonSelf); err != nil {
		return auth.Principal{}, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return who, nil
}

// PublicKey is the portal's, made when it is asked for first. It needs person:self. Event push_key.made.
func (s *Service) PublicKey(ctx context.Context) (public string, err error) {
	if _, err = me(ctx); err != nil {
		return "", err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		k, found, err := s.Keep.PushKey(ctx)
		if err == nil && !found {
			k, err = s.makeKey(ctx)
		}
		public = k.Public
		return err
	})
	return public, err
}

// makeKey makes the portal's. When another was quicker, theirs counts.
func (s *Service) makeKey(ctx context.Context) (k Key, err error) {
	pair, err := webpush.NewKey()
	if err != nil {
		return k, fmt.Errorf("make a push key: %w", err)
	}
	secret, err := pair.Bytes()
	if err != nil {
		return k, fmt.Errorf("make a push key: %w", err)
	}
	k = Key{ID: uid.New(), CreatedAt: s.Now()}
	if k.Public, err = pair.Public(); err != nil {
		return k, fmt.Errorf("make a push key: %w", err)
	}
	t, _ := tenant.From(ctx)
	if k.Sealed, err = s.Seal.Seal(t.ID, purpose, secret); err != nil {
		return k, fmt.Errorf("seal a push key: %w", err)
	}
	if err = s.Keep.AddPushKey(ctx, k); err != nil {
		return k, err
	}
	made := k.ID
	if k, _, err = s.Keep.PushKey(ctx); err != nil || k.ID != made {
		return k, err
	}
	return k, s.tell(ctx, "push_key.made", "push_key", k.ID, nil)
}

// key opens the portal's.
func (s *Service) key(ctx context.Context) (pair webpush.Key, err error) {
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		k, found, err := s.Keep.PushKey(ctx)
		if err == nil && !found { // a program registered a device without asking for it
			k, err = s.makeKey(ctx)
		}
		if err != nil {
			return err
		}
		t, _ := tenant.From(ctx)
		secret, err := s.Seal.Open(t.ID, purpose, k.Sealed)
		if err == nil {
			pair, err = webpush.ParseKey(secret)
		}
		if err != nil {
			return fmt.Errorf("push key %s: %w", k.ID, err)
		}
		return nil
	})
	return pair, err
}

func (s *Service) tell(ctx context.Context, typ, subject string, id uid.ID, data any) error {
	e, err := event.New(ctx, s.Now(), typ, subject, id, data)
	if err != nil {
		return err
	}
	return s.Keep.AppendEvents(ctx, e)
}

// Devices lists one's own, the oldest first. It needs person:self.
func (s *Service) Devices(ctx context.Context) (list []Device, err error) {
	who, err := me(ctx)
	if err != nil {
		return nil, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.Keep.PushDevices(ctx, []uid.ID{who.PersonID})
		return err
	})
	if errors.Is(err, tenant.ErrSchemaVersion) { // the portal is being updated, and nobody has a device yet
		return nil, nil
	}
	return list, err
}

// Input is what a browser says of its subscription: PushSubscription.toJSON, and how it names itself.
type Input struct{ Endpoint, P256dh, Auth, UserAgent string }

// Add registers a browser as a device of who asks; one that is known by its address is theirs from now on, with its new keys. added is false
// for one of their own. It needs person:self; faults at endpoint and keys, ErrTooMany. Event push_device.added.
func (s *Service) Add(ctx context.Context, in Input) (d Device, added bool, err error) {
	who, err := me(ctx)
	if err != nil {
		return d, false, err
	}
	to, err := s.parse(in)
	if err != nil {
		return d, false, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		d, added, err = s.register(ctx, who, to, in.UserAgent)
		return err
	})
	return d, added, err
}

func (s *Service) parse(in Input) (webpush.Subscription, error) {
	to, err := webpush.Parse(in.Endpoint, in.P256dh, in.Auth, s.Anywhere)
	switch {
	case errors.Is(err, webpush.ErrEndpoint):
		return to, fault.Invalid(map[string]string{"endpoint": "Use the address that the browser gave: https, with a name, at most 1,024 characters."})
	case err != nil:
		return to, fault.Invalid(map[string]string{"keys": "Use the keys p256dh and auth as the browser gave them, in base64url."})
	}
	return to, nil
}

func (s *Service) register(ctx context.Context, who auth.Principal, to webpush.Subscription, agent string) (d Device, added bool, err error) {
	d, err = s.Keep.PushDeviceAt(ctx, to.Endpoint)
	known := err == nil && d.PersonID == who.PersonID
	switch {
	case err != nil && !errors.Is(err, ErrNotFound):
		return d, false, err
	case !known: // a new one: what was sent to somebody else in this browser is none of its
		mine, err := s.Keep.PushDevices(ctx, []uid.ID{who.PersonID})
		if err != nil {
			return d, false, err
		}
		if len(mine) >= devicesMax {
			return d, false, ErrTooMany
		}
		if d.ID != uid.Nil {
			if err := s.remove(ctx, d); err != nil {
				return d, false, err
			}
		}
		d = Device{ID: uid.New(), PersonID: who.PersonID, AddedAt: s.Now()}
	}
	d.Endpoint, d.P256dh, d.Auth, d.UserAgent, d.SessionID = to.Endpoint, to.P256dh, to.Auth, tidy(agent), session(who)
	if err = s.Keep.SavePushDevice(ctx, d); err != nil || known {
		return d, false, err
	}
	return d, true, s.tell(ctx, "push_device.added", "push_device", d.ID, map[string]any{"person_id": who.PersonID, "user_agent": d.UserAgent})
}

func session(who auth.Principal) *uid.ID {
	if who.SessionID == uid.Nil {
		return nil
	}
	return &who.SessionID
}

// tidy cuts what a browser says of itself.
func tidy(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, text)
	for len(text) > userAgentMax {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}

// Seen notes that a browser with this address is here, in this session, and tells whether it is a device of who asks. One of somebody else
// who was here before is removed: what they are told is no business of who is here now. It needs person:self.
func (s *Service) Seen(ctx context.Context, endpoint string) (mine bool, err error) {
	who, err := me(ctx)
	if err != nil {
		return false, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		d, err := s.Keep.PushDeviceAt(ctx, endpoint)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if mine = d.PersonID == who.PersonID; !mine {
			return s.remove(ctx, d)
		}
		d.SessionID = session(who)
		return s.Keep.SavePushDevice(ctx, d)
	})
	return mine, err
}

// Renew puts a browser's new subscription in place of one of who asks that its push service ended. It needs person:self; faults as Add,
// ErrNotFound.
func (s *Service) Renew(ctx context.Context, before string, in Input) error {
	who, err := me(ctx)
	if err != nil {
		return err
	}
	to, err := s.parse(in)
	if err != nil {
		return err
	}
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		d, err := s.Keep.PushDeviceAt(ctx, before)
		if err == nil && d.PersonID != who.PersonID {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		if err = s.Keep.DeletePushDevice(ctx, d.PersonID, d.ID); err != nil {
			return err
		}
		_, _, err = s.register(ctx, who, to, in.UserAgent)
		return err
	})
}

// Remove takes one of one's own devices away. It needs person:self; ErrNotFound. Event push_device.removed.
func (s *Service) Remove(ctx context.Context, id uid.ID) error {
	who, err := me(ctx)
	if err != nil {
		return err
	}
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		d, err := s.own(ctx, who, id)
		if err != nil {
			return err
		}
		return s.remove(ctx, d)
	})
}

func (s *Service) own(ctx context.Context, who auth.Principal, id uid.ID) (Device, error) {
	list, err := s.Keep.PushDevices(ctx, []uid.ID{who.PersonID})
	if err != nil {
		return Device{}, err
	}
	at := slices.IndexFunc(list, func(d Device) bool { return d.ID == id })
	if at < 0 {
		return Device{}, ErrNotFound
	}
	return list[at], nil
}

func (s *Service) remove(ctx context.Context, d Device) error {
	if err := s.Keep.DeletePushDevice(ctx, d.PersonID, d.ID); err != nil {
		return err
	}
	return s.tell(ctx, "push_device.removed", "push_device", d.ID, map[string]any{"person_id": d.PersonID, "user_agent": d.UserAgent})
}

// Ended is what of a person's sessions ended by their will or an administrator's: one, all that are closed, or all but one to be spared.
// Sessions that ran out say nothing: a phone goes on being told.
type Ended struct {
	Session uid.ID
	Spared  uid.ID
	Closed  bool
}

// SignedOut removes the devices of sessions that ended. It is a job's: it asks for no permission.
func (s *Service) SignedOut(ctx context.Context, person uid.ID, e Ended) error {
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		list, err := s.Keep.PushDevices(ctx, []uid.ID{person})
		if err != nil {
			return err
		}
		for _, d := range list {
			in := uid.Nil
			if d.SessionID != nil {
				in = *d.SessionID
			}
			if e.Session != uid.Nil && in != e.Session || e.Spared != uid.Nil && in == e.Spared || e.Closed && d.Open {
				continue
			}
			if err := s.remove(ctx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// Try sends a message to one of one's own devices now, quiet hours or not. It needs person:self; ErrNotFound, ErrTrials, ErrNotTaken, and
// ErrAway for one that is gone, which is removed.
func (s *Service) Try(ctx context.Context, id uid.ID) error {
	who, err := me(ctx)
	if err != nil {
		return err
	}
	if ok, _, _ := s.Trials.Allow(who.PersonID.String()); !ok {
		return ErrTrials
	}
	var d Device
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		d, err = s.own(ctx, who, id)
		return err
	})
	if err != nil {
		return err
	}
	key, err := s.key(ctx)
	if err != nil {
		return err
	}
	one := notice.Notice{Source: uid.New(), Kind: notice.KindTrial, Path: "/notifications/settings", At: s.Now()}
	m, err := s.message(ctx, one, who.Locale, who.TimeZone)
	if err != nil {
		return err
	}
	m.TTL, m.Urgency = time.Minute, webpush.High
	r := s.client.Send(ctx, key, d.subscription(), m)
	switch r.State {
	case webpush.Sent:
		return s.Keep.InTenant(ctx, func(ctx context.Context) error { return s.Keep.MarkPushDevice(ctx, d.ID, s.Now()) })
	case webpush.Gone:
		return errors.Join(s.Keep.InTenant(ctx, func(ctx context.Context) error { return s.remove(ctx, d) }), ErrAway)
	case webpush.Later, webpush.Refused:
	}
	return ErrNotTaken.Because(r.Err)
}
