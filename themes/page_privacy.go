package themes

import (
	"bytes"
	"encoding/json"
	"strconv"

	"lyceum/auth/privacy"
	"lyceum/auth/privacy/access"
	"lyceum/auth/privacy/hold"
	"lyceum/auth/privacy/retention"
	"lyceum/internal/fault"
	"lyceum/internal/page"
)

// Flash messages of people's data; of the first, Name is the person.
const (
	FlashErasureScheduled FlashKey = "erasure_scheduled"
	FlashErasureWithdrawn FlashKey = "erasure_withdrawn"
	FlashErasureRefused   FlashKey = "erasure_refused"
	FlashErasureAsked     FlashKey = "erasure_asked"
	FlashReturnAllowed    FlashKey = "return_allowed"
	FlashCopyAsked        FlashKey = "copy_asked"
	FlashHoldMade         FlashKey = "hold_made"
	FlashHoldAdded        FlashKey = "hold_added"
	FlashHoldTaken        FlashKey = "hold_taken"
	FlashHoldReleased     FlashKey = "hold_released"
	FlashRetentionSaved   FlashKey = "retention_saved"
	FlashRetentionOn      FlashKey = "retention_on"
	FlashRetentionOff     FlashKey = "retention_off"
)

// PrivacyPage is GET /privacy: erasures and the latest copies of data, the newest first. It posts email to /privacy/returns.
type PrivacyPage struct {
	Erasures page.Of[privacy.Erasure]
	Copies   []access.Request
	Email    string // that was typed
	Problem  *fault.Fault
}

func (p PrivacyPage) in(c *Chrome) (string, any) { return "privacy", framed[PrivacyPage]{c, p} }

// PrivacyRegisterPage is GET /privacy/register: what is kept of people, and what an erasure does with it.
type PrivacyRegisterPage struct{ Lines []privacy.Line }

func (p PrivacyRegisterPage) in(c *Chrome) (string, any) {
	return "privacy_register", framed[PrivacyRegisterPage]{c, p}
}

// CopiesPage is GET /privacy/copies: copies of people's data that were asked for, the newest first.
type CopiesPage struct{ List page.Of[access.Request] }

func (p CopiesPage) in(c *Chrome) (string, any) { return "copies", framed[CopiesPage]{c, p} }

// HoldsPage is GET /privacy/holds: legal holds, open ones first.
type HoldsPage struct{ List page.Of[hold.Hold] }

func (p HoldsPage) in(c *Chrome) (string, any) { return "holds", framed[HoldsPage]{c, p} }

// HoldNewPage is GET /privacy/holds/new. It posts name, case_number, reason, whole, emails and group to /privacy/holds.
type HoldNewPage struct {
	Name, CaseNumber, Reason, Emails, Group string
	Whole                                   bool
	Groups                                  []hold.Group
	Problem                                 *fault.Fault
}

func (p HoldNewPage) in(c *Chrome) (string, any) { return "hold_new", framed[HoldNewPage]{c, p} }

// HoldPage is GET /privacy/holds/:hold: one and who is under it. It posts emails and group to …/people, nothing to …/people/:person/take, and
// release_reason to …/release.
type HoldPage struct {
	Hold                         hold.Hold
	People                       page.Of[hold.Person]
	Aside                        int64 // rows that were set aside
	Groups                       []hold.Group
	Emails, Group, ReleaseReason string
	Problem                      *fault.Fault
}

func (p HoldPage) in(c *Chrome) (string, any) { return "hold", framed[HoldPage]{c, p} }

// At is its address.
func (p HoldPage) At() string { return "/privacy/holds/" + p.Hold.ID.String() }

// HoldRowsPage is GET /privacy/holds/:hold/rows: what was removed of those whom a hold covers.
type HoldRowsPage struct {
	Hold hold.Hold
	List page.Of[hold.Row]
}

func (p HoldRowsPage) in(c *Chrome) (string, any) { return "hold_rows", framed[HoldRowsPage]{c, p} }

// At is its address.
func (p HoldRowsPage) At() string { return HoldPage{Hold: p.Hold}.At() + "/rows" }

// RetentionPage is GET /privacy/retention: how long what is kept of people is kept. It posts days by a line's name there, and on to …/switch.
type RetentionPage struct {
	Schedule retention.Schedule
	Preview  retention.Preview
	Typed    map[string]string // days by line, where they were refused
	Problem  *fault.Fault
}

func (p RetentionPage) in(c *Chrome) (string, any) { return "retention", framed[RetentionPage]{c, p} }

// Days are what a line's field shows.
func (p RetentionPage) Days(l retention.Line) string {
	if text, ok := p.Typed[l.Name]; ok {
		return text
	}
	return strconv.Itoa(l.Days)
}

// Old is what is older than a line allows.
func (p RetentionPage) Old(l retention.Line) retention.Count {
	for _, c := range p.Preview.Counts {
		if c.Line == l.Name {
			return c
		}
	}
	return retention.Count{Line: l.Name}
}

// PrivacyPersonPage is GET /privacy/people/:person: what an erasure of somebody would do, and the copies of their data. It posts confirm to …/erase
// and nothing to …/copies.
type PrivacyPersonPage struct {
	Preview privacy.Preview
	Copies  []access.Request
	Days    int
	Confirm string
	Problem *fault.Fault
}

func (p PrivacyPersonPage) in(c *Chrome) (string, any) {
	return "privacy_person", framed[PrivacyPersonPage]{c, p}
}

// At is its address.
func (p PrivacyPersonPage) At() string { return "/privacy/people/" + p.Preview.Person.ID.String() }

// ErasurePage is GET /privacy/erasures/:erasure. It posts nothing to …/cancel, and answer to …/refuse.
type ErasurePage struct {
	Erasure privacy.Erasure
	Steps   []privacy.Step
	Answer  string
	Problem *fault.Fault
}

func (p ErasurePage) in(c *Chrome) (string, any) { return "erasure", framed[ErasurePage]{c, p} }

// At is its address.
func (p ErasurePage) At() string { return "/privacy/erasures/" + p.Erasure.ID.String() }

// Rows sums up what a step did.
func (p ErasurePage) Rows(s privacy.Step) (n int) {
	for fate, one := range s.Counts {
		if fate != "marks" {
			n += int(one)
		}
	}
	return n
}

// Making tells that a copy is being made that the portal asked for.
func (p PrivacyPersonPage) Making() bool { return copying(p.Copies, false) }

// Making tells that one's own copy is being made.
func (p AccountDataPage) Making() bool { return copying(p.Copies, true) }

func copying(list []access.Request, bySelf bool) bool {
	for _, r := range list {
		if r.Open() && r.BySelf == bySelf {
			return true
		}
	}
	return false
}

// AccountDataPage is GET /account/data: what one may ask for of one's own data. It posts nothing to …/copies, …/erase and …/keep.
type AccountDataPage struct {
	Copies  []access.Request
	Erasure *privacy.Erasure // that is open; nil: none
	Refused *privacy.Erasure // the latest wish, where it was refused and none is open
	Lines   []privacy.Line
	Problem *fault.Fault
}

func (p AccountDataPage) in(c *Chrome) (string, any) {
	return "account_data", framed[AccountDataPage]{c, p}
}

// Kept are the lines of what stays after an erasure.
func (p AccountDataPage) Kept() (lines []privacy.Line) {
	for _, l := range p.Lines {
		if l.Fate == privacy.Kept && l.Why != privacy.WhyOthers && l.Topic != privacy.TopicPrivacy {
			lines = append(lines, l)
		}
	}
	return lines
}

// ErasureTone is how the state of an erasure looks.
func (c *Chrome) ErasureTone(s privacy.Status) string {
	switch s {
	case privacy.Erased:
		return "good"
	case privacy.Asked, privacy.Scheduled, privacy.Working:
		return "warn"
	}
	return ""
}

// HoldPeople counts who is under a hold.
func (c *Chrome) HoldPeople(h hold.Hold) (string, error) { return c.N("hold.people_n", int(h.People)) }

// HeldTopic is what a place of the portal's data is about, or its name where nobody said.
func (c *Chrome) HeldTopic(place string) (string, error) {
	if topic := privacy.TopicOf(place); topic != "" {
		return c.T("privacy_topic." + string(topic))
	}
	return place, nil
}

// HeldData is a row, to be read.
func (c *Chrome) HeldData(r hold.Row) string {
	var out bytes.Buffer
	if json.Indent(&out, r.Data, "", "  ") != nil {
		return string(r.Data)
	}
	return out.String()
}

// Int is a count as plurals take it.
func (c *Chrome) Int(n int64) int { return int(n) }

// CopyTone is how the state of a copy looks.
func (c *Chrome) CopyTone(s access.Status) string {
	switch s {
	case access.Ready:
		return "good"
	case access.Waiting, access.Working:
		return "warn"
	case access.Failed:
		return "bad"
	}
	return ""
}
