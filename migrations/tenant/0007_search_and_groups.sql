-- Groups by rule, whose people are enrolled where, and what is found by searching. null rule: members are chosen by hand.
alter table groups add column description text;
alter table groups add column rule jsonb;
-- When the rule was last compared with everyone; null: never.
alter table groups add column settled_at timestamptz;
-- Directories may call two groups the same; people who make groups by hand may not.
create unique index groups_name_uq on groups (lower(name)) where directory_id is null;

-- Groups whose people are enrolled in a course: those of one day, or also those who join the group later. finished_at is
-- null while the work waits or runs; problem is why people were left out.
create table intakes (
    group_id    uuid not null,
    course_id   uuid not null,
    later       boolean not null,
    created_by  uuid,
    created_at  timestamptz not null,
    finished_at timestamptz,
    enrolled    integer not null,
    problem     text not null,
    constraint intakes_pk primary key (group_id, course_id),
    constraint intakes_group_fk foreign key (group_id) references groups (id) on delete cascade,
    constraint intakes_course_fk foreign key (course_id) references courses (id) on delete cascade
);
create index intakes_course_ix on intakes (course_id);

-- One row for each thing that can be found in each of its languages: kind and ref say which, part counts the pieces of a
-- long text or the captions of a film. draft is what only authors find, inner what only those in the course and its authors.
-- words is made of title and body, folded by us.
create table search_entries (
    kind       text not null,
    ref        uuid not null,
    draft      boolean not null,
    language   text not null,
    part       integer not null,
    inner_text boolean not null,
    course_id  uuid,
    seconds    integer not null,
    title      text not null,
    body       text not null,
    words      tsvector not null,
    at         timestamptz not null,
    indexed_at timestamptz not null,
    constraint search_entries_pk primary key (kind, ref, draft, language, part),
    constraint search_entries_course_fk foreign key (course_id) references courses (id) on delete cascade,
    constraint search_entries_kind_ck check (kind in ('course', 'lesson', 'caption', 'person', 'group'))
);
create index search_entries_words_ix on search_entries using gin (words);
create index search_entries_course_ix on search_entries (course_id);

-- Every word that stands in an entry, with its beginnings that lack a letter or two: what a mistyped word may have been.
create table search_words (
    word text not null,
    near text[] not null,
    constraint search_words_pk primary key (word)
);
create index search_words_near_ix on search_words using gin (near);
