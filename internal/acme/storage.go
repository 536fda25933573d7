// Package acme gets certificates on demand from an ACME server (RFC 8555) and keeps them sealed in the database, so that every
// process has them. It knows nothing of tenants: for which hosts there may be one, its Gate says.
package acme

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"

	"lyceum/internal/clock"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
)

// Value is what is kept under a name: certificate, private key or account, sealed.
type Value struct {
	Name      string
	Value     []byte
	ChangedAt time.Time
}

// Keeper is what the storage needs kept.
type Keeper interface {
	PutACME(ctx context.Context, name string, value []byte, at time.Time) error
	// ACME gives a value; fs.ErrNotExist.
	ACME(ctx context.Context, name string) (Value, error)
	// DeleteACME removes a value and all below it.
	DeleteACME(ctx context.Context, name string) error
	// ACMEBelow lists the names that begin so.
	ACMEBelow(ctx context.Context, name string) ([]string, error)
	// LockACME takes a lock, or keeps it for who has it; ok is false while another holds it.
	LockACME(ctx context.Context, name string, holder uid.ID, now, until time.Time) (ok bool, err error)
	UnlockACME(ctx context.Context, name string, holder uid.ID) error
}

const (
	sealPurpose = "acme"
	// A lock ends by itself lockFor after its holder has last kept it: a process that died keeps nobody waiting for long.
	lockFor  = 30 * time.Second
	lockTry  = 250 * time.Millisecond
	lockKeep = 10 * time.Second
)

// storage is certmagic's storage over a Keeper.
type storage struct {
	keep Keeper
	seal seal.Key
	now  clock.Clock

	mu   sync.Mutex
	held map[string]heldLock
}

type heldLock struct {
	holder uid.ID
	stop   context.CancelFunc
	done   chan struct{}
}

var _ certmagic.Storage = (*storage)(nil)

// Store seals a value and keeps it.
func (s *storage) Store(ctx context.Context, key string, value []byte) error {
	sealed, err := s.seal.Seal(uid.Nil, sealPurpose+" "+key, value)
	if err != nil {
		return err
	}
	return s.keep.PutACME(ctx, key, sealed, s.now())
}

// Load opens a value; fs.ErrNotExist.
func (s *storage) Load(ctx context.Context, key string) ([]byte, error) {
	v, err := s.keep.ACME(ctx, key)
	if err != nil {
		return nil, err
	}
	return s.seal.Open(uid.Nil, sealPurpose+" "+key, v.Value)
}

// Delete removes a value and all below it.
func (s *storage) Delete(ctx context.Context, key string) error { return s.keep.DeleteACME(ctx, key) }

// Exists tells whether there is a value, or one below.
func (s *storage) Exists(ctx context.Context, key string) bool {
	if _, err := s.keep.ACME(ctx, key); err == nil {
		return true
	}
	below, err := s.keep.ACMEBelow(ctx, key+"/")
	return err == nil && len(below) > 0
}

// List gives the names below one: all of them, or the next level.
func (s *storage) List(ctx context.Context, path string, recursive bool) ([]string, error) {
	prefix := strings.TrimSuffix(path, "/")
	if prefix != "" {
		prefix += "/"
	}
	names, err := s.keep.ACMEBelow(ctx, prefix)
	if err != nil || recursive {
		return names, err
	}
	var level []string
	for _, name := range names {
		next, _, _ := strings.Cut(strings.TrimPrefix(name, prefix), "/")
		if n := prefix + next; len(level) == 0 || level[len(level)-1] != n {
			level = append(level, n)
		}
	}
	return level, nil
}

// Stat tells about a value, or about a name that has some below.
func (s *storage) Stat(ctx context.Context, key string) (certmagic.KeyInfo, error) {
	v, err := s.keep.ACME(ctx, key)
	if err == nil {
		return certmagic.KeyInfo{Key: key, Modified: v.ChangedAt, Size: int64(len(v.Value)), IsTerminal: true}, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		if below, failed := s.keep.ACMEBelow(ctx, key+"/"); failed == nil && len(below) > 0 {
			return certmagic.KeyInfo{Key: key}, nil
		}
	}
	return certmagic.KeyInfo{}, err
}

// Lock waits until no process holds the name, and holds it until Unlock.
func (s *storage) Lock(ctx context.Context, name string) error {
	holder := uid.New()
	for {
		now := s.now()
		ok, err := s.keep.LockACME(ctx, name, holder, now, now.Add(lockFor))
		if err != nil {
			return err
		}
		if ok {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the lock %s: %w", name, ctx.Err())
		case <-time.After(lockTry):
		}
	}
	keeping, stop := context.WithCancel(context.WithoutCancel(ctx))
	h := heldLock{holder: holder, stop: stop, done: make(chan struct{})}
	s.mu.Lock()
	s.held[name] = h
	s.mu.Unlock()
	go s.keepLock(keeping, name, h)
	return nil
}

// keepLock holds a lock on while its work lasts.
func (s *storage) keepLock(ctx context.Context, name string, h heldLock) {
	defer close(h.done)
	tick := time.NewTicker(lockKeep)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			now := s.now()
			if ok, err := s.keep.LockACME(ctx, name, h.holder, now, now.Add(lockFor)); err == nil && !ok {
				return // it ended and another took it: what is written under it is written twice, and whole each time
			}
		}
	}
}

// Unlock gives a name free.
func (s *storage) Unlock(ctx context.Context, name string) error {
	s.mu.Lock()
	h, ok := s.held[name]
	delete(s.held, name)
	s.mu.Unlock()
	if !ok {
		return fmt.Errorf("unlock %s: it is not held here", name)
	}
	h.stop()
	<-h.done
	return s.keep.UnlockACME(context.WithoutCancel(ctx), name, h.holder)
}
