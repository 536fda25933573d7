-- Who stands above whom today, at any distance: people.manager_id and all that follows from it, kept in the transaction that
-- changes a manager (store/lines.go), so that "is in my line" is one look-up. depth 1 is a direct report. A loop that an older
-- portal holds is listed as far as it goes, and nobody above themselves.
create table reporting_lines (
    manager_id uuid not null,
    person_id  uuid not null,
    depth      integer not null,
    constraint reporting_lines_pk primary key (manager_id, person_id),
    constraint reporting_lines_manager_fk foreign key (manager_id) references people (id) on delete cascade,
    constraint reporting_lines_person_fk foreign key (person_id) references people (id) on delete cascade
);
create index reporting_lines_person_ix on reporting_lines (person_id);
create index people_manager_ix on people (manager_id) where manager_id is not null;
insert into reporting_lines (manager_id, person_id, depth)
with recursive up (person_id, manager_id, depth) as (
    select p.id, p.manager_id, 1 from people p where p.manager_id is not null
    union all
    select u.person_id, p.manager_id, u.depth + 1 from up u join people p on p.id = u.manager_id where p.manager_id is not null and u.depth < 100
) cycle manager_id set again using seen
select manager_id, person_id, depth from up where not again and manager_id <> person_id;

-- Who was reminded by whom of what they have to do. day is the day where the person is: one reminder a day and person.
create table nudges (
    id        uuid not null,
    person_id uuid not null,
    day       date not null,
    note      text not null,
    sent_by   uuid,
    sent_at   timestamptz not null,
    constraint nudges_pk primary key (id),
    constraint nudges_day_uq unique (person_id, day),
    constraint nudges_person_fk foreign key (person_id) references people (id) on delete cascade,
    constraint nudges_sender_fk foreign key (sent_by) references people (id) on delete set null
);
