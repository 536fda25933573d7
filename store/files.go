package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

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

// FileNamed reads the oldest file of a name, kind and hash.
func (s *Store) FileNamed(ctx context.Context, name string, kind content.FileKind, sha256 string) (f content.File, err error) {
	err = s.tx(ctx).Where("sha256 = ? and name = ? and kind = ?", sha256, name, kind).Order("id").Limit(1).Take(&f).Error
	return f, notFound(err, content.ErrFileNotFound, "file of hash %s", sha256)
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
	return s.changeOne(ctx, content.ErrUploadNotFound, "update upload", "update uploads set received = ?, file_id = ? where id = ?", u.Received, u.FileID, u.ID)
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
