-- Reports that people put together and keep. definition is text: it is read and written whole.
create table reports (
    id         uuid not null,
    name       text not null,
    definition text not null,
    owner_id   uuid not null,
    shared     boolean not null,
    revision   integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint reports_pk primary key (id),
    constraint reports_owner_fk foreign key (owner_id) references people (id) on delete cascade
);
create unique index reports_name_uq on reports (owner_id, lower(name));
create index reports_shared_ix on reports (lower(name), id) where shared;
