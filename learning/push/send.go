package push

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/internal/webpush"
	"lyceum/learning/notice"
)

const (
	// lifetime is how long after it was made a message is worth sending: the app has its line, and the next day brings another reminder.
	lifetime = 20 * time.Hour
	// attemptsMax is how often one is tried, the first after retryAfter, then after four and nine times that.
	attemptsMax = 8
	retryAfter  = 20 * time.Second
	// atOnce is how many messages of a batch are on their way at a time: push services are quick, and people are few.
	atOnce = 4
	// runFor is how long a job sends before it lets others go on.
	runFor = 40 * time.Second
	// textMax bounds what a message says, in characters: devices show two lines.
	textMax = 300
)

// Push has notices sent to the devices of their people, of those who want that kind there. What was sent to a device is not sent to it
// again: the source of a notice says what it is. It joins the running transaction, so that what is told and what is to be sent are one. It
// asks for no permission. Event push.made, whose job sends them.
func (s *Service) Push(ctx context.Context, list []notice.Notice) error {
	if len(list) == 0 {
		return nil
	}
	people := make([]uid.ID, len(list))
	for i, n := range list {
		people[i] = n.PersonID
	}
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		devices, err := s.Keep.PushDevices(ctx, people)
		if err != nil || len(devices) == 0 {
			return err
		}
		of := map[uid.ID][]Device{}
		for _, d := range devices {
			of[d.PersonID] = append(of[d.PersonID], d)
		}
		e, err := event.New(ctx, s.Now(), "push.made", "push", uid.New(), nil)
		if err != nil {
			return err
		}
		var sends []Send
		for _, n := range list {
			for _, d := range of[n.PersonID] {
				sends = append(sends, Send{
					ID: uid.New(), Batch: e.ID, Source: n.Source, PersonID: n.PersonID, DeviceID: &d.ID, Kind: n.Kind, Data: n.Data, Path: n.Path,
					State: Waiting, MadeAt: s.Now(), NextAt: s.Now(),
				})
			}
		}
		written, err := s.Keep.AddPushSends(ctx, sends)
		if err != nil || written == 0 {
			return err
		}
		if e.Data, err = json.Marshal(map[string]any{"kind": list[0].Kind, "sends": written}); err != nil {
			return err
		}
		return s.Keep.AppendEvents(ctx, e)
	})
}

// Tell is Push of one thing to several people, those who want its kind on their devices. It is a job's and may run twice.
func (s *Service) Tell(ctx context.Context, t notice.Telling) error {
	const atOnce = 500
	for rest := t.People; len(rest) > 0; {
		n := min(atOnce, len(rest))
		some := rest[:n]
		rest = rest[n:]
		err := s.Keep.InTenant(ctx, func(ctx context.Context) error {
			devices, err := s.Keep.PushDevices(ctx, some) // most people have none: then nobody is asked what they want
			if err != nil || len(devices) == 0 {
				return err
			}
			readers, err := s.Keep.Readers(ctx, some)
			if err != nil {
				return err
			}
			var list []notice.Notice
			for _, r := range readers {
				if r.Preferences.Of(t.Kind).Push {
					list = append(list, notice.Notice{PersonID: r.ID, Source: t.Source, Kind: t.Kind, Data: t.Data, Path: t.Path})
				}
			}
			return s.Push(ctx, list)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Send sends what waits in a batch and whose time has come. again is how long after it there will be more, 0 for never. Each is noted
// before its push service gets it: whoever is killed meanwhile leaves it unsent rather than sent twice. It is a job's, asks for no
// permission, and two at a time send nothing twice.
func (s *Service) Send(ctx context.Context, batch uid.ID) (again time.Duration, err error) {
	key, err := s.key(ctx)
	if err != nil {
		return 0, err
	}
	began := s.Now()
	lines, failing := errgroup.WithContext(ctx)
	for range atOnce {
		lines.Go(func() error {
			for s.Now().Sub(began) < runFor {
				d, found, err := s.take(failing, batch)
				if err != nil || !found {
					return err
				}
				if d.State != Sending {
					continue
				}
				if err := s.send(failing, key, d); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := lines.Wait(); err != nil {
		return 0, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		at, found, err := s.Keep.NextPushSend(ctx, batch)
		if found {
			again = max(at.Sub(s.Now()), time.Second)
		}
		return err
	})
	return again, err
}

// take takes a send whose time has come and decides: Sending is to be sent; in any other state it was put aside.
func (s *Service) take(ctx context.Context, batch uid.ID) (d Due, found bool, err error) {
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if d, found, err = s.Keep.TakePushSend(ctx, batch, s.Now()); err != nil || !found {
			return err
		}
		now := s.Now()
		quiet, err := s.quiet(ctx, d)
		if err != nil {
			return err
		}
		switch {
		case !d.Active || d.Device == nil || !d.Wants.Of(d.Kind).Push || !now.Before(d.MadeAt.Add(lifetime)):
			d.State, d.EndedAt = Dropped, &now
		case quiet.Until(now, place(d.TimeZone)).After(now):
			d.NextAt = quiet.Until(now, place(d.TimeZone))
		default:
			d.State = Sending
			d.Attempts++
		}
		_, err = s.Keep.MovePushSend(ctx, Waiting, d.Send)
		return err
	})
	return d, found, err
}

func (s *Service) quiet(ctx context.Context, d Due) (notice.Quiet, error) {
	if d.QuietFrom != nil && d.QuietTo != nil {
		return notice.Quiet{From: *d.QuietFrom, To: *d.QuietTo}, nil
	}
	return s.Quiet(ctx)
}

func place(zone string) *time.Location {
	p, err := time.LoadLocation(zone)
	if err != nil {
		return time.UTC
	}
	return p
}

// send hands one over, and notes what came of it.
func (s *Service) send(ctx context.Context, key webpush.Key, d Due) error {
	n := notice.Notice{Source: d.Source, PersonID: d.PersonID, Kind: d.Kind, Data: d.Data, Path: d.Path, At: d.MadeAt}
	if d.NoticeID != nil {
		n.Path = "/notifications/" + d.NoticeID.String() // which reads it, and leads on
	}
	m, err := s.message(ctx, n, d.Locale, d.TimeZone)
	if err != nil {
		return errors.Join(err, s.ended(ctx, d, webpush.Result{State: webpush.Later, Err: err}))
	}
	m.TTL = d.MadeAt.Add(lifetime).Sub(s.Now())
	return s.ended(ctx, d, s.client.Send(ctx, key, d.Device.subscription(), m))
}

// ended notes how sending ended, also where who waits for it is gone.
func (s *Service) ended(ctx context.Context, d Due, r webpush.Result) error {
	now := s.Now()
	d.Status, d.EndedAt = r.Status, &now
	switch r.State {
	case webpush.Sent:
		d.State = Sent
	case webpush.Gone:
		d.State = Gone
	case webpush.Refused:
		d.State = Refused
	case webpush.Later:
		wait := max(r.After, time.Duration(d.Attempts*d.Attempts)*retryAfter)
		d.State, d.NextAt, d.EndedAt = Waiting, now.Add(wait), nil
		if d.Attempts >= attemptsMax || !d.NextAt.Before(d.MadeAt.Add(lifetime)) {
			d.State, d.EndedAt = Dropped, &now
		}
	}
	return s.Keep.InTenant(context.WithoutCancel(ctx), func(ctx context.Context) error {
		if _, err := s.Keep.MovePushSend(ctx, Sending, d.Send); err != nil {
			return err
		}
		switch d.State {
		case Sent:
			return s.Keep.MarkPushDevice(ctx, d.Device.ID, now)
		case Gone:
			if err := s.remove(ctx, *d.Device); !errors.Is(err, ErrNotFound) {
				return err
			}
		case Waiting, Sending, Refused, Dropped:
		}
		return nil
	})
}

// payload is what the service worker of a portal reads (push-worker.js).
type payload struct {
	Title string `json:"title"`
	Body  string `json:"body"`
	Path  string `json:"path"`
	Tag   string `json:"tag"` // takes the place of one of the same on the device: the same is never shown twice
	Icon  string `json:"icon,omitempty"`
	Lang  string `json:"lang,omitempty"`
}

// message writes a notice for a device. Notices of a kind that wait at a push service give way to the newest, as Topic.
func (s *Service) message(ctx context.Context, n notice.Notice, locale, zone string) (m webpush.Message, err error) {
	w, err := s.Words(ctx, n, locale, zone)
	if err != nil {
		return m, err
	}
	text, err := json.Marshal(payload{Title: cut(w.Title), Body: cut(w.Text), Path: n.Path, Tag: n.Source.String(), Icon: w.Icon, Lang: locale})
	m = webpush.Message{Payload: webpush.Pad(text), Urgency: webpush.Normal, Topic: string(n.Kind)}
	if !n.Kind.About().Ways.Mail { // what the app alone would say by itself
		m.Urgency = webpush.Low
	}
	return m, err
}

func cut(text string) string {
	if letters := []rune(text); len(letters) > textMax {
		return string(letters[:textMax-1]) + "…"
	}
	return text
}

// Sweep forgets what was sent more than a year ago. It is a chore's.
func (s *Service) Sweep(ctx context.Context) error {
	for {
		n := 0
		err := s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
			n, err = s.Keep.ForgetPushSends(ctx, s.Now().Add(-keptFor), sweepAtOnce)
			return err
		})
		if err != nil || n < sweepAtOnce {
			return err
		}
	}
}
