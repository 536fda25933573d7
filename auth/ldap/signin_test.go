package ldap_test

import (
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/ldap/slapd"
	"lyceum/internal/outbound"
)

func TestWhoKnowsThePasswordOfTheDirectoryIsTold(t *testing.T) {
	t.Parallel()
	s := slapd.Start(t, slapd.Options{})
	s.AddGroup("staff", "person0001", "person0002")
	s.AddGroup("others", "person0002")
	settings := s.Settings()
	settings.Attributes = []string{"mail", "CN", "employeeNumber", "description"}
	for _, login := range []string{"person0001", " PERSON0001 ", "person0001@example.org"} {
		a, r, err := signIn(t, settings, login, slapd.Password("person0001"))
		if err != nil {
			t.Fatalf("%s: %v\n%s", login, err, lines(r))
		}
		if a.Protocol != auth.ProtocolLDAP || len(a.Subject) != 36 || a.Issuer != "ou=people,dc=example,dc=org" || a.ID == "" || !a.ExpiresAt.After(a.IssuedAt) {
			t.Errorf("%+v", a)
		}
		if a.Claim("mail") != "person0001@example.org" || a.Claim("CN") != "Person 0001" || a.Claim("employeeNumber") != "0001" || a.Claim("dn") != slapd.DN("person0001") {
			t.Errorf("claims %v", a.Claims)
		}
		if !slices.Equal(a.Claims["groups"], []string{"staff"}) || !slices.Equal(a.Claims["memberOf"], []string{slapd.GroupDN("staff")}) {
			t.Errorf("groups %v of %v", a.Claims["groups"], a.Claims["memberOf"])
		}
		if _, ok := a.Claims["description"]; ok {
			t.Error("an attribute without values became a claim")
		}
		says(t, r, "tls", true, "CN=directory.example.org")
		says(t, r, "password", true, "")
		if strings.Contains(lines(r), slapd.Password("person0001")) || strings.Contains(lines(r), slapd.BindPassword) {
			t.Error("the report shows a password")
		}
	}
}

func TestAPersonCannotTellWhyTheyAreRefusedButTheReportDoes(t *testing.T) {
	t.Parallel()
	s := slapd.Start(t, slapd.Options{})
	s.AddPerson("twin", map[string][]string{"mail": {"person0003"}})
	s.AddPerson("ended", nil)
	s.Disable("ended")
	right := slapd.Password("person0003")
	for name, c := range map[string]struct{ login, password, check, words string }{
		"wrong password":     {"person0001", "not it", "password", "name or password is not right"},
		"unknown":            {"nobody", right, "entry", "nobody below"},
		"empty password":     {"person0001", "", "credentials", "nothing was sent"},
		"empty login":        {"  ", right, "credentials", "no login"},
		"NUL first":          {"person0001", "\x00", "credentials", "nothing was sent"},
		"NUL behind":         {"person0001", slapd.Password("person0001") + "\x00", "credentials", "nothing was sent"},
		"long password":      {"person0001", strings.Repeat("x", 1025), "credentials", "nothing was sent"},
		"long login":         {strings.Repeat("x", 257), right, "credentials", "nothing was sent"},
		"control character":  {"person0001\n", "x", "password", ""},
		"line in login":      {"person\n0001", right, "credentials", "control"},
		"two people":         {"person0003", right, "entry", "more than one"},
		"locked for good":    {"ended", slapd.Password("ended"), "password", "locked"},
		"star":               {"*", slapd.Password("person0001"), "entry", "nobody below"},
		"part":               {"person000*", slapd.Password("person0001"), "entry", "nobody below"},
		"another condition":  {"*)(uid=*", slapd.Password("person0001"), "entry", "nobody below"},
		"end of the filter":  {"person0001))(|(uid=*", slapd.Password("person0001"), "entry", "nobody below"},
		"an escape":          {`\2a`, slapd.Password("person0001"), "entry", "nobody below"},
		"half an escape":     {`\`, slapd.Password("person0001"), "entry", "nobody below"},
		"a bind name":        {slapd.DN("person0001"), slapd.Password("person0001"), "entry", "nobody below"},
		"the placeholder":    {"{login}", slapd.Password("person0001"), "entry", "nobody below"},
		"not UTF-8":          {"person\xff", slapd.Password("person0001"), "credentials", "nothing was sent"},
		"the reader's entry": {"reader", slapd.BindPassword, "entry", "nobody below"},
	} {
		a, r, err := signIn(t, s.Settings(), c.login, c.password)
		if wants(t, err, auth.ErrWrongCredentials, r); a.Subject != "" || a.Claims != nil {
			t.Errorf("%s: refused, yet said to be %+v", name, a)
		}
		if err != auth.ErrWrongCredentials { //nolint:errorlint // no cause may hang on it: it would tell
			t.Errorf("%s: %v tells more", name, err)
		}
		says(t, r, c.check, false, c.words)
	}
}

func TestNothingIsSentWithoutAPassword(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan struct{}, 10)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			asked <- struct{}{}
			c.Close()
		}
	}()
	settings := ldap.Settings{URLs: []string{"ldaps://" + l.Addr().String()}, BindDN: slapd.BindDN, BaseDN: slapd.BaseDN}
	_, r, err := client().SignIn(t.Context(), settings, slapd.BindPassword, "person0001", "")
	wants(t, err, auth.ErrWrongCredentials, r)
	_, r, err = client().SignIn(t.Context(), settings, "", "person0001", "any")
	wants(t, err, ldap.ErrUnavailable, r)
	if len(asked) != 0 {
		t.Error("a server was connected to")
	}
	_, r, err = client().SignIn(t.Context(), settings, slapd.BindPassword, "person0001", "any")
	wants(t, err, ldap.ErrUnavailable, r)
	if len(asked) != 1 {
		t.Errorf("with a password %d connections: the test counts nothing", len(asked))
	}
	l.Close()
	<-done
}

func TestAnUnknownLoginTakesTheSameSteps(t *testing.T) {
	t.Parallel()
	s := slapd.Start(t, slapd.Options{})
	steps := func(login string) (connections, binds int) {
		before := s.Log()
		_, r, err := signIn(t, s.Settings(), login, "not it")
		wants(t, err, auth.ErrWrongCredentials, r)
		s.Shutdown() // so that its log is whole
		said := strings.TrimPrefix(s.Log(), before)
		s.Restart()
		return strings.Count(said, "TLS established"), strings.Count(said, " method=128")
	}
	c1, b1 := steps("person0001")
	c2, b2 := steps("nobody")
	if c1 != 2 || c1 != c2 || b1 != 2 || b1 != b2 {
		t.Errorf("known: %d connections, %d binds; unknown: %d and %d\n%s", c1, b1, c2, b2, s.Log())
	}
}

func TestAPasswordThatMustBeChangedIsToldToWhoKnowsIt(t *testing.T) {
	t.Parallel()
	s := slapd.Start(t, slapd.Options{})
	s.Set("person0001", "pwdReset", "TRUE")
	_, r, err := signIn(t, s.Settings(), "person0001", slapd.Password("person0001"))
	wants(t, err, ldap.ErrPasswordExpired, r)
	_, r, err = signIn(t, s.Settings(), "person0001", "not it")
	wants(t, err, auth.ErrWrongCredentials, r)

	s.Replace("cn=policy,"+slapd.BaseDN, "pwdMaxAge", "1")
	s.Set("person0002", "pwdChangedTime", "20010101000000Z")
	_, r, err = signIn(t, s.Settings(), "person0002", slapd.Password("person0002"))
	wants(t, err, ldap.ErrPasswordExpired, r)
	_, r, err = signIn(t, s.Settings(), "person0002", "not it")
	wants(t, err, auth.ErrWrongCredentials, r)
}

func TestALockOutAfterWrongPasswordsEndsNobodysAccount(t *testing.T) {
	t.Parallel()
	s := slapd.Start(t, slapd.Options{People: 1})
	for range 5 {
		_, r, err := signIn(t, s.Settings(), "person0001", "not it")
		wants(t, err, auth.ErrWrongCredentials, r)
	}
	_, r, err := signIn(t, s.Settings(), "person0001", slapd.Password("person0001"))
	wants(t, err, auth.ErrWrongCredentials, r)
	says(t, r, "password", false, "the account is locked")
	seen := people(t, s.Settings())
	if !seen["person0001"].Active {
		t.Error("a stranger can have a person deactivated by guessing at their password")
	}
	s.Disable("person0001")
	if people(t, s.Settings())["person0001"].Active {
		t.Error("an account that was locked by hand is active")
	}
}

func TestGroupsThatListUIDsAreFound(t *testing.T) {
	t.Parallel()
	s := slapd.Start(t, slapd.Options{People: 2})
	s.AddPOSIXGroup("unix", "100", "person0001")
	settings := s.Settings()
	settings.GroupFilter, settings.MemberAttribute = "(objectClass=posixGroup)", "memberUid"
	a, r, err := signIn(t, settings, "person0001", slapd.Password("person0001"))
	if err != nil || !slices.Equal(a.Claims["groups"], []string{"unix"}) {
		t.Errorf("%v, %v\n%s", a.Claims["groups"], err, lines(r))
	}
	a, r, err = signIn(t, settings, "person0002", slapd.Password("person0002"))
	if err != nil || a.Claims["groups"] != nil {
		t.Errorf("%v, %v\n%s", a.Claims["groups"], err, lines(r))
	}
}

func TestADirectoryThatCannotBeAskedIsNoWrongPassword(t *testing.T) {
	t.Parallel()
	s := slapd.Start(t, slapd.Options{People: 1})
	right := slapd.Password("person0001")
	other := slapd.Start(t, slapd.Options{People: 1})

	change := func(f func(*ldap.Settings)) ldap.Settings {
		settings := s.Settings()
		f(&settings)
		return settings
	}
	for name, c := range map[string]struct {
		settings     ldap.Settings
		check, words string
	}{
		"another authority":  {change(func(s *ldap.Settings) { s.CACertificates = other.CA }), "connect", "authority that is not trusted"},
		"public authorities": {change(func(s *ldap.Settings) { s.CACertificates = "" }), "connect", "authority that is not trusted"},
		"another name":       {change(func(s *ldap.Settings) { s.ServerName = "elsewhere.example.org" }), "connect", "for another name"},
		"plain":              {change(func(p *ldap.Settings) { p.URLs = []string{s.PlainURL} }), "settings", "not sent in clear"},
		"no TLS there":       {change(func(p *ldap.Settings) { p.URLs = []string{strings.Replace(s.PlainURL, "ldap:", "ldaps:", 1)} }), "connect", "TLS"},
		"no StartTLS there": {change(func(p *ldap.Settings) {
			p.URLs, p.StartTLS = []string{strings.Replace(s.URL, "ldaps:", "ldap:", 1)}, true
		}), "connect", "StartTLS"},
		"unknown account": {change(func(s *ldap.Settings) { s.BindDN = "cn=stranger," + slapd.BaseDN }), "bind", "name or password is not right"},
		"no such base":    {change(func(s *ldap.Settings) { s.BaseDN = "ou=elsewhere," + slapd.BaseDN }), "entry", "is not there"},
		"no such groups":  {change(func(s *ldap.Settings) { s.GroupBaseDN = "ou=elsewhere," + slapd.BaseDN }), "groups", "is not there"},
		"no such subject": {change(func(s *ldap.Settings) { s.SubjectAttribute = "objectGUID" }), "subject", "not exactly one"},
	} {
		_, r, err := signIn(t, c.settings, "person0001", right)
		wants(t, err, ldap.ErrUnavailable, r)
		says(t, r, c.check, false, c.words)
		if t.Failed() {
			t.Fatal(name)
		}
	}
	_, r, err := ldap.New(ldap.Options{}).SignIn(t.Context(), s.Settings(), slapd.BindPassword, "person0001", right)
	wants(t, err, ldap.ErrUnavailable, r)
	wants(t, err, outbound.ErrAddress, r)
	_, r, err = at(time.Now().AddDate(30, 0, 0)).SignIn(t.Context(), s.Settings(), slapd.BindPassword, "person0001", right)
	wants(t, err, ldap.ErrUnavailable, r)
	says(t, r, "connect", false, "certificate is not valid")
}

func TestStartTLSAndPlainForTests(t *testing.T) {
	t.Parallel()
	s := slapd.Start(t, slapd.Options{People: 1})
	settings := s.Settings()
	settings.URLs, settings.StartTLS = []string{s.PlainURL}, true
	a, r, err := signIn(t, settings, "person0001", slapd.Password("person0001"))
	if err != nil || a.Subject == "" {
		t.Fatalf("%v\n%s", err, lines(r))
	}
	says(t, r, "tls", true, "CN=directory.example.org")
	if !strings.Contains(s.Log(), "STARTTLS") {
		t.Error("the server saw no StartTLS")
	}
	settings.ServerName = "elsewhere.example.org"
	_, r, err = signIn(t, settings, "person0001", slapd.Password("person0001"))
	wants(t, err, ldap.ErrUnavailable, r)
	settings.StartTLS, settings.ServerName = false, ""
	plain := ldap.New(ldap.Options{AllowPrivate: true, AllowPlain: true})
	if _, r, err = plain.SignIn(t.Context(), settings, slapd.BindPassword, "person0001", slapd.Password("person0001")); err != nil {
		t.Errorf("%v\n%s", err, lines(r))
	}
}

func TestTheNextServerIsAskedWhenOneIsDown(t *testing.T) {
	t.Parallel()
	s := slapd.Start(t, slapd.Options{People: 1})
	down := slapd.Start(t, slapd.Options{People: 1})
	down.Stop()
	settings := s.Settings()
	settings.URLs = []string{down.URL, s.URL}
	c := client()
	for turn := range 2 {
		_, r, err := c.SignIn(t.Context(), settings, slapd.BindPassword, "person0001", slapd.Password("person0001"))
		if err != nil {
			t.Fatalf("%v\n%s", err, lines(r))
		}
		if turn == 0 {
			says(t, r, "connect", false, down.URL)
		} else if strings.Contains(lines(r), down.URL) {
			t.Error("a server that was down is asked first again, at every sign-in")
		}
	}
	// A refused account is refused everywhere: it is not tried until it is locked.
	settings.URLs = []string{s.URL, strings.Replace(s.URL, "127.0.0.1", "localhost", 1)}
	_, r, err := c.SignIn(t.Context(), settings, "not it", "person0001", "any")
	wants(t, err, ldap.ErrUnavailable, r)
	n := 0
	for _, check := range r {
		if check.Name == "bind" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the service account was tried %d times\n%s", n, lines(r))
	}
}
