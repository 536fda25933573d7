// Package seal keeps secrets that must be read again (private keys, client secrets, seeds of one-time passwords) so that a
// copy of the database opens none of them: AES-256-GCM under a key derived for each tenant (HKDF-SHA-256, RFC 5869) from
// one master key that is never in the database. It is not for passwords and bearer secrets, of which only hashes are kept.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"lyceum/internal/uid"
)

// KeySize is the master key's length in bytes.
const KeySize = 32

const version = 1 // the first byte of what is sealed

// ErrBroken is something sealed that this key does not open: another key, another place, or a changed byte.
var ErrBroken = errors.New("seal: this was sealed with another key, or it was changed")

// Key seals and opens. The zero Key refuses both.
type Key struct{ master []byte }

// Set tells whether there is a master key.
func (k Key) Set() bool { return len(k.master) == KeySize }

// New takes a master key of KeySize bytes.
func New(master []byte) (Key, error) {
	if len(master) != KeySize {
		return Key{}, fmt.Errorf("seal: a master key has %d bytes, not %d", KeySize, len(master))
	}
	return Key{master: append([]byte(nil), master...)}, nil
}

// Parse reads a master key written in base64.
func Parse(text string) (Key, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return Key{}, fmt.Errorf("seal: a master key is written in base64: %w", err)
	}
	return New(raw)
}

// File reads the master key of a file and makes one at the first call; the file is for its owner alone. Two processes
// that begin at once get the same key.
func File(path string) (Key, error) {
	for range 2 {
		raw, err := os.ReadFile(path)
		if err == nil {
			return Parse(string(raw))
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return Key{}, fmt.Errorf("seal: %w", err)
		}
		if err := writeNew(path); err != nil && !errors.Is(err, fs.ErrExist) {
			return Key{}, fmt.Errorf("seal: make the master key: %w", err)
		}
	}
	return Key{}, fmt.Errorf("seal: no master key at %s", path)
}

// writeNew writes a fresh key aside and links it into its place: nobody reads half of it, and the first one wins.
func writeNew(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	master := make([]byte, KeySize)
	rand.Read(master) // never fails: crypto/rand ends the process instead
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(master) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}

// Seal closes a secret. Purpose says what it is for ("connection", "totp"): sealed for one purpose or tenant, it does not
// open for another.
func (k Key) Seal(tenant uid.ID, purpose string, secret []byte) ([]byte, error) {
	aead, err := k.aead(tenant, purpose)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize(), 1+aead.NonceSize()+len(secret)+aead.Overhead())
	rand.Read(nonce)
	return aead.Seal(append([]byte{version}, nonce...), nonce, secret, nil), nil
}

// Open gives the secret back; ErrBroken.
func (k Key) Open(tenant uid.ID, purpose string, sealed []byte) ([]byte, error) {
	aead, err := k.aead(tenant, purpose)
	if err != nil {
		return nil, err
	}
	if len(sealed) < 1+aead.NonceSize() || sealed[0] != version {
		return nil, ErrBroken
	}
	nonce, rest := sealed[1:1+aead.NonceSize()], sealed[1+aead.NonceSize():]
	secret, err := aead.Open(nil, nonce, rest, nil)
	if err != nil {
		return nil, ErrBroken
	}
	return secret, nil
}

// Derive gives a key of KeySize bytes for signing what another process of ours is to check, of its own for each tenant and
// purpose. Name no purpose that something is sealed for.
func (k Key) Derive(tenant uid.ID, purpose string) ([]byte, error) {
	if len(k.master) != KeySize {
		return nil, errors.New("seal: no master key")
	}
	key, err := hkdf.Key(sha256.New, k.master, tenant[:], "lyceum "+purpose, KeySize)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return key, nil
}

func (k Key) aead(tenant uid.ID, purpose string) (cipher.AEAD, error) {
	key, err := k.Derive(tenant, purpose)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return cipher.NewGCM(block)
}
