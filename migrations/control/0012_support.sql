-- Where operators look at portals as one of their people: the register of visits. What holds stands in the tenant's schema; this is
-- written after it, and says who of the operators is where. It outlives the tenant, so it names the person by id alone.
create table control.support_visits (
    id            uuid not null,
    tenant_id     uuid not null,
    tenant_slug   text not null,
    operator_id   uuid not null,
    operator_name text not null,
    person_id     uuid not null,
    reason        text not null,
    ticket        text not null,
    minutes       integer not null,
    writes        boolean not null,
    state         text not null,
    why           text not null,
    asked_at      timestamptz not null,
    began_at      timestamptz,
    ends_at       timestamptz,
    ended_at      timestamptz,
    constraint support_visits_pk primary key (id)
);
create index support_visits_going_ix on control.support_visits (asked_at) where state in ('waiting', 'approved', 'open');
grant select, insert, update on control.support_visits to lyceum_app;
