// Package plan is what a subscription costs and allows: plans as data, in versions that never change once published, and
// the sum of a bill from what was used. It knows no customer and no payment provider.
package plan

import (
	"time"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/internal/uid"
)

// Plan is an offer of the platform. Its prices and limits are in versions.
type Plan struct {
	ID         uid.ID
	Code       string // stable, for machines: team
	Name       string // for people: Team
	Public     bool   // organizations may choose it themselves
	Position   int    // in the list of plans, the lowest first
	SignUp     bool   // new organizations begin their trial on it; at most one plan is
	Revision   int64  // counts the changes, so that one operator does not write over another's
	CreatedAt  time.Time
	ArchivedAt *time.Time // no new subscriptions from then on
}

// TableName is control.plans.
func (Plan) TableName() string { return "control.plans" }

// Status of a version.
type Status string

const (
	// StatusDraft may still change.
	StatusDraft Status = "draft"
	// StatusPublished is what new subscriptions get; it never changes.
	StatusPublished Status = "published"
	// StatusRetired keeps running for who has it; nobody new gets it.
	StatusRetired Status = "retired"
)

// Interval is how often a subscription is billed its flat parts. Usage is always billed by the calendar month in UTC.
type Interval string

// The intervals.
const (
	Month Interval = "month"
	Year  Interval = "year"
)

// Version is prices and limits of a plan. A running subscription stays on its version unless it is moved. Of the published
// ones a plan has one for each currency and interval.
type Version struct {
	ID          uid.ID
	PlanID      uid.ID
	Number      int // counts from 1 within the plan
	Status      Status
	Currency    money.Currency
	Interval    Interval
	TrialDays   int
	Components  []Component `gorm:"serializer:json"`
	Limits      Limits      `gorm:"serializer:json"`
	Life        Life        `gorm:"serializer:json"`
	Revision    int64       // counts the changes of a draft
	CreatedAt   time.Time
	UpdatedAt   time.Time
	PublishedAt *time.Time
	RetiredAt   *time.Time
}

// TableName is control.plan_versions.
func (Version) TableName() string { return "control.plan_versions" }

// Scheme is how a component's quantity becomes a sum.
type Scheme string

const (
	// Flat is a fixed sum each interval, whatever is used.
	Flat Scheme = "flat"
	// PerUnit is one price for each unit above what is included.
	PerUnit Scheme = "per_unit"
	// Graduated prices each unit by the tier it falls in, as income tax does.
	Graduated Scheme = "graduated"
	// Volume prices all units by the tier that the whole quantity falls in.
	Volume Scheme = "volume"
)

// Component is one line of a bill to be.
type Component struct {
	Code     string        `json:"code"` // stable within the plan: base, learners, storage
	Name     string        `json:"name"` // as the bill says it
	Scheme   Scheme        `json:"scheme"`
	AddOn    bool          `json:"add_on,omitempty"`   // only for who booked it, each times the number booked; always Flat
	Meter    billing.Meter `json:"meter,omitempty"`    // what is counted; "" for Flat
	Per      int64         `json:"per,omitempty"`      // how much of the meter is one unit of the price (1e9 byte-hours …); 0 means 1
	Included int64         `json:"included,omitempty"` // units that cost nothing
	Price    money.Micros  `json:"price,omitempty"`    // of a unit, or the fixed sum
	Tiers    []Tier        `json:"tiers,omitempty"`    // for Graduated and Volume, the lowest first, the last without an end
}

// Tier is a step of prices: units above the tier before, up to and with UpTo. Tiers count the units that are paid: those
// that are included come before the first.
type Tier struct {
	UpTo  int64        `json:"up_to,omitempty"` // 0: without an end
	Price money.Micros `json:"price"`           // of each unit
	Flat  money.Micros `json:"flat,omitempty"`  // once, when the tier has its first unit
}

// Unlimited is a limit that is none.
const Unlimited int64 = -1

// Limits are what a subscription allows in a calendar month (learners, API calls, AI tokens) or at a time (the rest).
type Limits struct {
	ActiveLearners int64 `json:"active_learners"`
	StorageBytes   int64 `json:"storage_bytes"`
	APICalls       int64 `json:"api_calls"`
	VideoMinutes   int64 `json:"video_minutes"`
	AITokens       int64 `json:"ai_tokens"`
	CustomDomains  int64 `json:"custom_domains"`
	SSO            bool  `json:"sso"`
	Sandbox        bool  `json:"sandbox"`
	// Hard lists the meters whose limit stops; the others warn and go on the bill. active_learner is never among them:
	// learning is not stopped by a bill.
	Hard []billing.Meter `json:"hard,omitempty"`
}

// Life times the steps of a subscription that is not paid, in days from the step before. A step of 0 days is passed at once.
type Life struct {
	PastDueDays   int `json:"past_due_days"`  // reminders, nothing else changes
	GraceDays     int `json:"grace_days"`     // as past due, with a notice to every admin
	ReadOnlyDays  int `json:"read_only_days"` // nothing new is made; people go on learning
	SuspendedDays int `json:"suspended_days"` // the portal is closed
	RetainedDays  int `json:"retained_days"`  // cancelled: data are kept this long, then erased
}

// DefaultLife is a fortnight of each step and ninety days of retention.
func DefaultLife() Life {
	return Life{PastDueDays: 7, GraceDays: 14, ReadOnlyDays: 14, SuspendedDays: 30, RetainedDays: 90}
}

// Quantities is how much of each meter was used.
type Quantities map[billing.Meter]int64

// Bill is what quantities cost under a version.
type Bill struct {
	Lines []Line
	Total money.Money
}

// Line is one line of a bill.
type Line struct {
	Component string
	Name      string
	Meter     billing.Meter // "" for what is not metered
	Used      int64         // in units of the meter
	Units     int64         // in units of the price, started ones counted whole
	Included  int64
	Amount    money.Money
	Tiers     []TierLine // how Graduated and Volume came to Amount
}

// TierLine is the part of a line that one tier priced. The amounts of a line's tiers add up to the line's.
type TierLine struct {
	From, UpTo int64 // units that are paid, counted from 1; UpTo 0: without an end
	Units      int64
	Price      money.Micros
	Flat       money.Micros
	Amount     money.Money
}
