-- A path can be what fulfils a requirement. requirement_courses then has the courses of the path, with the section of each and how many of its
-- courses the section asks for (0: all); who was put on a path by a requirement has its id beside.
alter table requirements add column path_id uuid;
alter table requirements add constraint requirements_path_fk foreign key (path_id) references paths (id);
create index requirements_path_ix on requirements (path_id) where path_id is not null;

alter table requirement_courses add column section integer;
alter table requirement_courses add column need integer;

alter table path_enrolments add column requirement_id uuid;
alter table path_enrolments add constraint path_enrolments_requirement_fk foreign key (requirement_id) references requirements (id) on delete set null;
create index path_enrolments_requirement_ix on path_enrolments (requirement_id) where requirement_id is not null;
