-- Identity: who vouches for people, who creates them, what they prove beside a password, and what an auditor may read.
-- Columns are added nullable (DESIGN.md section 5); what null means stands beside each.

-- What a directory or identity provider knows of a person beside name and e-mail; null: nothing. auth.Attributes.
alter table people add column attributes jsonb;
alter table people add column manager_id uuid;
alter table people add constraint people_manager_fk foreign key (manager_id) references people (id) on delete set null;

-- How a session was opened and what was proven; null: by password, before this release.
alter table sessions add column method text;
alter table sessions add column factors text;
alter table sessions add column verified_at timestamptz;
alter table sessions add column connection_id uuid;
alter table sessions add column idp_subject text;
alter table sessions add column idp_session text;
alter table sessions add column idp_sealed bytea;
-- The identity provider's own end of the session (SessionNotOnOrAfter); null: it sets none.
alter table sessions add column ends_at timestamptz;
create index sessions_idp_ix on sessions (connection_id, idp_subject);

alter table roles add column description text;
create unique index roles_name_uq on roles (lower(name));

-- The connection or directory that gave the role and takes it again; null: it was given by hand.
alter table person_roles add column source uuid;

-- Someone else who vouches: an identity provider or a directory that checks passwords.
create table connections (
    id         uuid not null,
    kind       text not null,
    product    text not null,
    name       text not null,
    status     text not null,
    position   integer not null,
    settings   jsonb not null,
    secrets    bytea,
    mapping    jsonb not null,
    role_rules jsonb not null,
    admission  jsonb not null,
    revision   integer not null,
    checked_at timestamptz,
    problem    text not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint connections_pk primary key (id),
    constraint connections_kind_ck check (kind in ('saml', 'oidc', 'ldap')),
    constraint connections_status_ck check (status in ('off', 'dry_run', 'on'))
);

-- Our own keys towards identity providers: the next one is published before it signs.
create table signing_keys (
    id          uuid not null,
    certificate text not null,
    sealed      bytea not null,
    created_at  timestamptz not null,
    current_at  timestamptz,
    retired_at  timestamptz,
    expires_at  timestamptz not null,
    constraint signing_keys_pk primary key (id)
);
create unique index signing_keys_next_uq on signing_keys ((current_at is null)) where current_at is null and retired_at is null;
create unique index signing_keys_current_uq on signing_keys ((current_at is null)) where current_at is not null and retired_at is null;

-- That something expires is told once for each thing and step, through crashes.
create table expiry_warnings (
    what      text not null,
    step      integer not null,
    warned_at timestamptz not null,
    constraint expiry_warnings_pk primary key (what, step)
);

-- What the polls of a connection's metadata know beside its settings: certificates that the identity provider no longer
-- names are kept for a while.
create table metadata_polls (
    connection_id uuid not null,
    next_at       timestamptz not null,
    fingerprint   text not null,
    leaving       jsonb not null,
    constraint metadata_polls_pk primary key (connection_id),
    constraint metadata_polls_connection_fk foreign key (connection_id) references connections (id) on delete cascade
);

-- E-mail domains of the organization. That a domain is proven for one tenant only is control.email_domains' to keep.
create table email_domains (
    domain        text not null,
    token         text not null,
    connection_id uuid,
    policy        text not null,
    policy_from   timestamptz,
    verified_at   timestamptz,
    checked_at    timestamptz,
    missing_since timestamptz,
    created_at    timestamptz not null,
    constraint email_domains_pk primary key (domain),
    constraint email_domains_connection_fk foreign key (connection_id) references connections (id) on delete set null,
    constraint email_domains_policy_ck check (policy in ('', 'optional', 'required'))
);

-- Who a person is at a connection. A subject is linked to one person, for ever.
create table identities (
    id            uuid not null,
    person_id     uuid not null,
    connection_id uuid not null,
    issuer        text not null,
    subject       text not null,
    linked_by     text not null,
    linked_at     timestamptz not null,
    seen_at       timestamptz not null,
    constraint identities_pk primary key (id),
    constraint identities_subject_uq unique (connection_id, subject),
    constraint identities_person_fk foreign key (person_id) references people (id) on delete cascade,
    constraint identities_connection_fk foreign key (connection_id) references connections (id) on delete cascade
);
create index identities_person_ix on identities (person_id);

-- What is under way between here and a browser: a sign-on, a dry run, a first link, a second factor, a step-up. Only
-- hashes of what the browser and the other side hold; used once.
create table handshakes (
    id            uuid not null,
    hash          bytea not null,
    browser       bytea,
    purpose       text not null,
    connection_id uuid,
    person_id     uuid,
    sealed        bytea not null,
    tries         integer not null,
    created_at    timestamptz not null,
    expires_at    timestamptz not null,
    used_at       timestamptz,
    constraint handshakes_pk primary key (id),
    constraint handshakes_hash_uq unique (hash),
    constraint handshakes_connection_fk foreign key (connection_id) references connections (id) on delete cascade,
    constraint handshakes_person_fk foreign key (person_id) references people (id) on delete cascade
);
create index handshakes_expiry_ix on handshakes (expires_at);

-- Assertions and logout tokens that were accepted, until they expire: none is accepted twice.
create table seen_assertions (
    hash       bytea not null,
    expires_at timestamptz not null,
    constraint seen_assertions_pk primary key (hash)
);
create index seen_assertions_expiry_ix on seen_assertions (expires_at);

-- The trace: the last attempts of each connection, redacted.
create table sign_on_attempts (
    id            uuid not null,
    connection_id uuid not null,
    outcome       text not null,
    reason        text not null,
    person_id     uuid,
    subject       text not null,
    ip            text not null,
    checks        jsonb not null,
    claims        jsonb not null,
    result        jsonb not null,
    at            timestamptz not null,
    constraint sign_on_attempts_pk primary key (id),
    constraint sign_on_attempts_connection_fk foreign key (connection_id) references connections (id) on delete cascade,
    constraint sign_on_attempts_outcome_ck check (outcome in ('admitted', 'refused', 'dry_run'))
);
create index sign_on_attempts_connection_ix on sign_on_attempts (connection_id, id);

-- Links by which an IT person without an account sets a connection or directory up.
create table setup_links (
    id            uuid not null,
    hash          bytea not null,
    name          text not null,
    email         text not null,
    kind          text not null,
    mailed        boolean not null,
    connection_id uuid,
    directory_id  uuid,
    created_by    uuid not null,
    created_at    timestamptz not null,
    expires_at    timestamptz not null,
    opened_at     timestamptz,
    browser       bytea,
    finished_at   timestamptz,
    revoked_at    timestamptz,
    constraint setup_links_pk primary key (id),
    constraint setup_links_hash_uq unique (hash)
);

-- Directories that create, change and deactivate people: SCIM clients with their tokens, LDAP servers we read.
create table directories (
    id            uuid not null,
    kind          text not null,
    name          text not null,
    status        text not null,
    mode          text not null,
    connection_id uuid,
    settings      jsonb not null,
    secrets       bytea,
    mapping       jsonb not null,
    role_rules    jsonb not null,
    revision      integer not null,
    synced_at     timestamptz,
    problem       text not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    constraint directories_pk primary key (id),
    constraint directories_connection_fk foreign key (connection_id) references connections (id) on delete set null,
    constraint directories_kind_ck check (kind in ('scim', 'ldap')),
    constraint directories_status_ck check (status in ('off', 'dry_run', 'on'))
);

create table directory_tokens (
    id           uuid not null,
    directory_id uuid not null,
    name         text not null,
    prefix       text not null,
    hash         bytea not null,
    created_by   uuid,
    created_at   timestamptz not null,
    expires_at   timestamptz not null,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    constraint directory_tokens_pk primary key (id),
    constraint directory_tokens_hash_uq unique (hash),
    constraint directory_tokens_directory_fk foreign key (directory_id) references directories (id) on delete cascade
);

-- Who a person is in a directory. resource is what the directory said (a SCIM User, an LDAP entry's attributes); emails are
-- its addresses in small letters, to be found by (null: not looked for so). One whom the directory deleted stays with the
-- time in unlinked_at: creating them again links the same person. external_id is not unique: RFC 7643 §3.1 leaves it to
-- the client, and clients give it twice.
create table directory_people (
    directory_id uuid not null,
    person_id    uuid not null,
    external_id  text,
    user_name    text not null,
    active       boolean not null,
    emails       text[],
    resource     jsonb not null,
    revision     integer not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    unlinked_at  timestamptz,
    constraint directory_people_pk primary key (directory_id, person_id),
    constraint directory_people_directory_fk foreign key (directory_id) references directories (id) on delete cascade,
    constraint directory_people_person_fk foreign key (person_id) references people (id) on delete cascade
);
create unique index directory_people_user_name_uq on directory_people (directory_id, user_name) where unlinked_at is null;
create index directory_people_unlinked_ix on directory_people (directory_id) where unlinked_at is not null;
create index directory_people_external_ix on directory_people (directory_id, external_id);
create index directory_people_emails_ix on directory_people using gin (emails);
create index directory_people_person_ix on directory_people (person_id);

-- The last requests of each SCIM directory, redacted, to be read and replayed. outcome is what they changed or would have.
create table directory_requests (
    id           uuid not null,
    directory_id uuid not null,
    method       text not null,
    path         text not null,
    status       integer not null,
    request      text not null,
    response     text not null,
    outcome      jsonb not null,
    dry_run      boolean not null,
    millis       integer not null,
    at           timestamptz not null,
    constraint directory_requests_pk primary key (id),
    constraint directory_requests_directory_fk foreign key (directory_id) references directories (id) on delete cascade
);
create index directory_requests_directory_ix on directory_requests (directory_id, id);

-- The last readings of each LDAP directory: what they changed, or would have. beat_at is the last sign of life; at most one
-- runs at a time.
create table directory_runs (
    id           uuid not null,
    directory_id uuid not null,
    dry_run      boolean not null,
    requested_by uuid,
    started_at   timestamptz not null,
    beat_at      timestamptz not null,
    ended_at     timestamptz,
    outcome      text not null,
    problem      text not null,
    counts       jsonb not null,
    changes      jsonb not null,
    report       jsonb not null,
    constraint directory_runs_pk primary key (id),
    constraint directory_runs_directory_fk foreign key (directory_id) references directories (id) on delete cascade,
    constraint directory_runs_outcome_ck check (outcome in ('running', 'done', 'held', 'incomplete', 'failed'))
);
create unique index directory_runs_running_uq on directory_runs (directory_id) where ended_at is null;
create index directory_runs_directory_ix on directory_runs (directory_id, id);

-- Groups of people: kept by a directory, or by hand (directory_id null).
create table groups (
    id           uuid not null,
    name         text not null,
    directory_id uuid,
    external_id  text,
    revision     integer not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    constraint groups_pk primary key (id),
    constraint groups_directory_fk foreign key (directory_id) references directories (id) on delete cascade
);
create index groups_external_ix on groups (directory_id, external_id);

-- display is what the directory calls the member; null: nothing of its own.
create table group_members (
    group_id  uuid not null,
    person_id uuid not null,
    display   text,
    constraint group_members_pk primary key (group_id, person_id),
    constraint group_members_group_fk foreign key (group_id) references groups (id) on delete cascade,
    constraint group_members_person_fk foreign key (person_id) references people (id) on delete cascade
);
create index group_members_person_ix on group_members (person_id);

-- Second factors, passkeys that are one alone, and browsers that are spared one. sealed is a TOTP seed; a passkey's public
-- half and the hashes of recovery codes are in data. credential_id is a passkey's, or the hash of a browser's secret.
create table factors (
    id            uuid not null,
    person_id     uuid not null,
    kind          text not null,
    name          text not null,
    sealed        bytea,
    credential_id bytea,
    data          jsonb not null,
    last_step     bigint not null,
    created_at    timestamptz not null,
    confirmed_at  timestamptz,
    last_used_at  timestamptz,
    constraint factors_pk primary key (id),
    constraint factors_credential_uq unique (credential_id),
    constraint factors_person_fk foreign key (person_id) references people (id) on delete cascade,
    constraint factors_kind_ck check (kind in ('totp', 'passkey', 'recovery', 'browser'))
);
create index factors_person_ix on factors (person_id);

-- Local sign-in opened by two owners while the identity provider is down.
create table break_glass (
    id           uuid not null,
    reason       text not null,
    requested_by uuid not null,
    requested_at timestamptz not null,
    expires_at   timestamptz not null,
    minutes      integer not null,
    approved_by  uuid,
    approved_at  timestamptz,
    open_until   timestamptz,
    ended_by     uuid,
    ended_at     timestamptz,
    constraint break_glass_pk primary key (id),
    constraint break_glass_two_ck check (approved_by is null or approved_by <> requested_by),
    constraint break_glass_open_ck check (open_until is null or approved_by is not null)
);

-- The audit log: append-only by privilege, each entry chained to the one before by its hash. data is text, so that the
-- bytes that were hashed are the bytes that are kept.
create table audit (
    seq          bigint not null,
    id           uuid not null,
    type         text not null,
    actor_id     uuid,
    actor_kind   text not null,
    subject_type text not null,
    subject_id   uuid not null,
    ip           text not null,
    request_id   text not null,
    data         text not null,
    at           timestamptz not null,
    prev         bytea not null,
    hash         bytea not null,
    constraint audit_pk primary key (seq),
    constraint audit_id_uq unique (id)
);
create index audit_subject_ix on audit (subject_id, seq);
create index audit_actor_ix on audit (actor_id, seq);
revoke update, delete on audit from {role};

-- What administrators may from now on; a schema without roles gets all lines when it is given to a tenant.
insert into policies (ptype, v0, v1, v2)
select 'p', 'admin', n.object, 'manage' from (values ('connection'), ('security'), ('role')) as n (object)
where exists (select 1 from roles where code = 'admin')
on conflict do nothing;
