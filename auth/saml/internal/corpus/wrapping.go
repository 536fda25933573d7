package corpus

import (
	"github.com/beevik/etree"

	"lyceum/auth/saml/internal/answer"
)

// evil turns an assertion or response into the attacker's: another person, another ID.
func evil(el *etree.Element) *etree.Element {
	el.CreateAttr("ID", "_evil")
	if inner := el.FindElement("./Assertion"); inner != nil {
		inner.CreateAttr("ID", "_evil_assertion")
	}
	for _, name := range el.FindElements(".//NameID") {
		name.SetText(Mallory)
	}
	return el
}

func unsigned(el *etree.Element) *etree.Element {
	if sig := el.FindElement("./Signature"); sig != nil {
		el.RemoveChild(sig)
	}
	return el
}

// Wrapping is the eight attacks of Somorovsky and others ("On Breaking SAML", 2012) and their kin: what was signed stays
// whole and is moved to where only the signature's check finds it. Here the response is signed.
func (m *maker) wrappedResponses() {
	put := func(name, reason, does string, root *etree.Element) { m.hostile(name, reason, does, write(root)) }

	original := m.tree(responseSigned)
	wrapped := evil(original.Copy())
	find(wrapped, "./Signature").AddChild(unsigned(original.Copy()))
	put("xsw1", "one_assertion", "the signed response inside the signature of the evil one", wrapped)

	wrapped = evil(original.Copy())
	sig := find(wrapped, "./Signature")
	wrapped.InsertChildAt(sig.Index(), unsigned(original.Copy()))
	put("xsw2", "one_assertion", "the signed response beside its signature in the evil one", wrapped)

	whole := m.tree(responseSigned)
	r := evil(unsigned(whole.Copy()))
	find(r, "./Status").CreateElement("samlp:StatusDetail").AddChild(whole.Copy())
	put("xsw9", "one_assertion", "the signed response in the StatusDetail of the evil one", r)
}

// wrappedAssertions are those in which the assertion is signed.
func (m *maker) wrappedAssertions() {
	put := func(name, reason, does string, root *etree.Element) { m.hostile(name, reason, does, write(root)) }
	original := m.tree(nil)
	signed := func() *etree.Element { return find(original, "./Assertion").Copy() }
	without := func() *etree.Element {
		r := original.Copy()
		r.RemoveChild(find(r, "./Assertion"))
		return r
	}
	r := without()
	r.AddChild(evil(unsigned(signed())))
	r.AddChild(signed())
	put("xsw3", "one_assertion", "an evil assertion before the signed one", r)

	r = without()
	e := evil(unsigned(signed()))
	e.AddChild(signed())
	r.AddChild(e)
	put("xsw4", "one_assertion", "the signed assertion inside the evil one", r)

	r = without()
	r.AddChild(evil(signed()))
	r.AddChild(unsigned(signed()))
	put("xsw5", "one_assertion", "the evil assertion carries the signature, the signed one follows", r)

	r = without()
	e = evil(signed())
	find(e, "./Signature").AddChild(unsigned(signed()))
	r.AddChild(e)
	put("xsw6", "one_assertion", "the signed assertion inside the signature that the evil one carries", r)

	r = without()
	x := etree.NewElement("samlp:Extensions")
	x.AddChild(evil(signed()))
	r.AddChild(x)
	r.AddChild(signed())
	put("xsw7", "one_assertion", "the evil assertion in Extensions", r)

	r = without()
	e = evil(signed())
	object := find(e, "./Signature").CreateElement("ds:Object")
	object.AddChild(unsigned(signed()))
	r.AddChild(e)
	put("xsw8", "one_assertion", "the signed assertion in an Object of the signature", r)

	r = without()
	e = evil(unsigned(signed()))
	e.CreateElement("saml:Advice").AddChild(signed())
	r.AddChild(e)
	put("xsw_advice", "one_assertion", "the signed assertion as Advice of the evil one", r)

	r = without()
	e = evil(signed())
	find(e, "./Subject/SubjectConfirmation/SubjectConfirmationData").AddChild(unsigned(signed()))
	r.AddChild(e)
	put("xsw_confirmation_data", "one_assertion", "the signed assertion in the confirmation data of the evil one", r)

	r = without()
	e = evil(signed())
	value := find(e, ".//AttributeValue")
	value.SetText("")
	value.AddChild(unsigned(signed()))
	r.AddChild(e)
	put("xsw_attribute_value", "one_assertion", "the signed assertion as an attribute's value of the evil one", r)

	r = without()
	e = unsigned(signed())
	id := e.SelectAttrValue("ID", "")
	evil(e).CreateAttr("ID", id)
	r.AddChild(e)
	r.AddChild(signed())
	put("xsw_same_id", "ids", "the evil assertion has the ID of the signed one", r)

	r = without()
	e = evil(signed())
	inner := unsigned(signed())
	inner.Space, inner.Tag = "x", "Assertion"
	inner.CreateAttr("xmlns:x", "urn:example:other")
	e.AddChild(inner)
	r.AddChild(e)
	put("xsw_other_namespace", "one_assertion", "the second assertion hides in another namespace", r)

}

// movedSignatures stand where none belongs, or over something that was changed.
func (m *maker) movedSignatures() {
	put := func(name, reason, does string, root *etree.Element) { m.hostile(name, reason, does, write(root)) }
	original := m.tree(nil)
	r := original.Copy()
	sig := find(r, "./Assertion/Signature")
	sig.Parent().RemoveChild(sig)
	r.CreateElement("samlp:Extensions").AddChild(sig)
	put("signature_in_extensions", "signature_shape", "the signature stands in Extensions of the response", r)

	r = original.Copy()
	sig = find(r, "./Assertion/Signature")
	find(r, "./Assertion/Conditions").AddChild(sig.Copy())
	put("signature_twice", "ids", "the signature stands in the assertion and once more below, with an ID of its own", withID(r, sig))

	r = original.Copy()
	find(r, "./Assertion/Subject/NameID").SetText(Mallory)
	put("tampered_name", "signature", "the name was changed after signing", r)

	r = m.tree(responseSigned)
	find(r, "./Assertion/Subject/NameID").SetText(Mallory)
	put("tampered_name_in_signed_response", "signature", "the name was changed after the response was signed", r)

	r = m.tree(func(a *answer.Answer) { a.SignResponse = true })
	r.CreateAttr("InResponseTo", RequestID)
	r.CreateAttr("Consent", "urn:example:changed")
	put("response_signature_broken_assertion_whole", "signature", "the assertion's signature holds, the response's does not", r)
}

func withID(root, sig *etree.Element) *etree.Element {
	for _, s := range root.FindElements("//Signature") {
		s.CreateAttr("Id", "twice")
	}
	return root
}
