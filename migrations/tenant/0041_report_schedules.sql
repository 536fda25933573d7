-- Reports that are sent by mail: when and to whom; each time that it was or is to be done; and what it was for each person. What is due is
-- written before it is done, a schedule and a moment once.
create table report_schedules (
    id         uuid not null,
    owner_id   uuid not null,
    name       text not null,
    report_id  uuid,
    wish       text not null,
    format     text not null,
    every      text not null,
    weekday    integer not null,
    day        integer not null,
    hour       integer not null,
    zone       text not null,
    people     text not null,
    paused     text not null,
    failures   integer not null,
    next_at    timestamptz not null,
    revision   integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint report_schedules_pk primary key (id),
    constraint report_schedules_owner_fk foreign key (owner_id) references people (id) on delete cascade,
    constraint report_schedules_every_ck check (every in ('daily', 'weekly', 'monthly'))
);
create index report_schedules_owner_ix on report_schedules (owner_id);
create index report_schedules_next_ix on report_schedules (next_at) where paused = '';

create table report_runs (
    id          uuid not null,
    schedule_id uuid not null,
    due_at      timestamptz not null,
    asked_by    uuid,
    status      text not null,
    attempts    integer not null,
    problem     text not null,
    ended_at    timestamptz,
    constraint report_runs_pk primary key (id),
    constraint report_runs_schedule_fk foreign key (schedule_id) references report_schedules (id) on delete cascade,
    constraint report_runs_once_uq unique (schedule_id, due_at),
    constraint report_runs_status_ck check (status in ('waiting', 'working', 'done', 'failed'))
);

create table report_deliveries (
    run_id    uuid not null,
    person_id uuid not null,
    export_id uuid not null,
    status    text not null,
    at        timestamptz,
    constraint report_deliveries_pk primary key (run_id, person_id),
    constraint report_deliveries_run_fk foreign key (run_id) references report_runs (id) on delete cascade,
    constraint report_deliveries_person_fk foreign key (person_id) references people (id) on delete cascade
);
create index report_deliveries_person_ix on report_deliveries (person_id);
