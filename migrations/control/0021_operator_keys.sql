-- Keys by which programs run the platform, as an operator and within scopes. Of the secret only a hash is kept.
create table control.operator_keys (
    id           uuid not null,
    name         text not null,
    prefix       text not null,
    hash         bytea not null,
    scopes       text not null,
    operator_id  uuid not null,
    created_at   timestamptz not null,
    expires_at   timestamptz not null,
    last_used_at timestamptz,
    last_ip      text not null,
    revoked_at   timestamptz,
    revoked_by   text not null,
    constraint operator_keys_pk primary key (id),
    constraint operator_keys_hash_uq unique (hash),
    constraint operator_keys_operator_fk foreign key (operator_id) references control.operators (id)
);
create index operator_keys_operator_ix on control.operator_keys (operator_id);
grant select, insert, update on control.operator_keys to lyceum_app;
