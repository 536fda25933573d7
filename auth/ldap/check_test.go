package ldap_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/ldap/slapd"
	"lyceum/internal/fault"
)

func TestACheckShowsWhatTheDirectoryGives(t *testing.T) {
	t.Parallel()
	s := slapd.Start(t, slapd.Options{People: 30})
	settings := s.Settings()
	settings.Attributes = []string{"mail", "departmentNumber"}
	r, sample, err := client().Check(t.Context(), settings, slapd.BindPassword)
	if err != nil {
		t.Fatalf("%v\n%s", err, lines(r))
	}
	if sample.People != 30 || sample.More || sample.DN != slapd.DN("person0001") || sample.Server.NotAfter.IsZero() || sample.Server.URL != s.URL {
		t.Errorf("%+v", sample)
	}
	if !slices.Contains(sample.Attributes, "mail") || !slices.Contains(sample.Attributes, "entryUUID") || slices.Contains(sample.Attributes, "userPassword") || !slices.Equal(sample.Missing, []string{"departmentNumber"}) {
		t.Errorf("attributes %v, missing %v", sample.Attributes, sample.Missing)
	}
	for _, name := range []string{"connect", "tls", "bind", "base", "people", "subject"} {
		says(t, r, name, true, "")
	}
	if i := slices.IndexFunc(r, func(c auth.Check) bool { return c.Name == "tls" }); r[i].Until == nil || !r[i].Until.Equal(sample.Server.NotAfter) {
		t.Errorf("the certificate ends at %v, want %v", r[i].Until, sample.Server.NotAfter)
	}
	if strings.Contains(lines(r), "person0001@example.org") {
		t.Error("the report shows a value")
	}
}

func TestACheckSaysWhereItFails(t *testing.T) {
	t.Parallel()
	s := slapd.Start(t, slapd.Options{People: 3})
	for check, change := range map[string]func(*ldap.Settings){
		"connect": func(s *ldap.Settings) { s.CACertificates = "" },
		"bind":    func(s *ldap.Settings) { s.BindDN = "cn=stranger," + slapd.BaseDN },
		"base":    func(s *ldap.Settings) { s.GroupBaseDN = "ou=elsewhere," + slapd.BaseDN },
		"people":  func(s *ldap.Settings) { s.SyncFilter = "(employeeNumber=none)" },
		"subject": func(s *ldap.Settings) { s.SubjectAttribute = "objectGUID" },
		"active": func(s *ldap.Settings) {
			s.Kind, s.SubjectAttribute, s.SyncFilter = ldap.KindActiveDirectory, "entryUUID", "(objectClass=person)"
		},
	} {
		settings := s.Settings()
		change(&settings)
		r, _, err := client().Check(t.Context(), settings, slapd.BindPassword)
		wants(t, err, ldap.ErrUnavailable, r)
		says(t, r, check, false, "")
		if last := r[len(r)-1]; last.Name != check {
			t.Errorf("the last line is %+v, not %s", last, check)
		}
	}
	if _, _, err := client().Check(t.Context(), ldap.Settings{}, "x"); fault.Of(err).Kind != fault.KindInvalid {
		t.Errorf("empty settings: %v", err)
	}
}

func TestACheckWarnsOfTooManyRightsAndCountsNotForEver(t *testing.T) {
	t.Parallel()
	s := slapd.Start(t, slapd.Options{People: 1100})
	settings := s.Settings()
	settings.BindDN = slapd.RootDN
	r, sample, err := client().Check(t.Context(), settings, slapd.RootPassword)
	if err != nil || sample.People != 1000 || !sample.More {
		t.Errorf("%+v %v", sample, err)
	}
	says(t, r, "rights", true, "userPassword")
	says(t, r, "people", true, "more than 1000")
}

func TestSettingsAreCheckedBeforeAnythingIsAsked(t *testing.T) {
	t.Parallel()
	good := ldap.Settings{URLs: []string{"ldaps://dc1.example.org", "ldap://dc2.example.org:389"}, StartTLS: true, BindDN: "cn=reader,dc=example,dc=org", BaseDN: "dc=example,dc=org"}
	for _, k := range []ldap.Kind{"", ldap.KindActiveDirectory, ldap.KindOpenLDAP, ldap.KindOther} {
		s := good
		s.Kind = k
		if err := s.Validate(); err != nil {
			t.Errorf("%s: %v", k, fault.Of(err).Fields)
		}
	}
	for _, c := range []struct {
		field  string
		change func(*ldap.Settings)
	}{
		{"kind", func(s *ldap.Settings) { s.Kind = "novell" }},
		{"urls", func(s *ldap.Settings) { s.URLs = nil }},
		{"urls", func(s *ldap.Settings) { s.StartTLS = false }},
		{"urls", func(s *ldap.Settings) { s.URLs = []string{"https://dc1.example.org"} }},
		{"urls", func(s *ldap.Settings) { s.URLs = []string{"ldapi:///var/run/slapd"} }},
		{"urls", func(s *ldap.Settings) { s.URLs = []string{"ldaps://user:pass@dc1.example.org"} }},
		{"urls", func(s *ldap.Settings) { s.URLs = []string{"ldaps://dc1.example.org/dc=example?cn"} }},
		{"urls", func(s *ldap.Settings) { s.URLs = []string{"ldaps://dc1.example.org:99999"} }},
		{"urls", func(s *ldap.Settings) { s.URLs = []string{"ldaps://"} }},
		{"urls", func(s *ldap.Settings) { s.URLs = slices.Repeat([]string{"ldaps://a.example.org"}, 6) }},
		{"ca_certificates", func(s *ldap.Settings) { s.CACertificates = "not PEM" }},
		{"ca_certificates", func(s *ldap.Settings) {
			s.CACertificates = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
		}},
		{"ca_certificates", func(s *ldap.Settings) {
			s.CACertificates = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
		}},
		{"server_name", func(s *ldap.Settings) { s.ServerName = "dc1.example.org:636" }},
		{"bind_dn", func(s *ldap.Settings) { s.BindDN = "" }},
		{"bind_dn", func(s *ldap.Settings) { s.BindDN = "reader" }},
		{"base_dn", func(s *ldap.Settings) { s.BaseDN = "example.org" }},
		{"base_dn", func(s *ldap.Settings) { s.BaseDN = "" }},
		{"group_base_dn", func(s *ldap.Settings) { s.GroupBaseDN = "groups" }},
		{"user_filter", func(s *ldap.Settings) { s.UserFilter = "(uid=login)" }},
		{"user_filter", func(s *ldap.Settings) { s.UserFilter = "(uid={login}" }},
		{"user_filter", func(s *ldap.Settings) { s.UserFilter = "({login}=person)" }},
		{"user_filter", func(s *ldap.Settings) { s.UserFilter = "(uid={login}*)" }},
		{"user_filter", func(s *ldap.Settings) { s.UserFilter = "(uid~={login})" }},
		{"user_filter", func(s *ldap.Settings) { s.UserFilter = "(uid:{login}:=person)" }},
		{"user_filter", func(s *ldap.Settings) { s.UserFilter = "(|(uid={login})({login}=*))" }},
		{"user_filter", func(s *ldap.Settings) { s.UserFilter = "(uid={login})" + strings.Repeat(" ", 5000) }},
		{"sync_filter", func(s *ldap.Settings) { s.SyncFilter = "(uid={login})" }},
		{"sync_filter", func(s *ldap.Settings) { s.SyncFilter = "objectClass=person" }},
		{"group_filter", func(s *ldap.Settings) { s.GroupFilter = "(cn=a))(cn=b" }},
		{"member_attribute", func(s *ldap.Settings) { s.MemberAttribute = "member)(cn=*" }},
		{"subject_attribute", func(s *ldap.Settings) { s.SubjectAttribute = "Mail" }},
		{"subject_attribute", func(s *ldap.Settings) { s.SubjectAttribute = "userPassword" }},
		{"attributes", func(s *ldap.Settings) { s.Attributes = []string{"mail", "unicodePwd"} }},
		{"attributes", func(s *ldap.Settings) { s.Attributes = []string{"*"} }},
		{"attributes", func(s *ldap.Settings) { s.Attributes = []string{"groups"} }},
		{"page_size", func(s *ldap.Settings) { s.PageSize = 1001 }},
		{"timeout_seconds", func(s *ldap.Settings) { s.TimeoutSeconds = -1 }},
	} {
		s := good
		c.change(&s)
		var f *fault.Fault
		if err := s.Validate(); !errors.As(err, &f) || f.Fields[c.field] == "" || len(f.Fields) != 1 {
			t.Errorf("%s: %v of %+v", c.field, err, s)
		}
	}
}

func TestAMappingMayNeedFurtherAttributesButNoSecrets(t *testing.T) {
	t.Parallel()
	s := ldap.Settings{Attributes: []string{"mail"}}
	got := s.Reading("costCenter", "MAIL", "userPassword", "groups", "memberOf", "dn", "not a name", "costcenter").Attributes
	if !slices.Equal(got, []string{"mail", "costCenter"}) || len(s.Attributes) != 1 {
		t.Errorf("%v", got)
	}
}
