package themes

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"
	"time"

	"lyceum/internal/colour"

	"lyceum/tenant"
)

// MailView is what every mail shows. Addresses are absolute.
type MailView struct {
	Brand     tenant.Brand
	PortalURL string
	LogoURL   string // PNG; "" shows the name
	Locale    string // as from PickLocale
	TimeZone  string // IANA name; "" is UTC
	Now       time.Time
}

// Mail is what Set.Mail writes: a struct of values whose one method names its template. The set is closed.
type Mail interface {
	letter(c *MailChrome) (file string, dot any)
}

type enveloped[M any] struct {
	*MailChrome
	Mail M
}

// MailChrome is what mail templates call beside their mail's values.
type MailChrome struct {
	View MailView
	talk
}

// Colour is the ground of the mail's button, and OnColour the text upon it: a mail's styles are inline, so the brand's
// colour stands in them.
func (c *MailChrome) Colour() template.CSS { return template.CSS(c.tokens().Primary.String()) } //nolint:gosec // #rrggbb

// OnColour is readable upon Colour.
func (c *MailChrome) OnColour() template.CSS { return template.CSS(c.tokens().OnPrimary.String()) } //nolint:gosec // #rrggbb

// Hello greets by name, or without one.
func (c *MailChrome) Hello(name string) (string, error) {
	if name == "" {
		return c.T("mail.hello_nobody")
	}
	return c.T("mail.hello", "Name", name)
}

// Button is a mail's one thing to do.
type Button struct {
	Href, Label, Fallback string
	Colour, OnColour      template.CSS
}

// Button makes a mail's button; label is a message's key.
func (c *MailChrome) Button(href, label string) (Button, error) {
	b := Button{Href: href, Colour: c.Colour(), OnColour: c.OnColour()}
	var err error
	if b.Label, err = c.T(label); err != nil {
		return b, err
	}
	b.Fallback, err = c.T("mail.link_fallback")
	return b, err
}

func (c *MailChrome) tokens() colour.Tokens {
	p, err := colour.Parse(c.View.Brand.Colour)
	if err != nil {
		p, _ = colour.Parse(PlatformBrand().Colour)
	}
	light, _ := colour.Palette(p)
	return light
}

// Mail writes a mail: subject, plain text and HTML with inline styles, in the brand's look and the reader's language.
func (s *Set) Mail(v MailView, m Mail) (subject, text, html string, err error) {
	if v.Brand.Name == "" {
		v.Brand = PlatformBrand()
	}
	c := &MailChrome{View: v, talk: s.talk(v.Locale, v.TimeZone, v.Now)}
	file, dot := m.letter(c)
	var subj, plain, rich bytes.Buffer
	if err := s.mails.text[file].ExecuteTemplate(&subj, "subject", dot); err != nil {
		return "", "", "", fmt.Errorf("mail %s: %w", file, err)
	}
	if err := s.mails.text[file].Execute(&plain, dot); err != nil {
		return "", "", "", fmt.Errorf("mail %s: %w", file, err)
	}
	if err := s.mails.html[file].Execute(&rich, dot); err != nil {
		return "", "", "", fmt.Errorf("mail %s: %w", file, err)
	}
	subject = strings.Join(strings.Fields(subj.String()), " ") // one line whatever a name holds
	return subject, strings.TrimSpace(plain.String()) + "\n", rich.String(), nil
}

// Mails lists an empty one of each mail, for tests.
func Mails() []Mail {
	return []Mail{
		InvitationMail{},
		PasswordResetMail{},
		EnrolledMail{},
		CertificateMail{},
		WelcomeMail{},
		DomainMail{},
		AddressMail{},
		MovedMail{},
		MaintenanceMail{},
		ExpiryMail{},
		SetupLinkMail{},
		SetupDoneMail{},
		EmergencyMail{},
		ErasureMail{},
		ErasureMail{},
		FirstLinkMail{},
		NoticeMail{},
		NewsMail{},
		PlaceMail{},
		MarkedMail{},
		BillingMail{},
		LeavingMail{},
		ReminderMail{},
		ReportMail{},
	}
}

// InvitationMail asks someone to join.
type InvitationMail struct {
	Name      string // of who is invited
	InvitedBy string // "" when unknown
	Link      string
	ExpiresAt time.Time
}

func (m InvitationMail) letter(c *MailChrome) (string, any) {
	return "invitation", enveloped[InvitationMail]{c, m}
}

// PasswordResetMail carries the link to choose a new password.
type PasswordResetMail struct {
	Name      string
	Link      string
	ExpiresAt time.Time
}

func (m PasswordResetMail) letter(c *MailChrome) (string, any) {
	return "password_reset", enveloped[PasswordResetMail]{c, m}
}

// EnrolledMail tells a person that someone enrolled them.
type EnrolledMail struct {
	Name        string
	CourseTitle string
	By          string // "" when unknown
	Link        string
}

func (m EnrolledMail) letter(c *MailChrome) (string, any) {
	return "enrolled", enveloped[EnrolledMail]{c, m}
}

// CertificateMail tells a person that their certificate is ready.
type CertificateMail struct {
	Name        string
	CourseTitle string
	Link        string // the portal's certificates page
	VerifyLink  string // the public page
}

func (m CertificateMail) letter(c *MailChrome) (string, any) {
	return "certificate", enveloped[CertificateMail]{c, m}
}

// WelcomeMail greets the owner of a new portal.
type WelcomeMail struct {
	Name         string
	Organization string
}

func (m WelcomeMail) letter(c *MailChrome) (string, any) {
	return "welcome", enveloped[WelcomeMail]{c, m}
}
