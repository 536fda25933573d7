-- What people must have done, whom it catches, and how each of them stands. null valid_months: done once is done for good.
-- null due_days: no due date. Days are 24 hours, months those of the calendar in UTC.
create table requirements (
    id           uuid not null,
    name         text not null,
    framework    text not null,
    valid_months integer,
    due_days     integer,
    grace_days   integer not null,
    renew_days   integer not null,
    keep_day     boolean not null,
    revision     integer not null,
    created_by   uuid,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    constraint requirements_pk primary key (id),
    constraint requirements_name_uq unique (name)
);

-- Any of its courses fulfils it; position 0 is the one that people are enrolled in.
create table requirement_courses (
    requirement_id uuid not null,
    course_id      uuid not null,
    position       integer not null,
    constraint requirement_courses_pk primary key (requirement_id, course_id),
    constraint requirement_courses_requirement_fk foreign key (requirement_id) references requirements (id) on delete cascade,
    constraint requirement_courses_course_fk foreign key (course_id) references courses (id) on delete cascade
);
create index requirement_courses_course_ix on requirement_courses (course_id);

-- The groups whose people it catches.
create table requirement_groups (
    requirement_id uuid not null,
    group_id       uuid not null,
    added_by       uuid,
    added_at       timestamptz not null,
    constraint requirement_groups_pk primary key (requirement_id, group_id),
    constraint requirement_groups_requirement_fk foreign key (requirement_id) references requirements (id) on delete cascade,
    constraint requirement_groups_group_fk foreign key (group_id) references groups (id) on delete cascade
);
create index requirement_groups_group_ix on requirement_groups (group_id);

-- began_at: since when it is a duty without a break. withdrawn_at: it is none any more; the history stays. waived_until null
-- with waived_at: for good.
create table duties (
    id             uuid not null,
    requirement_id uuid not null,
    person_id      uuid not null,
    began_at       timestamptz not null,
    withdrawn_at   timestamptz,
    waived_at      timestamptz,
    waived_until   timestamptz,
    waived_by      uuid,
    waived_reason  text,
    constraint duties_pk primary key (id),
    constraint duties_once_uq unique (requirement_id, person_id),
    constraint duties_requirement_fk foreign key (requirement_id) references requirements (id) on delete cascade,
    constraint duties_person_fk foreign key (person_id) references people (id) on delete cascade
);
create index duties_person_ix on duties (person_id);

-- Why a duty is one: who was in which group from when to when. The name is kept: groups go.
create table duty_reasons (
    duty_id    uuid not null,
    group_id   uuid not null,
    group_name text not null,
    since      timestamptz not null,
    ended_at   timestamptz,
    constraint duty_reasons_duty_fk foreign key (duty_id) references duties (id) on delete cascade
);
create unique index duty_reasons_live_uq on duty_reasons (duty_id, group_id) where ended_at is null;
create index duty_reasons_duty_ix on duty_reasons (duty_id);

-- One cycle of a duty: open until completed, then valid until expires_at, and ended by the renewal that follows it. grace_until
-- is of due_at while it is open, of expires_at once it is completed.
create table duty_cycles (
    duty_id      uuid not null,
    number       integer not null,
    began_at     timestamptz not null,
    due_at       timestamptz,
    grace_until  timestamptz,
    completed_at timestamptz,
    course_id    uuid,
    enrolment_id uuid,
    renews_at    timestamptz,
    expires_at   timestamptz,
    ended_at     timestamptz,
    constraint duty_cycles_pk primary key (duty_id, number),
    constraint duty_cycles_duty_fk foreign key (duty_id) references duties (id) on delete cascade,
    constraint duty_cycles_ended_ck check (ended_at is null or completed_at is not null)
);
create unique index duty_cycles_live_uq on duty_cycles (duty_id) where ended_at is null;
