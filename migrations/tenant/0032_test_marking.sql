-- Marking of tests by two people, by rubrics, and objections to marks.

-- kind: mark, agreed (by the markers) or appeal (an objection led to it); null: mark. picks: the levels chosen of the
-- question's rubric with what they said then; null: it has none.
alter table test_marks add column kind text;
alter table test_marks add column picks jsonb;

-- A learner's one objection to how an answer was marked, and the answer to it. before and after are millionths of the
-- question's marks.
create table test_appeals (
    attempt_id  uuid not null,
    slot        integer not null,
    reason      text not null,
    asked_at    timestamptz not null,
    before      bigint not null,
    answer      text,
    changed     boolean,
    after       bigint,
    answered_by uuid,
    answered_at timestamptz,
    constraint test_appeals_pk primary key (attempt_id, slot),
    constraint test_appeals_attempt_fk foreign key (attempt_id) references test_attempts (id) on delete cascade
);
create index test_appeals_open_ix on test_appeals (asked_at, attempt_id, slot) where answered_at is null;
