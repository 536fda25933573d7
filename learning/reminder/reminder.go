// Package reminder is when people are told of what is due, overdue or about to expire: the rules of the portal, of a requirement or of
// a course, and one message at most for a person and day, in which everything is merged. Every step that was told is kept and never
// told again. What is due is duty's, enrolment's and certificate's to say; how people want to be told is notice's. It writes no mail.
package reminder

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Scope is what rules are for.
type Scope string

// The scopes. Those of a requirement or a course go before those of the portal.
const (
	ScopePortal      Scope = "portal"
	ScopeRequirement Scope = "requirement" // its duties
	ScopeCourse      Scope = "course"      // due dates of its enrolments, and its certificates
)

// Known tells whether it is one.
func (s Scope) Known() bool {
	return s == ScopePortal || s == ScopeRequirement || s == ScopeCourse
}

// Rules are when people are reminded. Days are those of the calendar where the reader is.
type Rules struct {
	On bool `json:"on"`
	// BeforeDue and BeforeExpiry are so many days before something is due, or ends.
	BeforeDue    []int `json:"before_due"`
	BeforeExpiry []int `json:"before_expiry"`
	OnDay        bool  `json:"on_day"` // on the day itself
	// OverdueEvery is the days between reminders of what is over; the first is sent the day after. OverdueTimes is how many; 0 none.
	OverdueEvery int `json:"overdue_every"`
	OverdueTimes int `json:"overdue_times"`
	// EscalateAfter is how many days after it is over the manager is told, once; 0 never.
	EscalateAfter int  `json:"escalate_after"`
	App           bool `json:"app"`  // who switched it off is not told so
	Mail          bool `json:"mail"` // the same
	// QuietFrom and QuietTo are full hours of the day, where the reader is, between which nothing is sent; equal: never quiet. People
	// may have hours of their own. They are the portal's: other scopes have none.
	QuietFrom int `json:"quiet_from"`
	QuietTo   int `json:"quiet_to"`
}

// Default are the rules of a portal that wrote none.
func Default() Rules {
	return Rules{On: true, BeforeDue: []int{7, 1}, BeforeExpiry: []int{30, 7}, OverdueEvery: 7, OverdueTimes: 4, EscalateAfter: 7, App: true, Mail: true, QuietFrom: 20, QuietTo: 8}
}

const (
	stepsMax = 10
	daysMax  = 365
	timesMax = 52
)

func (r *Rules) check() error {
	f := fault.Fields{}
	steps := func(list []int, field string) []int {
		list = slices.Clone(list)
		slices.Sort(list)
		list = slices.Compact(list)
		slices.Reverse(list)
		f.Check(len(list) <= stepsMax, field, "Use at most 10 numbers.")
		f.Check(len(list) == 0 || list[0] <= daysMax && list[len(list)-1] >= 1, field, "Use numbers from 1 to 365, such as 14, 7, 1.")
		return list
	}
	r.BeforeDue, r.BeforeExpiry = steps(r.BeforeDue, "before_due"), steps(r.BeforeExpiry, "before_expiry")
	f.Check(r.OverdueEvery >= 1 && r.OverdueEvery <= daysMax, "overdue_every", "Use 1 to 365 days.")
	f.Check(r.OverdueTimes >= 0 && r.OverdueTimes <= timesMax, "overdue_times", "Use 0 to 52.")
	f.Check(r.EscalateAfter >= 0 && r.EscalateAfter <= daysMax, "escalate_after", "Use 0 to 365 days.")
	hours(f, r.QuietFrom, r.QuietTo)
	return f.Err()
}

func hours(f fault.Fields, from, to int) {
	f.Check(from >= 0 && from <= 23, "quiet_from", "Use a full hour from 0 to 23.")
	f.Check(to >= 0 && to <= 23, "quiet_to", "Use a full hour from 0 to 23.")
}

// Value gives the JSON object as text: a []byte fails as jsonb in pgx's exec mode.
func (r Rules) Value() (driver.Value, error) { return text(r) }

// Scan reads the JSON object.
func (r *Rules) Scan(src any) error { return scan(src, r) }

// Policy is the rules of a scope. It is a row of reminder_policies.
type Policy struct {
	Scope    Scope
	ScopeID  uid.ID // Nil: the portal
	Name     string `gorm:"->"` // of the requirement or course
	Rules    Rules
	Revision int // 0: nobody wrote it, these are the defaults, or the portal's
	SavedBy  *uid.ID
	SavedAt  *time.Time
}

// Kind is what somebody is reminded of.
type Kind string

// The kinds.
const (
	KindCourse      Kind = "course"      // an enrolment's due date
	KindDuty        Kind = "duty"        // a duty that is to be done for the first time
	KindRenewal     Kind = "renewal"     // a duty that was done and ends
	KindCertificate Kind = "certificate" // a certificate that ends, of no duty
)

// expires tells whether its clock is that of an end.
func (k Kind) expires() bool { return k == KindRenewal || k == KindCertificate }

// Item is one thing of a message.
type Item struct {
	Kind    Kind      `json:"kind"`
	Subject uid.ID    `json:"subject"` // the enrolment, duty or certificate
	About   uid.ID    `json:"about"`   // whose it is: the reader, or one of whom they are told
	Name    string    `json:"name"`    // of who it is about
	Title   string    `json:"title"`
	Slug    string    `json:"slug,omitempty"` // the course's
	At      time.Time `json:"at"`             // when it is due, or ends
	Step    int       `json:"step"`           // days after that; negative: before
}

// When is a moment of the day on which it is due, or ends. A certificate ends with a day that is the same for everybody, kept as its last
// second in UTC; noon of it is that day nearly everywhere.
func (i Item) When() time.Time {
	if i.Kind == KindCertificate {
		return i.At.UTC().Truncate(day).Add(12 * time.Hour)
	}
	return i.At
}

// Over tells whether it was due, or ended, on an earlier day.
func (i Item) Over() bool { return i.Step > 0 }

// Expires tells whether it ends, where other things are due.
func (i Item) Expires() bool { return i.Kind.expires() }

// Path is the page it leads to.
func (i Item) Path() string {
	switch i.Kind {
	case KindCourse:
		return "/courses/" + i.Slug
	case KindCertificate:
		return "/certificates"
	case KindDuty, KindRenewal:
	}
	return "/duties"
}

// Items are those of a message.
type Items []Item

// Value gives the JSON array as text.
func (l Items) Value() (driver.Value, error) {
	if l == nil {
		return "[]", nil
	}
	return text(l)
}

// Scan reads the JSON array.
func (l *Items) Scan(src any) error { return scan(src, (*[]Item)(l)) }

// MailState is how far a message's mail went.
type MailState string

// The states of a mail.
const (
	MailNone    MailState = "none"    // none is wanted
	MailWaiting MailState = "waiting" // a job is to send it
	MailSending MailState = "sending" // it is with the mail server; after a crash nobody knows, and it is not sent again
	MailSent    MailState = "sent"
	MailRefused MailState = "refused" // the server does not take mails for this address
	MailDropped MailState = "dropped" // everything was done before it could be sent, or it was too late
)

// Message is what one person was told on one day. It is a row of reminder_messages.
type Message struct {
	ID       uid.ID
	PersonID uid.ID
	Day      string // 2026-03-31, where the person is
	SentAt   time.Time
	App      bool
	Mail     MailState
	MailedAt *time.Time
	Items    Items  // the first itemsKept
	More     int    // further ones, told of as a number
	Name     string `gorm:"->"`
	Email    string `gorm:"->"`
	By       string `gorm:"->"` // the manager whose reminder was the day's; "" it was the portal's
	Devices  int    `gorm:"->"` // that it was sent to
}

// TableName is reminder_messages.
func (Message) TableName() string { return "reminder_messages" }

// Own are the reader's own things, what is over first.
func (m Message) Own() (list Items) { return m.of(false) }

// Team are those of people the reader manages.
func (m Message) Team() (list Items) { return m.of(true) }

func (m Message) of(team bool) (list Items) {
	for _, i := range m.Items {
		if (i.About != m.PersonID) == team {
			list = append(list, i)
		}
	}
	return list
}

// Failures of this package.
var (
	ErrNotFound = fault.New(fault.KindNotFound, "reminder_not_found", "There is no such reminder.")
	ErrNoScope  = fault.New(fault.KindNotFound, "reminder_scope_not_found", "There is no such requirement or course.")
	ErrChanged  = fault.New(fault.KindConflict, "reminder_rules_changed", "Somebody else changed these rules meanwhile. Reload the page.")
)

func text(v any) (driver.Value, error) {
	raw, err := json.Marshal(v)
	return string(raw), err
}

func scan(src, into any) error {
	switch v := src.(type) {
	case string:
		return json.Unmarshal([]byte(v), into)
	case []byte:
		return json.Unmarshal(v, into)
	}
	return fmt.Errorf("cannot read %T as JSON", src)
}
