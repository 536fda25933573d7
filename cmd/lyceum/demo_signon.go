package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"lyceum/auth"
	"lyceum/auth/oidc"
	"lyceum/auth/oidc/demoop"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/saml/demoidp"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// The demo plays both sides of corporate sign-on: a SAML identity provider for Acme and an OpenID provider for Globex, on
// the platform's host, each clearly marked. They are the real thing on the wire; only their people need no password.

// Where the played providers stand.
const (
	playedSAML = "/dev/saml"
	playedOIDC = "/dev/oidc"
)

// played is the identity providers that the demo plays.
type played struct {
	saml *demoidp.IdP
	oidc *demoop.Provider
	kept playedKeys

	mu          sync.Mutex
	backChannel string // where Globex hears of logouts
}

// playedKeys is what must be the same at the next start: connections trust it.
type playedKeys struct {
	SAML   saml.Key `json:"saml"`
	Secret string   `json:"secret"` // of Globex at its OpenID provider
}

// handlers are the providers by their paths.
func (p *played) handlers() map[string]http.Handler {
	return map[string]http.Handler{playedSAML: p.saml, playedOIDC: p.oidc}
}

// newPlayed makes the providers with the keys of an earlier start.
func (a *app) newPlayed(dir string) (p *played, err error) {
	p = &played{}
	base := a.hosts.PlatformURL()
	if p.kept, err = loadPlayedKeys(filepath.Join(dir, "demo-idp.json"), base+playedSAML+"/metadata", a.now()); err != nil {
		return nil, err
	}
	p.saml, err = demoidp.New(demoidp.Options{
		BaseURL: base + playedSAML, Key: p.kept.SAML, Now: a.now, HostSuffix: a.hosts.Base, Fetch: a.fetch,
		People: []demoidp.Person{
			{Email: "nora.neumann@acme.example", Name: "Nora Neumann", Given: "Nora", Family: "Neumann", Department: "Assembly", Groups: []string{"Staff"}},
			{Email: "tom.becker@acme.example", Name: "Tom Becker", Given: "Tom", Family: "Becker", Department: "Assembly", Groups: []string{"Staff", "Team leads"}},
			{Email: "learner@acme.example", Name: demoNames("acme")[3], Department: "Logistics", Groups: []string{"Staff"}},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("the demo's SAML provider: %w", err)
	}
	portal := a.hosts.PortalURL(tenant.Tenant{Slug: "globex"})
	ours := func(address string) bool { return strings.HasPrefix(address, portal+"/") }
	p.oidc, err = demoop.New(demoop.Options{
		BaseURL: base + playedOIDC, Now: a.now, HTTP: a.http, Organization: "Globex Health",
		People: []demoop.Person{
			{Email: "ines.moreau@globex.example", EmailVerified: true, Name: "Inès Moreau", Given: "Inès", Family: "Moreau", Department: "Ward 3", Groups: []string{"Staff"}},
			{Email: "omar.haddad@globex.example", EmailVerified: true, Name: "Omar Haddad", Given: "Omar", Family: "Haddad", Department: "Training", Groups: []string{"Staff", "Trainers"}},
			{Email: "learner@globex.example", EmailVerified: true, Name: demoNames("globex")[3], Department: "Ward 1", Groups: []string{"Staff"}},
		},
		Client: func(_ context.Context, id string) (demoop.Client, bool) {
			p.mu.Lock()
			defer p.mu.Unlock()
			return demoop.Client{Name: "Globex Health", Secret: p.kept.Secret, Redirect: ours, LogoutRedirect: ours, BackChannelLogout: p.backChannel}, id == "globex"
		},
	})
	if err != nil {
		return nil, fmt.Errorf("the demo's OpenID provider: %w", err)
	}
	return p, nil
}

// fetch gets a document for the played SAML provider: a portal's metadata.
func (a *app) fetch(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := a.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", address, res.Status)
	}
	return io.ReadAll(res.Body)
}

func loadPlayedKeys(file, entityID string, now time.Time) (k playedKeys, err error) {
	raw, err := os.ReadFile(file)
	if err == nil {
		return k, json.Unmarshal(raw, &k)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return k, fmt.Errorf("keys of the demo's providers: %w", err)
	}
	if k.SAML, err = saml.NewKey(entityID, now, 3*365*24*time.Hour); err != nil {
		return k, err
	}
	k.Secret, _ = uid.Secret()
	if raw, err = json.Marshal(k); err != nil { //nolint:gosec // the demo's own, in a file for its owner alone
		return k, err
	}
	if err := os.WriteFile(file+".part", raw, 0o600); err != nil {
		return k, fmt.Errorf("keys of the demo's providers: %w", err)
	}
	return k, os.Rename(file+".part", file)
}

// playedDNS answers for the demo's e-mail domains, which no DNS knows; everything else is the machine's resolver's.
type playedDNS struct {
	mu      sync.Mutex
	records map[string]string
}

// LookupTXT gives the record of a demo's domain.
func (d *playedDNS) LookupTXT(ctx context.Context, name string) ([]string, error) {
	d.mu.Lock()
	value, ok := d.records[strings.TrimSuffix(name, ".")]
	d.mu.Unlock()
	if ok {
		return []string{value}, nil
	}
	if strings.HasSuffix(strings.TrimSuffix(name, "."), ".example") {
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	return net.DefaultResolver.LookupTXT(ctx, name)
}

// LookupNetIP gives no address for a name of the demo's.
func (d *playedDNS) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if strings.HasSuffix(strings.TrimSuffix(host, "."), ".example") {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return net.DefaultResolver.LookupNetIP(ctx, network, host)
}

func (d *playedDNS) publish(name, value string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.records[name] = value
}

// demoSignOn proves the organization's e-mail domain and connects its played provider, once; what a visitor changed since
// stays, but the addresses follow the demo's own.
func (a *app) demoSignOn(ctx context.Context, o organization) error {
	if err := a.demoDomain(ctx, o.domain); err != nil {
		return err
	}
	in := signon.ConnectionInput{Name: o.account()}
	rules := auth.RoleRules{Default: policy.Learner}
	var settings any
	var err error
	switch o.slug {
	case "acme":
		in.Kind = auth.ProtocolSAML
		settings, err = a.played.saml.Settings()
		rules.Rules = []auth.RoleRule{{Group: "Team leads", Role: policy.Manager}}
	default:
		in.Kind, in.Secret = auth.ProtocolOIDC, a.played.kept.Secret
		settings = oidc.Settings{Issuer: a.hosts.PlatformURL() + playedOIDC, ClientID: o.slug, AuthMethod: oidc.AuthBasic, Scopes: []string{"openid", "email", "profile", "groups"}}
		rules.Rules = []auth.RoleRule{{Group: "Trainers", Role: policy.Instructor}}
	}
	if err != nil {
		return err
	}
	raw, err := json.Marshal(settings)
	if err != nil {
		return err
	}
	in.Settings = signon.Raw(raw)
	c, err := a.demoConnection(ctx, in, rules)
	if err == nil && in.Kind == auth.ProtocolOIDC {
		a.played.mu.Lock()
		a.played.backChannel = a.signon.Addresses(ctx, c.ID).BackChannel
		a.played.mu.Unlock()
	}
	return err
}

func (a *app) demoDomain(ctx context.Context, name string) error {
	d, err := a.signon.Domain(ctx, name)
	if errors.Is(err, signon.ErrDomainNotFound) {
		d, err = a.signon.AddDomain(ctx, name)
	}
	if err != nil {
		return err
	}
	a.dns.publish(d.RecordName(), d.RecordValue())
	if d.Verified() {
		return nil
	}
	_, err = a.signon.VerifyDomain(ctx, name)
	return err
}

func (a *app) demoConnection(ctx context.Context, in signon.ConnectionInput, rules auth.RoleRules) (c signon.Connection, err error) {
	all, err := a.signon.Connections(ctx)
	if err != nil {
		return c, err
	}
	if i := slices.IndexFunc(all, func(c signon.Connection) bool { return c.Name == in.Name && c.Kind == in.Kind }); i >= 0 {
		change := signon.Change{Settings: in.Settings}
		c, err = a.signon.ChangeConnection(ctx, all[i].ID, all[i].Revision, change)
		if errors.Is(err, signon.ErrSecretAgain) { // the demo moved to another address
			change.Secret = &in.Secret
			c, err = a.signon.ChangeConnection(ctx, all[i].ID, all[i].Revision, change)
		}
		return c, err
	}
	if c, err = a.signon.CreateConnection(ctx, in); err != nil {
		return c, err
	}
	if c, err = a.signon.ChangeConnection(ctx, c.ID, c.Revision, signon.Change{Rules: &rules}); err != nil {
		return c, err
	}
	on, err := a.signon.SetStatus(ctx, c.ID, c.Revision, signon.StatusOn)
	return on.Connection, err
}
