-- Lessons that are tests, and what taking them needs: sections with times of their own, answers to come back to, answers
-- that the learner was told about, and files that were answered with.
alter table lessons drop constraint lessons_kind_ck;
alter table lessons add constraint lessons_kind_ck check (kind in ('text', 'video', 'audio', 'pdf', 'file', 'embed', 'link', 'quiz', 'submission', 'test'));

-- section: the one that was begun last, where sections have times of their own; section_at: when. more_percent: of the
-- time, that the person was allowed. null: as before there were sections with times.
alter table test_attempts add column section integer;
alter table test_attempts add column section_at timestamptz;
alter table test_attempts add column more_percent integer;
alter table test_answers add column flagged boolean;
alter table test_answers add column looked boolean;

create table test_answer_files (
    attempt_id uuid not null,
    slot       integer not null,
    file_id    uuid not null,
    constraint test_answer_files_pk primary key (attempt_id, slot, file_id),
    constraint test_answer_files_attempt_fk foreign key (attempt_id) references test_attempts (id) on delete cascade
);
create index test_answer_files_file_ix on test_answer_files (file_id);
