-- The catalogue grown up: where a course stands, who sees it, what it teaches, in which languages, and who reads it over
-- before it is published. Columns are added nullable (DESIGN.md section 5); null is the column's zero value unless it says otherwise.

-- null: everyone.
alter table courses add column visibility text;
alter table courses add constraint courses_visibility_ck check (visibility in ('', 'everyone', 'groups', 'request'));
alter table courses add column category_id uuid;
alter table courses add column template boolean;
-- How many may be in the course at once; null or 0: any number.
alter table courses add column capacity integer;
alter table courses add column waiting_list boolean;
-- null: nobody asked for a review of the draft.
alter table courses add column review text;
alter table courses add constraint courses_review_ck check (review in ('', 'requested', 'approved', 'returned'));
alter table courses add column review_note text;
alter table courses add column review_asked_by uuid;
alter table courses add column reviewed_by uuid;
-- The revision of the course that was approved: a later change asks anew.
alter table courses add column reviewed_revision integer;

-- null: published before it was noted who did it, or by the system.
alter table course_versions add column published_by uuid;

create table categories (
    id        uuid not null,
    parent_id uuid,
    name      text not null,
    position  integer not null,
    constraint categories_pk primary key (id),
    constraint categories_parent_fk foreign key (parent_id) references categories (id)
);
create unique index categories_name_uq on categories (coalesce(parent_id, '00000000-0000-0000-0000-000000000000'), lower(name));

alter table courses add constraint courses_category_fk foreign key (category_id) references categories (id) on delete set null;

create table course_tags (
    course_id uuid not null,
    tag       text not null,
    constraint course_tags_pk primary key (course_id, tag),
    constraint course_tags_course_fk foreign key (course_id) references courses (id) on delete cascade
);
create index course_tags_tag_ix on course_tags (tag, course_id);

-- What a person can do once they have completed a course that teaches it.
create table skills (
    id          uuid not null,
    name        text not null,
    description text not null,
    created_at  timestamptz not null,
    constraint skills_pk primary key (id)
);
create unique index skills_name_uq on skills (lower(name));

create table course_skills (
    course_id uuid not null,
    skill_id  uuid not null,
    constraint course_skills_pk primary key (course_id, skill_id),
    constraint course_skills_course_fk foreign key (course_id) references courses (id) on delete cascade,
    constraint course_skills_skill_fk foreign key (skill_id) references skills (id) on delete cascade
);
create index course_skills_skill_ix on course_skills (skill_id);

-- Who sees a course whose visibility is groups.
create table course_groups (
    course_id uuid not null,
    group_id  uuid not null,
    constraint course_groups_pk primary key (course_id, group_id),
    constraint course_groups_course_fk foreign key (course_id) references courses (id) on delete cascade,
    constraint course_groups_group_fk foreign key (group_id) references groups (id) on delete cascade
);
create index course_groups_group_ix on course_groups (group_id);

-- A version in another language than its own: part is the version itself, a module or a lesson. What is empty falls back.
-- The version's own row says that the language is on offer. source is a digest of each text that was translated, to tell
-- what changed in the original since.
create table version_texts (
    version_id       uuid not null,
    language         text not null,
    part             uuid not null,
    title            text not null,
    body             text not null,
    file_id          uuid,
    captions_file_id uuid,
    questions        jsonb,
    source           jsonb not null,
    constraint version_texts_pk primary key (version_id, language, part),
    constraint version_texts_version_fk foreign key (version_id) references course_versions (id) on delete cascade,
    constraint version_texts_file_fk foreign key (file_id) references files (id),
    constraint version_texts_captions_fk foreign key (captions_file_id) references files (id)
);

-- What the built-in roles may from now on; a schema without roles gets all lines when it is given to a tenant.
insert into policies (ptype, v0, v1, v2)
select 'p', n.role, n.object, n.action from (values
    ('instructor', 'course', 'review'), ('instructor', 'path', 'edit'), ('instructor', 'enrolment', 'mark'),
    ('admin', 'catalogue', 'manage'), ('admin', 'group', 'manage')) as n (role, object, action)
where exists (select 1 from roles where code = 'admin')
on conflict do nothing;
