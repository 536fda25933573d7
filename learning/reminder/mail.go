package reminder

import (
	"context"
	"slices"
	"time"

	"lyceum/internal/uid"
)

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
