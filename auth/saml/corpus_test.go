package saml_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/saml"
	"lyceum/auth/saml/internal/corpus"
	"lyceum/internal/fault"
)

const testdata = "testdata"

// The corpus in testdata is renewed, with new keys, by
//
//	go run ./auth/saml/gen_corpus.go ./auth/saml/testdata
func world(t testing.TB) corpus.World {
	t.Helper()
	w, err := corpus.Load(testdata)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func entries(t testing.TB, dir string, atLeast int) []corpus.Entry {
	t.Helper()
	list, err := corpus.Entries(testdata, dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < atLeast {
		t.Fatalf("%d responses in %s; the corpus has shrunk", len(list), dir)
	}
	return list
}

func meet(t testing.TB, w corpus.World, dir string, e corpus.Entry) (auth.Assertion, auth.Report, error) {
	t.Helper()
	field, err := e.Field(testdata, dir)
	if err != nil {
		t.Fatal(err)
	}
	p, s, in := w.Meet(e, field)
	return p.Accept(s, in)
}

func TestEveryHostileResponseIsRefusedForItsReason(t *testing.T) {
	t.Parallel()
	w := world(t)
	for _, e := range entries(t, corpus.HostileDir, 165) {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			a, report, err := meet(t, w, corpus.HostileDir, e)
			if err == nil {
				t.Fatalf("admitted %q although %s", a.Subject, e.Does)
			}
			refusal, ok := auth.RefusalOf(err)
			if !ok || !errors.Is(err, auth.ErrSignOnRefused) {
				t.Fatalf("%v is no refusal", err)
			}
			if refusal.Reason != e.Reason {
				t.Errorf("refused for %s (%s), and not for %s: %s", refusal.Reason, refusal.Detail, e.Reason, e.Does)
			}
			if a.Subject != "" || a.ID != "" || a.Claims != nil {
				t.Errorf("something of the assertion came through: %+v", a)
			}
			checkReport(t, report, refusal)
		})
	}
}

// checkReport demands that the last line, and no other, is the refusal, in words that a person can read.
func checkReport(t *testing.T, report auth.Report, refusal *auth.Refusal) {
	t.Helper()
	if len(report) == 0 {
		t.Fatal("the report is empty")
	}
	for i, c := range report {
		last := i == len(report)-1
		if c.OK == last || c.Name == "" || c.Detail == "" {
			t.Errorf("line %d of %d: %+v", i+1, len(report), c)
		}
		if len(c.Detail) > 700 || strings.ContainsAny(c.Detail, "\n\r\x00") {
			t.Errorf("line %d cannot be read by people: %q", i+1, c.Detail)
		}
	}
	if last := report[len(report)-1]; last.Name != refusal.Reason || last.Detail != refusal.Detail {
		t.Errorf("the report ends with %+v, the refusal is %+v", last, refusal)
	}
	if f := fault.Of(refusal); strings.Contains(f.Text, refusal.Detail) {
		t.Error("a person at the browser would be told the reason")
	}
}

func TestEveryHonestResponseIsAdmitted(t *testing.T) {
	t.Parallel()
	w := world(t)
	for _, e := range entries(t, corpus.HonestDir, 25) {
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			a, report, err := meet(t, w, corpus.HonestDir, e)
			if err != nil {
				t.Fatalf("%v, although %s", err, e.Does)
			}
			want := e.Subject
			if want == "" {
				want = corpus.Person
			}
			if a.Subject != want || a.Claim(saml.ClaimNameID) != corpus.Person || a.Issuer != corpus.IDPEntityID || a.Protocol != auth.ProtocolSAML {
				t.Errorf("the assertion is %+v", a)
			}
			if a.Claim("mail") != corpus.Person || a.Claim("urn:oid:0.9.2342.19200300.100.1.3") != corpus.Person || a.Claims["groups"][1] != "emea" {
				t.Errorf("the claims are %v", a.Claims)
			}
			if a.ID == "" || a.Session != "session-1" || a.ExpiresAt.Before(corpus.Now()) || a.AuthenticatedAt.IsZero() || a.Context == "" {
				t.Errorf("the assertion is %+v", a)
			}
			if solicited := a.InResponseTo == corpus.RequestID; solicited == e.Unsolicited {
				t.Errorf("InResponseTo is %q", a.InResponseTo)
			}
			for _, c := range report {
				if !c.OK {
					t.Errorf("a check failed and the response was admitted: %+v", c)
				}
			}
			for _, name := range []string{saml.CheckSignature, saml.CheckAudience, saml.CheckConditions, saml.CheckConfirmation, saml.CheckSubject, saml.CheckAuthn} {
				if !slices.ContainsFunc(report, func(c auth.Check) bool { return c.Name == name }) {
					t.Errorf("the report does not say %s", name)
				}
			}
		})
	}
}

// TestEachReasonOfTheCorpusIsACheck keeps manifest and code from drifting apart: a check that no hostile response reaches is not tested.
func TestEachCheckHasAHostileResponse(t *testing.T) {
	t.Parallel()
	reached := map[string]bool{}
	for _, e := range entries(t, corpus.HostileDir, 165) {
		reached[e.Reason] = true
	}
	for _, check := range []string{
		saml.CheckSize, saml.CheckBase64, saml.CheckXML, saml.CheckDTD, saml.CheckComment, saml.CheckIDs, saml.CheckMessage, saml.CheckStatus,
		saml.CheckOneAssertion, saml.CheckShape, saml.CheckIssuer, saml.CheckDestination, saml.CheckInResponseTo, saml.CheckAlgorithm, saml.CheckSignature,
		saml.CheckEncryption, saml.CheckAssertion, saml.CheckIssued, saml.CheckConditions, saml.CheckAudience, saml.CheckConfirmation, saml.CheckSubject,
		saml.CheckAuthn, saml.CheckAttributes,
	} {
		if !reached[check] {
			t.Errorf("no hostile response is refused for %s", check)
		}
	}
}

// seen is the memory that the caller of Accept keeps: in the product a table of the tenant, here a map.
type seen map[[2]string]bool

func (s seen) first(a auth.Assertion) bool {
	key := [2]string{a.Issuer, a.ID}
	known := s[key]
	s[key] = true
	return !known
}

func TestAReplayIsKnownByIssuerAndIDAndAcceptRefusesItLater(t *testing.T) {
	t.Parallel()
	w := world(t)
	e := entries(t, corpus.HonestDir, 25)[0]
	field, err := e.Field(testdata, corpus.HonestDir)
	if err != nil {
		t.Fatal(err)
	}
	p, s, in := w.Meet(e, field)
	memory := seen{}
	for i := range 2 {
		a, _, err := p.Accept(s, in)
		if err != nil {
			t.Fatal(err)
		}
		if memory.first(a) != (i == 0) {
			t.Fatalf("round %d: the memory of issuer and ID was fooled", i)
		}
	}
	a, _, _ := p.Accept(s, in)
	in.Now = a.ExpiresAt
	if _, _, err := p.Accept(s, in); err == nil {
		t.Fatal("at ExpiresAt the memory may forget, and Accept still admits")
	}
	in.Now = a.ExpiresAt.Add(-1)
	if _, _, err := p.Accept(s, in); err != nil {
		t.Fatalf("ExpiresAt is earlier than it need be: %v", err)
	}
}

func TestTheSettingsOfTheCorpusAreValidAndSurviveJSON(t *testing.T) {
	t.Parallel()
	for name, s := range world(t).Connections {
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v %v", name, err, fault.Of(err).Fields)
		}
		raw, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var again saml.Settings
		if err := json.Unmarshal(raw, &again); err != nil {
			t.Fatal(err)
		}
		if twice, _ := json.Marshal(again); string(twice) != string(raw) {
			t.Errorf("%s reads back as %s", raw, twice)
		}
	}
}
