-- Who takes a course again, as a requirement that expires asks for, is in it anew: another row with its own progress, attempts and
-- certificate. enrolments, of which there is one for each person and course, is from now on the round that runs; all of them are
-- in enrolment_rounds. A round that was superseded is closed: nothing is done in it any more.
--
-- A view has the columns that its table had when it was made: whoever adds one to enrolment_rounds makes the view anew (a test tells).
alter table enrolments rename to enrolment_rounds;
alter table enrolment_rounds add column superseded_at timestamptz;
alter table enrolment_rounds drop constraint enrolments_once_uq;
create unique index enrolments_once_uq on enrolment_rounds (person_id, course_id) where superseded_at is null;
create index enrolment_rounds_past_ix on enrolment_rounds (person_id, course_id) where superseded_at is not null;
create view enrolments as select id, course_id, version_id, person_id, status, source, percent, last_lesson_id, enrolled_by, enrolled_at, started_at, completed_at, due_at, reminded, left_at
    from enrolment_rounds where superseded_at is null;
