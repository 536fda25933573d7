-- Lessons of more kinds, and what completes each. null completion: the kind's own rule.
alter table lessons drop constraint lessons_kind_ck;
alter table lessons add constraint lessons_kind_ck check (kind in ('text', 'video', 'audio', 'pdf', 'file', 'embed', 'link', 'quiz', 'submission'));
alter table lessons add column url text;
alter table lessons add column completion jsonb;
-- Playing on past what was watched is not offered.
alter table lessons add column no_skip boolean;

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
