package certificate_test

import (
	"context"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/certificate"
	"lyceum/store/storetest"
)

// may gives somebody of a tenant some permissions.
func (h house) may(t *testing.T, in context.Context, p ...policy.Permission) context.Context {
	t.Helper()
	ctx, _ := storetest.Learner(t, in, h.w)
	who, _ := auth.PrincipalFrom(ctx)
	who.May = policy.Set{}
	for _, one := range p {
		who.May[one] = struct{}{}
	}
	return auth.WithPrincipal(ctx, who)
}

func TestAWithdrawnCertificateSaysWhoWhyAndSinceWhen(t *testing.T) {
	t.Parallel()
	h := setup(t)
	_, e := h.completed(t, storetest.PublishedCourse(t, h.tenant, h.w, storetest.SmallCourse("Withdrawn")))
	c, err := h.certificates.Issue(h.tenant, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	abroad := h.may(t, h.w.Tenant(t), policy.CertificateManage, policy.CertificateAll)
	_, err = h.certificates.Revoke(abroad, certificate.Withdrawal{Code: c.Code, Reason: "Not ours."})
	wantFault(t, err, certificate.ErrNotFound)
	_, err = h.certificates.Reissue(abroad, certificate.Withdrawal{Code: c.Code, Reason: "Not ours."})
	wantFault(t, err, certificate.ErrNotFound)
	_, err = h.certificates.Revoke(h.may(t, h.tenant, policy.CertificateAll), certificate.Withdrawal{Code: c.Code, Reason: "May not."})
	wantFault(t, err, policy.ErrForbidden)
	admin := h.may(t, h.tenant, policy.CertificateManage, policy.CertificateAll)
	if _, err = h.certificates.Revoke(admin, certificate.Withdrawal{Code: c.Code, Reason: "\t "}); fault.Of(err).Fields["reason"] == "" {
		t.Errorf("no reason: %v", err)
	}
	got, err := h.certificates.Revoke(admin, certificate.Withdrawal{Code: c.Spaced(), Reason: " Issued in error. "})
	if err != nil {
		t.Fatal(err)
	}
	kept, err := h.certificates.ByCode(h.tenant, c.Code)
	who, _ := auth.PrincipalFrom(admin)
	if err != nil || kept.Holds(h.w.Now.Now()) || *kept.RevokedBy != who.PersonID || kept.RevokeReason != "Issued in error." || !kept.RevokedAt.Equal(*got.RevokedAt) {
		t.Errorf("%+v, %v", kept, err)
	}
	_, err = h.certificates.Revoke(admin, certificate.Withdrawal{Code: c.Code, Reason: "Again."})
	wantFault(t, err, certificate.ErrRevoked)
	if list, err := h.certificates.Issued(abroad, certificate.Filter{}); err != nil || len(list.Items) != 0 {
		t.Errorf("another tenant sees %+v, %v", list, err)
	}
	told := 0
	for _, one := range storetest.Events(t, h.tenant, h.w, e.ID) {
		if one.Type == "certificate.revoked" && one.Data["reason"] == "Issued in error." {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
	// The job that issues does not bring it back.
	if again, err := h.certificates.Issue(h.tenant, e.ID); err != nil || again.ID != c.ID || again.Holds(h.w.Now.Now()) {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestIssuedAnewItTakesThePlaceOfTheOneBefore(t *testing.T) {
	t.Parallel()
	h := setup(t)
	_, e := h.completed(t, storetest.PublishedCourse(t, h.tenant, h.w, storetest.SmallCourse("Anew")))
	c, err := h.certificates.Issue(h.tenant, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	admin := h.may(t, h.tenant, policy.CertificateManage, policy.CertificateAll)
	next, err := h.certificates.Reissue(admin, certificate.Withdrawal{Code: c.Code, Reason: "A name was wrong."})
	if err != nil || next.Code == c.Code || *next.ReissueOf != c.ID || !next.Holds(h.w.Now.Now()) || !next.CompletedAt.Equal(c.CompletedAt) {
		t.Fatalf("%+v, %v", next, err)
	}
	old, err := h.certificates.ByCode(h.tenant, c.Code)
	if err != nil || old.Holds(h.w.Now.Now()) || old.ReplacedAt == nil {
		t.Errorf("%+v, %v", old, err)
	}
	_, err = h.certificates.Reissue(admin, certificate.Withdrawal{Code: c.Code, Reason: "Once more."})
	wantFault(t, err, certificate.ErrReplaced)
	if again, err := h.certificates.Issue(h.tenant, e.ID); err != nil || again.ID != next.ID {
		t.Errorf("%+v, %v", again, err)
	}
	// Withdrawn first and issued anew later is the same.
	if _, err = h.certificates.Revoke(admin, certificate.Withdrawal{Code: next.Code, Reason: "Under review."}); err != nil {
		t.Fatal(err)
	}
	if third, err := h.certificates.Reissue(admin, certificate.Withdrawal{Code: next.Code, Reason: "Review done."}); err != nil || *third.ReissueOf != next.ID {
		t.Errorf("%+v, %v", third, err)
	}
}

func TestAllCertificatesAreListedInPiecesAndFound(t *testing.T) {
	t.Parallel()
	h := setup(t)
	var codes []string
	for _, title := range []string{"One", "Two wheels", "100 %", "Three"} {
		_, e := h.completed(t, storetest.PublishedCourse(t, h.tenant, h.w, storetest.SmallCourse(title)))
		c, err := h.certificates.Issue(h.tenant, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		codes = append([]string{c.Code}, codes...)
	}
	admin := h.may(t, h.tenant, policy.CertificateAll)
	var got []string
	for at := ""; ; {
		list, err := h.certificates.Issued(admin, certificate.Filter{Page: page.Request{After: at, Limit: 3}})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list.Items {
			got = append(got, c.Code)
		}
		if at = list.Next; at == "" {
			break
		}
	}
	if strings.Join(got, " ") != strings.Join(codes, " ") {
		t.Errorf("got %v, want %v", got, codes)
	}
	for query, n := range map[string]int{"%": 1, "two whee": 1, codes[0]: 1, "nothing": 0, "_": 0} {
		if list, err := h.certificates.Issued(admin, certificate.Filter{Query: query}); err != nil || len(list.Items) != n {
			t.Errorf("%q finds %d, %v", query, len(list.Items), err)
		}
	}
	if list, err := h.certificates.Issued(admin, certificate.Filter{Course: uid.New()}); err != nil || len(list.Items) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	_, err := h.certificates.Issued(admin, certificate.Filter{Page: page.Request{After: "x"}})
	wantFault(t, err, page.ErrCursor)
	_, err = h.certificates.Issued(h.may(t, h.tenant, policy.CertificateRead), certificate.Filter{})
	wantFault(t, err, policy.ErrForbidden)
}
