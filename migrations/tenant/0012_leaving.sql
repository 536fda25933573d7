-- When a person left a course by themselves: they may come back by themselves. null with status withdrawn: taken out by another.
alter table enrolments add column left_at timestamptz;
