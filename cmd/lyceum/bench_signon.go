package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"lyceum/auth"
	"lyceum/auth/oidc"
	"lyceum/auth/oidc/demoop"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/saml/demoidp"
	"lyceum/auth/signon"
	"lyceum/internal/throttle"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/tenant"
)

const (
	signOnPeople = 200
	signOnSplit  = 200 // sign-ins one after the other, for the split of their cost
	signOnRate   = 600 // sign-ins at once, for how many a second
)

// metered counts the time that passes in transactions and in announcements: what a sign-in waits for the database.
type metered struct {
	*store.Store
	spent *atomic.Int64
}

type meteredKey struct{}

// InTenant counts the outermost transaction.
func (m metered) InTenant(ctx context.Context, fn func(context.Context) error) error {
	if ctx.Value(meteredKey{}) != nil {
		return m.Store.InTenant(ctx, fn)
	}
	began := time.Now()
	defer func() { m.spent.Add(int64(time.Since(began))) }()
	return m.Store.InTenant(context.WithValue(ctx, meteredKey{}, true), fn)
}

// Announce counts too.
func (m metered) Announce(ctx context.Context, id uid.ID) {
	began := time.Now()
	defer func() { m.spent.Add(int64(time.Since(began))) }()
	m.Store.Announce(ctx, id)
}

// within carries calls to a provider in this process, and counts its time.
type within struct {
	to    http.Handler
	spent *atomic.Int64
}

// RoundTrip answers.
func (w within) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	defer func() { w.spent.Add(int64(time.Since(began))) }()
	out := httptest.NewRecorder()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w.to.ServeHTTP(out, r)
	return out.Result(), nil
}

// signOnBench is corporate sign-on over a store that is metered, with identity providers in this process.
type signOnBench struct {
	*bench
	ctx        context.Context //nolint:containedctx // in the tenant, for the length of the measure
	service    *signon.Service
	saml, oidc signon.Connection
	idp        *demoidp.IdP
	op         *demoop.Provider
	database   atomic.Int64
	provider   atomic.Int64
}

// prepared is a sign-in whose answer waits to be posted: what is measured begins there.
type prepared func(ctx context.Context) error

// measureSignOn measures sign-ins over SAML and OpenID Connect from the answer's arrival to the session: how many a second,
// and how one's time is divided. What the demo providers and the browser's way cost is not in it.
func (b *bench) measureSignOn(ctx context.Context) error {
	s, err := b.newSignOn(ctx)
	if err != nil {
		return err
	}
	for _, kind := range []struct {
		name    string
		prepare func(person int) (prepared, error)
		rest    string
	}{
		{"SAML (encrypted assertion, ACS to session)", s.prepareSAML, "XML and cryptography"},
		{"OpenID Connect (callback to session)", s.prepareOIDC, "signature, JSON"},
	} {
		if err := s.warm(kind.prepare); err != nil {
			return fmt.Errorf("%s: %w", kind.name, err)
		}
		each, err := s.split(kind.prepare)
		if err != nil {
			return fmt.Errorf("%s: %w", kind.name, err)
		}
		b.note("a sign-in by "+kind.name, "%.1f ms: %s %.0f %%, database %.0f %%, identity provider's own calls %.0f %%",
			ms(each.total), kind.rest, 100*each.rest(), 100*each.share(each.database), 100*each.share(each.provider))
		rate, err := s.rate(kind.prepare)
		if err != nil {
			return fmt.Errorf("%s: %w", kind.name, err)
		}
		b.note(fmt.Sprintf("sign-ins a second by %s, %d at once", kind.name, b.cmd.Clients), "%.0f", rate)
	}
	return nil
}

// costs are what sign-ins took together.
type costs struct{ total, database, provider time.Duration }

func (c costs) share(d time.Duration) float64 { return float64(d) / float64(c.total) }
func (c costs) rest() float64                 { return 1 - c.share(c.database) - c.share(c.provider) }

// warm signs everybody in once: their accounts are made, plans and keys are at hand.
func (s *signOnBench) warm(prepare func(int) (prepared, error)) error {
	for i := range signOnPeople {
		run, err := prepare(i)
		if err == nil {
			err = run(s.ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// split signs people in one after the other and gives what one costs on average.
func (s *signOnBench) split(prepare func(int) (prepared, error)) (each costs, err error) {
	for i := range signOnSplit {
		run, err := prepare(i % signOnPeople)
		if err != nil {
			return each, err
		}
		s.database.Store(0)
		s.provider.Store(0)
		began := time.Now()
		if err := run(s.ctx); err != nil {
			return each, err
		}
		each.total += time.Since(began)
		each.database += time.Duration(s.database.Load())
		each.provider += time.Duration(s.provider.Load())
	}
	each.total, each.database, each.provider = each.total/signOnSplit, each.database/signOnSplit, each.provider/signOnSplit
	return each, nil
}

// rate signs many in at once and gives how many a second.
func (s *signOnBench) rate(prepare func(int) (prepared, error)) (float64, error) {
	ready := make(chan prepared, signOnRate)
	for i := range signOnRate {
		run, err := prepare(i % signOnPeople)
		if err != nil {
			return 0, err
		}
		ready <- run
	}
	close(ready)
	var wg sync.WaitGroup
	var failed atomic.Pointer[error]
	began := time.Now()
	for range s.cmd.Clients {
		wg.Go(func() {
			for run := range ready {
				if err := run(s.ctx); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return signOnRate / time.Since(began).Seconds(), nil
}

func signOnPerson(n int) string { return fmt.Sprintf("person%d@bench.example", n) }

// newSignOn sets both connections up in the first tenant of the fleet.
func (b *bench) newSignOn(ctx context.Context) (*signOnBench, error) {
	s := &signOnBench{bench: b, ctx: tenant.With(ctx, b.fleet[0].Tenant)}
	keep := metered{b.app.store, &s.database}
	op := &within{spent: &s.provider}
	free := throttle.New(b.app.now, 1_000_000, time.Second, 1_000_000)
	s.service = signon.New(signon.Options{
		Keep: keep, Auth: auth.New(auth.Options{Keep: keep, Policy: b.app.policy, Now: b.app.now, Guess: free, Seal: b.app.seal}), Gate: b.app.gate,
		Seal: b.app.seal, Hosts: b.app.hosts, HTTP: &http.Client{Transport: op}, Now: b.app.now,
	})
	if err := s.providers(); err != nil {
		return nil, err
	}
	op.to = s.op
	return s, s.connect()
}

// providers makes the identity providers with the same people.
func (s *signOnBench) providers() (err error) {
	var saml []demoidp.Person
	var oidc []demoop.Person
	for i := range signOnPeople {
		saml = append(saml, demoidp.Person{Email: signOnPerson(i), Name: fmt.Sprintf("Person %d", i), Groups: []string{"Staff", "Site 7"}})
		oidc = append(oidc, demoop.Person{Email: signOnPerson(i), EmailVerified: true, Name: fmt.Sprintf("Person %d", i), Groups: []string{"Staff", "Site 7"}})
	}
	if s.idp, err = demoidp.New(demoidp.Options{BaseURL: "http://saml.localhost", People: saml, Now: s.app.now}); err != nil {
		return err
	}
	s.op, err = demoop.New(demoop.Options{
		BaseURL: "http://oidc.localhost", People: oidc, Now: s.app.now,
		Client: func(context.Context, string) (demoop.Client, bool) {
			return demoop.Client{Redirect: func(string) bool { return true }}, true
		},
	})
	return err
}

func (s *signOnBench) connect() error {
	settings, err := s.idp.Settings()
	if err != nil {
		return err
	}
	settings.RequireEncrypted = true
	s.saml = s.connection(auth.ProtocolSAML, settings)
	s.oidc = s.connection(auth.ProtocolOIDC, oidc.Settings{Issuer: "http://oidc.localhost", ClientID: "bench", AuthMethod: oidc.AuthNone})
	err = s.app.store.InTenant(s.ctx, func(ctx context.Context) error {
		return errors.Join(s.app.store.SeedPolicies(ctx), s.app.store.InsertConnection(ctx, s.saml), s.app.store.InsertConnection(ctx, s.oidc))
	})
	if err != nil {
		return err
	}
	metadata, err := s.service.SAMLMetadata(s.ctx, uid.Nil)
	if err != nil {
		return err
	}
	return s.idp.Register(metadata)
}

func (s *signOnBench) connection(kind auth.Protocol, settings any) signon.Connection {
	raw, err := json.Marshal(settings)
	if err != nil {
		panic(err) // unreachable: the settings are structs of ours
	}
	now := s.app.now()
	c := signon.Connection{
		ID: uid.New(), Kind: kind, Product: signon.ProductOther, Name: string(kind), Status: signon.StatusOn, Settings: raw, Revision: 1, CreatedAt: now, UpdatedAt: now,
	}
	// Each protocol has accounts of its own: the second would ask everybody to prove the first one's.
	c.Mapping.V = auth.Mapping{{Field: auth.FieldEmail, From: []string{string(kind) + ".{email}", string(kind) + ".{mail}"}}, {Field: auth.FieldName, From: []string{"name", "displayName"}}, {Field: auth.FieldGroups, From: []string{"groups"}}}
	c.RoleRules.V = auth.RoleRules{Rules: []auth.RoleRule{{Group: "Trainers", Role: policy.Instructor}}, Default: policy.Learner}
	c.Admission.V = signon.Admission{AllowJIT: true, AllowUnverifiedDomains: true, SingleLogout: true}
	return c
}

// prepareSAML begins a sign-in and has the identity provider answer.
func (s *signOnBench) prepareSAML(person int) (prepared, error) {
	browser, _ := uid.Secret()
	d, err := s.service.Begin(s.ctx, s.saml.ID, signon.Start{Browser: browser})
	if err != nil {
		return nil, err
	}
	posted, err := s.idp.Respond(s.ctx, demoidp.Reply{Person: signOnPerson(person), Request: saml.Message{Binding: saml.BindingRedirect, URL: d.URL}})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		secret, err := s.service.AcceptSAML(ctx, s.saml.ID, signon.SAMLResponse{Response: posted.SAMLResponse, RelayState: posted.RelayState})
		if err != nil {
			return err
		}
		_, a, err := s.service.Finish(ctx, secret, browser, false, auth.Client{})
		return arrived(a, err)
	}, nil
}

// prepareOIDC begins a sign-in and has the provider answer.
func (s *signOnBench) prepareOIDC(person int) (prepared, error) {
	browser, _ := uid.Secret()
	d, err := s.service.Begin(s.ctx, s.oidc.ID, signon.Start{Browser: browser})
	if err != nil {
		return nil, err
	}
	back, err := s.op.SignIn(s.ctx, d.URL, signOnPerson(person))
	if err != nil {
		return nil, err
	}
	_, query, _ := strings.Cut(back, "?")
	q, err := url.ParseQuery(query)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return arrived(s.service.AnswerOIDC(ctx, q, browser, auth.Client{})) }, nil
}

func arrived(a signon.Arrival, err error) error {
	if err == nil && (a.SignedIn == nil || a.SignedIn.Secret == "") {
		err = errors.New("the sign-in ended without a session")
	}
	return err
}
