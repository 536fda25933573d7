-- Evidence packs: for a requirement and a period one signed file, made by a job, kept for some days.
create table evidence_packs (
    id             uuid not null,
    requirement_id uuid not null,
    from_at        timestamptz not null,
    until_at       timestamptz not null,
    status         text not null,
    asked_by       uuid,
    asked_at       timestamptz not null,
    people         integer not null,
    done           integer not null,
    object         text not null,
    bytes          bigint not null,
    sha256         text not null,
    ready_at       timestamptz,
    expires_at     timestamptz,
    constraint evidence_packs_pk primary key (id),
    constraint evidence_packs_status_ck check (status in ('waiting', 'working', 'ready', 'expired'))
);
create unique index evidence_packs_open_uq on evidence_packs (requirement_id) where status in ('waiting', 'working');
create index evidence_packs_requirement_ix on evidence_packs (requirement_id, id);
