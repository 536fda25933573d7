-- Operators invite operators: a link that works once, for three days. Of the link only a hash is kept.
create table control.operator_invitations (
    id         uuid not null,
    hash       bytea not null,
    email      text not null,
    name       text not null,
    role       text not null,
    by_id      uuid not null,
    by_name    text not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint operator_invitations_pk primary key (id),
    constraint operator_invitations_hash_uq unique (hash),
    constraint operator_invitations_email_uq unique (email),
    constraint operator_invitations_role_ck check (role in ('admin', 'operator', 'reader'))
);
grant select, insert, delete on control.operator_invitations to lyceum_app;
