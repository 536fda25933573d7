package themes

import (
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
)

// IssuedPage is GET /certificates/issued?q=&state=&after=: the certificates of everyone. It posts reason to
// …/:code/revoke and …/:code/reissue, with
// class and, for the latter, renew.
type IssuedPage struct {
	Query        string
	State        certificate.Narrow
	Certificates page.Of[certificate.Certificate]
	Opened       string                 // the number of the one whose form was refused
	Typed        certificate.Withdrawal // what was typed
	Problem      *fault.Fault
}

func (p IssuedPage) in(c *Chrome) (string, any) { return "issued", framed[IssuedPage]{c, p} }

// Narrows are the choices of what the list shows, beside all.
func (p IssuedPage) Narrows() []certificate.Narrow {
	return []certificate.Narrow{certificate.NarrowExpiring, certificate.NarrowExpired, certificate.NarrowRevoked}
}

// WithdrawForm is the form of one certificate, as it was typed where it was refused.
type WithdrawForm struct {
	*Chrome
	certificate.Certificate
	Open    bool
	Typed   certificate.Withdrawal
	Classes []certificate.Class
}

// WithdrawForm makes the form of a certificate.
func (c *Chrome) WithdrawForm(p IssuedPage, one certificate.Certificate) WithdrawForm {
	f := WithdrawForm{Chrome: c, Certificate: one, Open: p.Opened == one.Code, Classes: certificate.Classes()}
	f.Typed.Class = certificate.ClassCorrected
	if f.Open {
		f.Typed = p.Typed
	}
	return f
}

// Key makes the ids of the form's fields: the refused form has the plain names, which the box of the problem leads to.
func (f WithdrawForm) Key(name string) string {
	if f.Open {
		return name
	}
	return name + "-" + f.Code
}

// CertificateState is where a certificate stands now.
func (c *Chrome) CertificateState(one certificate.Certificate) certificate.State {
	return one.State(c.now)
}

// IssuedBadge says it, for those who may see more than that: replaced, and ending soon, are states of their own.
func (c *Chrome) IssuedBadge(one certificate.Certificate) (Badge, error) {
	state := string(one.State(c.now))
	switch {
	case one.RevokedAt == nil && one.ReplacedAt != nil:
		state = "replaced"
	case c.EndsSoon(one):
		state = "expiring"
	}
	return c.StatusBadge("certificate_state", state)
}

// EndsSoon tells whether a certificate ends within 30 days.
func (c *Chrome) EndsSoon(one certificate.Certificate) bool {
	return one.Holds(c.now) && one.ReplacedAt == nil && one.ValidUntil != nil && one.ValidUntil.Sub(c.now) <= certificate.WithinMonth
}

// IssuedHistoryPage is GET /certificates/issued/:code: every certificate of one enrolment, the newest first.
type IssuedHistoryPage struct {
	Certificates []certificate.Certificate
}

func (p IssuedHistoryPage) in(c *Chrome) (string, any) {
	return "issued_history", framed[IssuedHistoryPage]{c, p}
}

// Latest is the newest of them.
func (p IssuedHistoryPage) Latest() certificate.Certificate {
	if len(p.Certificates) == 0 {
		return certificate.Certificate{}
	}
	return p.Certificates[0]
}

// CertificateRuleForm is what was typed about how long a course's certificates hold.
type CertificateRuleForm struct {
	Valid  string // always, months, until
	Months string
	Until  string // 2026-12-31
	Design string // id, "" for the standard one
}

// CourseCertificatePage is GET /studio/:course/certificate. It posts valid, valid_months, valid_until and design_id to
// its own address.
type CourseCertificatePage struct {
	Outline catalog.Outline
	Form    CertificateRuleForm
	Designs []certificate.Design
	Problem *fault.Fault
}

func (p CourseCertificatePage) in(c *Chrome) (string, any) {
	return "course_certificate", framed[CourseCertificatePage]{c, p}
}
