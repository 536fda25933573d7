-- Files of reports that are made by a job: what was asked for, how far it is, and where the file is. wish is text: it is read whole.
create table report_exports (
    id         uuid not null,
    person_id  uuid not null,
    wish       text not null,
    format     text not null,
    zone       text not null,
    locale     text not null,
    status     text not null,
    lines      integer not null,
    done       integer not null,
    attempts   integer not null,
    problem    text not null,
    object     text not null,
    bytes      bigint not null,
    sha256     text not null,
    asked_at   timestamptz not null,
    ready_at   timestamptz,
    expires_at timestamptz,
    constraint report_exports_pk primary key (id),
    constraint report_exports_status_ck check (status in ('waiting', 'working', 'ready', 'failed', 'cancelled', 'expired'))
);
create index report_exports_person_ix on report_exports (person_id, id);
