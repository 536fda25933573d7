package inbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// What handling keeps to.
const (
	// atOnce is one: whatever ends a worker must not keep others from what stands behind it.
	atOnce = 1
	// lease is how long a process that took messages has to say what became of them. It is longer than a turn may take.
	lease = 5 * time.Minute
	// tries is after how many a message is parked, and again after as many more; with their waits about two and a half days.
	tries       = 20
	shortest    = 10 * time.Second
	longestWait = 6 * time.Hour
	// keptFor is how long handled messages are kept. It is longer than a provider sends one again.
	keptFor = 90 * 24 * time.Hour
)

// Handle does what waits, until nothing is due. One that fails does not keep the others.
func (s *Service) Handle(ctx context.Context) error {
	p := s.provider()
	if p == nil {
		return nil // what a provider told that is set up no more waits for it
	}
	for {
		var list []Message
		err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
			list, err = s.Keep.ClaimMessages(ctx, p.Name(), s.Now(), s.Now().Add(lease), atOnce)
			return err
		})
		if err != nil {
			return fmt.Errorf("take messages: %w", err)
		}
		s.step("claimed")
		for _, m := range list {
			if err := ctx.Err(); err != nil {
				return err // what was taken is free again after the lease
			}
			if err := s.handle(ctx, m); err != nil {
				return err
			}
		}
		if len(list) < atOnce {
			return nil
		}
	}
}

// errLook is a message that an operator is to look at.
var errLook = errors.New("the payment service could not count usage that it was told: see its message")

// handle does one and writes what became of it; the failure it gives is that of writing.
func (s *Service) handle(ctx context.Context, m Message) error {
	if m.Attempts%tries == 0 { // should this last try end its worker, as those before, the message stays parked
		last := m
		last.State, last.Error = StateParked, "The last try did not come to an end."
		if err := s.Keep.InControl(ctx, func(ctx context.Context) error { return s.Keep.SettleMessage(ctx, last) }); err != nil {
			return err
		}
	}
	known, err := s.act(ctx, m)
	s.step("acted")
	now := s.Now()
	m.Error, m.NextTryAt = "", now
	switch {
	case errors.Is(err, errLook):
		m.State, m.Error = StateParked, errLook.Error()
		s.Log.ErrorContext(ctx, "the payment service reports usage that it could not count; an operator is to look at it", slog.String("event", m.EventID), slog.String("type", m.Type))
	case err != nil:
		s.tally.Failed.Add(1)
		m.Error, m.NextTryAt = bounded(err.Error()), now.Add(wait(m.Attempts%tries))
		if m.Attempts%tries == 0 {
			m.State = StateParked
			s.Log.ErrorContext(ctx, "a message of the payment service is given up; an operator is to look at it", slog.String("event", m.EventID), slog.String("type", m.Type), slog.Any("err", err))
		}
	case known:
		m.State, m.DoneAt = StateDone, &now
	default:
		m.State, m.DoneAt = StateIgnored, &now
	}
	err = s.Keep.InControl(ctx, func(ctx context.Context) error { return s.Keep.SettleMessage(ctx, m) })
	s.step("settled")
	return err
}

// act reads again what the message is about. known is false for a kind that changes nothing here.
func (s *Service) act(ctx context.Context, m Message) (known bool, err error) {
	switch {
	case strings.HasPrefix(m.Type, "v1.billing.meter."):
		return true, errLook
	case m.Object == "subscription" && m.Ref != "":
		return true, s.Subscriptions.Refresh(ctx, m.Ref)
	case (m.Object == "invoice" || m.Object == "checkout.session") && m.Customer != "":
		return true, s.Subscriptions.InvoiceChanged(ctx, m.Customer)
	}
	return false, nil
}

func bounded(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text[:min(len(text), 500)], "\x00", ""), "")
}

// wait doubles with each try, a fifth more or less.
func wait(attempts int) time.Duration {
	d := min(shortest<<min(max(attempts-1, 0), 12), longestWait)
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64())) //nolint:gosec // it only spreads tries
}

// Sweep removes what was handled long ago.
func (s *Service) Sweep(ctx context.Context) error {
	return s.Keep.InControl(ctx, func(ctx context.Context) error {
		_, err := s.Keep.DeleteMessages(ctx, s.Now().Add(-keptFor))
		return err
	})
}

// What operators do. The API asks who they are.

// List lists messages, the newest first.
func (s *Service) List(ctx context.Context, f Filter) (out page.Of[Message], err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		out, err = s.Keep.Messages(ctx, f)
		return err
	})
	return out, err
}

// Show gives one; ErrNotFound.
func (s *Service) Show(ctx context.Context, id uid.ID) (m Message, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		m, err = s.Keep.MessageByID(ctx, id)
		return err
	})
	return m, err
}

// Depth tells how much waits.
func (s *Service) Depth(ctx context.Context) (d Depth, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		d, err = s.Keep.MessageDepth(ctx)
		return err
	})
	return d, err
}

// Replay has a message handled again, whatever became of it: handling reads what is so now, and may be done any number of
// times. ErrNotFound.
func (s *Service) Replay(ctx context.Context, id uid.ID) (m Message, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		if m, err = s.Keep.MessageByID(ctx, id); err != nil {
			return err
		}
		if err := s.Keep.ResetMessage(ctx, id, s.Now()); err != nil {
			return err
		}
		return s.Keep.Audit(ctx, "provider_event.replayed", uid.Nil, map[string]string{"event": m.EventID, "type": m.Type}, s.Now())
	})
	return m, err
}

// ReplayMost is how many messages one call has handled again.
const ReplayMost = 10_000

// ReplayAll has all handled again that a filter chooses, the oldest first and at most ReplayMost, and tells how many they are.
// Those that wait go on waiting.
func (s *Service) ReplayAll(ctx context.Context, f Filter) (n int, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		if n, err = s.Keep.ResetMessages(ctx, f, s.Now(), ReplayMost); err != nil || n == 0 {
			return err
		}
		data := map[string]string{"state": string(f.State), "type": f.Type, "count": fmt.Sprint(n)}
		return s.Keep.Audit(ctx, "provider_event.all_replayed", uid.Nil, data, s.Now())
	})
	return n, err
}

// Settle marks a message that is parked as looked after. ErrNotFound, ErrNotSettable.
func (s *Service) Settle(ctx context.Context, id uid.ID) (m Message, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		if m, err = s.Keep.MessageByID(ctx, id); err != nil {
			return err
		}
		if m.State != StateParked {
			return ErrNotSettable
		}
		now := s.Now()
		m.State, m.DoneAt = StateDone, &now
		if err := s.Keep.SettleMessage(ctx, m); err != nil {
			return err
		}
		return s.Keep.Audit(ctx, "provider_event.settled", uid.Nil, map[string]string{"event": m.EventID, "type": m.Type}, now)
	})
	return m, err
}

// Who is who takes payments, "" for nobody, and whether real money moves.
func (s *Service) Who() (name string, live bool) {
	if p := s.provider(); p != nil {
		return p.Name(), p.Live()
	}
	return "", false
}
