-- Where a portal answers: names it ever had, domains of its own, and the certificates for them.

-- The domain of its own that a portal is shown under; null: its subdomain. And the subdomain that identity providers know it
-- by, once that is not its present one.
alter table control.tenants add column primary_host text;
alter table control.tenants add column sign_on_slug text;

-- Every subdomain that a tenant has or had: an old one leads to it for ever. The skeleton is the name with what looks alike
-- written alike.
create table control.slugs (
    slug      text not null,
    skeleton  text not null,
    tenant_id uuid not null,
    since     timestamptz not null,
    constraint slugs_pk primary key (slug),
    constraint slugs_tenant_fk foreign key (tenant_id) references control.tenants (id) on delete cascade
);
create index slugs_tenant_ix on control.slugs (tenant_id);
create index slugs_skeleton_ix on control.slugs (skeleton);
insert into control.slugs (slug, skeleton, tenant_id, since)
select slug, replace(replace(replace(replace(slug, '0', 'o'), '1', 'l'), 'rn', 'm'), 'vv', 'w'), id, created_at from control.tenants;

-- The domains that tenants wish to have, with what the DNS said about them. Several may wish for one; who proved it has it, in
-- control.domains.
create table control.wished_domains (
    tenant_id     uuid not null,
    host          text not null,
    token         text not null,
    problem       text not null,
    verified_at   timestamptz,
    pointed_at    timestamptz,
    checked_at    timestamptz,
    missing_since timestamptz,
    lost_at       timestamptz,
    created_at    timestamptz not null,
    constraint wished_domains_pk primary key (tenant_id, host),
    constraint wished_domains_tenant_fk foreign key (tenant_id) references control.tenants (id) on delete cascade
);
create index wished_domains_host_ix on control.wished_domains (host);

-- Certificates, their keys (sealed) and the accounts with who issues them.
create table control.acme_values (
    name       text not null,
    value      bytea not null,
    changed_at timestamptz not null,
    constraint acme_values_pk primary key (name)
);
create table control.acme_locks (
    name    text not null,
    holder  uuid not null,
    ends_at timestamptz not null,
    constraint acme_locks_pk primary key (name)
);
-- What was ordered, to be bounded for each tenant and in total.
create table control.acme_orders (
    id        uuid not null,
    host      text not null,
    tenant_id uuid,
    at        timestamptz not null,
    constraint acme_orders_pk primary key (id)
);
create index acme_orders_at_ix on control.acme_orders (at);

grant select, insert, update, delete on control.slugs, control.wished_domains, control.acme_values, control.acme_locks, control.acme_orders to lyceum_app;
