-- Rollouts: bringing every tenant's schema to a release's shape, in waves, so that a migration that goes wrong stops at few.

-- Tenants that go first; null: not one of them.
alter table control.tenants add column canary boolean;

-- plan is the share of the fleet, in percent, that each wave reaches. holder is the process that works on it.
create table control.rollouts (
    id           uuid not null,
    target       integer not null,
    state        text not null,
    why          text not null,
    plan         jsonb not null,
    workers      integer not null,
    max_failed   integer not null,
    started_by   text not null,
    started_at   timestamptz not null,
    worked_at    timestamptz,
    holder       text not null,
    finished_at  timestamptz,
    constraint rollouts_pk primary key (id),
    constraint rollouts_state_ck check (state in ('running', 'paused', 'done', 'stopped'))
);
create unique index rollouts_open_uq on control.rollouts ((true)) where state in ('running', 'paused');

-- One schema of a rollout. slug is '' for a spare.
create table control.rollout_steps (
    rollout_id  uuid not null,
    schema_name text not null,
    slug        text not null,
    wave        integer not null,
    state       text not null,
    tries       integer not null,
    error       text not null,
    ms          integer not null,
    ended_at    timestamptz,
    constraint rollout_steps_pk primary key (rollout_id, schema_name),
    constraint rollout_steps_rollout_fk foreign key (rollout_id) references control.rollouts (id) on delete cascade,
    constraint rollout_steps_state_ck check (state in ('waiting', 'done', 'failed'))
);
create index rollout_steps_state_ix on control.rollout_steps (rollout_id, state, wave, schema_name);

grant select, update on control.rollouts, control.rollout_steps to lyceum_app;
