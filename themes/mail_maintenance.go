package themes

import "time"

// MaintenanceMail tells owners of maintenance that is announced.
type MaintenanceMail struct {
	Name        string
	Closed      bool // else it can be read and not changed
	From, Until time.Time
	Text        string // what is done, in the reader's language; "" where nothing is said
	Link        string // of the portal's status
}

func (m MaintenanceMail) letter(c *MailChrome) (string, any) {
	return "maintenance", enveloped[MaintenanceMail]{c, m}
}
