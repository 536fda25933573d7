-- People who come in numbers: lists of them that are read, reviewed and brought in, and links by which they ask to join.

-- A list as it was read. columns says what each of its columns is; revision is counted up with each plan, and what is
-- brought in is what was reviewed.
create table people_imports (
    id           uuid not null,
    name         text not null,
    status       text not null,
    header       jsonb not null,
    columns      jsonb not null,
    role         text not null,
    quiet        boolean not null,
    new_groups   boolean not null,
    revision     integer not null,
    total        integer not null,
    counts       jsonb not null,
    done         integer not null,
    failed       integer not null,
    mailed       integer not null,
    created_by   uuid,
    created_at   timestamptz not null,
    requested_by uuid,
    requested_at timestamptz,
    finished_at  timestamptz,
    constraint people_imports_pk primary key (id)
);
create index people_imports_requested_ix on people_imports (requested_at);

-- One line of a list: what stood in it, and what becomes of it. state is waiting, done, failed or passed.
create table people_import_lines (
    import_id uuid not null,
    number    integer not null,
    cells     jsonb not null,
    email     text not null,
    name      text not null,
    outcome   text not null,
    detail    jsonb not null,
    problem   text not null,
    state     text not null,
    person_id uuid,
    constraint people_import_lines_pk primary key (import_id, number),
    constraint people_import_lines_import_fk foreign key (import_id) references people_imports (id) on delete cascade
);
create index people_import_lines_outcome_ix on people_import_lines (import_id, outcome, number);
create index people_import_lines_waiting_ix on people_import_lines (import_id, number) where state = 'waiting';

-- A link by which people ask to join: the secret is kept sealed, so that the link can be shown again. used counts those
-- whom it brought in; max_uses null: any number.
create table join_links (
    id         uuid not null,
    hash       bytea not null,
    sealed     bytea not null,
    name       text not null,
    role       text not null,
    group_id   uuid,
    domains    jsonb not null,
    max_uses   integer,
    used       integer not null,
    created_by uuid,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    revoked_at timestamptz,
    constraint join_links_pk primary key (id),
    constraint join_links_hash_uq unique (hash),
    constraint join_links_group_fk foreign key (group_id) references groups (id) on delete set null
);
