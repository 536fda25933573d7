-- Who asked for a place in a course: to be let in, or to move up when one is free. And what an enrolment was before it was
-- moved to another version.
create table place_requests (
    id          uuid not null,
    course_id   uuid not null,
    person_id   uuid not null,
    kind        text not null,
    status      text not null,
    note        text not null,
    answer      text not null,
    asked_at    timestamptz not null,
    decided_at  timestamptz,
    decided_by  uuid,
    constraint place_requests_pk primary key (id),
    constraint place_requests_course_fk foreign key (course_id) references courses (id) on delete cascade,
    constraint place_requests_person_fk foreign key (person_id) references people (id) on delete cascade,
    constraint place_requests_kind_ck check (kind in ('approval', 'waiting')),
    constraint place_requests_status_ck check (status in ('open', 'granted', 'refused', 'taken_back'))
);
create unique index place_requests_open_uq on place_requests (course_id, person_id) where status = 'open';

create table enrolment_moves (
    id              uuid not null,
    enrolment_id    uuid not null,
    from_version_id uuid not null,
    to_version_id   uuid not null,
    status          text not null,
    percent         integer not null,
    completed_at    timestamptz,
    progress        jsonb not null,
    moved_by        uuid,
    moved_at        timestamptz not null,
    constraint enrolment_moves_pk primary key (id),
    constraint enrolment_moves_enrolment_fk foreign key (enrolment_id) references enrolments (id) on delete cascade
);
create index enrolment_moves_enrolment_ix on enrolment_moves (enrolment_id, id);

-- Who asked for a place and got it is neither enrolled by themselves nor assigned.
alter table enrolments drop constraint enrolments_source_ck;
alter table enrolments add constraint enrolments_source_ck check (source in ('self', 'assigned', 'requested'));

-- Who completes a course again on a later version gets a second certificate; the first stays, replaced.
alter table certificates add column replaced_at timestamptz;
alter table certificates drop constraint certificates_enrolment_uq;
create unique index certificates_enrolment_uq on certificates (enrolment_id) where replaced_at is null;
