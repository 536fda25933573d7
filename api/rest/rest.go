// Package rest is the JSON binding of the product under /api/v1: operations as plain functions, described by an OpenAPI
// 3.1 document that is a golden file. It reads a request, calls one method of a domain room and answers. It decides
// nothing, and it is not the place of SCIM, xAPI or webhooks: their standards have their own rules and packages.
package rest

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/audit"
	"lyceum/auth/bulk"
	"lyceum/auth/group"
	"lyceum/auth/hrsync"
	"lyceum/auth/ldapsync"
	"lyceum/auth/org"
	"lyceum/auth/privacy"
	"lyceum/auth/privacy/access"
	"lyceum/auth/privacy/hold"
	"lyceum/auth/privacy/retention"
	"lyceum/auth/scim"
	"lyceum/auth/signon"
	"lyceum/auth/support"
	"lyceum/billing"
	"lyceum/billing/subscription"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/page"
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
	"lyceum/tenant"
	"lyceum/tenant/address"
	"lyceum/tenant/leaving"
	"lyceum/tenant/status"
	"lyceum/tenant/takeout"
)

// base is where the operations stand.
const base = "/api/v1"

// EventLog reads a tenant's event log, the newest first. It needs audit:read.
type EventLog interface {
	Read(ctx context.Context, f event.Filter) (page.Of[event.Event], error)
}

// Limiter bounds how many requests a key may make.
type Limiter interface {
	// Allow takes one request from the key's allowance; when none is left, retry says how long until there is.
	Allow(key string) (ok bool, retry time.Duration, remaining int)
}

// Rate is what Limiter was made with, to be told to clients: Requests at once, which come back evenly within Window.
type Rate struct {
	Requests int
	Window   time.Duration
}

// Services is what the operations call. All of it is required.
type Services struct {
	Auth         *auth.Service
	SignOn       *signon.Service
	Catalog      *catalog.Service
	Enrolment    *enrolment.Service
	Paths        *path.Service
	Content      *content.Service
	Banks        *bank.Service
	Exchange     *exchange.Service
	Starter      *starter.Service
	Onboarding   *onboarding.Service
	Badges       *badge.Service
	Certificates *certificate.Service
	Home         *home.Service
	Notices      *notice.Service
	Push         *push.Service
	Calendar     *calendar.Service
	Transcripts  *transcript.Service
	Desk         *desk.Service
	Tests        *assessment.Service
	Grades       *gradebook.Service
	Duties       *duty.Service
	Reminders    *reminder.Service
	Dashboards   *dashboard.Service
	Compliance   *report.Service
	Built        *builder.Service
	Evidence     *proof.Service
	Exports      *export.Service
	Privacy      *privacy.Service
	Access       *access.Service
	Holds        *hold.Service
	Retention    *retention.Service
	Schedules    *schedule.Service
	Team         *team.Service
	Org          *org.Service
	Billing      *billing.Service
	// Subscriptions says what the bill allows.
	Subscriptions *subscription.Service
	Brands        *tenant.Brands
	Events        EventLog
	Audit         *audit.Service
	SCIM          *scim.Service
	LDAPSync      *ldapsync.Service
	Groups        *group.Service
	Bulk          *bulk.Service
	HR            *hrsync.Service
	Intakes       *intake.Service
	Assignments   *assignment.Service
	Search        *search.Service
	Limit         Limiter
	Rate          Rate
	Addresses     *address.Service
	Leaving       *leaving.Service
	Status        *status.Service
	Support       *support.Service
	Takeouts      *takeout.Service
	Hosts         tenant.Hosts // for links to the portal's pages
	Now           clock.Clock
}

// api is what the operations are registered on: those of a portal, or those of the operators' console.
type api struct {
	Services
	console *ConsoleServices // nil: of a portal
	huma    huma.API
	limit   string // Rate.Requests in decimals
	routes  []route.Route
	order   []string // the operations' ids as they were registered
	wrong   []error

	document sync.Mutex // both texts of docs.go are made of one document, and its library does not say that it only reads it
}

// Mount registers every operation, the document and its page, and tells which routes they are. The router must stand
// at the root; a request's UserContext carries the tenant and, for a signed-in person, the principal. It fails when an
// operation names no need.
func Mount(router fiber.Router, s Services) ([]route.Route, error) {
	a := &api{Services: s, huma: newHuma(router, portalPaper()), limit: strconv.Itoa(s.Rate.Requests)}
	router.Use(base, a.enter)
	a.meOperations()
	a.sessionOperations()
	a.enrolmentOperations()
	a.homeOperations()
	a.certificateOperations()
	a.onboardingOperations()
	a.bulkOperations()
	a.hrOperations()
	a.peopleOperations()
	a.courseOperations()
	a.catalogueOperations()
	a.moduleOperations()
	a.lessonOperations()
	a.writingOperations()
	a.exchangeOperations()
	a.bankOperations()
	a.learningOperations()
	a.fileOperations()
	a.usageOperations()
	a.billingOperations()
	a.keyOperations()
	a.factorOperations()
	a.eventOperations()
	a.auditOperations()
	a.roleOperations()
	a.groupOperations()
	a.searchOperations()
	a.placeOperations()
	a.pathOperations()
	a.needOperations()
	a.reportOperations()
	a.submissionOperations()
	a.testOperations()
	a.gradeOperations()
	a.dutyOperations()
	a.reminderOperations()
	a.dashboardOperations()
	a.matrixOperations()
	a.builtOperations()
	a.evidenceOperations()
	a.exportOperations()
	a.privacyOperations()
	a.accessRequestOperations()
	a.holdOperations()
	a.retentionOperations()
	a.scheduleOperations()
	a.teamOperations()
	a.structureOperations()
	a.unitOperations()
	a.personFieldOperations()
	a.placementOperations()
	a.embedOperations()
	a.directoryOperations()
	a.ldapOperations()
	a.brandOperations()
	a.connectionOperations()
	a.accessOperations()
	a.addressOperations()
	a.leavingOperations()
	a.statusOperations()
	a.deskOperations()
	a.supportOperations()
	if err := errors.Join(append(a.wrong, a.documentRoutes(router))...); err != nil {
		return nil, err
	}
	return a.routes, nil
}
