-- Support access: operators of the platform who look at the portal as one of its people. A visit is asked for with a reason, may
-- wait for the portal's own yes, and lasts until a moment that is written here.
create table support_visits (
    id             uuid not null,
    operator_id    uuid not null,
    operator_name  text not null,
    person_id      uuid not null,
    reason         text not null,
    ticket         text not null,
    minutes        integer not null,
    writes         boolean not null,
    state          text not null,
    asked_at       timestamptz not null,
    decided_by     uuid,
    decided_at     timestamptz,
    code_hash      bytea,
    code_bound     bytea,
    code_ends_at   timestamptz,
    hash           bytea,
    began_at       timestamptz,
    ends_at        timestamptz,
    ended_at       timestamptz,
    ended_by       uuid,
    why            text not null,
    constraint support_visits_pk primary key (id),
    constraint support_visits_hash_uq unique (hash),
    constraint support_visits_code_uq unique (code_hash),
    constraint support_visits_state_ck check (state in ('waiting', 'approved', 'open', 'ended', 'refused', 'lapsed')),
    constraint support_visits_minutes_ck check (minutes between 5 and 120)
);
create index support_visits_going_ix on support_visits (state) where state in ('waiting', 'approved', 'open');
