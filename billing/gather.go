package billing

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"lyceum/auth"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/recall"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

const (
	// FlushEvery is how often what was gathered in memory is written. A process that is killed loses at most so much, and
	// nobody is billed for it; one that is stopped loses nothing.
	FlushEvery = 2 * time.Second
	// flushTime bounds one attempt.
	flushTime = 30 * time.Second
	// flushAtOnce is how many entries one statement writes.
	flushAtOnce = 500
	// maxGathered bounds what waits while the database is away; more minutes than this are not billed.
	maxGathered = 200_000
	// minutesKnown is how many minutes of sittings a process remembers, so that it writes each once.
	minutesKnown = 100_000
)

// gathering is what was used and is not written yet. An entry's subject is fixed before it is first sent, so one whose
// answer was lost is sent again and written once.
type gathering struct {
	process string // this process, among all there ever were
	now     clock.Clock
	known   *recall.Cache[minute, struct{}]

	mu     sync.Mutex
	calls  map[callKey]*calls
	played []UsageEvent
	seq    uint64

	flushing sync.Mutex
	unsent   []UsageEvent
}

// minute is one of a recording in a sitting.
type minute struct {
	tenant, by, enrolment, lesson uid.ID
	day                           int64 // since 1970
	number                        int
}

// subject is the same in every process.
func (m minute) subject() uid.ID {
	return uid.Named("video minute", m.tenant.String(), m.by.String(), m.enrolment.String(), m.lesson.String(), strconv.FormatInt(m.day, 10), strconv.Itoa(m.number))
}

type callKey struct {
	tenant uid.ID
	day    time.Time
}

type calls struct {
	n    int64
	last time.Time
}

func newGathering(now clock.Clock) *gathering {
	return &gathering{
		process: uid.New().String(), now: now, calls: map[callKey]*calls{},
		known: recall.New[minute, struct{}](minutesKnown, 24*time.Hour, now),
	}
}

// Called counts a call of the tenant of ctx with a key or token.
func (s *Service) Called(ctx context.Context) {
	t, ok := tenant.From(ctx)
	if !ok {
		return
	}
	g, now := s.gather, s.now()
	k := callKey{t.ID, now.UTC().Truncate(24 * time.Hour)}
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.calls[k]
	if c == nil {
		c = &calls{}
		g.calls[k] = c
	}
	c.n++
	c.last = now
}

// Played is a stretch of a recording that a learner's player reported.
type Played struct {
	Enrolment, Lesson uid.ID
	Report            uid.ID
	From, To          float64 // seconds of the recording
	At                time.Time
}

// Played counts the minutes of a recording that were begun. A sitting is one sign-in (or key) in one lesson on one day in
// UTC; in it each minute counts once, however often and by however many reports it is told. What is played on behalf of
// somebody else does not count.
func (s *Service) Played(ctx context.Context, p Played) {
	t, ok := tenant.From(ctx)
	who, signed := auth.PrincipalFrom(ctx)
	if a := event.ActorFrom(ctx); !ok || !signed || a.ID != who.PersonID || p.To <= p.From {
		return
	}
	by := who.PersonID
	switch {
	case who.SessionID != uid.Nil:
		by = who.SessionID
	case who.KeyID != uid.Nil:
		by = who.KeyID
	}
	g := s.gather
	m := minute{tenant: t.ID, by: by, enrolment: p.Enrolment, lesson: p.Lesson, day: p.At.Unix() / (24 * 60 * 60)}
	for m.number = int(p.From / 60); float64(m.number)*60 < p.To; m.number++ {
		if _, known := g.known.Peek(m); known {
			continue
		}
		g.known.Put(m, struct{}{})
		g.add(UsageEvent{
			ID: uid.New(), TenantID: t.ID, Meter: MeterVideo, SubjectID: m.subject(), SubjectName: who.Name, Period: PeriodOf(p.At).Start,
			Kind: KindCounted, Quantity: 1, EventID: p.Report, EventType: "video.played", OccurredAt: p.At,
		})
	}
}

func (g *gathering) add(e UsageEvent) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.played) < maxGathered {
		g.played = append(g.played, e)
	}
}

// Tokens is the use of a language model.
type Tokens struct {
	ID       uid.ID // of the use: told twice, it counts once
	Quantity int64  // in and out; positive
	At       time.Time
}

// ErrNoTokens is a use of nothing.
var ErrNoTokens = errors.New("billing: tokens need an id and a positive quantity")

// RecordTokens counts tokens of a language model for the tenant of ctx, in a transaction of its own.
func (s *Service) RecordTokens(ctx context.Context, u Tokens) error {
	t, ok := tenant.From(ctx)
	if !ok || u.ID == uid.Nil || u.Quantity <= 0 {
		return ErrNoTokens
	}
	_, err := s.keep.RecordUsage(ctx, UsageEvent{
		ID: uid.New(), TenantID: t.ID, Meter: MeterAITokens, SubjectID: u.ID, Period: PeriodOf(u.At).Start, Quantity: u.Quantity,
		EventType: "ai.used", OccurredAt: u.At, RecordedAt: s.now(),
	})
	return err
}

// take moves what was gathered into entries to send.
func (g *gathering) take() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for k, c := range g.calls {
		g.seq++
		g.unsent = append(g.unsent, UsageEvent{
			ID: uid.New(), TenantID: k.tenant, Meter: MeterAPICalls, SubjectID: uid.Named("api calls", g.process, strconv.FormatUint(g.seq, 10)),
			Period: PeriodOf(k.day).Start, Kind: KindCounted, Quantity: c.n, EventType: "api.called", OccurredAt: c.last,
		})
	}
	clear(g.calls)
	g.unsent = append(g.unsent, g.played...)
	g.played = nil
}

// Flush writes what was gathered. What cannot be written is kept for the next time.
func (s *Service) Flush(ctx context.Context) error {
	g := s.gather
	g.flushing.Lock()
	defer g.flushing.Unlock()
	if len(g.unsent) == 0 { // else what comes meanwhile goes on being summed
		g.take()
	}
	for len(g.unsent) > 0 {
		n := min(len(g.unsent), flushAtOnce)
		for i := range g.unsent[:n] {
			if g.unsent[i].RecordedAt.IsZero() {
				g.unsent[i].RecordedAt = s.now()
			}
		}
		if _, err := s.keep.RecordUsage(ctx, g.unsent[:n]...); err != nil {
			return err
		}
		g.unsent = g.unsent[n:]
	}
	g.unsent = nil
	return nil
}

// Gather writes what was gathered every FlushEvery until ctx ends, and once more then. failed is told what could not be
// written; it is tried again.
func (s *Service) Gather(ctx context.Context, failed func(error)) {
	flush := func() {
		c, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
		defer cancel()
		if err := s.Flush(c); err != nil {
			failed(err)
		}
	}
	tick := time.NewTicker(FlushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			flush()
		case <-ctx.Done():
			flush()
			if s.waiting() {
				flush() // what came while the last ones were sent again
			}
			return
		}
	}
}

func (s *Service) waiting() bool {
	s.gather.mu.Lock()
	defer s.gather.mu.Unlock()
	return len(s.gather.calls)+len(s.gather.played) > 0
}
