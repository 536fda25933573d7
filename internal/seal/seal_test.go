package seal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"lyceum/internal/seal"
	"lyceum/internal/uid"
)

func TestWhatIsSealedOpensOnlyInItsPlace(t *testing.T) {
	t.Parallel()
	key, err := seal.New(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs := uid.New(), uid.New()
	sealed, err := key.Seal(mine, "totp", []byte("a seed"))
	if err != nil || bytes.Contains(sealed, []byte("a seed")) {
		t.Fatalf("%q, %v", sealed, err)
	}
	if got, err := key.Open(mine, "totp", sealed); err != nil || string(got) != "a seed" {
		t.Fatalf("opened %q, %v", got, err)
	}
	other, _ := seal.New(bytes.Repeat([]byte{8}, seal.KeySize))
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for name, try := range map[string]func() ([]byte, error){
		"another tenant":  func() ([]byte, error) { return key.Open(theirs, "totp", sealed) },
		"another purpose": func() ([]byte, error) { return key.Open(mine, "connection", sealed) },
		"another key":     func() ([]byte, error) { return other.Open(mine, "totp", sealed) },
		"a changed byte":  func() ([]byte, error) { return key.Open(mine, "totp", changed) },
		"nothing":         func() ([]byte, error) { return key.Open(mine, "totp", nil) },
		"the zero key":    func() ([]byte, error) { return seal.Key{}.Open(mine, "totp", sealed) },
	} {
		if got, err := try(); err == nil || got != nil {
			t.Errorf("%s opened %q", name, got)
		}
	}
	if _, err := key.Open(mine, "totp", changed); !errors.Is(err, seal.ErrBroken) {
		t.Errorf("a changed byte: %v", err)
	}
}

func TestOneFileGivesOneKeyToAllWhoBeginAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "secret.key")
	var keys [8]seal.Key
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			var err error
			if keys[i], err = seal.File(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key's file: %v, %v", info, err)
	}
	sealed, err := keys[0].Seal(uid.Nil, "x", []byte("s"))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if got, err := k.Open(uid.Nil, "x", sealed); err != nil || string(got) != "s" {
			t.Errorf("%q, %v", got, err)
		}
	}
	if _, err := seal.Parse("c2hvcnQ="); err == nil {
		t.Error("a short key is taken")
	}
}
