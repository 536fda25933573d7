-- When each portal is looked at next for what its people are to be told; without a row at once. So a round over thousands of portals
-- with nothing to do is one query.
create table control.reminder_turns (
    tenant_id uuid not null,
    next_at   timestamptz not null,
    constraint reminder_turns_pk primary key (tenant_id),
    constraint reminder_turns_tenant_fk foreign key (tenant_id) references control.tenants (id) on delete cascade
);

grant select, insert, update, delete on control.reminder_turns to lyceum_app;
