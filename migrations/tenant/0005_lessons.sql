-- Lessons of more kinds, and what completes each. null completion: the kind's own rule.
alter table lessons drop constraint lessons_kind_ck;
alter table lessons add constraint lessons_kind_ck check (kind in ('text', 'video', 'audio', 'pdf', 'file', 'embed', 'link', 'quiz', 'submission'));
alter table lessons add column url text;
alter table lessons add column completion jsonb;
-- Playing on past what was watched is not offered.
alter table lessons add column no_skip boolean;

-- The time in which a lesson was in front of a person, as stretches of seconds since they first opened it; and when the
-- position was told, in the same seconds. null: none.
alter table lesson_progress add column seen jsonb;
alter table lesson_progress add column position_at double precision;

-- What people did in lessons, one small row an act: progress is derived from it and equal after a replay. The id of a
-- report is made by the browser that sends it, so that one sent twice is kept once. It lives as long as the enrolment.
create table learning_log (
    enrolment_id uuid not null,
    lesson_id    uuid not null,
    id           uuid not null,
    version_id   uuid not null,
    kind         text not null,
    session_id   uuid,
    data         jsonb not null,
    at           timestamptz not null,
    constraint learning_log_pk primary key (enrolment_id, lesson_id, id),
    constraint learning_log_enrolment_fk foreign key (enrolment_id) references enrolments (id) on delete cascade,
    constraint learning_log_kind_ck check (kind in ('opened', 'reported', 'confirmed', 'attempted', 'submitted', 'accepted', 'returned', 'moved', 'carried'))
);

-- What was done before there was a log is carried over as it stands.
insert into learning_log (enrolment_id, lesson_id, id, version_id, kind, session_id, data, at)
select p.enrolment_id, p.lesson_id, p.lesson_id, e.version_id, 'carried', null,
    jsonb_build_object('carried', jsonb_build_object('status', p.status, 'position', p.position, 'watched', p.watched, 'evidence', p.evidence, 'started_at', p.started_at, 'completed_at', p.completed_at)), p.updated_at
from lesson_progress p join enrolments e on e.id = p.enrolment_id;

revoke update on learning_log from {role};

-- What a learner hands in, and what was said of it. The newest of a lesson counts.
create table submissions (
    id           uuid not null,
    enrolment_id uuid not null,
    lesson_id    uuid not null,
    number       integer not null,
    text         text not null,
    file_id      uuid,
    status       text not null,
    comment      text not null,
    percent      integer,
    marked_by    uuid,
    submitted_at timestamptz not null,
    marked_at    timestamptz,
    constraint submissions_pk primary key (id),
    constraint submissions_number_uq unique (enrolment_id, lesson_id, number),
    constraint submissions_enrolment_fk foreign key (enrolment_id) references enrolments (id) on delete cascade,
    constraint submissions_file_fk foreign key (file_id) references files (id),
    constraint submissions_status_ck check (status in ('submitted', 'accepted', 'returned'))
);
create index submissions_open_ix on submissions (submitted_at, id) where status = 'submitted';
