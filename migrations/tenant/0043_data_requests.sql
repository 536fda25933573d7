-- Copies of what is kept of a person, for themselves (GDPR Art. 15 and 20): who asked, how far it is, and where the file is. No foreign key
-- to people: that somebody was answered is proof beyond their erasure, which removes the file.
create table data_requests (
    id         uuid not null,
    person_id  uuid not null,
    by_self    boolean not null,
    asked_by   uuid not null,
    locale     text not null,
    zone       text not null,
    status     text not null,
    parts      integer not null,
    done       integer not null,
    attempts   integer not null,
    object     text not null,
    bytes      bigint not null,
    sha256     text not null,
    asked_at   timestamptz not null,
    ready_at   timestamptz,
    expires_at timestamptz,
    constraint data_requests_pk primary key (id),
    constraint data_requests_status_ck check (status in ('waiting', 'working', 'ready', 'failed', 'expired'))
);
create unique index data_requests_open_uq on data_requests (person_id, by_self) where status in ('waiting', 'working');
create index data_requests_person_ix on data_requests (person_id, id);
