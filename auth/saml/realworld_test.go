package saml_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/saml"
)

// captured is where crewjam/saml keeps responses that real providers once sent, in the module cache. They are read where they are: nothing of them is copied.
func captured(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/crewjam/saml").Output()
	dir := filepath.Join(strings.TrimSpace(string(out)), "testdata")
	if err == nil {
		_, err = os.Stat(dir)
	}
	if err != nil {
		t.Skip("SKIPPED: the module crewjam/saml is not in the module cache, so no captured responses were read: go mod download")
	}
	return dir
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// keyOf makes a Key of ours out of a key of theirs.
func keyOf(t *testing.T, dir, key, certificate string) saml.Key {
	t.Helper()
	block, _ := pem.Decode(read(t, dir, key))
	private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, _ := pem.Decode(read(t, dir, certificate))
	return saml.Key{Certificate: base64.StdEncoding.EncodeToString(cert.Bytes), PrivateKey: pemOf("PRIVATE KEY", pkcs8)}
}

// response reads a captured response, which is kept as XML or as base64.
func response(t *testing.T, dir, name string) string {
	t.Helper()
	raw := read(t, dir, name)
	if strings.HasPrefix(strings.TrimSpace(string(raw)), "<") {
		return base64.StdEncoding.EncodeToString(raw)
	}
	return string(raw)
}

// Two of them, of one home-made provider, have a NotBefore where saml-profiles-2.0-os §4.1.4.2 forbids it: subject is empty.
func TestResponsesThatRealProvidersSentAreAdmitted(t *testing.T) {
	t.Parallel()
	dir := captured(t)
	for name, c := range map[string]struct {
		file, metadata string
		now            string
		entity, acs    string
		id             string
		sha1           bool
		subject        string
		key            string
	}{
		"Okta, encrypted, the assertion signed": {"TestSPCanHandleOktaResponseEncryptedSignedAssertion", "IDPMetadata", "2020-03-03T19:31:55Z", "http://localhost:8000/saml/metadata", "http://localhost:8000/saml/acs", "id-6d976cdde8e76df5df0a8ff58148fc0b7ec6796d", false, "testuser@testrsc.com", "sp"},
		"Okta, encrypted, both signed":          {"TestSPCanHandleOktaResponseEncryptedAssertionBothSigned", "IDPMetadata", "2020-03-03T19:40:54Z", "http://localhost:8000/saml/metadata", "http://localhost:8000/saml/acs", "id-953d4cab69ff475c5901d12e585b0bb15a7b85fe", false, "testuser@testrsc.com", "sp"},
		"Okta, encrypted, the response signed":  {"TestSPCanHandleOktaSignedResponseEncryptedAssertion", "IDPMetadata", "2020-03-03T19:24:28Z", "http://localhost:8000/saml/metadata", "http://localhost:8000/saml/acs", "id-a7364d1e4432aa9085a7a8bd824ea2fa8fa8f684", false, "testuser@testrsc.com", "sp"},
		"Google Workspace":                      {"TestSPCanHandlePlaintextResponse", "IDPMetadata", "2016-01-05T16:55:39Z", "https://29ee6d2e.ngrok.io/saml/metadata", "https://29ee6d2e.ngrok.io/saml/acs", "id-fd419a5ab0472645427f8e07d87a3a5dd0b2e9a6", false, "ross@octolabs.io", "sp"},
		"OneLogin, with SHA-1":                  {"TestSPCanHandleOneloginResponse", "IDPMetadata", "2016-01-05T17:53:12Z", "https://29ee6d2e.ngrok.io/saml/metadata", "https://29ee6d2e.ngrok.io/saml/acs", "id-d40c15c104b52691eccf0a2a5c8a15595be75423", true, "ross@kndr.org", "sp"},
		"SecureWorks, with SHA-1":               {"TestSPRealWorldAssertionSignedNotResponse", "idp_metadata", "2017-04-21T13:12:51Z", "https://preview.docrocket-ross.test.octolabs.io/saml/metadata", "https://preview.docrocket-ross.test.octolabs.io/saml/acs", "id-3992f74e652d89c3cf1efd6c7e472abaac9bc917", true, "", "2017"},
		"a bare key in KeyInfo, with SHA-1":     {"TestSPRealWorldKeyInfoHasRSAPublicKeyNotX509Cert", "idp_metadata", "2017-04-21T13:12:51Z", "https://preview.docrocket-ross.test.octolabs.io/saml/metadata", "https://preview.docrocket-ross.test.octolabs.io/saml/acs", "id-3992f74e652d89c3cf1efd6c7e472abaac9bc917", true, "", "2017"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now, err := time.Parse(time.RFC3339, c.now)
			if err != nil {
				t.Fatal(err)
			}
			m, err := saml.ParseMetadata(read(t, dir, c.file+"_"+c.metadata), "", now)
			if err != nil {
				t.Fatal(err)
			}
			s := saml.NewSettings()
			s.Apply(m)
			key := keyOf(t, dir, "sp_key.pem", "sp_cert.pem")
			if c.key == "2017" {
				key = keyOf(t, dir, "key_2017.pem", "cert_2017.pem")
			}
			us := saml.Provider{EntityID: c.entity, ACSURL: c.acs, Keys: []saml.Key{key}}
			in := saml.Response{SAMLResponse: response(t, dir, c.file+"_response"), At: c.acs, RequestIDs: []string{c.id}, Now: now}
			if c.sha1 {
				if _, _, err := us.Accept(s, in); err == nil {
					t.Error("SHA-1 is admitted without an exception")
				}
				until := now.Add(time.Hour)
				s.AllowSHA1Until = &until
			}
			a, report, err := us.Accept(s, in)
			if c.subject == "" {
				// Its signature holds, by the pinned certificate; then it breaks a rule of the profile.
				r, ok := auth.RefusalOf(err)
				if !ok || r.Reason != saml.CheckConfirmation || !strings.Contains(r.Detail, "NotBefore") || !slices.ContainsFunc(report, func(c auth.Check) bool { return c.Name == saml.CheckSignature && c.OK }) {
					t.Errorf("got %v\n%+v", err, report)
				}
				return
			}
			if err != nil || a.Subject != c.subject {
				t.Fatalf("%q, %v\n%+v", a.Subject, err, report)
			}
		})
	}
}

func TestTheAttacksInCrewjamsTestdataAreRefused(t *testing.T) {
	t.Parallel()
	dir := captured(t)
	now := time.Date(2016, 1, 5, 17, 53, 12, 0, time.UTC)
	m, err := saml.ParseMetadata(read(t, dir, "TestSPCanHandleOneloginResponse_IDPMetadata"), "", now)
	if err != nil {
		t.Fatal(err)
	}
	s := saml.NewSettings()
	s.Apply(m)
	until := now.Add(time.Hour)
	s.AllowSHA1Until, s.AllowIDPInitiated = &until, true
	files, err := filepath.Glob(filepath.Join(dir, "*Rejected_response"))
	if err != nil || len(files) < 9 {
		t.Fatalf("%d attacks, %v", len(files), err)
	}
	for _, more := range []string{"TestSPRejectsInjectedComment_response", "TestSPRejectsMalformedResponse_response", "TestSPMultipleAssertions"} {
		files = append(files, filepath.Join(dir, more))
	}
	const acs = "https://29ee6d2e.ngrok.io/saml/acs"
	us := saml.Provider{EntityID: "https://29ee6d2e.ngrok.io/saml/metadata", ACSURL: acs, Keys: []saml.Key{keyOf(t, dir, "sp_key.pem", "sp_cert.pem")}}
	for _, f := range files {
		a, report, err := us.Accept(s, saml.Response{SAMLResponse: response(t, dir, filepath.Base(f)), At: acs, RequestIDs: []string{"id-d40c15c104b52691eccf0a2a5c8a15595be75423", "ONELOGIN_4fee3b046395c4e751011e97f8900b5273d56685"}, Now: now})
		if err == nil {
			t.Errorf("%s admitted %q\n%+v", filepath.Base(f), a.Subject, report)
		}
	}
}
