-- Feature flags are declared in code (tenant/flag); here stands what operators set. A flag without a row has its declared share.
create table control.flags (
    name       text not null,
    percent    integer not null,
    revision   integer not null,
    by_name    text not null,
    changed_at timestamptz not null,
    constraint flags_pk primary key (name),
    constraint flags_percent_ck check (percent between 0 and 100)
);

-- A portal for which a flag is on or off whatever its share.
create table control.flag_overrides (
    name       text not null,
    tenant_id  uuid not null,
    is_on      boolean not null,
    by_name    text not null,
    changed_at timestamptz not null,
    constraint flag_overrides_pk primary key (name, tenant_id),
    constraint flag_overrides_tenant_fk foreign key (tenant_id) references control.tenants (id) on delete cascade
);
create index flag_overrides_tenant_ix on control.flag_overrides (tenant_id);

grant select, insert, update on control.flags to lyceum_app;
grant select, insert, update, delete on control.flag_overrides to lyceum_app;
