package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"lyceum/internal/uid"
	"lyceum/tenant"
	"lyceum/tenant/leaving"
)

// OpenLeaving is a tenant's wish to go that was not taken back.
func (s *Store) OpenLeaving(ctx context.Context, tenantID uid.ID) (l leaving.Leaving, err error) {
	return l, notFound(s.tx(ctx).Where("tenant_id = ? and kept_at is null", tenantID).Take(&l).Error, leaving.ErrNotLeaving, "a tenant's wish to go")
}

// InsertLeaving writes a wish unless the tenant has an open one, and marks the tenant with its day.
func (s *Store) InsertLeaving(ctx context.Context, l leaving.Leaving) error {
	res := s.tx(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&l)
	if res.Error != nil || res.RowsAffected == 0 {
		return fail(res.Error, "note that a tenant leaves")
	}
	if err := s.tx(ctx).Exec("update control.tenants set leaves_at = ?, updated_at = ? where id = ?", l.EraseAt, l.AskedAt, l.TenantID).Error; err != nil {
		return fail(err, "mark a tenant that leaves")
	}
	if err := s.settleLife(ctx, l.TenantID, "leaving", l.AskedAt); err != nil {
		return err
	}
	return s.announceAtCommit(ctx, l.TenantID)
}

// KeepTenant takes the open wish back; ErrGoing once its erasure began.
func (s *Store) KeepTenant(ctx context.Context, tenantID uid.ID, by string, at time.Time) error {
	l, err := s.OpenLeaving(ctx, tenantID)
	if err != nil {
		return err
	}
	err = s.changeOne(ctx, leaving.ErrGoing, "keep a tenant", "update control.leavings set kept_at = ?, kept_by = ? where id = ? and closed_at is null and kept_at is null", at, by, l.ID)
	if err != nil {
		return err
	}
	err = s.changeOne(ctx, leaving.ErrGoing, "unmark a tenant that stays",
		"update control.tenants set leaves_at = null, updated_at = ? where id = ? and status <> ?", at, tenantID, tenant.StatusDeleting)
	if err != nil {
		return err
	}
	if err := s.settleLife(ctx, tenantID, "kept", at); err != nil {
		return err
	}
	return s.announceAtCommit(ctx, tenantID)
}

// PauseTenant lets a tenant rest, or has it go on; changed is false where it already does.
func (s *Store) PauseTenant(ctx context.Context, tenantID uid.ID, rests bool, at time.Time) (changed bool, err error) {
	since := &at
	if !rests {
		since = nil
	}
	res := s.tx(ctx).Exec("update control.tenants set paused_at = ?, updated_at = ? where id = ? and status <> ? and (paused_at is null) = ?", since, at, tenantID, tenant.StatusDeleting, rests)
	if res.Error != nil || res.RowsAffected == 0 {
		return false, fail(res.Error, "let a tenant rest")
	}
	why := "resumed"
	if rests {
		why = "paused"
	}
	if err := s.settleLife(ctx, tenantID, why, at); err != nil {
		return false, err
	}
	return true, s.announceAtCommit(ctx, tenantID)
}

// DueLeavings are those to be warned of, erased or finished, the oldest first.
func (s *Store) DueLeavings(ctx context.Context, now time.Time, warn time.Duration) (list []leaving.Leaving, err error) {
	err = s.tx(ctx).Where("kept_at is null and mailed_at is null and (erase_at <= ? or warned_at is null and erase_at <= ? and asked_at < ?)", now, now.Add(warn), now.Add(-time.Hour)).
		Order("erase_at").Limit(500).Find(&list).Error
	return list, fail(err, "list who leaves")
}

// Warned notes that an owner was reminded.
func (s *Store) Warned(ctx context.Context, id uid.ID, at time.Time) error {
	return fail(s.tx(ctx).Exec("update control.leavings set warned_at = ? where id = ?", at, id).Error, "note a warning")
}

// Closing notes that an erasure began, from where nobody takes the wish back; ErrNotLeaving for one that was taken back.
func (s *Store) Closing(ctx context.Context, id uid.ID, at time.Time) error {
	return s.changeOne(ctx, leaving.ErrNotLeaving, "note that an erasure began",
		"update control.leavings set closed_at = coalesce(closed_at, ?) where id = ? and kept_at is null", at, id)
}

// ErasureSteps lists what of an erasure is done, in order.
func (s *Store) ErasureSteps(ctx context.Context, id uid.ID) (list []leaving.Step, err error) {
	return list, fail(s.tx(ctx).Where("leaving_id = ?", id).Order("done_at, step").Find(&list).Error, "steps of an erasure")
}

// StepDone notes a step; one that is there stays.
func (s *Store) StepDone(ctx context.Context, step leaving.Step) error {
	if step.Counts == nil {
		step.Counts = map[string]int64{}
	}
	return fail(s.tx(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&step).Error, "note a step of an erasure")
}

// FinishLeaving writes the receipt, once.
func (s *Store) FinishLeaving(ctx context.Context, id uid.ID, receipt string, at time.Time) error {
	return fail(s.tx(ctx).Exec("update control.leavings set receipt = ?, erased_at = ? where id = ? and erased_at is null", receipt, at, id).Error, "write a receipt")
}

// LeavingRecipients notes who still has to get the receipt.
func (s *Store) LeavingRecipients(ctx context.Context, id uid.ID, to []leaving.Recipient) error {
	return fail(s.tx(ctx).Where("id = ?", id).Select("Recipients").Updates(&leaving.Leaving{Recipients: to}).Error, "note who gets a receipt")
}

// LeavingMailed notes that the receipt was sent: nothing is left to do, and nobody's address is kept for it.
func (s *Store) LeavingMailed(ctx context.Context, id uid.ID, at time.Time) error {
	return fail(s.tx(ctx).Exec("update control.leavings set mailed_at = ?, recipients = null where id = ?", at, id).Error, "note that a receipt was sent")
}

// LeavingByToken finds one by the address of its receipt.
func (s *Store) LeavingByToken(ctx context.Context, token string) (l leaving.Leaving, err error) {
	return l, notFound(s.tx(ctx).Where("token = ?", token).Take(&l).Error, leaving.ErrNotFound, "a receipt by its address")
}

// LeavingsOf lists the wishes of whoever had a name in addresses, the newest first.
func (s *Store) LeavingsOf(ctx context.Context, slug string, limit int) (list []leaving.Leaving, err error) {
	return list, fail(s.tx(ctx).Where("tenant_slug = ?", slug).Order("id desc").Limit(limit).Find(&list).Error, "wishes to go")
}

// TenantCounts counts what the running tenant has.
func (s *Store) TenantCounts(ctx context.Context) (map[string]int64, error) {
	var c struct{ People, Courses, Enrolments, Certificates, Files, Bytes int64 }
	err := s.tx(ctx).Raw(`select (select count(*) from people) people, (select count(*) from courses) courses, (select count(*) from enrolments) enrolments,
		(select count(*) from certificates) certificates, count(*) files, coalesce(sum(size), 0) bytes from files`).Scan(&c).Error
	return map[string]int64{"people": c.People, "courses": c.Courses, "enrolments": c.Enrolments, "certificates": c.Certificates, "files": c.Files, "bytes": c.Bytes}, fail(err, "count what a tenant has")
}

// RemoveJobs takes a tenant's waiting jobs away. One that runs ends by itself: its tenant is not found.
func (s *Store) RemoveJobs(ctx context.Context, tenantID uid.ID) (n int64, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		res := s.tx(ctx).Exec("delete from river.river_job where args->>'tenant' = ? and state <> 'running'", tenantID.String())
		n = res.RowsAffected
		return fail(res.Error, "remove a tenant's jobs")
	})
	return n, err
}
