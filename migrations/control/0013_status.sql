-- How well portals work, and the platform: counts by quarters of an hour (tenant/status). They say how things went, never who did them.
create table control.status_counts (
    tenant_id uuid        not null,
    part      text        not null,
    slot      timestamptz not null,
    good      bigint      not null,
    bad       bigint      not null,
    worst_ms  bigint      not null,
    constraint status_counts_pk primary key (tenant_id, part, slot),
    constraint status_counts_tenant_fk foreign key (tenant_id) references control.tenants (id) on delete cascade,
    constraint status_counts_counts_ck check (good >= 0 and bad >= 0 and worst_ms >= 0)
);
create index status_counts_slot_ix on control.status_counts (slot);

create table control.platform_status_counts (
    part     text        not null,
    slot     timestamptz not null,
    good     bigint      not null,
    bad      bigint      not null,
    worst_ms bigint      not null,
    constraint platform_status_counts_pk primary key (part, slot),
    constraint platform_status_counts_counts_ck check (good >= 0 and bad >= 0 and worst_ms >= 0)
);
grant select, insert, update, delete on control.status_counts, control.platform_status_counts to lyceum_app;
