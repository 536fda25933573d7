package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"lyceum/internal/uid"
	"lyceum/learning/certificate"
)

// CertificateRule reads how a course's certificates are; the zero rule where it has none.
func (s *Store) CertificateRule(ctx context.Context, course uid.ID) (r certificate.Rule, err error) {
	err = s.tx(ctx).Table("certificate_rules").Where("course_id = ?", course).Limit(1).Find(&r).Error
	return r, fail(err, "certificate rule of course %s", course)
}

// PutCertificateRule writes it.
func (s *Store) PutCertificateRule(ctx context.Context, r certificate.Rule) error {
	return fail(s.tx(ctx).Table("certificate_rules").Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "course_id"}}, DoUpdates: clause.AssignmentColumns([]string{"months", "until", "design_id", "saved_by", "saved_at"}),
	}).Create(&r).Error, "save the certificate rule of course %s", r.CourseID)
}

// ExpiringCertificates holds certificates whose next reminder is due; those that another process works on are passed by.
func (s *Store) ExpiringCertificates(ctx context.Context, now time.Time, n int) (list []certificate.Certificate, err error) {
	err = s.tx(ctx).Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"}).
		Where("valid_until <= ? and valid_until is not null and replaced_at is null and revoked_at is null", now.Add(certificate.WithinMonth)).
		Where("coalesce(expiry_told, 0) < case when valid_until < ? then 3 when valid_until <= ? then 2 else 1 end", now, now.Add(certificate.WithinWeek)).
		Order("valid_until, id").Limit(n).Find(&list).Error
	return list, fail(err, "list certificates that end")
}

// ExpiryTold writes how far the reminders of a certificate went.
func (s *Store) ExpiryTold(ctx context.Context, id uid.ID, how certificate.Nearness) error {
	return s.changeOne(ctx, certificate.ErrNotFound, "note a reminder of a certificate", "update certificates set expiry_told = ? where id = ?", int(how), id)
}
