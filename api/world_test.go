package api_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api"
	"lyceum/api/rest"
	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/act"
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
	"lyceum/billing/offer"
	"lyceum/billing/rating"
	"lyceum/billing/subscription"
	"lyceum/internal/blob"
	"lyceum/internal/blob/blobtest"
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
	standing "lyceum/learning/report"
	"lyceum/learning/report/builder"
	"lyceum/learning/report/evidence"
	"lyceum/learning/report/export"
	"lyceum/learning/report/schedule"
	"lyceum/learning/search"
	"lyceum/learning/starter"
	"lyceum/learning/team"
	"lyceum/learning/transcript"
	"lyceum/migrations"
	"lyceum/store"
	"lyceum/store/fleet"
	"lyceum/store/storetest"
	"lyceum/tenant"
	"lyceum/tenant/address"
	"lyceum/tenant/broadcast"
	"lyceum/tenant/flag"
	"lyceum/tenant/health"
	"lyceum/tenant/leaving"
	"lyceum/tenant/status"
	"lyceum/tenant/takeout"
	"lyceum/themes"
)

func TestMain(m *testing.M) {
	blobtest.Credentials()
	storetest.Main(m)
}

// allThemes are parsed once for all tests.
var allThemes = sync.OnceValues(func() (*themes.Set, error) { return themes.New(themes.Options{Dev: true}) })

var cheap = auth.PasswordCost{MemoryKiB: 64, Iterations: 1, Parallelism: 1}

const password = "correct horse battery"

// house is a server over the real store, with one tenant.
type house struct {
	dns     *playedDNS // what the DNS says about portals' own domains
	t       testing.TB
	w       *storetest.World
	o       api.Options
	srv     *api.Server
	tenant  tenant.Tenant
	host    string
	ctx     context.Context // in the tenant
	log     *book
	address string
}

const platformHost = "lyceum.localhost:8080"

// setup builds it; edit may change the options before the server is made.
func setup(t testing.TB, edit ...func(*house)) *house {
	t.Helper()
	w := storetest.New(t)
	now := w.Now.Clock()
	h := &house{t: t, w: w, log: &book{}}
	h.tenant = h.newTenant()
	h.host, h.ctx = h.hostOf(h.tenant), tenant.With(t.Context(), h.tenant)
	set, err := allThemes()
	if err != nil {
		t.Fatal(err)
	}
	admin, err := fleet.Open(t.Context(), fleet.Options{URL: w.Admin.Config().ConnString()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	blobs, err := blob.Open(t.Context(), "mem://")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	hosts := tenant.Hosts{Base: "localhost", Platform: "lyceum.localhost", Scheme: "http", Port: "8080"}
	engine := policy.NewEngine(w.Store, now)
	gate := signon.NewGate(w.Store, now)
	service := auth.New(auth.Options{Keep: w.Store, Policy: engine, Gate: gate, Now: now, Guess: freely{}, Cost: cheap, Seal: sealKey(t)})
	files := content.New(content.Options{Keep: w.Store, Blobs: blobs, Seal: sealKey(t), RedirectFrom: 1000, Now: now})
	h.o = api.Options{
		Directory:    tenant.NewDirectory(hosts, w.Store, 2, now),
		Brands:       tenant.NewBrands(w.Store, now),
		Auth:         service,
		Tenants:      tenant.New(tenant.Options{Keep: w.Store, Schemas: admin, Owners: owners{service}, Files: noFiles{}, Now: now, Log: slog.New(slog.DiscardHandler)}),
		Operators:    auth.NewOperators(w.Store, now, freely{}, cheap).Sealing(sealKey(t)),
		Acts:         act.New(w.Store, now),
		Policy:       engine,
		Catalog:      catalog.New(catalog.Options{Keep: w.Store, Now: now}),
		Enrolment:    enrolment.New(enrolment.Options{Keep: w.Store, Now: now}),
		Content:      files,
		Certificates: certificate.New(certificate.Options{Keep: w.Store, Now: now}),
		Badges:       badge.New(badge.Options{Keep: w.Store, Seal: sealKey(t), Now: now}),
		Billing:      billing.New(w.Store, now),
		Status:       status.New(w.Store, now),
		Home:         home.New(w.Store, now),
		Notices:      notice.New(notice.Options{Keep: w.Store, Announce: w.Store, Now: now}),
		Transcripts:  transcript.New(w.Store, now),
		Desk:         desk.New(w.Store, now),
		Grades:       gradebook.New(w.Store, now),
		Org:          org.New(w.Store, now),
		Team:         team.New(w.Store, enrolment.New(enrolment.Options{Keep: w.Store, Now: now}), now),
		Duties:       duty.New(w.Store, enrolment.New(enrolment.Options{Keep: w.Store, Now: now}), service, now),
		Dashboards:   dashboard.New(w.Store, standing.New(w.Store, now), now),
		Reminders:    reminder.New(w.Store, notice.New(notice.Options{Keep: w.Store, Announce: w.Store, Now: now}), now),
		Compliance:   standing.New(w.Store, now),
		Built:        builder.New(w.Store, now),
		Calendar:     calendar.New(calendar.Options{Keep: w.Store, Now: now, Sources: []calendar.Source{store.DueDates{Store: w.Store}}}),
		SignOn:       signon.New(signon.Options{Keep: w.Store, Auth: service, Gate: gate, Seal: sealKey(t), Hosts: hosts, HTTP: outbound.Client(outbound.Options{AllowPrivate: true}), AllowPrivate: true, Now: now}),
		SCIM:         scim.New(scim.Options{Keep: w.Store, Auth: service, Policy: engine, Now: now}),
		LDAPSync: ldapsync.New(ldapsync.Options{
			Keep:   w.Store,
			Auth:   service,
			Policy: engine,
			Seal:   sealKey(t),
			Now:    now,
			LDAP:   ldap.New(ldap.Options{AllowPrivate: true}), // by the machine's clock, as the certificates of tests' servers
		}),
		Search:        search.New(search.Options{Keep: w.Store, Now: now}),
		Rollouts:      admin,
		Groups:        group.New(w.Store, now),
		Intakes:       intake.New(w.Store, enrolment.New(enrolment.Options{Keep: w.Store, Now: now}), now),
		Audit:         audit.New(w.Store, now),
		Themes:        set,
		Limits:        api.Limits{Strangers: freely{}, SignUps: freely{}, Lookups: freely{}, SignOn: freely{}},
		Ready:         func(context.Context) error { return nil },
		Log:           slog.New(slog.NewTextHandler(h.log, nil)),
		Now:           now,
		SchemaVersion: admin.Version(),
	}
	offers, rates := offer.New(offer.Options{Keep: w.Store, Now: now}), rating.New(w.Store)
	h.o.Subscriptions = subscription.New(subscription.Options{
		Keep: w.Store, Portals: h.o.Tenants, Plans: offers, Rating: rates, Now: now, Return: func(t tenant.Tenant) string { return hosts.PortalURL(t) + "/settings/billing" },
	})
	h.o.Mover = &offer.Mover{Service: offers, Subscriptions: h.o.Subscriptions, Rating: rates}
	h.dns = &playedDNS{texts: map[string]string{}, addresses: map[string]string{hosts.Platform: "192.0.2.7"}}
	h.o.Leaving = leaving.New(leaving.Options{
		Keep: w.Store, Tenants: h.o.Tenants, People: func(ctx context.Context, id uid.ID) (p auth.Person, err error) {
			err = w.Store.InTenant(ctx, func(ctx context.Context) error { p, err = w.Store.PersonByID(ctx, id); return err })
			return p, err
		}, Seal: sealKey(t), Hosts: hosts, Now: now, Log: slog.New(slog.DiscardHandler),
	})
	h.o.Health = health.New(health.Options{Keep: w.Store, Versions: health.Versions{Newest: admin.Version(), Oldest: migrations.OldestReadable}, Now: now})
	h.o.Flags = flag.New(w.Store, now, slog.New(slog.DiscardHandler))
	h.o.Broadcast = broadcast.New(broadcast.Options{Keep: w.Store, Languages: themes.Locales(), Now: now})
	h.o.Access = access.New(access.Options{Keep: w.Store, Blobs: blobs, Explain: func(_ context.Context, r access.Readme) (string, error) {
		return set.DataReadme(r, "Acme", "https://acme.example")
	}, Now: now})
	h.o.Holds = hold.New(w.Store, now)
	h.o.Privacy = privacy.New(privacy.Options{Keep: w.Store, Auth: service, Files: files, Copies: h.o.Access, Sign: h.o.Badges, Base: func(t tenant.Tenant) string { return hosts.PortalURL(t) }, Now: now})
	h.o.Retention = retention.New(w.Store, h.o.Privacy, nil, now)
	h.o.Evidence = evidence.New(evidence.Options{Keep: w.Store, Blobs: blobs, Sign: h.o.Badges, Base: func(t tenant.Tenant) string { return hosts.PortalURL(t) }, Now: now})
	h.o.Exports = export.New(export.Options{Keep: w.Store, Blobs: blobs, Built: h.o.Built, Matrix: h.o.Compliance, As: h.o.Auth.As, Brand: h.o.Brands.Get, Words: set.ReportWords, Now: now})
	h.o.Schedules = schedule.New(schedule.Options{Keep: w.Store, Exports: h.o.Exports, Reports: h.o.Built, As: h.o.Auth.As, May: policy.NewEngine(w.Store, now).For, Send: func(context.Context, schedule.Mail) error { return nil }, Now: now})
	h.o.Takeouts = takeout.New(takeout.Options{Keep: w.Store, Blobs: blobs, Now: now})
	h.o.Addresses = address.New(address.Options{
		Keep: w.Store, Hosts: hosts, Resolver: h.dns, Now: now, Log: h.o.Log,
		May: func(ctx context.Context) error { return auth.Require(ctx, policy.AddressManage) },
	})
	h.o.Push = push.New(push.Options{
		Keep: w.Store, Seal: sealKey(t), HTTP: outbound.Client(outbound.Options{}), Contact: "mailto:desk@example.com", Quiet: h.o.Reminders.Quiet, Now: now,
		Words: func(_ context.Context, n notice.Notice, locale, zone string) (push.Words, error) {
			text, err := set.NoticeText(themes.View{Locale: locale, TimeZone: zone, Now: now()}, n)
			return push.Words{Title: h.tenant.Name, Text: text}, err
		},
	})
	h.o.Support = support.New(w.Store, service, now)
	h.o.Assignments = assignment.New(assignment.Options{Keep: w.Store, Enrolment: h.o.Enrolment, Files: files, Now: now})
	h.o.Banks = bank.New(bank.Options{Keep: w.Store, Now: now, Uses: w.Store.TestsUsing})
	h.o.Tests = assessment.New(assessment.Options{Keep: w.Store, Questions: h.o.Banks, Lessons: assessment.LessonsOf(h.o.Enrolment), Halts: func(ctx context.Context) (list []assessment.Halt) {
		t, _ := tenant.From(ctx)
		for _, w := range h.o.Broadcast.Coming(ctx, t) {
			list = append(list, assessment.Halt{From: w.FromAt, Until: w.UntilAt})
		}
		return list
	}, Now: now})
	h.o.Paths = path.New(path.Options{Keep: w.Store, Enrolment: h.o.Enrolment, As: service.As, Now: now})
	h.o.Duties.Along(h.o.Paths)
	h.o.Exchange = exchange.New(exchange.Options{Keep: w.Store, Catalog: h.o.Catalog, Content: files})
	h.o.HR = hrsync.New(hrsync.Options{Keep: w.Store, Auth: service, Org: h.o.Org, Now: now})
	h.o.Bulk = bulk.New(bulk.Options{Keep: w.Store, Auth: service, Groups: h.o.Groups, Seal: sealKey(t), Now: now})
	h.o.Starter, h.o.Onboarding = &starter.Service{Catalog: h.o.Catalog, Content: files}, onboarding.New(w.Store, now)
	h.o.REST = func(portal fiber.Router) ([]route.Route, error) {
		return rest.Mount(portal, rest.Services{
			Auth:          service,
			SignOn:        h.o.SignOn,
			Catalog:       h.o.Catalog,
			Enrolment:     h.o.Enrolment,
			Paths:         h.o.Paths,
			Content:       files,
			Banks:         h.o.Banks,
			Exchange:      h.o.Exchange,
			Certificates:  h.o.Certificates,
			Badges:        h.o.Badges,
			Starter:       h.o.Starter,
			Onboarding:    h.o.Onboarding,
			Billing:       h.o.Billing,
			Subscriptions: h.o.Subscriptions,
			Home:          h.o.Home,
			Notices:       h.o.Notices,
			Push:          h.o.Push,
			Calendar:      h.o.Calendar,
			Transcripts:   h.o.Transcripts,
			Brands:        h.o.Brands,
			Events:        events{w},
			Audit:         h.o.Audit,
			SCIM:          h.o.SCIM,
			LDAPSync:      h.o.LDAPSync,
			Groups:        h.o.Groups,
			Bulk:          h.o.Bulk,
			HR:            h.o.HR,
			Intakes:       h.o.Intakes,
			Assignments:   h.o.Assignments,
			Tests:         h.o.Tests,
			Search:        h.o.Search,
			Limit:         freely{},
			Rate:          rest.Rate{Requests: 100, Window: time.Minute},
			Hosts:         hosts,
			Addresses:     h.o.Addresses,
			Leaving:       h.o.Leaving,
			Status:        h.o.Status,
			Support:       h.o.Support,
			Desk:          h.o.Desk,
			Grades:        h.o.Grades,
			Duties:        h.o.Duties,
			Team:          h.o.Team,
			Org:           h.o.Org,
			Reminders:     h.o.Reminders,
			Dashboards:    h.o.Dashboards,
			Compliance:    h.o.Compliance,
			Built:         h.o.Built,
			Evidence:      h.o.Evidence,
			Privacy:       h.o.Privacy,
			Access:        h.o.Access,
			Holds:         h.o.Holds,
			Retention:     h.o.Retention,
			Exports:       h.o.Exports,
			Schedules:     h.o.Schedules,
			Takeouts:      h.o.Takeouts,
			Now:           now,
		})
	}
	h.o.ConsoleREST = func(platform fiber.Router) ([]route.Route, error) {
		return rest.MountConsole(platform, rest.ConsoleServices{
			Operators:     h.o.Operators,
			Acts:          h.o.Acts,
			Tenants:       h.o.Tenants,
			Addresses:     h.o.Addresses,
			Leaving:       h.o.Leaving,
			Health:        h.o.Health,
			Broadcast:     h.o.Broadcast,
			Flags:         h.o.Flags,
			Rollouts:      h.o.Rollouts,
			Subscriptions: h.o.Subscriptions,
			Sold:          h.o.Mover.All,
			Newest:        h.o.SchemaVersion,
			Hosts:         hosts,
			Limit:         freely{},
			Rate:          rest.Rate{Requests: 100, Window: time.Minute},
			Now:           now,
		})
	}
	for _, e := range edit {
		e(h)
	}
	if h.srv, err = api.New(h.o); err != nil {
		t.Fatal(err)
	}
	h.srv.Tame()
	return h
}

func sealKey(t testing.TB) seal.Key {
	t.Helper()
	key, err := seal.New(bytes.Repeat([]byte{1}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (h *house) newTenant() tenant.Tenant {
	h.t.Helper()
	return h.seeded(h.w.TenantRow(h.t))
}

// seeded puts into a portal what each begins with.
func (h *house) seeded(tn tenant.Tenant) tenant.Tenant {
	h.t.Helper()
	err := h.w.Store.InTenant(tenant.With(h.t.Context(), tn), func(ctx context.Context) error {
		return h.w.Store.SeedTenant(ctx, tenant.DefaultBrand(tn.Name), h.w.Now.Now())
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return tn
}

func (h *house) hostOf(t tenant.Tenant) string { return t.Slug + ".localhost:8080" }

// freely is a limiter that allows everything.
type freely struct{}

func (freely) Allow(string) (bool, time.Duration, int) { return true, 0, 99 }

type owners struct{ *auth.Service }

func (o owners) MakeOwner(ctx context.Context, email, name, hash string) error {
	_, err := o.CreateOwner(ctx, email, name, hash)
	return err
}

type noFiles struct{}

func (noFiles) RemoveTenantFiles(context.Context, tenant.Tenant) error { return nil }

// events reads the log.
type events struct{ w *storetest.World }

func (e events) Read(ctx context.Context, f event.Filter) (out page.Of[event.Event], err error) {
	if err := auth.Require(ctx, policy.AuditRead); err != nil {
		return out, err
	}
	err = e.w.Store.InTenant(ctx, func(ctx context.Context) (err error) {
		out, err = e.w.Store.Events(ctx, f)
		return err
	})
	return out, err
}

// book is a log that several goroutines write.
type book struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *book) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// person adds someone with a role and the password to the tenant.
func (h *house) person(roles ...policy.Role) auth.Person { return h.personIn(h.ctx, roles...) }

func (h *house) personIn(ctx context.Context, roles ...policy.Role) auth.Person {
	h.t.Helper()
	hash, err := h.o.Auth.HashPassword(h.t.Context(), password)
	if err != nil {
		h.t.Fatal(err)
	}
	return storetest.AddPerson(h.t, ctx, h.w, auth.Person{PasswordHash: hash}, roles...)
}
