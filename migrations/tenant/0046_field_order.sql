-- A portal's own fields of a person stand in an order of its own; null: behind those that have a place, by name.
alter table person_fields add column position integer;
