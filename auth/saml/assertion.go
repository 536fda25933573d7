package saml

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/beevik/etree"

	"lyceum/auth"
	"lyceum/auth/saml/internal/xmltree"
)

// Bounds of what is read from an assertion.
const (
	// MaxAge is how long after its making an assertion may still come, whatever it says of itself: it bounds how long
	// replays must be remembered.
	MaxAge = time.Hour
	// MaxForcedAge is how old a proof may be where a connection asks for a new one.
	MaxForcedAge = 5 * time.Minute

	maxNameID     = 512 // bytes; saml-core-2.0-os §8.3.7 allows persistent ones 256 characters
	maxAttributes = 256
	maxValues     = 4000 // of all attributes together: people in thousands of groups exist
	maxValueBytes = 4096
)

// ClaimNameID is the claim that holds the NameID's value, for mappings that want it and for single logout, also where
// Settings.SubjectAttribute makes another attribute the subject. No attribute of a provider can take its place.
const ClaimNameID = "saml:name_id"

const (
	confirmationBearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer" //nolint:gosec // a name of the standard
	statusSuccess      = "urn:oasis:names:tc:SAML:2.0:status:Success"
	nsInstance         = "http://www.w3.org/2001/XMLSchema-instance"
)

// read takes a believed assertion apart and checks it (saml-profiles-2.0-os §4.1.4.3).
func (v *visit) read(el *etree.Element) (auth.Assertion, error) {
	a := auth.Assertion{Protocol: auth.ProtocolSAML, Issuer: v.settings.EntityID, ID: xmltree.Attr(el, "ID"), Claims: map[string][]string{}}
	if a.ID == "" || xmltree.Attr(el, "Version") != "2.0" {
		return auth.Assertion{}, v.refused(CheckAssertion, "the assertion has no ID, or a version other than 2.0")
	}
	for _, step := range []func(*etree.Element, *auth.Assertion) error{
		func(el *etree.Element, _ *auth.Assertion) error { return v.issuer(el) },
		v.issued, v.conditions, v.subject, v.authentication, v.attributes, v.lastingSubject,
	} {
		if err := step(el, &a); err != nil {
			return auth.Assertion{}, err
		}
	}
	return a, nil
}

func (v *visit) issued(el *etree.Element, a *auth.Assertion) error {
	at, ok := moment(xmltree.Attr(el, "IssueInstant"))
	now, skew := v.in.Now, v.settings.Skew()
	switch {
	case !ok:
		return v.refused(CheckIssued, "the assertion does not say when it was issued")
	case at.After(now.Add(skew)):
		return v.refused(CheckIssued, "the assertion was issued at %s, and it is %s: set the identity provider's clock", stamp(at), stamp(now))
	case !now.Before(at.Add(MaxAge + skew)):
		return v.refused(CheckIssued, "the assertion was issued at %s, and it is %s: it is too old", stamp(at), stamp(now))
	}
	a.IssuedAt, a.ExpiresAt = at, at.Add(MaxAge+skew)
	v.report.Passed(CheckIssued, "the assertion was issued at %s", stamp(at))
	return nil
}

// conditions demands that they are there, hold now, name us, and that none is unknown: what is not understood cannot be
// met (saml-core-2.0-os §2.5.1).
func (v *visit) conditions(el *etree.Element, a *auth.Assertion) error {
	c := xmltree.Child(el, nsAssertion, "Conditions")
	if c == nil {
		return v.refused(CheckConditions, "the assertion has not exactly one <Conditions>")
	}
	for _, child := range c.ChildElements() {
		known := child.Tag == "AudienceRestriction" || child.Tag == "OneTimeUse" || child.Tag == "ProxyRestriction"
		if !known || child.NamespaceURI() != nsAssertion {
			return v.refused(CheckConditions, "the assertion has the condition <%.60s>, which we do not know", child.Tag)
		}
	}
	if err := v.window(c, CheckConditions, "the assertion", a); err != nil {
		return err
	}
	v.report.Passed(CheckConditions, "the conditions hold at %s", stamp(v.in.Now))
	restrictions := xmltree.Children(c, nsAssertion, "AudienceRestriction")
	if len(restrictions) == 0 {
		return v.refused(CheckAudience, "the assertion does not say for whom it is meant")
	}
	for _, r := range restrictions {
		var named []string
		ours := false
		for _, audience := range xmltree.Children(r, nsAssertion, "Audience") {
			name, ok := xmltree.Text(audience)
			ours = ours || ok && name == v.provider.EntityID
			named = append(named, name)
		}
		if !ours {
			return v.refused(CheckAudience, "the assertion is meant for %s, and we are %s", quote(strings.Join(named, " ")), quote(v.provider.EntityID))
		}
	}
	v.report.Passed(CheckAudience, "the assertion is meant for %s", quote(v.provider.EntityID))
	return nil
}

// window checks NotBefore and NotOnOrAfter within the skew, and shortens the assertion's life.
func (v *visit) window(el *etree.Element, check, what string, a *auth.Assertion) error {
	now, skew := v.in.Now, v.settings.Skew()
	if text := xmltree.Attr(el, "NotBefore"); text != "" {
		at, ok := moment(text)
		if !ok {
			return v.refused(check, "the NotBefore of %s is no time", what)
		}
		if now.Add(skew).Before(at) {
			return v.refused(check, "%s holds from %s on, and it is %s: set the identity provider's clock", what, stamp(at), stamp(now))
		}
	}
	if text := xmltree.Attr(el, "NotOnOrAfter"); text != "" {
		at, ok := moment(text)
		if !ok {
			return v.refused(check, "the NotOnOrAfter of %s is no time", what)
		}
		if !now.Before(at.Add(skew)) {
			return v.refused(check, "%s held until %s, and it is %s", what, stamp(at), stamp(now))
		}
		a.ExpiresAt = earlier(a.ExpiresAt, at.Add(skew))
	}
	return nil
}

func (v *visit) subject(el *etree.Element, a *auth.Assertion) error {
	subject := xmltree.Child(el, nsAssertion, "Subject")
	if subject == nil {
		return v.refused(CheckSubject, "the assertion has not exactly one <Subject>")
	}
	name, err := v.nameID(subject)
	if err != nil {
		return err
	}
	a.Subject, a.SubjectFormat, a.NameQualifier, a.SPNameQualifier = name.NameID, name.Format, name.NameQualifier, name.SPNameQualifier
	return v.confirmed(subject, a)
}

// nameID reads the name in a subject or logout request, encrypted or not.
func (v *visit) nameID(parent *etree.Element) (Subject, error) {
	plain, sealed := xmltree.Children(parent, nsAssertion, "NameID"), xmltree.Children(parent, nsAssertion, "EncryptedID")
	if len(plain)+len(sealed) != 1 || len(xmltree.Children(parent, nsAssertion, "BaseID")) > 0 {
		return Subject{}, v.refused(CheckSubject, "<%s> has not exactly one name ID", parent.Tag)
	}
	el := append(plain, sealed...)[0]
	if len(sealed) > 0 {
		var err error
		if el, _, err = v.unseal(el); err != nil {
			return Subject{}, err
		}
		if !xmltree.Is(el, nsAssertion, "NameID") {
			return Subject{}, v.refused(CheckSubject, "the encrypted ID is no name ID")
		}
	}
	value, ok := xmltree.Text(el)
	switch {
	case !ok:
		return Subject{}, v.refused(CheckSubject, "the name ID has elements in it")
	case value == "":
		return Subject{}, v.refused(CheckSubject, "the name ID is empty")
	case len(value) > maxNameID || strings.ContainsFunc(value, unicode.IsControl):
		return Subject{}, v.refused(CheckSubject, "the name ID is longer than %d bytes or has control characters", maxNameID)
	}
	s := Subject{NameID: value, Format: xmltree.Attr(el, "Format"), NameQualifier: xmltree.Attr(el, "NameQualifier"), SPNameQualifier: xmltree.Attr(el, "SPNameQualifier")}
	if len(s.Format) > maxNameID || len(s.NameQualifier) > maxEntityID || len(s.SPNameQualifier) > maxEntityID {
		return Subject{}, v.refused(CheckSubject, "the name ID's format or qualifier is too long")
	}
	return s, nil
}

// confirmed looks for one bearer confirmation that holds (saml-profiles-2.0-os §4.1.4.3). Others may stand beside it; the
// reason of the first bearer is told when none holds.
func (v *visit) confirmed(subject *etree.Element, a *auth.Assertion) error {
	var first error
	before := len(v.report)
	for _, c := range xmltree.Children(subject, nsAssertion, "SubjectConfirmation") {
		if xmltree.Attr(c, "Method") != confirmationBearer {
			continue
		}
		tried := *a
		err := v.bearer(c, &tried)
		if err == nil {
			kept := v.report[len(v.report)-1]
			v.report = append(v.report[:before], kept)
			*a = tried
			return nil
		}
		if first == nil {
			first = err
			continue
		}
		v.report = v.report[:before+1]
	}
	if first != nil {
		return first
	}
	return v.refused(CheckConfirmation, "the assertion has no bearer confirmation")
}

func (v *visit) bearer(c *etree.Element, a *auth.Assertion) error {
	data := xmltree.Child(c, nsAssertion, "SubjectConfirmationData")
	if data == nil {
		return v.refused(CheckConfirmation, "the bearer confirmation has not exactly one <SubjectConfirmationData>")
	}
	to, answered := xmltree.Attr(data, "Recipient"), xmltree.Attr(data, "InResponseTo")
	switch {
	case to != v.provider.ACSURL:
		return v.refused(CheckConfirmation, "the assertion may be delivered to %s, and we are at %s", quote(to), quote(v.provider.ACSURL))
	case xmltree.Attr(data, "NotBefore") != "":
		return v.refused(CheckConfirmation, "the bearer confirmation has a NotBefore, which it must not have")
	case xmltree.Attr(data, "NotOnOrAfter") == "":
		return v.refused(CheckConfirmation, "the bearer confirmation does not say until when it holds")
	}
	if err := v.window(data, CheckConfirmation, "the confirmation", a); err != nil {
		return err
	}
	switch {
	case answered == "" && !v.settings.AllowIDPInitiated:
		return v.refused(CheckInResponseTo, "the assertion answers no request, and this connection takes none that the identity provider begins: start at our sign-in page")
	case v.answered != "" && v.answered != answered:
		return v.refused(CheckInResponseTo, "the response answers the request %s, and its assertion answers %s", quote(v.answered), quote(answered))
	case answered != "":
		before := len(v.report)
		if err := v.answers(answered, "the assertion"); err != nil {
			return err
		}
		v.report = v.report[:before]
	}
	a.InResponseTo = answered
	how := "answering a request of this browser"
	if answered == "" {
		how = "begun by the identity provider"
	}
	v.report.Passed(CheckConfirmation, "bearer, for %s, %s", quote(to), how)
	return nil
}

func (v *visit) authentication(el *etree.Element, a *auth.Assertion) error {
	statements := xmltree.Children(el, nsAssertion, "AuthnStatement")
	if len(statements) == 0 {
		return v.refused(CheckAuthn, "the assertion does not say that somebody was authenticated")
	}
	now, skew := v.in.Now, v.settings.Skew()
	for i, s := range statements {
		at, ok := moment(xmltree.Attr(s, "AuthnInstant"))
		if !ok || at.After(now.Add(skew)) {
			return v.refused(CheckAuthn, "the person was authenticated in the future, or it does not say when")
		}
		if i == 0 {
			a.AuthenticatedAt, a.Session = at, xmltree.Attr(s, "SessionIndex")
			if c := xmltree.Child(s, nsAssertion, "AuthnContext"); c != nil {
				if ref := xmltree.Child(c, nsAssertion, "AuthnContextClassRef"); ref != nil {
					a.Context, _ = xmltree.Text(ref)
				}
			}
		}
		if text := xmltree.Attr(s, "SessionNotOnOrAfter"); text != "" {
			end, ok := moment(text)
			if !ok || !now.Before(end.Add(skew)) {
				return v.refused(CheckAuthn, "the session at the identity provider has ended")
			}
			a.SessionEndsAt = earlier(a.SessionEndsAt, end)
		}
	}
	want := v.settings.RequestedContext
	switch {
	case len(a.Session) > maxEntityID || len(a.Context) > maxEntityID:
		return v.refused(CheckAuthn, "the session's or context's name is too long")
	case want != "" && a.Context != want:
		return v.refused(CheckAuthn, "the person was authenticated by %s, and this connection demands %s", quote(a.Context), quote(want))
	case v.settings.ForceAuthn && now.Sub(a.AuthenticatedAt) > MaxForcedAge+skew:
		return v.refused(CheckAuthn, "the person was authenticated at %s, and this connection demands a new proof each time", stamp(a.AuthenticatedAt))
	}
	v.report.Passed(CheckAuthn, "authenticated at %s by %s", stamp(a.AuthenticatedAt), quote(a.Context))
	return nil
}

// attributes become claims by Name, and by FriendlyName where no attribute has that Name.
func (v *visit) attributes(el *etree.Element, a *auth.Assertion) error {
	friendly := map[string][]string{}
	number, values, left := 0, 0, 0
	for _, statement := range xmltree.Children(el, nsAssertion, "AttributeStatement") {
		left += len(xmltree.Children(statement, nsAssertion, "EncryptedAttribute"))
		for _, attribute := range xmltree.Children(statement, nsAssertion, "Attribute") {
			name := xmltree.Attr(attribute, "Name")
			found, skipped := attributeValues(attribute)
			number, values, left = number+1, values+len(found), left+skipped
			if number > maxAttributes || values > maxValues {
				return v.refused(CheckAttributes, "the assertion has more than %d attributes or %d values: send fewer", maxAttributes, maxValues)
			}
			if name == "" || len(name) > maxNameOfAField {
				left++
				continue
			}
			a.Claims[name] = append(a.Claims[name], found...)
			if nick := xmltree.Attr(attribute, "FriendlyName"); nick != "" && len(nick) <= maxNameOfAField {
				friendly[nick] = append(friendly[nick], found...)
			}
		}
	}
	for nick, found := range friendly {
		if _, taken := a.Claims[nick]; !taken {
			a.Claims[nick] = found
		}
	}
	a.Claims[ClaimNameID] = []string{a.Subject}
	if left > 0 {
		v.report.Passed(CheckAttributes, "%d attributes with %d values; %d left out as encrypted, nested, unnamed or longer than %d bytes", number, values, left, maxValueBytes)
	} else {
		v.report.Passed(CheckAttributes, "%d attributes with %d values", number, values)
	}
	return nil
}

// attributeValues gives the plain values; a value that is a NameID (eduPersonTargetedID) gives its name.
func attributeValues(attribute *etree.Element) (values []string, left int) {
	for _, value := range xmltree.Children(attribute, nsAssertion, "AttributeValue") {
		if isNil(value) {
			continue
		}
		text, ok := xmltree.Text(value)
		if name := xmltree.Child(value, nsAssertion, "NameID"); !ok && name != nil && len(value.ChildElements()) == 1 {
			text, ok = xmltree.Text(name)
		}
		if !ok || len(text) > maxValueBytes {
			left++
			continue
		}
		values = append(values, text)
	}
	return values, left
}

func isNil(value *etree.Element) bool {
	for _, a := range value.Attr {
		if a.Key == "nil" && a.NamespaceURI() == nsInstance {
			return a.Value == "true" || a.Value == "1"
		}
	}
	return false
}

// lastingSubject settles who the person is at the provider: the NameID, or the attribute that the settings name.
func (v *visit) lastingSubject(_ *etree.Element, a *auth.Assertion) error {
	name := v.settings.SubjectAttribute
	if name == "" {
		if a.SubjectFormat == NameIDTransient {
			return v.refused(CheckSubject, "the name ID is transient: it differs at each sign-in. Send a persistent one, or name an attribute as the subject")
		}
		v.report.Passed(CheckSubject, "the name ID is the subject, its format %s", quote(a.SubjectFormat))
		return nil
	}
	values := a.Claims[name]
	if len(values) != 1 || values[0] == "" || len(values[0]) > maxNameID || strings.ContainsFunc(values[0], unicode.IsControl) {
		return v.refused(CheckSubject, "the attribute %s is to be the subject and has not exactly one value of at most %d bytes", quote(name), maxNameID)
	}
	a.Subject = values[0]
	v.report.Passed(CheckSubject, "the attribute %s is the subject", quote(name))
	return nil
}

// moment reads a time as SAML writes it: UTC, with or without a Z (saml-core-2.0-os §1.3.3).
func moment(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() > 1970 && t.Year() < 9000 {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// quote writes words of a stranger into a report: short, on one line, printable.
func quote(s string) string {
	const most = 160
	if s == "" {
		return "nothing"
	}
	clean := strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, s)
	if utf8.RuneCountInString(clean) > most {
		clean = string([]rune(clean)[:most]) + "…"
	}
	return `"` + clean + `"`
}
