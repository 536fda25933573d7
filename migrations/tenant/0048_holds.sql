-- Legal holds: while one is open, nothing of the people under it is erased or goes by its age. No foreign key to people: who is under a hold
-- cannot be erased, and what was held once stays known.
create table holds (
    id             uuid not null,
    name           text not null,
    case_number    text not null,
    reason         text not null,
    whole          boolean not null,
    made_by        uuid not null,
    made_at        timestamptz not null,
    released_by    uuid,
    released_at    timestamptz,
    release_reason text not null,
    constraint holds_pk primary key (id)
);
create unique index holds_name_uq on holds (lower(name)) where released_at is null;
create table hold_people (
    hold_id    uuid not null,
    person_id  uuid not null,
    group_name text not null,
    added_by   uuid not null,
    added_at   timestamptz not null,
    constraint hold_people_pk primary key (hold_id, person_id),
    constraint hold_people_hold_fk foreign key (hold_id) references holds (id) on delete cascade
);
create index hold_people_person_ix on hold_people (person_id);
