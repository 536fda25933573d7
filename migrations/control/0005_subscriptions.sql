-- What each organization has agreed to pay, and where it stands. A row outlives its tenant: the books are kept.
-- Who has no row is served without limits: no fault of billing closes a portal.
create table control.subscriptions (
    tenant_id       uuid not null,
    tenant_slug     text not null,
    tenant_name     text not null,
    version_id      uuid,
    state           text not null,
    collect         text not null,
    cause           text not null,
    since           timestamptz not null,
    trial_end       timestamptz,
    period_start    timestamptz,
    period_end      timestamptz,
    cancel_at       timestamptz,
    cancelled_at    timestamptz,
    erased_at       timestamptz,
    customer_ref    text not null,
    provider_ref    text not null,
    provider_state  text not null,
    checked_at      timestamptz,
    add_ons         jsonb not null,
    coupon          text not null,
    tax_ids         jsonb not null,
    address         jsonb not null,
    billing_email   text not null,
    held            boolean not null,
    held_reason     text not null,
    budget_minor    bigint,
    erase_warned    integer not null,
    erase_at        timestamptz,
    revision        bigint not null,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    constraint subscriptions_pk primary key (tenant_id),
    constraint subscriptions_state_ck check (state in ('trial', 'active', 'past_due', 'grace', 'read_only', 'suspended', 'cancelled', 'retained', 'erased')),
    constraint subscriptions_collect_ck check (collect in ('none', 'provider', 'invoice')),
    constraint subscriptions_cause_ck check (cause in ('', 'trial_over', 'not_paid', 'asked'))
);
create index subscriptions_state_ix on control.subscriptions (state, tenant_id);
create index subscriptions_provider_ix on control.subscriptions (provider_ref) where provider_ref <> '';

-- Each step that a subscription took. Append-only: the application may insert and read.
create table control.subscription_steps (
    id         uuid not null,
    tenant_id  uuid not null,
    from_state text not null,
    to_state   text not null,
    why        text not null,
    actor_kind text not null,
    actor_id   uuid,
    at         timestamptz not null,
    constraint subscription_steps_pk primary key (id)
);
create index subscription_steps_tenant_ix on control.subscription_steps (tenant_id, id);
create index subscription_steps_at_ix on control.subscription_steps (at, to_state);

-- Letters about the bill, written in the transaction of what they tell. occasion makes each unique.
create table control.billing_letters (
    id         uuid not null,
    tenant_id  uuid not null,
    kind       text not null,
    occasion   text not null,
    admins     boolean not null,
    data       jsonb not null,
    created_at timestamptz not null,
    sent_at    timestamptz,
    constraint billing_letters_pk primary key (id),
    constraint billing_letters_once_uq unique (tenant_id, kind, occasion)
);
create index billing_letters_open_ix on control.billing_letters (created_at) where sent_at is null;

-- Bills: our own for who pays by bank transfer, and a copy of the provider's for when it is away.
create table control.invoices (
    tenant_id    uuid not null,
    ref          text not null,
    number       text not null,
    source       text not null,
    status       text not null,
    currency     text not null,
    total_minor  bigint not null,
    tax_minor    bigint not null,
    period_start timestamptz not null,
    period_end   timestamptz not null,
    created_at   timestamptz not null,
    sent_at      timestamptz,
    due_at       timestamptz,
    paid_at      timestamptz,
    url          text not null,
    pdf          text not null,
    receipt      text not null,
    lines        jsonb not null,
    constraint invoices_pk primary key (tenant_id, ref),
    constraint invoices_source_ck check (source in ('provider', 'own')),
    constraint invoices_status_ck check (status in ('draft', 'open', 'paid', 'void', 'uncollectible'))
);
create index invoices_period_ix on control.invoices (tenant_id, period_start);
create index invoices_open_ix on control.invoices (due_at) where status = 'open';

-- Who was there before billing is served as before, free of charge, until an operator agrees on something else: no
-- upgrade asks anybody for money, and none closes a portal.
insert into control.subscriptions (tenant_id, tenant_slug, tenant_name, state, collect, cause, since, customer_ref, provider_ref, provider_state,
    add_ons, coupon, tax_ids, address, billing_email, held, held_reason, erase_warned, revision, created_at, updated_at)
select id, slug, name, 'active', 'none', '', created_at, '', '', '', '[]', '', '[]', '{}', contact_email, false, '', 0, 1, created_at, now()
from control.tenants where status <> 'deleting';

grant select, insert, update on control.subscriptions, control.billing_letters, control.invoices to lyceum_app;
grant select, insert on control.subscription_steps to lyceum_app;
