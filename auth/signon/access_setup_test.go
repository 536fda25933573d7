package signon_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/outbound"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

const password = "three unrelated words"

var (
	cheap  = auth.PasswordCost{MemoryKiB: 64, Iterations: 1, Parallelism: 1}
	client = auth.Client{IP: "192.0.2.7", UserAgent: "Test browser"}
)

// freely is a limiter that holds nobody back.
type freely struct{}

func (freely) Allow(string) (bool, time.Duration, int) { return true, 0, 1 }

// zone is a DNS of the test's own.
type zone struct {
	mu     sync.Mutex
	txt    map[string][]string // by name with the dot at its end
	broken bool
	asked  []string
}

func (z *zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.asked = append(z.asked, name)
	if z.broken {
		return nil, &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
	}
	if list, ok := z.txt[name]; ok {
		return list, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (z *zone) set(name string, values ...string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if len(values) == 0 {
		delete(z.txt, name)
		return
	}
	z.txt[name] = values
}

func (z *zone) fail(broken bool) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.broken = broken
}

// office is two portals with one service.
type office struct {
	t       *testing.T
	w       *storetest.World
	dns     *zone
	gate    *signon.Gate
	auth    *auth.Service
	policy  *policy.Engine
	signon  *signon.Service
	ctx     context.Context // a stranger in the first portal
	other   context.Context // a stranger in the second
	limiter auth.Limiter
}

func furnished(t *testing.T, edit ...func(*office)) *office {
	t.Helper()
	w := storetest.New(t)
	now := w.Now.Clock()
	o := &office{t: t, w: w, dns: &zone{txt: map[string][]string{}}, ctx: w.Tenant(t), other: w.Tenant(t), limiter: freely{}}
	for _, e := range edit {
		e(o)
	}
	for _, ctx := range []context.Context{o.ctx, o.other} {
		o.in(ctx, w.Store.SeedPolicies)
	}
	key, err := seal.New(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	o.policy, o.gate = policy.NewEngine(w.Store, now), signon.NewGate(w.Store, now)
	o.auth = auth.New(auth.Options{Keep: w.Store, Policy: o.policy, Gate: o.gate, Now: now, Guess: o.limiter, Cost: cheap, Seal: key})
	client := outbound.Client(outbound.Options{AllowPrivate: true})
	t.Cleanup(client.CloseIdleConnections)
	o.signon = signon.New(signon.Options{
		Keep: w.Store, Auth: o.auth, Gate: o.gate, Seal: key, HTTP: client, AllowPrivate: true, Resolver: o.dns, Now: now,
		Hosts: tenant.Hosts{Base: "localhost", Platform: "lyceum.localhost", Scheme: "http", Port: "8080"},
	})
	return o
}

func (o *office) in(ctx context.Context, fn func(context.Context) error) {
	o.t.Helper()
	if err := o.w.Store.InTenant(ctx, fn); err != nil {
		o.t.Fatal(err)
	}
}

// write changes rows behind the service's back.
func (o *office) write(sql string, args ...any) {
	o.t.Helper()
	o.in(o.ctx, func(ctx context.Context) error {
		_, err := store.Pgx(ctx).Exec(ctx, sql, args...)
		return err
	})
	o.gate.Drop(uid.Nil)
}

// person adds someone who knows the password.
func (o *office) person(email string, roles ...policy.Role) auth.Person {
	o.t.Helper()
	hash, err := o.auth.HashPassword(o.t.Context(), password)
	if err != nil {
		o.t.Fatal(err)
	}
	return storetest.AddPerson(o.t, o.ctx, o.w, auth.Person{Email: email, PasswordHash: hash}, roles...)
}

// as is the context in which a person asks.
func (o *office) as(p auth.Person) context.Context { return storetest.As(o.t, o.ctx, o.w, p) }

// admin is the context of a new administrator of a portal.
func (o *office) admin(ctx context.Context) context.Context {
	o.t.Helper()
	return storetest.As(o.t, ctx, o.w, storetest.Person(o.t, ctx, o.w, policy.Admin))
}

// connection adds one in a state.
func (o *office) connection(name string, status signon.Status) signon.Connection {
	o.t.Helper()
	now := o.w.Now.Now()
	c := signon.Connection{ID: uid.New(), Kind: auth.ProtocolOIDC, Name: name, Status: status, Revision: 1, CreatedAt: now, UpdatedAt: now}
	o.in(o.ctx, func(ctx context.Context) error { return o.w.Store.InsertConnection(ctx, c) })
	o.gate.Drop(uid.Nil)
	return c
}

// linked has a connection have signed a person in.
func (o *office) linked(c signon.Connection, p auth.Person) {
	o.t.Helper()
	o.in(o.ctx, func(ctx context.Context) error {
		return o.w.Store.InsertIdentity(ctx, signon.Identity{ID: uid.New(), PersonID: p.ID, ConnectionID: c.ID, Issuer: "test", Subject: p.Email, LinkedBy: "test", LinkedAt: o.w.Now.Now(), SeenAt: o.w.Now.Now()})
	})
}

// rules sets rules without anybody's refusing them.
func (o *office) rules(r signon.Rules) {
	o.t.Helper()
	o.in(o.ctx, func(ctx context.Context) error {
		held, err := o.w.Store.LockSignOnRules(ctx)
		if err != nil {
			return err
		}
		r.Revision = held.Revision + 1
		return o.w.Store.SaveSignOnRules(ctx, r, o.w.Now.Now())
	})
	o.gate.Drop(uid.Nil)
}

// domain adds a proven domain.
func (o *office) domain(name string, edit func(*signon.Domain)) {
	o.t.Helper()
	now := o.w.Now.Now()
	d := signon.Domain{Domain: name, Token: uid.Opaque(32), VerifiedAt: &now, CreatedAt: now}
	o.in(o.ctx, func(ctx context.Context) error {
		if err := o.w.Store.InsertEmailDomain(ctx, d); err != nil || edit == nil {
			return err
		}
		edit(&d)
		return o.w.Store.SetEmailDomain(ctx, d)
	})
	o.gate.Drop(uid.Nil)
}

// happened counts events of a type in the first portal.
func (o *office) happened(typ string) (n int) {
	o.t.Helper()
	o.in(o.ctx, func(ctx context.Context) error {
		return store.Pgx(ctx).QueryRow(ctx, "select count(*) from events where type = $1", typ).Scan(&n)
	})
	return n
}

// claimed tells which tenant has a domain in the control schema; Nil for none.
func (o *office) claimed(name string) (owner uid.ID) {
	o.t.Helper()
	err := o.w.Admin.QueryRow(o.t.Context(), "select coalesce((select tenant_id from control.email_domains where domain = $1), '00000000-0000-0000-0000-000000000000')", name).Scan(&owner)
	if err != nil {
		o.t.Fatal(err)
	}
	return owner
}

func (o *office) id(ctx context.Context) uid.ID {
	t, _ := tenant.From(ctx)
	return t.ID
}

func (o *office) after(d time.Duration) *time.Time {
	at := o.w.Now.Now().Add(d)
	return &at
}

const day = 24 * time.Hour

// serving answers over HTTP until the test ends.
func serving(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Second}
	done := make(chan struct{})
	go func() { _ = srv.Serve(ln); close(done) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return "http://" + ln.Addr().String()
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }
