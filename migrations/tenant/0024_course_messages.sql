-- What instructors wrote to people of a course from its desk, and to whom.
create table course_messages (
    id        uuid not null,
    course_id uuid not null,
    audience  text not null,
    body      text not null,
    people    integer not null,
    sent_by   uuid not null,
    sent_at   timestamptz not null,
    constraint course_messages_pk primary key (id),
    constraint course_messages_course_fk foreign key (course_id) references courses (id) on delete cascade,
    constraint course_messages_sender_fk foreign key (sent_by) references people (id)
);
create index course_messages_course_ix on course_messages (course_id, sent_at desc);

create table course_message_people (
    message_id   uuid not null,
    enrolment_id uuid not null,
    constraint course_message_people_pk primary key (message_id, enrolment_id),
    constraint course_message_people_message_fk foreign key (message_id) references course_messages (id) on delete cascade,
    constraint course_message_people_enrolment_fk foreign key (enrolment_id) references enrolments (id) on delete cascade
);
create index course_message_people_enrolment_ix on course_message_people (enrolment_id);
