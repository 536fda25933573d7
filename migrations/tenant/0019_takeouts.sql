-- Takeouts: everything that there is, as CSV, JSON and files in one archive, made by a job for who goes or wants a copy.
create table takeouts (
    id         uuid not null,
    status     text not null,
    asked_by   uuid,
    asked_at   timestamptz not null,
    parts      integer not null,
    done       integer not null,
    part       text not null,
    object     text not null,
    bytes      bigint not null,
    sha256     text not null,
    problem    text not null,
    ready_at   timestamptz,
    expires_at timestamptz,
    constraint takeouts_pk primary key (id),
    constraint takeouts_status_ck check (status in ('waiting', 'working', 'ready', 'failed', 'expired'))
);
create unique index takeouts_open_uq on takeouts ((true)) where status in ('waiting', 'working');

-- What the built-in roles may from now on; a schema without roles gets all lines when it is given to a tenant.
insert into policies (ptype, v0, v1, v2)
select 'p', n.role, n.object, n.action from (values ('owner', 'portal', 'leave')) as n (role, object, action)
where exists (select 1 from roles where code = 'owner')
on conflict do nothing;
