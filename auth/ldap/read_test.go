package ldap_test

import (
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
