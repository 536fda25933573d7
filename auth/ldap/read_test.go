package ldap_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"lyceum/auth/ldap"
	"lyceum/auth/ldap/slapd"
)

// people reads everybody, by uid.
func people(t *testing.T, s ldap.Settings) map[string]ldap.Entry {
	t.Helper()
	seen := map[string]ldap.Entry{}
	sum, err := client().People(t.Context(), s, slapd.BindPassword, func(e ldap.Entry) error {
		seen[e.Claims["uid"][0]] = e
		return nil
	})
	if err != nil || !sum.Complete || sum.Read != len(seen) {
		t.Fatalf("%v, %+v\n%s", err, sum, lines(sum.Report))
	}
	return seen
}

func TestTwelveHundredPeopleAreReadInPages(t *testing.T) {
	t.Parallel()
	s := slapd.Start(t, slapd.Options{People: 1200})
	s.AddGroup("staff", "person0001", "person1200")
	s.AddGroup("empty-ish", "cn=nobody,dc=example,dc=org")
	settings := s.Settings()
	settings.PageSize = 500
	sum, err := client().People(t.Context(), settings, slapd.BindPassword, func(ldap.Entry) error { return nil })
	if err != nil || sum.Read != 1200 || sum.Pages != 3 || !sum.Complete || sum.Skipped != 0 {
		t.Fatalf("%+v %v", sum, err)
	}
	settings.PageSize = 1000
	seen := people(t, settings)
	one := seen["person1200"]
	if len(seen) != 1200 || len(one.Subject) != 36 || one.DN != slapd.DN("person1200") || !one.Active || one.Claims["mail"][0] != "person1200@example.org" {
		t.Errorf("%d people; %+v", len(seen), one)
	}
	if !slices.Equal(one.Groups, []string{slapd.GroupDN("staff")}) || !slices.Equal(one.Claims["groups"], []string{"staff"}) || seen["person0002"].Groups != nil {
		t.Errorf("groups %v, claims %v, another's %v", one.Groups, one.Claims, seen["person0002"].Groups)
	}
	var groups []string
	sum, err = client().Groups(t.Context(), settings, slapd.BindPassword, func(g ldap.Group) error {
		groups = append(groups, fmt.Sprint(g.Name, len(g.Members), len(g.Subject)))
		return nil
	})
	slices.Sort(groups)
	if err != nil || !sum.Complete || !slices.Equal(groups, []string{"empty-ish1 36", "staff2 36"}) {
		t.Errorf("%v, %+v, %v", groups, sum, err)
	}
}

func TestASyncFollowsWhatHappensInTheDirectory(t *testing.T) {
	t.Parallel()
	s := slapd.Start(t, slapd.Options{People: 3})
	before := people(t, s.Settings())
	s.AddPerson("zoe", map[string][]string{"cn": {"Zoë Ångström"}, "mail": {"zoe@example.org", "z@example.org"}})
	s.RemovePerson("person0002")
	s.Disable("person0003")
	s.Set("person0001", "mail", "new@example.org")
	after := people(t, s.Settings())
	if len(after) != 3 || after["person0001"].Subject != before["person0001"].Subject || after["person0001"].Claims["mail"][0] != "new@example.org" || after["person0003"].Active {
		t.Errorf("%+v", after)
	}
	zoe := after["zoe"]
	if zoe.Claims["cn"][0] != "Zoë Ångström" || len(zoe.Claims["mail"]) != 2 || !zoe.Active {
		t.Errorf("%+v", zoe)
	}
	s.Enable("person0003")
	if !people(t, s.Settings())["person0003"].Active {
		t.Error("an account that was unlocked is still not active")
	}
}

func TestAReadingThatEndsEarlyNeverLooksComplete(t *testing.T) {
	t.Parallel()
	s := slapd.Start(t, slapd.Options{People: 300})
	limited := slapd.Start(t, slapd.Options{People: 300, SizeLimit: 120})
	early := errors.New("the caller had enough")
	for _, c := range []struct {
		name   string
		server *slapd.Server
		yield  func(n int) error
		want   error
	}{
		{"the server's limit", limited, func(int) error { return nil }, ldap.ErrIncomplete},
		{"the caller", s, func(n int) error { return map[int]error{150: early}[n] }, early},
		{"the server ends", s, func(n int) error {
			if n == 150 {
				s.Stop()
			}
			return nil
		}, ldap.ErrIncomplete},
	} {
		settings := c.server.Settings()
		settings.PageSize = 100
		n := 0
		sum, err := client().People(t.Context(), settings, slapd.BindPassword, func(ldap.Entry) error { n++; return c.yield(n) })
		if wants(t, err, c.want, sum.Report); sum.Complete || n < 100 || n >= 300 {
			t.Errorf("%s: %+v after %d", c.name, sum, n)
		}
	}
	s.Restart()
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	settings := s.Settings()
	settings.PageSize = 100
	sum, err := client().People(ctx, settings, slapd.BindPassword, func(ldap.Entry) error {
		if n++; n == 150 {
			cancel()
		}
		return nil
	})
	if wants(t, err, context.Canceled, sum.Report); !errors.Is(err, ldap.ErrIncomplete) || sum.Complete || n != 200 {
		t.Errorf("cancelled: %+v %v after %d", sum, err, n)
	}
}

func TestAConnectionCutAtAnyByteIsNoEnd(t *testing.T) {
	t.Parallel()
	s := slapd.Start(t, slapd.Options{People: 60})
	settings := s.Settings()
	settings.PageSize = 20
	whole := relay(t, s.URL, -1)
	settings.URLs = []string{whole.url}
	if sum, err := client().People(t.Context(), settings, slapd.BindPassword, func(ldap.Entry) error { return nil }); err != nil || !sum.Complete {
		t.Fatalf("%+v %v", sum, err)
	}
	all := whole.passed()
	for cut := all - 1; cut > 0; cut -= 997 {
		settings.URLs = []string{relay(t, s.URL, cut).url}
		sum, err := client().People(t.Context(), settings, slapd.BindPassword, func(ldap.Entry) error { return nil })
		if sum.Complete && sum.Read != 60 || err == nil && !sum.Complete {
			t.Fatalf("cut after %d of %d bytes: %+v %v", cut, all, sum, err)
		}
		if cut < all*9/10 && err == nil {
			t.Fatalf("cut after %d of %d bytes, yet all went well: the test cuts nothing", cut, all)
		}
	}
}

// cutter passes bytes on between a client and a server, and hangs up after so many of the server's.
type cutter struct {
	url string
	mu  sync.Mutex
	n   int
}

func (c *cutter) passed() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

func relay(t *testing.T, to string, cut int) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{url: "ldaps://" + l.Addr().String()}
	var all sync.WaitGroup
	all.Add(1)
	go func() {
		defer all.Done()
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", strings.TrimPrefix(to, "ldaps://"))
			if err != nil {
				in.Close()
				return
			}
			all.Add(2)
			go func() { defer all.Done(); defer out.Close(); _, _ = io.Copy(out, in) }()
			go func() {
				defer all.Done()
				defer in.Close()
				from := io.Reader(out)
				if cut >= 0 {
					from = io.LimitReader(out, int64(cut))
				}
				n, _ := io.Copy(in, from)
				c.mu.Lock()
				c.n += int(n)
				c.mu.Unlock()
			}()
		}
	}()
	t.Cleanup(func() { l.Close(); all.Wait() })
	return c
}

func TestWhoHasNoSubjectIsLeftOutAndNobodyIsTakenForGone(t *testing.T) {
	t.Parallel()
	s := slapd.Start(t, slapd.Options{People: 3})
	s.Set("person0001", "title", "0001")
	s.Set("person0002", "title")
	s.Set("person0003", "title", "1", "2")
	settings := s.Settings()
	settings.SubjectAttribute = "title"
	sum, err := client().People(t.Context(), settings, slapd.BindPassword, func(e ldap.Entry) error {
		if e.Subject != "0001" {
			t.Errorf("%+v", e)
		}
		return nil
	})
	if err != nil || sum.Read != 1 || sum.Skipped != 2 || sum.Complete {
		t.Errorf("%+v %v", sum, err)
	}
	says(t, sum.Report, "subject", false, "person0002")
}

func TestAServiceAccountThatSeesNobodyEmptiesNothing(t *testing.T) {
	t.Parallel()
	s := slapd.Start(t, slapd.Options{People: 3})
	settings := s.Settings()
	settings.SyncFilter = "(employeeNumber=none)"
	sum, err := client().People(t.Context(), settings, slapd.BindPassword, func(ldap.Entry) error { return nil })
	if wants(t, err, ldap.ErrIncomplete, sum.Report); sum.Complete {
		t.Error("nobody at all looks complete")
	}
	says(t, sum.Report, "people", false, "finds nobody")
	settings.GroupFilter = "(objectClass=groupOfNames)"
	if sum, err := client().Groups(t.Context(), settings, slapd.BindPassword, func(ldap.Group) error { return nil }); err != nil || !sum.Complete {
		t.Errorf("no groups: %+v %v", sum, err)
	}
}
