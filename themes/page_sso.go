package themes

import (
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
)

// Flash messages of company accounts.
const (
	FlashSignedOutEverywhere FlashKey = "signed_out_everywhere"
	FlashSignedOutHere       FlashKey = "signed_out_here"
	FlashUnlinked            FlashKey = "unlinked" // Name: the person
)

// SSOLeavePage sends the browser on to an identity provider: to an address by itself, or with a form of hidden fields that
// a script posts, and a button does without one.
type SSOLeavePage struct{ Departure signon.Departure }

func (p SSOLeavePage) in(c *Chrome) (string, any) { return "sso_leave", framed[SSOLeavePage]{c, p} }

// Goes is the address that the page leads to by itself; "" where it posts.
func (p SSOLeavePage) Goes() string {
	if p.Departure.Action != "" || !strings.HasPrefix(p.Departure.URL, "https://") && !strings.HasPrefix(p.Departure.URL, "http://") {
		return ""
	}
	return p.Departure.URL
}

// SSOContinuePage is GET /sso/finish/:token where the person began at their identity provider. It posts to its own address.
type SSOContinuePage struct {
	Waiting signon.Waiting
	As      string // who is signed in here already, "" for nobody
	Here    string // the page's own address
}

func (p SSOContinuePage) in(c *Chrome) (string, any) {
	return "sso_continue", framed[SSOContinuePage]{c, p}
}

// SSOConfirmPage is GET and POST /sso/confirm/:token: field password, but for a link that came by mail. The mail is asked for
// at /sso/confirm/:token/mail.
type SSOConfirmPage struct {
	Link    signon.FirstLink
	Token   string
	Sent    bool
	Problem *fault.Fault
}

func (p SSOConfirmPage) in(c *Chrome) (string, any) {
	return "sso_confirm", framed[SSOConfirmPage]{c, p}
}

// Here is where the page lies, whichever of its forms was posted.
func (p SSOConfirmPage) Here() string { return "/sso/confirm/" + p.Token }

// SSORefusedPage is a sign-on that came to nothing. Number finds the reason in the trace; "" where there is none.
type SSORefusedPage struct {
	Fault      *fault.Fault
	Number     string
	Connection string // its name
	Again      string // begins anew; "" leads to the sign-in page only
}

func (p SSORefusedPage) in(c *Chrome) (string, any) {
	return "sso_refused", framed[SSORefusedPage]{c, p}
}

// Hopeless tells that trying again changes nothing: it is for an administrator to mend.
func (p SSORefusedPage) Hopeless() bool {
	if p.Fault == nil {
		return false
	}
	switch p.Fault.Code {
	case signon.ErrDeactivated.Code, signon.ErrNoAccount.Code, signon.ErrNoRole.Code, signon.ErrNoEmail.Code, signon.ErrConnectionOff.Code:
		return true
	}
	return false
}

// SSOTriedPage shows a dry run: whom an answer would have signed in.
type SSOTriedPage struct {
	Tried    signon.Tried
	ReturnTo string // "": home
}

func (p SSOTriedPage) in(c *Chrome) (string, any) { return "sso_tried", framed[SSOTriedPage]{c, p} }

// Result is what the attempt came to.
func (p SSOTriedPage) Result() signon.Result { return p.Tried.Attempt.Result.V }

// Refused tells that the person would not have been let in.
func (p SSOTriedPage) Refused() bool { return p.Tried.Attempt.Reason != "" }

// Why is the check that would have refused, in English, for administrators.
func (p SSOTriedPage) Why() string {
	for _, check := range p.Tried.Attempt.Checks.V {
		if !check.OK {
			return check.Detail
		}
	}
	return ""
}

// Number is the attempt's in the trace.
func (p SSOTriedPage) Number() string { return signon.Number(p.Tried.Attempt.ID) }

// Trace is where administrators find the attempt.
func (p SSOTriedPage) Trace() string {
	return "/settings/sign-on/" + p.Tried.Connection.ID.String() + "/attempts/" + p.Tried.Attempt.ID.String()
}

// Pairs are the fields that the mapping filled, in their order.
func (p SSOTriedPage) Pairs() (pairs []FieldPair) {
	profile := p.Result().Profile
	add := func(field, value string) {
		if value != "" {
			pairs = append(pairs, FieldPair{field, value})
		}
	}
	add(auth.FieldName, profile.Name)
	add(auth.FieldEmail, profile.Email)
	for _, name := range auth.AttributeNames() {
		add(name, profile.Attributes[name])
	}
	return pairs
}

// FieldPair is a field of a person and what it is filled with.
type FieldPair struct{ Field, Value string }

// SSOPasswordForm is what was typed; the password is never filled in again.
type SSOPasswordForm struct{ Login string }

// SSOPasswordPage is GET and POST /sso/ldap/:connection: fields login, password. It posts to its own address.
type SSOPasswordPage struct {
	Connection string // its name
	Form       SSOPasswordForm
	Test       bool   // nobody is signed in
	Here       string // the page's own address, with its query
	Problem    *fault.Fault
}

func (p SSOPasswordPage) in(c *Chrome) (string, any) {
	return "sso_password", framed[SSOPasswordPage]{c, p}
}

// Offers are the ways to sign in through someone else, drawn by parts/sso_buttons.html.
type Offers struct {
	Items []OfferItem
	Label string // of the group
}

// OfferItem is one button.
type OfferItem struct{ Href, Label string }

// Offers makes the buttons of the sign-in page: next is the local address to go on to, hint the e-mail that was typed. Nil
// where there are none.
func (c *Chrome) Offers(offers []signon.Offer, next, hint string) (*Offers, error) {
	if len(offers) == 0 {
		return nil, nil //nolint:nilnil // nothing to draw
	}
	out := &Offers{}
	var err error
	if out.Label, err = c.T("sso.offers"); err != nil {
		return nil, err
	}
	for _, o := range offers {
		label, err := c.T("sso.offer", "Name", o.Name)
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, OfferItem{Href: o.Path(next, hint), Label: label})
	}
	return out, nil
}

// FirstLinkMail carries the link by which someone proves that an account is theirs, so that their company account may open
// it.
type FirstLinkMail struct {
	Name       string
	Connection string // its name
	Link       string
	ExpiresAt  time.Time
}

func (m FirstLinkMail) letter(c *MailChrome) (string, any) {
	return "first_link", enveloped[FirstLinkMail]{c, m}
}
