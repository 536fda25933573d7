-- Lists that an HR system sends of people and of units, by hand or every night, as plan, review, apply and undo.

-- Where such lists come from and how they are to be understood. columns: what each field is called in the list where it is called
-- otherwise than usual. whole: who is missing leaves. leavers_max and changes_max are per cent of the people whom the source knows: what
-- is beyond them waits for somebody to look at it.
create table hr_sources (
    id          uuid not null,
    name        text not null,
    code        text not null,
    kind        text not null,
    columns     jsonb not null,
    whole       boolean not null,
    leavers_max integer not null,
    changes_max integer not null,
    makes_units boolean not null,
    invites     boolean not null,
    auto        boolean not null,
    revision    integer not null,
    created_by  uuid,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    archived_at timestamptz,
    constraint hr_sources_pk primary key (id),
    constraint hr_sources_kind_ck check (kind in ('people', 'units'))
);
create unique index hr_sources_code_uq on hr_sources (lower(code));

-- Whom a source knows, by what it calls them. left_at: since when the source says that they left.
create table hr_links (
    source_id   uuid not null,
    external_id text not null,
    person_id   uuid not null,
    linked_at   timestamptz not null,
    left_at     timestamptz,
    constraint hr_links_pk primary key (source_id, external_id),
    constraint hr_links_source_fk foreign key (source_id) references hr_sources (id) on delete cascade,
    constraint hr_links_person_fk foreign key (person_id) references people (id) on delete cascade,
    constraint hr_links_person_uq unique (source_id, person_id)
);
create index hr_links_person_ix on hr_links (person_id);

-- A list that came in, or the undoing of one. digest is the SHA-256 of what was sent, request_key the client's Idempotency-Key; "" for none.
create table hr_runs (
    id              uuid not null,
    source_id       uuid not null,
    source_revision integer not null,
    undo_of         uuid,
    name            text not null,
    request_key     text not null,
    digest          bytea not null,
    status          text not null,
    held            text not null,
    problem         text not null,
    columns         jsonb not null,
    total           integer not null,
    known           integer not null,
    counts          jsonb not null,
    done            integer not null,
    failed          integer not null,
    created_by      uuid,
    created_at      timestamptz not null,
    requested_by    uuid,
    requested_at    timestamptz,
    finished_at     timestamptz,
    constraint hr_runs_pk primary key (id),
    constraint hr_runs_source_fk foreign key (source_id) references hr_sources (id) on delete cascade,
    constraint hr_runs_undo_fk foreign key (undo_of) references hr_runs (id) on delete set null,
    constraint hr_runs_status_ck check (status in ('planned', 'running', 'done', 'discarded', 'failed'))
);
create index hr_runs_source_ix on hr_runs (source_id, id);
create unique index hr_runs_open_uq on hr_runs (source_id) where status in ('planned', 'running');
create unique index hr_runs_key_uq on hr_runs (source_id, request_key) where request_key <> '';
create unique index hr_runs_undo_uq on hr_runs (undo_of) where status in ('planned', 'running', 'done');

-- What a run would do and did, row by row, but for rows for which nothing changes. position is the order in which they are done, line that
-- of the list; 0 for what stands in none. changes: field by field what it was and what it becomes.
create table hr_rows (
    run_id      uuid not null,
    position    integer not null,
    line        integer not null,
    subject     text not null,
    outcome     text not null,
    state       text not null,
    external_id text not null,
    email       text not null,
    name        text not null,
    person_id   uuid,
    unit_id     uuid,
    day         date,
    changes     jsonb not null,
    field       text not null,
    problem     text not null,
    constraint hr_rows_pk primary key (run_id, position),
    constraint hr_rows_run_fk foreign key (run_id) references hr_runs (id) on delete cascade,
    constraint hr_rows_subject_ck check (subject in ('person', 'unit'))
);
create index hr_rows_todo_ix on hr_rows (run_id, position) where state in ('waiting', 'placed');
create index hr_rows_person_ix on hr_rows (person_id);
