-- Erasing a person: who asked, who decided, what was done, and the receipt. No foreign key to people: it outlives them.
create table erasures (
    id         uuid not null,
    person_id  uuid not null,
    pseudonym  text not null,
    status     text not null,
    by_self    boolean not null,
    asked_by   uuid,
    asked_at   timestamptz not null,
    decided_by uuid,
    decided_at timestamptz,
    answer     text not null,
    erase_at   timestamptz,
    begun_at   timestamptz,
    erased_at  timestamptz,
    receipt    text not null,
    constraint erasures_pk primary key (id),
    constraint erasures_status_ck check (status in ('asked', 'scheduled', 'working', 'erased', 'refused', 'withdrawn'))
);
create unique index erasures_open_uq on erasures (person_id) where status in ('asked', 'scheduled', 'working');
create index erasures_due_ix on erasures (erase_at) where status in ('scheduled', 'working');
create table erasure_steps (
    erasure_id uuid not null,
    step       text not null,
    done_at    timestamptz not null,
    counts     jsonb not null,
    constraint erasure_steps_pk primary key (erasure_id, step),
    constraint erasure_steps_erasure_fk foreign key (erasure_id) references erasures (id) on delete cascade
);
-- By what somebody erased is known again: keyed hashes, from which nothing can be read.
create table erased_marks (
    mark       bytea not null,
    erasure_id uuid not null,
    at         timestamptz not null,
    constraint erased_marks_pk primary key (mark)
);
-- A message to a course stays when whoever sent it is erased; their id leads to nobody then.
alter table course_messages drop constraint course_messages_sender_fk;
-- The event log keeps what happened; an erasure takes a name out of what it says.
grant update (data) on events to {role};
insert into policies (ptype, v0, v1, v2)
select 'p', n.role, n.object, n.action from (values ('admin', 'privacy', 'read'), ('admin', 'privacy', 'manage')) as n (role, object, action)
where exists (select 1 from roles where code = 'admin')
on conflict do nothing;
