-- Grading tests anew after a question was mended, and what each question of an attempt came to, for item analysis.

-- mends: what is graded in another way than it was asked. A row is never changed but for done_at: when every attempt was
-- graded by it.
create table test_regrades (
    lesson_id uuid not null,
    number    integer not null,
    mends     jsonb not null,
    reason    text not null,
    by_id     uuid not null,
    at        timestamptz not null,
    done_at   timestamptz,
    constraint test_regrades_pk primary key (lesson_id, number)
);
create index test_regrades_open_ix on test_regrades (at) where done_at is null;

create table test_regrade_changes (
    attempt_id     uuid not null,
    number         integer not null,
    points_before  bigint not null,
    percent_before integer not null,
    passed_before  boolean not null,
    points         bigint not null,
    percent        integer not null,
    passed         boolean not null,
    at             timestamptz not null,
    constraint test_regrade_changes_pk primary key (attempt_id, number),
    constraint test_regrade_changes_attempt_fk foreign key (attempt_id) references test_attempts (id) on delete cascade
);
revoke update on test_regrade_changes from {role};

-- regrade: the newest that the attempt was graded by; null: none. The item columns say for each slot, in turn, which version
-- of which question it was graded by, what the answer came to in millionths of its marks (null: it waits, or counts for
-- nobody), and how many marks there were. null: not ended yet.
alter table test_attempts add column regrade integer;
alter table test_attempts add column item_questions uuid[];
alter table test_attempts add column item_versions integer[];
alter table test_attempts add column item_shares bigint[];
alter table test_attempts add column item_marks integer[];
create index test_attempts_to_mark_ix on test_attempts (lesson_id, ended_at) where status = 'to_mark';
