package store

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/content"
)

// fileUses is every place that uses a file, some of them twice: which file, in which version of a course, or in which
// place beside courses (without question marks: GORM takes them for arguments). Whoever keeps a file's id in another column adds a line here, or the file can be removed.
const fileUses = `
	select file_id, version_id, 'course' as place from lessons where file_id is not null
	union all select captions_file_id, version_id, 'course' from lessons where captions_file_id is not null
	union all select file_id, version_id, 'course' from version_texts where file_id is not null
	union all select captions_file_id, version_id, 'course' from version_texts where captions_file_id is not null
	union all select cover_file_id, id, 'course' from course_versions where cover_file_id is not null
	union all select (regexp_matches(body, 'file:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})', 'g'))[1]::uuid, version_id, 'course' from lessons where body like '%file:%'
	union all select (regexp_matches(body, 'file:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})', 'g'))[1]::uuid, version_id, 'course' from version_texts where body like '%file:%'
	union all select (regexp_matches(summary, 'file:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})', 'g'))[1]::uuid, id, 'course' from course_versions where summary like '%file:%'
	union all select (content->>'FileID')::uuid, version_id, 'saved' from lesson_saves where content->>'FileID' is not null
	union all select (content->>'CaptionsFileID')::uuid, version_id, 'saved' from lesson_saves where content->>'CaptionsFileID' is not null
	union all select (regexp_matches(content->>'Body', 'file:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})', 'g'))[1]::uuid, version_id, 'saved' from lesson_saves where content->>'Body' like '%file:%'
	union all select cover_file_id, null, 'path' from paths where cover_file_id is not null
	union all select (body->>'picture')::uuid, null, 'question' from questions where body->>'picture' is not null
	union all select (body->>'picture')::uuid, null, 'question' from question_versions where body->>'picture' is not null
	union all select file_id, null, 'submission' from submissions where file_id is not null
	union all select file_id, null, 'submission' from submission_files
	union all select file_id, null, 'submission' from test_answer_files
	union all select jsonb_array_elements_text(files)::uuid, null, 'submission' from submission_drafts
	union all select (print->>'logo_file_id')::uuid, null, 'brand' from certificate_prints where print->>'logo_file_id' is not null
	union all select (value->>'logo_file_id')::uuid, null, 'brand' from settings where name = 'brand' and value->>'logo_file_id' is not null
	union all select (value->>'favicon_file_id')::uuid, null, 'brand' from settings where name = 'brand' and value->>'favicon_file_id' is not null`

// UsesOf tells where files are used, each place once, courses by title.
func (s *Store) UsesOf(ctx context.Context, files []uid.ID) (map[uid.ID][]content.Use, error) {
	if len(files) == 0 {
		return nil, nil
	}
	var rows []struct {
		FileID uid.ID
		content.Use
	}
	err := s.tx(ctx).Raw(`select u.file_id, case u.place when 'saved' then 'course' else u.place end as place,
			coalesce(c.id, '00000000-0000-0000-0000-000000000000') as course_id, coalesce(t.title, '') as title,
			not bool_or(u.place not in ('course', 'saved') or u.place = 'course' and (v.id in (c.published_id, c.draft_id)
				or exists (select 1 from enrolments e where e.version_id = v.id and e.status = 'active'))) as past
		from (`+fileUses+`) u left join course_versions v on v.id = u.version_id left join courses c on c.id = v.course_id
		left join course_versions t on t.id = coalesce(c.published_id, c.draft_id)
		where u.file_id in ? group by 1, 2, 3, 4 order by 1, 2, 4, 3`, files).Scan(&rows).Error
	if err != nil {
		return nil, fail(err, "uses of files")
	}
	out := map[uid.ID][]content.Use{}
	for _, r := range rows {
		out[r.FileID] = append(out[r.FileID], r.Use)
	}
	return out, nil
}

// RemoveUnused removes the row of a file that nothing uses. The file is held first: nothing that names it by a foreign key
// can come between.
func (s *Store) RemoveUnused(ctx context.Context, id uid.ID) (variants []string, removed bool, err error) {
	var free []bool
	err = s.tx(ctx).Raw(`select not exists (select 1 from (`+fileUses+`) u where u.file_id = f.id)`+heldFile(ctx, "f")+` from files f where f.id = ? for update of f`, id).Scan(&free).Error
	if err != nil {
		return nil, false, fail(err, "whether file %s is used", id)
	}
	if len(free) == 0 || !free[0] {
		return nil, false, nil
	}
	if err = s.tx(ctx).Raw("select sha256 from file_variants where file_id = ?", id).Scan(&variants).Error; err != nil {
		return nil, false, fail(err, "variants of file %s", id)
	}
	if err = s.tx(ctx).Exec("delete from uploads where file_id = ?", id).Error; err != nil {
		return nil, false, fail(err, "forget uploads of file %s", id)
	}
	return variants, true, fail(s.tx(ctx).Exec("delete from files where id = ?", id).Error, "remove file %s", id)
}

// storageLock is the class of the advisory locks under which tenants' storage is counted.
const storageLock = 0x6c796673 // "lyfs"

// LockStorage holds the tenant's storage until the transaction ends.
func (s *Store) LockStorage(ctx context.Context) error {
	r := current(ctx)
	if r == nil {
		return ErrNoTransaction
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(r.schema))
	return fail(s.tx(ctx).Exec("select pg_advisory_xact_lock(?, ?)", int32(storageLock), int32(h.Sum32())).Error, "hold the storage")
}

// StorageOf counts what files take, and what is announced.
func (s *Store) StorageOf(ctx context.Context) (st content.Storage, err error) {
	var row struct {
		Used, Coming int64
		Files        int
		Limit        *int64
	}
	err = s.tx(ctx).Raw(`select (select coalesce(sum(size), 0) from file_bytes where files > 0) as used, (select count(*) from files) as files,
		(select coalesce(sum(size), 0) from uploads where file_id is null) as coming,
		(select value::text::bigint from settings where name = 'storage_limit') as "limit"`).Scan(&row).Error
	st = content.Storage{Used: row.Used, Coming: row.Coming, Files: row.Files, Own: row.Limit != nil}
	if st.Own {
		st.Limit = *row.Limit
	}
	return st, fail(err, "count the storage")
}

// SetStorageLimit writes the tenant's own limit, or forgets it.
func (s *Store) SetStorageLimit(ctx context.Context, bytes *int64, at time.Time) error {
	if bytes == nil {
		return fail(s.tx(ctx).Exec("delete from settings where name = 'storage_limit'").Error, "forget the storage's limit")
	}
	raw, err := json.Marshal(*bytes)
	if err != nil {
		return fmt.Errorf("limit: %w", err)
	}
	return fail(s.tx(ctx).Exec(`insert into settings (name, value, updated_at) values ('storage_limit', ?, ?)
		on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at`, string(raw), at).Error, "set the storage's limit")
}

// TouchBytes notes that bytes are wanted.
func (s *Store) TouchBytes(ctx context.Context, sha256 string, size int64, at time.Time) error {
	return fail(s.tx(ctx).Exec(`insert into file_bytes (sha256, size, files, variants, touched_at) values (?, ?, 0, 0, ?)
		on conflict (sha256) do update set touched_at = excluded.touched_at`, sha256, size, at).Error, "touch bytes")
}

// CountBytes adds to, or takes from, how many have the bytes.
func (s *Store) CountBytes(ctx context.Context, sha256 string, files, variants int, at time.Time) error {
	res := s.tx(ctx).Exec("update file_bytes set files = files + ?, variants = variants + ?, touched_at = ? where sha256 = ?", files, variants, at, sha256)
	if res.Error == nil && res.RowsAffected == 0 {
		return fmt.Errorf("count the bytes %s: they are not noted", sha256)
	}
	return fail(res.Error, "count bytes")
}

// TakeUnusedBytes holds bytes that nobody has had since before a moment; "" for none. What another sweep holds is passed over.
func (s *Store) TakeUnusedBytes(ctx context.Context, before time.Time) (sha256 string, err error) {
	var found []string
	err = s.tx(ctx).Raw(`select sha256 from file_bytes where files = 0 and variants = 0 and touched_at < ?
		order by touched_at limit 1 for update skip locked`, before).Scan(&found).Error
	if err != nil || len(found) == 0 {
		return "", fail(err, "unused bytes")
	}
	return found[0], nil
}

// ForgetBytes forgets bytes that were removed.
func (s *Store) ForgetBytes(ctx context.Context, sha256 string) error {
	return fail(s.tx(ctx).Exec("delete from file_bytes where sha256 = ?", sha256).Error, "forget bytes")
}
