package ldap

import (
	"crypto/x509"
	"encoding/pem"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"lyceum/internal/fault"
)

// Kind is the make of a directory; it decides what is filled in where settings say nothing.
type Kind string

const (
	// KindActiveDirectory is Microsoft's, and Samba's.
	KindActiveDirectory Kind = "active_directory"
	// KindOpenLDAP is OpenLDAP's slapd with the common schemas.
	KindOpenLDAP Kind = "openldap"
	// KindOther is any other: 389 Directory Server, FreeIPA, eDirectory, a cloud's LDAP face.
	KindOther Kind = "other"
)

// Settings is how a tenant's directory is asked. It is stored as JSON; the service account's password is a secret and
// is handed in beside it. What is empty is filled by WithDefaults.
type Settings struct {
	Kind Kind `json:"kind"` // default KindOther
	// URLs are the servers of one directory in the order in which they are tried: ldaps://host:636, or ldap://host:389
	// with StartTLS. One to five.
	URLs []string `json:"urls"`
	// StartTLS turns a connection to an ldap:// server into TLS before anything is said (RFC 4511 §4.14).
	StartTLS bool `json:"start_tls"`
	// CACertificates are the PEM certificates of a private authority. When there are any, no other authority counts.
	CACertificates string `json:"ca_certificates,omitempty"`
	// ServerName is the name that the server's certificate must be for; default the host of the URL.
	ServerName string `json:"server_name,omitempty"`
	// BindDN is the service account that searches; Active Directory also takes user@domain and DOMAIN\user.
	BindDN string `json:"bind_dn"`
	// BaseDN is the entry below which people are looked for.
	BaseDN string `json:"base_dn"`
	// UserFilter finds the person who signs in (RFC 4515); {login} is what they typed, compared as a whole value.
	UserFilter string `json:"user_filter"`
	// SyncFilter finds all people who shall have an account.
	SyncFilter string `json:"sync_filter"`
	// GroupBaseDN is the entry below which groups are looked for; default BaseDN.
	GroupBaseDN string `json:"group_base_dn"`
	// GroupFilter finds all groups that count.
	GroupFilter string `json:"group_filter"`
	// MemberAttribute names a group's members: by DN (member, uniqueMember) or, for memberUid, by uid.
	MemberAttribute string `json:"member_attribute"`
	// SubjectAttribute names a person or group for ever: objectGUID, entryUUID, nsUniqueId, ipaUniqueID.
	SubjectAttribute string `json:"subject_attribute"`
	// Attributes are read as claims, beside the claims that each entry has (see Entry.Claims).
	Attributes []string `json:"attributes"`
	// PageSize is how many entries are asked for at a time (RFC 2696); default 500, at most 1000.
	PageSize int `json:"page_size"`
	// TimeoutSeconds bounds each question to the directory, connecting included; a page counts as one. Default 10, at
	// most 120.
	TimeoutSeconds int `json:"timeout_seconds"`
}

const (
	urlsMax       = 5
	dnMax         = 1024
	filterMax     = 4096
	attributesMax = 50
	pageDefault   = 500
	pageMax       = 1000
	timeoutMax    = 120
)

var presets = map[Kind]Settings{
	KindActiveDirectory: {
		UserFilter:  "(&(objectCategory=person)(objectClass=user)(|(sAMAccountName={login})(userPrincipalName={login})(mail={login})))",
		SyncFilter:  "(&(objectCategory=person)(objectClass=user))",
		GroupFilter: "(objectClass=group)", MemberAttribute: "member", SubjectAttribute: "objectGUID",
		Attributes: []string{"mail", "userPrincipalName", "sAMAccountName", "displayName", "givenName", "sn", "cn", "employeeID", "department", "title", "company", "manager", "preferredLanguage"},
	},
	KindOpenLDAP: {
		UserFilter:  "(&(objectClass=person)(|(uid={login})(mail={login})))",
		SyncFilter:  "(objectClass=person)",
		GroupFilter: "(objectClass=groupOfNames)", MemberAttribute: "member", SubjectAttribute: "entryUUID",
		Attributes: []string{"mail", "uid", "displayName", "givenName", "sn", "cn", "employeeNumber", "departmentNumber", "title", "o", "manager", "preferredLanguage"},
	},
	KindOther: {
		UserFilter:  "(&(objectClass=person)(|(uid={login})(mail={login})(sAMAccountName={login})(userPrincipalName={login})))",
		SyncFilter:  "(objectClass=person)",
		GroupFilter: "(|(objectClass=groupOfNames)(objectClass=group))", MemberAttribute: "member", SubjectAttribute: "entryUUID",
		Attributes: []string{"mail", "uid", "displayName", "givenName", "sn", "cn", "employeeNumber", "departmentNumber", "title", "o", "manager", "preferredLanguage"},
	},
}

// WithDefaults fills in what is empty: by the kind, and where the kind does not matter by the defaults of the fields.
func (s Settings) WithDefaults() Settings {
	if s.Kind == "" {
		s.Kind = KindOther
	}
	preset, ok := presets[s.Kind]
	if !ok {
		preset = presets[KindOther]
	}
	for _, f := range []struct {
		field *string
		value string
	}{
		{&s.UserFilter, preset.UserFilter}, {&s.SyncFilter, preset.SyncFilter}, {&s.GroupBaseDN, s.BaseDN}, {&s.GroupFilter, preset.GroupFilter},
		{&s.MemberAttribute, preset.MemberAttribute}, {&s.SubjectAttribute, preset.SubjectAttribute},
	} {
		if *f.field == "" {
			*f.field = f.value
		}
	}
	if len(s.Attributes) == 0 {
		s.Attributes = slices.Clone(preset.Attributes)
	}
	if s.PageSize == 0 {
		s.PageSize = pageDefault
	}
	if s.TimeoutSeconds == 0 {
		s.TimeoutSeconds = 10
	}
	return s
}

// Reading gives settings that read further attributes, as a mapping needs them. Names that no attribute has, those of the
// claims that every entry has, and those of secrets are passed over, and so are those beyond the fiftieth.
func (s Settings) Reading(attributes ...string) Settings {
	s = s.WithDefaults()
	s.Attributes = slices.Clone(s.Attributes)
	for _, a := range attributes {
		known := func(b string) bool { return strings.EqualFold(a, b) }
		if validAttribute(a) && !secret(a) && len(s.Attributes) < attributesMax && !slices.ContainsFunc([]string{ClaimDN, ClaimGroups, ClaimMemberOf}, known) && !slices.ContainsFunc(s.Attributes, known) {
			s.Attributes = append(s.Attributes, a)
		}
	}
	return s
}

// SameAccount tells whether a password that was given for one of the two goes to the same account of the same servers in
// the other, checked by the same authorities. Where it does not, it must be given anew: else whoever may change settings
// could have a kept password sent to a server of theirs.
func (s Settings) SameAccount(o Settings) bool {
	return slices.Equal(s.URLs, o.URLs) && s.StartTLS == o.StartTLS && s.CACertificates == o.CACertificates && s.ServerName == o.ServerName && s.BindDN == o.BindDN
}

// Validate says what is wrong with the settings, defaults filled in, a message per field named as in JSON. It asks no
// server: see Client.Check.
func (s Settings) Validate() error { return s.WithDefaults().validate(false) }

func (s Settings) validate(plain bool) error {
	f := fault.Fields{}
	_, known := presets[s.Kind]
	f.Check(known, "kind", "Choose active_directory, openldap or other.")
	s.checkURLs(f, plain)
	if s.CACertificates != "" {
		_, err := authorities(s.CACertificates)
		f.Check(err == "", "ca_certificates", err)
	}
	f.Check(len(s.ServerName) <= 255 && !strings.ContainsAny(s.ServerName, " /:"), "server_name", "Write a host name without port, as it stands in the server's certificate.")
	f.Check(validBindName(s.BindDN, s.Kind), "bind_dn", "Write the service account's distinguished name, such as cn=reader,ou=services,dc=example,dc=com. Directories are not searched anonymously.")
	f.Check(validDN(s.BaseDN), "base_dn", "Write a distinguished name, such as ou=people,dc=example,dc=com.")
	f.Check(s.GroupBaseDN == s.BaseDN || validDN(s.GroupBaseDN), "group_base_dn", "Write a distinguished name, such as ou=groups,dc=example,dc=com.")
	if wrong := checkTemplate(s.UserFilter); wrong != "" {
		f.Add("user_filter", wrong)
	}
	for field, filter := range map[string]string{"sync_filter": s.SyncFilter, "group_filter": s.GroupFilter} {
		if wrong := checkFilter(filter); wrong != "" {
			f.Add(field, wrong)
		}
	}
	s.checkAttributes(f)
	f.Check(s.PageSize >= 1 && s.PageSize <= pageMax, "page_size", "Choose 1 to 1000.")
	f.Check(s.TimeoutSeconds >= 1 && s.TimeoutSeconds <= timeoutMax, "timeout_seconds", "Choose 1 to 120 seconds.")
	return f.Err()
}

func (s Settings) checkURLs(f fault.Fields, plain bool) {
	f.Check(len(s.URLs) >= 1 && len(s.URLs) <= urlsMax, "urls", "Name one to five servers, such as ldaps://dc1.example.com.")
	for _, text := range s.URLs {
		u, err := url.Parse(text)
		if err != nil || u.Hostname() == "" || u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" || len(text) > 300 || !validPort(u.Port()) {
			f.Add("urls", "Write each server as ldaps://host or ldaps://host:port, with nothing behind it.")
			continue
		}
		switch u.Scheme {
		case "ldaps":
		case "ldap":
			f.Check(s.StartTLS || plain, "urls", "Passwords are not sent in clear: use ldaps://, or ldap:// with StartTLS switched on.")
		default:
			f.Add("urls", "Write each server as ldaps://host, or ldap://host with StartTLS switched on.")
		}
	}
}

func validPort(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.Atoi(port)
	return err == nil && n >= 1 && n <= 65535
}

// authorities reads PEM certificates; wrong says what is the matter.
func authorities(text string) (pool *x509.CertPool, wrong string) {
	const advice = "Paste certificates in PEM form (-----BEGIN CERTIFICATE-----), the authority's and not the key."
	pool = x509.NewCertPool()
	rest, n := []byte(text), 0
	for len(strings.TrimSpace(string(rest))) > 0 {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil || block.Type != "CERTIFICATE" {
			return nil, advice
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, advice
		}
		pool.AddCert(c)
		if n++; n > 50 {
			return nil, "Paste at most 50 certificates."
		}
	}
	if n == 0 {
		return nil, advice
	}
	return pool, ""
}

func validDN(dn string) bool {
	parsed, err := goldap.ParseDN(dn)
	return len(dn) <= dnMax && err == nil && len(parsed.RDNs) > 0
}

func validBindName(name string, kind Kind) bool {
	return validDN(name) || kind == KindActiveDirectory && len(name) <= dnMax && strings.ContainsAny(name, `@\`) && !strings.ContainsAny(name, "\x00\r\n")
}

// secretAttributes hold passwords or what opens as one; they are never asked for.
var secretAttributes = []string{
	"userpassword", "unicodepwd", "ntpwdhash", "lmpwdhash", "dbcspwd", "supplementalcredentials", "ms-mcs-admpwd", "mslaps-password", "mslaps-encryptedpassword",
	"sambantpassword", "sambalmpassword", "krbprincipalkey", "ipanthash", "authpassword", "pwdhistory", "passwordhistory", "msds-managedpassword", "userpkcs12",
}

func secret(attribute string) bool {
	return slices.Contains(secretAttributes, strings.ToLower(attribute))
}

// changing attributes are given anew when a person marries or moves, and to another when a person leaves: an account
// linked by one would open to the next who has it.
var changing = []string{"cn", "sn", "givenname", "displayname", "name", "mail", "userprincipalname", "distinguishedname", "entrydn", "telephonenumber"}

func (s Settings) checkAttributes(f fault.Fields) {
	f.Check(validAttribute(s.MemberAttribute), "member_attribute", "Write the name of one attribute, such as member.")
	f.Check(validAttribute(s.SubjectAttribute), "subject_attribute", "Write the name of one attribute, such as entryUUID.")
	f.Check(!slices.Contains(changing, strings.ToLower(s.SubjectAttribute)) && !secret(s.SubjectAttribute), "subject_attribute",
		"Choose an attribute that never changes and is never given to another, such as objectGUID or entryUUID.")
	f.Check(len(s.Attributes) <= attributesMax, "attributes", "Name at most 50 attributes.")
	for _, a := range s.Attributes {
		f.Check(validAttribute(a), "attributes", "Write names of attributes, such as mail.")
		f.Check(!secret(a), "attributes", "Passwords and keys are never read.")
		f.Check(!strings.EqualFold(a, ClaimGroups), "attributes", "Leave out groups: it is the name under which a person's groups are given.")
	}
}

// validAttribute takes an attribute description (RFC 4512 §2.5) whose only option may be ;binary.
func validAttribute(name string) bool {
	name = strings.TrimSuffix(name, ";binary")
	if name == "" || len(name) > 128 {
		return false
	}
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

func (s Settings) timeout() time.Duration { return time.Duration(s.TimeoutSeconds) * time.Second }
