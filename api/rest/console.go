package rest

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/act"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/clock"
	"lyceum/tenant"
	"lyceum/tenant/address"
	"lyceum/tenant/broadcast"
	"lyceum/tenant/flag"
	vitals "lyceum/tenant/health"
	"lyceum/tenant/leaving"
	"lyceum/tenant/rollout"
)

// ConsoleServices is what the operations on the operators' host call: the same as the pages of the console. All of it but
// Rollouts and Sold is required.
type ConsoleServices struct {
	Operators     *auth.Operators
	Acts          *act.Service
	Tenants       *tenant.Service
	Addresses     *address.Service
	Leaving       *leaving.Service
	Health        *vitals.Service
	Broadcast     *broadcast.Service
	Flags         *flag.Service
	Rollouts      rollout.Keeper // nil: there are no such operations
	Subscriptions *subscription.Service
	// Sold lists what operators may put an organization on; nil: nothing is sold.
	Sold   func(ctx context.Context) ([]provider.Offer, error)
	Newest int // the newest tenant migration
	Hosts  tenant.Hosts
	Limit  Limiter
	Rate   Rate
	Now    clock.Clock
}

// ConsoleMounting is MountConsole as api.Options.ConsoleREST wants it.
func ConsoleMounting(s ConsoleServices) func(router fiber.Router) ([]route.Route, error) {
	return func(router fiber.Router) ([]route.Route, error) { return MountConsole(router, s) }
}

// MountConsole registers every operation for operators' programs, their document and its page, and tells which routes they
// are. The router must stand at the root of the platform's host; a request's UserContext carries the key of operators that
// asks (route.WithOperatorKey). It fails when an operation names no need.
func MountConsole(router fiber.Router, s ConsoleServices) ([]route.Route, error) {
	a := &api{
		Services: Services{Limit: s.Limit, Rate: s.Rate, Hosts: s.Hosts, Subscriptions: nil, Now: s.Now}, console: &s,
		huma: newHuma(router, consolePaper()), limit: strconv.Itoa(s.Rate.Requests),
	}
	router.Use(base, a.enter)
	a.consoleKeyOperations()
	a.consoleTenantOperations()
	a.consoleLeavingOperations()
	a.consoleBillingOperations()
	a.consoleFlagOperations()
	a.consoleBannerOperations()
	a.consoleWindowOperations()
	if s.Rollouts != nil {
		a.consoleRolloutOperations()
	}
	a.consoleActOperations()
	if err := errors.Join(append(a.wrong, a.documentRoutes(router))...); err != nil {
		return nil, err
	}
	return a.routes, nil
}

// The tags of the console's document.
const (
	tagKey           = "Key"
	tagPortals       = "Portals"
	tagPlans         = "Plans and bills"
	tagFlags         = "Feature flags"
	tagAnnouncements = "Announcements"
	tagMaintenance   = "Maintenance"
	tagMigrations    = "Migrations"
	tagActs          = "Acts"
)

// The needs of the console's operations.
var (
	looks   = route.ForKey(auth.OperatorMayRead)
	manages = route.ForKey(auth.OperatorMayManage)
	bills   = route.ForKey(auth.OperatorMayBill)
	deletes = route.ForKey(auth.OperatorMayDelete)
)

func consolePaper() paper {
	return paper{
		title: "Lyceum operators' API", about: aboutConsole, server: "The platform's own host",
		schemes: map[string]*huma.SecurityScheme{
			schemeKey: {Type: "http", Scheme: "bearer", BearerFormat: "lyo_…", Description: "A key of operators, made in the console under Keys."},
		},
		security: []map[string][]string{{schemeKey: {}}},
		common: map[int]string{
			http.StatusUnauthorized: "`sign_in_first`, `operator_key_invalid`: there is no key, or it is unknown, has expired or was revoked.",
			http.StatusForbidden:    "`operator_key_scope`: the key lacks the scope, or its operator may no longer do this.",
		},
		tags: []*huma.Tag{
			{Name: tagKey, Description: "The key that asks."},
			{Name: tagPortals, Description: "Organizations with their portals: how they do, and their life from the first day to the last."},
			{Name: tagPlans, Description: "What portals are on, and how they pay."},
			{Name: tagFlags, Description: "What is being brought in for a share of all portals, and what can be switched off."},
			{Name: tagAnnouncements, Description: "Banners on portals' pages."},
			{Name: tagMaintenance, Description: "Windows in which portals are read-only or closed."},
			{Name: tagMigrations, Description: "A release's shape on its way through the tenants' schemas."},
			{Name: tagActs, Description: "What operators, their programs and the command line did."},
		},
	}
}

const aboutConsole = `What the operators' console does, for programs.

**Signing in.** Send a key as ` + "`Authorization: Bearer lyo_…`" + `; an admin makes one in the console under Keys. A key has scopes (` + "`read`, `manage`, `billing`, `delete`" + `) and an end, and may never do more than the operator who made it. Keys of portals are not taken here, nor these there.

**Acts.** Whatever a key changes stands in the log of acts with the key as who did it, exactly as if it were done on a page.

**Lists** answer ` + "`items`" + ` and ` + "`next`" + `. Give ` + "`next`" + ` as ` + "`after`" + ` to get the page that follows, or follow the Link header; ` + "`next`" + ` is null at the end.

**Failures** are problem documents (RFC 9457): ` + "`code`" + ` tells them apart for good, ` + "`detail`" + ` is a sentence for people, ` + "`errors`" + ` says what is wrong with which field. Unknown fields and parameters are refused.

**Trying again.** Everything but making a banner or a window and extending a trial can be sent twice and does no more than once. A portal's name is unique: a second try to make it answers 409 ` + "`slug_taken`" + `.

**Limits.** RateLimit-Limit, RateLimit-Remaining and RateLimit-Reset stand on every answer; beyond the limit it is 429 with Retry-After. A JSON body holds at most 1 MiB.

**Ids** are UUIDs, and **times** RFC 3339 in UTC. Fields that are left out have no value.`

// program is the name of the key that asks, as it stands beside what it did.
func program(ctx context.Context) string {
	k, _ := route.OperatorKeyFrom(ctx)
	return k.Name
}

// operatorKeyShown is the key that asks.
type operatorKeyShown struct {
	Name      string    `json:"name"`
	Prefix    string    `json:"prefix" doc:"The first characters of the secret."`
	Scopes    []string  `json:"scopes" enum:"read,manage,billing,delete" doc:"What it may do now."`
	Operator  string    `json:"operator" doc:"Who made it."`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

type operatorKeyOut struct{ Body operatorKeyShown }

func (a *api) consoleKeyOperations() {
	on(a, operation{
		method: get, path: "/key", id: "get-key", tag: tagKey, need: looks, summary: "What the key that asks may do, and until when",
	}, func(ctx context.Context, _ *nothing) (*operatorKeyOut, error) {
		k, _ := route.OperatorKeyFrom(ctx)
		out := operatorKeyShown{Name: k.Name, Prefix: k.Prefix, Operator: k.OperatorName, CreatedAt: utc(k.CreatedAt), ExpiresAt: utc(k.ExpiresAt), Scopes: []string{}}
		for _, s := range k.Holds() {
			out.Scopes = append(out.Scopes, string(s))
		}
		return &operatorKeyOut{out}, nil
	})
}
