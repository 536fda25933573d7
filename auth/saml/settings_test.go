package saml_test

import (
	"crypto/elliptic"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth/saml"
	"lyceum/auth/saml/internal/corpus"
	"lyceum/internal/fault"
)

func TestSettingsGatherEveryFault(t *testing.T) {
	t.Parallel()
	s := saml.Settings{RequestBinding: "pigeon", ClockSkew: 181, NameIDFormat: saml.NameIDTransient, MetadataURL: "http://idp.example/metadata", Endpoints: saml.Endpoints{SLOPost: "ftp://x"}}
	err := s.Validate()
	f := fault.Of(err)
	if f.Kind != fault.KindInvalid {
		t.Fatalf("got %v", err)
	}
	for _, field := range []string{"entity_id", "request_binding", "signing_certificates", "clock_skew", "subject_attribute", "metadata_url", "slo_post", "sso_redirect"} {
		if f.Fields[field] == "" {
			t.Errorf("nothing is said of %s: %v", field, f.Fields)
		}
	}
}

func TestAddressesAreHTTPSExceptOnThisMachine(t *testing.T) {
	t.Parallel()
	for address, fine := range map[string]bool{
		"https://idp.example/sso":                          true,
		"https://idp.example:8443/sso?a=b":                 true,
		"http://127.0.0.1:8080/sso":                        true,
		"http://lyceum.localhost:8080/dev/saml":            true,
		"http://[::1]/sso":                                 true,
		"http://idp.example/sso":                           false,
		"http://localhost.evil.example/sso":                false,
		"javascript:alert(1)":                              false,
		"//idp.example/sso":                                false,
		"/sso":                                             false,
		"https://user:secret@idp.example/sso":              false,
		"https://idp.example/sso#fragment":                 false,
		"https://idp.example/" + strings.Repeat("a", 3000): false,
	} {
		s := setup(t).toIDP
		s.SSORedirect = address
		if err := s.Validate(); (err == nil) != fine {
			t.Errorf("%.60s: %v", address, err)
		}
	}
}

func TestWeakAndUnknownKeysAreNotPinned(t *testing.T) {
	t.Parallel()
	s := setup(t).toIDP
	good := s.SigningCertificates[0]
	s.SigningCertificates = []string{"-----BEGIN CERTIFICATE-----\n" + good[:64] + "\n" + good[64:] + "\n-----END CERTIFICATE-----\n"}
	if err := s.Validate(); err != nil {
		t.Errorf("PEM is refused: %v", fault.Of(err).Fields)
	}
	s.SigningCertificates = []string{good, curveCertificate(t, elliptic.P224())}
	if f := fault.Of(s.Validate()); !strings.Contains(f.Fields["signing_certificates"], "Certificate 2") || !strings.Contains(f.Fields["signing_certificates"], "P-224") {
		t.Errorf("P-224: %v", f.Fields)
	}
	for _, c := range []string{curveCertificate(t, elliptic.P384()), curveCertificate(t, elliptic.P521())} {
		if s.SigningCertificates = []string{c}; s.Validate() != nil {
			t.Errorf("a good curve is refused: %v", s.Validate())
		}
	}
	s.SigningCertificates = slices.Repeat([]string{good}, saml.MaxCertificates+1)
	if s.Validate() == nil {
		t.Error("thirteen certificates are pinned")
	}
}

func TestTheSkewIsBounded(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int]time.Duration{0: saml.DefaultClockSkew, -5: saml.DefaultClockSkew, 10: 10 * time.Second, 180: saml.MaxClockSkew, 100000: saml.MaxClockSkew} {
		if got := (saml.Settings{ClockSkew: seconds}).Skew(); got != want {
			t.Errorf("%d seconds are %s", seconds, got)
		}
	}
}

func TestAKeyKeepsItsPrivateHalfOutOfLogs(t *testing.T) {
	t.Parallel()
	k := setup(t).us.Keys[0]
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("key", "key", k)
	for _, text := range []string{fmt.Sprint(k), fmt.Sprintf("%+v", k), fmt.Sprintf("%v", struct{ K saml.Key }{k}), log.String()} {
		if strings.Contains(text, "PRIVATE") || strings.Contains(text, "MII") {
			t.Errorf("a log would say %.80s", text)
		}
	}
	c, err := k.Describe()
	if err != nil || c.Key != "RSA 2048" || !c.NotAfter.Equal(k.NotAfter) || !strings.Contains(c.Subject, corpus.EntityID) {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := saml.NewKeyOf("x", 1024, corpus.Now(), time.Hour); err == nil {
		t.Error("a key of 1024 bits is made")
	}
	if _, err := saml.NewKey("https://"+strings.Repeat("é", 60), corpus.Now(), time.Hour); err != nil {
		t.Errorf("a long entity id: %v", err)
	}
	if _, err := (saml.Provider{}).Metadata(corpus.Now()); err == nil {
		t.Error("metadata without a key")
	}
}

// TestThePinsHold: crewjam/saml alone would take goxmldsig and etree of CVE-2026-33487, and the roundtrip validator keeps what
// Go's XML reads in two ways out. go.mod must not fall behind these versions.
func TestThePinsHold(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for line := range strings.SplitSeq(string(raw), "\n") {
		if f := strings.Fields(line); len(f) >= 2 {
			found[f[0]] = f[1]
		}
	}
	for module, least := range map[string][3]int{
		"github.com/crewjam/saml":                       {0, 5, 1},
		"github.com/russellhaering/goxmldsig":           {1, 6, 1},
		"github.com/beevik/etree":                       {1, 8, 1},
		"github.com/mattermost/xml-roundtrip-validator": {0, 1, 0},
	} {
		var v [3]int
		if _, err := fmt.Sscanf(found[module], "v%d.%d.%d", &v[0], &v[1], &v[2]); err != nil {
			t.Errorf("%s is not required in a plain version: %q, %v", module, found[module], err)
		} else if slices.Compare(v[:], least[:]) < 0 {
			t.Errorf("%s is %s, and v%d.%d.%d is the least", module, found[module], least[0], least[1], least[2])
		}
	}
}
