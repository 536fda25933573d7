package themes

import (
	"fmt"

	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/reminder"
)

// RemindersPage is GET /reminders: the rules, and who will be told of what in the next seven days.
type RemindersPage struct {
	Policies []reminder.Policy // the portal's first
	Ahead    []reminder.Ahead
	More     bool             // there is more ahead than was looked through
	Choices  []ReminderChoice // requirements and courses that may have rules of their own
}

func (p RemindersPage) in(c *Chrome) (string, any) { return "reminders", framed[RemindersPage]{c, p} }

// Portal are the portal's rules.
func (p RemindersPage) Portal() reminder.Policy { return p.Policies[0] }

// Own are those of requirements and courses.
func (p RemindersPage) Own() []reminder.Policy { return p.Policies[1:] }

// Quiet tells that nobody is told anything in the days ahead.
func (p RemindersPage) Quiet() bool {
	for _, d := range p.Ahead {
		if d.People > 0 {
			return false
		}
	}
	return true
}

// ReminderChoice is a requirement or course. Of is as reminder rules are addressed: scope.id.
type ReminderChoice struct{ Of, Name string }

// ReminderOf addresses the rules of a scope: portal, or scope.id.
func ReminderOf(s reminder.Scope, id uid.ID) string {
	if s == reminder.ScopePortal {
		return string(s)
	}
	return string(s) + "." + id.String()
}

// ReminderOf is the same for templates.
func (c *Chrome) ReminderOf(p reminder.Policy) string { return ReminderOf(p.Scope, p.ScopeID) }

// ReminderSteps writes days as in a form: 7, 1.
func (c *Chrome) ReminderSteps(list []int) string { return ReminderSteps(list) }

// ReminderSteps writes days as in a form: 7, 1.
func ReminderSteps(list []int) (out string) {
	for i, n := range list {
		if i > 0 {
			out += ", "
		}
		out += fmt.Sprint(n)
	}
	return out
}

// ReminderForm is what was typed.
type ReminderForm struct {
	On, OnDay, App, Mail                                                                   bool
	BeforeDue, BeforeExpiry, OverdueEvery, OverdueTimes, EscalateAfter, QuietFrom, QuietTo string
}

// ReminderRulesPage is GET and POST /reminders/rules?of= with the fields of, revision, on, before_due, before_expiry, on_day,
// overdue_every, overdue_times, escalate_after, app, mail, quiet_from and quiet_to. It posts of to …/remove.
type ReminderRulesPage struct {
	Policy  reminder.Policy
	Form    ReminderForm
	Problem *fault.Fault
}

func (p ReminderRulesPage) in(c *Chrome) (string, any) {
	return "reminder_rules", framed[ReminderRulesPage]{c, p}
}

// Everywhere tells that they are the portal's.
func (p ReminderRulesPage) Everywhere() bool { return p.Policy.Scope == reminder.ScopePortal }

// RemindersSentPage is GET /reminders/sent?person=&after=: what was told.
type RemindersSentPage struct {
	List   page.Of[reminder.Message]
	Person uid.ID // Nil: everybody
	First  bool
}

func (p RemindersSentPage) in(c *Chrome) (string, any) {
	return "reminders_sent", framed[RemindersSentPage]{c, p}
}

// Of is the person's id for links, "" for everybody.
func (p RemindersSentPage) Of() string {
	if p.Person == uid.Nil {
		return ""
	}
	return p.Person.String()
}

// ReminderPage is GET /reminders/:reminder: what the reader was told on a day.
type ReminderPage struct{ Message reminder.Message }

func (p ReminderPage) in(c *Chrome) (string, any) { return "reminder", framed[ReminderPage]{c, p} }

// ReminderMail brings what is to be done, and what is overdue of people whom the reader manages.
type ReminderMail struct {
	Name    string
	Message reminder.Message
	Portal  string // its address
}

func (m ReminderMail) letter(c *MailChrome) (string, any) {
	return "reminder", enveloped[ReminderMail]{c, m}
}

// Link is the address of an item's page.
func (m ReminderMail) Link(i reminder.Item) string { return m.Portal + i.Path() }

// ReminderWhen says when an item is due, was due, ends or ended.
func (t talk) ReminderWhen(i reminder.Item) (string, error) {
	key := "due"
	switch {
	case i.Expires() && i.Over():
		key = "expired"
	case i.Expires():
		key = "expires"
	case i.Over():
		key = "over"
	case i.Step == 0:
		key = "today"
	}
	return t.T("reminder.when_"+key, "When", t.LongDate(i.When()))
}

// ReminderSubject is the subject of a message's mail.
func (t talk) ReminderSubject(m reminder.Message) (string, error) {
	own, team := m.Own(), m.Team()
	switch {
	case len(own) == 0 && len(team) > 0:
		return t.N("reminder.subject_team", len(team)+m.More)
	case len(own) == 1 && len(team) == 0:
		when, err := t.ReminderWhen(own[0])
		if err != nil {
			return "", err
		}
		return t.T("reminder.subject_one", "Title", own[0].Title, "When", when)
	case len(own) > 0:
		return t.N("reminder.subject", len(own)+len(team)+m.More, "Title", own[0].Title)
	}
	return t.T("reminder.title")
}

// ReminderTone is the colour of an item, beside its words.
func (c *Chrome) ReminderTone(i reminder.Item) string {
	if i.Over() {
		return "bad"
	}
	return "warn"
}

// QuietHours lists the full hours of a day as they are chosen.
func (c *Chrome) QuietHours() (list []Hour) {
	for h := range 24 {
		list = append(list, Hour{fmt.Sprint(h), fmt.Sprintf("%02d:00", h)})
	}
	return list
}

// Reminded is a message with what its templates call.
type Reminded struct {
	*Chrome
	Message reminder.Message
}

// Reminded puts a message beside the rest.
func (c *Chrome) Reminded(m reminder.Message) Reminded { return Reminded{c, m} }

// Hour is a full hour of the day.
type Hour struct{ Value, Text string }
