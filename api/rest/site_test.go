package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/api/rest"
	"lyceum/api/route"
	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/auth/audit"
	"lyceum/auth/bulk"
	"lyceum/auth/group"
	"lyceum/auth/hrsync"
	"lyceum/auth/ldap"
	"lyceum/auth/ldapsync"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/auth/privacy"
	"lyceum/auth/privacy/access"
	"lyceum/auth/privacy/hold"
	"lyceum/auth/privacy/retention"
	"lyceum/auth/scim"
	"lyceum/auth/signon"
	"lyceum/auth/support"
	"lyceum/billing"
	"lyceum/billing/subscription"
	"lyceum/internal/blob"
	"lyceum/internal/event"
	"lyceum/internal/outbound"
	"lyceum/internal/page"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/assignment"
	"lyceum/learning/badge"
	"lyceum/learning/bank"
	"lyceum/learning/calendar"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/learning/content"
	"lyceum/learning/dashboard"
	"lyceum/learning/desk"
	"lyceum/learning/duty"
	"lyceum/learning/enrolment"
	"lyceum/learning/exchange"
	"lyceum/learning/gradebook"
	"lyceum/learning/home"
	"lyceum/learning/intake"
	"lyceum/learning/notice"
	"lyceum/learning/onboarding"
	"lyceum/learning/path"
	"lyceum/learning/push"
	"lyceum/learning/reminder"
	"lyceum/learning/report"
	"lyceum/learning/report/builder"
	proof "lyceum/learning/report/evidence"
	"lyceum/learning/report/export"
	"lyceum/learning/report/schedule"
	"lyceum/learning/search"
	"lyceum/learning/starter"
	"lyceum/learning/team"
	"lyceum/learning/transcript"
	"lyceum/store"
	"lyceum/store/storetest"
	"lyceum/tenant"
	"lyceum/tenant/address"
	"lyceum/tenant/leaving"
	"lyceum/tenant/status"
	"lyceum/tenant/takeout"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// site is the operations over the real store, in one tenant. What the middleware of api does is done by a few lines
// here: the tenant, and a session for whoever the test says.
type site struct {
	*storetest.World
	app      *fiber.App
	ctx      context.Context // in the tenant, nobody signed in
	services rest.Services
	routes   []route.Route
	log      *bytes.Buffer

	mu     sync.Mutex
	people map[string]context.Context
}

const asHeader = "X-Test-As"

func newSite(t testing.TB) *site { return newSiteIn(t, storetest.New(t)) }

func newSiteIn(t testing.TB, w *storetest.World) *site {
	t.Helper()
	s := &site{World: w, ctx: w.Tenant(t), people: map[string]context.Context{}, log: &bytes.Buffer{}}
	now := w.Now.Clock()
	if err := w.Store.InTenant(s.ctx, func(ctx context.Context) error {
		return w.Store.SeedTenant(ctx, tenant.DefaultBrand(s.tenant().Name), now())
	}); err != nil {
		t.Fatal(err)
	}
	s.services = rest.Services{
		Auth: auth.New(auth.Options{
			Keep: w.Store, Policy: policy.NewEngine(w.Store, now), Now: now, Guess: freely{}, Seal: sealKey(t),
			Cost: auth.PasswordCost{MemoryKiB: 64, Iterations: 1, Parallelism: 1},
		}),
		Catalog:       catalog.New(catalog.Options{Keep: w.Store, Now: now}),
		Enrolment:     enrolment.New(enrolment.Options{Keep: w.Store, Now: now}),
		Content:       content.New(content.Options{Keep: w.Store, Blobs: blobs(t), Seal: sealKey(t), Now: now}),
		Badges:        badge.New(badge.Options{Keep: w.Store, Seal: sealKey(t), Now: now}),
		Certificates:  certificate.New(certificate.Options{Keep: w.Store, Now: now}),
		Banks:         bank.New(bank.Options{Keep: w.Store, Now: now}),
		Home:          home.New(w.Store, now),
		Notices:       notice.New(notice.Options{Keep: w.Store, Announce: w.Store, Now: now}),
		Calendar:      calendar.New(calendar.Options{Keep: w.Store, Now: now, Sources: []calendar.Source{store.DueDates{Store: w.Store}}}),
		Transcripts:   transcript.New(w.Store, now),
		Desk:          desk.New(w.Store, now),
		Grades:        gradebook.New(w.Store, now),
		Duties:        duty.New(w.Store, enrolment.New(enrolment.Options{Keep: w.Store, Now: now}), nil, now),
		Compliance:    report.New(w.Store, now),
		Built:         builder.New(w.Store, now),
		Dashboards:    dashboard.New(w.Store, report.New(w.Store, now), now),
		Reminders:     reminder.New(w.Store, notice.New(notice.Options{Keep: w.Store, Announce: w.Store, Now: now}), now),
		Team:          team.New(w.Store, enrolment.New(enrolment.Options{Keep: w.Store, Now: now}), now),
		Org:           org.New(w.Store, now),
		Billing:       billing.New(w.Store, now),
		Subscriptions: subscription.New(subscription.Options{Keep: w.Store, Now: now}),
		Brands:        tenant.NewBrands(w.Store, now),
		Events:        eventLog{w},
		Audit:         audit.New(w.Store, w.Now.Clock()),
		Limit:         freely{},
		Rate:          rest.Rate{Requests: 100, Window: time.Minute},
		Hosts:         tenant.Hosts{Base: "example", Platform: "lyceum.example", Scheme: "https"},
		Now:           now,
		Status:        status.New(w.Store, now),
	}
	s.services.Tests = assessment.New(assessment.Options{Keep: w.Store, Questions: s.services.Banks, Lessons: assessment.LessonsOf(s.services.Enrolment), Now: now})
	s.services.Leaving = leaving.New(leaving.Options{
		Keep: w.Store, Tenants: tenant.New(tenant.Options{Keep: w.Store, Now: now}), People: func(ctx context.Context, id uid.ID) (p auth.Person, err error) {
			err = w.Store.InTenant(ctx, func(ctx context.Context) error { p, err = w.Store.PersonByID(ctx, id); return err })
			return p, err
		}, Seal: sealKey(t), Hosts: s.services.Hosts, Now: now, Log: slog.New(slog.DiscardHandler),
	})
	s.services.Push = push.New(push.Options{
		Keep: w.Store, Seal: sealKey(t), HTTP: http.DefaultClient, Contact: "mailto:desk@example.com", Quiet: s.services.Reminders.Quiet, Now: now,
		Words: func(context.Context, notice.Notice, string, string) (push.Words, error) {
			return push.Words{Title: "Here", Text: "News"}, nil
		},
	})
	s.services.Support = support.New(w.Store, s.services.Auth, now)
	s.services.Access = access.New(access.Options{Keep: w.Store, Blobs: blobs(t), Explain: func(context.Context, access.Readme) (string, error) { return "<p>", nil }, Now: now})
	s.services.Holds = hold.New(w.Store, now)
	s.services.Privacy = privacy.New(privacy.Options{Keep: w.Store, Auth: s.services.Auth, Files: s.services.Content, Copies: s.services.Access, Sign: s.services.Badges, Base: func(t tenant.Tenant) string { return s.services.Hosts.PortalURL(t) }, Now: now})
	s.services.Retention = retention.New(w.Store, s.services.Privacy, nil, now)
	s.services.Evidence = proof.New(proof.Options{Keep: w.Store, Blobs: blobs(t), Sign: s.services.Badges, Base: func(t tenant.Tenant) string { return s.services.Hosts.PortalURL(t) }, Now: now})
	s.services.Exports = export.New(export.Options{Keep: w.Store, Blobs: blobs(t), Built: s.services.Built, Matrix: s.services.Compliance, As: s.services.Auth.As, Brand: s.services.Brands.Get, Words: reportWords, Now: now})
	s.services.Schedules = schedule.New(schedule.Options{Keep: w.Store, Exports: s.services.Exports, Reports: s.services.Built, As: s.services.Auth.As, May: policy.NewEngine(w.Store, now).For, Send: func(context.Context, schedule.Mail) error { return nil }, Now: now})
	s.services.Takeouts = takeout.New(takeout.Options{Keep: w.Store, Blobs: blobs(t), Now: now})
	s.services.Addresses = address.New(address.Options{
		Keep: w.Store, Hosts: s.services.Hosts, Resolver: noDNS{}, Now: now, Log: slog.New(slog.DiscardHandler),
		May: func(ctx context.Context) error { return auth.Require(ctx, policy.AddressManage) },
	})
	s.services.Starter = &starter.Service{Catalog: s.services.Catalog, Content: s.services.Content}
	s.services.Onboarding = onboarding.New(w.Store, now)
	s.services.Exchange = exchange.New(exchange.Options{Keep: w.Store, Catalog: s.services.Catalog, Content: s.services.Content})
	key, err := seal.New(bytes.Repeat([]byte{2}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	s.services.LDAPSync = ldapsync.New(ldapsync.Options{
		Keep: w.Store, Auth: s.services.Auth, Policy: policy.NewEngine(w.Store, now), Seal: key, Now: now,
		LDAP: ldap.New(ldap.Options{AllowPrivate: true}), // by the machine's clock, as the certificates of tests' servers
	})
	s.services.Groups = group.New(w.Store, now)
	s.services.Search = search.New(search.Options{Keep: w.Store, Now: now})
	s.services.Duties = duty.New(w.Store, enrolment.New(enrolment.Options{Keep: w.Store, Now: now}), s.services.Auth, now)
	s.services.HR = hrsync.New(hrsync.Options{Keep: w.Store, Auth: s.services.Auth, Org: s.services.Org, Now: now})
	s.services.Bulk = bulk.New(bulk.Options{Keep: w.Store, Auth: s.services.Auth, Groups: s.services.Groups, Seal: sealKey(t), Now: now})
	s.services.Assignments = assignment.New(assignment.Options{Keep: w.Store, Enrolment: s.services.Enrolment, Files: s.services.Content, Now: now})
	s.services.Intakes = intake.New(w.Store, s.services.Enrolment, now)
	s.services.SCIM = scim.New(scim.Options{Keep: w.Store, Auth: s.services.Auth, Policy: policy.NewEngine(w.Store, now), Now: now})
	s.services.SignOn = signon.New(signon.Options{
		Keep: w.Store, Auth: s.services.Auth, Seal: sealKey(t), Hosts: s.services.Hosts, HTTP: outbound.Client(outbound.Options{AllowPrivate: true}), AllowPrivate: true, Now: now,
	})
	s.services.Paths = path.New(path.Options{Keep: w.Store, Enrolment: s.services.Enrolment, As: s.services.Auth.As, Now: now})
	s.services.Duties.Along(s.services.Paths)
	s.mount(t)
	return s
}

// noDNS knows no name.
type noDNS struct{}

func (noDNS) LookupTXT(_ context.Context, name string) ([]string, error) {
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (noDNS) LookupNetIP(_ context.Context, _, name string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func sealKey(t testing.TB) seal.Key {
	t.Helper()
	key, err := seal.New(bytes.Repeat([]byte{1}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// freely is a limiter that allows everything.
type freely struct{}

func (freely) Allow(string) (bool, time.Duration, int) { return true, 0, 99 }

// eventLog reads the log for those who may.
type eventLog struct{ w *storetest.World }

func (l eventLog) Read(ctx context.Context, f event.Filter) (out page.Of[event.Event], err error) {
	if err = auth.Require(ctx, policy.AuditRead); err != nil {
		return out, err
	}
	err = l.w.Store.InTenant(ctx, func(ctx context.Context) error {
		out, err = l.w.Store.Events(ctx, f)
		return err
	})
	return out, err
}

// mount serves the site's services.
func (s *site) mount(t testing.TB) {
	t.Helper()
	// Without the default date fasthttp keeps no goroutine for the time of day, which goleak would find.
	s.app = fiber.New(fiber.Config{Immutable: true, BodyLimit: 12 << 20, DisableStartupMessage: true, DisableDefaultDate: true})
	desk := &problem.Desk{Log: slog.New(slog.NewTextHandler(&locked{mu: &s.mu, w: s.log}, nil))}
	s.app.Use(func(c *fiber.Ctx) error {
		v := visit.Begin(c)
		v.ID, v.Scheme, v.Host, v.Client.IP = "request-1", "https", "acme.example", "192.0.2.1"
		problem.With(c, desk)
		c.SetUserContext(s.contextOf(c.Get(asHeader)))
		return c.Next()
	})
	var err error
	if s.routes, err = rest.Mount(s.app, s.services); err != nil {
		t.Fatal(err)
	}
}

func (s *site) contextOf(name string) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx, ok := s.people[name]; ok {
		return ctx
	}
	return s.ctx
}

// locked is a writer that many requests may use.
type locked struct {
	mu *sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// signedIn remembers a context in which someone asks, and gives what names it to call.
func (s *site) signedIn(ctx context.Context) who {
	p, _ := auth.PrincipalFrom(ctx)
	name := p.PersonID.String()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.people[name] = ctx
	return who{asHeader, name}
}

// person adds someone with these roles and signs them in.
func (s *site) person(t testing.TB, roles ...policy.Role) (who, auth.Person) {
	t.Helper()
	p := storetest.Person(t, s.ctx, s.World, roles...)
	return s.signedIn(storetest.As(t, s.ctx, s.World, p)), p
}

// who is a header that says who asks.
type who struct{ header, value string }

// stranger is nobody.
var stranger who

// withKey asks with an API key.
func withKey(secret string) who { return who{"Authorization", "Bearer " + secret} }

// answer is what came back.
type answer struct {
	*http.Response
	body []byte
}

// call sends a request. A body that is a string or bytes is sent as it is, anything else as JSON. Every answer is held
// against the document.
func (s *site) call(t testing.TB, as who, method, path string, body any, headers ...string) answer {
	t.Helper()
	var sent io.Reader
	mediaType := "application/json"
	switch b := body.(type) {
	case nil:
	case string:
		sent = strings.NewReader(b)
	case []byte:
		sent, mediaType = bytes.NewReader(b), "application/octet-stream"
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		sent = bytes.NewReader(raw)
	}
	if !strings.HasPrefix(path, "/api/") {
		path = "/api/v1" + path
	}
	req := httptest.NewRequest(method, path, sent)
	if sent != nil {
		req.Header.Set("Content-Type", mediaType)
	}
	if as != stranger {
		req.Header.Set(as.header, as.value)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Del(headers[i])
		if headers[i+1] != "" {
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	res, err := s.app.Test(req, -1)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{res, got}
	conforms(t, method, path, a)
	return a
}

// want fails unless the answer has this status.
func (a answer) want(t testing.TB, status int) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("status %d, want %d: %.1000q", a.StatusCode, status, a.body)
	}
	return a
}

// into reads the body.
func (a answer) into(t testing.TB, v any) answer {
	t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return a
}

// object reads the body as an object.
func (a answer) object(t testing.TB) (o object) {
	t.Helper()
	a.into(t, &o)
	return o
}

// object is JSON to look into.
type object map[string]any

// at gives what stands at a path of names and indices: items.0.id.
func (o object) at(path string) any {
	var v any = map[string]any(o)
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			i := int(name[0] - '0')
			if i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

func (o object) text(path string) string {
	s, _ := o.at(path).(string)
	return s
}

// failed fails unless the answer is a problem with this status and code, and gives its messages by field.
func (a answer) failed(t testing.TB, status int, code string) map[string]string {
	t.Helper()
	a.want(t, status)
	var d problem.Document
	a.into(t, &d)
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("content type %q", got)
	}
	if d.Status != status || d.Code != code || d.Title != http.StatusText(status) || d.Type != "about:blank" || d.Detail == "" || d.RequestID != "request-1" {
		t.Fatalf("problem %+v, want status %d and code %s", d, status, code)
	}
	fields := map[string]string{}
	for _, e := range d.Errors {
		fields[e.Field] = e.Message
	}
	return fields
}

// blobs is an object store in memory.
func blobs(t testing.TB) *blob.Store {
	t.Helper()
	b, err := blob.Open(t.Context(), "mem://")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func (s *site) tenant() tenant.Tenant {
	t, _ := tenant.From(s.ctx)
	return t
}
