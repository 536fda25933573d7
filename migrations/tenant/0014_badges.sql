-- Certificates as Open Badges: the keys they are signed with, and where each stands in the list of what was withdrawn.
create table badge_keys (
    id         uuid not null,
    public     bytea not null,
    sealed     bytea not null,
    created_at timestamptz not null,
    retired_at timestamptz,
    constraint badge_keys_pk primary key (id)
);
create unique index badge_keys_current_uq on badge_keys ((true)) where retired_at is null;

create table badge_statuses (
    certificate_id uuid not null,
    list           integer not null,
    place          integer not null,
    constraint badge_statuses_pk primary key (certificate_id),
    constraint badge_statuses_certificate_fk foreign key (certificate_id) references certificates (id),
    constraint badge_statuses_place_uq unique (list, place)
);

-- Why a certificate was withdrawn, by whom, and which one stands in its place.
alter table certificates add column revoked_by uuid;
alter table certificates add column revoke_reason text;
alter table certificates add column reissue_of uuid;

create index certificates_newest_ix on certificates (id desc);

-- What the built-in roles may from now on; a schema without roles gets all lines when it is given to a tenant.
insert into policies (ptype, v0, v1, v2)
select 'p', 'admin', 'certificate', 'manage'
where exists (select 1 from roles where code = 'admin')
on conflict do nothing;
