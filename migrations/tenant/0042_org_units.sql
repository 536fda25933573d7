-- Departments and locations, each a tree, and positions: how the organization is built beside who reports to whom. code is what an
-- HR system calls it; "" for none. What a unit was called and where it stood on a day is in org_unit_spans, as manager_spans does it.
create table org_units (
    id         uuid not null,
    kind       text not null,
    parent_id  uuid,
    code       text not null,
    name       text not null,
    closed_at  timestamptz,
    revision   integer not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint org_units_pk primary key (id),
    constraint org_units_parent_fk foreign key (parent_id) references org_units (id),
    constraint org_units_kind_ck check (kind in ('department', 'location', 'position')),
    constraint org_units_position_ck check (kind <> 'position' or parent_id is null)
);
create unique index org_units_code_uq on org_units (kind, lower(code)) where code <> '';
create unique index org_units_name_uq on org_units (kind, coalesce(parent_id, '00000000-0000-0000-0000-000000000000'), lower(name)) where closed_at is null;
create index org_units_parent_ix on org_units (parent_id);

create table org_unit_spans (
    id            uuid not null,
    unit_id       uuid not null,
    parent_id     uuid,
    name          text not null,
    valid_from    date not null,
    valid_to      date,
    recorded_at   timestamptz not null,
    recorded_by   uuid,
    superseded_at timestamptz,
    constraint org_unit_spans_pk primary key (id),
    constraint org_unit_spans_unit_fk foreign key (unit_id) references org_units (id) on delete cascade,
    constraint org_unit_spans_days_ck check (valid_to is null or valid_to > valid_from)
);
create unique index org_unit_spans_live_uq on org_unit_spans (unit_id) where valid_to is null and superseded_at is null;
create index org_unit_spans_unit_ix on org_unit_spans (unit_id, valid_from);

-- Fields of a person that a portal defines itself. seen_by and edited_by: who may manage people, who may look people up, the person.
create table person_fields (
    id          uuid not null,
    code        text not null,
    name        text not null,
    kind        text not null,
    choices     jsonb not null,
    pattern     text not null,
    required    boolean not null,
    seen_by     text not null,
    edited_by   text not null,
    archived_at timestamptz,
    revision    integer not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    constraint person_fields_pk primary key (id),
    constraint person_fields_kind_ck check (kind in ('text', 'number', 'date', 'choice')),
    constraint person_fields_seen_ck check (seen_by in ('manage', 'read', 'self')),
    constraint person_fields_edited_ck check (edited_by in ('manage', 'self'))
);
create unique index person_fields_code_uq on person_fields (lower(code));

-- Where a person was placed, whom they had as a manager beside their line's (manager_spans), and what their fields said, from which day
-- to which, as known from when.
create table person_spans (
    id            uuid not null,
    person_id     uuid not null,
    kind          text not null,
    unit_id       uuid,
    manager_id    uuid,
    field_id      uuid,
    value         text,
    valid_from    date not null,
    valid_to      date,
    recorded_at   timestamptz not null,
    recorded_by   uuid,
    superseded_at timestamptz,
    constraint person_spans_pk primary key (id),
    constraint person_spans_person_fk foreign key (person_id) references people (id) on delete cascade,
    constraint person_spans_manager_fk foreign key (manager_id) references people (id) on delete cascade,
    constraint person_spans_unit_fk foreign key (unit_id) references org_units (id) on delete cascade,
    constraint person_spans_field_fk foreign key (field_id) references person_fields (id) on delete cascade,
    constraint person_spans_days_ck check (valid_to is null or valid_to > valid_from),
    constraint person_spans_kind_ck check (kind in ('department', 'location', 'position') and unit_id is not null or kind in ('functional', 'mentor') and manager_id is not null or kind = 'field' and field_id is not null and value is not null)
);
create unique index person_spans_live_uq on person_spans (person_id, kind, coalesce(field_id, '00000000-0000-0000-0000-000000000000')) where valid_to is null and superseded_at is null;
create index person_spans_person_ix on person_spans (person_id, valid_from);
create index person_spans_unit_ix on person_spans (unit_id) where valid_to is null and superseded_at is null;
create index person_spans_manager_ix on person_spans (manager_id);
create index person_spans_field_ix on person_spans (field_id);

-- Which managers beside the line's see people under /team.
create table team_kinds (
    kind text not null,
    constraint team_kinds_pk primary key (kind),
    constraint team_kinds_kind_ck check (kind in ('functional', 'mentor'))
);

-- Who has whom under /team: the line at any distance, and directly those whose manager of a kind that counts they are.
create view team_lines as
select manager_id, person_id, depth from reporting_lines
union all
select s.manager_id, s.person_id, 1 from person_spans s
where s.valid_to is null and s.superseded_at is null and s.manager_id is not null and s.kind in (select k.kind from team_kinds k);
