-- Hand-ins become assignments. The rules of each lesson, in versions: what was handed in is judged by the version it came
-- under. A lesson without a row is as hand-ins were: a text or a file, accepted or returned, as often as it takes.
create table assignments (
    lesson_id uuid not null,
    number    integer not null,
    settings  jsonb not null,
    saved_by  uuid,
    saved_at  timestamptz not null,
    constraint assignments_pk primary key (lesson_id, number)
);
revoke update on assignments from {role};

alter table submissions drop constraint submissions_status_ck;
alter table submissions add constraint submissions_status_ck check (status in ('submitted', 'accepted', 'returned', 'failed'));
-- rules: the version it came under, null: none. due_at: when it was due for this person. late_days: begun days after that.
alter table submissions add column rules integer;
alter table submissions add column group_id uuid;
alter table submissions add column due_at timestamptz;
alter table submissions add column late_days integer;
-- The hash of what was handed in and when, which the learner has too.
alter table submissions add column receipt text;
alter table submissions add column claimed_by uuid;
alter table submissions add column claimed_at timestamptz;
-- What marking has come to while the learner does not see it: null (no mark), second (another marker is needed), apart
-- (the markers disagree), ready (to be released).
alter table submissions add column stage text;
alter table submissions add column verdict jsonb;
create index submissions_lesson_ix on submissions (lesson_id, submitted_at, id);
create index submissions_claimed_ix on submissions (claimed_by, submitted_at, id) where status = 'submitted';

-- Files of a submission: what was handed in (handed) and what markers give back (feedback).
create table submission_files (
    submission_id uuid not null,
    file_id       uuid not null,
    kind          text not null,
    position      integer not null,
    constraint submission_files_pk primary key (submission_id, file_id, kind),
    constraint submission_files_submission_fk foreign key (submission_id) references submissions (id) on delete cascade,
    constraint submission_files_file_fk foreign key (file_id) references files (id),
    constraint submission_files_kind_ck check (kind in ('handed', 'feedback'))
);
create index submission_files_file_ix on submission_files (file_id);
insert into submission_files (submission_id, file_id, kind, position) select id, file_id, 'handed', 0 from submissions where file_id is not null;

-- Whose work a submission is when a group handed it in: who was in the group then, also when they leave it later.
create table submission_members (
    submission_id uuid not null,
    enrolment_id  uuid not null,
    constraint submission_members_pk primary key (submission_id, enrolment_id),
    constraint submission_members_submission_fk foreign key (submission_id) references submissions (id) on delete cascade,
    constraint submission_members_enrolment_fk foreign key (enrolment_id) references enrolments (id) on delete cascade
);
create index submission_members_enrolment_ix on submission_members (enrolment_id, submission_id);

-- What is being written, saved as it is typed.
create table submission_drafts (
    enrolment_id uuid not null,
    lesson_id    uuid not null,
    revision     integer not null,
    text         text not null,
    files        jsonb not null,
    saved_at     timestamptz not null,
    constraint submission_drafts_pk primary key (enrolment_id, lesson_id),
    constraint submission_drafts_enrolment_fk foreign key (enrolment_id) references enrolments (id) on delete cascade
);

-- Every mark that was given, never changed: the newest of each marker counts.
create table submission_marks (
    submission_id uuid not null,
    number        integer not null,
    kind          text not null,
    marker_id     uuid not null,
    given         jsonb not null,
    verdict       jsonb not null,
    comment       text not null,
    at            timestamptz not null,
    constraint submission_marks_pk primary key (submission_id, number),
    constraint submission_marks_submission_fk foreign key (submission_id) references submissions (id) on delete cascade,
    constraint submission_marks_kind_ck check (kind in ('mark', 'agreed', 'returned', 'appeal'))
);
revoke update on submission_marks from {role};

create table assignment_extensions (
    id           uuid not null,
    enrolment_id uuid not null,
    lesson_id    uuid not null,
    until        timestamptz not null,
    reason       text not null,
    given_by     uuid not null,
    given_at     timestamptz not null,
    constraint assignment_extensions_pk primary key (id),
    constraint assignment_extensions_enrolment_fk foreign key (enrolment_id) references enrolments (id) on delete cascade
);
create index assignment_extensions_enrolment_ix on assignment_extensions (enrolment_id, lesson_id, given_at desc);

-- A learner's one objection to a mark, and the answer.
create table submission_appeals (
    submission_id uuid not null,
    enrolment_id  uuid not null,
    reason        text not null,
    asked_at      timestamptz not null,
    answer        text,
    changed       boolean,
    before        jsonb not null,
    after         jsonb,
    answered_by   uuid,
    answered_at   timestamptz,
    constraint submission_appeals_pk primary key (submission_id),
    constraint submission_appeals_submission_fk foreign key (submission_id) references submissions (id) on delete cascade,
    constraint submission_appeals_enrolment_fk foreign key (enrolment_id) references enrolments (id) on delete cascade
);
create index submission_appeals_open_ix on submission_appeals (asked_at, submission_id) where answered_at is null;

-- What is compared within a cohort: the words of a text or of a text-like file, and the fingerprints chosen from them.
create table submission_prints (
    submission_id uuid not null,
    part          text not null,
    lesson_id     uuid not null,
    enrolment_id  uuid not null,
    group_id      uuid,
    content       text not null,
    prints        jsonb not null,
    constraint submission_prints_pk primary key (submission_id, part),
    constraint submission_prints_submission_fk foreign key (submission_id) references submissions (id) on delete cascade
);
create index submission_prints_lesson_ix on submission_prints (lesson_id, submission_id);

-- How much of a submission stands in another one, in percent, for each pair that has anything in common.
create table submission_matches (
    submission_id uuid not null,
    other_id      uuid not null,
    percent       integer not null,
    constraint submission_matches_pk primary key (submission_id, other_id),
    constraint submission_matches_submission_fk foreign key (submission_id) references submissions (id) on delete cascade,
    constraint submission_matches_other_fk foreign key (other_id) references submissions (id) on delete cascade
);
