package corpus

import (
	"fmt"
	"strings"
	"time"

	"github.com/beevik/etree"

	"lyceum/auth/saml"
	"lyceum/auth/saml/internal/answer"
)

// The answers of this file were really signed by a provider's key, and say the wrong thing.

const (
	confirmation = "./Subject/SubjectConfirmation"
	data         = confirmation + "/SubjectConfirmationData"
)

// says is an answer that was changed before it was made.
func (m *maker) says(name, reason, does string, change func(*answer.Answer), more ...func(*Entry)) {
	m.hostile(name, reason, does, m.bytes(change), more...)
}

// edits is an answer in whose assertion one place was changed before it was signed.
func (m *maker) edits(name, reason, does, path string, change func(*etree.Element), more ...func(*Entry)) {
	m.says(name, reason, does, func(a *answer.Answer) {
		a.TamperAssertion = func(el *etree.Element) {
			at := el
			if path != "" {
				at = find(el, path)
			}
			change(at)
		}
	}, more...)
}

func remove(el *etree.Element) { el.Parent().RemoveChild(el) }

func twice(el *etree.Element) { el.Parent().InsertChildAt(el.Index(), el.Copy()) }

func set(key, value string) func(*etree.Element) {
	return func(el *etree.Element) { el.CreateAttr(key, value) }
}

func unset(key string) func(*etree.Element) { return func(el *etree.Element) { el.RemoveAttr(key) } }

func at(d time.Duration) string { return Now().Add(d).Format(time.RFC3339) }

// audiences are meant for others, or for anybody.
func (m *maker) audiences() {
	m.says("wrong_audience", "audience", "meant for another tenant at the same provider", func(a *answer.Answer) { a.Audience = "https://globex.example/saml" })
	m.edits("no_audience", "audience", "no AudienceRestriction: good anywhere", "./Conditions/AudienceRestriction", remove)
	m.edits("audience_empty", "audience", "an AudienceRestriction without an audience", "./Conditions/AudienceRestriction/Audience", remove)
	m.edits("audience_prefix", "audience", "an audience that ours only begins", "./Conditions/AudienceRestriction/Audience", func(el *etree.Element) { el.SetText(EntityID + ".evil.example") })
	m.edits("second_audience_restriction", "audience", "a second restriction that does not name us", "./Conditions/AudienceRestriction", func(el *etree.Element) {
		second := el.Copy()
		find(second, "./Audience").SetText("https://globex.example/saml")
		el.Parent().AddChild(second)
	})
	m.says("wrong_recipient", "subject_confirmation", "to be delivered to another service", func(a *answer.Answer) {
		a.TamperAssertion = func(el *etree.Element) { find(el, data).CreateAttr("Recipient", "https://globex.example/acs") }
	})
	m.edits("no_recipient", "subject_confirmation", "to be delivered anywhere", data, unset("Recipient"))
	m.says("wrong_destination", "destination", "the response was sent elsewhere", func(a *answer.Answer) {
		responseSigned(a)
		a.TamperResponse = set("Destination", "https://globex.example/acs")
	})
	m.says("no_destination", "destination", "a signed response that does not say where it was sent", func(a *answer.Answer) {
		responseSigned(a)
		a.TamperResponse = unset("Destination")
	})
}

// times are over, or have not come.
func (m *maker) times() {
	m.says("expired", "conditions", "an hour old", func(a *answer.Answer) { a.Now = a.Now.Add(-50 * time.Minute) })
	m.says("too_old", "issued", "made to hold for ten years, two hours ago", func(a *answer.Answer) { a.Now = a.Now.Add(-2 * time.Hour); a.Life = 87600 * time.Hour })
	m.edits("conditions_expired", "conditions", "the conditions ended just beyond the skew", "./Conditions", set("NotOnOrAfter", at(-61*time.Second)))
	m.edits("confirmation_expired", "subject_confirmation", "the confirmation ended just beyond the skew", data, set("NotOnOrAfter", at(-60*time.Second)))
	m.edits("not_yet_valid", "conditions", "holds from later on", "./Conditions", set("NotBefore", at(2*time.Minute)))
	m.edits("time_is_no_time", "conditions", "a NotOnOrAfter that is no time", "./Conditions", set("NotOnOrAfter", "tomorrow"))
	m.says("issued_in_the_future", "issued", "issued ten minutes from now", func(a *answer.Answer) { a.Now = a.Now.Add(10 * time.Minute) })
	m.edits("never_issued", "issued", "no IssueInstant", "", unset("IssueInstant"))
}

// subjects are missing, unconfirmed, or cannot be told from others.
func (m *maker) subjects() {
	m.edits("no_conditions", "conditions", "no Conditions", "./Conditions", remove)
	m.edits("two_conditions", "conditions", "two Conditions", "./Conditions", twice)
	m.edits("unknown_condition", "conditions", "a condition that nobody knows", "./Conditions", func(el *etree.Element) { el.CreateElement("saml:Condition").CreateAttr("Count", "1") })
	m.edits("no_subject", "subject", "no Subject", "./Subject", remove)
	m.edits("two_subjects", "subject", "two Subjects", "./Subject", twice)
	m.edits("no_confirmation", "subject_confirmation", "no SubjectConfirmation", confirmation, remove)
	m.edits("holder_of_key_only", "subject_confirmation", "confirmed by holding a key only", confirmation, set("Method", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"))
	m.edits("sender_vouches_only", "subject_confirmation", "confirmed by the sender's word only", confirmation, set("Method", "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"))
	m.edits("no_confirmation_data", "subject_confirmation", "a bearer confirmation without data", data, remove)
	m.edits("confirmation_not_before", "subject_confirmation", "a NotBefore in a bearer confirmation", data, set("NotBefore", at(-time.Minute)))
	m.edits("confirmation_without_end", "subject_confirmation", "a bearer confirmation without an end", data, unset("NotOnOrAfter"))
}

// requests were asked by others, or by nobody.
func (m *maker) requests() {
	m.says("answer_to_another", "in_response_to", "answers a request that is not this browser's", func(a *answer.Answer) { a.InResponseTo = "id-of-somebody-else" })
	m.says("answer_to_none", "in_response_to", "answers no request, where one must be asked", func(a *answer.Answer) { a.InResponseTo = "" })
	m.says("answer_without_question", "in_response_to", "answers a request, and this browser has none under way", nil, unsolicited)
	m.says("answer_to_another_where_the_provider_may_begin", "in_response_to", "answers a request that is not ours, although the provider may begin", func(a *answer.Answer) { a.InResponseTo = "id-of-somebody-else" }, under("idp_initiated"), unsolicited)
	m.edits("assertion_answers_another", "in_response_to", "the unsigned response names our request, the assertion another", data, set("InResponseTo", "id-of-somebody-else"))
	m.edits("assertion_answers_none", "in_response_to", "the unsigned response names our request, the assertion none", data, unset("InResponseTo"), under("idp_initiated"))
}

// issuers are others; and what they say of how somebody was authenticated is not enough.
func (m *maker) issuers() {
	m.says("wrong_issuer", "issuer", "issued by another provider", func(a *answer.Answer) { a.Issuer = "https://other-idp.example" })
	m.edits("wrong_assertion_issuer", "issuer", "the assertion was issued by another provider", "./Issuer", func(el *etree.Element) { el.SetText("https://other-idp.example") })
	m.edits("no_issuer", "issuer", "no Issuer in the assertion", "./Issuer", remove)
	m.edits("issuer_format", "issuer", "the issuer is an e-mail address", "./Issuer", set("Format", saml.NameIDEmail))
	m.edits("no_authentication", "authentication", "nobody was authenticated", "./AuthnStatement", remove)
	m.edits("authenticated_in_the_future", "authentication", "authenticated an hour from now", "./AuthnStatement", set("AuthnInstant", at(time.Hour)))
	m.edits("session_over", "authentication", "the session has ended", "./AuthnStatement", set("SessionNotOnOrAfter", at(-time.Hour)))
	m.edits("old_proof", "authentication", "an old proof where a new one is demanded", "./AuthnStatement", set("AuthnInstant", at(-time.Hour)), under("forced"))
	m.says("weaker_context", "authentication", "a password where two factors are demanded", nil, under("context"))
}

// bombs are names and attributes beyond their bounds.
func (m *maker) bombs() {
	m.edits("empty_name", "subject", "an empty name", "./Subject/NameID", func(el *etree.Element) { el.SetText("") })
	m.edits("no_name", "subject", "no NameID", "./Subject/NameID", remove)
	m.edits("two_names", "subject", "two NameIDs", "./Subject/NameID", twice)
	m.edits("element_in_name", "subject", "an element in the name", "./Subject/NameID", func(el *etree.Element) { el.CreateElement("saml:b").SetText(".evil.example") })
	m.edits("long_name", "subject", "a name of a thousand characters", "./Subject/NameID", func(el *etree.Element) { el.SetText(strings.Repeat("a", 1000)) })
	m.edits("control_character_in_name", "subject", "a line break in the name", "./Subject/NameID", func(el *etree.Element) { el.SetText("ann@acme.example\nadmin@acme.example") })
	m.says("transient", "subject", "a name that lasts for one session", func(a *answer.Answer) { a.NameIDFormat = saml.NameIDTransient })
	m.says("subject_attribute_missing", "subject", "the attribute that is to be the subject is missing", func(a *answer.Answer) { a.Attributes = a.Attributes[:1] }, under("employee"))
	m.says("subject_attribute_twice", "subject", "the attribute that is to be the subject has two values", func(a *answer.Answer) { a.Attributes[1].Values = []string{"4711", "1"} }, under("employee"))
	m.says("attribute_bomb", "attributes", "a thousand attributes", func(a *answer.Answer) {
		for i := range 1000 {
			a.Attributes = append(a.Attributes, answer.Attribute{Name: fmt.Sprint("a", i), Values: []string{"x"}})
		}
	})
	m.says("value_bomb", "attributes", "an attribute of five thousand values", func(a *answer.Answer) {
		a.TamperAssertion = func(el *etree.Element) {
			attribute := find(el, "./AttributeStatement").CreateElement("saml:Attribute")
			attribute.CreateAttr("Name", "bomb")
			for range 5000 {
				attribute.CreateElement("saml:AttributeValue")
			}
		}
	})
}

// statuses say no.
func (m *maker) statuses() {
	m.edits("assertion_version", "assertion", "an assertion of version 1.1", "", set("Version", "1.1"))
	m.says("status_failed_with_assertion", "status", "the provider says no, and an assertion follows all the same", func(a *answer.Answer) {
		a.TamperResponse = func(el *etree.Element) {
			find(el, "./Status/StatusCode").CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")
		}
	})
	m.says("status_failed", "status", "the provider says that the person is not assigned", func(a *answer.Answer) {
		a.Status, a.SubStatus = "urn:oasis:names:tc:SAML:2.0:status:Responder", "urn:oasis:names:tc:SAML:2.0:status:RequestDenied"
		a.StatusMessage = "User is not assigned to the client application."
	})
	m.says("no_status", "status", "no Status", func(a *answer.Answer) {
		a.TamperResponse = func(el *etree.Element) { el.RemoveChild(find(el, "./Status")) }
	})
}
