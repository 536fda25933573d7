package visit_test

import (
	"testing"

	"lyceum/api/visit"
	"lyceum/auth"
)

func TestOnlyAnAddressWithinTheSiteIsGoneOnTo(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"/", "/courses", "/courses?q=a%20b#top", "/learn/a/b"} {
		if got := visit.Local(address); got != address {
			t.Errorf("%q: %q", address, got)
		}
	}
	for _, address := range []string{
		"", "//evil.example", "///evil.example", `/\evil.example`, `\\evil.example`, "https://evil.example", "https:evil.example", "javascript:alert(1)",
		"evil.example", "/\t/evil.example", "/\n/evil.example", "/a\r\nSet-Cookie: x=1", "/ü", "/a b", `/a\b`, "\x00/",
	} {
		if got := visit.Local(address); got != "" {
			t.Errorf("%q goes on to %q", address, got)
		}
	}
}

func TestAVisitorIsCountedByTheirNetwork(t *testing.T) {
	t.Parallel()
	for ip, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::9": "2001:db8:1:2::/64", "": "", "pipe": "pipe",
	} {
		if got := (&visit.Visit{Client: auth.Client{IP: ip}}).Network(); got != want {
			t.Errorf("%s: %s, want %s", ip, got, want)
		}
	}
}
