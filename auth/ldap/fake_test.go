package ldap_test

import (
	"net"
	"sync"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"

	"lyceum/auth/ldap"
)

// fake is a directory that says what a test wants: what no honest server says, and what only Active Directory does, which
// no test can start.
type fake struct {
	bind   func(name, password string) (code int64, text string)
	search func(q query) reply
	raw    func(id int64) []byte // when set, the answer to every search as bytes

	mu    sync.Mutex
	asked []query
}

// query is a search request as it came.
type query struct {
	base, filter string
	attributes   []string
	cookie       string
}

// reply is an answer to it.
type reply struct {
	entries []entry
	code    int64
	text    string
	cookie  string
	hangUp  bool // after the entries, without a word
}

type entry struct {
	dn         string
	attributes map[string][]string
}

// start serves the fake and gives settings that lead to it.
func (f *fake) start(t testing.TB) ldap.Settings {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Add(1)
	go func() {
		defer all.Done()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Add(1)
			go func() {
				defer all.Done()
				defer c.Close()
				f.serve(c)
			}()
		}
	}()
	t.Cleanup(func() { l.Close(); all.Wait() })
	return ldap.Settings{Kind: ldap.KindActiveDirectory, URLs: []string{"ldap://" + l.Addr().String()}, BindDN: `EXAMPLE\reader`, BaseDN: "DC=example,DC=org"}
}

// plain is a client that a fake can be asked with.
func plain() *ldap.Client { return ldap.New(ldap.Options{AllowPrivate: true, AllowPlain: true}) }

func (f *fake) serve(c net.Conn) {
	for {
		p, err := ber.ReadPacket(c)
		if err != nil {
			return
		}
		id, op := p.Children[0].Value.(int64), p.Children[1]
		switch op.Tag {
		case goldap.ApplicationBindRequest:
			code, text := int64(0), ""
			if f.bind != nil {
				code, text = f.bind(op.Children[1].Value.(string), op.Children[2].Data.String())
			}
			_, _ = c.Write(result(id, goldap.ApplicationBindResponse, code, text).Bytes())
		case goldap.ApplicationSearchRequest:
			if f.raw != nil {
				_, _ = c.Write(f.raw(id))
				return
			}
			if !f.answer(c, id, queryOf(p)) {
				return
			}
		default:
			return
		}
	}
}

func (f *fake) answer(c net.Conn, id int64, q query) bool {
	f.mu.Lock()
	f.asked = append(f.asked, q)
	f.mu.Unlock()
	r := f.search(q)
	for _, e := range r.entries {
		_, _ = c.Write(e.packet(id).Bytes())
	}
	if r.hangUp {
		return false
	}
	done := result(id, goldap.ApplicationSearchResultDone, r.code, r.text)
	paging := goldap.NewControlPaging(0)
	paging.SetCookie([]byte(r.cookie))
	controls := ber.Encode(ber.ClassContext, ber.TypeConstructed, 0, nil, "")
	controls.AppendChild(paging.Encode())
	done.AppendChild(controls)
	_, _ = c.Write(done.Bytes())
	return true
}

func queryOf(p *ber.Packet) query {
	op := p.Children[1]
	q := query{base: op.Children[0].Value.(string)}
	q.filter, _ = goldap.DecompileFilter(op.Children[6])
	for _, a := range op.Children[7].Children {
		q.attributes = append(q.attributes, a.Value.(string))
	}
	if len(p.Children) > 2 {
		for _, c := range p.Children[2].Children {
			if paging, _ := goldap.DecodeControl(c); paging != nil && paging.GetControlType() == goldap.ControlTypePaging {
				q.cookie = string(paging.(*goldap.ControlPaging).Cookie)
			}
		}
	}
	return q
}

func message(id int64, op *ber.Packet) *ber.Packet {
	m := ber.NewSequence("")
	m.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	m.AppendChild(op)
	return m
}

func octets(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

func result(id int64, tag ber.Tag, code int64, text string) *ber.Packet {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""))
	op.AppendChild(octets(""))
	op.AppendChild(octets(text))
	return message(id, op)
}

func (e entry) packet(id int64) *ber.Packet {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, goldap.ApplicationSearchResultEntry, nil, "")
	op.AppendChild(octets(e.dn))
	list := ber.NewSequence("")
	for name, values := range e.attributes {
		one := ber.NewSequence("")
		one.AppendChild(octets(name))
		set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
		for _, v := range values {
			set.AppendChild(octets(v))
		}
		one.AppendChild(set)
		list.AppendChild(one)
	}
	op.AppendChild(list)
	return message(id, op)
}
