-- Writing: each lesson of a draft has its own revision, and what it said before is kept, so that two authors overwrite nothing
-- and a step can be undone on another day. null revision: 0.
alter table lessons add column revision integer;

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
    constraint lesson_saves_revision_uq unique (version_id, lesson_id, revision),
    constraint lesson_saves_version_fk foreign key (version_id) references course_versions (id) on delete cascade
);
