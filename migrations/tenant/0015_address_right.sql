-- What the built-in roles may from now on; a schema without roles gets all lines when it is given to a tenant.
insert into policies (ptype, v0, v1, v2)
select 'p', n.role, n.object, n.action from (values ('owner', 'address', 'manage')) as n (role, object, action)
where exists (select 1 from roles where code = 'owner')
on conflict do nothing;
