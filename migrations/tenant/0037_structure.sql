-- Who reported to whom, from which day to which, as known from when: each change supersedes what was known and writes what is known
-- now, so that a report can ask for the line of a day as it was known on another. valid_to is the first day on which it is no more;
-- null: until further notice. Days are those of UTC. What was before this table is not known: it begins today.
create table manager_spans (
    id            uuid not null,
    person_id     uuid not null,
    manager_id    uuid not null,
    valid_from    date not null,
    valid_to      date,
    recorded_at   timestamptz not null,
    recorded_by   uuid,
    superseded_at timestamptz,
    constraint manager_spans_pk primary key (id),
    constraint manager_spans_person_fk foreign key (person_id) references people (id) on delete cascade,
    constraint manager_spans_manager_fk foreign key (manager_id) references people (id) on delete cascade,
    constraint manager_spans_days_ck check (valid_to is null or valid_to > valid_from)
);
create unique index manager_spans_live_uq on manager_spans (person_id) where valid_to is null and superseded_at is null;
create index manager_spans_person_ix on manager_spans (person_id, valid_from);
create index manager_spans_manager_ix on manager_spans (manager_id);
insert into manager_spans (id, person_id, manager_id, valid_from, recorded_at)
select gen_random_uuid(), id, manager_id, (now() at time zone 'UTC')::date, now() from people where manager_id is not null;

-- Who looks after whose people while they are away: from the first day to the last, both included, unless it was ended before.
create table delegations (
    id        uuid not null,
    giver_id  uuid not null,
    taker_id  uuid not null,
    first_day date not null,
    last_day  date not null,
    made_by   uuid,
    made_at   timestamptz not null,
    ended_by  uuid,
    ended_at  timestamptz,
    constraint delegations_pk primary key (id),
    constraint delegations_giver_fk foreign key (giver_id) references people (id) on delete cascade,
    constraint delegations_taker_fk foreign key (taker_id) references people (id) on delete cascade,
    constraint delegations_days_ck check (last_day >= first_day)
);
create index delegations_taker_ix on delegations (taker_id, last_day);
create index delegations_giver_ix on delegations (giver_id, last_day);
