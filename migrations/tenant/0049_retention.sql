-- How long what is kept of people is kept, where a portal chose otherwise than the product, and what went. A tenant's role still deletes neither
-- events nor the history of duties: the administrator does, by age alone.
create table retention_rules (
    line     text not null,
    days     integer not null,
    saved_by uuid not null,
    saved_at timestamptz not null,
    constraint retention_rules_pk primary key (line),
    constraint retention_rules_days_ck check (days >= 0)
);
create table retention_runs (
    id       uuid not null,
    began_at timestamptz not null,
    ended_at timestamptz,
    counts   jsonb not null,
    constraint retention_runs_pk primary key (id)
);
