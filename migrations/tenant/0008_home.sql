-- What a learner comes back to: what is due, what they were told, their calendar's address. null due_at: no date.
alter table enrolments add column due_at timestamptz;

create table notifications (
    id        uuid not null,
    person_id uuid not null,
    kind      text not null,
    data      jsonb not null,
    path      text not null,
    at        timestamptz not null,
    read_at   timestamptz,
    constraint notifications_pk primary key (id),
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
