package auth_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// cheap is what a password hash costs in tests.
var cheap = auth.PasswordCost{MemoryKiB: 64, Iterations: 1, Parallelism: 1}

const password = "three unrelated words"

var client = auth.Client{IP: "192.0.2.7", UserAgent: "Test browser"}

// open is a limiter that holds nobody back.
type open struct{}

func (open) Allow(string) (bool, time.Duration, int) { return true, 0, 1 }

// watched is the real store, counting and waiting where a test wants to.
type watched struct {
	*store.Store
	sessionLoads atomic.Int64
	keyLoads     atomic.Int64
	announced    atomic.Int64
	beforeLock   func(ctx context.Context) // called once before the next LockPerson
	afterSession func()                    // called once after the next SessionByHash
}

func (k *watched) SessionByHash(ctx context.Context, hash []byte) (auth.Session, auth.Person, error) {
	k.sessionLoads.Add(1)
	s, p, err := k.Store.SessionByHash(ctx, hash)
	if fn := k.afterSession; fn != nil {
		k.afterSession = nil
		fn()
	}
	return s, p, err
}

func (k *watched) APIKeyByHash(ctx context.Context, hash []byte) (auth.APIKey, auth.Person, error) {
	k.keyLoads.Add(1)
	return k.Store.APIKeyByHash(ctx, hash)
}

func (k *watched) Announce(ctx context.Context, tenantID uid.ID) {
	k.announced.Add(1)
	k.Store.Announce(ctx, tenantID)
}

func (k *watched) LockPerson(ctx context.Context, id uid.ID) (auth.Person, error) {
	if fn := k.beforeLock; fn != nil {
		k.beforeLock = nil
		fn(ctx)
	}
	return k.Store.LockPerson(ctx, id)
}

// house is a portal with a service.
type house struct {
	t    *testing.T
	w    *storetest.World
	keep *watched
	auth *auth.Service
	ctx  context.Context // a stranger in the tenant
}

func setup(t *testing.T) *house {
	t.Helper()
	w := storetest.New(t)
	h := &house{t: t, w: w, keep: &watched{Store: w.Store}, ctx: w.Tenant(t)}
	h.auth = h.service(auth.Options{})
	return h
}

// service makes a service on the house's store; what the options leave out is filled in for tests.
func (h *house) service(o auth.Options) *auth.Service {
	o.Keep, o.Now = h.keep, h.w.Now.Clock()
	o.Policy = policy.NewEngine(h.w.Store, h.w.Now.Clock())
	o.Seal = sealKey(h.t)
	if o.Guess == nil {
		o.Guess = open{}
	}
	if o.Cost == (auth.PasswordCost{}) {
		o.Cost = cheap
	}
	return auth.New(o)
}

func sealKey(t testing.TB) seal.Key {
	t.Helper()
	key, err := seal.New(bytes.Repeat([]byte{1}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// person adds an active person whose password is password.
func (h *house) person(roles ...policy.Role) auth.Person {
	h.t.Helper()
	hash, err := h.auth.HashPassword(h.ctx, password)
	if err != nil {
		h.t.Fatal(err)
	}
	return storetest.AddPerson(h.t, h.ctx, h.w, auth.Person{PasswordHash: hash}, roles...)
}

// as gives a context in which the person asks without a session.
func (h *house) as(p auth.Person) context.Context {
	h.t.Helper()
	ctx, err := h.auth.As(h.ctx, p.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return ctx
}

// signIn signs the person in and gives the secret and a context in which they ask with it.
func (h *house) signIn(p auth.Person) (secret string, ctx context.Context) {
	h.t.Helper()
	in, err := h.auth.SignIn(h.ctx, p.Email, password, client)
	if err != nil || in.Secret == "" {
		h.t.Fatalf("signed in: %+v, %v", in, err)
	}
	return in.Secret, h.with(in.Secret)
}

// with gives a context in which who holds the secret asks.
func (h *house) with(secret string) context.Context {
	h.t.Helper()
	who, err := h.auth.Resume(h.ctx, secret)
	if err != nil {
		h.t.Fatal(err)
	}
	return auth.WithPrincipal(h.ctx, who)
}

// events gives the types of all events so far, oldest first.
func (h *house) events() []string {
	h.t.Helper()
	var types []string
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		log, err := h.w.Store.Events(ctx, event.Filter{Page: page.Request{Limit: page.MaxLimit}})
		for _, e := range log.Items {
			types = append(types, e.Type)
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	slices.Reverse(types)
	return types
}

// told fails unless an event of the type was appended.
func (h *house) told(typ string) {
	h.t.Helper()
	if !slices.Contains(h.events(), typ) {
		h.t.Errorf("no event %s among %v", typ, h.events())
	}
}

// wants fails unless err is the failure; nil wants none.
func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

// wantsOf is wants for a goroutine that is not the test's own.
func wantsOf(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

// wantsField fails unless err is a fault of input that names the field.
func wantsField(t *testing.T, err error, field string) {
	t.Helper()
	if f := fault.Of(err); err == nil || f.Kind != fault.KindInvalid || f.Fields[field] == "" {
		t.Fatalf("got error %v (fields %v), want a message for field %s", err, fault.Of(err).Fields, field)
	}
}

func mustPrincipal(t *testing.T, ctx context.Context) auth.Principal {
	t.Helper()
	who, ok := auth.PrincipalFrom(ctx)
	if !ok {
		t.Fatal("nobody asks")
	}
	return who
}
