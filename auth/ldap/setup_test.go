package ldap_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/ldap/slapd"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client asks directories on this machine.
func client() *ldap.Client { return ldap.New(ldap.Options{AllowPrivate: true}) }

// signIn signs in at a server with its own settings, changed as wished.
func signIn(t *testing.T, s ldap.Settings, login, password string) (auth.Assertion, auth.Report, error) {
	t.Helper()
	return client().SignIn(t.Context(), s, slapd.BindPassword, login, password)
}

func wants(t *testing.T, err, want error, r auth.Report) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v; report:\n%s", err, want, lines(r))
	}
}

// says fails unless the check of that name says this.
func says(t *testing.T, r auth.Report, name string, ok bool, words string) {
	t.Helper()
	for _, c := range r {
		if c.Name == name && c.OK == ok && strings.Contains(c.Detail, words) {
			return
		}
	}
	t.Errorf("no check %s (ok %v) says %q in:\n%s", name, ok, words, lines(r))
}

func lines(r auth.Report) string {
	var b strings.Builder
	for _, c := range r {
		mark := "  no "
		if c.OK {
			mark = "  ok "
		}
		b.WriteString(mark + c.Name + ": " + c.Detail + "\n")
	}
	return b.String()
}

// at is a client whose clock shows another time.
func at(when time.Time) *ldap.Client {
	return ldap.New(ldap.Options{AllowPrivate: true, Now: func() time.Time { return when }})
}
