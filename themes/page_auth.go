package themes

import (
	"html/template"
	"time"

	"lyceum/auth"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
)

// SignInForm is what was typed; the password is never filled in again.
type SignInForm struct {
	Email string
	Next  string // local path to go on to after signing in
}

// SignInPage is GET and POST /signin: fields email, password, next. Where there are other ways to sign in it asks for the
// e-mail alone at first, and for the password when that leads nowhere else; /signin?step=password does so at once.
type SignInPage struct {
	LoginText template.HTML // the brand's login text through the sanitiser
	Form      SignInForm
	Entrance  signon.Entrance
	Password  bool       // ask for the password, whatever other ways there are
	From      *time.Time // from when local sign-in will be closed; nil: no rule says so
	Problem   *fault.Fault
}

// AsksEmail tells whether the form has the e-mail alone.
func (p SignInPage) AsksEmail() bool { return p.Entrance.EmailFirst() && !p.Password }

// EmailField and PasswordField are the options of the fields; the one to be filled in next has the focus.
func (p SignInPage) EmailField() string {
	if p.Form.Email == "" {
		return "type=email fill=username+webauthn must focus"
	}
	return "type=email fill=username+webauthn must"
}

// PasswordField is described at EmailField.
func (p SignInPage) PasswordField() string {
	if p.Form.Email == "" {
		return "type=password fill=current-password must"
	}
	return "type=password fill=current-password must focus"
}

func (p SignInPage) in(c *Chrome) (string, any) { return "signin", framed[SignInPage]{c, p} }

// ForgotForm is what was typed.
type ForgotForm struct{ Email string }

// ForgotPage is GET and POST /forgot: field email. Sent shows the same answer whether the e-mail is known or not.
type ForgotPage struct {
	Form    ForgotForm
	Sent    bool
	Problem *fault.Fault
}

func (p ForgotPage) in(c *Chrome) (string, any) { return "forgot", framed[ForgotPage]{c, p} }

// ResetPage is GET and POST /reset/:token: field password. It posts to its own address.
type ResetPage struct {
	Person  auth.Person
	Problem *fault.Fault
}

func (p ResetPage) in(c *Chrome) (string, any) { return "reset", framed[ResetPage]{c, p} }

// InvitationForm is what was typed.
type InvitationForm struct{ Name string }

// InvitationPage is GET and POST /invitation/:token: fields name, password. It posts to its own address.
type InvitationPage struct {
	Person  auth.Person
	Form    InvitationForm
	Problem *fault.Fault
}

func (p InvitationPage) in(c *Chrome) (string, any) {
	return "invitation", framed[InvitationPage]{c, p}
}

// LinkInvalidPage answers a link of either kind that is used up, expired or wrong (status 404).
type LinkInvalidPage struct{ Kind auth.TokenKind }

func (p LinkInvalidPage) in(c *Chrome) (string, any) {
	return "link_invalid", framed[LinkInvalidPage]{c, p}
}

// ProfileForm is what was typed.
type ProfileForm struct{ Name, Locale, TimeZone string }

// AccountPage is GET /account. It posts name, locale, time_zone to /account; current, password to
// /account/password; and to /signout. Sessions and second factors are SecurityPage's.
type AccountPage struct {
	Person          auth.Person
	Profile         ProfileForm
	ProfileProblem  *fault.Fault
	PasswordProblem *fault.Fault // fields current, password
	TimeZones       []string     // IANA names on offer
}

func (p AccountPage) in(c *Chrome) (string, any) { return "account", framed[AccountPage]{c, p} }
