-- The gradebook of a course: how it is graded, in versions, and what instructors entered. Nothing is ever changed: the newest
-- counts, the rest is the history.
create table gradebook_settings (
    course_id uuid not null,
    number    integer not null,
    settings  jsonb not null,
    saved_by  uuid,
    saved_at  timestamptz not null,
    constraint gradebook_settings_pk primary key (course_id, number)
);
revoke update on gradebook_settings from {role};

-- column_id: a lesson, an item of the settings, or only zeros: the total. Grades are millionths. Neither a grade nor excused:
-- an earlier row is taken back.
create table gradebook_marks (
    enrolment_id uuid not null,
    column_id    uuid not null,
    number       integer not null,
    grade        bigint,
    excused      boolean not null,
    reason       text not null,
    before       bigint,
    by_id        uuid not null,
    at           timestamptz not null,
    constraint gradebook_marks_pk primary key (enrolment_id, column_id, number),
    constraint gradebook_marks_enrolment_fk foreign key (enrolment_id) references enrolments (id) on delete cascade,
    constraint gradebook_marks_grade_ck check (grade is null or not excused)
);
revoke update on gradebook_marks from {role};
