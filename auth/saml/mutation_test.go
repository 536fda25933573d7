package saml_test

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/beevik/etree"
	"github.com/google/go-cmp/cmp"

	"lyceum/auth/saml/internal/corpus"
)

// mutation changes one place of a document; it tells whether it had something to change there.
type mutation struct {
	name string
	do   func(el *etree.Element) bool
}

// mutations are tried at every element. Those of attributes run over all attributes by an index.
func mutations() []mutation {
	list := []mutation{
		{"remove", func(el *etree.Element) bool {
			if el.Parent() == nil || el.Parent().Tag == "" {
				return false
			}
			el.Parent().RemoveChild(el)
			return true
		}},
		{"duplicate", func(el *etree.Element) bool {
			if el.Parent() == nil || el.Parent().Tag == "" {
				return false
			}
			el.Parent().InsertChildAt(el.Index(), el.Copy())
			return true
		}},
		{"rename", func(el *etree.Element) bool { el.Tag += "x"; return true }},
		{"other namespace", func(el *etree.Element) bool {
			el.Space = "evil"
			el.CreateAttr("xmlns:evil", "urn:example:evil")
			return true
		}},
		{"empty", func(el *etree.Element) bool { had := len(el.Child) > 0; el.Child = nil; return had }},
		{"other text", func(el *etree.Element) bool {
			if len(el.ChildElements()) > 0 || el.Text() == "" {
				return false
			}
			el.SetText(corpus.Mallory)
			return true
		}},
		{"more text", func(el *etree.Element) bool {
			if len(el.ChildElements()) > 0 || el.Text() == "" {
				return false
			}
			el.SetText(el.Text() + "x")
			return true
		}},
		{"child", func(el *etree.Element) bool { el.CreateElement("evil").SetText(corpus.Mallory); return true }},
		{"attribute", func(el *etree.Element) bool { el.CreateAttr("evil", corpus.Mallory); return true }},
		{"first becomes last", func(el *etree.Element) bool {
			kids := el.ChildElements()
			if len(kids) < 2 {
				return false
			}
			el.RemoveChild(kids[0])
			el.AddChild(kids[0])
			return true
		}},
	}
	for i := range 6 {
		list = append(list,
			mutation{fmt.Sprintf("remove attribute %d", i), func(el *etree.Element) bool {
				if i >= len(el.Attr) {
					return false
				}
				el.Attr = append(el.Attr[:i:i], el.Attr[i+1:]...)
				return true
			}},
			mutation{fmt.Sprintf("change attribute %d", i), func(el *etree.Element) bool {
				if i >= len(el.Attr) {
					return false
				}
				el.Attr[i].Value += "x"
				return true
			}},
			mutation{fmt.Sprintf("flip attribute %d", i), func(el *etree.Element) bool {
				if i >= len(el.Attr) || el.Attr[i].Value == "" {
					return false
				}
				b := []byte(el.Attr[i].Value)
				b[len(b)/2] ^= 1
				el.Attr[i].Value = string(b)
				return true
			}},
		)
	}
	return list
}

// TestWhateverIsChangedIsRefusedOrWithoutEffect changes every element and attribute of honest responses in turn. What is
// still admitted must say the same of the same person: it was outside of what is signed and read.
func TestWhateverIsChangedIsRefusedOrWithoutEffect(t *testing.T) {
	t.Parallel()
	w := world(t)
	tried := map[string]bool{"assertion_signed": true, "response_signed": true, "encrypted_aes256cbc": true, "encrypted_then_signed": true}
	for _, e := range entries(t, corpus.HonestDir, 25) {
		if !tried[e.Name] {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			field, err := e.Field(testdata, corpus.HonestDir)
			if err != nil {
				t.Fatal(err)
			}
			p, s, in := w.Meet(e, field)
			want, _, err := p.Accept(s, in)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := base64.StdEncoding.DecodeString(field)
			if err != nil {
				t.Fatal(err)
			}
			refused, admitted := 0, 0
			for _, m := range mutations() {
				for at := 0; ; at++ {
					changed, where, ok := mutate(t, raw, at, m)
					if where == "" {
						break
					}
					if !ok {
						continue
					}
					in.SAMLResponse = base64.StdEncoding.EncodeToString(changed)
					got, _, err := p.Accept(s, in)
					if err != nil {
						refused++
						continue
					}
					admitted++
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s of %s changes what is believed:\n%s", m.name, where, diff)
					}
				}
			}
			// Were nothing admitted or nothing refused, the test would not reach what it is about.
			if refused < 90 || admitted < 20 {
				t.Errorf("%d refused, %d admitted", refused, admitted)
			}
		})
	}
}

// mutate applies m to the element number at of a document; where is "" beyond the last one.
func mutate(t *testing.T, raw []byte, at int, m mutation) (changed []byte, where string, ok bool) {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		t.Fatal(err)
	}
	all := doc.FindElements("//*")
	if at >= len(all) {
		return nil, "", false
	}
	where = all[at].GetPath()
	if !m.do(all[at]) {
		return nil, where, false
	}
	changed, err := doc.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return changed, where, true
}
