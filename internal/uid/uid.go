// Package uid makes the ids of everything: UUIDv7 (RFC 9562 §5.7), made before insert, so that a row's order of
// birth is its order in an index. It is not a source of secrets: see Secret for those.
package uid

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/big"
	"time"

	"github.com/google/uuid"
)

// ID names a row.
type ID = uuid.UUID

// Nil is no id.
var Nil = uuid.Nil

// New makes an id. It panics only when the operating system has no randomness.
func New() ID { return uuid.Must(uuid.NewV7()) }

// Named makes the id that some words always give, a UUIDv8 of their SHA-256 (RFC 9562 §5.8): what is done twice for the same
// thing has one id. Whoever knows the words knows the id.
func Named(words ...string) (id ID) {
	h := sha256.New()
	var size [8]byte
	for _, w := range words {
		binary.BigEndian.PutUint64(size[:], uint64(len(w)))
		h.Write(size[:])
		h.Write([]byte(w))
	}
	copy(id[:], h.Sum(nil))
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	return id
}

// Parse reads the canonical form; ok is false for anything else, the braced and the URN forms included.
func Parse(s string) (id ID, ok bool) {
	if len(s) != 36 {
		return Nil, false
	}
	id, err := uuid.Parse(s)
	return id, err == nil
}

// Floor is the least id that can be made at a moment: what is below it is older.
func Floor(at time.Time) (id ID) {
	ms := max(at.UnixMilli(), 0)
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	id[6], id[8] = 0x70, 0x80
	return id
}

// Time is when an id of New was made, to the millisecond.
func Time(id ID) time.Time {
	ms := int64(0)
	for i := range 6 {
		ms = ms<<8 | int64(id[i])
	}
	return time.UnixMilli(ms).UTC()
}

// Secret makes a bearer secret of 256 random bits in base64url, and the SHA-256 under which it is kept: a table of
// hashes opens nothing.
func Secret() (secret string, hash []byte) {
	b := make([]byte, 32)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	secret = base64.RawURLEncoding.EncodeToString(b)
	return secret, Hash(secret)
}

// Hash is the form in which a bearer secret is kept.
func Hash(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// Opaque makes a random word of n characters of [0-9a-z], for names that say nothing (schemas, public codes).
func Opaque(n int) string {
	const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
	out := make([]byte, n)
	for i := range out {
		k, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			panic(err) // unreachable since Go 1.24: crypto/rand does not fail
		}
		out[i] = alphabet[k.Int64()]
	}
	return string(out)
}
