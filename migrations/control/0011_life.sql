-- Where each organization is in its life, worked out in the transaction of whatever changes it: its portal's state, its bill, its
-- owner's wish to go. leaves_at is the day on which everything is erased by that wish.
alter table control.tenants add column life text;
alter table control.tenants add column leaves_at timestamptz;
update control.tenants t set life = case
        when t.status = 'provisioning' then 'provisioning'
        when t.status = 'deleting' then 'erased'
        when s.state in ('cancelled', 'retained', 'erased') then 'export_ready'
        when t.status = 'suspended' or s.state = 'suspended' then 'suspended'
        when s.state = 'trial' then 'trial'
        when s.state in ('past_due', 'grace') then 'past_due'
        when s.state = 'read_only' then 'read_only'
        else 'active' end
    from control.tenants o left join control.subscriptions s on s.tenant_id = o.id where o.id = t.id;
alter table control.tenants add constraint tenants_life_ck
    check (life in ('provisioning', 'trial', 'active', 'past_due', 'read_only', 'suspended', 'export_ready', 'erased'));

-- Each step of it. Append-only but for told_at: when the tenant's own log had it. from_state is null for the first.
create table control.life_steps (
    id          uuid not null,
    tenant_id   uuid not null,
    tenant_slug text not null,
    from_state  text,
    to_state    text not null,
    why         text not null,
    actor_kind  text not null,
    actor_id    uuid,
    at          timestamptz not null,
    told_at     timestamptz,
    constraint life_steps_pk primary key (id)
);
create index life_steps_tenant_ix on control.life_steps (tenant_id, id);
create index life_steps_untold_ix on control.life_steps (id) where told_at is null;

-- Each wish to go, by the owner, by an operator, by the clock of an unpaid bill. A row outlives its tenant: it is the proof.
create table control.leavings (
    id           uuid not null,
    tenant_id    uuid not null,
    tenant_slug  text not null,
    tenant_name  text not null,
    by_kind      text not null,
    by_id        uuid,
    by_name      text not null,
    by_email     text not null,
    locale       text not null,
    asked_at     timestamptz not null,
    erase_at     timestamptz not null,
    warned_at    timestamptz,
    kept_at      timestamptz,
    kept_by      text not null,
    closed_at    timestamptz,
    erased_at    timestamptz,
    token        text not null,
    receipt      text not null,
    mailed_at    timestamptz,
    constraint leavings_pk primary key (id),
    constraint leavings_token_uq unique (token)
);
create unique index leavings_open_uq on control.leavings (tenant_id) where kept_at is null;
create index leavings_due_ix on control.leavings (erase_at) where kept_at is null and mailed_at is null;

-- What of an erasure is done, so that a run that was cut short goes on where it was.
create table control.leaving_steps (
    leaving_id uuid not null,
    step       text not null,
    done_at    timestamptz not null,
    counts     jsonb not null,
    constraint leaving_steps_pk primary key (leaving_id, step),
    constraint leaving_steps_leaving_fk foreign key (leaving_id) references control.leavings (id)
);

grant select, insert on control.life_steps, control.leaving_steps to lyceum_app;
grant update (told_at) on control.life_steps to lyceum_app;
grant select, insert, update on control.leavings to lyceum_app;
