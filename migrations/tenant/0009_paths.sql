-- Courses in an order, and what a course asks for first. sections is what the author wrote, in one value: who is how far is
-- derived from enrolments, never kept twice.
create table paths (
    id            uuid not null,
    slug          text not null,
    title         text not null,
    summary       text not null,
    cover_file_id uuid,
    status        text not null,
    ordered       boolean not null,
    revision      integer not null,
    sections      jsonb not null,
    created_by    uuid,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    constraint paths_pk primary key (id),
    constraint paths_slug_uq unique (slug),
    constraint paths_cover_fk foreign key (cover_file_id) references files (id),
    constraint paths_status_ck check (status in ('draft', 'published', 'archived'))
);

-- enrolled_by null: they began it themselves. completed_at stays when the path grows afterwards.
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
create index path_enrolments_roster_ix on path_enrolments (path_id, enrolled_at, person_id);
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
    constraint prerequisites_kind_ck check (kind in ('course', 'certificate', 'skill')),
    constraint prerequisites_needed_ck check ((kind = 'skill') = (needed_skill is not null) and (kind <> 'skill') = (needed_course is not null))
);
create unique index prerequisites_once_uq on prerequisites (course_id, kind, coalesce(needed_course, needed_skill));

-- Who may start a course without what it asks for first.
create table prerequisite_waivers (
    course_id uuid not null,
    person_id uuid not null,
    waived_by uuid,
    waived_at timestamptz not null,
    constraint prerequisite_waivers_pk primary key (course_id, person_id),
    constraint prerequisite_waivers_course_fk foreign key (course_id) references courses (id) on delete cascade,
    constraint prerequisite_waivers_person_fk foreign key (person_id) references people (id) on delete cascade
);
