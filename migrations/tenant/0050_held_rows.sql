-- What people under a legal hold removed themselves, or others of theirs, stays here as it was until no hold covers them. No foreign key to
-- people, as for hold_people.
create table held_rows (
    id         uuid not null,
    person_id  uuid not null,
    place      text not null,
    data       jsonb not null,
    removed_at timestamptz not null,
    constraint held_rows_pk primary key (id)
);
create index held_rows_person_ix on held_rows (person_id, removed_at desc, id desc);
create index held_rows_removed_ix on held_rows (removed_at desc, id desc);
