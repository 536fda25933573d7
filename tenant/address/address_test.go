package address_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
	"lyceum/tenant"
	"lyceum/tenant/address"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var hosts = tenant.Hosts{Base: "lyceum.example", Platform: "lyceum.example", Scheme: "https"}

func TestADomainThatCanBeNobodysPortalIsRefusedByName(t *testing.T) {
	t.Parallel()
	for wished, part := range map[string]string{
		"https://learn.acme.com":         "without https://",
		"learn.acme.com/path":            "without https://",
		"me@acme.com":                    "without https://",
		"*.acme.com":                     "stands for many",
		"192.0.2.7":                      "IP address",
		"[2001:db8::7]":                  "IP address",
		"2001:db8::7":                    "IP address",
		"10.1":                           "IP address",
		"learn.acme.com:8443":            "without a port",
		"acme":                           "Enter a domain",
		"":                               "Enter a domain",
		"-x.acme.com":                    "Enter a domain",
		"a_b.acme.com":                   "Enter a domain",
		"xn--a.acme.com":                 "Enter a domain",
		"acme.lyceum.example":            "belongs to the platform",
		"x.acme.lyceum.example.":         "belongs to the platform",
		"lyceum.example":                 "belongs to the platform",
		"LYCEUM.example":                 "belongs to the platform",
		"portal.localhost":               "never seen on the internet",
		"portal.internal":                "never seen on the internet",
		"co.uk":                          "anyone may register",
		"github.io":                      "anyone may register",
		"acme.lyсeum.example":            "several scripts", // a Cyrillic с
		"lýceum.example":                 "easily taken",
		"1yceum.example":                 "easily taken",
		"acme.lyceurn.example":           "easily taken",
		strings.Repeat("a", 64) + ".com": "Enter a domain",
	} {
		host, err := address.Check(wished, hosts)
		if f := fault.Of(err); err == nil || f.Kind != fault.KindInvalid || !strings.Contains(f.Fields["domain"], part) {
			t.Errorf("%q: %q, %v does not say %q", wished, host, err, part)
		}
	}
	for wished, want := range map[string]string{
		"Learn.ACME.com.": "learn.acme.com", " acme.com ": "acme.com", "bücher.de": "xn--bcher-kva.de", "lernen.пример.com": "lernen.xn--e1afmkfd.com",
	} {
		if host, err := address.Check(wished, hosts); err != nil || host != want {
			t.Errorf("%q: %q, %v", wished, host, err)
		}
	}
}

func TestALookAlikeOfAPlatformNameIsReserved(t *testing.T) {
	t.Parallel()
	for _, slug := range []string{"lyceum", "adrnin", "l0gin"} {
		if tenant.CheckSlug(slug) == "" {
			t.Errorf("%q may be taken", slug)
		}
	}
}

// dns is a DNS that a test writes.
type dns struct {
	texts, addresses map[string]string
	away             bool
}

func (d *dns) LookupTXT(_ context.Context, name string) ([]string, error) {
	if d.away {
		return nil, &net.DNSError{Err: "server misbehaving", Name: name, IsTemporary: true}
	}
	if v := d.texts[strings.TrimSuffix(name, ".")]; v != "" {
		return []string{v}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (d *dns) LookupNetIP(_ context.Context, _, host string) (list []netip.Addr, err error) {
	if d.away {
		return nil, &net.DNSError{Err: "server misbehaving", Name: host, IsTemporary: true}
	}
	for _, v := range strings.Fields(d.addresses[strings.TrimSuffix(host, ".")]) {
		list = append(list, netip.MustParseAddr(v))
	}
	if len(list) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return list, nil
}

type house struct {
	w    *storetest.World
	s    *address.Service
	dns  *dns
	acme context.Context
	them context.Context
	name string // a domain that is nobody's
}

func setup(t *testing.T) *house {
	t.Helper()
	w := storetest.New(t)
	h := &house{w: w, dns: &dns{texts: map[string]string{}, addresses: map[string]string{hosts.Platform: "192.0.2.7"}}, name: "learn." + strings.ToLower(uid.Opaque(8)) + ".com"}
	h.acme, h.them = w.Tenant(t), w.Tenant(t)
	h.s = address.New(address.Options{Keep: w.Store, Hosts: hosts, Resolver: h.dns, Now: w.Now.Now, Log: slog.New(slog.DiscardHandler)})
	return h
}

func (h *house) records(d address.Domain, to string) {
	h.dns.texts[d.RecordName()], h.dns.addresses[d.Host] = d.RecordValue(), to
}

func (h *house) live(t *testing.T, ctx context.Context) address.Domain {
	t.Helper()
	d, err := h.s.Add(ctx, h.name)
	if err != nil {
		t.Fatal(err)
	}
	h.records(d, "192.0.2.7")
	if d, err = h.s.Check(ctx, h.name); err != nil || d.State() != address.StateLive {
		t.Fatalf("%s, %v", d.State(), err)
	}
	return d
}

func TestADomainBelongsToWhoProvesItFirst(t *testing.T) {
	t.Parallel()
	h := setup(t)
	theirs, err := h.s.Add(h.them, h.name)
	if err != nil {
		t.Fatal(err)
	}
	h.live(t, h.acme)
	h.records(theirs, "192.0.2.7")
	if _, err := h.s.Check(h.them, h.name); !errors.Is(err, address.ErrElsewhere) {
		t.Errorf("another's domain: %v", err)
	}
	if got, err := h.w.Store.TenantByDomain(t.Context(), h.name); err != nil || got.ID != mine(h.acme).ID {
		t.Errorf("it leads to %s, %v", got.Slug, err)
	}
	if err := h.s.Remove(h.acme, h.name); err != nil {
		t.Fatal(err)
	}
	if _, err := h.w.Store.TenantByDomain(t.Context(), h.name); !errors.Is(err, tenant.ErrNotFound) {
		t.Errorf("a removed domain leads somewhere without a new proof: %v", err)
	}
}

func mine(ctx context.Context) tenant.Tenant { t, _ := tenant.From(ctx); return t }

func TestWhatTheDNSSaysDecidesTheState(t *testing.T) {
	t.Parallel()
	h := setup(t)
	d, err := h.s.Add(h.acme, h.name)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text, to string
		want     error
		problem  address.Problem
	}{
		{"", "192.0.2.7", address.ErrUnproven, address.ProblemRecord},
		{d.RecordValue(), "", address.ErrNotPointing, address.ProblemNoAddress},
		{d.RecordValue(), "198.51.100.1", address.ErrNotPointing, address.ProblemElsewhere},
		{d.RecordValue(), "192.0.2.7 198.51.100.1", address.ErrNotPointing, address.ProblemPartly},
		{`"` + d.RecordValue() + `"`, "192.0.2.7", nil, address.ProblemNone},
	} {
		h.dns.texts[d.RecordName()], h.dns.addresses[d.Host] = c.text, c.to
		got, err := h.s.Check(h.acme, h.name)
		if !errors.Is(err, c.want) || got.Problem != c.problem {
			t.Errorf("%q %q: %v %q, want %v %q", c.text, c.to, err, got.Problem, c.want, c.problem)
		}
	}
	h.dns.away = true
	if _, err := h.s.Check(h.acme, h.name); !errors.Is(err, address.ErrDNS) {
		t.Errorf("a DNS that does not answer: %v", err)
	}
}

func TestADomainWhoseRecordsGoIsWarnedOfAndSwitchedOffAfter14Days(t *testing.T) {
	t.Parallel()
	h := setup(t)
	d := h.live(t, h.acme)
	if _, err := h.s.MakePrimary(h.acme, h.name); err != nil {
		t.Fatal(err)
	}
	delete(h.dns.addresses, d.Host) // a dangling CNAME
	look := func(after time.Duration) (address.Domain, tenant.Tenant) {
		t.Helper()
		h.w.Now.Advance(after)
		if err := h.s.CheckDue(h.acme); err != nil {
			t.Fatal(err)
		}
		v, err := h.s.View(h.acme)
		if err != nil || len(v.Domains) != 1 {
			t.Fatalf("%d domains, %v", len(v.Domains), err)
		}
		return v.Domains[0], v.Tenant
	}
	if got, _ := look(24 * time.Hour); got.State() != address.StateWarned {
		t.Fatalf("after a day: %s", got.State())
	}
	if got, tn := look(13 * 24 * time.Hour); got.State() != address.StateWarned || tn.PrimaryHost != h.name {
		t.Fatalf("after 13 days: %s", got.State())
	}
	got, tn := look(2 * 24 * time.Hour)
	if got.State() != address.StateOff || tn.PrimaryHost != "" {
		t.Fatalf("after 15 days: %s, shown at %q", got.State(), tn.PrimaryHost)
	}
	if _, err := h.w.Store.TenantByDomain(t.Context(), h.name); !errors.Is(err, tenant.ErrNotFound) {
		t.Errorf("a domain that is off leads somewhere: %v", err)
	}
	for typ, want := range map[string]int{"address.domain_warned": 1, "address.domain_lost": 1} {
		var n int
		err := h.w.Admin.QueryRow(t.Context(), "select count(*) from "+mine(h.acme).SchemaName+".events where type = $1", typ).Scan(&n)
		if err != nil || n != want {
			t.Errorf("%d of %s, want %d (%v)", n, typ, want, err)
		}
	}
}

func TestARenamedTenantKeepsItsOldNameAndIdentityProvidersItsFirst(t *testing.T) {
	t.Parallel()
	h := setup(t)
	was, fresh := mine(h.acme), "n"+strings.ToLower(uid.Opaque(10))
	t1, err := h.s.Rename(h.acme, fresh)
	if err != nil || t1.Slug != fresh || t1.SignOnSlug != was.Slug {
		t.Fatalf("%+v, %v", t1, err)
	}
	if got, err := h.w.Store.TenantBySlug(t.Context(), was.Slug); err != nil || got.ID != was.ID || got.Slug != fresh {
		t.Errorf("the old name leads to %s, %v", got.Slug, err)
	}
	if _, err := h.s.Rename(h.them, was.Slug); fault.Of(err).Code != tenant.ErrSlugTaken.Code {
		t.Errorf("another takes the old name: %v", err)
	}
	if _, err := h.s.Rename(h.acme, was.Slug); err != nil {
		t.Errorf("back to the old name: %v", err)
	}
	if got := hosts.SignOnURL(t1); got != "https://"+was.Slug+".lyceum.example" {
		t.Errorf("identity providers know %s", got)
	}
	for _, bad := range []string{"admin", "adrnin", "ab", "xn--80ak6aa92e", "a.b", "Ü"} {
		if _, err := h.s.Rename(h.acme, bad); fault.Of(err).Kind != fault.KindInvalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestANameAlikeAnothersIsRefused(t *testing.T) {
	t.Parallel()
	h := setup(t)
	name := "corn" + strings.NewReplacer("0", "a", "1", "b").Replace(strings.ToLower(uid.Opaque(8)))
	if _, err := h.s.Rename(h.acme, name); err != nil {
		t.Fatal(err)
	}
	if _, err := h.s.Rename(h.them, strings.Replace(name, "rn", "m", 1)); fault.Of(err).Code != tenant.ErrLookAlike.Code {
		t.Errorf("a look-alike: %v", err)
	}
}

// away is a database that does not answer.
type away struct{}

var errAway = errors.New("connection refused")

func (away) TenantBySlug(context.Context, string) (tenant.Tenant, error) {
	return tenant.Tenant{}, errAway
}
func (away) TenantByDomain(context.Context, string) (tenant.Tenant, error) {
	return tenant.Tenant{}, errAway
}
func (away) OrderACME(context.Context, string, uid.ID, time.Time, time.Time, int, int) (bool, error) {
	return false, errAway
}

func TestTheGateFailsClosed(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.live(t, h.acme)
	g := address.Gate{Directory: tenant.NewDirectory(hosts, h.w.Store, 1, h.w.Now.Now), Orders: h.w.Store, Now: h.w.Now.Now}
	for _, host := range []string{h.name, "lyceum.example", mine(h.acme).Slug + ".lyceum.example"} {
		if err := g.Ask(t.Context(), host); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, host := range []string{"", "unknown.example.com", "nobody-here.lyceum.example", "www.lyceum.example", "a.b.lyceum.example", "192.0.2.7", strings.ToUpper(h.name), h.name + ".", h.name + ":443", "*.lyceum.example"} {
		if err := g.Ask(t.Context(), host); err == nil {
			t.Errorf("%q may have a certificate", host)
		}
	}
	ordered := 0
	for range 50 {
		err := g.Order(t.Context(), h.name)
		if errors.Is(err, address.ErrOrders) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		ordered++
	}
	if ordered == 0 || ordered > 20 {
		t.Errorf("%d certificates for one tenant in an hour", ordered)
	}
	fresh := address.Gate{Directory: tenant.NewDirectory(hosts, away{}, 1, h.w.Now.Now), Orders: away{}, Now: h.w.Now.Now}
	if err := fresh.Ask(t.Context(), h.name); err == nil || errors.Is(err, address.ErrNoCertificate) {
		t.Errorf("the gate while the database is away: %v", err)
	}
	g.Orders = away{}
	if err := g.Order(t.Context(), h.name); !errors.Is(err, errAway) {
		t.Error("orders are taken while the database is away")
	}
}

func TestADeletedTenantLeavesNoDomainAndNoCertificate(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.live(t, h.acme)
	name := "certificates/ca/" + h.name + "/" + h.name + ".key"
	if err := h.w.Store.PutACME(t.Context(), name, []byte("sealed"), h.w.Now.Now()); err != nil {
		t.Fatal(err)
	}
	for range 2 { // it may be called again
		if err := h.s.RemoveAll(t.Context(), mine(h.acme)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.w.Store.ACME(t.Context(), name); err == nil {
		t.Error("a private key is left")
	}
	if _, err := h.w.Store.TenantByDomain(t.Context(), h.name); !errors.Is(err, tenant.ErrNotFound) {
		t.Errorf("the domain is left: %v", err)
	}
}
