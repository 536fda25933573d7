package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/reminder"
	"lyceum/tenant"
)

const (
	// reminderFacts are things with a date: enrolments whose date is not that of a duty, open duties, duties that end, and certificates
	// of no duty.
	reminderFacts = `facts as (
		select 'course' as kind, e.id as subject_id, e.person_id as about_id, e.due_at as anchor, e.enrolled_at as began_at, null::timestamptz as opens_at, null::uuid as requirement_id, e.course_id, e.version_id, '' as title
		from enrolments e where e.status = 'active' and e.due_at between @from and @to and not exists (select 1 from duties d join duty_cycles c on c.duty_id = d.id and c.ended_at is null
			join requirement_courses q on q.requirement_id = d.requirement_id and q.course_id = e.course_id where d.person_id = e.person_id and d.withdrawn_at is null and e.due_at in (c.due_at, c.expires_at))
		union all
		select 'duty', d.id, d.person_id, c.due_at, c.began_at, null, d.requirement_id, null, null, r.name
		from duty_cycles c join duties d on d.id = c.duty_id join requirements r on r.id = d.requirement_id
		where c.ended_at is null and c.completed_at is null and c.due_at between @from and @to and d.withdrawn_at is null and (d.waived_at is null or d.waived_until <= @now)
		union all
		select 'renewal', d.id, d.person_id, c.expires_at, c.completed_at, c.renews_at, d.requirement_id, null, null, r.name
		from duty_cycles c join duties d on d.id = c.duty_id join requirements r on r.id = d.requirement_id
		where c.ended_at is null and c.completed_at is not null and c.expires_at between @from and @to and d.withdrawn_at is null and (d.waived_at is null or d.waived_until <= @now)
		union all
		select 'certificate', k.id, k.person_id, k.valid_until, k.issued_at, null, null, k.course_id, null, k.course_title
		from certificates k where k.valid_until between @from and @to and k.replaced_at is null and k.revoked_at is null and not exists (select 1 from duties d
			join requirement_courses q on q.requirement_id = d.requirement_id and q.course_id = k.course_id where d.person_id = k.person_id and d.withdrawn_at is null))`

	// reminderFactsSQL adds who is told of each: whose it is, and of what is over their manager. What has no further step near is left out.
	reminderFactsSQL = `with offsets as (select value::integer as step from jsonb_array_elements_text(cast(@offsets as jsonb))), ` + reminderFacts + `,
		told as (select f.*, f.about_id as recipient_id from facts f
			union all select f.*, p.manager_id from facts f join people p on p.id = f.about_id where p.manager_id is not null and p.manager_id <> p.id and f.kind <> 'certificate' and f.anchor < @over)
		select t.recipient_id, coalesce(nullif(r.name, ''), r.email) as recipient_name, r.time_zone, r.quiet_from, r.quiet_to, l.sent_at as last_at, coalesce(to_char(l.day, 'YYYY-MM-DD'), '') as last_day,
			t.about_id, coalesce(nullif(a.name, ''), a.email) as about_name, t.kind, t.subject_id, t.anchor, t.began_at, t.opens_at, t.requirement_id, t.course_id,
			coalesce(nullif(t.title, ''), v.title, '') as title, coalesce(k.slug, '') as slug, s.sent
		from told t join people r on r.id = t.recipient_id and r.status = 'active' join people a on a.id = t.about_id and a.status = 'active'
		left join courses k on k.id = t.course_id left join course_versions v on v.id = t.version_id
		left join lateral (select m.sent_at, m.day from reminder_messages m where m.person_id = t.recipient_id order by m.day desc limit 1) l on true
		left join lateral (select max(x.step) as sent from reminder_steps x where x.person_id = t.recipient_id and x.kind = t.kind and x.subject_id = t.subject_id and x.anchor = t.anchor) s on true
		where t.recipient_id > @after and exists (select 1 from offsets o where t.anchor + o.step * interval '24 hours' between @since and @until and (s.sent is null or o.step > s.sent))
		order by t.recipient_id, t.anchor, t.subject_id, t.about_id limit @n`

	// reminderOpenSQL are the steps of a message whose thing is as it was: not done, not taken away, not moved.
	reminderOpenSQL = `select s.* from reminder_steps s where s.message_id = @message and case s.kind
		when 'course' then exists (select 1 from enrolments e where e.id = s.subject_id and e.status = 'active' and e.due_at = s.anchor)
		when 'certificate' then exists (select 1 from certificates k where k.id = s.subject_id and k.replaced_at is null and k.revoked_at is null)
		else exists (select 1 from duties d join duty_cycles c on c.duty_id = d.id and c.ended_at is null where d.id = s.subject_id and d.withdrawn_at is null and (d.waived_at is null or d.waived_until <= @now)
			and case s.kind when 'duty' then c.completed_at is null and c.due_at = s.anchor else c.expires_at = s.anchor end) end`

	// margin is more than any two places' clocks are apart, and the days that a step is told late.
	reminderMargin = 26 * time.Hour
	reminderLate   = 8*24*time.Hour + reminderMargin
	reminderDays   = 366 * 24 * time.Hour // of the earliest step
)

// ReminderFacts lists what may be told, by who is told.
func (s *Store) ReminderFacts(ctx context.Context, q reminder.Query) (list []reminder.Fact, err error) {
	if len(q.Offsets) == 0 {
		return nil, nil
	}
	offsets, err := json.Marshal(q.Offsets)
	if err != nil {
		return nil, fail(err, "steps of reminders")
	}
	days := func(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }
	since, until := q.Now.Add(-reminderLate), q.Now.Add(q.Ahead+reminderMargin)
	err = s.tx(ctx).Raw(reminderFactsSQL, map[string]any{
		"offsets": string(offsets), "now": q.Now, "over": until, "since": since, "until": until, "after": q.After, "n": q.N,
		"from": since.Add(-days(max(q.Offsets[len(q.Offsets)-1], 0))), "to": until.Add(min(days(max(-q.Offsets[0], 0)), reminderDays)),
	}).Scan(&list).Error
	return list, fail(err, "what people are to be reminded of")
}

// AnyReminderDate tells whether anything has a date up to the earliest step before it.
func (s *Store) AnyReminderDate(ctx context.Context, now time.Time) (dated bool, err error) {
	err = s.singleRow(ctx, nil, func(row pgx.Row) error { return row.Scan(&dated) }, `select exists (select 1 from enrolment_rounds where superseded_at is null and status = 'active' and due_at < $1)
		or exists (select 1 from duty_cycles where ended_at is null and (completed_at is null and due_at < $1 or completed_at is not null and expires_at < $1))
		or exists (select 1 from certificates where valid_until < $1 and replaced_at is null and revoked_at is null)`, now.Add(reminderDays+reminderLate))
	return dated, fail(err, "whether anything has a date")
}

// ReminderPolicies lists all, the portal's first.
func (s *Store) ReminderPolicies(ctx context.Context) (list []reminder.Policy, err error) {
	var rows []struct {
		reminder.Policy
		Name, Rules string
	}
	err = s.tx(ctx).Raw(`select p.scope, p.scope_id, p.rules, p.revision, p.saved_by, p.saved_at, coalesce(r.name, v.title, '') as name from reminder_policies p
		left join requirements r on p.scope = 'requirement' and r.id = p.scope_id left join courses c on p.scope = 'course' and c.id = p.scope_id
		left join course_versions v on v.id = coalesce(c.published_id, c.draft_id)
		where p.scope = 'portal' or r.id is not null or c.id is not null order by p.scope <> 'portal', p.scope desc, 7, p.scope_id`).Scan(&rows).Error
	for _, r := range rows {
		p := r.Policy
		p.Name = r.Name
		if err == nil {
			err = p.Rules.Scan(r.Rules)
		}
		list = append(list, p)
	}
	return list, fail(err, "rules of reminders")
}

// ReminderScope names a requirement or course.
func (s *Store) ReminderScope(ctx context.Context, scope reminder.Scope, id uid.ID) (string, error) {
	var names []string
	err := s.tx(ctx).Raw(`select name from requirements where @scope = 'requirement' and id = @id
		union all select v.title from courses c join course_versions v on v.id = coalesce(c.published_id, c.draft_id) where @scope = 'course' and c.id = @id`,
		map[string]any{"scope": string(scope), "id": id}).Scan(&names).Error
	if err == nil && len(names) == 0 {
		return "", reminder.ErrNoScope
	}
	if err != nil {
		return "", fail(err, "whose rules of reminders they are")
	}
	return names[0], nil
}

// SaveReminderPolicy writes rules of the revision before.
func (s *Store) SaveReminderPolicy(ctx context.Context, p reminder.Policy) error {
	rules, err := p.Rules.Value()
	if err != nil {
		return fail(err, "rules of reminders")
	}
	done := s.tx(ctx).Exec(`insert into reminder_policies as x (scope, scope_id, rules, revision, saved_by, saved_at) values (?, ?, ?, ?, ?, ?)
		on conflict (scope, scope_id) do update set rules = excluded.rules, revision = excluded.revision, saved_by = excluded.saved_by, saved_at = excluded.saved_at where x.revision = excluded.revision - 1`,
		p.Scope, p.ScopeID, rules, p.Revision, p.SavedBy, p.SavedAt)
	if done.Error == nil && done.RowsAffected == 0 {
		return reminder.ErrChanged
	}
	return fail(done.Error, "save rules of reminders")
}

// DeleteReminderPolicy takes rules away.
func (s *Store) DeleteReminderPolicy(ctx context.Context, scope reminder.Scope, id uid.ID) error {
	return s.changeOne(ctx, reminder.ErrNotFound, "remove rules of reminders", "delete from reminder_policies where scope = ? and scope_id = ?", scope, id)
}

// AddReminders writes messages but for who has one of the day, and says which it wrote.
func (s *Store) AddReminders(ctx context.Context, list []reminder.Message) (written []uid.ID, err error) {
	if len(list) == 0 {
		return nil, nil
	}
	ids := make([]uid.ID, len(list))
	for i, m := range list {
		ids[i] = m.ID
	}
	once := clause.OnConflict{Columns: []clause.Column{{Name: "person_id"}, {Name: "day"}}, DoNothing: true}
	if err = s.tx(ctx).Clauses(once).Create(&list).Error; err != nil {
		return nil, fail(err, "add reminders")
	}
	err = s.tx(ctx).Table("reminder_messages").Where("id in ?", ids).Pluck("id", &written).Error
	return written, fail(err, "read reminders added")
}

// AddReminderSteps writes what was told; what was told before is a conflict.
func (s *Store) AddReminderSteps(ctx context.Context, list []reminder.Step) error {
	return fail(s.tx(ctx).Create(&list).Error, "add steps of reminders")
}

const (
	reminderColumns = "m.id, m.person_id, to_char(m.day, 'YYYY-MM-DD') as day, m.sent_at, m.app, m.mail, m.mailed_at, m.items, m.more, p.name, p.email, coalesce(nullif(b.name, ''), b.email, '') as by"
	reminderNudged  = "left join nudges n on n.id = m.id left join people b on b.id = n.sent_by"
	reminderDevices = "(select count(*) from push_sends x where x.source = m.id and x.state = 'sent') as devices"
)

// reminderMessages are all, with who they are for, and how many devices they were sent to.
func (s *Store) reminderMessages(ctx context.Context) *gorm.DB {
	columns := reminderColumns
	if !beforePush(ctx) {
		columns += ", " + reminderDevices
	}
	return s.tx(ctx).Table("reminder_messages m").Joins("join people p on p.id = m.person_id").Joins(reminderNudged).Select(columns)
}

type reminderRow struct {
	reminder.Message
	Items, Name, Email, By string
	Devices                int
}

func (r reminderRow) message() (reminder.Message, error) {
	m := r.Message
	m.Name, m.Email, m.By, m.Devices = r.Name, r.Email, r.By, r.Devices
	return m, m.Items.Scan(r.Items)
}

// Reminders lists messages, the newest first.
func (s *Store) Reminders(ctx context.Context, person uid.ID, p page.Request) (out page.Of[reminder.Message], err error) {
	limit := p.Bounded()
	q := s.reminderMessages(ctx)
	if person != uid.Nil {
		q = q.Where("m.person_id = ?", person)
	}
	if p.After != "" {
		parts, err := page.Parts(p.After, 1)
		if err != nil {
			return out, err
		}
		id, ok := uid.Parse(parts[0])
		if !ok {
			return out, page.ErrCursor
		}
		q = q.Where("m.id < ?", id)
	}
	var rows []reminderRow
	if err = q.Order("m.id desc").Limit(limit + 1).Scan(&rows).Error; err != nil {
		return out, fail(err, "list reminders")
	}
	list := make([]reminder.Message, len(rows))
	for i, r := range rows {
		if list[i], err = r.message(); err != nil {
			return out, fail(err, "list reminders")
		}
	}
	return page.Cut(list, limit, func(m reminder.Message) []string { return []string{m.ID.String()} }), nil
}

// ReminderByID finds a message.
func (s *Store) ReminderByID(ctx context.Context, id uid.ID) (m reminder.Message, err error) {
	var row reminderRow
	err = s.reminderMessages(ctx).Where("m.id = ?", id).Take(&row).Error
	if err != nil {
		return m, notFound(err, reminder.ErrNotFound, "find reminder %s", id)
	}
	m, err = row.message()
	return m, fail(err, "find reminder %s", id)
}

// OpenReminderSteps lists those of a message that are still to be done.
func (s *Store) OpenReminderSteps(ctx context.Context, message uid.ID, now time.Time) (list []reminder.Step, err error) {
	err = s.tx(ctx).Raw(reminderOpenSQL, map[string]any{"message": message, "now": now}).Scan(&list).Error
	return list, fail(err, "what of reminder %s is open", message)
}

// MoveReminderMail writes a mail's state where it has one of those.
func (s *Store) MoveReminderMail(ctx context.Context, id uid.ID, from []reminder.MailState, to reminder.MailState, at *time.Time) (bool, error) {
	done := s.tx(ctx).Exec("update reminder_messages set mail = ?, mailed_at = ? where id = ? and mail in ?", to, at, id, from)
	return done.RowsAffected == 1, fail(done.Error, "move the mail of reminder %s", id)
}

// QuietHours reads a person's own quiet hours.
func (s *Store) QuietHours(ctx context.Context, person uid.ID) (h reminder.Hours, err error) {
	var row struct{ QuietFrom, QuietTo *int }
	err = s.tx(ctx).Table("people").Select("quiet_from, quiet_to").Where("id = ?", person).Take(&row).Error
	return reminder.Hours{From: row.QuietFrom, To: row.QuietTo}, notFound(err, reminder.ErrNotFound, "quiet hours of %s", person)
}

// SetQuietHours writes them.
func (s *Store) SetQuietHours(ctx context.Context, person uid.ID, h reminder.Hours) error {
	return s.changeOne(ctx, reminder.ErrNotFound, "set quiet hours", "update people set quiet_from = ?, quiet_to = ? where id = ?", h.From, h.To, person)
}

// ForgetReminders removes what was told before a moment, and how far reminders of what was due before it went; not of people under a legal hold.
func (s *Store) ForgetReminders(ctx context.Context, before time.Time) error {
	if err := s.tx(ctx).Exec("delete from reminder_messages where sent_at < ?"+unlessHeld(ctx, "reminder_messages.person_id"), before).Error; err != nil {
		return fail(err, "forget reminders")
	}
	return fail(s.tx(ctx).Exec("delete from reminder_steps where message_id is null and anchor < ?"+unlessHeld(ctx, "reminder_steps.person_id"), before).Error, "forget steps of reminders")
}

// TenantsToRemind walks over active tenants that are to be looked at, by id, n at a time.
func (s *Store) TenantsToRemind(ctx context.Context, now time.Time, after uid.ID, n int) (list []tenant.Tenant, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Table(tenants).Where("id > ? and status = 'active' and not exists (select 1 from control.reminder_turns t where t.tenant_id = control.tenants.id and t.next_at > ?)", after, now).
			Order("id").Limit(n).Find(&list).Error, "walk tenants to remind")
	})
	return list, err
}

// SetReminderTurns says when tenants are looked at next; those that went meanwhile are passed over.
func (s *Store) SetReminderTurns(ctx context.Context, next map[uid.ID]time.Time) error {
	if len(next) == 0 {
		return nil
	}
	rows := make([]map[string]any, 0, len(next))
	for id, at := range next {
		rows = append(rows, map[string]any{"tenant_id": id, "next_at": at})
	}
	raw, err := json.Marshal(rows)
	if err != nil {
		return fail(err, "turns of reminders")
	}
	return s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Exec(`insert into control.reminder_turns (tenant_id, next_at) select r.tenant_id, r.next_at
			from jsonb_to_recordset(?::jsonb) as r(tenant_id uuid, next_at timestamptz) join control.tenants t on t.id = r.tenant_id
			on conflict (tenant_id) do update set next_at = excluded.next_at`, string(raw)).Error, "turns of reminders")
	})
}
