-- When people are reminded, what they were told, and how far the reminders of each thing went.
-- scope: portal (scope_id of zeros), requirement or course. rules are reminder.Rules.
create table reminder_policies (
    scope    text not null,
    scope_id uuid not null,
    rules    jsonb not null,
    revision integer not null,
    saved_by uuid,
    saved_at timestamptz not null,
    constraint reminder_policies_pk primary key (scope, scope_id),
    constraint reminder_policies_scope_ck check (scope in ('portal', 'requirement', 'course'))
);

-- One message for a person and day, the day where they are. items are reminder.Item, more is how many further ones there were.
create table reminder_messages (
    id        uuid not null,
    person_id uuid not null,
    day       date not null,
    sent_at   timestamptz not null,
    app       boolean not null,
    mail      text not null,
    mailed_at timestamptz,
    items     jsonb not null,
    more      integer not null,
    constraint reminder_messages_pk primary key (id),
    constraint reminder_messages_day_uq unique (person_id, day),
    constraint reminder_messages_person_fk foreign key (person_id) references people (id) on delete cascade,
    constraint reminder_messages_mail_ck check (mail in ('none', 'waiting', 'sending', 'sent', 'refused', 'dropped'))
);

-- A step is told to a person once in a cycle. subject_id is the enrolment, duty or certificate, anchor when it is due or ends (a date that
-- moves begins anew), step the days after that, about_id whose it is. null message_id: told before there were messages.
create table reminder_steps (
    message_id uuid,
    person_id  uuid not null,
    kind       text not null,
    subject_id uuid not null,
    anchor     timestamptz not null,
    step       integer not null,
    about_id   uuid not null,
    constraint reminder_steps_pk primary key (person_id, kind, subject_id, anchor, step),
    constraint reminder_steps_message_fk foreign key (message_id) references reminder_messages (id) on delete cascade,
    constraint reminder_steps_person_fk foreign key (person_id) references people (id) on delete cascade,
    constraint reminder_steps_kind_ck check (kind in ('course', 'duty', 'renewal', 'certificate'))
);
create index reminder_steps_message_ix on reminder_steps (message_id);
create index duty_cycles_due_ix on duty_cycles (due_at) where ended_at is null and completed_at is null;
create index duty_cycles_expires_ix on duty_cycles (expires_at) where ended_at is null and completed_at is not null;

-- A person's own hours in which nothing is sent, 0 to 23; null: the portal's.
alter table people add column quiet_from integer;
alter table people add column quiet_to integer;

-- What was told by the release before is not told again.
insert into reminder_steps (message_id, person_id, kind, subject_id, anchor, step, about_id)
    select null, e.person_id, 'course', e.id, e.due_at, case e.reminded when 1 then -7 when 2 then -1 else 1 end, e.person_id
    from enrolments e where e.status = 'active' and e.due_at is not null and e.reminded > 0;
insert into reminder_steps (message_id, person_id, kind, subject_id, anchor, step, about_id)
    select null, c.person_id, 'certificate', c.id, c.valid_until, case c.expiry_told when 1 then -30 when 2 then -7 else 1 end, c.person_id
    from certificates c join people p on p.id = c.person_id where c.valid_until is not null and c.expiry_told > 0;
