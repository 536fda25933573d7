-- Files: what a picture measures and what the author should know of a file, smaller pictures made of a larger one, and how
-- much room the tenant's bytes take. null: unknown, nothing.
alter table files add column width integer;
alter table files add column height integer;
alter table files add column note text;

-- The state of an upload's SHA-256, so that what has arrived need not be read again; null: nothing has arrived.
alter table uploads add column hashed bytea;

create table file_variants (
    file_id    uuid not null,
    width      integer not null,
    height     integer not null,
    media_type text not null,
    size       bigint not null,
    sha256     text not null,
    constraint file_variants_pk primary key (file_id, width),
    constraint file_variants_file_fk foreign key (file_id) references files (id) on delete cascade
);

-- What is in the object store, once for each hash: how many rows of files and of file_variants have these bytes. Bytes that
-- nobody has are removed a while after they were last touched.
create table file_bytes (
    sha256     text not null,
    size       bigint not null,
    files      integer not null,
    variants   integer not null,
    touched_at timestamptz not null,
    constraint file_bytes_pk primary key (sha256),
    constraint file_bytes_counts_ck check (files >= 0 and variants >= 0)
);
create index file_bytes_unused_ix on file_bytes (touched_at) where files = 0 and variants = 0;

insert into file_bytes (sha256, size, files, variants, touched_at)
select sha256, max(size), count(*), 0, max(created_at) from files group by sha256;

create index files_sha256_ix on files (sha256);

-- Texts with pictures: who may see a file, and whether it is used, is asked of these.
create index lessons_pictures_ix on lessons (version_id) where body like '%file:%';
create index version_texts_pictures_ix on version_texts (version_id) where body like '%file:%';
