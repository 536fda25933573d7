-- What was known of each duty, and when: for every cycle a row each time that something about it changed, and never a change to a row.
-- So the portal can say how somebody stood at a moment as it was known at another. There is no key to what it tells of: it stays when a
-- person or a requirement goes. revision counts the changes of a duty; spell the times that it was given anew after it had been withdrawn.
-- due_grace is until when somebody was in grace who had not completed it. What stands after withdrawn_at is of the duty, the rest of the cycle.
create table duty_history (
    requirement_id uuid not null,
    duty_id        uuid not null,
    number         integer not null,
    revision       integer not null,
    person_id      uuid not null,
    spell          integer not null,
    recorded_at    timestamptz not null,
    began_at       timestamptz not null,
    due_at         timestamptz,
    due_grace      timestamptz,
    completed_at   timestamptz,
    course_id      uuid,
    version_id     uuid,
    enrolment_id   uuid,
    renews_at      timestamptz,
    expires_at     timestamptz,
    grace_until    timestamptz,
    ended_at       timestamptz,
    given_at       timestamptz not null,
    withdrawn_at   timestamptz,
    waived_at      timestamptz,
    waived_until   timestamptz,
    waived_by      uuid,
    waived_reason  text,
    reasons        text not null,
    constraint duty_history_pk primary key (requirement_id, duty_id, number, revision)
);
create index duty_history_person_ix on duty_history (person_id, requirement_id);
revoke update, delete on duty_history from {role};

-- What a requirement asked for, revision by revision; facts is its row and the ids of its courses, in their order.
create table requirement_history (
    requirement_id uuid not null,
    revision       integer not null,
    recorded_at    timestamptz not null,
    facts          jsonb not null,
    constraint requirement_history_pk primary key (requirement_id, revision)
);
revoke update, delete on requirement_history from {role};

-- People by name, as every list of them is ordered.
create index people_sorted_ix on people (lower(name), id);
