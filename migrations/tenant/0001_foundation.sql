-- The first shape of a tenant. search_path is the tenant's schema; {role} stands for the tenant's role.
-- No enum, no trigger, no identity column, no foreign key out of the schema (DESIGN.md section 5).

-- Who the people are.

create table people (
    id            uuid not null,
    email         text not null,
    name          text not null,
    password_hash text not null,
    status        text not null,
    locale        text not null,
    time_zone     text not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    constraint people_pk primary key (id),
    constraint people_email_uq unique (email),
    constraint people_status_ck check (status in ('invited', 'active', 'deactivated'))
);

create table roles (
    code     text not null,
    name     text not null,
    built_in boolean not null,
    constraint roles_pk primary key (code)
);

-- Casbin's lines: p, role, object, action and g, role, inherited role.
create table policies (
    ptype text not null,
    v0    text not null,
    v1    text not null,
    v2    text not null,
    constraint policies_pk primary key (ptype, v0, v1, v2)
);

create table person_roles (
    person_id uuid not null,
    role      text not null,
    constraint person_roles_pk primary key (person_id, role),
    constraint person_roles_person_fk foreign key (person_id) references people (id) on delete cascade,
    constraint person_roles_role_fk foreign key (role) references roles (code)
);
create index person_roles_role_ix on person_roles (role);

create table sessions (
    id         uuid not null,
    hash       bytea not null,
    person_id  uuid not null,
    created_at timestamptz not null,
    seen_at    timestamptz not null,
    expires_at timestamptz not null,
    ip         text not null,
    user_agent text not null,
    constraint sessions_pk primary key (id),
    constraint sessions_hash_uq unique (hash),
    constraint sessions_person_fk foreign key (person_id) references people (id) on delete cascade
);
create index sessions_person_ix on sessions (person_id);

-- Single-use links (invitation, password reset): the secret's hash, never the secret.
create table tokens (
    hash       bytea not null,
    kind       text not null,
    person_id  uuid not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at    timestamptz,
    constraint tokens_pk primary key (hash),
    constraint tokens_person_fk foreign key (person_id) references people (id) on delete cascade,
    constraint tokens_kind_ck check (kind in ('invitation', 'password_reset', 'handover'))
);
create index tokens_person_ix on tokens (person_id, kind);

create table api_keys (
    id           uuid not null,
    name         text not null,
    prefix       text not null,
    hash         bytea not null,
    scopes       text not null,
    person_id    uuid not null,
    created_at   timestamptz not null,
    expires_at   timestamptz not null,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    constraint api_keys_pk primary key (id),
    constraint api_keys_hash_uq unique (hash),
    constraint api_keys_person_fk foreign key (person_id) references people (id) on delete cascade
);

create table settings (
    name       text not null,
    value      jsonb not null,
    updated_at timestamptz not null,
    constraint settings_pk primary key (name)
);

-- Files; the bytes are in the object store under the tenant's own prefix, by their hash.

create table files (
    id         uuid not null,
    name       text not null,
    kind       text not null,
    media_type text not null,
    size       bigint not null,
    sha256     text not null,
    seconds    double precision not null,
    created_by uuid,
    created_at timestamptz not null,
    constraint files_pk primary key (id)
);

create table uploads (
    id         uuid not null,
    name       text not null,
    size       bigint not null,
    received   bigint not null,
    file_id    uuid,
    created_by uuid not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    constraint uploads_pk primary key (id),
    constraint uploads_file_fk foreign key (file_id) references files (id)
);

-- What is taught. A version that was published never changes; an edit starts a new draft version.

create table courses (
    id            uuid not null,
    slug          text not null,
    status        text not null,
    self_enrol    boolean not null,
    draft_id      uuid,
    published_id  uuid,
    revision      integer not null,
    created_by    uuid,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    constraint courses_pk primary key (id),
    constraint courses_slug_uq unique (slug),
    constraint courses_status_ck check (status in ('draft', 'published', 'archived'))
);

create table course_versions (
    id                uuid not null,
    course_id         uuid not null,
    number            integer not null,
    title             text not null,
    summary           text not null,
    language          text not null,
    cover_file_id     uuid,
    estimated_minutes integer not null,
    created_at        timestamptz not null,
    published_at      timestamptz,
    constraint course_versions_pk primary key (id),
    constraint course_versions_number_uq unique (course_id, number),
    constraint course_versions_course_fk foreign key (course_id) references courses (id) on delete cascade,
    constraint course_versions_cover_fk foreign key (cover_file_id) references files (id)
);

-- id is the same in each version of the course: progress survives a new version.
create table modules (
    version_id uuid not null,
    id         uuid not null,
    position   integer not null,
    title      text not null,
    constraint modules_pk primary key (version_id, id),
    constraint modules_version_fk foreign key (version_id) references course_versions (id) on delete cascade
);

create table lessons (
    version_id       uuid not null,
    id               uuid not null,
    module_id        uuid not null,
    position         integer not null,
    kind             text not null,
    title            text not null,
    minutes          integer not null,
    body             text not null,
    file_id          uuid,
    captions_file_id uuid,
    pass_percent     integer not null,
    questions        jsonb not null,
    constraint lessons_pk primary key (version_id, id),
    constraint lessons_module_fk foreign key (version_id, module_id) references modules (version_id, id) on delete cascade,
    constraint lessons_file_fk foreign key (file_id) references files (id),
    constraint lessons_captions_fk foreign key (captions_file_id) references files (id),
    constraint lessons_kind_ck check (kind in ('text', 'video', 'pdf', 'quiz'))
);

-- Who learns what, how far, with what evidence.

create table enrolments (
    id             uuid not null,
    course_id      uuid not null,
    version_id     uuid not null,
    person_id      uuid not null,
    status         text not null,
    source         text not null,
    percent        integer not null,
    last_lesson_id uuid,
    enrolled_by    uuid,
    enrolled_at    timestamptz not null,
    started_at     timestamptz,
    completed_at   timestamptz,
    constraint enrolments_pk primary key (id),
    constraint enrolments_once_uq unique (person_id, course_id),
    constraint enrolments_course_fk foreign key (course_id) references courses (id),
    constraint enrolments_version_fk foreign key (version_id) references course_versions (id),
    constraint enrolments_person_fk foreign key (person_id) references people (id),
    constraint enrolments_status_ck check (status in ('active', 'completed', 'withdrawn')),
    constraint enrolments_source_ck check (source in ('self', 'assigned'))
);
create index enrolments_course_ix on enrolments (course_id, id);

create table lesson_progress (
    enrolment_id uuid not null,
    lesson_id    uuid not null,
    status       text not null,
    position     double precision not null,
    watched      jsonb not null,
    evidence     jsonb not null,
    started_at   timestamptz not null,
    updated_at   timestamptz not null,
    completed_at timestamptz,
    constraint lesson_progress_pk primary key (enrolment_id, lesson_id),
    constraint lesson_progress_enrolment_fk foreign key (enrolment_id) references enrolments (id) on delete cascade,
    constraint lesson_progress_status_ck check (status in ('started', 'completed'))
);

create table quiz_attempts (
    id           uuid not null,
    enrolment_id uuid not null,
    lesson_id    uuid not null,
    number       integer not null,
    answers      jsonb not null,
    percent      integer not null,
    passed       boolean not null,
    submitted_at timestamptz not null,
    constraint quiz_attempts_pk primary key (id),
    constraint quiz_attempts_number_uq unique (enrolment_id, lesson_id, number),
    constraint quiz_attempts_enrolment_fk foreign key (enrolment_id) references enrolments (id) on delete cascade
);

-- A certificate names everything it certifies: it stays readable when person or course is gone.
create table certificates (
    id             uuid not null,
    code           text not null,
    enrolment_id   uuid not null,
    person_id      uuid not null,
    course_id      uuid not null,
    person_name    text not null,
    course_title   text not null,
    version_number integer not null,
    percent        integer,
    minutes        integer not null,
    completed_at   timestamptz not null,
    issued_at      timestamptz not null,
    revoked_at     timestamptz,
    constraint certificates_pk primary key (id),
    constraint certificates_code_uq unique (code),
    constraint certificates_enrolment_uq unique (enrolment_id)
);
create index certificates_person_ix on certificates (person_id, id);

-- What happened: the event log, append-only by privilege, and its outbox.

create table events (
    id           uuid not null,
    type         text not null,
    version      integer not null,
    actor_id     uuid,
    actor_kind   text not null,
    subject_type text not null,
    subject_id   uuid not null,
    data         jsonb not null,
    at           timestamptz not null,
    constraint events_pk primary key (id)
);
create index events_subject_ix on events (subject_type, subject_id, id);

create table outbox (
    event_id uuid not null,
    constraint outbox_pk primary key (event_id)
);

revoke update, delete on events from {role};
