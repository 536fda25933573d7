-- What operators say on the pages of many portals at once, and when portals stand still for work on them. tenants, plans and states
-- are lists that narrow to whom; an empty one narrows nothing. texts is {language: text}.
create table control.banners (
    id          uuid not null,
    kind        text not null,
    texts       jsonb not null,
    link        text not null,
    readers     text not null,
    dismissible boolean not null,
    tenants     jsonb not null,
    plans       jsonb not null,
    states      jsonb not null,
    from_at     timestamptz not null,
    until_at    timestamptz not null,
    ended_at    timestamptz,
    revision    integer not null,
    by_name     text not null,
    created_at  timestamptz not null,
    constraint banners_pk primary key (id),
    constraint banners_kind_ck check (kind in ('info', 'warning')),
    constraint banners_readers_ck check (readers in ('everyone', 'people', 'admins')),
    constraint banners_time_ck check (from_at < until_at)
);
create index banners_until_ix on control.banners (until_at);

-- Who has put a banner away. It goes with the banner and with the portal.
create table control.banner_dismissals (
    banner_id uuid not null,
    tenant_id uuid not null,
    person_id uuid not null,
    at        timestamptz not null,
    constraint banner_dismissals_pk primary key (tenant_id, person_id, banner_id),
    constraint banner_dismissals_banner_fk foreign key (banner_id) references control.banners (id) on delete cascade,
    constraint banner_dismissals_tenant_fk foreign key (tenant_id) references control.tenants (id) on delete cascade
);
create index banner_dismissals_banner_ix on control.banner_dismissals (banner_id);

-- A window begins and ends by the clock: no process has to open or close it, and none that dies leaves it open.
create table control.maintenance_windows (
    id          uuid not null,
    mode        text not null,
    texts       jsonb not null,
    holds_jobs  boolean not null,
    tenants     jsonb not null,
    plans       jsonb not null,
    states      jsonb not null,
    announce_at timestamptz not null,
    from_at     timestamptz not null,
    until_at    timestamptz not null,
    ended_at    timestamptz,
    revision    integer not null,
    by_name     text not null,
    created_at  timestamptz not null,
    constraint maintenance_windows_pk primary key (id),
    constraint maintenance_windows_mode_ck check (mode in ('read_only', 'closed')),
    constraint maintenance_windows_time_ck check (from_at < until_at and announce_at <= from_at)
);
create index maintenance_windows_until_ix on control.maintenance_windows (until_at);

grant select, insert, update on control.banners, control.maintenance_windows to lyceum_app;
grant select, insert, delete on control.banner_dismissals to lyceum_app;
