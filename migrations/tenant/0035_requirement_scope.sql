-- Whom a requirement catches, more closely; what each change of that did, so that it can be looked up and undone.
-- status null is on. due_at is when everybody is due who has it before then, in place of so many days. leave_course: who has the duty no more and has not
-- begun is taken out of the course.
alter table requirements add column status text;
alter table requirements add column due_at timestamptz;
alter table requirements add column leave_course boolean;
alter table requirements add constraint requirements_status_ck check (status in ('draft', 'on', 'off'));

-- excepted: the people of the group are left out, through whichever group they would come.
alter table requirement_groups add column excepted boolean;

-- Who was in a group already when it was added for newcomers only.
create table requirement_spared (
    requirement_id uuid not null,
    group_id       uuid not null,
    person_id      uuid not null,
    constraint requirement_spared_pk primary key (requirement_id, group_id, person_id),
    constraint requirement_spared_group_fk foreign key (requirement_id, group_id) references requirement_groups (requirement_id, group_id) on delete cascade,
    constraint requirement_spared_person_fk foreign key (person_id) references people (id) on delete cascade
);

-- Single people: who has it by name, and who is left out (excepted) whatever their groups say.
create table requirement_people (
    requirement_id uuid not null,
    person_id      uuid not null,
    excepted       boolean not null,
    reason         text not null,
    added_by       uuid,
    added_at       timestamptz not null,
    constraint requirement_people_pk primary key (requirement_id, person_id),
    constraint requirement_people_requirement_fk foreign key (requirement_id) references requirements (id) on delete cascade,
    constraint requirement_people_person_fk foreign key (person_id) references people (id) on delete cascade
);

-- One run that changed who has a duty: why, by whom, and how many. A run of settling by itself has the cause settled.
create table requirement_runs (
    id             uuid not null,
    requirement_id uuid not null,
    cause          text not null,
    about_id       uuid,
    about_name     text not null,
    was            text not null,
    note           text not null,
    by_id          uuid,
    at             timestamptz not null,
    given          integer not null,
    withdrawn      integer not null,
    undone_at      timestamptz,
    undone_by      uuid,
    constraint requirement_runs_pk primary key (id),
    constraint requirement_runs_requirement_fk foreign key (requirement_id) references requirements (id) on delete cascade
);
create index requirement_runs_requirement_ix on requirement_runs (requirement_id, id desc);

-- What a run did to whom; enrolment_id is what it put them into, or took them out of.
create table requirement_run_changes (
    run_id       uuid not null,
    person_id    uuid not null,
    change       text not null,
    enrolment_id uuid,
    at           timestamptz not null,
    constraint requirement_run_changes_run_fk foreign key (run_id) references requirement_runs (id) on delete cascade,
    constraint requirement_run_changes_person_fk foreign key (person_id) references people (id) on delete cascade,
    constraint requirement_run_changes_change_ck check (change in ('given', 'withdrawn', 'enrolled', 'left'))
);
create index requirement_run_changes_run_ix on requirement_run_changes (run_id, person_id);
create index requirement_run_changes_person_ix on requirement_run_changes (person_id);
create index requirement_run_changes_enrolment_ix on requirement_run_changes (enrolment_id) where enrolment_id is not null;
