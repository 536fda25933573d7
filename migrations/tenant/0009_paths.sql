-- Courses in an order, and what a course asks for first.
create table paths (
    id          uuid not null,
    slug        text not null,
    title       text not null,
    summary     text not null,
    status      text not null,
    revision    integer not null,
    sections    jsonb not null,
    created_by  uuid,
    created_at  timestamptz not null,
    updated_at  timestamptz not null,
    constraint paths_pk primary key (id),
    constraint paths_slug_uq unique (slug),
    constraint paths_status_ck check (status in ('draft', 'published', 'archived'))
);

create table path_enrolments (
    path_id      uuid not null,
    person_id    uuid not null,
    enrolled_by  uuid,
    enrolled_at  timestamptz not null,
    completed_at timestamptz,
    constraint path_enrolments_pk primary key (path_id, person_id),
    constraint path_enrolments_path_fk foreign key (path_id) references paths (id) on delete cascade,
    constraint path_enrolments_person_fk foreign key (person_id) references people (id) on delete cascade
);
create index path_enrolments_person_ix on path_enrolments (person_id);

create table prerequisites (
    id            uuid not null,
    course_id     uuid not null,
    kind          text not null,
    needed_course uuid,
    needed_skill  uuid,
    constraint prerequisites_pk primary key (id),
    constraint prerequisites_course_fk foreign key (course_id) references courses (id) on delete cascade,
    constraint prerequisites_needed_course_fk foreign key (needed_course) references courses (id) on delete cascade,
    constraint prerequisites_needed_skill_fk foreign key (needed_skill) references skills (id) on delete cascade,
    constraint prerequisites_kind_ck check (kind in ('course', 'certificate', 'skill'))
);
create index prerequisites_course_ix on prerequisites (course_id);
