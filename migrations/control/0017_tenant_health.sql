-- How each tenant does, gathered by a chore every few minutes, so that the list of thousands asks one table. reasons is a list of
-- {"code", "number"}; owners are the e-mail addresses of its owners, to be found by them. No row holds what a learner did.
create table control.tenant_health (
    tenant_id       uuid not null,
    verdict         text not null,
    reasons         jsonb not null,
    active_learners bigint not null,
    job_lag         integer not null,
    jobs_waiting    integer not null,
    jobs_failing    integer not null,
    event_lag       integer not null,
    mails_failed    integer not null,
    requests_failed integer not null,
    sign_ons        integer not null,
    sign_ons_refused integer not null,
    storage_used    bigint not null,
    storage_limit   bigint not null,
    owners          text not null,
    last_error_at   timestamptz,
    checked_at      timestamptz not null,
    constraint tenant_health_pk primary key (tenant_id),
    constraint tenant_health_tenant_fk foreign key (tenant_id) references control.tenants (id) on delete cascade,
    constraint tenant_health_verdict_ck check (verdict in ('good', 'warn', 'bad'))
);

-- What failed, counted by the hour: the route's pattern or the job's name and the sort of error, never an error's text or an
-- address, which may name people. request_id is that of the last one, to be looked for in the logs.
create table control.tenant_errors (
    tenant_id  uuid not null,
    kind       text not null,
    what       text not null,
    class      text not null,
    hour       timestamptz not null,
    count      integer not null,
    last_at    timestamptz not null,
    request_id text not null,
    constraint tenant_errors_pk primary key (tenant_id, kind, what, class, hour),
    constraint tenant_errors_tenant_fk foreign key (tenant_id) references control.tenants (id) on delete cascade,
    constraint tenant_errors_kind_ck check (kind in ('request', 'job', 'mail'))
);
create index tenant_errors_hour_ix on control.tenant_errors (hour);

grant select, insert, update, delete on control.tenant_health, control.tenant_errors to lyceum_app;
