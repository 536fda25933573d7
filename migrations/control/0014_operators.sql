-- Operators: a second factor is a must, so there are codes for the day on which the app is lost; what each may do; when a session was
-- last proved. The release before knows no roles: whoever it makes may do all, as until now.
alter table control.operators add column role text not null default 'admin';
alter table control.operators add constraint operators_role_ck check (role in ('admin', 'operator', 'reader'));
alter table control.operators add column deactivated_at timestamptz;
alter table control.operator_sessions add column verified_at timestamptz;

create table control.operator_codes (
    operator_id uuid not null,
    hash        bytea not null,
    constraint operator_codes_pk primary key (operator_id, hash),
    constraint operator_codes_operator_fk foreign key (operator_id) references control.operators (id) on delete cascade
);
grant select, insert, delete on control.operator_codes to lyceum_app;
