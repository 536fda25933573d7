-- Tests: their rules in versions, which an attempt that runs keeps to; attempts with the questions drawn for them; answers
-- as they were given; marks that people gave; what single people were allowed more of.
create table test_settings (
    lesson_id uuid not null,
    number    integer not null,
    settings  jsonb not null,
    saved_by  uuid,
    saved_at  timestamptz not null,
    constraint test_settings_pk primary key (lesson_id, number)
);
revoke update on test_settings from {role};

-- points and most are millionths of a mark.
create table test_attempts (
    id           uuid not null,
    enrolment_id uuid not null,
    lesson_id    uuid not null,
    number       integer not null,
    rules        integer not null,
    slots        jsonb not null,
    status       text not null,
    started_at   timestamptz not null,
    ends_at      timestamptz,
    ended_at     timestamptz,
    ended_by     text,
    points       bigint not null,
    most         bigint not null,
    percent      integer not null,
    passed       boolean not null,
    constraint test_attempts_pk primary key (id),
    constraint test_attempts_enrolment_fk foreign key (enrolment_id) references enrolments (id) on delete cascade,
    constraint test_attempts_number_uq unique (enrolment_id, lesson_id, number),
    constraint test_attempts_status_ck check (status in ('running', 'to_mark', 'graded')),
    constraint test_attempts_ended_ck check ((status = 'running') = (ended_at is null) and (ended_at is null) = (ended_by is null)),
    constraint test_attempts_ended_by_ck check (ended_by in ('hand', 'time'))
);
create unique index test_attempts_running_uq on test_attempts (enrolment_id, lesson_id) where status = 'running';
create index test_attempts_ends_ix on test_attempts (ends_at, id) where status = 'running';
create index test_attempts_lesson_ix on test_attempts (lesson_id, started_at, id);

create table test_answers (
    attempt_id uuid not null,
    slot       integer not null,
    sequence   bigint not null,
    answer     jsonb not null,
    saved_at   timestamptz not null,
    constraint test_answers_pk primary key (attempt_id, slot),
    constraint test_answers_attempt_fk foreign key (attempt_id) references test_attempts (id) on delete cascade
);

create table test_marks (
    attempt_id uuid not null,
    slot       integer not null,
    number     integer not null,
    share      bigint not null,
    comment    text not null,
    marker_id  uuid not null,
    at         timestamptz not null,
    constraint test_marks_pk primary key (attempt_id, number),
    constraint test_marks_attempt_fk foreign key (attempt_id) references test_attempts (id) on delete cascade
);
revoke update on test_marks from {role};

create table test_allowances (
    id           uuid not null,
    enrolment_id uuid not null,
    lesson_id    uuid not null,
    more_percent integer not null,
    more_tries   integer not null,
    reason       text not null,
    given_by     uuid not null,
    given_at     timestamptz not null,
    constraint test_allowances_pk primary key (id),
    constraint test_allowances_enrolment_fk foreign key (enrolment_id) references enrolments (id) on delete cascade
);
create index test_allowances_enrolment_ix on test_allowances (enrolment_id, lesson_id, given_at desc);
