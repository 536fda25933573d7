package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"path"
	"slices"
	"sync"
	"time"

	"lyceum/auth"
	"lyceum/billing"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/clock"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/tenant"
)

// The demo's months: the bill's clock begins some months ago and is moved on, a month in about a minute, until it is today.
// Learners learn by it, through the same services as anybody; usage is counted, told, billed and compared as it is in earnest.
const (
	monthsPlayed = 3
	tick         = 3 * time.Hour          // that the clock is moved on at once
	tickTakes    = 250 * time.Millisecond // of real time
	drained      = 10 * time.Second       // that a month's end waits for what is still to be counted
)

// hand is a clock that is moved by hand until it is let go; then it is the real one.
type hand struct {
	mu   sync.Mutex
	at   time.Time
	free bool
}

func (h *hand) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.free {
		return clock.Real()
	}
	return h.at
}

// move sets the clock on by d; done tells that it reached the present.
func (h *hand) move(d time.Duration) (done bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
	h.free = !h.at.Before(clock.Real())
	return h.free
}

// monthPlay lets months pass.
type monthPlay struct {
	*app
	hand  *hand
	dice  *rand.Rand
	out   io.Writer
	casts []*cast
	steps map[uid.ID]bool // that were said
	bills map[string]string
}

// cast is an organization with those who play in it.
type cast struct {
	organization
	tenant   tenant.Tenant
	owner    auth.Person
	learners []*player
	courses  []catalog.Outline
	active   map[uid.ID]bool // who learned this month
}

type player struct {
	auth.Person
	course, lesson int
	e              *enrolment.Enrolment
}

// newMonthPlay begins months ago, at midnight.
func newMonthPlay(a *app, out io.Writer) *monthPlay {
	now := clock.Real()
	h := &hand{at: time.Date(now.Year(), now.Month()-monthsPlayed, 1, 0, 0, 0, 0, time.UTC)}
	return &monthPlay{app: a, hand: h, out: out, dice: rand.New(rand.NewPCG(1, 2)), steps: map[uid.ID]bool{}, bills: map[string]string{}} //nolint:gosec // the demo's dice
}

// take notes who plays: every learner of the list but the one whose password is printed.
func (m *monthPlay) take(o organization, t tenant.Tenant, people map[string]auth.Person, courses []catalog.Outline) {
	c := &cast{organization: o, tenant: t, owner: people["owner"], courses: courses, active: map[uid.ID]bool{}}
	for i, name := range demoNames(o.slug)[4:] {
		c.learners = append(c.learners, &player{Person: people[localPart(name)], course: i % len(courses)})
	}
	m.casts = append(m.casts, c)
}

func (m *monthPlay) say(format string, args ...any) {
	_, _ = fmt.Fprintf(m.out, "  %s  %s\n", m.hand.now().Format("2 January 2006"), fmt.Sprintf(format, args...))
}

// run plays until today. What fails is said and does not stop it: it is a play.
func (m *monthPlay) run(ctx context.Context) {
	_, _ = fmt.Fprintf(m.out, "\n%d months pass in about as many minutes, on the bill's own clock. No real money moves.\n\n", monthsPlayed)
	for {
		if err := m.tick(ctx); err != nil && ctx.Err() == nil {
			m.log.WarnContext(ctx, "the play of months stumbles", slog.Any("err", err))
		}
		before := billing.PeriodOf(m.hand.now())
		if next := m.hand.now().Add(tick); billing.PeriodOf(next) != before {
			m.endOfMonth(ctx, before)
		}
		if m.hand.move(tick) {
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(tickTakes):
		}
	}
	if err := m.tell(ctx); err != nil {
		m.log.WarnContext(ctx, "usage was not told", slog.Any("err", err))
	}
	_, _ = fmt.Fprint(m.out, "\nToday is reached: the clock goes on as everybody's. The bills are under Settings › Billing, and under /operator/billing.\n\n")
}

// tick is what happens in three hours.
func (m *monthPlay) tick(ctx context.Context) error {
	now := m.hand.now()
	var errs []error
	for _, c := range m.casts {
		errs = append(errs, m.script(tenant.With(ctx, c.tenant), c, now), m.learn(tenant.With(ctx, c.tenant), c, now))
	}
	errs = append(errs, m.books.Advance(ctx), m.subscriptions.AdvanceAll(ctx))
	if now.Hour() == 0 {
		errs = append(errs, m.tell(ctx), m.subscriptions.WatchAll(ctx), m.subscriptions.WriteInvoices(ctx), m.subscriptions.CopyAllInvoices(ctx))
	}
	return errors.Join(append(errs, m.narrate(ctx))...)
}

func (m *monthPlay) tell(ctx context.Context) error {
	return errors.Join(m.reports.Collect(ctx), m.reports.Send(ctx))
}

// script is what the organizations do about their bills: the first pays by card, which fails once; the other by transfer.
func (m *monthPlay) script(ctx context.Context, c *cast, now time.Time) error {
	if now.Hour() != 9 {
		return nil
	}
	began := time.Date(clock.Real().Year(), clock.Real().Month()-monthsPlayed, 1, 0, 0, 0, 0, time.UTC)
	day := int(now.Sub(began).Hours()) / 24
	owner, err := m.auth.As(ctx, c.owner.ID)
	if err != nil {
		return err
	}
	first := c.slug == organizations()[0].slug
	switch {
	case first && day == 5:
		m.say("%s: the owner chooses a plan and pays", c.name)
		return m.pay(owner)
	case first && day == 40:
		m.say("%s: the card stops working", c.name)
		return m.books.SetCard(owner, true)
	case first && day == 54:
		m.say("%s: the owner enters another card", c.name)
		return m.books.SetCard(owner, false)
	case !first && day == 10:
		m.say("%s: agrees with an operator to pay by bank transfer", c.name)
		account, err := m.subscriptions.Look(ctx, c.tenant.ID)
		if err != nil {
			return err
		}
		_, err = m.subscriptions.Assign(ctx, c.tenant.ID, account.VersionID, subscription.CollectInvoice)
		return err
	case !first:
		return m.transfer(ctx, c, now)
	}
	return nil
}

// pay goes through the checkout as the owner.
func (m *monthPlay) pay(owner context.Context) error {
	account, err := m.subscriptions.Account(owner)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(account.Offers, func(o provider.Offer) bool { return o.Plan.Code == "team" && o.Version.Interval == "month" })
	if at < 0 {
		return errors.New("the demo's plans have no Team by the month")
	}
	url, err := m.subscriptions.Checkout(owner, subscription.Choice{VersionID: account.Offers[at].Version.ID})
	if err != nil {
		return err
	}
	wish, ok := uid.Parse(path.Base(url))
	if !ok {
		return fmt.Errorf("no checkout at %s", url)
	}
	_, err = m.books.Answer(owner, wish, true)
	return err
}

// transfer sends what was written, and pays it some days later.
func (m *monthPlay) transfer(ctx context.Context, c *cast, now time.Time) error {
	account, err := m.subscriptions.Look(ctx, c.tenant.ID)
	if err != nil {
		return err
	}
	for _, i := range account.Invoices {
		switch {
		case i.Status == "draft":
			_, err = m.subscriptions.Mark(ctx, c.tenant.ID, i.Ref, "sent")
		case i.Status == "open" && i.SentAt != nil && now.Sub(*i.SentAt) > 9*24*time.Hour:
			_, err = m.subscriptions.Mark(ctx, c.tenant.ID, i.Ref, "paid")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// learn lets some go on with their courses, in the daytime.
func (m *monthPlay) learn(ctx context.Context, c *cast, now time.Time) error {
	if now.Hour() < 6 || now.Hour() > 18 || now.Weekday() == time.Saturday || now.Weekday() == time.Sunday {
		return nil
	}
	if st := m.subscriptions.Standing(ctx, c.tenant.ID); st.State.Closed() {
		return nil
	}
	at := now
	learn := enrolment.New(enrolment.Options{Keep: m.store, Now: func() time.Time { return at }, Played: func(ctx context.Context, p enrolment.Playback) { m.billing.Played(ctx, billing.Played(p)) }})
	for _, p := range c.learners {
		if m.dice.IntN(60) != 0 {
			continue
		}
		at = now.Add(time.Duration(m.dice.IntN(60)) * time.Minute)
		err := m.lesson(ctx, learn, c, p, func(d time.Duration) { at = at.Add(d) })
		if err != nil && fault.Of(err).Kind == fault.KindInternal {
			return err
		}
		if err != nil { // it is closed to them: another course
			p.course, p.lesson, p.e = p.course+1, 0, nil
		}
	}
	return nil
}

// lesson takes one lesson, beginning a course where the last one is done. pass lets time pass.
func (m *monthPlay) lesson(ctx context.Context, learn *enrolment.Service, c *cast, p *player, pass func(time.Duration)) error {
	me, err := m.auth.As(ctx, p.ID)
	if err != nil {
		return err
	}
	course := c.courses[p.course%len(c.courses)]
	lessons := course.Lessons()
	if p.e == nil {
		e, err := learn.SelfEnrol(me, course.Course.Slug)
		if err != nil {
			return err
		}
		p.e = &e
	}
	l := lessons[p.lesson]
	if _, err := learn.Open(me, course.Course.Slug, &l.ID); err != nil {
		return err
	}
	c.active[p.ID] = true
	pass(time.Duration(max(l.Minutes, 1)) * time.Minute)
	if err := m.demoLesson(me, learn, *p.e, l); err != nil {
		return err
	}
	if p.lesson++; p.lesson == len(lessons) {
		p.course, p.lesson, p.e = p.course+1, 0, nil
	}
	return nil
}

// endOfMonth waits until all that was learned is counted, tells it, and says how the month went.
func (m *monthPlay) endOfMonth(ctx context.Context, p billing.Period) {
	until := time.Now().Add(drained)
	for _, c := range m.casts {
		for ctx.Err() == nil && time.Now().Before(until) {
			totals, err := m.store.UsageTotals(ctx, c.tenant.ID, p)
			if err == nil && totals[billing.MeterActiveLearner] >= int64(len(c.active)) {
				break
			}
			select {
			case <-ctx.Done():
			case <-time.After(tickTakes):
			}
		}
		m.say("%s: %d active learners in %s", c.name, len(c.active), p.Start.Format("January"))
		clear(c.active)
	}
	if err := m.tell(ctx); err != nil {
		m.log.WarnContext(ctx, "usage was not told", slog.Any("err", err))
	}
}

// narrate says what became of subscriptions and bills.
func (m *monthPlay) narrate(ctx context.Context) error {
	for _, c := range m.casts {
		account, err := m.subscriptions.Look(ctx, c.tenant.ID)
		if err != nil {
			return err
		}
		for _, s := range slices.Backward(account.Steps) {
			if !m.steps[s.ID] {
				m.steps[s.ID] = true
				m.say("%s: %s → %s", c.name, s.FromState, s.ToState)
			}
		}
		for _, i := range slices.Backward(account.Invoices) {
			if key := c.slug + i.Ref; m.bills[key] != i.Status {
				m.bills[key] = i.Status
				m.say("%s: bill %s over %s is %s", c.name, i.Number, i.Total(), i.Status)
			}
		}
	}
	return nil
}
