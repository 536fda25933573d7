package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/certificate"
	"lyceum/learning/enrolment"
)

// CompletionOf reads what a certificate says of an enrolment: the version it was taken on, and the score of the quiz
// passed last.
func (s *Store) CompletionOf(ctx context.Context, enrolmentID uid.ID) (c certificate.Completion, err error) {
	err = s.tx(ctx).Table(rounds(ctx)+" e").
		Select(`e.id as enrolment_id, e.person_id, e.course_id, e.status, p.name as person_name, v.title as course_title, v.number as version_number,
			v.estimated_minutes as minutes, e.completed_at,
			(select (q.evidence->>'percent')::integer
				from lesson_progress q join lessons l on l.version_id = e.version_id and l.id = q.lesson_id
				where q.enrolment_id = e.id and q.status = 'completed' and l.kind = 'quiz'
				order by q.completed_at desc, q.lesson_id limit 1) as percent`).
		Joins("join people p on p.id = e.person_id").
		Joins("join course_versions v on v.id = e.version_id").
		Where("e.id = ?", enrolmentID).Take(&c).Error
	return c, notFound(err, enrolment.ErrEnrolmentNotFound, "completion of enrolment %s", enrolmentID)
}

// AddCertificate writes a certificate; added is false when the enrolment has one already, or the code is taken.
func (s *Store) AddCertificate(ctx context.Context, c certificate.Certificate) (added bool, err error) {
	res := s.tx(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&c)
	return res.RowsAffected == 1, fail(res.Error, "add certificate of enrolment %s", c.EnrolmentID)
}

// allOf reads whole certificates, whichever columns they have: a portal in the shape before has fewer.
func (s *Store) allOf(ctx context.Context) *gorm.DB {
	return s.tx(ctx).Table("certificates").Select("certificates.*")
}

// CertificateFor reads the certificate of an enrolment.
func (s *Store) CertificateFor(ctx context.Context, enrolmentID uid.ID) (c certificate.Certificate, err error) {
	err = s.allOf(ctx).Where("enrolment_id = ? and replaced_at is null", enrolmentID).Take(&c).Error
	return c, notFound(err, certificate.ErrNotFound, "certificate of enrolment %s", enrolmentID)
}

// ReplaceCertificate marks a certificate as replaced by a later one of the same enrolment.
func (s *Store) ReplaceCertificate(ctx context.Context, id uid.ID, at time.Time) error {
	return s.changeOne(ctx, certificate.ErrNotFound, "replace certificate", "update certificates set replaced_at = ? where id = ? and replaced_at is null", at, id)
}

// CertificateByCode reads a certificate by its public number.
func (s *Store) CertificateByCode(ctx context.Context, code string) (c certificate.Certificate, err error) {
	err = s.allOf(ctx).Where("code = ?", code).Take(&c).Error
	return c, notFound(err, certificate.ErrNotFound, "certificate by its number")
}

// CertificatesOf reads a person's certificates, the newest first.
func (s *Store) CertificatesOf(ctx context.Context, person uid.ID, limit int) (list []certificate.Certificate, err error) {
	err = s.allOf(ctx).Where("person_id = ?", person).Order("id desc").Limit(limit).Find(&list).Error
	return list, fail(err, "certificates of person %s", person)
}

// RevokeCertificate withdraws a certificate that holds.
func (s *Store) RevokeCertificate(ctx context.Context, c certificate.Certificate) error {
	return s.changeOne(ctx, certificate.ErrRevoked, "revoke a certificate",
		"update certificates set revoked_at = ?, revoked_by = ?, revoke_reason = ?, revoke_class = ? where id = ? and revoked_at is null",
		c.RevokedAt, c.RevokedBy, c.RevokeReason, c.RevokeClass, c.ID)
}

// maxHistory bounds how many certificates of one enrolment are read.
const maxHistory = 200

// CertificateHistory reads all certificates of an enrolment, the newest first.
func (s *Store) CertificateHistory(ctx context.Context, enrolmentID uid.ID) (list []certificate.Certificate, err error) {
	err = s.allOf(ctx).Where("enrolment_id = ?", enrolmentID).Order("id desc").Limit(maxHistory).Find(&list).Error
	return list, fail(err, "certificates of enrolment %s", enrolmentID)
}

// IssuedCertificates lists certificates, the newest first.
func (s *Store) IssuedCertificates(ctx context.Context, f certificate.Filter) (out page.Of[certificate.Certificate], err error) {
	limit := f.Page.Bounded()
	q := s.allOf(ctx).Order("id desc").Limit(limit + 1)
	if f.Page.After != "" {
		after, err := page.Parts(f.Page.After, 1)
		if err != nil {
			return out, err
		}
		last, ok := uid.Parse(after[0])
		if !ok {
			return out, page.ErrCursor
		}
		q = q.Where("id < ?", last)
	}
	if f.Query != "" {
		like := "%" + escapeLike(f.Query) + "%"
		q = q.Where("(person_name ilike ? or course_title ilike ? or code = ?)", like, like, f.Query)
	}
	if f.Course != uid.Nil {
		q = q.Where("course_id = ?", f.Course)
	}
	switch f.State {
	case certificate.NarrowRevoked:
		q = q.Where("revoked_at is not null")
	case certificate.NarrowExpired:
		q = q.Where("revoked_at is null and replaced_at is null and valid_until < ?", f.Now)
	case certificate.NarrowExpiring:
		q = q.Where("revoked_at is null and replaced_at is null and valid_until >= ? and valid_until <= ?", f.Now, f.Now.Add(certificate.WithinMonth))
	}
	var rows []certificate.Certificate
	if err = q.Find(&rows).Error; err != nil {
		return out, fail(err, "list certificates")
	}
	return page.Cut(rows, limit, func(c certificate.Certificate) []string { return []string{c.ID.String()} }), nil
}
