package saml

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"

	"lyceum/auth"
	"lyceum/auth/saml/internal/xmlsig"
	"lyceum/auth/saml/internal/xmltree"
)

const (
	// MaxLogoutAge is how long after its making a logout message may still come.
	MaxLogoutAge = 10 * time.Minute
	// maxSessions is how many sessions one logout request may name.
	maxSessions = 64
)

// Subject is whose sessions end, in the identity provider's own words (saml-core-2.0-os §3.7.1).
type Subject struct {
	NameID          string
	Format          string
	NameQualifier   string
	SPNameQualifier string
	// SessionIndexes are the sessions at the provider; none means all of the person's.
	SessionIndexes []string
}

// SubjectOf gives what a later logout request must say, from the assertion that signed the person in.
func SubjectOf(a auth.Assertion) Subject {
	s := Subject{NameID: a.Claim(ClaimNameID), Format: a.SubjectFormat, NameQualifier: a.NameQualifier, SPNameQualifier: a.SPNameQualifier}
	if s.NameID == "" {
		s.NameID = a.Subject
	}
	if a.Session != "" {
		s.SessionIndexes = []string{a.Session}
	}
	return s
}

// LogoutRequest asks the provider to end a person's session there, and with it those at other services
// (saml-profiles-2.0-os §4.4.4.1). It is always signed. Keep its ID for AcceptLogoutResponse; Settings.CanLogOut says
// whether the provider has an address for it.
func (p Provider) LogoutRequest(s Settings, who Subject, relayState string, now time.Time) (Message, error) {
	binding, destination := s.slo(false)
	if destination == "" {
		return Message{}, fmt.Errorf("saml: %s has no address for logout", s.EntityID)
	}
	until := instant(now.Add(MaxLogoutAge))
	req := crewjam.LogoutRequest{
		ID: newID(), Version: "2.0", IssueInstant: instant(now), NotOnOrAfter: &until, Destination: destination, Issuer: p.issuer(),
		NameID: &crewjam.NameID{Value: who.NameID, Format: who.Format, NameQualifier: who.NameQualifier, SPNameQualifier: who.SPNameQualifier},
	}
	el := req.Element()
	for _, index := range who.SessionIndexes { // crewjam's type holds only one
		el.AddChild((&crewjam.SessionIndex{Value: index}).Element())
	}
	return p.send(Message{ID: req.ID, Binding: binding, Destination: destination, RelayState: relayState}, "SAMLRequest", el, true)
}

// LogoutStatus is how a logout that the provider asked for went here.
type LogoutStatus string

const (
	// LogoutDone is that the sessions that were named have ended, or were none.
	LogoutDone LogoutStatus = "Success"
	// LogoutFailed is that we could not end them.
	LogoutFailed LogoutStatus = "Responder"
	// LogoutRefused is that the request was not believed.
	LogoutRefused LogoutStatus = "Requester"
)

// LogoutResponse answers a logout request of the provider (saml-profiles-2.0-os §4.4.4.2), signed, with the relay state
// that came with it.
func (p Provider) LogoutResponse(s Settings, inResponseTo string, status LogoutStatus, relayState string, now time.Time) (Message, error) {
	binding, destination := s.slo(true)
	if destination == "" {
		return Message{}, fmt.Errorf("saml: %s has no address for logout", s.EntityID)
	}
	res := crewjam.LogoutResponse{
		ID: newID(), InResponseTo: inResponseTo, Version: "2.0", IssueInstant: instant(now), Destination: destination, Issuer: p.issuer(),
		Status: crewjam.Status{StatusCode: crewjam.StatusCode{Value: strings.TrimSuffix(statusSuccess, string(LogoutDone)) + string(status)}},
	}
	return p.send(Message{ID: res.ID, Binding: binding, Destination: destination, RelayState: relayState}, "SAMLResponse", res.Element(), true)
}

// Incoming is a logout message as it came to the SLO address, by one of the two bindings.
type Incoming struct {
	// RawQuery is the query of the address as it came, without "?" and not decoded: the signature is over these bytes.
	RawQuery string
	// The form's fields as they came, where the message was posted.
	SAMLRequest, SAMLResponse, RelayState string

	At         string   // the address it came to, without its query
	RequestIDs []string // for a response: our logout requests that still wait for one
	Now        time.Time
}

// Logout is a request of the provider to end sessions. The caller ends those of this name at this issuer that have one of
// the SessionIndexes, or all of them where it names none, and answers with LogoutResponse.
type Logout struct {
	ID         string // for the answer, and to do it once
	Subject    Subject
	RelayState string // to give back
	ExpiresAt  time.Time
}

// AcceptLogoutRequest decides whether a logout request of the provider is believed. It must be signed, by the query on the
// redirect binding and in itself on POST, for a stranger must not sign people out. Refusals are *auth.Refusal.
func (p Provider) AcceptLogoutRequest(s Settings, in Incoming) (out Logout, report auth.Report, err error) {
	v := &visit{provider: p, settings: s, in: Response{At: in.At, Now: in.Now, RequestIDs: in.RequestIDs}}
	defer v.recovered(&report, &err)
	root, relayState, err := v.logoutMessage(in, "SAMLRequest", "LogoutRequest")
	if err != nil {
		return Logout{}, v.report, err
	}
	var window auth.Assertion
	if err := v.window(root, CheckConditions, "the logout request", &window); err != nil {
		return Logout{}, v.report, err
	}
	who, err := v.nameID(root)
	if err != nil {
		return Logout{}, v.report, err
	}
	indexes := xmltree.Children(root, nsProtocol, "SessionIndex")
	if len(indexes) > maxSessions {
		return Logout{}, v.report, v.refused(CheckSubject, "the logout request names more than %d sessions", maxSessions)
	}
	for _, el := range indexes {
		index, ok := xmltree.Text(el)
		if !ok || index == "" || len(index) > maxEntityID || strings.ContainsFunc(index, unicode.IsControl) {
			// Left out, it would widen the request to every session.
			return Logout{}, v.report, v.refused(CheckSubject, "the logout request names a session that has no name")
		}
		who.SessionIndexes = append(who.SessionIndexes, index)
	}
	v.report.Passed(CheckSubject, "one person, %d sessions named", len(who.SessionIndexes))
	ends := earlier(window.ExpiresAt, v.issuedAt(root).Add(MaxLogoutAge+s.Skew()))
	return Logout{ID: xmltree.Attr(root, "ID"), Subject: who, RelayState: relayState, ExpiresAt: ends}, v.report, nil
}

// LogoutAnswer is the provider's answer to our logout request.
type LogoutAnswer struct {
	InResponseTo string
	RelayState   string
	// Partial is that it signed the person out and could not reach every other service.
	Partial bool
}

// AcceptLogoutResponse decides whether an answer to our logout request is believed: signed, and to a request of ours. Our
// own session has ended by then; a refusal is only told.
func (p Provider) AcceptLogoutResponse(s Settings, in Incoming) (out LogoutAnswer, report auth.Report, err error) {
	v := &visit{provider: p, settings: s, in: Response{At: in.At, Now: in.Now, RequestIDs: in.RequestIDs}}
	defer v.recovered(&report, &err)
	root, relayState, err := v.logoutMessage(in, "SAMLResponse", "LogoutResponse")
	if err != nil {
		return LogoutAnswer{}, v.report, err
	}
	answered := xmltree.Attr(root, "InResponseTo")
	if answered == "" {
		return LogoutAnswer{}, v.report, v.refused(CheckInResponseTo, "the response does not say which request it answers")
	}
	if err := v.answers(answered, "the response"); err != nil {
		return LogoutAnswer{}, v.report, err
	}
	_, codes, _ := outcome(root)
	partial := len(codes) > 1 && strings.HasSuffix(codes[1], ":PartialLogout")
	if !partial {
		if err := v.status(root); err != nil {
			return LogoutAnswer{}, v.report, err
		}
	}
	return LogoutAnswer{InResponseTo: answered, RelayState: relayState, Partial: partial}, v.report, nil
}

// recovered turns a panic into a refusal.
func (v *visit) recovered(report *auth.Report, err *error) {
	if r := recover(); r != nil {
		*err = v.refusedBecause(CheckMessage, fmt.Errorf("panic: %v", r), "the message cannot be read")
		*report = v.report
	}
}

// logoutMessage reads a logout message of either binding and gives it as its signature covered it.
func (v *visit) logoutMessage(in Incoming, field, name string) (root *etree.Element, relayState string, err error) {
	if err := v.prepare(); err != nil {
		return nil, "", err
	}
	posted := in.SAMLRequest
	if field == "SAMLResponse" {
		posted = in.SAMLResponse
	}
	var query xmlsig.Query
	if relayState = in.RelayState; posted != "" {
		root, err = v.open(posted)
	} else {
		root, query, err = v.unpack(in.RawQuery, field)
		relayState = query.RelayState
	}
	if err != nil {
		return nil, "", err
	}
	for _, check := range []func() error{
		func() error { return v.message(root, name) },
		func() error { return v.signaturePlaces(root) },
		func() error { return v.issuer(root) },
		func() error { return v.destination(root, v.provider.SLOURL, v.in.At, true) },
		func() error { return v.fresh(root) },
	} {
		if err := check(); err != nil {
			return nil, "", err
		}
	}
	if posted == "" {
		cert, method, err := query.Verify(v.trust)
		if err != nil {
			return nil, "", v.problem(err)
		}
		v.report.Passed(CheckSignature, "the address is signed with %s by the certificate %s", method, xmlsig.Fingerprint(cert))
		return root, relayState, nil
	}
	sig, err := xmlsig.Of(root)
	if err != nil {
		return nil, "", v.problem(err)
	}
	if sig == nil {
		return nil, "", v.refused(CheckSignature, "the message is not signed")
	}
	root, err = v.verify(root, "the message")
	return root, relayState, err
}

// unpack reads a message of the redirect binding.
func (v *visit) unpack(rawQuery, field string) (*etree.Element, xmlsig.Query, error) {
	if len(rawQuery) > MaxMessage {
		return nil, xmlsig.Query{}, v.refused(CheckSize, "the address has %d bytes; %d are the most", len(rawQuery), MaxMessage)
	}
	q, err := xmlsig.ParseQuery(rawQuery)
	if err != nil {
		return nil, q, v.problem(err)
	}
	if q.Name != field {
		return nil, q, v.refused(CheckMessage, "the address carries %s, and %s is due", q.Name, field)
	}
	packed, err := decode(q.Message)
	if err != nil {
		return nil, q, v.refusedBecause(CheckBase64, err, "the message is not base64")
	}
	raw, err := inflate(packed)
	switch {
	case errors.Is(err, errTooLarge):
		return nil, q, v.refused(CheckSize, "the message unpacks to more than %d bytes", MaxMessage)
	case err != nil:
		return nil, q, v.refusedBecause(CheckXML, err, "the message is not deflated")
	}
	root, err := v.parse(raw)
	return root, q, err
}

// fresh demands a message that was made a moment ago.
func (v *visit) fresh(root *etree.Element) error {
	at, now, skew := v.issuedAt(root), v.in.Now, v.settings.Skew()
	switch {
	case at.IsZero():
		return v.refused(CheckIssued, "the message does not say when it was issued")
	case at.After(now.Add(skew)):
		return v.refused(CheckIssued, "the message was issued at %s, and it is %s: set the identity provider's clock", stamp(at), stamp(now))
	case !now.Before(at.Add(MaxLogoutAge + skew)):
		return v.refused(CheckIssued, "the message was issued at %s, and it is %s: it is too old", stamp(at), stamp(now))
	}
	v.report.Passed(CheckIssued, "the message was issued at %s", stamp(at))
	return nil
}

func (v *visit) issuedAt(root *etree.Element) time.Time {
	at, _ := moment(xmltree.Attr(root, "IssueInstant"))
	return at
}
