package reminder

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
	"lyceum/tenant"
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

// Service is reminders.
type Service struct {
	keep   Keeper
	notify Notifier
	now    clock.Clock
}

// New makes the service.
func New(keep Keeper, notify Notifier, now clock.Clock) *Service {
	return &Service{keep: keep, notify: notify, now: now}
}

// factsAtOnce is how many facts one transaction takes.
const factsAtOnce = 2000

// Sweep tells everybody what is to be told now, a part of the people in each transaction: the ledger, the notices and the events that
// mails are made of are written together, so that whenever a process dies all of a message is there or nothing. It says when there
// may be something next. It is a chore's: it asks for no permission, and two at a time tell nobody twice.
func (s *Service) Sweep(ctx context.Context) (next time.Time, err error) {
	now := s.now()
	next = now.Add(lookEvery)
	for q := (Query{Now: now, N: factsAtOnce}); ; {
		var told []uid.ID
		var more bool
		err = s.keep.InTenant(ctx, func(ctx context.Context) error {
			book, err := s.book(ctx)
			if err != nil || !book.on() {
				return err
			}
			q.Offsets = book.offsets()
			facts, err := s.keep.ReminderFacts(ctx, q)
			if err != nil {
				return err
			}
			facts, q.After, more = whole(facts, q)
			if len(facts) > 0 {
				next = now.Add(lookSoon) // some of them may only wait for an hour or a day
			}
			told, err = s.tell(ctx, book.plan(facts, now, false))
			return err
		})
		if err != nil {
			return now, err
		}
		s.notify.Told(ctx, told...)
		if !more {
			return next, nil
		}
	}
}

// lookEvery is how often a portal is looked at that has nothing to tell, and lookSoon one that has something for a later hour.
const (
	lookEvery = time.Hour
	lookSoon  = 15 * time.Minute
)

// whole cuts off the last recipient of a full answer, of whom facts may be missing. One who alone fills it is taken as they are.
func whole(facts []Fact, q Query) (out []Fact, after uid.ID, more bool) {
	if len(facts) < q.N {
		return facts, q.After, false
	}
	last := facts[len(facts)-1].RecipientID
	n := slices.IndexFunc(facts, func(f Fact) bool { return f.RecipientID == last })
	if n == 0 {
		return facts, last, true
	}
	return facts[:n], facts[n-1].RecipientID, true
}

func (s *Service) book(ctx context.Context) (Book, error) {
	list, err := s.keep.ReminderPolicies(ctx)
	return NewBook(list), err
}

// tell writes what was planned, and says who has a notice more.
func (s *Service) tell(ctx context.Context, drafts []draft) (told []uid.ID, err error) {
	const atOnce = 400
	for part := range slices.Chunk(drafts, atOnce) {
		some, err := s.tellSome(ctx, part)
		if err != nil {
			return nil, err
		}
		told = append(told, some...)
	}
	return told, nil
}

func (s *Service) tellSome(ctx context.Context, drafts []draft) ([]uid.ID, error) {
	people := make([]uid.ID, len(drafts))
	for i, d := range drafts {
		people[i] = d.PersonID
	}
	readers, err := s.keep.Readers(ctx, people)
	if err != nil {
		return nil, err
	}
	ways := map[uid.ID]notice.Preferences{}
	for _, r := range readers {
		ways[r.ID] = r.Preferences
	}
	messages, notices := make([]Message, 0, len(drafts)), map[uid.ID]notice.Notice{}
	steps := map[uid.ID][]Step{}
	for _, d := range drafts {
		m := Message{ID: uid.New(), PersonID: d.PersonID, Day: d.Day, SentAt: s.now(), Mail: MailNone, Items: d.Items}
		var shown Items
		for i, item := range d.Items {
			w := ways[d.PersonID].Of(kindOf(item, d.PersonID))
			if w.App && d.rules[i].App {
				shown = append(shown, item)
			}
			if w.Mail && d.rules[i].Mail {
				m.Mail = MailWaiting
			}
			steps[m.ID] = append(steps[m.ID], Step{m.ID, d.PersonID, item.Kind, item.Subject, item.At, item.Step, item.About})
		}
		if len(shown) > 0 {
			m.App = true
			notices[m.ID] = inApp(m, shown)
		}
		if m.More = max(len(m.Items)-itemsKept, 0); m.More > 0 {
			m.Items = m.Items[:itemsKept]
		}
		messages = append(messages, m)
	}
	return s.write(ctx, messages, steps, notices)
}

func (s *Service) write(ctx context.Context, messages []Message, steps map[uid.ID][]Step, notices map[uid.ID]notice.Notice) ([]uid.ID, error) {
	written, err := s.keep.AddReminders(ctx, messages)
	if err != nil {
		return nil, err
	}
	var ledger []Step
	var app []notice.Notice
	var events []event.Event
	for _, m := range messages {
		if !slices.Contains(written, m.ID) {
			continue // another process told them today
		}
		ledger = append(ledger, steps[m.ID]...)
		if n, ok := notices[m.ID]; ok {
			app = append(app, n)
		}
		e, err := event.New(ctx, s.now(), "reminder.sent", "reminder", m.ID, map[string]any{"person_id": m.PersonID, "day": m.Day, "items": len(steps[m.ID]), "mail": m.Mail == MailWaiting})
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	for part := range slices.Chunk(ledger, 1000) {
		if err := s.keep.AddReminderSteps(ctx, part); err != nil {
			return nil, err
		}
	}
	told, err := s.keep.AddNotices(ctx, app)
	if err != nil {
		return nil, err
	}
	return told, s.keep.AppendEvents(ctx, events...)
}

// kindOf is the kind of notice that an item is for its reader: how they are told of it is theirs to choose.
func kindOf(i Item, reader uid.ID) notice.Kind {
	if i.About != reader {
		return notice.KindTeam
	}
	return notice.KindDueSoon
}

// inApp is the line in the app that stands for a message.
func inApp(m Message, shown Items) notice.Notice {
	only := Message{PersonID: m.PersonID, Items: shown}
	own, team := only.Own(), only.Team()
	n := notice.Notice{ID: uid.New(), PersonID: m.PersonID, Source: m.ID, Kind: notice.KindDueSoon, At: m.SentAt, Path: "/reminders/" + m.ID.String(), Data: notice.Data{}}
	switch {
	case len(own) == 0:
		n.Kind, n.Data["as"], n.Data["days"], n.Data["by"], n.Data["course"] = notice.KindTeam, "several", strconv.Itoa(len(team)), team[0].Name, team[0].Title
		if len(team) == 1 {
			n.Data["as"] = "one"
		}
	case len(own) == 1 && len(team) == 0:
		i := own[0]
		n.Path, n.Data["course"], n.Data["due"] = i.Path(), i.Title, i.When().UTC().Format(time.RFC3339)
		switch {
		case i.Expires() && i.Over():
			n.Data["as"] = "expired"
		case i.Expires():
			n.Data["as"] = "expires"
		case i.Over():
			n.Data["as"] = "over"
		default:
			n.Data["as"] = "near"
		}
	default:
		n.Data["as"], n.Data["days"], n.Data["course"] = "several", strconv.Itoa(len(own)+len(team)), own[0].Title
	}
	return n
}

// Mail is what a job does with a message: it gives what is still to be told by mail; ok is false where nothing is. From then on the mail
// counts as sent until Mailed says otherwise: rather none than two of the same. It asks for no permission.
func (s *Service) Mail(ctx context.Context, id uid.ID) (m Message, ok bool, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		ok = false
		if m, err = s.keep.ReminderByID(ctx, id); err != nil || m.Mail != MailWaiting {
			return err
		}
		open, err := s.keep.OpenReminderSteps(ctx, id, s.now())
		if err != nil {
			return err
		}
		readers, err := s.keep.Readers(ctx, []uid.ID{m.PersonID})
		if err != nil {
			return err
		}
		m.Items = slices.DeleteFunc(m.Items, func(i Item) bool {
			there := slices.ContainsFunc(open, func(o Step) bool {
				return o.Kind == i.Kind && o.SubjectID == i.Subject && o.Anchor.Equal(i.At)
			})
			return !there || len(readers) == 0 || !readers[0].Preferences.Of(kindOf(i, m.PersonID)).Mail
		})
		to := MailSending
		if len(m.Items) == 0 || s.now().Sub(m.SentAt) > mailWithin {
			to = MailDropped
		}
		moved, err := s.keep.MoveReminderMail(ctx, id, []MailState{MailWaiting}, to, nil)
		ok = moved && to == MailSending
		return err
	})
	return m, ok && err == nil, err
}

// mailWithin is how long after a message was made its mail may go out: the next day brings another.
const mailWithin = 20 * time.Hour

// Mailed says how sending a message's mail ended: sent, refused for good, or waiting to be tried again.
func (s *Service) Mailed(ctx context.Context, id uid.ID, how MailState) error {
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		at := s.now()
		_, err := s.keep.MoveReminderMail(ctx, id, []MailState{MailSending}, how, &at)
		return err
	})
}

// keptFor is how long what was told is kept.
const keptFor = 3 * 365 * day

// Forget removes what was told more than three years ago. It is a chore's.
func (s *Service) Forget(ctx context.Context) error {
	return s.keep.InTenant(ctx, func(ctx context.Context) error { return s.keep.ForgetReminders(ctx, s.now().Add(-keptFor)) })
}

// Policies lists the portal's rules, written or not, and then those of requirements and courses. It needs enrolment:manage.
func (s *Service) Policies(ctx context.Context) (list []Policy, err error) {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.ReminderPolicies(ctx)
		return err
	})
	if err == nil && !slices.ContainsFunc(list, func(p Policy) bool { return p.Scope == ScopePortal }) {
		list = slices.Insert(list, 0, Policy{Scope: ScopePortal, Rules: Default()})
	}
	return list, err
}

// Policy gives the rules of a scope; where it has none of its own, those of the portal with revision 0. It needs enrolment:manage; ErrNoScope.
func (s *Service) Policy(ctx context.Context, scope Scope, id uid.ID) (p Policy, err error) {
	list, err := s.Policies(ctx)
	if err != nil {
		return p, err
	}
	if !scope.Known() || (scope == ScopePortal) != (id == uid.Nil) {
		return p, ErrNoScope
	}
	p = Policy{Scope: scope, ScopeID: id, Rules: list[0].Rules}
	for _, one := range list {
		if one.Scope == scope && one.ScopeID == id {
			p = one
		}
	}
	if scope == ScopePortal {
		return p, nil
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p.Name, err = s.keep.ReminderScope(ctx, scope, id)
		return err
	})
	return p, err
}

// may asks for what writing rules needs: the portal's are its administrators'.
func may(ctx context.Context, scope Scope) error {
	if scope == ScopePortal {
		return auth.Require(ctx, policy.PersonManage)
	}
	return auth.Require(ctx, policy.EnrolmentManage)
}

// Save writes the rules of a scope. It needs person:manage for the portal's, else enrolment:manage; faults at the rules, ErrNoScope,
// ErrChanged. Event reminder.rules_saved.
func (s *Service) Save(ctx context.Context, p Policy) (Policy, error) {
	if err := may(ctx, p.Scope); err != nil {
		return p, err
	}
	now, err := s.Policy(ctx, p.Scope, p.ScopeID)
	if err != nil {
		return p, err
	}
	if p.Scope != ScopePortal { // the quiet hours are the portal's
		p.Rules.QuietFrom, p.Rules.QuietTo = 0, 0
	}
	if err := p.Rules.check(); err != nil {
		return p, err
	}
	if p.Revision != now.Revision {
		return p, ErrChanged
	}
	who, _ := auth.PrincipalFrom(ctx)
	at := s.now()
	p.Name, p.Revision, p.SavedBy, p.SavedAt = now.Name, p.Revision+1, &who.PersonID, &at
	return p, s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.keep.SaveReminderPolicy(ctx, p); err != nil {
			return err
		}
		return s.happened(ctx, "reminder.rules_saved", p)
	})
}

// Remove takes the rules of a requirement or course away: the portal's hold again. It needs enrolment:manage; ErrNotFound, ErrNoScope.
// Event reminder.rules_removed.
func (s *Service) Remove(ctx context.Context, scope Scope, id uid.ID) error {
	if err := may(ctx, scope); err != nil {
		return err
	}
	p, err := s.Policy(ctx, scope, id)
	if err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.keep.DeleteReminderPolicy(ctx, scope, id); err != nil {
			return err
		}
		return s.happened(ctx, "reminder.rules_removed", p)
	})
}

func (s *Service) happened(ctx context.Context, typ string, p Policy) error {
	subject := p.ScopeID
	if p.Scope == ScopePortal {
		t, _ := tenant.From(ctx)
		subject = t.ID
	}
	e, err := event.New(ctx, s.now(), typ, string(p.Scope), subject, map[string]any{"name": p.Name, "rules": p.Rules})
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}

// Sent lists what was told, the newest first; of a person, with Nil of all. It needs enrolment:manage.
func (s *Service) Sent(ctx context.Context, person uid.ID, p page.Request) (out page.Of[Message], err error) {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		out, err = s.keep.Reminders(ctx, person, p)
		return err
	})
	return out, err
}

// Mine gives what the asker was told in a message. It needs person:self; ErrNotFound for one of somebody else.
func (s *Service) Mine(ctx context.Context, id uid.ID) (m Message, err error) {
	if err := auth.Require(ctx, policy.PersonSelf); err != nil {
		return m, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		m, err = s.keep.ReminderByID(ctx, id)
		return err
	})
	if err == nil && m.PersonID != who.PersonID {
		return Message{}, ErrNotFound
	}
	return m, err
}

// Ahead is a day to come with who will be told of what, as things stand.
type Ahead struct {
	Day      string
	At       time.Time // in that day
	People   int       // how many are told
	Messages []Message // the first of them
}

const (
	aheadDays  = 7
	aheadFacts = 20_000
	aheadShown = 50 // of a day
)

// Preview looks seven days ahead: who will be told of what if nothing is completed meanwhile. more is true where it is more than it can
// look through. It needs enrolment:manage.
func (s *Service) Preview(ctx context.Context) (days []Ahead, more bool, err error) {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return nil, false, err
	}
	now := s.now()
	var book Book
	var facts []Fact
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if book, err = s.book(ctx); err != nil || !book.on() {
			return err
		}
		facts, err = s.keep.ReminderFacts(ctx, Query{Offsets: book.offsets(), Now: now, Ahead: aheadDays * day, N: aheadFacts})
		return err
	})
	if err != nil {
		return nil, false, err
	}
	for i := range aheadDays {
		at := now.Add(time.Duration(i) * day)
		one := Ahead{Day: at.UTC().Format(time.DateOnly), At: at}
		for _, d := range book.plan(facts, at, true) {
			one.People++
			if len(one.Messages) < aheadShown {
				one.Messages = append(one.Messages, Message{PersonID: d.PersonID, Name: d.Name, Day: d.Day, Items: d.Items})
			}
			remember(facts, d)
		}
		days = append(days, one)
	}
	return days, len(facts) == aheadFacts, nil
}

// remember notes in facts what a draft would have told.
func remember(facts []Fact, d draft) {
	first, _ := slices.BinarySearchFunc(facts, d.PersonID, func(f Fact, id uid.ID) int { return slices.Compare(f.RecipientID[:], id[:]) })
	for i := first; i < len(facts) && facts[i].RecipientID == d.PersonID; i++ {
		f := &facts[i]
		f.LastDay, f.LastAt = d.Day, nil
		for _, item := range d.Items {
			if item.Kind == f.Kind && item.Subject == f.SubjectID && item.About == f.AboutID {
				f.Sent = &item.Step
			}
		}
	}
}

// Hours gives the asker's own quiet hours and those of the portal. It needs person:self.
func (s *Service) Hours(ctx context.Context) (own Hours, from, to int, err error) {
	if err := auth.Require(ctx, policy.PersonSelf); err != nil {
		return own, 0, 0, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		book, err := s.book(ctx)
		if err != nil {
			return err
		}
		from, to = book.portal.QuietFrom, book.portal.QuietTo
		own, err = s.keep.QuietHours(ctx, who.PersonID)
		return err
	})
	if errors.Is(err, tenant.ErrSchemaVersion) { // the portal is being updated, and nobody has hours of their own yet
		return own, Default().QuietFrom, Default().QuietTo, nil
	}
	return own, from, to, err
}

// SetHours writes the asker's quiet hours: both or neither, full hours from 0 to 23, equal ones for never. It needs person:self.
func (s *Service) SetHours(ctx context.Context, h Hours) error {
	if err := auth.Require(ctx, policy.PersonSelf); err != nil {
		return err
	}
	f := fault.Fields{}
	f.Check((h.From == nil) == (h.To == nil), "quiet_to", "Choose both hours, or neither.")
	if h.From != nil && h.To != nil {
		hours(f, *h.From, *h.To)
	}
	if err := f.Err(); err != nil {
		return err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err := s.keep.InTenant(ctx, func(ctx context.Context) error { return s.keep.SetQuietHours(ctx, who.PersonID, h) })
	if errors.Is(err, tenant.ErrSchemaVersion) {
		return nil // the same
	}
	return err
}
