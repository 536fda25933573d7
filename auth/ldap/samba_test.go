package ldap_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	goldap "github.com/go-ldap/ldap/v3"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/ldap/slapd"
)

const (
	domainDN      = "DC=ad,DC=example,DC=org"
	administrator = "administrator@ad.example.org"
	adminPassword = "Passw0rd-of-the-administrator"
	usersPassword = "Passw0rd-of-a-user"
)

// controller is a domain controller of Samba: the Active Directory that a test can start. Its ports are fixed, so that
// it has an address of its own below 127.0.0.0/8, which is Linux's to give, and root's to listen at.
type controller struct {
	t        *testing.T
	settings ldap.Settings
}

func startSamba(t *testing.T) *controller {
	t.Helper()
	for _, program := range []string{"samba", "samba-tool"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("SKIPPED: no Samba on this machine, so nothing is tested against a real Active Directory domain. Get it: apt install samba samba-ad-dc samba-ad-provision samba-dsdb-modules winbind")
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: Samba's domain controller listens at ports 389 and 636, for which the tests must run as root")
	}
	dir := t.TempDir()
	files := slapd.Certificates(t, dir)
	address := fmt.Sprintf("127.%d.%d.%d", 64+rand.IntN(128), rand.IntN(256), 1+rand.IntN(254))
	target := filepath.Join(dir, "dc")
	out, err := exec.Command("samba-tool", "domain", "provision", "--realm=AD.EXAMPLE.ORG", "--domain=ADEX", "--adminpass="+adminPassword,
		"--server-role=dc", "--dns-backend=NONE", "--targetdir="+target, "--host-ip="+address, "--host-name=DC1").CombinedOutput()
	if err != nil {
		t.Fatalf("provision a domain: %v\n%s", err, out)
	}
	config := filepath.Join(dir, "smb.conf")
	text := fmt.Sprintf(`[global]
lock directory = %[1]s
cache directory = %[1]s
private dir = %[1]s/private
state directory = %[1]s/state
pid directory = %[1]s
ncalrpc dir = %[1]s/ncalrpc
log file = %[1]s/log
netbios name = DC1
realm = AD.EXAMPLE.ORG
workgroup = ADEX
server role = active directory domain controller
server services = ldap
interfaces = %[2]s/8
bind interfaces only = yes
tls certfile = %[3]s
tls keyfile = %[4]s
tls cafile = %[5]s
`, target, address, files.Certificate, files.Key, files.Authority)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	server := exec.Command("samba", "-F", "--no-process-group", "-M", "single", "-s", config)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = server.Wait(); close(ended) }()
	t.Cleanup(func() { _ = server.Process.Kill(); <-ended })
	await(t, net.JoinHostPort(address, "636"), ended, filepath.Join(target, "log"))
	return &controller{t, ldap.Settings{
		Kind: ldap.KindActiveDirectory, URLs: []string{"ldaps://" + address}, ServerName: "directory.example.org", CACertificates: files.CA,
		BindDN: administrator, BaseDN: domainDN, TimeoutSeconds: 60,
	}}
}

func await(t *testing.T, address string, ended chan struct{}, log string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			conn.Close()
			return
		}
		select {
		case <-ctx.Done():
		case <-ended:
		case <-again.C:
			continue
		}
		said, _ := os.ReadFile(log)
		t.Fatalf("samba does not answer: %v\n%s", err, said)
	}
}

func (c *controller) asAdministrator(do func(*goldap.Conn) error) {
	c.t.Helper()
	// The process is ours; what is tested verifies its certificate.
	conn, err := goldap.DialURL(c.settings.URLs[0], goldap.DialWithTLSConfig(&tls.Config{InsecureSkipVerify: true}))
	if err == nil {
		defer func() { _ = conn.Close() }()
		if err = conn.Bind(administrator, adminPassword); err == nil {
			err = do(conn)
		}
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// addUser adds a user; given attributes replace those of every user.
func (c *controller) addUser(name string, given map[string][]string) {
	c.t.Helper()
	password := make([]byte, 0, 64)
	for _, u := range utf16.Encode([]rune(`"` + usersPassword + `"`)) {
		password = append(password, byte(u), byte(u>>8))
	}
	all := map[string][]string{
		"objectClass": {"user"}, "sAMAccountName": {name}, "userPrincipalName": {name + "@ad.example.org"}, "mail": {name + "@example.org"},
		"displayName": {"User " + name}, "userAccountControl": {"512"}, "unicodePwd": {string(password)},
	}
	for a, values := range given {
		all[a] = values
	}
	add := goldap.NewAddRequest("CN="+name+",CN=Users,"+domainDN, nil)
	for a, values := range all {
		add.Attribute(a, values)
	}
	c.asAdministrator(func(conn *goldap.Conn) error { return conn.Add(add) })
}

func (c *controller) addGroup(name, member string) {
	c.t.Helper()
	add := goldap.NewAddRequest("CN="+name+",CN=Users,"+domainDN, nil)
	add.Attribute("objectClass", []string{"group"})
	add.Attribute("sAMAccountName", []string{name})
	add.Attribute("member", []string{"CN=" + member + ",CN=Users," + domainDN})
	c.asAdministrator(func(conn *goldap.Conn) error { return conn.Add(add) })
}

func TestAgainstARealActiveDirectoryDomain(t *testing.T) {
	t.Parallel()
	c := startSamba(t)
	c.addUser("anna", nil)
	c.addUser("disabled", map[string][]string{"userAccountControl": {"514"}})
	c.addUser("new", map[string][]string{"pwdLastSet": {"0"}})
	c.addUser("ended", map[string][]string{"accountExpires": {"131592672000000000"}}) // 2018
	for n := range 25 {
		c.addUser(fmt.Sprintf("user%02d", n), nil)
	}
	c.addGroup("Inner", "anna")
	c.addGroup("Middle", "Inner")
	c.addGroup("Outer", "Middle")
	ask := func(login, password string) (auth.Assertion, auth.Report, error) {
		return client().SignIn(t.Context(), c.settings, adminPassword, login, password)
	}

	a, r, err := ask("anna", usersPassword)
	if err != nil {
		t.Fatalf("%v\n%s", err, lines(r))
	}
	if len(a.Subject) != 36 || a.Claim("mail") != "anna@example.org" || a.Claim("displayName") != "User anna" {
		t.Errorf("%+v", a)
	}
	groups := slices.Sorted(slices.Values(a.Claims["groups"]))
	if !slices.Equal(groups, []string{"Inner", "Middle", "Outer"}) {
		t.Errorf("groups %v", groups)
	}
	if again, r, err := ask("ANNA@ad.example.org", usersPassword); err != nil || again.Subject != a.Subject {
		t.Errorf("%v\n%s", err, lines(r))
	}
	for _, refused := range []struct {
		login, password string
		want            error
		check, words    string
	}{
		{"anna", "not it", auth.ErrWrongCredentials, "password", "wrong password (52e)"},
		{"nobody", usersPassword, auth.ErrWrongCredentials, "entry", "nobody below"},
		{"*", usersPassword, auth.ErrWrongCredentials, "entry", "nobody below"},
		{"disabled", usersPassword, auth.ErrWrongCredentials, "password", "the account is disabled (533)"},
		{"ended", usersPassword, auth.ErrWrongCredentials, "password", "come to its end (701)"},
		{"new", usersPassword, ldap.ErrPasswordExpired, "password", "must be changed"},
		{"new", "not it", auth.ErrWrongCredentials, "password", "wrong password"},
	} {
		_, r, err := ask(refused.login, refused.password)
		wants(t, err, refused.want, r)
		says(t, r, refused.check, false, refused.words)
	}
	c.readEverybody(a)
	r, sample, err := client().Check(t.Context(), c.settings, adminPassword)
	if err != nil || sample.People < 29 {
		t.Errorf("%+v %v\n%s", sample, err, lines(r))
	}
}

// readEverybody reads people and groups, and compares Anna with her sign-in.
func (c *controller) readEverybody(signedIn auth.Assertion) {
	t := c.t
	s := c.settings
	s.PageSize = 7
	membership := ldap.NewMembership(s)
	sum, err := client().Groups(t.Context(), s, adminPassword, membership.Add)
	if err != nil || !sum.Complete || sum.Read < 3 {
		t.Fatalf("%+v %v", sum, err)
	}
	seen := map[string]ldap.Entry{}
	sum, err = client().People(t.Context(), s, adminPassword, func(e ldap.Entry) error {
		membership.Complete(&e)
		seen[e.Claims["sAMAccountName"][0]] = e
		return nil
	})
	if err != nil || !sum.Complete || sum.Read != len(seen) || sum.Pages < 5 || sum.References == 0 {
		t.Fatalf("%+v %v", sum, err)
	}
	anna := seen["anna"]
	slices.Sort(anna.Claims["groups"])
	if anna.Subject != signedIn.Subject || !slices.Equal(anna.Claims["groups"], []string{"Inner", "Middle", "Outer"}) || !anna.Active {
		t.Errorf("%+v", anna)
	}
	for name, active := range map[string]bool{"user24": true, "new": true, "disabled": false, "ended": false} {
		if e, ok := seen[name]; !ok || e.Active != active {
			t.Errorf("%s: %+v", name, e)
		}
	}
	for name := range seen {
		if strings.HasSuffix(name, "$") {
			t.Errorf("the computer %s is taken for a person", name)
		}
	}
}
