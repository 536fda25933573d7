-- How long the certificates of a course hold: so many months from completion, or until a day. A course without a row: for ever.
-- until and valid_until are the last second of a day in UTC, so that the day is the same for every reader.
create table certificate_rules (
    course_id uuid not null,
    months    integer,
    until     timestamptz,
    saved_by  uuid,
    saved_at  timestamptz not null,
    constraint certificate_rules_pk primary key (course_id),
    constraint certificate_rules_course_fk foreign key (course_id) references courses (id) on delete cascade,
    constraint certificate_rules_one_ck check (months is null or until is null)
);

alter table certificates add column valid_until timestamptz;
-- How far its owner was told that it ends: 1 within 30 days, 2 within 7, 3 over. null: not yet.
alter table certificates add column expiry_told integer;
-- What anyone may know of why it was withdrawn: error, corrected, conditions, request, other.
alter table certificates add column revoke_class text;
create index certificates_valid_until_ix on certificates (valid_until, id) where valid_until is not null and replaced_at is null and revoked_at is null;
