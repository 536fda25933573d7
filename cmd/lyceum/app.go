package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

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
	"lyceum/billing/books"
	"lyceum/billing/inbox"
	"lyceum/billing/offer"
	"lyceum/billing/provider"
	"lyceum/billing/rating"
	"lyceum/billing/report"
	"lyceum/billing/subscription"
	"lyceum/internal/blob"
	"lyceum/internal/clock"
	"lyceum/internal/mail"
	"lyceum/internal/outbound"
	"lyceum/internal/seal"
	"lyceum/internal/throttle"
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
	"lyceum/store/queue"
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

// app is every service of one process, put together.
type app struct {
	log   *slog.Logger
	now   clock.Clock
	hosts tenant.Hosts
	db    database
	admin *fleet.Admin
	store *store.Store
	blobs *blob.Store
	hints *queue.Hints
	seal  seal.Key
	http  *http.Client // calls the addresses that tenants name

	storageQuota  int64 // of each portal without a limit of its own
	filesRedirect int64

	private bool       // identity providers may stand in private networks
	played  *played    // the demo's own identity providers, nil elsewhere
	dns     *playedDNS // and its e-mail domains

	directory     *tenant.Directory
	tenants       *tenant.Service
	addresses     *address.Service
	leaving       *leaving.Service
	meter         *status.Meter
	status        *status.Service
	health        *health.Service
	broadcast     *broadcast.Service
	flags         *flag.Service
	takeouts      *takeout.Service
	domains       Domains
	coolingOff    int // days
	brands        *tenant.Brands
	policy        *policy.Engine
	auth          *auth.Service
	operators     *auth.Operators
	acts          *act.Service
	gate          *signon.Gate
	signon        *signon.Service
	scim          *scim.Service
	audit         *audit.Service
	support       *support.Service
	ldapsync      *ldapsync.Service
	groups        *group.Service
	bulk          *bulk.Service
	hr            *hrsync.Service
	intakes       *intake.Service
	assignments   *assignment.Service
	tests         *assessment.Service
	search        *search.Service
	catalog       *catalog.Service
	content       *content.Service
	exchange      *exchange.Service
	enrolment     *enrolment.Service
	paths         *path.Service
	banks         *bank.Service
	certificates  *certificate.Service
	badges        *badge.Service
	starter       *starter.Service
	onboarding    *onboarding.Service
	home          *home.Service
	notices       *notice.Service
	push          *push.Service
	calendar      *calendar.Service
	transcripts   *transcript.Service
	desk          *desk.Service
	grades        *gradebook.Service
	duties        *duty.Service
	reminders     *reminder.Service
	dashboards    *dashboard.Service
	compliance    *standing.Service
	built         *builder.Service
	evidence      *evidence.Service
	exports       *export.Service
	privacy       *privacy.Service
	access        *access.Service
	legalHolds    *hold.Service
	retention     *retention.Service
	schedules     *schedule.Service
	team          *team.Service
	org           *org.Service
	billing       *billing.Service
	subscriptions *subscription.Service
	inbox         *inbox.Service
	offers        *offer.Service
	mover         *offer.Mover
	rating        *rating.Rating
	billingNow    clock.Clock // the bill's clock: the demo may run it fast
	months        *monthPlay  // the demo's play of months; nil elsewhere
	payments      Payments
	provider      provider.Provider
	books         *books.Books // nil where Stripe takes the payments
	reports       *report.Service
	themes        *themes.Set
	mailbox       *mail.Mailbox // in the demo, nil elsewhere
	mail          mail.Sender
	mailFrom      string

	closers []func() error // run in reverse
}

// newApp opens database and storage, brings the database to this release's shape when migrate is set, and puts the
// services together. demo keeps mail in a mailbox to be read in the browser.
func newApp(ctx context.Context, c *Config, listen string, migrate, demo bool) (_ *app, err error) {
	a := &app{log: c.logger(), now: clock.Real, mailFrom: c.MailFrom, storageQuota: int64(c.StorageQuota), filesRedirect: int64(c.FilesRedirect), payments: c.Payments, domains: c.Domains, coolingOff: c.CoolingOff}
	a.meter = status.NewMeter(a.now)
	defer func() {
		if err != nil {
			a.close()
		}
	}()
	if a.hosts, err = c.hosts(listen); err != nil {
		return nil, err
	}
	if err = c.addFonts(); err != nil {
		return nil, err
	}
	if a.db, err = c.openDatabase(ctx, a.log); err != nil {
		return nil, err
	}
	a.closers = append(a.closers, a.db.stop)
	if a.admin, err = fleet.Open(ctx, fleet.Options{URL: a.db.admin, Log: a.log}); err != nil {
		return nil, err
	}
	a.closers = append(a.closers, func() error { a.admin.Close(); return nil })
	if migrate {
		if err = a.migrate(ctx); err != nil {
			return nil, err
		}
	}
	if a.store, err = store.Open(ctx, store.Options{URL: a.db.app, Pooled: a.db.pooled, Newest: a.admin.Version(), Log: a.log}); err != nil {
		return nil, err
	}
	a.status = status.New(a.store, a.now)
	a.closers = append(a.closers, func() error { a.store.Close(); return nil })
	if err = a.openFiles(ctx, c); err != nil {
		return nil, err
	}
	if err = a.openMail(c, demo); err != nil {
		return nil, err
	}
	if a.seal, err = c.sealKey(); err != nil {
		return nil, err
	}
	a.private = demo || c.AllowPrivateIdP
	a.http = outbound.Client(outbound.Options{AllowPrivate: a.private})
	if demo {
		a.dns = &playedDNS{records: map[string]string{}}
		if a.played, err = a.newPlayed(c.dataDir()); err != nil {
			return nil, err
		}
	}
	a.closers = append(a.closers, func() error { a.http.CloseIdleConnections(); return nil })
	return a, a.assemble()
}

// migrate brings the database to this release's shape.
func (a *app) migrate(ctx context.Context) error {
	hardened, err := a.admin.Prepare(ctx, a.db.pass)
	if err == nil {
		err = a.beginRollout(ctx)
	}
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if !hardened {
		a.log.Warn("this database does not let us close set_config to tenants' roles; `lyceum doctor` says what that means")
	}
	return nil
}

func (a *app) openFiles(ctx context.Context, c *Config) (err error) {
	target := c.filesURL()
	if dir, local := strings.CutPrefix(target, "file://"); local {
		if err := os.MkdirAll(filepath.FromSlash(dir), 0o750); err != nil {
			return fmt.Errorf("folder for files: %w", err)
		}
	}
	if a.blobs, err = blob.Open(ctx, target); err != nil {
		return err
	}
	a.closers = append(a.closers, a.blobs.Close)
	return nil
}

func (a *app) openMail(c *Config, demo bool) (err error) {
	switch {
	case c.SMTPURL != "":
		a.mail, err = mail.NewSMTP(mail.Config{URL: c.SMTPURL, From: c.MailFrom})
	case demo:
		if a.mailbox, err = mail.NewMailbox(a.now, 500, filepath.Join(c.dataDir(), "mail")); err != nil {
			return err
		}
		a.mail = a.mailbox
	default:
		a.mail = noMail{}
	}
	if err == nil {
		a.mail = countedMail{a.mail, a.meter}
	}
	return err
}

// noMail refuses: a mail job waits and is tried again until a server is configured.
type noMail struct{}

var errNoMail = errors.New("no mail server is configured: set --smtp-url")

// Send refuses.
func (noMail) Send(context.Context, mail.Message) error { return errNoMail }

// Check refuses.
func (noMail) Check(context.Context) error { return errNoMail }

// assemble puts the services together.
func (a *app) assemble() (err error) {
	if a.themes, err = themes.New(themes.Options{}); err != nil {
		return err
	}
	a.policy = policy.NewEngine(a.store, a.now)
	// Ten guesses at one person's password, then one a minute; an office behind one address may have many people.
	guess, guessFrom := throttle.New(a.now, 1, time.Minute, 10), throttle.New(a.now, 60, time.Minute, 120)
	a.gate = signon.NewGate(a.store, a.now)
	a.auth = auth.New(auth.Options{Keep: a.store, Policy: a.policy, Gate: a.gate, Now: a.now, Guess: guess, GuessFrom: guessFrom,
		Resets: throttle.New(a.now, 3, time.Hour, 3), Invites: throttle.New(a.now, 200, time.Hour, 200), Seal: a.seal})
	a.operators = auth.NewOperators(a.store, a.now, guess).Sealing(a.seal)
	a.acts = act.New(a.store, a.now)
	a.signon = signon.New(signon.Options{
		Keep: a.store, Auth: a.auth, Gate: a.gate, Seal: a.seal, Hosts: a.hosts, HTTP: a.http, AllowPrivate: a.private, Now: a.now, Log: a.log, Resolver: a.resolver(),
	})
	a.audit = audit.New(a.store, a.now)
	a.support = support.New(a.store, a.auth, a.now).Holding(a.maintained)
	a.ldapsync = ldapsync.New(ldapsync.Options{Keep: a.store, Auth: a.auth, Policy: a.policy, LDAP: ldap.New(ldap.Options{Now: a.now, AllowPrivate: a.private}), Seal: a.seal, Now: a.now, Log: a.log})
	a.scim = scim.New(scim.Options{Keep: a.store, Auth: a.auth, Policy: a.policy, Limit: throttle.New(a.now, 6000, time.Minute, 1000), Now: a.now, Log: a.log})
	a.brands = tenant.NewBrands(a.store, a.now)
	a.directory = tenant.NewDirectory(a.hosts, a.store, migrations.OldestReadable, a.now)
	a.content = content.New(content.Options{Keep: a.store, Blobs: a.blobs, Seal: a.seal, Now: a.now, StorageLimit: a.storageQuota, PlanLimit: a.planStorage, RedirectFrom: a.filesRedirect})
	a.tenants = tenant.New(tenant.Options{Keep: a.store, Schemas: a.admin, Owners: owners{a.auth}, Files: tenantFiles{a}, Hosts: a.hosts, Now: a.now, Log: a.log, Began: a.beginSubscription, Closed: a.endSupport, Holds: a.maintained})
	a.billingNow = func() time.Time {
		if a.months != nil {
			return a.months.hand.now()
		}
		return a.now()
	}
	a.openPlans()
	if err = a.openPayments(); err != nil {
		return err
	}
	a.subscriptions = a.newSubscriptions()
	a.mover.Subscriptions = a.subscriptions
	a.addresses = a.newAddresses(a.domains)
	a.letGo(a.coolingOff)
	a.openInbox()
	a.health = a.newHealth()
	a.flags = flag.New(a.store, a.now, a.log)
	a.broadcast = broadcast.New(broadcast.Options{Keep: a.store, Languages: themes.Locales(), Now: a.now, Log: a.log})
	a.catalog = catalog.New(catalog.Options{Keep: a.store, Now: a.now})
	a.exchange = exchange.New(exchange.Options{Keep: a.store, Catalog: a.catalog, Content: a.content})
	a.enrolment = enrolment.New(enrolment.Options{Keep: a.store, Now: a.now, Played: func(ctx context.Context, p enrolment.Playback) { a.billing.Played(ctx, billing.Played(p)) }})
	a.assignments = assignment.New(assignment.Options{Keep: a.store, Enrolment: a.enrolment, Files: a.content, Now: a.now})
	a.groups = group.New(a.store, a.now)
	a.bulk = bulk.New(bulk.Options{Keep: a.store, Auth: a.auth, Groups: a.groups, Seal: a.seal, Joins: throttle.New(a.now, 300, time.Hour, 300), JoinMails: throttle.New(a.now, 3, time.Hour, 3), Now: a.now})
	a.search = search.New(search.Options{Keep: a.store, Captions: a.captions, Now: a.now})
	a.intakes = intake.New(a.store, a.enrolment, a.now)
	a.banks = bank.New(bank.Options{Keep: a.store, Now: a.now, Uses: a.store.TestsUsing})
	a.tests = assessment.New(assessment.Options{Keep: a.store, Questions: a.banks, Lessons: assessment.LessonsOf(a.enrolment), Halts: a.halts, Now: a.now})
	a.paths = path.New(path.Options{Keep: a.store, Enrolment: a.enrolment, As: a.auth.As, Now: a.now})
	a.certificates = certificate.New(certificate.Options{Keep: a.store, Now: a.now})
	a.starter = &starter.Service{Catalog: a.catalog, Content: a.content}
	a.onboarding = onboarding.New(a.store, a.now)
	a.onboarding.Plan = a.planChosen
	a.badges = badge.New(badge.Options{Keep: a.store, Seal: a.seal, Now: a.now})
	a.home = home.New(a.store, a.now)
	a.notices = notice.New(notice.Options{Keep: a.store, Announce: a.store, Now: a.now})
	a.calendar = calendar.New(calendar.Options{Keep: a.store, Now: a.now, Sources: a.dates()})
	a.transcripts = transcript.New(a.store, a.now)
	a.desk = desk.New(a.store, a.now)
	a.grades = gradebook.New(a.store, a.now)
	a.duties = duty.New(a.store, a.enrolment, a.auth, a.now).Along(a.paths)
	a.reminders = reminder.New(a.store, a.notices, a.now)
	a.tellDevices()
	a.compliance = standing.New(a.store, a.now)
	a.built = builder.New(a.store, a.now)
	a.dashboards = dashboard.New(a.store, a.compliance, a.now)
	a.prove()
	a.fileReports()
	a.protect()
	a.scheduleReports()
	a.team = team.New(a.store, a.enrolment, a.now)
	a.org = org.New(a.store, a.now)
	a.syncHR()
	a.billing = billing.New(a.store, a.now)
	a.hints = queue.NewHints(a.store.Hint, a.log)
	a.store.OnEvents(a.hints.Add)
	return nil
}

// ready tells whether requests can be answered: the database answers and has this release's control schema.
func (a *app) ready(ctx context.Context) error {
	return a.store.InControl(ctx, func(ctx context.Context) error {
		var version int
		if err := store.Pgx(ctx).QueryRow(ctx, "select coalesce(max(version), 0) from control.migrations").Scan(&version); err != nil {
			return fmt.Errorf("database: %w", err)
		}
		script, err := migrations.Control()
		if err != nil {
			return err
		}
		if version < script.Latest() {
			return fmt.Errorf("the control schema is at %d, this release needs %d: run `lyceum migrate up`", version, script.Latest())
		}
		return nil
	})
}

// close ends everything in reverse order.
func (a *app) close() {
	for i := len(a.closers) - 1; i >= 0; i-- {
		if err := a.closers[i](); err != nil {
			a.log.Error("close", slog.Any("err", err))
		}
	}
	a.closers = nil
}
