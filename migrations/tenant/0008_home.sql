-- What a learner comes back to: what is due, what they were told, their calendar's address, their transcripts.
-- null due_at: no date.
alter table enrolments add column due_at timestamptz;
-- How far the reminders of due_at went: null or 0 none, 1 the week before, 2 the day before, 3 overdue.
alter table enrolments add column reminded integer;
create index enrolments_due_ix on enrolments (due_at) where status = 'active' and due_at is not null;

-- People of a department are found to say what they learn.
create index people_department_ix on people ((attributes ->> 'department')) where attributes ->> 'department' <> '';
-- How a person wants to be told, by kind; what is left out is the kind's own way.
alter table people add column notice_ways jsonb;

-- source is what it was made of, so that a job that runs twice tells once.
create table notifications (
    id        uuid not null,
    person_id uuid not null,
    source    uuid not null,
    kind      text not null,
    data      jsonb not null,
    path      text not null,
    at        timestamptz not null,
    read_at   timestamptz,
    constraint notifications_pk primary key (id),
    constraint notifications_once_uq unique (source, person_id),
    constraint notifications_person_fk foreign key (person_id) references people (id) on delete cascade
);
create index notifications_person_ix on notifications (person_id, id);
create index notifications_unread_ix on notifications (person_id) where read_at is null;

-- The secret address of a person's calendar: its hash, never the secret.
create table calendars (
    person_id  uuid not null,
    hash       bytea not null,
    created_at timestamptz not null,
    constraint calendars_pk primary key (person_id),
    constraint calendars_hash_uq unique (hash),
    constraint calendars_person_fk foreign key (person_id) references people (id) on delete cascade
);

-- A transcript that was given out, so that its number can be checked: digest is of all it says. The same says the same number.
create table transcripts (
    id          uuid not null,
    code        text not null,
    person_id   uuid not null,
    person_name text not null,
    digest      bytea not null,
    begins      timestamptz,
    ends        timestamptz,
    courses     integer not null,
    completed   integer not null,
    issued_at   timestamptz not null,
    constraint transcripts_pk primary key (id),
    constraint transcripts_code_uq unique (code),
    constraint transcripts_digest_uq unique (person_id, digest)
);
