package themes

import (
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/skip2/go-qrcode"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Messages of second factors and rules.
const (
	FlashFactorAdded    FlashKey = "factor_added"   // Name: the factor
	FlashFactorRemoved  FlashKey = "factor_removed" // Name: the factor
	FlashFactorsReset   FlashKey = "factors_reset"  // Name: the person
	FlashSecuritySaved  FlashKey = "security_saved"
	FlashConfirmed      FlashKey = "confirmed"
	FlashRecoveryFew    FlashKey = "recovery_few" // Name: how many are left
	FlashSignInAgain    FlashKey = "sign_in_again"
	FlashSendAgain      FlashKey = "send_again"
	FlashBrowserTrusted FlashKey = "browser_trusted"
)

// FactorPage is GET and POST /signin/factor: the second step of signing in. It posts code (of an app), recovery, or
// credential (by scripts/passkey.js, which asks POST /signin/factor/passkey), with remember and next.
type FactorPage struct {
	Challenge    auth.Challenge
	RememberDays int // 0: the browser cannot be remembered
	Remember     bool
	Next         string
	Problem      *fault.Fault
}

func (p FactorPage) in(c *Chrome) (string, any) { return "factor", framed[FactorPage]{c, p} }

// EnrolPage is GET and POST /signin/factor/enrol: adding a second factor before the session opens. It posts token, code and
// name of an app, credential and name of a passkey (POST /signin/factor/passkey gives its options), or skip; and next.
type EnrolPage struct {
	Challenge auth.Challenge
	Seed      auth.Seed
	Next      string
	Problem   *fault.Fault
}

// CanSkip tells whether adding one may be put off.
func (p EnrolPage) CanSkip() bool { return !p.Challenge.SkipUntil.IsZero() }

func (p EnrolPage) in(c *Chrome) (string, any) { return "enrol", framed[EnrolPage]{c, p} }

// SecurityPage is GET /account/security. It posts name to /account/security/totp, name and credential to
// /account/security/passkeys (options: POST /account/security/passkeys/options), and to
// /account/security/factors/:id/remove; sessions as AccountPage did.
type SecurityPage struct {
	Person         auth.Person
	Factors        []auth.Factor
	Sessions       []auth.Session
	CurrentSession uid.ID
	Problem        *fault.Fault
}

func (p SecurityPage) in(c *Chrome) (string, any) { return "security", framed[SecurityPage]{c, p} }

// Current tells whether a session is the one that asks.
func (p SecurityPage) Current(s auth.Session) bool { return s.ID == p.CurrentSession }

// Of lists the factors of a kind.
func (p SecurityPage) Of(kind string) []auth.Factor {
	return slices.DeleteFunc(slices.Clone(p.Factors), func(f auth.Factor) bool { return string(f.Kind) != kind })
}

// Proving lists the factors that are asked at a sign-in.
func (p SecurityPage) Proving() []auth.Factor {
	return slices.DeleteFunc(slices.Clone(p.Factors), func(f auth.Factor) bool { return !f.Kind.Proves() })
}

// Codes is how many recovery codes are left.
func (p SecurityPage) Codes() (n int) {
	for _, f := range p.Of(string(auth.FactorRecovery)) {
		n += len(f.Data.Codes)
	}
	return n
}

// Few tells whether so few recovery codes are left that it must be said.
func (p SecurityPage) Few() bool { return p.Codes() <= auth.RecoveryLow }

// AppPage answers POST /account/security/totp: an app's seed, to be confirmed by POST /account/security/totp/confirm with
// token, code and name.
type AppPage struct {
	Seed    auth.Seed
	Name    string
	Problem *fault.Fault
}

func (p AppPage) in(c *Chrome) (string, any) { return "app", framed[AppPage]{c, p} }

// RecoveryPage is GET and POST /account/security/recovery. Codes are shown once, in the answer to the POST that made them.
type RecoveryPage struct {
	Codes   []string
	Left    int    // those from before
	Next    string // where to go on to; "" is the page of security
	Portal  string // the address of the portal, for the file
	Problem *fault.Fault
}

func (p RecoveryPage) in(c *Chrome) (string, any) { return "recovery", framed[RecoveryPage]{c, p} }

// Onward is where to go on to.
func (p RecoveryPage) Onward() string {
	if p.Next == "" {
		return "/account/security"
	}
	return p.Next
}

// File is the address of the codes as a text file: the browser has them already, so nothing is asked again.
func (p RecoveryPage) File() template.URL {
	text := p.Portal + "\r\n\r\n" + strings.Join(p.Codes, "\r\n") + "\r\n"
	return template.URL("data:text/plain;charset=utf-8," + url.PathEscape(text)) //nolint:gosec // escaped, and plain text
}

// StepUpPage is GET and POST /step-up?next= and /step-up/:token: proving oneself anew. It posts password, code, recovery
// or credential (options: POST /account/security/passkeys/check) and next to Action.
type StepUpPage struct {
	Action   string
	Next     string
	Back     string // the page that the kept form came from; "" when none is kept
	Ways     auth.StepUpWays
	Proven   bool // it is fresh already: only the kept form is to be sent on
	SignOnTo string
	Problem  *fault.Fault
}

func (p StepUpPage) in(c *Chrome) (string, any) { return "step_up", framed[StepUpPage]{c, p} }

// None tells that who asks has no way at all to prove themselves.
func (p StepUpPage) None() bool {
	return !p.Ways.Password && !p.Ways.TOTP && !p.Ways.Passkey && !p.Ways.Recovery && p.SignOnTo == ""
}

// RulesForm is what was typed: From is the day by role, empty where none is needed.
type RulesForm struct {
	From                                                 map[policy.Role]string
	Grace, Idle, Lifetime, SessionsMax, Remember, StepUp string
	FactorSignOn, PasswordOff                            bool
	Revision                                             int
}

// RulesPage is GET and POST /settings/security: fields from.<role> (a day), grace_days, factor_sign_on, idle_minutes,
// lifetime_minutes, sessions_max, remember_days, step_up_minutes, password_off, revision. The Preview button posts the same
// to /settings/security/preview, which answers this page with nothing saved.
type RulesPage struct {
	Form      RulesForm
	Roles     []policy.Role
	Counts    []auth.FactorCount
	Asked     page.Of[auth.Person] // who would have to add a factor under these rules
	MayName   bool                 // who looks may see who people are
	Previewed bool
	Problem   *fault.Fault
}

func (p RulesPage) in(c *Chrome) (string, any) { return "security_rules", framed[RulesPage]{c, p} }

// Count is what is counted of a role.
func (p RulesPage) Count(role policy.Role) auth.FactorCount {
	for _, c := range p.Counts {
		if c.Role == role {
			return c
		}
	}
	return auth.FactorCount{Role: role}
}

// From is the day from which a role needs a factor.
func (p RulesPage) From(role policy.Role) string { return p.Form.From[role] }

// Asks tells whether any role needs a factor.
func (p RulesPage) Asks() bool {
	for _, day := range p.Form.From {
		if day != "" {
			return true
		}
	}
	return false
}

// spans are the times on offer, in minutes.
var spans = map[string][]int{
	"idle_minutes":     {5, 15, 30, 60, 240, 480, 720, 1440, 10080, 20160, 43200, 129600},
	"lifetime_minutes": {60, 240, 480, 720, 1440, 10080, 20160, 43200, 129600},
	"step_up_minutes":  {1, 5, 15, 30, 60, 240, 1440},
}

// Spans makes the choice of a time, drawn by "pick" of parts/factors.html. One that is not on the list is put on it, so
// that it is kept.
func (c *Chrome) Spans(f *fault.Fault, name, chosen, label, hint string) (Choice, error) {
	list := spans[name]
	if n, err := strconv.Atoi(chosen); err == nil && !slices.Contains(list, n) && n > 0 {
		list = append(slices.Clone(list), n)
		slices.Sort(list)
	}
	out := Choice{Field: Field{ID: fieldID(name), Name: name, Label: label, Hint: hint, Error: c.FieldText(f, name)}}
	for _, n := range list {
		text, err := c.Span(n)
		if err != nil {
			return out, err
		}
		value := strconv.Itoa(n)
		out.Options = append(out.Options, ChoiceOption{value, text, value == chosen})
	}
	return out, nil
}

// Span is a time in the largest unit that it is whole in: minutes, hours or days.
func (c *Chrome) Span(minutes int) (string, error) {
	switch {
	case minutes%1440 == 0:
		return c.N("span.days", minutes/1440)
	case minutes%60 == 0:
		return c.N("span.hours", minutes/60)
	}
	return c.N("span.minutes", minutes)
}

// Method says how a session was opened.
func (c *Chrome) Method(s auth.Session) (string, error) {
	if !s.Method.Local() {
		if s.ConnectionName == "" {
			return c.T("method.company")
		}
		return c.T("method.company_named", "Name", s.ConnectionName)
	}
	switch {
	case s.Method == auth.MethodPasskey:
		return c.T("method.passkey")
	case s.Method == auth.MethodLink:
		return c.T("method.link")
	case strings.Contains(" "+s.Factors+" ", " mfa "):
		return c.T("method.password_factor")
	}
	return c.T("method.password")
}

// When is the day and hour of a time, for sentences.
func (c *Chrome) When(at time.Time) string { return c.LongDateTime(at) }

// quiet is the white edge that a QR code needs, in modules (ISO/IEC 18004 §6.3.8).
const quiet = 4

// QR draws a text as a QR code: dark on white whatever the page's colours, for that is what cameras read. The label says
// what it is to those who cannot see it.
func (c *Chrome) QR(text, label string) (template.HTML, error) {
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return "", fmt.Errorf("draw a QR code: %w", err)
	}
	code.DisableBorder = true
	bits := code.Bitmap()
	size := len(bits) + 2*quiet
	var s strings.Builder
	fmt.Fprintf(&s, `<svg class="qr" viewBox="0 0 %d %d" role="img" aria-label="%s"><rect class="qr-ground" width="%d" height="%d"/><path class="qr-ink" d="`,
		size, size, template.HTMLEscapeString(label), size, size)
	for y, row := range bits {
		for x := 0; x < len(row); x++ {
			from := x
			for x < len(row) && row[x] {
				x++
			}
			if x > from { // a run of dark modules
				fmt.Fprintf(&s, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
			}
		}
	}
	s.WriteString(`"/></svg>`)
	return template.HTML(s.String()), nil //nolint:gosec // numbers and an escaped label
}

// Groups writes a secret in groups of four, to be typed.
func (c *Chrome) Groups(text string) string {
	var out []string
	for chunk := range slices.Chunk([]rune(text), 4) {
		out = append(out, string(chunk))
	}
	return strings.Join(out, " ")
}

// NoticeKind is what a NoticeMail tells of.
type NoticeKind string

// The notices. Each has the messages mail.notice_<kind>_subject and mail.notice_<kind>.
const (
	NoticeFactorAdded   NoticeKind = "added"
	NoticeFactorRemoved NoticeKind = "removed"
	NoticeFactorsReset  NoticeKind = "reset"
	NoticeRecoveryUsed  NoticeKind = "recovery"
	NoticeExhausted     NoticeKind = "exhausted"
)

// NoticeMail tells a person what happened to how they sign in, whoever did it.
type NoticeMail struct {
	Kind NoticeKind
	Name string // of the person
	What string // the factor's name, or how many codes are left
	At   time.Time
	Link string // the page where they can look
}

func (m NoticeMail) letter(c *MailChrome) (string, any) {
	return "notice", enveloped[NoticeMail]{c, m}
}

// Notice is one of a notice's sentences.
func (c *MailChrome) Notice(kind NoticeKind, part, what string) (string, error) {
	return c.T("mail.notice_"+string(kind)+part, "What", what, "Portal", c.View.Brand.Name)
}
