-- Groups by rule, and what is found by searching. null rule: members are chosen by hand.
alter table groups add column description text;
alter table groups add column rule jsonb;
alter table groups add column settled_at timestamptz;

-- One row for each thing that can be found in each of its languages; kind and ref say which.
create table search_entries (
    kind       text not null,
    ref        uuid not null,
    part       uuid not null,
    language   text not null,
    title      text not null,
    body       text not null,
    words      tsvector not null,
    course_id  uuid,
    updated_at timestamptz not null,
    constraint search_entries_pk primary key (kind, ref, part, language)
);
create index search_entries_words_ix on search_entries using gin (words);
create index search_entries_course_ix on search_entries (course_id);
