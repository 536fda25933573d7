-- How certificates look: designs that the portal keeps, the pictures in them, and prints: what certificates were issued with,
-- each kept once under the hash of what it says.
create table certificate_designs (
    id         uuid not null,
    name       text not null,
    standard   boolean not null,
    revision   integer not null,
    layout     jsonb not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    updated_by uuid,
    constraint certificate_designs_pk primary key (id)
);
create unique index certificate_designs_name_uq on certificate_designs (lower(name));
create unique index certificate_designs_standard_uq on certificate_designs ((true)) where standard;

create table certificate_pictures (
    id       uuid not null,
    digest   bytea not null,
    png      bytea not null,
    added_at timestamptz not null,
    constraint certificate_pictures_pk primary key (id),
    constraint certificate_pictures_digest_uq unique (digest)
);
revoke update on certificate_pictures from {role};

create table certificate_prints (
    digest   bytea not null,
    print    jsonb not null,
    first_at timestamptz not null,
    constraint certificate_prints_pk primary key (digest)
);
revoke update, delete on certificate_prints from {role};

alter table certificates add column print bytea;
alter table certificate_rules add column design_id uuid;
alter table certificate_rules add constraint certificate_rules_design_fk foreign key (design_id) references certificate_designs (id) on delete set null;
