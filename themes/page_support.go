package themes

import (
	"lyceum/auth"
	"lyceum/auth/support"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// The messages of support access.
const (
	FlashSupportEnded    FlashKey = "support_ended"
	FlashSupportApproved FlashKey = "support_approved"
	FlashSupportRefused  FlashKey = "support_refused"
)

// SupportForm is what an operator asks for, as typed.
type SupportForm struct {
	Slug, Email, Reason, Ticket string
	Minutes                     int
	Writes                      bool
}

// OperatorSupportPage is GET /operator/support?portal=: it posts slug, email, reason, ticket, minutes and writes to itself, and
// nothing to …/:visit/end.
type OperatorSupportPage struct {
	Visits  []support.Listed
	Ways    map[uid.ID]string // into those visits of one's own that can be entered
	Me      uid.ID            // the operator who looks
	Form    SupportForm
	Problem *fault.Fault
}

func (p OperatorSupportPage) in(c *Chrome) (string, any) {
	return "operator_support", framed[OperatorSupportPage]{c, p}
}

// Way is the address at which a visit is entered, "" for none.
func (p OperatorSupportPage) Way(v support.Listed) string { return p.Ways[v.ID] }

// Ends tells whether the operator who looks can end a visit.
func (p OperatorSupportPage) Ends(v support.Listed) bool {
	going := v.State == support.Waiting || v.State == support.Approved || v.State == support.Open
	return going && p.Me == v.OperatorID
}

// SupportEnterPage is GET /support/enter/:code: what is about to begin. It posts nothing to itself.
type SupportEnterPage struct {
	Visit support.Visit
	Code  string
}

func (p SupportEnterPage) in(c *Chrome) (string, any) {
	return "support_enter", framed[SupportEnterPage]{c, p}
}

// SupportRulesForm is what a portal allows, as typed: mode is off, read or write.
type SupportRulesForm struct {
	Mode    string
	Approve bool
	Hours   int
}

// SupportAccessPage is GET /settings/support-access. It posts mode, approve and hours to itself, and nothing to /end and to
// /:visit/approve, refuse and end below it.
type SupportAccessPage struct {
	Access  support.Access
	Form    SupportRulesForm
	Problem *fault.Fault
}

func (p SupportAccessPage) in(c *Chrome) (string, any) {
	return "support_access", framed[SupportAccessPage]{c, p}
}

// Waits are the visits that ask for a yes, Goes those that go on, Past the others.
func (p SupportAccessPage) Waits() []support.Visit {
	return p.of(func(v support.Visit) bool { return v.State == support.Waiting })
}

// Goes are the visits that go on, or may begin.
func (p SupportAccessPage) Goes() []support.Visit {
	return p.of(func(v support.Visit) bool { return v.State == support.Approved || v.State == support.Open })
}

// Past are the visits that are over.
func (p SupportAccessPage) Past() []support.Visit {
	return p.of(func(v support.Visit) bool { return !v.Going() })
}

func (p SupportAccessPage) of(wanted func(support.Visit) bool) (list []support.Visit) {
	for _, v := range p.Access.Visits {
		if wanted(v) {
			list = append(list, v)
		}
	}
	return list
}

// Guise is who stands behind the person that pages are shown to; nil: nobody.
func (c *Chrome) Guise() *auth.Guise {
	if c.View.Who == nil {
		return nil
	}
	return c.View.Who.Guise
}

// GuiseLeft is how many minutes a visit still lasts, at least 1.
func (c *Chrome) GuiseLeft() int {
	g := c.Guise()
	if g == nil {
		return 0
	}
	return max(1, int(g.EndsAt.Sub(c.View.Now).Minutes()))
}

// SupportMail tells owners that an operator wants to look, or looks, as one of the portal's people.
type SupportMail struct {
	Name     string
	Asked    bool // and waits for a yes
	Operator string
	Person   string
	Reason   string
	Ticket   string
	Minutes  int
	Link     string
}

func (m SupportMail) letter(c *MailChrome) (string, any) {
	return "support", enveloped[SupportMail]{c, m}
}

// SupportShown is a visit as a line shows it.
type SupportShown struct {
	Visit             support.Visit
	Said, State, When string
}

// SupportVisit puts a visit into words.
func (c *Chrome) SupportVisit(v support.Visit) (s SupportShown, err error) {
	s.Visit = v
	if s.Said, err = c.T("support.said", "Operator", v.OperatorName, "Person", v.PersonName); err != nil {
		return s, err
	}
	if s.State, err = c.Named("support_state", string(v.State)); err != nil {
		return s, err
	}
	s.When = c.LongDateTime(v.AskedAt)
	if v.EndsAt != nil {
		until, err := c.T("support.until", "Date", c.LongDateTime(*v.EndsAt))
		if err != nil {
			return s, err
		}
		s.When += " · " + until
	}
	if v.Why != "" {
		why, err := c.Named("support_why", string(v.Why))
		if err != nil {
			return s, err
		}
		s.When += " · " + why
	}
	return s, nil
}
