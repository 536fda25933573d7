package saml_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"lyceum/auth/saml"
	"lyceum/auth/saml/internal/corpus"
)

// FuzzAccept looks for a panic and for a stranger who gets in: whatever bytes come, the one person that the corpus's keys
// ever vouched for is the only one who may come out.
//
//	go test -run '^$' -fuzz FuzzAccept -fuzztime 1m -fuzzminimizetime 1x ./auth/saml
func FuzzAccept(f *testing.F) {
	w := world(f)
	for _, dir := range []string{corpus.HonestDir, corpus.HostileDir} {
		for _, e := range entries(f, dir, 20) {
			raw, err := os.ReadFile(filepath.Join(testdata, dir, e.File))
			if err != nil {
				f.Fatal(err)
			}
			if len(raw) < 12000 {
				f.Add(raw, e.Connection)
			}
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, connection string) {
		p, s, in := w.Meet(corpus.Entry{Connection: connection}, base64.StdEncoding.EncodeToString(raw))
		a, report, err := p.Accept(s, in)
		switch {
		case err == nil && a.Subject != corpus.Person && a.Subject != "4711":
			t.Fatalf("%q got in", a.Subject)
		case err != nil && (a.ID != "" || a.Claims != nil):
			t.Fatal("a refusal came with an assertion")
		case len(report) == 0:
			t.Fatal("no report")
		}
		in.SAMLResponse = string(raw) // as it came, base64 or not
		if a, _, err := p.Accept(s, in); err == nil && a.Subject != corpus.Person {
			t.Fatalf("%q got in", a.Subject)
		}
	})
}

// FuzzMetadata looks for a panic, and for metadata that is taken and then makes invalid settings.
func FuzzMetadata(f *testing.F) {
	own, err := world(f).Provider.Metadata(corpus.Now())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(own, "")
	f.Add([]byte(idpMetadata(f, idpDocument{})), "")
	f.Add([]byte(idpMetadata(f, idpDocument{group: true})), corpus.IDPEntityID)
	f.Fuzz(func(t *testing.T, raw []byte, entity string) {
		m, err := saml.ParseMetadata(raw, entity, corpus.Now())
		if err != nil {
			return
		}
		s := saml.NewSettings()
		s.Apply(m)
		if again := s.Apply(m); len(again) > 0 {
			t.Fatalf("applying it twice changes %v", again)
		}
		if _, err := s.Certificates(); err != nil {
			t.Fatalf("a certificate was taken that cannot be read: %v", err)
		}
	})
}

// FuzzLogout looks for a panic and for a logout message that is believed without the provider's signature.
func FuzzLogout(f *testing.F) {
	w := world(f)
	pack := func(xml string) string {
		var out bytes.Buffer
		z, _ := flate.NewWriter(&out, flate.BestSpeed)
		_, _ = z.Write([]byte(xml))
		_ = z.Close()
		return base64.StdEncoding.EncodeToString(out.Bytes())
	}
	const request = `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1" Version="2.0" IssueInstant="2026-06-01T12:00:00Z" Destination="` + corpus.SLOURL + `"><saml:Issuer>` + corpus.IDPEntityID + `</saml:Issuer><saml:NameID>x</saml:NameID></samlp:LogoutRequest>`
	f.Add("SAMLRequest=" + url.QueryEscape(pack(request)) + "&SigAlg=http%3A%2F%2Fwww.w3.org%2F2001%2F04%2Fxmldsig-more%23rsa-sha256&Signature=AA==")
	f.Add("SAMLResponse=" + url.QueryEscape(pack(request)) + "&RelayState=a%20b")
	f.Add("SAMLRequest=%zz&SAMLRequest=1")
	f.Add(base64.StdEncoding.EncodeToString([]byte(request)))
	f.Fuzz(func(t *testing.T, text string) {
		s := w.Connections["plain"]
		for _, in := range []saml.Incoming{
			{RawQuery: text, At: corpus.SLOURL, Now: corpus.Now(), RequestIDs: []string{"_1"}},
			{SAMLRequest: text, SAMLResponse: text, At: corpus.SLOURL, Now: corpus.Now(), RequestIDs: []string{"_1"}},
		} {
			if out, report, err := w.Provider.AcceptLogoutRequest(s, in); err == nil || len(report) == 0 {
				t.Fatalf("believed: %+v", out)
			}
			if out, report, err := w.Provider.AcceptLogoutResponse(s, in); err == nil || len(report) == 0 {
				t.Fatalf("believed: %+v", out)
			}
		}
	})
}
