package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"lyceum/internal/fault"
)

// PasswordCost is what one hash costs (argon2id, RFC 9106). A password kept at another cost is hashed anew when its
// owner signs in next.
type PasswordCost struct {
	MemoryKiB   uint32
	Iterations  uint32
	Parallelism uint8
}

// ProductionCost is OWASP's recommendation of 19 MiB, 2 passes, 1 lane. Its equal of 46 MiB in one pass would cost the
// server more memory for the same protection.
var ProductionCost = PasswordCost{MemoryKiB: 19 * 1024, Iterations: 2, Parallelism: 1}

const (
	saltLength = 16 // bytes, RFC 9106 §3.1
	keyLength  = 32 // bytes
	// passwordMaxBytes is the longest password that is hashed at all: 200 characters of 4 bytes, with room.
	passwordMaxBytes = 1024
)

// ErrHashBusy is every slot for hashing taken until the request's deadline.
var ErrHashBusy = fault.New(fault.KindUnavailable, "sign_in_busy", "Many people are signing in right now. Try again in a moment.")

// passwords hashes and verifies, a few at a time: each takes memory and a processor for tens of milliseconds.
type passwords struct {
	cost     argon2id.Params
	slots    chan struct{}
	decoy    string
	verified atomic.Int64
}

func newPasswords(cost PasswordCost, slots int) *passwords {
	if cost == (PasswordCost{}) {
		cost = ProductionCost
	}
	if slots <= 0 {
		slots = runtime.NumCPU()
	}
	return &passwords{
		cost: argon2id.Params{
			Memory: cost.MemoryKiB, Iterations: cost.Iterations, Parallelism: cost.Parallelism,
			SaltLength: saltLength, KeyLength: keyLength,
		},
		slots: make(chan struct{}, slots),
		decoy: decoy(cost),
	}
}

// decoy is a hash that no password has, verified for unknown e-mails at the cost of a real one.
func decoy(c PasswordCost) string {
	b := make([]byte, saltLength+keyLength)
	rand.Read(b) // never fails: crypto/rand ends the process instead
	raw := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.MemoryKiB, c.Iterations, c.Parallelism,
		raw.EncodeToString(b[:saltLength]), raw.EncodeToString(b[saltLength:]))
}

// slot waits for a turn; release gives it back.
func (p *passwords) slot(ctx context.Context) (release func(), err error) {
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots }, nil
	case <-ctx.Done():
		return nil, ErrHashBusy.Because(ctx.Err())
	}
}

func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	release, err := p.slot(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	hash, err := argon2id.CreateHash(normal(password), &p.cost)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return hash, nil
}

// verify tells whether the password belongs to the hash, and whether the hash was made at another cost than today's.
// An empty hash is nobody's: it takes as long and is false.
func (p *passwords) verify(ctx context.Context, password, hash string) (right, stale bool, err error) {
	release, err := p.slot(ctx)
	if err != nil {
		return false, false, err
	}
	defer release()
	against := hash
	if against == "" {
		against = p.decoy
	}
	long := len(password) > passwordMaxBytes
	if long {
		password = "" // nobody's: CheckPassword lets none so long or so short in
	}
	p.verified.Add(1)
	right, made, err := argon2id.CheckHash(normal(password), against)
	if err != nil {
		return false, false, fmt.Errorf("verify a password: %w", err)
	}
	return right && hash != "" && !long, *made != p.cost, nil
}

// normal makes one form of what keyboards write in several (NIST SP 800-63B §5.1.1.2).
func normal(password string) string { return norm.NFKC.String(password) }

// HashPassword hashes a password with argon2id, a bounded number at a time; ErrHashBusy when ctx ends first. It does
// not judge the password: CheckPassword does.
func (s *Service) HashPassword(ctx context.Context, password string) (string, error) {
	return s.passwords.hash(ctx, password)
}
