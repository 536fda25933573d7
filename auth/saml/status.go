package saml

import (
	"strings"

	"github.com/beevik/etree"

	"lyceum/auth/saml/internal/xmltree"
)

// told says in plain words what a provider's status means (saml-core-2.0-os §3.2.2.2), for those that people meet.
var told = map[string]string{
	"AuthnFailed":            "the identity provider could not authenticate the person",
	"InvalidNameIDPolicy":    "the identity provider does not give name IDs of the format that was asked for",
	"NoAuthnContext":         "the identity provider cannot authenticate in the way that was asked for",
	"NoPassive":              "the person would have to sign in at the identity provider",
	"RequestDenied":          "the identity provider refuses: the person may not be assigned to this application",
	"RequestUnsupported":     "the identity provider does not support the request",
	"UnknownPrincipal":       "the identity provider does not know the person",
	"UnsupportedBinding":     "the identity provider does not support the binding that was asked for",
	"Requester":              "the identity provider holds our request for wrong",
	"Responder":              "the identity provider failed",
	"VersionMismatch":        "the identity provider wants another version of SAML",
	"PartialLogout":          "the identity provider could not end every session",
	"InvalidAttrNameOrValue": "an attribute that was asked for is unknown to the identity provider",
}

// outcome reads a status: whether it is success, its codes, outermost first, and the provider's own words.
func outcome(root *etree.Element) (ok bool, codes []string, words string) {
	status := xmltree.Child(root, nsProtocol, "Status")
	if status == nil {
		return false, nil, ""
	}
	for code := xmltree.Child(status, nsProtocol, "StatusCode"); code != nil && len(codes) < 4; code = xmltree.Child(code, nsProtocol, "StatusCode") {
		codes = append(codes, xmltree.Attr(code, "Value"))
	}
	if m := xmltree.Child(status, nsProtocol, "StatusMessage"); m != nil {
		words, _ = xmltree.Text(m)
	}
	return len(codes) > 0 && codes[0] == statusSuccess, codes, words
}

// status demands success, and passes on what the provider says when it is not.
func (v *visit) status(root *etree.Element) error {
	ok, codes, words := outcome(root)
	if ok {
		v.report.Passed(CheckStatus, "the identity provider says success")
		return nil
	}
	if len(codes) == 0 {
		return v.refused(CheckStatus, "the message has no status")
	}
	short := make([]string, len(codes))
	meaning := "the identity provider did not sign the person in"
	for i, c := range codes {
		short[i] = c[strings.LastIndex(c, ":")+1:]
		if m := told[short[i]]; m != "" {
			meaning = m
		}
	}
	detail := meaning + " (" + quote(strings.Join(short, ", ")) + ")"
	if words != "" {
		detail += "; it says " + quote(words)
	}
	return v.refused(CheckStatus, "%s", detail)
}
