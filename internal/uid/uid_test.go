package uid_test

import (
	"bytes"
	"crypto/sha256"
	"regexp"
	"testing"

	"lyceum/internal/uid"
)

func TestIDsAreOfVersion7AndGrow(t *testing.T) {
	t.Parallel()
	last := uid.Nil
	for range 1000 {
		id := uid.New()
		if id.Version() != 7 { // RFC 9562 §5.7
			t.Fatalf("%s is of version %d", id, id.Version())
		}
		if bytes.Compare(id[:], last[:]) <= 0 {
			t.Fatalf("%s does not follow %s", id, last)
		}
		last = id
	}
}

func TestOnlyTheCanonicalFormIsRead(t *testing.T) {
	t.Parallel()
	id := uid.New()
	if got, ok := uid.Parse(id.String()); !ok || got != id {
		t.Fatalf("%s is read as %s", id, got)
	}
	for _, s := range []string{"", "x", "{" + id.String() + "}", "urn:uuid:" + id.String(), id.String()[:35], id.String() + "0", "zzzzzzzz-zzzz-zzzz-zzzz-zzzzzzzzzzzz"} {
		if _, ok := uid.Parse(s); ok {
			t.Errorf("%q is read", s)
		}
	}
}

func TestASecretIsKeptAsItsHashOnly(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		secret, hash := uid.Secret()
		want := sha256.Sum256([]byte(secret))
		if !bytes.Equal(hash, want[:]) || !bytes.Equal(uid.Hash(secret), hash) {
			t.Fatal("the hash is not the secret's SHA-256")
		}
		if !regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`).MatchString(secret) || seen[secret] {
			t.Fatalf("%q is no fresh secret of 256 bits", secret)
		}
		seen[secret] = true
	}
	if a, b := uid.Opaque(12), uid.Opaque(12); a == b || !regexp.MustCompile(`^[0-9a-z]{12}$`).MatchString(a) {
		t.Errorf("%q and %q", a, b)
	}
}
