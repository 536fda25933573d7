package store

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm/clause"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/content"
)

// AddFile writes the row of a checked file.
func (s *Store) AddFile(ctx context.Context, f content.File) error {
	return fail(s.tx(ctx).Create(&f).Error, "add file %s", f.ID)
}

// FileByID reads a file's row.
func (s *Store) FileByID(ctx context.Context, id uid.ID) (f content.File, err error) {
	err = s.tx(ctx).Where("id = ?", id).Take(&f).Error
	return f, notFound(err, content.ErrFileNotFound, "file %s", id)
}

// FileNamed reads the oldest file of a name, kind and hash: one that a person brought to hand it in, or with nil one of authors.
func (s *Store) FileNamed(ctx context.Context, name string, kind content.FileKind, sha256 string, handedBy *uid.ID) (f content.File, err error) {
	q := s.tx(ctx).Where("sha256 = ? and name = ? and kind = ?", sha256, name, kind)
	if handedBy != nil {
		q = q.Where("handed and created_by = ?", *handedBy)
	} else {
		q = q.Where("handed is not true and not exists (select from submissions s where s.file_id = files.id) and not exists (select from submission_files w where w.file_id = files.id) and not exists (select from test_answer_files a where a.file_id = files.id)")
	}
	err = q.Order("id").Limit(1).Take(&f).Error
	return f, notFound(err, content.ErrFileNotFound, "file of hash %s", sha256)
}

const fileColumns = `f.id, f.name, f.kind, f.media_type, f.size, f.sha256, f.seconds, coalesce(f.width, 0), coalesce(f.height, 0), coalesce(f.note, ''),
	coalesce(f.handed, false), f.created_by, f.created_at`

// fileFor says who may read a file; content.Service.File tells it in words. The cheap questions come first.
const fileFor = `select ` + fileColumns + `, (f.created_by = $2
	or (($3 or $6 and f.kind = 'picture') and f.handed is not true and not exists (select 1 from submissions s where s.file_id = f.id) and not exists (select 1 from submission_files w where w.file_id = f.id) and not exists (select 1 from test_answer_files a where a.file_id = f.id))
	or ($5 and (exists (select 1 from submissions s where s.file_id = f.id) or exists (select 1 from submission_files w where w.file_id = f.id) or exists (select 1 from test_answer_files a where a.file_id = f.id)))
	or exists (select 1 from submission_files w join submissions s on s.id = w.submission_id join enrolments e on e.person_id = $2
		where w.file_id = f.id and (w.kind = 'handed' or s.status <> 'submitted')
		and (e.id = s.enrolment_id or exists (select 1 from submission_members m where m.submission_id = s.id and m.enrolment_id = e.id)))
	or exists (select 1 from enrolments e where e.person_id = $2 and e.status <> 'withdrawn' and (
		exists (select 1 from course_versions v where v.id = e.version_id and (v.cover_file_id = f.id or strpos(v.summary, 'file:' || f.id) > 0))
		or exists (select 1 from lessons l where l.version_id = e.version_id and (l.file_id = f.id or l.captions_file_id = f.id))
		or exists (select 1 from version_texts x where x.version_id = e.version_id and (x.file_id = f.id or x.captions_file_id = f.id))
		or exists (select 1 from lessons l where l.version_id = e.version_id and l.body like '%file:%' and strpos(l.body, 'file:' || f.id) > 0)
		or exists (select 1 from version_texts x where x.version_id = e.version_id and x.body like '%file:%' and strpos(x.body, 'file:' || f.id) > 0)))
	or ($4 and exists (select 1 from courses c join course_versions v on v.id = c.published_id
		where c.status = 'published' and (v.cover_file_id = f.id or strpos(v.summary, 'file:' || f.id) > 0
			or exists (select 1 from version_texts x where x.version_id = v.id and x.part = v.id and strpos(x.body, 'file:' || f.id) > 0))
		and (coalesce(c.visibility, '') <> 'groups' or exists (select 1 from course_groups g join group_members m on m.group_id = g.group_id
			where g.course_id = c.id and m.person_id = $2))))
	or ($4 and exists (select 1 from paths p where p.cover_file_id = f.id and p.status <> 'draft')))
	from files f where f.id = $1`

// fileForRounds is fileFor where people may have been in a course more than once: what came of earlier rounds stays theirs.
var fileForRounds = strings.Replace(fileFor, "join enrolments e on e.person_id = $2", "join enrolment_rounds e on e.person_id = $2", 1)

// FileFor reads a file and whether the reader may see it, in one round trip.
func (s *Store) FileFor(ctx context.Context, id uid.ID, r content.Reader) (f content.File, may bool, err error) {
	err = s.singleRow(ctx, content.ErrFileNotFound, func(row pgx.Row) error {
		return row.Scan(&f.ID, &f.Name, &f.Kind, &f.MediaType, &f.Size, &f.SHA256, &f.Seconds, &f.Width, &f.Height, &f.Note, &f.Handed, &f.CreatedBy, &f.CreatedAt, &may)
	}, byRounds(ctx, fileForRounds, fileFor), id, r.PersonID, r.All, r.Covers, r.Submissions, r.Pictures)
	return f, may, fail(err, "file %s for a reader", id)
}

// FileList lists files, the newest or the largest first.
func (s *Store) FileList(ctx context.Context, f content.Filter) (out page.Of[content.File], err error) {
	limit := f.Page.Bounded()
	q := s.tx(ctx).Limit(limit + 1)
	if f.Kind != "" {
		q = q.Where("kind = ?", f.Kind)
	}
	if f.Unused {
		q = q.Where("not exists (select 1 from (" + fileUses + ") u where u.file_id = files.id)")
	}
	order, key := "id desc", func(f content.File) []string { return []string{f.ID.String()} }
	if f.Largest {
		order, key = "size desc, id desc", func(f content.File) []string { return []string{f.ID.String(), strconv.FormatInt(f.Size, 10)} }
	}
	if f.Page.After != "" {
		after, err := page.Parts(f.Page.After, len(key(content.File{})))
		if err != nil {
			return out, err
		}
		id, ok := uid.Parse(after[0])
		if !ok {
			return out, page.ErrCursor
		}
		if !f.Largest {
			q = q.Where("id < ?", id)
		} else {
			size, err := strconv.ParseInt(after[1], 10, 64)
			if err != nil {
				return out, page.ErrCursor
			}
			q = q.Where("(size, id) < (?, ?)", size, id)
		}
	}
	var rows []content.File
	if err = q.Order(order).Find(&rows).Error; err != nil {
		return out, fail(err, "list files")
	}
	return page.Cut(rows, limit, key), nil
}

// AddVariant writes the row of a smaller picture; false when the file has one of this width already.
func (s *Store) AddVariant(ctx context.Context, v content.Variant) (added bool, err error) {
	res := s.tx(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&v)
	return res.RowsAffected > 0, fail(res.Error, "add a variant of file %s", v.FileID)
}

// PicturesOf reads what pictures measure, with their smaller ones.
func (s *Store) PicturesOf(ctx context.Context, files []uid.ID) (list []content.Picture, err error) {
	err = s.single(ctx, func(rows pgx.Rows) error {
		list = nil
		for rows.Next() {
			var p content.Picture
			var v content.Variant
			if err := rows.Scan(&p.ID, &p.Width, &p.Height, &v.Width, &v.Height, &v.MediaType, &v.Size, &v.SHA256); err != nil {
				return err
			}
			if n := len(list); n == 0 || list[n-1].ID != p.ID {
				list = append(list, p)
			}
			if v.SHA256 != "" {
				v.FileID = p.ID
				last := &list[len(list)-1]
				last.Variants = append(last.Variants, v)
			}
		}
		return rows.Err()
	}, `select f.id, coalesce(f.width, 0), coalesce(f.height, 0), coalesce(v.width, 0), coalesce(v.height, 0), coalesce(v.media_type, ''), coalesce(v.size, 0), coalesce(v.sha256, '')
		from files f left join file_variants v on v.file_id = f.id where f.id = any($1) and f.kind = 'picture' order by f.id, v.width`, files)
	return list, fail(err, "pictures")
}

// AddUpload writes a begun upload.
func (s *Store) AddUpload(ctx context.Context, u content.Upload) error {
	return fail(s.tx(ctx).Create(&u).Error, "add upload %s", u.ID)
}

// UploadByID reads an upload.
func (s *Store) UploadByID(ctx context.Context, id uid.ID) (u content.Upload, err error) {
	err = s.tx(ctx).Where("id = ?", id).Take(&u).Error
	return u, notFound(err, content.ErrUploadNotFound, "upload %s", id)
}

// LockUpload reads an upload and holds it until the transaction ends.
func (s *Store) LockUpload(ctx context.Context, id uid.ID) (u content.Upload, err error) {
	err = s.tx(ctx).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Where("id = ?", id).Take(&u).Error
	return u, notFound(err, content.ErrUploadNotFound, "lock upload %s", id)
}

// UpdateUpload writes how much of an upload has arrived and what it became.
func (s *Store) UpdateUpload(ctx context.Context, u content.Upload) error {
	return s.changeOne(ctx, content.ErrUploadNotFound, "update upload", "update uploads set received = ?, hashed = ?, file_id = ? where id = ?", u.Received, u.Hashed, u.FileID, u.ID)
}

// RemoveUpload forgets an upload; one that is gone already is fine.
func (s *Store) RemoveUpload(ctx context.Context, id uid.ID) error {
	return fail(s.tx(ctx).Exec("delete from uploads where id = ?", id).Error, "remove upload %s", id)
}

// ExpiredUploads reads uploads that ended before a moment, the oldest first.
func (s *Store) ExpiredUploads(ctx context.Context, before time.Time, limit int) (list []content.Upload, err error) {
	err = s.tx(ctx).Where("expires_at < ?", before).Order("expires_at, id").Limit(limit).Find(&list).Error
	return list, fail(err, "expired uploads")
}

// neverHanded are files that were brought to be handed in, are in no submission, and are not kept under a hold.
func neverHanded(ctx context.Context) string { return inNoHandIn + heldFile(ctx, "files") }

const inNoHandIn = "handed and not exists (select from submissions s where s.file_id = files.id) and not exists (select from submission_files w where w.file_id = files.id) and not exists (select from test_answer_files a where a.file_id = files.id)"

// HandedWaiting counts what a person brought to hand in, and did not, with what is on its way.
func (s *Store) HandedWaiting(ctx context.Context, person uid.ID) (n int, err error) {
	err = s.tx(ctx).Raw("select (select count(*) from files where "+neverHanded(ctx)+" and created_by = ?) + (select count(*) from uploads where handed and file_id is null and created_by = ?)",
		person, person).Scan(&n).Error
	return n, fail(err, "what person %s did not hand in", person)
}

// HandedAndLeft reads files that were brought to be handed in before a moment, and that nothing uses, the oldest first.
func (s *Store) HandedAndLeft(ctx context.Context, before time.Time, limit int) (ids []uid.ID, err error) {
	err = s.tx(ctx).Model(&content.File{}).Where(neverHanded(ctx)+" and created_at < ? and not exists (select 1 from ("+fileUses+") u where u.file_id = files.id)", before).
		Order("created_at, id").Limit(limit).Pluck("id", &ids).Error
	return ids, fail(err, "files that were not handed in")
}

// HandedBy reads files that a person brought to be handed in, and that nothing uses.
func (s *Store) HandedBy(ctx context.Context, person uid.ID, limit int) (ids []uid.ID, err error) {
	err = s.tx(ctx).Model(&content.File{}).Where(neverHanded(ctx)+" and created_by = ? and not exists (select 1 from ("+fileUses+") u where u.file_id = files.id)", person).
		Order("id").Limit(limit).Pluck("id", &ids).Error
	return ids, fail(err, "files of person %s", person)
}
