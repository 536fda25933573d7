-- Smaller pictures made of an uploaded one, and how much room the tenant's files take. null state: no variants are wanted.
alter table files add column variants text;

create table file_variants (
    file_id    uuid not null,
    width      integer not null,
    height     integer not null,
    media_type text not null,
    size       bigint not null,
    sha256     text not null,
    constraint file_variants_pk primary key (file_id, width, media_type),
    constraint file_variants_file_fk foreign key (file_id) references files (id) on delete cascade
);
create index files_sha256_ix on files (sha256);
