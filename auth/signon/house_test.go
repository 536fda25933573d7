package signon_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/outbound"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// open is a limiter that holds nobody back.
type open struct{}

func (open) Allow(string) (bool, time.Duration, int) { return true, 0, 1 }

// house is a portal with the service, and an administrator who asks.
type house struct {
	t     *testing.T
	w     *storetest.World
	s     *signon.Service
	ctx   context.Context // in the tenant, nobody asks
	admin context.Context
	owner context.Context
}

func setup(t *testing.T) *house {
	t.Helper()
	return setupWith(t, outbound.Client(outbound.Options{AllowPrivate: true}))
}

func setupWith(t *testing.T, client *http.Client) *house {
	t.Helper()
	w := storetest.New(t)
	key, err := seal.New(bytes.Repeat([]byte{3}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	now := w.Now.Clock()
	a := auth.New(auth.Options{Keep: w.Store, Policy: policy.NewEngine(w.Store, now), Now: now, Guess: open{}, Cost: auth.PasswordCost{MemoryKiB: 64, Iterations: 1, Parallelism: 1}})
	h := &house{t: t, w: w, ctx: w.Tenant(t), s: signon.New(signon.Options{
		Keep: w.Store, Auth: a, Seal: key, Hosts: tenant.Hosts{Base: "lyceum.example", Platform: "lyceum.example", Scheme: "https"}, HTTP: client, AllowPrivate: true, Now: now,
	})}
	h.admin, h.owner = h.as(policy.Admin), h.as(policy.Owner)
	return h
}

// as gives a context in which someone new with these roles asks.
func (h *house) as(roles ...policy.Role) context.Context {
	h.t.Helper()
	return storetest.As(h.t, h.ctx, h.w, storetest.Person(h.t, h.ctx, h.w, roles...))
}

func (h *house) create(kind auth.Protocol, p signon.Product, name string) signon.Connection {
	h.t.Helper()
	c, err := h.s.CreateConnection(h.admin, signon.ConnectionInput{Kind: kind, Product: p, Name: name})
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// certificate makes one that is valid for so many days from now.
func (h *house) certificate(name string, days int) string {
	h.t.Helper()
	k, err := saml.NewKey(name, h.w.Now.Now().Add(-time.Hour), time.Duration(days)*24*time.Hour+time.Hour)
	if err != nil {
		h.t.Fatal(err)
	}
	return k.Certificate
}

func packed(t *testing.T, v any) signon.Raw {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// complete is a SAML connection that could be switched on.
func (h *house) complete(name string) signon.Connection {
	h.t.Helper()
	c := h.create(auth.ProtocolSAML, signon.ProductOther, name)
	st := saml.NewSettings()
	st.EntityID, st.SSORedirect = "https://idp.example/"+name, "https://idp.example/sso"
	st.SigningCertificates = []string{h.certificate("idp", 100)}
	c, err := h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Settings: packed(h.t, st)})
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func (h *house) set(c signon.Connection, to signon.Status) signon.Connection {
	h.t.Helper()
	out, err := h.s.SetStatus(h.admin, c.ID, c.Revision, to)
	if err != nil {
		h.t.Fatal(err)
	}
	return out.Connection
}

// within runs fn in the tenant.
func (h *house) within(fn func(ctx context.Context) error) {
	h.t.Helper()
	if err := h.w.Store.InTenant(h.ctx, fn); err != nil {
		h.t.Fatal(err)
	}
}

// tried writes an attempt down.
func (h *house) tried(c signon.Connection, o signon.Outcome, person *uid.ID, claims map[string][]string, checks ...auth.Check) signon.Attempt {
	h.t.Helper()
	h.w.Now.Advance(time.Minute)
	a := signon.Attempt{
		ID: uid.New(), ConnectionID: c.ID, Outcome: o, PersonID: person, Subject: "s", IP: "192.0.2.1", Checks: signon.JSON[auth.Report]{V: checks},
		Claims: signon.JSON[map[string][]string]{V: claims}, At: h.w.Now.Now(),
	}
	if o == signon.OutcomeRefused && len(checks) > 0 {
		a.Reason = checks[len(checks)-1].Name
	}
	h.within(func(ctx context.Context) error { return h.w.Store.InsertAttempt(ctx, a, signon.AttemptsKept) })
	return a
}

// link links someone new to a connection.
func (h *house) link(c signon.Connection, roles ...policy.Role) auth.Person {
	h.t.Helper()
	p := storetest.Person(h.t, h.ctx, h.w, roles...)
	now := h.w.Now.Now()
	h.within(func(ctx context.Context) error {
		return h.w.Store.InsertIdentity(ctx, signon.Identity{ID: uid.New(), PersonID: p.ID, ConnectionID: c.ID, Issuer: "i", Subject: p.ID.String(), LinkedBy: signon.LinkedByJIT, LinkedAt: now, SeenAt: now})
	})
	return p
}

// meets fails unless the error is this one.
func meets(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

// wrong fails unless the error is a fault at these fields, and gives it.
func wrong(t *testing.T, err error, fields ...string) *fault.Fault {
	t.Helper()
	f := fault.Of(err)
	for _, field := range fields {
		if f.Fields[field] == "" {
			t.Errorf("no fault at %s: %v %v", field, err, f.Fields)
		}
	}
	return f
}

func is(err, want error) bool { return errors.Is(err, want) }
