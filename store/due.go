package store

import (
	"context"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

// SetDue writes an enrolment's due date and forgets how far its reminders went.
func (s *Store) SetDue(ctx context.Context, id uid.ID, due *time.Time) error {
	return s.changeOne(ctx, enrolment.ErrEnrolmentNotFound, "set a due date", "update enrolments set due_at = ?, reminded = null where id = ?", due, id)
}

// DueToRemind holds active enrolments whose next reminder is due; those that another process works on are passed by.
func (s *Store) DueToRemind(ctx context.Context, now time.Time, n int) (list []enrolment.Reminder, err error) {
	err = s.tx(ctx).Raw(`select `+enrolmentColumns+`, coalesce(e.reminded, 0) as reminded, p.name as person_name, v.title as course_title, c.slug as course_slug
		from enrolments e
		join people p on p.id = e.person_id and p.status = 'active'
		join courses c on c.id = e.course_id
		join course_versions v on v.id = e.version_id
		where e.status = 'active' and e.due_at is not null and e.due_at <= ? and coalesce(e.reminded, 0) <
			case when e.due_at < ? then 3 when e.due_at <= ? then 2 else 1 end
		order by e.due_at, e.id limit ? for update of e skip locked`, now.Add(7*24*time.Hour), now, now.Add(24*time.Hour), n).Scan(&list).Error
	return list, fail(err, "list due dates to remind of")
}

// Reminded writes how far the reminders of an enrolment went.
func (s *Store) Reminded(ctx context.Context, id uid.ID, urgency enrolment.Urgency) error {
	return s.changeOne(ctx, enrolment.ErrEnrolmentNotFound, "note a reminder", "update enrolments set reminded = ? where id = ?", int(urgency), id)
}
