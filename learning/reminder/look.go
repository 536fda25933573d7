package reminder

import (
	"context"
	"errors"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
	"lyceum/tenant"
)

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

// Quiet gives the portal's quiet hours. It is a job's, within its transaction: it asks for no permission.
func (s *Service) Quiet(ctx context.Context) (notice.Quiet, error) {
	book, err := s.book(ctx)
	return notice.Quiet{From: book.portal.QuietFrom, To: book.portal.QuietTo}, err
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
