package themes

import (
	"time"

	"lyceum/auth/signon"
)

// DomainMail tells administrators that an e-mail domain's record is gone, or that it has cost the domain its proof.
type DomainMail struct {
	Name   string
	Domain string
	Lost   bool
	LostAt time.Time // when it will be lost; zero when it is
	Link   string
}

func (m DomainMail) letter(c *MailChrome) (string, any) {
	return "domain", enveloped[DomainMail]{c, m}
}

// ExpiryMail tells administrators that something expires soon, or has.
type ExpiryMail struct {
	Name string
	Kind signon.ExpiryKind
	Of   string // the connection's or directory's name, "" for our own
	At   time.Time
	Link string
}

func (m ExpiryMail) letter(c *MailChrome) (string, any) {
	return "expiry", enveloped[ExpiryMail]{c, m}
}

// Past tells that it has expired.
func (m ExpiryMail) Past(now time.Time) bool { return !now.Before(m.At) }

// Expires names what expires.
func (c *MailChrome) Expires(m ExpiryMail) (string, error) {
	what, err := c.Named("expiry", m.Kind)
	if err == nil && m.Of != "" {
		what += " (" + m.Of + ")"
	}
	return what, err
}

// Advice says what to do about it.
func (c *MailChrome) Advice(m ExpiryMail) (string, error) {
	return c.T("mail.expiry_" + string(m.Kind))
}

// DaysUntil says in how many days a moment is.
func (c *MailChrome) DaysUntil(at time.Time) (string, error) { return c.daysUntil(at) }

// SetupLinkMail carries a set-up link to an IT person without an account.
type SetupLinkMail struct {
	Name      string
	Kind      signon.SetupKind
	Link      string
	ExpiresAt time.Time
}

func (m SetupLinkMail) letter(c *MailChrome) (string, any) {
	return "setup_link", enveloped[SetupLinkMail]{c, m}
}

// SetupDoneMail tells administrators that someone has finished what a set-up link was for.
type SetupDoneMail struct {
	Name string // of who is told
	By   string
	Link string
}

func (m SetupDoneMail) letter(c *MailChrome) (string, any) {
	return "setup_done", enveloped[SetupDoneMail]{c, m}
}

// EmergencyMail tells every owner of break-glass: that it was asked for, opened or ended.
type EmergencyMail struct {
	Name      string
	What      string // requested, opened, ended
	By        string // who did it
	Asker     string // who asked for it
	Reason    string
	Minutes   int
	OpenUntil time.Time // zero unless it was opened
	Link      string
}

func (m EmergencyMail) letter(c *MailChrome) (string, any) {
	return "emergency", enveloped[EmergencyMail]{c, m}
}
