package store_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/uid"
	"lyceum/learning/certificate"
	"lyceum/store/storetest"
)

func TestACertificateIsKeptOnceByEnrolmentAndByCode(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	s, at, percent := w.Store, w.Now.Now(), 90
	c := certificate.Certificate{
		ID: uid.New(), Code: uid.Opaque(20), EnrolmentID: uid.New(), PersonID: uid.New(), CourseID: uid.New(), PersonName: "Ana", CourseTitle: "Fire safety",
		VersionNumber: 2, Percent: &percent, Minutes: 30, CompletedAt: at, IssuedAt: at,
	}
	sameEnrolment, sameCode := c, c
	sameEnrolment.ID, sameEnrolment.Code = uid.New(), uid.Opaque(20)
	sameCode.ID, sameCode.EnrolmentID = uid.New(), uid.New()
	within(t, w, mine, func(ctx context.Context) error {
		for i, try := range []certificate.Certificate{c, sameEnrolment, sameCode} {
			if added, err := s.AddCertificate(ctx, try); err != nil || added != (i == 0) {
				t.Errorf("try %d: added is %v, %v", i, added, err)
			}
		}
		byEnrolment, err := s.CertificateFor(ctx, c.EnrolmentID)
		if err != nil {
			return err
		}
		byCode, err := s.CertificateByCode(ctx, c.Code)
		if err != nil {
			return err
		}
		list, err := s.CertificatesOf(ctx, c.PersonID, 10)
		if diff := cmp.Diff(c, byEnrolment) + cmp.Diff(c, byCode) + cmp.Diff([]certificate.Certificate{c}, list); diff != "" {
			t.Error(diff)
		}
		return err
	})
	absent(t, w, other, certificate.ErrNotFound, map[string]func(context.Context) error{
		"CertificateFor":    func(ctx context.Context) error { _, err := s.CertificateFor(ctx, c.EnrolmentID); return err },
		"CertificateByCode": func(ctx context.Context) error { _, err := s.CertificateByCode(ctx, c.Code); return err },
	})
	within(t, w, other, func(ctx context.Context) error {
		list, err := s.CertificatesOf(ctx, c.PersonID, 10)
		if len(list) != 0 {
			t.Errorf("another tenant sees %+v", list)
		}
		return err
	})
}
