package themes

import "time"

// AddressMail tells owners that a domain of the portal no longer leads here, or that it was switched off for that.
type AddressMail struct {
	Name   string
	Domain string
	Lost   bool
	OffAt  time.Time // when it will be switched off; zero when it is
	Link   string
}

func (m AddressMail) letter(c *MailChrome) (string, any) {
	return "address", enveloped[AddressMail]{c, m}
}

// MovedMail tells owners that operators gave the portal another address.
type MovedMail struct {
	Name     string
	Old, New string // addresses
	Reason   string
	Link     string
}

func (m MovedMail) letter(c *MailChrome) (string, any) { return "moved", enveloped[MovedMail]{c, m} }
