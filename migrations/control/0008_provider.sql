-- What a payment provider told us, each message once, as it came. It is written before anything is done about it; what is done
-- about it, a worker does. What a message carries is not believed: the object it names is read again.
create table control.provider_events (
    id          uuid not null,
    provider    text not null,
    event_id    text not null,
    type        text not null,
    object      text not null,
    ref         text not null,
    customer    text not null,
    source      text not null,
    payload     bytea not null,
    at          timestamptz not null,
    received_at timestamptz not null,
    state       text not null,
    attempts    integer not null,
    next_try_at timestamptz not null,
    error       text not null,
    done_at     timestamptz,
    constraint provider_events_pk primary key (id),
    constraint provider_events_once_uq unique (provider, event_id),
    constraint provider_events_state_ck check (state in ('waiting', 'done', 'ignored', 'parked')),
    constraint provider_events_source_ck check (source in ('webhook', 'gap', 'here'))
);
create index provider_events_waiting_ix on control.provider_events (next_try_at, id) where state = 'waiting';
create index provider_events_state_ix on control.provider_events (state, id);

-- Since when a provider is asked for what it could not deliver.
create table control.provider_marks (
    provider text not null,
    since    timestamptz not null,
    constraint provider_marks_pk primary key (provider)
);

grant select, insert, update, delete on control.provider_events to lyceum_app;
grant select, insert, update on control.provider_marks to lyceum_app;
