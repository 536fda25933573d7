package main

import (
	"time"

	"lyceum/api"
	"lyceum/api/rest"
	"lyceum/internal/throttle"
)

// signUpsAnHour is how many portals one network may sign up for: each is a schema, a role and a sender of mail. The demo
// is for trying it again and again.
func (a *app) signUpsAnHour() int {
	if a.mailbox != nil {
		return 200
	}
	return 5
}

// apiOptions hands the services to the API.
func (a *app) apiOptions(cmd serveCmd, m *metrics) api.Options {
	o := api.Options{
		Directory:      a.directory,
		Tenants:        a.tenants,
		Addresses:      a.addresses,
		Leaving:        a.leaving,
		Status:         a.status,
		Meter:          a.meter,
		Health:         a.health,
		Broadcast:      a.broadcast,
		Flags:          a.flags,
		Takeouts:       a.takeouts,
		Brands:         a.brands,
		Auth:           a.auth,
		Operators:      a.operators,
		Acts:           a.acts,
		Policy:         a.policy,
		Catalog:        a.catalog,
		Enrolment:      a.enrolment,
		Paths:          a.paths,
		Banks:          a.banks,
		Content:        a.content,
		Exchange:       a.exchange,
		Certificates:   a.certificates,
		Badges:         a.badges,
		Starter:        a.starter,
		Onboarding:     a.onboarding,
		Billing:        a.billing,
		Subscriptions:  a.subscriptions,
		Books:          a.books,
		Reports:        a.reports,
		Mover:          a.mover,
		Inbox:          a.inbox,
		Home:           a.home,
		Notices:        a.notices,
		Push:           a.push,
		Calendar:       a.calendar,
		Transcripts:    a.transcripts,
		Desk:           a.desk,
		Grades:         a.grades,
		Duties:         a.duties,
		Team:           a.team,
		Org:            a.org,
		Reminders:      a.reminders,
		Dashboards:     a.dashboards,
		Compliance:     a.compliance,
		Built:          a.built,
		Evidence:       a.evidence,
		Privacy:        a.privacy,
		Access:         a.access,
		Holds:          a.legalHolds,
		Retention:      a.retention,
		Exports:        a.exports,
		Schedules:      a.schedules,
		SignOn:         a.signon,
		SCIM:           a.scim,
		LDAPSync:       a.ldapsync,
		Rollouts:       a.admin,
		Groups:         a.groups,
		Bulk:           a.bulk,
		HR:             a.hr,
		Intakes:        a.intakes,
		Assignments:    a.assignments,
		Tests:          a.tests,
		Search:         a.search,
		Audit:          a.audit,
		Support:        a.support,
		Themes:         a.themes,
		Ready:          a.ready,
		Observe:        m.request,
		Log:            a.log,
		Now:            a.now,
		TrustedProxies: cmd.TrustedProxies,
		PortalAtOnce:   cmd.PortalAtOnce,
		BodyMemory:     int(cmd.UploadMemory),
		Secure:         a.hosts.Scheme == "https",
		SchemaVersion:  a.admin.Version(),
		Limits: api.Limits{
			Strangers: throttle.New(a.now, 60, time.Minute, 120),
			Lookups:   throttle.New(a.now, 60, time.Minute, 60),
			SignOn:    throttle.New(a.now, 1200, time.Minute, 2400), // a company's staff behind one address, at nine o'clock
			SignUps:   throttle.New(a.now, a.signUpsAnHour(), time.Hour, a.signUpsAnHour()),
		},
		REST: rest.Mounting(rest.Services{
			Banks:         a.banks,
			Auth:          a.auth,
			SignOn:        a.signon,
			Catalog:       a.catalog,
			Enrolment:     a.enrolment,
			Paths:         a.paths,
			Content:       a.content,
			Exchange:      a.exchange,
			Certificates:  a.certificates,
			Badges:        a.badges,
			Starter:       a.starter,
			Onboarding:    a.onboarding,
			Billing:       a.billing,
			Subscriptions: a.subscriptions,
			Home:          a.home,
			Notices:       a.notices,
			Push:          a.push,
			Calendar:      a.calendar,
			Transcripts:   a.transcripts,
			Desk:          a.desk,
			Grades:        a.grades,
			Duties:        a.duties,
			Team:          a.team,
			Org:           a.org,
			Reminders:     a.reminders,
			Dashboards:    a.dashboards,
			Compliance:    a.compliance,
			Built:         a.built,
			Evidence:      a.evidence,
			Privacy:       a.privacy,
			Access:        a.access,
			Holds:         a.legalHolds,
			Retention:     a.retention,
			Exports:       a.exports,
			Schedules:     a.schedules,
			Tests:         a.tests,
			Brands:        a.brands,
			Events:        eventLog{a.store},
			Audit:         a.audit,
			SCIM:          a.scim,
			LDAPSync:      a.ldapsync,
			Groups:        a.groups,
			Bulk:          a.bulk,
			HR:            a.hr,
			Intakes:       a.intakes,
			Assignments:   a.assignments,
			Search:        a.search,
			Now:           a.now,
			Limit:         throttle.New(a.now, cmd.RateLimit, time.Minute, cmd.RateLimit),
			Rate:          rest.Rate{Requests: cmd.RateLimit, Window: time.Minute},
			Hosts:         a.hosts,
			Addresses:     a.addresses,
			Leaving:       a.leaving,
			Status:        a.status,
			Support:       a.support,
			Takeouts:      a.takeouts,
		}),
	}
	o.ConsoleREST = rest.ConsoleMounting(rest.ConsoleServices{
		Operators:     a.operators,
		Acts:          a.acts,
		Tenants:       a.tenants,
		Addresses:     a.addresses,
		Leaving:       a.leaving,
		Health:        a.health,
		Broadcast:     a.broadcast,
		Flags:         a.flags,
		Rollouts:      o.Rollouts,
		Subscriptions: a.subscriptions,
		Sold:          o.Mover.All,
		Newest:        o.SchemaVersion,
		Hosts:         a.hosts,
		Now:           a.now,
		Limit:         throttle.New(a.now, cmd.RateLimit, time.Minute, cmd.RateLimit),
		Rate:          rest.Rate{Requests: cmd.RateLimit, Window: time.Minute},
	})
	if cmd.PortalRate > 0 {
		o.Limits.Portals = throttle.New(a.now, cmd.PortalRate, time.Second, cmd.PortalRate)
	}
	if a.mailbox != nil {
		o.Mailbox = a.mailbox
	}
	if a.played != nil {
		o.Played = a.played.handlers()
		o.Authenticator = api.DemoOperator{Email: demoOperator, Key: demoOperatorKey}
	}
	return o
}
