package saml_test

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"lyceum/auth"
	"lyceum/auth/saml"
	"lyceum/auth/saml/internal/corpus"
	"lyceum/auth/saml/internal/xmlsig"
)

// arrived is a message of one side as the other receives it.
func arrived(t testing.TB, m saml.Message, at string, now time.Time, ids ...string) saml.Incoming {
	t.Helper()
	in := saml.Incoming{At: at, Now: now, RequestIDs: ids}
	if m.Binding == saml.BindingRedirect {
		u, err := url.Parse(m.URL)
		if err != nil {
			t.Fatal(err)
		}
		in.RawQuery = u.RawQuery
		return in
	}
	in.SAMLRequest, in.SAMLResponse, in.RelayState = m.SAMLRequest, m.SAMLResponse, m.RelayState
	return in
}

func bindings() map[string]func(*pair) {
	return map[string]func(*pair){
		"redirect": func(p *pair) { p.toIDP.SLOPost, p.toUs.SLOPost = "", "" },
		"post":     func(p *pair) { p.toIDP.SLORedirect, p.toUs.SLORedirect = "", "" },
	}
}

func TestLogoutGoesBothWaysOnBothBindings(t *testing.T) {
	t.Parallel()
	who := saml.SubjectOf(auth.Assertion{Subject: "4711", SubjectFormat: saml.NameIDPersistent, NameQualifier: "nq", SPNameQualifier: "spnq", Session: "s1", Claims: map[string][]string{saml.ClaimNameID: {corpus.Person}}})
	who.SessionIndexes = append(who.SessionIndexes, "s2")
	for name, limit := range bindings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := setup(t)
			limit(&p)
			for _, side := range []struct {
				name           string
				from, to       saml.Provider
				fromSet, toSet saml.Settings
			}{{"ours", p.us, p.idp, p.toIDP, p.toUs}, {"the provider's", p.idp, p.us, p.toUs, p.toIDP}} {
				request, err := side.from.LogoutRequest(side.fromSet, who, "there & back", p.now)
				if err != nil {
					t.Fatal(err)
				}
				got, report, err := side.to.AcceptLogoutRequest(side.toSet, arrived(t, request, side.to.SLOURL, p.now))
				if err != nil {
					t.Fatalf("%s: %v", side.name, err)
				}
				if got.ID != request.ID || got.RelayState != "there & back" || got.Subject.NameID != corpus.Person || got.Subject.Format != saml.NameIDPersistent ||
					got.Subject.NameQualifier != "nq" || got.Subject.SPNameQualifier != "spnq" || !slices.Equal(got.Subject.SessionIndexes, []string{"s1", "s2"}) {
					t.Errorf("%s came as %+v", side.name, got)
				}
				if want := p.now.Add(saml.MaxLogoutAge + saml.DefaultClockSkew); !got.ExpiresAt.Equal(want) {
					t.Errorf("it expires at %s, not %s", got.ExpiresAt, want)
				}
				if !slices.ContainsFunc(report, func(c auth.Check) bool { return c.Name == saml.CheckSignature && c.OK }) {
					t.Error("no signature was checked")
				}
				response, err := side.to.LogoutResponse(side.toSet, got.ID, saml.LogoutDone, got.RelayState, p.now)
				if err != nil {
					t.Fatal(err)
				}
				answer, _, err := side.from.AcceptLogoutResponse(side.fromSet, arrived(t, response, side.from.SLOURL, p.now, "another", request.ID))
				if err != nil || answer.InResponseTo != request.ID || answer.RelayState != "there & back" || answer.Partial {
					t.Errorf("%s: %+v, %v", side.name, answer, err)
				}
			}
		})
	}
}

// logoutXML is a logout request as a test wants it.
func logoutXML(change func(*etree.Element)) *etree.Element {
	doc := etree.NewDocument()
	_ = doc.ReadFromString(`<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_l1" Version="2.0" IssueInstant="2026-06-01T12:00:00Z" NotOnOrAfter="2026-06-01T12:05:00Z" Destination="` + corpus.SLOURL + `"><saml:Issuer>` + corpus.IDPEntityID + `</saml:Issuer><saml:NameID>ann</saml:NameID><samlp:SessionIndex>s1</samlp:SessionIndex></samlp:LogoutRequest>`)
	if change != nil {
		change(doc.Root())
	}
	return doc.Root()
}

func posted(t testing.TB, root *etree.Element) string {
	t.Helper()
	raw, err := etree.NewDocumentWithRoot(root).WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func TestALogoutRequestThatIsNotTheProvidersIsRefused(t *testing.T) {
	t.Parallel()
	p := setup(t)
	ours, theirs := signer(t, p.us.Keys[0]), signer(t, p.idp.Keys[0])
	set := func(path, key, value string) func(*etree.Element) {
		return func(el *etree.Element) { el.FindElement(path).CreateAttr(key, value) }
	}
	for name, c := range map[string]struct {
		change func(*etree.Element)
		signer *xmlsig.Signer
		reason string
	}{
		"good":                   {nil, &theirs, ""},
		"unsigned":               {nil, nil, saml.CheckSignature},
		"signed by another":      {nil, &ours, saml.CheckSignature},
		"another issuer":         {func(el *etree.Element) { el.FindElement("./Issuer").SetText("https://evil.example") }, &theirs, saml.CheckIssuer},
		"no issuer":              {func(el *etree.Element) { el.RemoveChild(el.FindElement("./Issuer")) }, &theirs, saml.CheckIssuer},
		"another destination":    {set(".", "Destination", "https://globex.example/slo"), &theirs, saml.CheckDestination},
		"no destination":         {func(el *etree.Element) { el.RemoveAttr("Destination") }, &theirs, saml.CheckDestination},
		"over":                   {set(".", "NotOnOrAfter", "2026-06-01T11:59:00Z"), &theirs, saml.CheckConditions},
		"in the future":          {set(".", "IssueInstant", "2026-06-01T12:02:00Z"), &theirs, saml.CheckIssued},
		"old":                    {set(".", "IssueInstant", "2026-06-01T11:40:00Z"), &theirs, saml.CheckIssued},
		"no time":                {func(el *etree.Element) { el.RemoveAttr("IssueInstant") }, &theirs, saml.CheckIssued},
		"no name":                {func(el *etree.Element) { el.RemoveChild(el.FindElement("./NameID")) }, &theirs, saml.CheckSubject},
		"a session without name": {func(el *etree.Element) { el.FindElement("./SessionIndex").SetText("") }, &theirs, saml.CheckSubject},
		"too many sessions": {func(el *etree.Element) {
			for range 65 {
				el.AddChild(el.FindElement("./SessionIndex").Copy())
			}
		}, &theirs, saml.CheckSubject},
		"a response":            {func(el *etree.Element) { el.Tag = "LogoutResponse" }, &theirs, saml.CheckMessage},
		"SHA-1":                 {nil, &xmlsig.Signer{Key: theirs.Key, Certificate: theirs.Certificate, Method: xmlsig.RSASHA1}, saml.CheckAlgorithm},
		"a signature elsewhere": {func(el *etree.Element) { el.FindElement("./NameID").CreateElement("Signature") }, &theirs, saml.CheckShape},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := logoutXML(c.change)
			if c.signer != nil {
				if err := xmlsig.Sign(root, *c.signer); err != nil {
					t.Fatal(err)
				}
			}
			got, report, err := p.us.AcceptLogoutRequest(p.toIDP, saml.Incoming{SAMLRequest: posted(t, root), At: p.us.SLOURL, Now: p.now})
			checkRefusal(t, err, report, c.reason)
			if c.reason != "" && got.Subject.NameID != "" {
				t.Errorf("something came through: %+v", got)
			}
		})
	}
}

func checkRefusal(t *testing.T, err error, report auth.Report, reason string) {
	t.Helper()
	if reason == "" {
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	refusal, ok := auth.RefusalOf(err)
	if !ok || refusal.Reason != reason {
		t.Fatalf("got %v, and %s is due", err, reason)
	}
	checkReport(t, report, refusal)
}

func TestTheSignatureOfAnAddressIsOverItsBytes(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.toUs.SLOPost = ""
	m, err := p.idp.LogoutRequest(p.toUs, saml.Subject{NameID: "ann"}, "state", p.now)
	if err != nil {
		t.Fatal(err)
	}
	other, err := p.idp.LogoutRequest(p.toUs, saml.Subject{NameID: "bob"}, "state", p.now)
	if err != nil {
		t.Fatal(err)
	}
	query, otherQuery := arrived(t, m, "", p.now).RawQuery, arrived(t, other, "", p.now).RawQuery
	part := func(q, name string) string {
		for v := range strings.SplitSeq(q, "&") {
			if strings.HasPrefix(v, name+"=") {
				return v
			}
		}
		t.Fatalf("no %s", name)
		return ""
	}
	// Some providers escape in lower case, and put other parameters around: what counts is what they signed.
	lower := part(query, "SAMLRequest")
	for _, e := range []string{"%2F", "%2B", "%3D"} {
		lower = strings.ReplaceAll(lower, e, strings.ToLower(e))
	}
	resigned, err := xmlsig.SignQuery(lower, signer(t, p.idp.Keys[0]))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ query, reason string }{
		"good":                     {query, ""},
		"in lower case":            {"lang=de&" + resigned + "&x=1", ""},
		"in another order":         {part(query, "Signature") + "&" + part(query, "SigAlg") + "&" + part(query, "RelayState") + "&" + part(query, "SAMLRequest"), ""},
		"another message":          {strings.Replace(query, part(query, "SAMLRequest"), part(otherQuery, "SAMLRequest"), 1), saml.CheckSignature},
		"another relay state":      {strings.Replace(query, "RelayState=state", "RelayState=evil", 1), saml.CheckSignature},
		"no relay state":           {strings.Replace(query, "&RelayState=state", "", 1), saml.CheckSignature},
		"no signature":             {strings.Replace(query, "&"+part(query, "Signature"), "", 1), saml.CheckSignature},
		"no algorithm":             {strings.Replace(query, "&"+part(query, "SigAlg"), "", 1), saml.CheckAlgorithm},
		"SHA-1 claimed":            {strings.Replace(query, part(query, "SigAlg"), "SigAlg="+url.QueryEscape(string(xmlsig.RSASHA1)), 1), saml.CheckAlgorithm},
		"HMAC claimed":             {strings.Replace(query, part(query, "SigAlg"), "SigAlg="+url.QueryEscape("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"), 1), saml.CheckAlgorithm},
		"the message twice":        {query + "&" + part(otherQuery, "SAMLRequest"), saml.CheckShape},
		"the state twice":          {query + "&RelayState=evil", saml.CheckShape},
		"both messages":            {query + "&SAMLResponse=x", saml.CheckShape},
		"no message":               {"a=b", saml.CheckShape},
		"another encoding":         {query + "&SAMLEncoding=urn:example:zip", saml.CheckShape},
		"broken escapes":           {strings.Replace(query, "RelayState=state", "RelayState=%zz", 1), saml.CheckShape},
		"a response where none is": {strings.Replace(query, "SAMLRequest", "SAMLResponse", 1), saml.CheckMessage},
		"no base64":                {"SAMLRequest=!!!", saml.CheckBase64},
		"not deflated":             {"SAMLRequest=AAAA", saml.CheckXML},
		"too long":                 {"SAMLRequest=" + strings.Repeat("A", saml.MaxMessage), saml.CheckSize},
		"a bomb":                   {"SAMLRequest=" + bomb(t), saml.CheckSize},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, report, err := p.us.AcceptLogoutRequest(p.toIDP, saml.Incoming{RawQuery: c.query, At: p.us.SLOURL, Now: p.now})
			checkRefusal(t, err, report, c.reason)
			if c.reason == "" && got.Subject.NameID != "ann" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestALogoutResponseAnswersARequestOfOurs(t *testing.T) {
	t.Parallel()
	for binding, limit := range bindings() {
		p := setup(t)
		limit(&p)
		respond := func(inResponseTo string, status saml.LogoutStatus) saml.Message {
			m, err := p.idp.LogoutResponse(p.toUs, inResponseTo, status, "", p.now)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		for name, c := range map[string]struct {
			m      saml.Message
			ids    []string
			reason string
		}{
			"ours":       {respond("id-1", saml.LogoutDone), []string{"id-1"}, ""},
			"not ours":   {respond("id-2", saml.LogoutDone), []string{"id-1"}, saml.CheckInResponseTo},
			"none asked": {respond("id-1", saml.LogoutDone), nil, saml.CheckInResponseTo},
			"to nothing": {respond("", saml.LogoutDone), []string{"id-1"}, saml.CheckInResponseTo},
			"failed":     {respond("id-1", saml.LogoutFailed), []string{"id-1"}, saml.CheckStatus},
		} {
			t.Run(binding+" "+name, func(t *testing.T) {
				t.Parallel()
				_, report, err := p.us.AcceptLogoutResponse(p.toIDP, arrived(t, c.m, p.us.SLOURL, p.now, c.ids...))
				checkRefusal(t, err, report, c.reason)
			})
		}
	}
}

func TestAPartialLogoutIsTold(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.toUs.SLORedirect = ""
	m, err := p.idp.LogoutResponse(p.toUs, "id-1", saml.LogoutFailed, "", p.now)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(m.SAMLResponse)
	if err != nil {
		t.Fatal(err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		t.Fatal(err)
	}
	doc.Root().RemoveChild(doc.Root().FindElement("./Signature"))
	doc.Root().FindElement("./Status/StatusCode").CreateElement("samlp:StatusCode").CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:PartialLogout")
	if err := xmlsig.Sign(doc.Root(), signer(t, p.idp.Keys[0])); err != nil {
		t.Fatal(err)
	}
	got, _, err := p.us.AcceptLogoutResponse(p.toIDP, saml.Incoming{SAMLResponse: posted(t, doc.Root()), At: p.us.SLOURL, Now: p.now, RequestIDs: []string{"id-1"}})
	if err != nil || !got.Partial {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAProviderWithoutLogoutIsNotAsked(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.toIDP.Endpoints = saml.Endpoints{SSORedirect: "https://idp.example/sso"}
	if p.toIDP.CanLogOut() {
		t.Error("it has no address for it")
	}
	if _, err := p.us.LogoutRequest(p.toIDP, saml.Subject{NameID: "ann"}, "", p.now); err == nil {
		t.Error("a request went nowhere")
	}
	if _, err := p.us.LogoutResponse(p.toIDP, "id-1", saml.LogoutDone, "", p.now); err == nil {
		t.Error("a response went nowhere")
	}
	p.toIDP.SLOPost, p.toIDP.SLOPostResponse = "https://idp.example/slo", "https://idp.example/slo/done"
	m, err := p.us.LogoutResponse(p.toIDP, "id-1", saml.LogoutDone, "", p.now)
	if err != nil || m.Destination != "https://idp.example/slo/done" || m.SAMLResponse == "" {
		t.Errorf("%+v, %v", m, err)
	}
}
