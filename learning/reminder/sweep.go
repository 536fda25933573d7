package reminder

import (
	"context"
	"slices"
	"strconv"
	"time"

	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
)

// factsAtOnce is how many facts one transaction takes.
const factsAtOnce = 2000

// Dated tells whether anything has a date that somebody may have to be told of within a year, or had one. Where nothing has there is nothing to
// look for; asking it takes one short query. It is a chore's: it asks for no permission.
func (s *Service) Dated(ctx context.Context) (bool, error) {
	return s.keep.AnyReminderDate(ctx, s.now())
}

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
	messages, told := make([]Message, 0, len(drafts)), lines{map[uid.ID][]Step{}, map[uid.ID]notice.Notice{}, map[uid.ID]notice.Notice{}}
	for _, d := range drafts {
		m := Message{ID: uid.New(), PersonID: d.PersonID, Day: d.Day, SentAt: s.now(), Mail: MailNone, Items: d.Items}
		var shown, pushed Items
		for i, item := range d.Items {
			w := ways[d.PersonID].Of(kindOf(item, d.PersonID))
			if w.App && d.rules[i].App {
				shown = append(shown, item)
			}
			if w.Push && d.rules[i].App { // a device shows what the app shows
				pushed = append(pushed, item)
			}
			if w.Mail && d.rules[i].Mail {
				m.Mail = MailWaiting
			}
			told.steps[m.ID] = append(told.steps[m.ID], Step{m.ID, d.PersonID, item.Kind, item.Subject, item.At, item.Step, item.About})
		}
		if len(shown) > 0 {
			m.App = true
			told.app[m.ID] = inApp(m, shown)
		}
		if len(pushed) > 0 {
			told.push[m.ID] = inApp(m, pushed)
		}
		if m.More = max(len(m.Items)-itemsKept, 0); m.More > 0 {
			m.Items = m.Items[:itemsKept]
		}
		messages = append(messages, m)
	}
	return s.write(ctx, messages, told)
}

// lines are what is written of messages, by their ids.
type lines struct {
	steps     map[uid.ID][]Step
	app, push map[uid.ID]notice.Notice
}

func (s *Service) write(ctx context.Context, messages []Message, of lines) ([]uid.ID, error) {
	written, err := s.keep.AddReminders(ctx, messages)
	if err != nil {
		return nil, err
	}
	var ledger []Step
	var app, pushed []notice.Notice
	var events []event.Event
	for _, m := range messages {
		if !slices.Contains(written, m.ID) {
			continue // another process told them today
		}
		ledger = append(ledger, of.steps[m.ID]...)
		if n, ok := of.app[m.ID]; ok {
			app = append(app, n)
		}
		if n, ok := of.push[m.ID]; ok {
			pushed = append(pushed, n)
		}
		e, err := event.New(ctx, s.now(), "reminder.sent", "reminder", m.ID, map[string]any{"person_id": m.PersonID, "day": m.Day, "items": len(of.steps[m.ID]), "mail": m.Mail == MailWaiting})
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
	if s.devices != nil {
		if err := s.devices.Push(ctx, pushed); err != nil {
			return nil, err
		}
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

// keptFor is how long what was told is kept.
const keptFor = 3 * 365 * day

// Forget removes what was told more than three years ago. It is a chore's.
func (s *Service) Forget(ctx context.Context) error {
	return s.keep.InTenant(ctx, func(ctx context.Context) error { return s.keep.ForgetReminders(ctx, s.now().Add(-keptFor)) })
}
