-- The owners of portals are told of a window by mail where it says so: once each, however often the telling is cut short. The event that
-- the mail is made of has its number before it is written, so that it is written once.
alter table control.maintenance_windows add column tells_owners boolean not null default false;
alter table control.maintenance_windows add column told_at timestamptz;

create table control.maintenance_told (
    window_id uuid not null,
    tenant_id uuid not null,
    event_id  uuid not null,
    told_at   timestamptz,
    constraint maintenance_told_pk primary key (window_id, tenant_id),
    constraint maintenance_told_window_fk foreign key (window_id) references control.maintenance_windows (id) on delete cascade,
    constraint maintenance_told_tenant_fk foreign key (tenant_id) references control.tenants (id) on delete cascade
);
create index maintenance_told_tenant_ix on control.maintenance_told (tenant_id);
grant select, insert, update on control.maintenance_told to lyceum_app;
