-- Banks of questions, who may see and change them, and questions with their versions.

-- everyone is what all who write courses may do with the bank: '', see or edit.
create table banks (
    id          uuid not null,
    name        text not null,
    about       text not null,
    owner_id    uuid,
    everyone    text not null,
    revision    integer not null,
    archived_at timestamptz,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    constraint banks_pk primary key (id),
    constraint banks_owner_fk foreign key (owner_id) references people (id) on delete set null,
    constraint banks_everyone_ck check (everyone in ('', 'see', 'edit'))
);
create index banks_name_ix on banks (lower(name), id);

-- With whom a bank is shared: a role or a group.
create table bank_shares (
    id       uuid not null,
    bank_id  uuid not null,
    role     text,
    group_id uuid,
    may_edit boolean not null,
    constraint bank_shares_pk primary key (id),
    constraint bank_shares_bank_fk foreign key (bank_id) references banks (id) on delete cascade,
    constraint bank_shares_role_fk foreign key (role) references roles (code) on delete cascade,
    constraint bank_shares_group_fk foreign key (group_id) references groups (id) on delete cascade,
    constraint bank_shares_one_ck check ((role is null) <> (group_id is null))
);
create unique index bank_shares_role_uq on bank_shares (bank_id, role) where role is not null;
create unique index bank_shares_group_uq on bank_shares (bank_id, group_id) where group_id is not null;

-- body is what is being written; what is asked is a row of question_versions, which never changes. version is the last
-- one published, 0 for none. words is what a search looks through. folder is a path of names, parted by slashes.
create table questions (
    id          uuid not null,
    bank_id     uuid not null,
    folder      text not null,
    kind        text not null,
    title       text not null,
    tags        jsonb not null,
    difficulty  integer not null,
    body        jsonb not null,
    words       text not null,
    revision    integer not null,
    version     integer not null,
    changed     boolean not null,
    archived_at timestamptz,
    created_by  uuid,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    constraint questions_pk primary key (id),
    constraint questions_bank_fk foreign key (bank_id) references banks (id),
    constraint questions_difficulty_ck check (difficulty between 0 and 5),
    constraint questions_version_ck check (version >= 0)
);
create index questions_bank_ix on questions (bank_id, lower(title), id);
create index questions_tags_ix on questions using gin (tags jsonb_path_ops);

create table question_versions (
    question_id uuid not null,
    number      integer not null,
    body        jsonb not null,
    created_by  uuid,
    created_at  timestamptz not null,
    constraint question_versions_pk primary key (question_id, number),
    constraint question_versions_question_fk foreign key (question_id) references questions (id) on delete cascade
);
