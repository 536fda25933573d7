-- Messages to browsers (RFC 8030). The pair that they are signed with is the portal's: browsers give their subscriptions to one key only.
-- sealed is the private half, under the master key.
create table push_keys (
    id         uuid not null,
    public     text not null,
    sealed     bytea not null,
    created_at timestamptz not null,
    constraint push_keys_pk primary key (id)
);
create unique index push_keys_one_uq on push_keys ((true));

-- A browser of a person that takes messages. A browser belongs to who registered it last: endpoint is its own. session_id is the session
-- that it was registered or seen in, which it ends with when somebody signs out; sessions that run out leave it.
create table push_devices (
    id         uuid not null,
    person_id  uuid not null,
    session_id uuid,
    endpoint   text not null,
    p256dh     bytea not null,
    auth       bytea not null,
    user_agent text not null,
    added_at   timestamptz not null,
    used_at    timestamptz,
    constraint push_devices_pk primary key (id),
    constraint push_devices_endpoint_uq unique (endpoint),
    constraint push_devices_person_fk foreign key (person_id) references people (id) on delete cascade
);
create index push_devices_person_ix on push_devices (person_id);

-- What was sent to a device: source is the event or reminder that it tells of, once for each device. batch is the event whose job sends it.
-- A row in state sending whose process died stays so: nobody knows whether it went out, and it is not sent again.
create table push_sends (
    id        uuid not null,
    batch     uuid not null,
    source    uuid not null,
    person_id uuid not null,
    device_id uuid,
    kind      text not null,
    data      jsonb not null,
    path      text not null,
    state     text not null,
    attempts  integer not null,
    status    integer not null,
    made_at   timestamptz not null,
    next_at   timestamptz not null,
    ended_at  timestamptz,
    constraint push_sends_pk primary key (id),
    constraint push_sends_once_uq unique (source, device_id),
    constraint push_sends_person_fk foreign key (person_id) references people (id) on delete cascade,
    constraint push_sends_device_fk foreign key (device_id) references push_devices (id) on delete set null,
    constraint push_sends_state_ck check (state in ('waiting', 'sending', 'sent', 'gone', 'refused', 'dropped'))
);
create index push_sends_waiting_ix on push_sends (batch, next_at) where state = 'waiting';
create index push_sends_device_ix on push_sends (device_id);
create index push_sends_person_ix on push_sends (person_id);
