-- An e-mail domain that was proven belongs to one tenant.
create table control.email_domains (
    domain      text not null,
    tenant_id   uuid not null,
    verified_at timestamptz not null,
    constraint email_domains_pk primary key (domain),
    constraint email_domains_tenant_fk foreign key (tenant_id) references control.tenants (id) on delete cascade
);
create index email_domains_tenant_ix on control.email_domains (tenant_id);
grant select, insert, update, delete on control.email_domains to lyceum_app;

-- The app by which an operator signs in beside the password; null: none.
alter table control.operators add column totp_sealed bytea;
alter table control.operators add column totp_step bigint;
