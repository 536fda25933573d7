package corpus

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/beevik/etree"

	"lyceum/auth/saml"
	"lyceum/auth/saml/internal/answer"
	"lyceum/auth/saml/internal/xmlsig"
)

const (
	nsP  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsA  = "urn:oasis:names:tc:SAML:2.0:assertion"
	ds   = "http://www.w3.org/2000/09/xmldsig#"
	more = "http://www.w3.org/2001/04/xmldsig-more#"
)

type maker struct {
	dir                                 string
	idp, next, expired, curve, attacker xmlsig.Signer
	us, usBefore, stranger              *x509.Certificate
	entries                             map[string][]Entry
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func signer(key crypto.Signer, name string, from, to time.Time) xmlsig.Signer {
	t := &x509.Certificate{SerialNumber: must(rand.Int(rand.Reader, big.NewInt(1<<62))), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to}
	der := must(x509.CreateCertificate(rand.Reader, t, t, key.Public(), key))
	return xmlsig.Signer{Key: key, Certificate: must(x509.ParseCertificate(der))}
}

func rsaSigner(name string, from, to time.Time) xmlsig.Signer {
	return signer(must(rsa.GenerateKey(rand.Reader, 2048)), name, from, to)
}

func encoded(s xmlsig.Signer) string { return base64.StdEncoding.EncodeToString(s.Certificate.Raw) }

func certificate(k saml.Key) *x509.Certificate {
	return must(x509.ParseCertificate(must(base64.StdEncoding.DecodeString(k.Certificate))))
}

// Make writes the corpus into a testdata folder and counts what it made.
func Make(testdata string) (honest, hostile int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("corpus: %v", r)
		}
	}()
	m := &maker{dir: testdata, entries: map[string][]Entry{}}
	w := m.world()
	for _, dir := range []string{HonestDir, HostileDir} {
		if err := os.RemoveAll(filepath.Join(m.dir, dir)); err != nil {
			return 0, 0, err
		}
		must(0, os.MkdirAll(filepath.Join(m.dir, dir), 0o755))
	}
	for _, make := range []func(){m.honest, m.wrappedResponses, m.wrappedAssertions, m.movedSignatures, m.keys, m.algorithms, m.shapes, m.documents, m.comments, m.names,
		m.audiences, m.times, m.subjects, m.requests, m.issuers, m.bombs, m.statuses, m.ciphers, m.sealed} {
		make()
	}
	m.seeds(must(w.Provider.Metadata(Now())))
	for dir, list := range m.entries {
		must(0, os.WriteFile(filepath.Join(m.dir, dir, Manifest), indent(list), 0o644))
	}
	must(0, os.WriteFile(filepath.Join(m.dir, WorldFile), indent(w), 0o644))
	return len(m.entries[HonestDir]), len(m.entries[HostileDir]), nil
}

// world makes the keys, and the connections under which the responses arrive.
func (m *maker) world() World {
	now, year := Now(), 365*24*time.Hour
	m.idp = rsaSigner("idp", now.Add(-year), now.Add(year))
	m.next = rsaSigner("idp, next", now.Add(-time.Hour), now.Add(2*year))
	m.expired = rsaSigner("idp, expired", now.Add(-2*year), now.Add(-time.Hour))
	m.curve = signer(must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), "idp, curve", now.Add(-year), now.Add(year))
	m.attacker = rsaSigner("idp", now.Add(-year), now.Add(year))
	before := must(saml.NewKey(EntityID, now.Add(-2*year), 3*year))
	current := must(saml.NewKey(EntityID, now.Add(-24*time.Hour), year))
	m.us, m.usBefore = certificate(current), certificate(before)
	m.stranger = rsaSigner("another service", now.Add(-year), now.Add(year)).Certificate

	plain := saml.NewSettings()
	plain.EntityID, plain.SSORedirect, plain.SigningCertificates = IDPEntityID, "https://idp.example/sso", []string{encoded(m.idp)}
	w := World{
		Comment:     "Made by gen_corpus.go. The private keys open nothing but the files beside this one.",
		Provider:    saml.Provider{EntityID: EntityID, ACSURL: ACSURL, SLOURL: SLOURL, Keys: []saml.Key{current, before}},
		Connections: map[string]saml.Settings{"plain": plain},
	}
	tomorrow, yesterday := now.Add(24*time.Hour), now.Add(-24*time.Hour)
	for name, change := range map[string]func(*saml.Settings){
		"encrypted":     func(s *saml.Settings) { s.RequireEncrypted = true },
		"idp_initiated": func(s *saml.Settings) { s.AllowIDPInitiated = true },
		"overlap":       func(s *saml.Settings) { s.SigningCertificates = []string{encoded(m.idp), encoded(m.next)} },
		"expired":       func(s *saml.Settings) { s.SigningCertificates = []string{encoded(m.expired)} },
		"curve":         func(s *saml.Settings) { s.SigningCertificates = []string{encoded(m.curve)} },
		"sha1":          func(s *saml.Settings) { s.AllowSHA1Until = &tomorrow },
		"sha1_over":     func(s *saml.Settings) { s.AllowSHA1Until = &yesterday },
		"forced":        func(s *saml.Settings) { s.ForceAuthn = true },
		"context":       func(s *saml.Settings) { s.RequestedContext = "https://refeds.org/profile/mfa" },
		"employee":      func(s *saml.Settings) { s.SubjectAttribute = "employeeNumber" },
	} {
		s := plain
		change(&s)
		w.Connections[name] = s
	}
	return w
}

func indent(v any) []byte { return append(must(json.MarshalIndent(v, "", "  ")), '\n') }

// base is what an honest provider answers.
func (m *maker) base() answer.Answer {
	return answer.Answer{
		Issuer: IDPEntityID, ACS: ACSURL, Audience: EntityID, InResponseTo: RequestID,
		NameID: Person, NameIDFormat: saml.NameIDPersistent, SessionIndex: "session-1", Now: Now(), Signer: m.idp, SignAssertion: true,
		Attributes: []answer.Attribute{
			{Name: "urn:oid:0.9.2342.19200300.100.1.3", FriendlyName: "mail", Values: []string{Person}},
			{Name: "employeeNumber", Values: []string{"4711"}},
			{Name: "groups", Values: []string{"sales", "emea"}},
		},
	}
}

func (m *maker) put(dir string, raw []byte, e Entry) {
	if e.File == "" {
		e.File = e.Name + ".xml"
	}
	if slices.ContainsFunc(m.entries[dir], func(other Entry) bool { return other.Name == e.Name }) {
		panic("two entries are called " + e.Name)
	}
	must(0, os.WriteFile(filepath.Join(m.dir, dir, e.File), raw, 0o644))
	m.entries[dir] = append(m.entries[dir], e)
}

func (m *maker) hostile(name, reason, does string, raw []byte, more ...func(*Entry)) {
	e := Entry{Name: name, Reason: reason, Does: does}
	for _, f := range more {
		f(&e)
	}
	m.put(HostileDir, raw, e)
}

func under(connection string) func(*Entry) {
	return func(e *Entry) { e.Connection = connection }
}
func unsolicited(e *Entry) { e.Unsolicited = true }

func (m *maker) bytes(change func(*answer.Answer)) []byte {
	a := m.base()
	if change != nil {
		change(&a)
	}
	return must(a.Bytes())
}

func (m *maker) tree(change func(*answer.Answer)) *etree.Element {
	doc := etree.NewDocument()
	must(0, doc.ReadFromBytes(m.bytes(change)))
	return doc.Root()
}

func write(root *etree.Element) []byte { return must(etree.NewDocumentWithRoot(root).WriteToBytes()) }

func find(root *etree.Element, path string) *etree.Element {
	el := root.FindElement(path)
	if el == nil {
		panic(fmt.Errorf("no %s in %s", path, write(root)))
	}
	return el
}

func responseSigned(a *answer.Answer) { a.SignResponse, a.SignAssertion = true, false }
