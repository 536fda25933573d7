package badge_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/learning/badge"
	"lyceum/learning/certificate"
	"lyceum/store/storetest"
)

func TestACertificateIsAnOpenBadgeThatCanBeCheckedFromFiles(t *testing.T) {
	t.Parallel()
	h := setup(t)
	learner, c := h.earned(t, "Ladders <&> more")
	jwt := h.credential(t, learner, c.Code)
	v, err := badge.Verify(jwt, portal{h: h, tenant: h.tenant}, h.w.Now.Now())
	if err != nil {
		t.Fatal(err)
	}
	if v.Issuer != "did:web:acme.example" || v.IssuerName != look.Name || v.Person != c.PersonName || v.Course != c.CourseTitle || v.Version != "1" ||
		v.Result != "100" || !v.IssuedAt.Equal(c.IssuedAt.Truncate(time.Second)) || v.ID != base+"/verify/"+c.Code || v.Revoked || v.StatusAt == nil {
		t.Errorf("it says %+v", v)
	}
	if again := h.credential(t, learner, c.Spaced()); again != jwt {
		t.Error("the same certificate gave another credential")
	}
	picture, err := h.badges.Baked(learner, base, look, c.Code)
	if err != nil {
		t.Fatal(err)
	}
	if inside, err := badge.Extract(picture); err != nil || inside != jwt {
		t.Errorf("the picture carries %.40q, %v", inside, err)
	}
}

func TestACredentialSaysWhatTheStandardAsksForAndNoAddress(t *testing.T) {
	t.Parallel()
	h := setup(t)
	learner, c := h.earned(t, "Ladders")
	who, _ := auth.PrincipalFrom(learner)
	var email string
	err := h.w.Store.InTenant(h.tenant, func(ctx context.Context) (err error) {
		email, err = h.w.Store.EmailOf(ctx, who.PersonID)
		return err
	})
	if err != nil || email == "" {
		t.Fatal(email, err)
	}
	jwt := h.credential(t, learner, c.Code)
	got := payload(t, jwt)
	for _, name := range []string{"@context", "id", "type", "issuer", "validFrom", "credentialSubject", "credentialStatus", "iss", "jti", "sub", "nbf"} {
		if got[name] == nil {
			t.Errorf("no %s", name)
		}
	}
	raw, _ := json.Marshal(got)
	if strings.Contains(string(raw), email) {
		t.Error("it shows the person's address to everyone")
	}
	ids, _ := got["credentialSubject"].(map[string]any)["identifier"].([]any)
	found := false
	for _, one := range ids {
		one := one.(map[string]any)
		salt, _ := one["salt"].(string)
		sum := sha256.Sum256([]byte(email + salt))
		found = found || one["identityHash"] == "sha256$"+hex.EncodeToString(sum[:])
	}
	if !found {
		t.Errorf("who knows the address does not find it in %v", ids)
	}
}

func TestAWithdrawnCertificateIsOnTheStatusListAndGivenOutNoMore(t *testing.T) {
	t.Parallel()
	h := setup(t)
	learner, c := h.earned(t, "Withdrawn")
	_, other := h.earned(t, "Kept")
	manager := h.may(t, policy.CertificateManage, policy.CertificateAll, policy.CertificateRead)
	jwt, kept := h.credential(t, learner, c.Code), h.credential(t, manager, other.Code)
	if _, err := h.certificates.Revoke(manager, certificate.Withdrawal{Code: c.Code, Reason: "Issued in error."}); err != nil {
		t.Fatal(err)
	}
	from := portal{h: h, tenant: h.tenant}
	v, err := badge.Verify(jwt, from, h.w.Now.Now())
	wantErr(t, err, badge.ErrWithdrawn)
	if !v.Revoked || v.Person != c.PersonName {
		t.Errorf("it says %+v", v)
	}
	if _, err = badge.Verify(kept, from, h.w.Now.Now()); err != nil {
		t.Error(err)
	}
	_, err = h.badges.Credential(learner, base, look, c.Code)
	wantErr(t, err, certificate.ErrRevoked)
	_, err = h.badges.Baked(learner, base, look, c.Code)
	wantErr(t, err, certificate.ErrRevoked)
}

func TestWhatIsChangedForeignOrStaleIsNotBelieved(t *testing.T) {
	t.Parallel()
	h := setup(t)
	learner, c := h.earned(t, "Forged")
	jwt := h.credential(t, learner, c.Code)
	parts := strings.Split(jwt, ".")
	changed := payload(t, jwt)
	changed["name"] = "Brain surgery"
	raw, _ := json.Marshal(changed)
	forged := parts[0] + "." + base64.RawURLEncoding.EncodeToString(raw) + "." + parts[2]
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + "."
	now := h.w.Now.Now()
	good := portal{h: h, tenant: h.tenant}

	abroad := h.w.Tenant(t)
	if _, err := h.badges.Issuer(abroad, base); err != nil {
		t.Fatal(err)
	}
	renamed := func(doc []byte) []byte {
		return []byte(strings.ReplaceAll(string(doc), "did:web:acme.example", "did:web:evil.example"))
	}
	for what, one := range map[string]struct {
		jwt  string
		from portal
		at   time.Time
		want error
	}{
		"changed text":          {forged, good, now, badge.ErrUnproven},
		"no signature":          {none, good, now, badge.ErrNotOurs},
		"no JWT":                {"hello", good, now, badge.ErrNotOurs},
		"empty":                 {"", good, now, badge.ErrNotOurs},
		"another tenant's keys": {jwt, portal{h: h, tenant: abroad}, now, badge.ErrUnproven},
		"another issuer":        {jwt, portal{h: h, tenant: h.tenant, document: renamed}, now, badge.ErrUnproven},
		"document that is none": {jwt, portal{h: h, tenant: h.tenant, document: func([]byte) []byte { return []byte("<html>") }}, now, badge.ErrUnproven},
		"list that is none":     {jwt, portal{h: h, tenant: h.tenant, list: func([]byte) []byte { return []byte("<html>") }}, now, badge.ErrUnproven},
		"credential as list":    {jwt, portal{h: h, tenant: h.tenant, list: func([]byte) []byte { return []byte(jwt) }}, now, badge.ErrUnproven},
		"before its time":       {jwt, good, c.IssuedAt.Add(-time.Hour), badge.ErrUnproven},
		"stale list":            {jwt, portal{h: h, tenant: h.tenant}, now.AddDate(0, 0, 8), badge.ErrStale},
	} {
		if _, err := badge.Verify(one.jwt, one.from, one.at); !errors.Is(err, one.want) {
			t.Errorf("%s: got %v, want %v", what, err, one.want)
		}
	}
}

func TestOldCredentialsHoldAfterTheKeyWasRolled(t *testing.T) {
	t.Parallel()
	h := setup(t)
	learner, c := h.earned(t, "Rolled")
	before := h.credential(t, learner, c.Code)
	wantErr(t, h.badges.Roll(learner), policy.ErrForbidden)
	if err := h.badges.Roll(h.may(t, policy.CertificateManage)); err != nil {
		t.Fatal(err)
	}
	after := h.credential(t, learner, c.Code)
	if before == after {
		t.Error("the old key still signs")
	}
	from := portal{h: h, tenant: h.tenant}
	for _, jwt := range []string{before, after} {
		if _, err := badge.Verify(jwt, from, h.w.Now.Now()); err != nil {
			t.Error(err)
		}
	}
}

func TestABadgeIsForItsOwnerAndForWhoMaySeeEveryones(t *testing.T) {
	t.Parallel()
	h := setup(t)
	_, c := h.earned(t, "Mine")
	_, err := h.badges.Credential(h.may(t, policy.CertificateRead), base, look, c.Code)
	wantErr(t, err, certificate.ErrNotFound)
	_, err = h.badges.Credential(h.may(t), base, look, c.Code)
	wantErr(t, err, policy.ErrForbidden)
	abroad, _ := storetest.Learner(t, h.w.Tenant(t), h.w)
	_, err = h.badges.Credential(abroad, base, look, c.Code)
	wantErr(t, err, certificate.ErrNotFound)
	_, err = h.badges.StatusList(h.tenant, base, 1)
	wantErr(t, err, badge.ErrNoList)
}

func TestManyWhoFetchAtOnceGetOneKeyAndOnePlace(t *testing.T) {
	t.Parallel()
	h := setup(t)
	learner, c := h.earned(t, "At once")
	got, wait := make([]string, 6), sync.WaitGroup{}
	for i := range got {
		wait.Go(func() {
			var err error
			if got[i], err = h.badges.Credential(learner, base, look, c.Code); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for _, one := range got {
		if one != got[0] {
			t.Error("they got different credentials")
		}
	}
}

func TestABadgeSaysUntilWhenItIsValidAndThatItIsOver(t *testing.T) {
	t.Parallel()
	h := setup(t)
	months := 6
	o := storetest.PublishedCourse(t, h.tenant, h.w, storetest.SmallCourse("For half a year"))
	if _, err := h.certificates.SetRule(h.may(t, policy.CourseEdit), certificate.Rule{CourseID: o.Course.ID, Months: &months}); err != nil {
		t.Fatal(err)
	}
	learner, c := h.earnedIn(t, o)
	jwt := h.credential(t, learner, c.Code)
	got := payload(t, jwt)
	end := time.Date(2026, 9, 4, 23, 59, 59, 0, time.UTC)
	if got["validUntil"] != "2026-09-04T23:59:59Z" || got["exp"] != float64(end.Unix()) {
		t.Errorf("valid until %v, %v", got["validUntil"], got["exp"])
	}
	at := func(now time.Time) (badge.Verdict, error) {
		h.w.Now.Advance(now.Sub(h.w.Now.Now())) // the status list is signed then
		return badge.Verify(jwt, portal{h: h, tenant: h.tenant}, now)
	}
	if v, err := at(end); err != nil || !v.ValidUntil.Equal(end) || v.StatusAt == nil {
		t.Errorf("on its last day: %+v, %v", v, err)
	}
	v, err := at(end.Add(time.Second))
	wantErr(t, err, badge.ErrExpired)
	if v.Person != c.PersonName || v.Revoked {
		t.Errorf("it says %+v", v)
	}
	if _, err = h.certificates.Revoke(h.may(t, policy.CertificateManage), certificate.Withdrawal{Code: c.Code, Reason: "In error.", Class: certificate.ClassError}); err != nil {
		t.Fatal(err)
	}
	_, err = at(end.Add(time.Minute))
	wantErr(t, err, badge.ErrWithdrawn)

	_, always := h.earned(t, "For ever")
	if got := payload(t, h.credential(t, h.may(t, policy.CertificateAll, policy.CertificateRead), always.Code)); got["validUntil"] != nil || got["exp"] != nil {
		t.Errorf("valid for ever: %v, %v", got["validUntil"], got["exp"])
	}
}

func TestABadgeStaysVerifiableWhenPersonAndCourseAreGone(t *testing.T) {
	t.Parallel()
	h := setup(t)
	learner, c := h.earned(t, "Gone")
	before := h.credential(t, learner, c.Code)
	h.w.Erase(t, h.tenant, c.PersonID, c.CourseID)
	from := portal{h: h, tenant: h.tenant}
	after := h.credential(t, h.may(t, policy.CertificateAll, policy.CertificateRead), c.Code)
	for _, jwt := range []string{before, after} {
		if v, err := badge.Verify(jwt, from, h.w.Now.Now()); err != nil || v.Person != c.PersonName || v.Course != "Gone" {
			t.Errorf("%+v, %v", v, err)
		}
	}
	if _, err := h.certificates.Revoke(h.may(t, policy.CertificateManage), certificate.Withdrawal{Code: c.Code, Reason: "In error."}); err != nil {
		t.Fatal(err)
	}
	_, err := badge.Verify(before, from, h.w.Now.Now())
	wantErr(t, err, badge.ErrWithdrawn)
}
