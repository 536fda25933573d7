package ldap_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/ldap/slapd"
)

// length is a definite length of four bytes (X.690 §8.1.3.5).
func length(n int) []byte { return []byte{0x84, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)} }

// wrapped puts content into n constructed elements, one in the other.
func wrapped(n int, tag byte, content []byte) []byte {
	for range n {
		content = append(append([]byte{tag}, length(len(content))...), content...)
	}
	return content
}

func TestWhatNoHonestServerSaysIsAnErrorAndNoMore(t *testing.T) {
	t.Parallel()
	id := func(n int64) []byte { return []byte{2, 1, byte(n)} }
	done := func(n int64) []byte { return result(n, goldap.ApplicationSearchResultDone, 0, "").Bytes() }
	for name, answer := range map[string]func(n int64) []byte{
		"nothing":             func(int64) []byte { return nil },
		"no LDAP":             func(int64) []byte { return []byte("HTTP/1.1 400 Bad Request\r\n\r\n") },
		"a message of 4 GB":   func(int64) []byte { return append([]byte{0x30}, 0x84, 0xff, 0xff, 0xff, 0xff) },
		"a length of 8 bytes": func(int64) []byte { return []byte{0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, 1} },
		"no end given":        func(n int64) []byte { return append(append([]byte{0x30, 0x80}, id(n)...), 0, 0) },
		"an element longer than its message": func(n int64) []byte {
			return wrapped(1, 0x30, append(id(n), 0x64, 0x84, 0x00, 0x0f, 0xff, 0xff))
		},
		"a thousand levels": func(n int64) []byte { return wrapped(1, 0x30, append(id(n), wrapped(1000, 0x64, nil)...)) },
		"a million elements": func(n int64) []byte {
			return wrapped(1, 0x30, append(id(n), wrapped(1, 0x64, bytes.Repeat([]byte{5, 0}, 1_000_000))...))
		},
		"a message too long": func(n int64) []byte {
			return wrapped(1, 0x30, append(id(n), wrapped(1, 0x64, append([]byte{4}, append(length(9<<20), make([]byte, 9<<20)...)...))...))
		},
		"an answer too long": func(n int64) []byte {
			one := entry{"cn=a", map[string][]string{"cn": {strings.Repeat("x", 1<<20)}}}.packet(n).Bytes()
			return append(bytes.Repeat(one, 40), done(n)...)
		},
		"controls too long": func(n int64) []byte {
			return wrapped(1, 0x30, bytes.Join([][]byte{id(n), {0x65, 7, 0x0a, 1, 0, 4, 0, 4, 0}, wrapped(1, 0xa0, append([]byte{4}, append(length(70<<10), make([]byte, 70<<10)...)...))}, nil))
		},
		"no number":           func(int64) []byte { return []byte{0x30, 4, 4, 0, 0x65, 0} },
		"another's number":    func(n int64) []byte { return done(n + 100) },
		"no operation":        func(n int64) []byte { return wrapped(1, 0x30, id(n)) },
		"an empty end":        func(n int64) []byte { return wrapped(1, 0x30, append(id(n), 0x65, 0)) },
		"an entry of nothing": func(n int64) []byte { return wrapped(1, 0x30, append(id(n), 0x64, 0)) },
		"an attribute of nothing": func(n int64) []byte {
			return wrapped(1, 0x30, append(id(n), 0x64, 6, 4, 0, 0x30, 2, 0x30, 0))
		},
		"values that are none": func(n int64) []byte {
			return wrapped(1, 0x30, append(id(n), 0x64, 13, 4, 0, 0x30, 9, 0x30, 7, 4, 1, 'a', 0x31, 2, 5, 0))
		},
		"a result of 65536": func(n int64) []byte {
			return wrapped(1, 0x30, append(id(n), 0x65, 9, 0x0a, 3, 1, 0, 0, 4, 0, 4, 0))
		},
		"half a paging control": func(n int64) []byte {
			control := append([]byte{4, 22}, []byte(goldap.ControlTypePaging)...)
			return wrapped(1, 0x30, bytes.Join([][]byte{id(n), {0x65, 7, 0x0a, 1, 0, 4, 0, 4, 0}, wrapped(1, 0xa0, wrapped(1, 0x30, append(control, 4, 2, 0x30, 0)))}, nil))
		},
		"a referral": func(n int64) []byte { return result(n, goldap.ApplicationSearchResultDone, 10, "").Bytes() },
		"a goodbye": func(int64) []byte {
			return result(0, goldap.ApplicationExtendedResponse, 52, "shutting down").Bytes()
		},
	} {
		f := &fake{raw: answer}
		s := f.start(t)
		a, r, err := plain().SignIn(t.Context(), s, "secret", "anna", "a password")
		if name == "an answer too long" {
			wants(t, err, auth.ErrWrongCredentials, r) // two entries were enough to see that it is nobody's login alone
		} else {
			wants(t, err, ldap.ErrUnavailable, r)
		}
		if a.Subject != "" {
			t.Errorf("%s: signed in", name)
		}
		sum, err := plain().People(t.Context(), s, "secret", func(ldap.Entry) error { return nil })
		if wants(t, err, ldap.ErrIncomplete, sum.Report); sum.Complete {
			t.Errorf("%s: a complete reading", name)
		}
		r, _, err = plain().Check(t.Context(), s, "secret")
		wants(t, err, ldap.ErrUnavailable, r)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestAServerWithoutEndIsNotReadForEver(t *testing.T) {
	t.Parallel()
	f := &fake{search: func(query) reply { return reply{cookie: "again"} }}
	sum, err := plain().People(t.Context(), f.start(t), "secret", func(ldap.Entry) error { return nil })
	if wants(t, err, ldap.ErrIncomplete, sum.Report); sum.Complete || sum.Pages > 200 {
		t.Errorf("%+v", sum)
	}
	says(t, sum.Report, "read", false, "does not come to an end")
}

func TestASilentServerIsLeft(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, address := range []string{"ldap://", "ldaps://"} { // never accepted: the kernel takes the connection, nobody answers
		s := ldap.Settings{URLs: []string{address + l.Addr().String()}, BindDN: slapd.BindDN, BaseDN: slapd.BaseDN, TimeoutSeconds: 1}
		_, r, err := plain().SignIn(t.Context(), s, "secret", "anna", "a password")
		wants(t, err, ldap.ErrUnavailable, r)
		if !strings.Contains(lines(r), "no answer within the time allowed") {
			t.Error(lines(r))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, r, err = plain().SignIn(ctx, s, "secret", "anna", "a password")
		wants(t, err, context.Canceled, r)
	}
}

func TestWhatComesBehindStartTLSUnprotectedIsNotTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		if p, err := ber.ReadPacket(c); err == nil {
			id := p.Children[0].Value.(int64)
			_, _ = c.Write(append(result(id, goldap.ApplicationExtendedResponse, 0, "").Bytes(), result(id+1, goldap.ApplicationBindResponse, 0, "").Bytes()...))
			_, _ = ber.ReadPacket(c)
		}
	}()
	s := ldap.Settings{URLs: []string{"ldap://" + l.Addr().String()}, StartTLS: true, BindDN: slapd.BindDN, BaseDN: slapd.BaseDN}
	_, r, err := client().SignIn(t.Context(), s, "secret", "anna", "a password")
	wants(t, err, ldap.ErrUnavailable, r)
	says(t, r, "connect", false, "before TLS began")
	l.Close()
	<-done
}

func TestAnEntryWithoutANameIsNotBoundAs(t *testing.T) {
	t.Parallel()
	nameless := anna(nil)
	nameless.dn = ""
	_, r, err := plain().SignIn(t.Context(), domain(nameless).start(t), "secret", "anna", "a password")
	wants(t, err, auth.ErrWrongCredentials, r)
}

func TestStrangersWordsAreMadeFitForAReport(t *testing.T) {
	t.Parallel()
	f := &fake{bind: func(string, string) (int64, string) {
		return 49, "line\r\nline\x00\xff" + strings.Repeat("long ", 1000)
	}}
	_, r, err := plain().SignIn(t.Context(), f.start(t), "secret", "anna", "a password")
	wants(t, err, ldap.ErrUnavailable, r)
	for _, c := range r {
		if len(c.Detail) > 600 || strings.ContainsAny(c.Detail, "\r\n\x00") {
			t.Errorf("%q", c.Detail)
		}
	}
}

// FuzzAnswers gives any bytes as the answer to a search: nothing may panic, hang or be taken for a complete reading of
// somebody, but for an honest end.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte{})
	f.Add(result(2, goldap.ApplicationSearchResultDone, 0, "").Bytes())
	f.Add(anna(nil).packet(2).Bytes())
	f.Add(append(anna(nil).packet(2).Bytes(), result(2, goldap.ApplicationSearchResultDone, 0, "").Bytes()...))
	var answer []byte
	server := &fake{raw: func(int64) []byte { return answer }}
	s := server.start(f)
	f.Fuzz(func(t *testing.T, bytes []byte) {
		answer = bytes
		n := 0
		sum, err := plain().People(t.Context(), s, "secret", func(e ldap.Entry) error {
			if n++; e.Subject == "" || e.DN == "" {
				t.Errorf("%+v", e)
			}
			return nil
		})
		if sum.Complete && (err != nil || n == 0) || err == nil && sum.Read != n {
			t.Errorf("%+v %v", sum, err)
		}
		_, _, _ = plain().SignIn(t.Context(), s, "secret", "anna", "a password")
	})
}

// FuzzLogin fills any login into a filter: its structure stays, and the login is one value in it.
func FuzzLogin(f *testing.F) {
	for _, login := range []string{"anna", "*", "*)(uid=*", `\2a`, `\`, "\x00", "a=b", ")", "((", "ü", "\xff", "{login}", " a "} {
		f.Add(login)
	}
	const template = "(&(objectClass=person)(|(uid={login})(mail={login}@example.org)(cn:caseExactMatch:={login})))"
	plainly, err := goldap.CompileFilter(ldap.Fill(template, "x"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, login string) {
		p, err := goldap.CompileFilter(ldap.Fill(template, login))
		if err != nil {
			t.Fatalf("%q: %v", login, err)
		}
		if got, want := shape(p), shape(plainly); got != want {
			t.Fatalf("%q made %s of %s", login, got, want)
		}
		either := p.Children[1]
		if got := either.Children[0].Children[1].Data.String(); got != login {
			t.Errorf("%q is compared as %q", login, got)
		}
	})
}

func shape(p *ber.Packet) string {
	s := fmt.Sprint(p.Tag)
	for _, c := range p.Children {
		s += "(" + shape(c) + ")"
	}
	return s
}

// FuzzDN compares names in any form: never a panic, and a key is its own key.
func FuzzDN(f *testing.F) {
	for _, dn := range []string{"", annasDN, `cn=a\2cb,dc=x`, "cn=#0401ff,dc=x", "CN = A  B , dc=X", `cn=\ff`, "cn=a+uid=b", "nonsense", `\`, "cn=\xff"} {
		f.Add(dn)
	}
	f.Fuzz(func(t *testing.T, dn string) {
		key := ldap.DNKey(dn)
		if again := ldap.DNKey(key); again != key {
			t.Errorf("%q → %q → %q", dn, key, again)
		}
	})
}

// FuzzGUID formats any bytes: sixteen and nothing else give the canonical form.
func FuzzGUID(f *testing.F) {
	f.Add([]byte(guid))
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, ok := ldap.FormatGUID(raw)
		if ok != (len(raw) == 16) || ok && (len(s) != 36 || strings.Count(s, "-") != 4 || s != strings.ToLower(s)) {
			t.Errorf("%x: %q %v", raw, s, ok)
		}
	})
}

func TestNamesThatAreOneToADirectoryAreOneToUs(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{annasDN, `cn=berg\2c anna, ou=staff, dc=EXAMPLE,dc=org`, `CN=Berg\2C  Anna,OU=Staff,DC=example,DC=org`},
		{"cn=Zoë,dc=x", `CN=zo\c3\ab,DC=X`},
		{"cn=a+uid=b,dc=x", "uid=B+cn=A,dc=x"},
	} {
		for _, dn := range same {
			if ldap.DNKey(dn) != ldap.DNKey(same[0]) {
				t.Errorf("%s is not %s", dn, same[0])
			}
		}
	}
	for _, two := range [][2]string{{"cn=a,dc=x", "cn=a,dc=y"}, {`cn=a\,dc=x`, "cn=a,dc=x"}, {`cn=\ff`, `cn=\fe`}, {"cn=ab,dc=x", "cn=a b,dc=x"}} {
		if ldap.DNKey(two[0]) == ldap.DNKey(two[1]) {
			t.Errorf("%s is %s", two[0], two[1])
		}
	}
}
