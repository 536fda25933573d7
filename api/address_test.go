package api_test

import (
	"context"
	"net"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"lyceum/auth/policy"
	"lyceum/tenant/address"
)

// playedDNS is a DNS that a test writes.
type playedDNS struct {
	mu        sync.Mutex
	texts     map[string]string
	addresses map[string]string
}

func (d *playedDNS) set(texts, addresses map[string]string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, v := range texts {
		d.texts[name] = v
	}
	for name, v := range addresses {
		d.addresses[name] = v
	}
}

func (d *playedDNS) LookupTXT(_ context.Context, name string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if v := d.texts[strings.TrimSuffix(name, ".")]; v != "" {
		return []string{v}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (d *playedDNS) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if v := d.addresses[strings.TrimSuffix(host, ".")]; v != "" {
		return []netip.Addr{netip.MustParseAddr(v)}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

// atHost sends a request to a host.
func (h *house) atHost(method, host, path string) (status int, location string) {
	h.t.Helper()
	req := httptest.NewRequest(method, path, nil)
	req.Host = host
	a := h.browser(host).do(req)
	return a.StatusCode, a.Header.Get("Location")
}

// prove puts a domain's records into the DNS.
func (h *house) prove(d address.Domain) {
	h.dns.set(map[string]string{d.RecordName(): d.RecordValue()}, map[string]string{d.Host: "192.0.2.7"})
}

func TestEveryOldAddressOfARenamedPortalLeadsToTheNewOne(t *testing.T) {
	t.Parallel()
	h := setup(t)
	was := h.tenant.Slug
	owner := h.as(h.person(policy.Owner))
	owner.get("/settings/address").is(200)
	owner.post("/settings/address/name", "slug", "acrobats").is(200).says("http://acrobats.localhost:8080/settings/address")
	h.o.Directory.Drop(h.tenant.ID) // what an announcement does in every process
	old := was + ".localhost:8080"
	for _, path := range []string{"/verify/ABCD-1234?x=1&y=%2F", "/courses/fire-safety", "/calendar/feed/abc.ics", "/sso/oidc/callback?code=1&state=2", "/a//b"} {
		if status, to := h.atHost("GET", old, path); status != 308 || to != "http://acrobats.localhost:8080"+path {
			t.Errorf("%s: %d to %q", path, status, to)
		}
		if status, to := h.atHost("GET", "acrobats.localhost:8080", path); status == 308 {
			t.Errorf("%s goes round to %q", path, to)
		}
	}
	for _, path := range []string{"/api/v1/me", "/sso/saml/metadata"} {
		if status, _ := h.atHost("GET", old, path); status == 308 {
			t.Errorf("%s is not answered at the old address", path)
		}
	}
	if status, to := h.atHost("POST", old, "/sso/saml/"+h.tenant.ID.String()+"/acs"); status == 308 {
		t.Errorf("the old assertion consumer service: %d to %q", status, to)
	}
}

func TestADomainIsProvenShownAndTakenAway(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner := h.as(h.person(policy.Owner))
	owner.get("/settings/address").is(200)
	host := "learn." + h.tenant.Slug + ".io"
	owner.post("/settings/address/domains", "domain", "https://"+host+"/x").is(422)
	owner.post("/settings/address/domains", "domain", strings.ToUpper(host)+".")
	page := "/settings/address/domains/" + host
	owner.get(page).is(200).says("_lyceum-portal."+host, "CNAME", "lyceum.localhost")
	owner.post(page + "/check").is(409).says("not in the DNS yet")
	if status, _ := h.atHost("GET", host, "/signin"); status != 404 {
		t.Errorf("a domain that is not proven answers %d", status)
	}
	d, err := h.o.Addresses.ForOperators().Domain(h.ctx, host)
	if err != nil {
		t.Fatal(err)
	}
	h.prove(d)
	owner.post(page + "/check")
	h.o.Directory.Drop(h.tenant.ID)
	if status, to := h.atHost("GET", host, "/signin"); status != 308 || to != "http://"+h.tenant.Slug+".localhost:8080/signin" {
		t.Errorf("a domain that is not the primary one: %d to %q", status, to)
	}
	owner.post(page + "/primary").is(200).says("http://" + host + ":8080/settings/address")
	h.o.Directory.Drop(h.tenant.ID)
	if status, to := h.atHost("GET", h.tenant.Slug+".localhost", "/courses/x?y=z"); status != 308 || to != "http://"+host+":8080/courses/x?y=z" {
		t.Errorf("the subdomain: %d to %q", status, to)
	}
	if status, _ := h.atHost("GET", host, "/signin"); status != 200 {
		t.Errorf("the primary domain answers %d", status)
	}
	if err := h.o.Addresses.ForOperators().Remove(h.ctx, host); err != nil {
		t.Fatal(err)
	}
	h.o.Directory.Drop(h.tenant.ID)
	if status, _ := h.atHost("GET", host, "/signin"); status != 404 {
		t.Errorf("a removed domain answers %d", status)
	}
	if status, _ := h.atHost("GET", h.tenant.Slug+".localhost", "/signin"); status != 200 {
		t.Errorf("the subdomain then answers %d", status)
	}
}

func TestOnlyOwnersChangeThePortalsAddress(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin := h.as(h.person(policy.Admin))
	admin.get("/settings/address").is(403)
	admin.get("/account").is(200)
	admin.post("/settings/address/name", "slug", "acrobats").is(403)
	admin.post("/settings/address/domains", "domain", "learn.acme.io").is(403)
}
