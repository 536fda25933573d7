// Package api is everything that speaks HTTP: one server for the platform's site and every portal. router.go is its table
// of contents; middleware is what holds for every request; handlers are in web (pages) and rest (JSON); a failure
// becomes an answer in problem. It holds no rule of the domain and knows no store.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/api/web"
	"lyceum/auth"
	"lyceum/auth/act"
	"lyceum/auth/audit"
	"lyceum/auth/bulk"
	"lyceum/auth/group"
	"lyceum/auth/hrsync"
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
	"lyceum/billing/report"
	"lyceum/billing/subscription"
	"lyceum/internal/clock"
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
	"lyceum/tenant"
	"lyceum/tenant/address"
	"lyceum/tenant/broadcast"
	"lyceum/tenant/flag"
	"lyceum/tenant/health"
	"lyceum/tenant/leaving"
	"lyceum/tenant/rollout"
	"lyceum/tenant/status"
	"lyceum/tenant/takeout"
	"lyceum/themes"
)

// MailStore is the developer's mailbox.
type MailStore = web.MailStore

// DemoOperator is the operator of the demo, whose app has a key that is printed for everyone.
type DemoOperator = web.DemoOperator

// Limits bound how often something may be done from one address (an IPv6 /64 counts as one). All but Portals are required.
type Limits struct {
	// Strangers bounds what those who are not signed in post, per site: signing in, signing up, asking for a reset.
	Strangers auth.Limiter
	// SignUps bounds signing up for a portal, on top of Strangers: each makes a schema.
	SignUps auth.Limiter
	// Lookups bounds asking which names are free.
	Lookups auth.Limiter
	// SignOn bounds answers of identity providers and requests of directories from one address. A company's whole staff may
	// come from one in the morning: it is to be loose.
	SignOn auth.Limiter
	// Portals bounds the requests of one portal, whoever asks. Nil: no bound.
	Portals auth.Limiter
}

// Options are what the server works with. All but those said to be optional are required.
type Options struct {
	Directory    *tenant.Directory
	Tenants      *tenant.Service
	Addresses    *address.Service
	Leaving      *leaving.Service
	Status       *status.Service
	Meter        *status.Meter      // counts how requests went; nil: nobody does
	Health       *health.Service    // how tenants do, for operators
	Broadcast    *broadcast.Service // what operators say to portals, and maintenance
	Flags        *flag.Service      // which portals have what is being brought in
	Takeouts     *takeout.Service
	Brands       *tenant.Brands
	Auth         *auth.Service
	Operators    *auth.Operators
	Acts         *act.Service // what operators did
	Policy       *policy.Engine
	Catalog      *catalog.Service
	Enrolment    *enrolment.Service
	Paths        *path.Service
	Banks        *bank.Service
	Content      *content.Service
	Exchange     *exchange.Service
	Certificates *certificate.Service
	Starter      *starter.Service
	Onboarding   *onboarding.Service
	Badges       *badge.Service
	Home         *home.Service
	Notices      *notice.Service
	Push         *push.Service
	Calendar     *calendar.Service
	Transcripts  *transcript.Service
	Desk         *desk.Service
	Grades       *gradebook.Service
	Duties       *duty.Service
	Reminders    *reminder.Service
	Dashboards   *dashboard.Service
	Compliance   *standing.Service
	Built        *builder.Service // reports that people put together
	Evidence     *evidence.Service
	Exports      *export.Service
	Privacy      *privacy.Service
	Access       *access.Service
	Holds        *hold.Service
	Retention    *retention.Service
	Schedules    *schedule.Service
	Team         *team.Service
	Org          *org.Service
	Billing      *billing.Service
	// Subscriptions says what the bill allows; nil: everything.
	Subscriptions *subscription.Service
	// Mover is what operators write plans with; nil: there are no such pages.
	Mover *offer.Mover
	// Reports tell the payment service of usage; nil: nobody is told.
	Reports *report.Service
	// Books are the pages on which is paid as if; nil: there are none.
	Books *books.Books
	// Inbox takes what the payment service sends; nil: nothing is taken.
	Inbox    *inbox.Service
	Audit    *audit.Service
	Support  *support.Service // operators' visits
	SignOn   *signon.Service
	SCIM     *scim.Service
	LDAPSync *ldapsync.Service
	Groups   *group.Service
	Rollouts rollout.Keeper // of tenants' schemas; nil: there is no such page
	Bulk     *bulk.Service
	HR       *hrsync.Service
	Intakes  *intake.Service
	// Assignments is what learners hand in, and marking it.
	Assignments *assignment.Service
	// Tests is taking tests, setting them and marking them.
	Tests   *assessment.Service
	Search  *search.Service
	Themes  *themes.Set
	Mailbox MailStore // the demo's mail, shown to anyone at /dev/mail; nil: there are no such pages
	// Authenticator is the demo's operator, whose code is shown to anyone at /dev/authenticator; zero: there is no such page.
	Authenticator DemoOperator
	// Played are the identity providers that the demo plays, by the path below which each stands on the platform's host
	// ("/dev/saml"); nil: there are none.
	Played map[string]http.Handler
	Limits Limits

	// REST mounts the operations under /api/v1 on the portals' app and says what each needs; nil mounts none. They
	// bound their own bodies and rates.
	REST func(portal fiber.Router) ([]route.Route, error)
	// ConsoleREST mounts those of operators' programs on the platform's app, in the same way; nil mounts none.
	ConsoleREST func(platform fiber.Router) ([]route.Route, error)

	// Ready is nil when requests can be answered, else it says what is missing; it is asked by /readyz.
	Ready func(ctx context.Context) error
	// Observe is told of every answered request: its method, the pattern of its route ("" for none), status and time
	// taken. Optional.
	Observe func(method, route string, status int, took time.Duration)

	Log *slog.Logger
	Now clock.Clock // default clock.Real

	TrustedProxies []string      // addresses or networks (CIDR) whose X-Forwarded-For, X-Forwarded-Proto and X-Request-ID are believed; default none
	Secure         bool          // browsers reach the product over https
	RequestTimeout time.Duration // how long a request may take; default 30 s
	PortalAtOnce   int           // how many requests one portal may have under way; default 256
	BodyMemory     int           // the most that large bodies may take together, in bytes; default 512 MiB
	SchemaVersion  int           // the newest tenant migration, shown to operators
}

// complete fills in defaults and says what is missing: a mistake in the wiring is met at start.
func (o *Options) complete() error {
	var errs []error
	for name, missing := range map[string]bool{
		"Directory":        o.Directory == nil,
		"Tenants":          o.Tenants == nil,
		"Addresses":        o.Addresses == nil,
		"Leaving":          o.Leaving == nil,
		"Health":           o.Health == nil,
		"Broadcast":        o.Broadcast == nil,
		"Flags":            o.Flags == nil,
		"Takeouts":         o.Takeouts == nil,
		"Status":           o.Status == nil,
		"Brands":           o.Brands == nil,
		"Auth":             o.Auth == nil,
		"Operators":        o.Operators == nil,
		"Acts":             o.Acts == nil,
		"Policy":           o.Policy == nil,
		"Catalog":          o.Catalog == nil,
		"Enrolment":        o.Enrolment == nil,
		"Content":          o.Content == nil,
		"Exchange":         o.Exchange == nil,
		"Certificates":     o.Certificates == nil,
		"Badges":           o.Badges == nil,
		"Starter":          o.Starter == nil,
		"Onboarding":       o.Onboarding == nil,
		"Billing":          o.Billing == nil,
		"Audit":            o.Audit == nil,
		"Themes":           o.Themes == nil,
		"SignOn":           o.SignOn == nil,
		"SCIM":             o.SCIM == nil,
		"LDAPSync":         o.LDAPSync == nil,
		"Banks":            o.Banks == nil,
		"Groups":           o.Groups == nil,
		"HR":               o.HR == nil,
		"Intakes":          o.Intakes == nil,
		"Assignments":      o.Assignments == nil,
		"Tests":            o.Tests == nil,
		"Search":           o.Search == nil,
		"Limits.SignOn":    o.Limits.SignOn == nil,
		"Limits.Strangers": o.Limits.Strangers == nil,
		"Limits.Lookups":   o.Limits.Lookups == nil,
		"Limits.SignUps":   o.Limits.SignUps == nil,
		"Home":             o.Home == nil,
		"Notices":          o.Notices == nil,
		"Push":             o.Push == nil,
		"Calendar":         o.Calendar == nil,
		"Transcripts":      o.Transcripts == nil,
		"Desk":             o.Desk == nil,
		"Grades":           o.Grades == nil,
		"Duties":           o.Duties == nil,
		"Team":             o.Team == nil,
		"Org":              o.Org == nil,
		"Reminders":        o.Reminders == nil,
		"Dashboards":       o.Dashboards == nil,
		"Compliance":       o.Compliance == nil,
		"Built":            o.Built == nil,
		"Evidence":         o.Evidence == nil,
		"Privacy":          o.Privacy == nil,
		"Access":           o.Access == nil,
		"Holds":            o.Holds == nil,
		"Retention":        o.Retention == nil,
		"Exports":          o.Exports == nil,
		"Schedules":        o.Schedules == nil,
		"Ready":            o.Ready == nil,
		"Support":          o.Support == nil,
		"Log":              o.Log == nil,
	} {
		if missing {
			errs = append(errs, fmt.Errorf("api.Options.%s is missing", name))
		}
	}
	if o.Now == nil {
		o.Now = clock.Real
	}
	if o.Observe == nil {
		o.Observe = func(string, string, int, time.Duration) {}
	}
	if o.BodyMemory <= 0 {
		o.BodyMemory = bodyMemory
	}
	if o.PortalAtOnce <= 0 {
		o.PortalAtOnce = 256
	}
	if o.RequestTimeout <= 0 {
		o.RequestTimeout = 30 * time.Second
	}
	return errors.Join(errs...)
}
