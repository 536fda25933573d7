-- What learners bring to answer a lesson with, apart from what authors upload: it is for who marks, and what was never
-- handed in goes. null: uploaded by an author, or before this.
alter table files add column handed boolean;
alter table uploads add column handed boolean;
create index files_handed_ix on files (created_at) where handed;
