package slapd

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// config writes slapd.conf(5): an mdb database with memberOf kept by the server and a password policy, in which the
// reader sees all but passwords, and nobody else sees anything.
func (s *Server) config(o Options, files Files, modules, schemas string) string {
	var b strings.Builder
	for _, schema := range []string{"core", "cosine", "inetorgperson", "nis"} {
		fmt.Fprintf(&b, "include %s/%s.schema\n", schemas, schema)
	}
	if modules != "" {
		fmt.Fprintf(&b, "modulepath %s\nmoduleload back_mdb\nmoduleload memberof\nmoduleload ppolicy\n", modules)
	}
	fmt.Fprintf(&b, "pidfile %s\nargsfile %s\n", s.path("slapd.pid"), s.path("slapd.args"))
	fmt.Fprintf(&b, "TLSCACertificateFile %s\nTLSCertificateFile %s\nTLSCertificateKeyFile %s\n", files.Authority, files.Certificate, files.Key)
	fmt.Fprintf(&b, "database mdb\nsuffix %q\nrootdn %q\nrootpw %q\ndirectory %s\nmaxsize 268435456\ndbnosync\n", BaseDN, RootDN, RootPassword, s.path("db"))
	b.WriteString("index objectClass,uid,mail,member,memberUid,entryUUID eq\n")
	if o.SizeLimit > 0 {
		fmt.Fprintf(&b, "limits dn.exact=%q size.soft=%d size.hard=%d size.prtotal=%d\n", BindDN, o.SizeLimit, o.SizeLimit, o.SizeLimit)
	} else {
		b.WriteString("sizelimit unlimited\n")
	}
	fmt.Fprintf(&b, "access to attrs=userPassword by anonymous auth by self write by * none\naccess to * by dn.exact=%q read by self read by anonymous auth by * none\n", BindDN)
	fmt.Fprintf(&b, "overlay memberof\noverlay ppolicy\nppolicy_default \"cn=policy,%s\"\nppolicy_use_lockout\n", BaseDN)
	return b.String()
}

// tree is the directory's content in LDIF (RFC 2849).
func tree(people int) string {
	var b strings.Builder
	add := func(dn string, lines ...string) { fmt.Fprintf(&b, "dn: %s\n%s\n\n", dn, strings.Join(lines, "\n")) }
	add(BaseDN, "objectClass: dcObject", "objectClass: organization", "dc: example", "o: Example")
	for _, ou := range []string{"people", "groups", "services"} {
		add("ou="+ou+","+BaseDN, "objectClass: organizationalUnit", "ou: "+ou)
	}
	add(BindDN, "objectClass: organizationalRole", "objectClass: simpleSecurityObject", "cn: reader", "userPassword: "+BindPassword)
	add("cn=policy,"+BaseDN, "objectClass: organizationalRole", "objectClass: pwdPolicy", "cn: policy", "pwdAttribute: userPassword",
		"pwdLockout: TRUE", "pwdMaxFailure: 5", "pwdLockoutDuration: 0", "pwdFailureCountInterval: 0", "pwdMustChange: TRUE", "pwdAllowUserChange: TRUE")
	for n := 1; n <= people; n++ {
		uid := Person(n)
		lines := []string{"objectClass: inetOrgPerson"}
		for name, values := range attributes(uid) {
			for _, v := range values {
				lines = append(lines, name+": "+v)
			}
		}
		add(DN(uid), lines...)
	}
	return b.String()
}

// attributes are what a made person has.
func attributes(uid string) map[string][]string {
	number := strings.TrimPrefix(uid, "person")
	return map[string][]string{
		"uid": {uid}, "cn": {"Person " + number}, "givenName": {"Person"}, "sn": {"Number " + number}, "mail": {uid + "@example.org"},
		"employeeNumber": {number}, "title": {"Engineer"}, "userPassword": {Password(uid)},
	}
}

// Person is the uid of the nth made person, from 1.
func Person(n int) string { return fmt.Sprintf("person%04d", n) }

// DN is the distinguished name of a person.
func DN(uid string) string { return "uid=" + uid + "," + PeopleDN }

// GroupDN is the distinguished name of a group.
func GroupDN(name string) string { return "cn=" + name + "," + GroupsDN }

// Password is the password of a made person.
func Password(uid string) string { return "the password of " + uid }

// Files are where a server's certificate lies, and the PEM of the authority that signed it.
type Files struct{ Certificate, Key, Authority, CA string }

// Certificates makes an authority, and by it a certificate for 127.0.0.1, localhost and directory.example.org, and writes
// them into a folder.
func Certificates(t testing.TB, dir string) Files {
	t.Helper()
	now := time.Now()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Authority of a test"}, NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(20, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	own := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "directory.example.org"}, NotBefore: authority.NotBefore, NotAfter: authority.NotAfter,
		DNSNames: []string{"directory.example.org", "localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	authorityKey, ownKey := newKey(t), newKey(t)
	der, err := x509.MarshalPKCS8PrivateKey(ownKey)
	if err != nil {
		t.Fatal(err)
	}
	files := Files{Certificate: filepath.Join(dir, "server.pem"), Key: filepath.Join(dir, "server.key"), Authority: filepath.Join(dir, "ca.pem"), CA: sign(t, authority, authority, &authorityKey.PublicKey, authorityKey)}
	for name, content := range map[string]string{
		files.Authority: files.CA, files.Certificate: sign(t, own, authority, &ownKey.PublicKey, authorityKey),
		files.Key: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t testing.TB, c, by *x509.Certificate, key *ecdsa.PublicKey, with *ecdsa.PrivateKey) string {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, by, key, with)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}
