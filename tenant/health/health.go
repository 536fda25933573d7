// Package health is how tenants do, for the operators' console: what counts (failures, lag, mails, sign-on, storage, the schema's
// version), a verdict with its reasons, and the list of thousands of tenants that is searched and sorted by it. What is costly to know
// is gathered by a chore (Service.Gather) and kept. It holds nothing of what learners did.
package health

import (
	"time"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/tenant"
	"lyceum/tenant/life"
)

// Verdict is how a tenant does in one word.
type Verdict string

const (
	// Good: nothing is known against it.
	Good Verdict = "good"
	// Warn: something is not as it should be; its people hardly notice.
	Warn Verdict = "warn"
	// Bad: its people notice.
	Bad Verdict = "bad"
)

// Verdicts lists them, the worst first.
func Verdicts() []Verdict { return []Verdict{Bad, Warn, Good} }

// Reason is why a verdict is not good. Number is what Code counts: failures, minutes, percent.
type Reason struct {
	Code   string `json:"code"`
	Number int64  `json:"number"`
	Bad    bool   `json:"bad"`
}

// Health is how one tenant did when it was looked at. It is a row of control.tenant_health.
type Health struct {
	TenantID       uid.ID
	Verdict        Verdict
	Reasons        []Reason `gorm:"serializer:json"`
	ActiveLearners int64    // of this month, in UTC
	JobLag         int      // seconds: the age of the oldest job that is not done
	JobsWaiting    int      // jobs that are not done
	JobsFailing    int      // those of them that failed and are tried again
	EventLag       int      // seconds: the age of the oldest event that no job was made of
	MailsFailed    int      // tries within Window
	RequestsFailed int      // within Window
	SignOns        int      // with a company account, within Window
	SignOnsRefused int      // of further ones, within Window
	StorageUsed    int64    // bytes
	StorageLimit   int64    // bytes; 0: none
	Owners         string   // their e-mail addresses, by spaces
	LastErrorAt    *time.Time
	CheckedAt      time.Time
}

// Window is the time over which failures are counted.
const Window = 24 * time.Hour

// From where things are worth a warning, and from where they are bad.
const (
	lagWarn, lagBad             = 10 * 60, 60 * 60 // seconds
	requestsBad                 = 20
	mailsBad                    = 20
	signOnLeast                 = 10 // sign-ons: fewer say nothing
	signOnWarn, signOnBad       = 80, 50
	storageWarn, storageBad     = 90, 100
	percent                 int = 100
)

// Versions are the newest shape of a tenant's schema, and the oldest that is served.
type Versions struct{ Newest, Oldest int }

// Judge sets the verdict and its reasons, the bad ones first, from what else h holds and the schema's version.
func (h *Health) Judge(schema int, v Versions) {
	var bad, warn []Reason
	say := func(code string, number int64, isBad, isWarn bool) {
		switch {
		case isBad:
			bad = append(bad, Reason{code, number, true})
		case isWarn:
			warn = append(warn, Reason{code, number, false})
		}
	}
	say("not_served", int64(schema), schema < v.Oldest, false)
	say("behind", int64(v.Newest-schema), false, schema >= v.Oldest && schema < v.Newest)
	say("requests_failed", int64(h.RequestsFailed), h.RequestsFailed >= requestsBad, h.RequestsFailed > 0)
	say("job_lag", int64(h.JobLag/60), h.JobLag >= lagBad, h.JobLag >= lagWarn)
	say("jobs_failing", int64(h.JobsFailing), false, h.JobsFailing > 0)
	say("event_lag", int64(h.EventLag/60), h.EventLag >= lagBad, h.EventLag >= lagWarn)
	say("mails_failed", int64(h.MailsFailed), h.MailsFailed >= mailsBad, h.MailsFailed > 0)
	if all := h.SignOns + h.SignOnsRefused; all >= signOnLeast {
		share := percent * h.SignOns / all
		say("sign_on", int64(share), share < signOnBad, share < signOnWarn)
	}
	if h.StorageLimit > 0 {
		share := int(int64(percent) * h.StorageUsed / h.StorageLimit)
		say("storage", int64(share), share >= storageBad, share >= storageWarn)
	}
	h.Reasons, h.Verdict = append(bad, warn...), Good
	switch {
	case len(bad) > 0:
		h.Verdict = Bad
	case len(warn) > 0:
		h.Verdict = Warn
	}
}

// Kind is where something failed.
type Kind string

// Where something fails.
const (
	KindRequest Kind = "request"
	KindJob     Kind = "job"
	KindMail    Kind = "mail"
)

// Failure is how often something failed in the same way within an hour. It is a row of control.tenant_errors.
type Failure struct {
	TenantID  uid.ID
	Kind      Kind
	What      string // the route's pattern, the job's name
	Class     string // see Class
	Hour      time.Time
	Count     int
	LastAt    time.Time
	RequestID string // of the last one; "" for jobs
}

// Sort is by what the list is ordered.
type Sort string

const (
	// ByName is from A to Z, the default.
	ByName Sort = "name"
	// ByCreated is the newest first.
	ByCreated Sort = "created"
	// ByUsage is who has most active learners this month first.
	ByUsage Sort = "usage"
	// ByLag is whose oldest job waits longest first.
	ByLag Sort = "lag"
	// ByError is where something failed last first.
	ByError Sort = "error"
)

// Sorts lists them.
func Sorts() []Sort { return []Sort{ByName, ByCreated, ByUsage, ByLag, ByError} }

// Filter narrows the list of tenants. Query is part of a name, an address it has or had, a domain, its contact's or an owner's e-mail.
type Filter struct {
	Query   string
	State   life.State
	Plan    string // its code
	Verdict Verdict
	Behind  int // only those whose schema is below this version; 0: all
	Sort    Sort
	Page    page.Request
}

// Row is a tenant as the list shows it.
type Row struct {
	ID             uid.ID
	Slug           string
	Name           string
	Status         tenant.Status
	Life           life.State
	SchemaVersion  int
	ContactEmail   string
	CreatedAt      time.Time
	PlanCode       string // "": none
	PlanName       string
	Verdict        Verdict // "": not looked at
	ActiveLearners int64
	JobLag         int
	LastErrorAt    *time.Time
}

// Plan is one to filter by.
type Plan struct{ Code, Name string }
