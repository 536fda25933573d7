package store

import (
	"context"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/report/export"
)

// InsertExport writes a wish for a file.
func (s *Store) InsertExport(ctx context.Context, e export.Export) error {
	return fail(s.tx(ctx).Create(&e).Error, "wish for a file of a report")
}

// OpenExports counts a person's that are being made.
func (s *Store) OpenExports(ctx context.Context, person uid.ID) (n int, err error) {
	err = s.tx(ctx).Raw("select count(*) from report_exports where person_id = ? and status in ('waiting', 'working')", person).Scan(&n).Error
	return n, fail(err, "count files being made")
}

// BeginExport takes one for the next attempt.
func (s *Store) BeginExport(ctx context.Context, id uid.ID) (e export.Export, ok bool, err error) {
	done := s.tx(ctx).Exec("update report_exports set status = 'working', attempts = attempts + 1, done = 0 where id = ? and status in ('waiting', 'working')", id)
	if done.Error != nil || done.RowsAffected == 0 {
		return e, false, fail(done.Error, "begin export %s", id)
	}
	e, err = s.ExportByID(ctx, id)
	return e, err == nil, err
}

// SaveExport writes one that is worked at in this attempt.
func (s *Store) SaveExport(ctx context.Context, e export.Export) (bool, error) {
	done := s.tx(ctx).Model(&export.Export{}).Where("id = ? and status = 'working' and attempts = ?", e.ID, e.Attempts).
		Select("status", "lines", "done", "problem", "object", "bytes", "sha256", "ready_at", "expires_at").UpdateColumns(&e)
	return done.RowsAffected == 1, fail(done.Error, "save export %s", e.ID)
}

// StopExport moves a person's own from one of those states.
func (s *Store) StopExport(ctx context.Context, id, person uid.ID, from []export.Status, to export.Status) (bool, error) {
	done := s.tx(ctx).Exec("update report_exports set status = ? where id = ? and person_id = ? and status in ?", to, id, person, from)
	return done.RowsAffected == 1, fail(done.Error, "stop export %s", id)
}

// Exports lists a person's, the newest first.
func (s *Store) Exports(ctx context.Context, person uid.ID, n int) (list []export.Export, err error) {
	return list, fail(s.tx(ctx).Where("person_id = ?", person).Order("id desc").Limit(n).Find(&list).Error, "list files of reports")
}

// ExportByID finds one.
func (s *Store) ExportByID(ctx context.Context, id uid.ID) (e export.Export, err error) {
	return e, notFound(s.tx(ctx).Where("id = ?", id).Take(&e).Error, export.ErrNotFound, "export %s", id)
}

// ExportsPast lists those whose file is to be removed.
func (s *Store) ExportsPast(ctx context.Context, now time.Time, n int) (list []export.Export, err error) {
	err = s.tx(ctx).Where("object <> '' and (status in ('failed', 'cancelled', 'expired') or status = 'ready' and expires_at <= ?)", now).Order("id").Limit(n).Find(&list).Error
	return list, fail(err, "list old files of reports")
}

// DropExport notes that the file of one is gone.
func (s *Store) DropExport(ctx context.Context, id uid.ID) error {
	return s.changeOne(ctx, export.ErrNotFound, "drop the file of a report", "update report_exports set object = '', status = case status when 'ready' then 'expired' else status end where id = ?", id)
}

// ForgetExports removes what is old and has no file.
func (s *Store) ForgetExports(ctx context.Context, before time.Time) error {
	return fail(s.tx(ctx).Exec("delete from report_exports where asked_at < ? and object = '' and status not in ('waiting', 'working')"+unlessHeld(ctx, "report_exports.person_id"), before).Error, "forget files of reports")
}

var _ export.Keeper = (*Store)(nil)
