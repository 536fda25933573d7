-- The ledger of usage by months: what a tenant used in a month is one partition, so that ten million rows a month stay as
-- quick as the first. There is no default partition: a row for a month without one is refused, and the month is made
-- (control.make_usage_partition), so that no row ever lies where its month cannot be made any more.
create table control.usage_events_before as
select id, tenant_id, meter, subject_id, subject_name, period, quantity, event_id, event_type, occurred_at, recorded_at from control.usage_events;
drop table control.usage_events;

-- An entry is written once and stays. kind: counted; struck (a correction of -1 for a person counted by mistake);
-- counted_again (they learned after that). Each is there at most once for a subject in a month, however often it is told.
create table control.usage_events (
    id           uuid not null,
    tenant_id    uuid not null,
    meter        text not null,
    subject_id   uuid not null,
    subject_name text not null,
    period       date not null,
    kind         text not null,
    quantity     bigint not null,
    event_id     uuid not null,
    event_type   text not null,
    occurred_at  timestamptz not null,
    recorded_at  timestamptz not null,
    reason       text not null,
    by_id        uuid,
    by_name      text not null,
    constraint usage_events_pk primary key (id, period),
    constraint usage_events_once_uq unique (tenant_id, meter, period, subject_id, kind),
    constraint usage_events_kind_ck check (kind in ('counted', 'struck', 'counted_again')),
    constraint usage_events_sign_ck check ((quantity < 0) = (kind = 'struck')),
    constraint usage_events_reason_ck check (kind <> 'struck' or reason <> ''),
    constraint usage_events_period_ck check (extract(day from period) = 1),
    constraint usage_events_within_ck check (occurred_at >= (period::timestamp at time zone 'UTC') and occurred_at < ((period + interval '1 month') at time zone 'UTC'))
) partition by range (period);
create index usage_events_at_ix on control.usage_events (tenant_id, meter, occurred_at, id);

-- Makes the partition of a month unless it is there. The application owns nothing in this schema, so the function acts for
-- the owner; attaching takes no lock that readers or writers wait for.
create function control.make_usage_partition(month date) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    first date := date_trunc('month', month)::date;
    part  text := 'usage_events_' || to_char(first, 'YYYY_MM');
begin
    if first < date '2000-01-01' or first >= date '2200-01-01' then
        raise exception 'no month of usage: %', month using errcode = '22008';
    end if;
    if to_regclass('control.' || part) is not null then
        return;
    end if;
    lock table control.usage_events in share update exclusive mode; -- one at a time, and what the one before made is seen
    if to_regclass('control.' || part) is not null then
        return;
    end if;
    execute format('create table control.%I (like control.usage_events including all)', part);
    execute format('alter table control.usage_events attach partition control.%I for values from (%L) to (%L)', part, first, (first + interval '1 month')::date);
end
$$;
revoke execute on function control.make_usage_partition(date) from public;
grant execute on function control.make_usage_partition(date) to lyceum_app;

-- What the ledger sums to for a tenant, a meter and a day in UTC. Written in the transaction that writes the entries, and
-- worked out anew from them by `lyceum usage rebuild`.
create table control.usage_days (
    tenant_id uuid not null,
    meter     text not null,
    day       date not null,
    quantity  bigint not null,
    entries   bigint not null,
    constraint usage_days_pk primary key (tenant_id, meter, day)
);

select control.make_usage_partition(period) from (select distinct period from control.usage_events_before) months;
select control.make_usage_partition((date_trunc('month', now() at time zone 'UTC') + make_interval(months => n))::date) from generate_series(0, 2) n;

insert into control.usage_events (id, tenant_id, meter, subject_id, subject_name, period, kind, quantity, event_id, event_type, occurred_at, recorded_at, reason, by_name)
select id, tenant_id, meter, subject_id, subject_name, period, 'counted', quantity, event_id, event_type, occurred_at, recorded_at, '', '' from control.usage_events_before;
insert into control.usage_days (tenant_id, meter, day, quantity, entries)
select tenant_id, meter, (occurred_at at time zone 'UTC')::date, sum(quantity), count(*) from control.usage_events group by 1, 2, 3;
drop table control.usage_events_before;

grant select, insert on control.usage_events to lyceum_app;
grant select, insert, update on control.usage_days to lyceum_app;
