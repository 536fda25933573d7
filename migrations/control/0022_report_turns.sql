-- When each portal is looked at next for reports that are to be sent; without a row at once. So a round over thousands of portals is one
-- query.
create table control.report_turns (
    tenant_id uuid not null,
    next_at   timestamptz not null,
    constraint report_turns_pk primary key (tenant_id),
    constraint report_turns_tenant_fk foreign key (tenant_id) references control.tenants (id) on delete cascade
);

grant select, insert, update, delete on control.report_turns to lyceum_app;
