-- Writing: each lesson of a draft has its own revision, and what it said before is kept, so that two authors overwrite nothing
-- and a step can be undone on another day. null revision: 0.
alter table lessons add column revision integer;

-- How often a lesson of the course was saved: with courses.revision it counts every change of a draft, while two authors of
-- different lessons do not stand in each other's way. null: 0.
alter table courses add column saves integer;

create table lesson_saves (
    id         uuid not null,
    version_id uuid not null,
    lesson_id  uuid not null,
    revision   integer not null,
    automatic  boolean not null,
    content    jsonb not null,
    saved_by   uuid,
    saved_at   timestamptz not null,
    constraint lesson_saves_pk primary key (id),
    constraint lesson_saves_revision_uq unique (lesson_id, revision, version_id),
    constraint lesson_saves_version_fk foreign key (version_id) references course_versions (id) on delete cascade
);

-- Who has a lesson open to write in it, and when their page last said so.
create table lesson_writers (
    lesson_id uuid not null,
    person_id uuid not null,
    seen_at   timestamptz not null,
    constraint lesson_writers_pk primary key (lesson_id, person_id),
    constraint lesson_writers_person_fk foreign key (person_id) references people (id) on delete cascade
);
