-- due_from_hired: due_days count from the day of hiring, for whom that is not over by the day it became their duty. until_certificate: valid
-- until the certificate of what was completed ends or is withdrawn; valid_months counts where there is none, or it has no end.
-- role is what people have while it is their duty (role_while duty), or while it is fulfilled (valid); its source in person_roles is the requirement.
alter table requirements add column due_from_hired boolean;
alter table requirements add column until_certificate boolean;
alter table requirements add column role text;
alter table requirements add column role_while text;
alter table requirements add constraint requirements_role_fk foreign key (role) references roles (code);
alter table requirements add constraint requirements_role_while_ck check (role_while in ('duty', 'valid') and role is not null or role_while is null and role is null);
create index requirements_role_ix on requirements (role) where role is not null;
create index person_roles_source_ix on person_roles (source) where source is not null;
