package themes

import (
	"regexp"
	"slices"
	"time"

	"lyceum/internal/fault"
	"lyceum/learning/content"
	"lyceum/tenant"
	"lyceum/tenant/address"
	"lyceum/tenant/broadcast"
	"lyceum/tenant/flag"
	"lyceum/tenant/health"
)

// LandingPage is GET / of the platform.
type LandingPage struct{ BaseDomain string }

func (p LandingPage) in(c *Chrome) (string, any) { return "landing", framed[LandingPage]{c, p} }

// SignUpForm is what was typed.
type SignUpForm struct{ Organization, Slug, Email, Name string }

// SignUpPage is GET and POST /signup: fields organization, slug, email, name, password. Its script asks
// GET /signup/available?slug= for {"available": bool, "text": sentence}.
type SignUpPage struct {
	Form       SignUpForm
	BaseDomain string // with port when it is not the usual one
	Problem    *fault.Fault
}

func (p SignUpPage) in(c *Chrome) (string, any) { return "signup", framed[SignUpPage]{c, p} }

// SignUpWaitPage is GET /signup/wait/:id. It asks again by itself until Enter is set.
type SignUpWaitPage struct {
	Tenant    tenant.Tenant
	PortalURL string
	Enter     string // address that hands the owner over, signed in; "" while the portal is being made
}

func (p SignUpWaitPage) in(c *Chrome) (string, any) {
	return "signup_wait", framed[SignUpWaitPage]{c, p}
}

// UnknownPortalPage answers a host that leads to no portal (status 404), in the platform's look.
type UnknownPortalPage struct {
	Host        string
	PlatformURL string
}

func (p UnknownPortalPage) in(c *Chrome) (string, any) {
	return "unknown_portal", framed[UnknownPortalPage]{c, p}
}

// OperatorSignInPage is GET and POST /operator/signin: fields email, password, next.
type OperatorSignInPage struct {
	Form    SignInForm
	Problem *fault.Fault
}

func (p OperatorSignInPage) in(c *Chrome) (string, any) {
	return "operator_signin", framed[OperatorSignInPage]{c, p}
}

// TenantForm is what was typed.
type TenantForm struct {
	Reason  string // why suspended
	Confirm string // the slug, typed to delete

	// To delete at once.
	EraseReason, EraseConfirm string

	// To another address.
	MoveSlug, MoveReason, MoveConfirm string
}

// TenantPage is GET /operator/tenants/:slug. It posts reason to …/suspend, nothing to …/resume, confirm to …/delete, erase_reason and
// erase_confirm to …/erase, and move_slug, move_reason and move_confirm to …/move.
type TenantPage struct {
	Tenant   tenant.Tenant
	URL      string
	Newest   int
	Storage  *content.Storage // nil: not known now
	Domains  []address.Domain // of its own
	Former   []string         // subdomains it once had
	Steps    []tenant.LifeStep
	Flags    []flag.State
	Health   *health.Health     // nil: it was not looked at yet
	Failures []health.Failure   // what failed last, the newest first
	Days     int                // of cooling off
	Windows  []broadcast.Window // of maintenance, announced or running
	Base     string             // the domain below which portals stand
	Form     TenantForm
	Problem  *fault.Fault // fields reason, confirm, and those of a move
}

func (p TenantPage) in(c *Chrome) (string, any) { return "tenant", framed[TenantPage]{c, p} }

// MailSeen is a mail of the developer's mailbox.
type MailSeen struct {
	ID       string
	From, To string
	Subject  string
	Text     string
	HTML     bool // there is an HTML part at /dev/mail/:id/html
	At       time.Time
}

// MailboxPage is GET /dev/mail, in demo only: newest first.
type MailboxPage struct{ Mails []MailSeen }

func (p MailboxPage) in(c *Chrome) (string, any) { return "mailbox", framed[MailboxPage]{c, p} }

// MailPage is GET /dev/mail/:id. The HTML part is shown in a sandboxed frame of GET /dev/mail/:id/html, whose answer
// must allow inline styles and being framed by its own origin.
type MailPage struct{ Mail MailSeen }

func (p MailPage) in(c *Chrome) (string, any) { return "mail", framed[MailPage]{c, p} }

var linkRE = regexp.MustCompile(`https?://[^\s<>"]+`)

// Links are the addresses in the mail's text, each once.
func (m MailSeen) Links() []string {
	var out []string
	for _, l := range linkRE.FindAllString(m.Text, -1) {
		if !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}
