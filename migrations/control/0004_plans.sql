-- What is on sale: plans, and their prices and limits in versions. A version that is published never changes.
create table control.plans (
    id          uuid not null,
    code        text not null,
    name        text not null,
    public      boolean not null,
    position    integer not null,
    sign_up     boolean not null,
    revision    bigint not null,
    created_at  timestamptz not null,
    archived_at timestamptz,
    constraint plans_pk primary key (id),
    constraint plans_code_uq unique (code),
    constraint plans_sign_up_ck check (not (sign_up and archived_at is not null))
);
create unique index plans_sign_up_uq on control.plans (sign_up) where sign_up;

create table control.plan_versions (
    id           uuid not null,
    plan_id      uuid not null,
    number       integer not null,
    status       text not null,
    currency     text not null,
    interval     text not null,
    trial_days   integer not null,
    components   jsonb not null,
    limits       jsonb not null,
    life         jsonb not null,
    revision     bigint not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    published_at timestamptz,
    retired_at   timestamptz,
    constraint plan_versions_pk primary key (id),
    constraint plan_versions_plan_fk foreign key (plan_id) references control.plans (id),
    constraint plan_versions_number_uq unique (plan_id, number),
    constraint plan_versions_status_ck check (status in ('draft', 'published', 'retired')),
    constraint plan_versions_interval_ck check (interval in ('month', 'year'))
);
create unique index plan_versions_draft_uq on control.plan_versions (plan_id) where status = 'draft';
create unique index plan_versions_published_uq on control.plan_versions (plan_id, currency, interval) where status = 'published';

-- What people agreed to stays what it was, whatever a mistake of ours tries: of a version that is not a draft only the
-- step from published to retired is taken, and it is never removed.
create function control.keep_plan_version() returns trigger language plpgsql set search_path = '' as
    $$ begin raise exception 'a published version of a plan does not change' using errcode = 'check_violation', constraint = 'plan_versions_kept_ck'; end $$;

create trigger plan_versions_stay before delete on control.plan_versions for each row when (old.status <> 'draft') execute function control.keep_plan_version();

create trigger plan_versions_keep before update on control.plan_versions for each row when (old.status <> 'draft' and not (
    old.status = 'published' and new.status = 'retired' and new.retired_at is not null
    and (new.id, new.plan_id, new.number, new.currency, new.interval, new.trial_days, new.components, new.limits, new.life, new.revision, new.created_at, new.updated_at, new.published_at)
    is not distinct from (old.id, old.plan_id, old.number, old.currency, old.interval, old.trial_days, old.components, old.limits, old.life, old.revision, old.created_at, old.updated_at, old.published_at)
)) execute function control.keep_plan_version();

-- Moving those on one version to another, in batches that may be cut short: after is the last organization looked at.
create table control.plan_migrations (
    id           uuid not null,
    from_version uuid not null,
    to_version   uuid not null,
    operator_id  uuid,
    after        uuid not null,
    moved        integer not null,
    refused      jsonb not null,
    started_at   timestamptz not null,
    finished_at  timestamptz,
    constraint plan_migrations_pk primary key (id),
    constraint plan_migrations_from_fk foreign key (from_version) references control.plan_versions (id),
    constraint plan_migrations_to_fk foreign key (to_version) references control.plan_versions (id)
);
create unique index plan_migrations_running_uq on control.plan_migrations (from_version) where finished_at is null;

grant select, insert, update on control.plans, control.plan_migrations to lyceum_app;
grant select, insert, update, delete on control.plan_versions to lyceum_app;
