-- Number 0003 belongs to the meters of the same release (0003_metering.sql): whoever brings that file removes this one.
select 1;
