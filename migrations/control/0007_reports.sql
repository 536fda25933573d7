-- What a payment provider is told of usage: the outbox. A row is the difference between what the ledger sums to and what is
-- in the outbox already, so that all rows of a tenant, meter and month always sum to what is to be billed, however often and
-- by how many it was worked out. Rows are never changed in what they say, only in what became of them.
create table control.usage_reports (
    id           uuid not null,
    tenant_id    uuid not null,
    meter        text not null,
    period       date not null,
    seq          integer not null,
    quantity     bigint not null,
    customer_ref text not null,
    version_id   uuid not null,
    at           timestamptz not null,
    state        text not null,
    attempts     integer not null,
    first_try_at timestamptz,
    next_try_at  timestamptz not null,
    error        text not null,
    created_at   timestamptz not null,
    done_at      timestamptz,
    constraint usage_reports_pk primary key (id),
    constraint usage_reports_once_uq unique (tenant_id, meter, period, seq),
    constraint usage_reports_state_ck check (state in ('waiting', 'sent', 'billed_late', 'parked')),
    constraint usage_reports_quantity_ck check (quantity <> 0),
    constraint usage_reports_period_ck check (extract(day from period) = 1)
);
create index usage_reports_waiting_ix on control.usage_reports (next_try_at, id) where state = 'waiting';
create index usage_reports_parked_ix on control.usage_reports (id) where state = 'parked';

-- What the nightly comparison of the ledger, the outbox and the provider found; one row a tenant, meter and month, the last.
create table control.usage_reconciliations (
    tenant_id  uuid not null,
    meter      text not null,
    period     date not null,
    ledger     bigint not null,
    outbox     bigint not null,
    sent       bigint not null,
    provider   bigint not null,
    difference bigint not null,
    at         timestamptz not null,
    constraint usage_reconciliations_pk primary key (tenant_id, meter, period)
);
create index usage_reconciliations_off_ix on control.usage_reconciliations (period, tenant_id) where difference <> 0;

grant select, insert, update on control.usage_reports, control.usage_reconciliations to lyceum_app;

-- A message about a bill names the payer.
create index subscriptions_customer_ix on control.subscriptions (customer_ref) where customer_ref <> '';
