package ldap_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap"
)

// guid is an objectGUID as it comes, and annasGUID as Active Directory's tools show it.
const (
	guid      = "\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff"
	annasGUID = "00112233-4455-6677-8899-aabbccddeeff"
	annasDN   = `CN=Berg\, Anna,OU=Staff,DC=example,DC=org`
)

func anna(extra map[string][]string) entry {
	e := entry{dn: annasDN, attributes: map[string][]string{
		"objectGUID": {guid}, "sAMAccountName": {"anna"}, "mail": {"anna@example.org"}, "userAccountControl": {"512"}, "accountExpires": {"9223372036854775807"},
		"memberOf": {"CN=Sales,OU=Groups,DC=example,DC=org"}, "thumbnailPhoto": {"\xff\xd8\xff\x00"},
		"objectSid": {"\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00\x03\x00\x00\x00\xf4\x01\x00\x00"},
	}}
	for name, values := range extra {
		e.attributes[name] = values
	}
	return e
}

// domain is a fake of Active Directory with Anna in it, and two groups: Sales, which names her, in Everyone.
func domain(anna entry) *fake {
	return &fake{search: func(q query) reply {
		switch {
		case strings.Contains(q.filter, "1.2.840.113556.1.4.1941"):
			return reply{entries: []entry{
				{"cn=sales, ou=groups, dc=example, dc=org", map[string][]string{"cn": {"Sales"}}},
				{"CN=Everyone,OU=Groups,DC=example,DC=org", map[string][]string{"cn": {"Everyone"}}},
			}}
		case strings.Contains(q.filter, "objectCategory=person"):
			return reply{entries: []entry{anna}}
		}
		return reply{code: 32}
	}}
}

func TestActiveDirectorysPeopleAreNamedByGUIDAndHaveNestedGroups(t *testing.T) {
	t.Parallel()
	f := domain(anna(nil))
	s := f.start(t)
	s.Attributes = []string{"mail", "objectSid", "thumbnailPhoto", "objectGUID"}
	a, r, err := plain().SignIn(t.Context(), s, "secret", "anna", "her password")
	if err != nil {
		t.Fatalf("%v\n%s", err, lines(r))
	}
	if a.Subject != annasGUID || a.Claim("objectGUID") != annasGUID || a.Claim("objectSid") != "S-1-5-21-1-2-3-500" || a.Claim("thumbnailPhoto") != "/9j/AA==" {
		t.Errorf("subject %s, claims %v", a.Subject, a.Claims)
	}
	if !slices.Equal(a.Claims["groups"], []string{"Sales", "Everyone"}) || len(a.Claims["memberOf"]) != 2 {
		t.Errorf("groups %v of %v", a.Claims["groups"], a.Claims["memberOf"])
	}
	last := f.asked[len(f.asked)-1]
	if !strings.Contains(last.filter, `(member:1.2.840.113556.1.4.1941:=CN=Berg\5c, Anna,OU=Staff,DC=example,DC=org)`) {
		t.Errorf("groups were searched by %s", last.filter)
	}
}

func TestActiveDirectorysRefusalsAreRead(t *testing.T) {
	t.Parallel()
	for code, c := range map[string]struct {
		want  error
		words string
	}{
		"52e": {auth.ErrWrongCredentials, "wrong password"},
		"525": {auth.ErrWrongCredentials, "no such person"},
		"532": {ldap.ErrPasswordExpired, "must be changed"},
		"773": {ldap.ErrPasswordExpired, "must be changed"},
		"533": {auth.ErrWrongCredentials, "disabled"},
		"701": {auth.ErrWrongCredentials, "come to its end"},
		"775": {auth.ErrWrongCredentials, "locked"},
		"530": {auth.ErrWrongCredentials, "at this hour"},
		"abc": {auth.ErrWrongCredentials, "name or password is not right"},
	} {
		f := domain(anna(nil))
		f.bind = func(name, _ string) (int64, string) {
			if strings.Contains(name, "reader") {
				return 0, ""
			}
			return 49, "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data " + code + ", v2580\x00"
		}
		_, r, err := plain().SignIn(t.Context(), f.start(t), "secret", "anna", "a password")
		wants(t, err, c.want, r)
		says(t, r, "password", false, c.words)
	}
}

func TestDisabledAndEndedAccountsOfActiveDirectoryAreNotActive(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	ticks := func(at time.Time) []string {
		return []string{fmt.Sprint((at.Unix() + 11_644_473_600) * 10_000_000)}
	}
	for name, c := range map[string]struct {
		extra  map[string][]string
		active bool
	}{
		"normal":              {nil, true},
		"disabled":            {map[string][]string{"userAccountControl": {"514"}}, false},
		"disabled and more":   {map[string][]string{"userAccountControl": {"66050"}}, false},
		"no expiry, as zero":  {map[string][]string{"accountExpires": {"0"}}, true},
		"ends tomorrow":       {map[string][]string{"accountExpires": ticks(now.Add(24 * time.Hour))}, true},
		"ended yesterday":     {map[string][]string{"accountExpires": ticks(now.Add(-24 * time.Hour))}, false},
		"no number":           {map[string][]string{"userAccountControl": {"much"}, "accountExpires": {"never"}}, true},
		"389 locked":          {map[string][]string{"nsAccountLock": {"TRUE"}}, false},
		"389 not locked":      {map[string][]string{"nsaccountlock": {"false"}}, true},
		"eDirectory disabled": {map[string][]string{"loginDisabled": {"TRUE"}}, false},
		"AD LDS disabled":     {map[string][]string{"msDS-UserAccountDisabled": {"TRUE"}}, false},
		"locked by hand":      {map[string][]string{"pwdAccountLockedTime": {"000001010000Z"}}, false},
		"locked out":          {map[string][]string{"pwdAccountLockedTime": {"20260304085900Z"}}, true},
	} {
		f := domain(anna(c.extra))
		client := ldap.New(ldap.Options{AllowPrivate: true, AllowPlain: true, Now: func() time.Time { return now }})
		s := f.start(t)
		sum, err := client.People(t.Context(), s, "secret", func(e ldap.Entry) error {
			if e.Active != c.active || e.Subject != annasGUID {
				t.Errorf("%s: active %v, subject %s", name, e.Active, e.Subject)
			}
			return nil
		})
		if err != nil || sum.Read != 1 || !sum.Complete {
			t.Errorf("%s: %+v %v", name, sum, err)
		}
		_, r, err := client.SignIn(t.Context(), s, "secret", "anna", "her password")
		if c.active && err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !c.active {
			wants(t, err, auth.ErrWrongCredentials, r)
			says(t, r, "active", false, "disabled or has ended")
		}
	}
}

func TestAttributesThatComeInPartsAreReadWhole(t *testing.T) {
	t.Parallel()
	member := func(n int) string { return fmt.Sprintf("CN=P%d,DC=example,DC=org", n) }
	members := func(from, to int) (list []string) {
		for n := from; n <= to; n++ {
			list = append(list, member(n))
		}
		return list
	}
	group := func(attribute string, values []string) entry {
		return entry{"CN=Big,DC=example,DC=org", map[string][]string{"objectGUID": {guid}, "cn": {"Big"}, "member": {}, attribute: values}}
	}
	read := func(second func() reply) (got ldap.Group, sum ldap.Summary, err error) {
		f := &fake{search: func(q query) reply {
			if len(q.attributes) == 1 && q.attributes[0] == "member;range=1500-*" {
				return second()
			}
			if len(q.attributes) == 1 && q.attributes[0] == "member;range=3000-*" {
				return reply{entries: []entry{group("member;range=3000-*", members(3000, 3199))}}
			}
			return reply{entries: []entry{group("member;range=0-1499", members(0, 1499))}}
		}}
		sum, err = plain().Groups(t.Context(), f.start(t), "secret", func(g ldap.Group) error { got = g; return nil })
		return got, sum, err
	}
	got, sum, err := read(func() reply { return reply{entries: []entry{group("Member;Range=1500-2999", members(1500, 2999))}} })
	if err != nil || !sum.Complete || len(got.Members) != 3200 || got.Members[3199] != member(3199) || got.Subject != annasGUID || got.Name != "Big" {
		t.Errorf("%d members, %+v, %v", len(got.Members), sum, err)
	}
	for name, second := range map[string]func() reply{
		"nothing":              func() reply { return reply{} },
		"refused":              func() reply { return reply{code: 50} },
		"the same part again":  func() reply { return reply{entries: []entry{group("member;range=0-1499", members(0, 1499))}} },
		"a part without end":   func() reply { return reply{entries: []entry{group("member;range=1500-1499", members(0, 0))}} },
		"a part without value": func() reply { return reply{entries: []entry{group("member;range=1500-2999", nil)}} },
		"a hang-up":            func() reply { return reply{hangUp: true} },
	} {
		got, sum, err := read(second)
		if wants(t, err, ldap.ErrIncomplete, sum.Report); sum.Complete || got.DN != "" {
			t.Errorf("%s: a group with a part of its members was given: %+v", name, sum)
		}
	}
}

func TestMembershipGivesThePeopleOfASyncTheGroupsOfASignIn(t *testing.T) {
	t.Parallel()
	m := ldap.NewMembership(ldap.Settings{Kind: ldap.KindActiveDirectory})
	for _, g := range []ldap.Group{
		{DN: "CN=Sales,DC=example,DC=org", Name: "Sales", Members: []string{"cn=berg\\2c anna, ou=staff, dc=example, dc=org"}},
		{DN: "CN=Everyone,DC=example,DC=org", Name: "Everyone", Members: []string{"CN=Sales,DC=example,DC=org", "CN=Loop,DC=example,DC=org"}},
		{DN: "CN=Loop,DC=example,DC=org", Name: "Loop", Members: []string{"CN=Everyone,DC=example,DC=org"}},
		{DN: "CN=Others,DC=example,DC=org", Name: "Others", Members: []string{"CN=Somebody,DC=example,DC=org"}},
	} {
		if err := m.Add(g); err != nil {
			t.Fatal(err)
		}
	}
	e := ldap.Entry{DN: annasDN, Claims: map[string][]string{}, Groups: []string{"CN=Elsewhere,DC=other,DC=org", "cn=sales,dc=example,dc=org"}}
	m.Complete(&e)
	if want := []string{"Elsewhere", "Sales", "Everyone", "Loop"}; !slices.Equal(e.Claims["groups"], want) || len(e.Groups) != 4 {
		t.Errorf("groups %v of %v, want %v", e.Claims["groups"], e.Groups, want)
	}
	flat := ldap.NewMembership(ldap.Settings{Kind: ldap.KindOpenLDAP})
	for _, g := range []ldap.Group{{DN: "cn=a,dc=x", Name: "a", Members: []string{annasDN}}, {DN: "cn=b,dc=x", Name: "b", Members: []string{"cn=a,dc=x"}}} {
		_ = flat.Add(g)
	}
	e = ldap.Entry{DN: annasDN, Claims: map[string][]string{}}
	if flat.Complete(&e); !slices.Equal(e.Claims["groups"], []string{"a"}) {
		t.Errorf("groups in groups were followed where a sign-in does not: %v", e.Claims["groups"])
	}
}

func TestOnlyActiveDirectoryTakesOtherNamesThanDNs(t *testing.T) {
	t.Parallel()
	s := ldap.Settings{Kind: ldap.KindActiveDirectory, URLs: []string{"ldaps://dc1.example.org"}, BindDN: `EXAMPLE\reader`, BaseDN: "DC=example,DC=org"}
	if err := s.Validate(); err != nil {
		t.Error(err)
	}
	s.Kind = ldap.KindOpenLDAP
	if s.Validate() == nil {
		t.Error("OpenLDAP takes no down-level name")
	}
}
