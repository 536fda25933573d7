package certificate_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/learning/certificate"
	"lyceum/tenant"
)

func TestACertificateStaysVerifiableWhenPersonAndCourseAreGone(t *testing.T) {
	t.Parallel()
	h := setup(t)
	_, c := h.issued(t, h.ruled(t, "Gone", 12))
	h.w.Erase(t, h.tenant, c.PersonID, c.CourseID)
	err := h.w.Store.InTenant(h.tenant, func(ctx context.Context) error {
		if _, err := h.w.Store.PersonByID(ctx, c.PersonID); err == nil {
			t.Error("the person is still here")
		}
		if _, err := h.w.Store.CourseByID(ctx, c.CourseID); err == nil {
			t.Error("the course is still here")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.certificates.ByCode(h.tenant, c.Spaced())
	if diff := cmp.Diff(c, got); err != nil || diff != "" {
		t.Fatalf("%v %s", err, diff)
	}
	pdf, err := h.certificates.PDF(h.tenant, got, certificate.Look{Brand: tenant.DefaultBrand("Acme"), VerifyURL: verifyURL})
	if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Errorf("%v", err)
	}
}
