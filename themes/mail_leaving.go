package themes

import "time"

// MailTakeout is the kind of mail that says that an archive is ready; the other kinds are leaving's.
const MailTakeout = "takeout"

// LeavingMail tells an owner what happens on the way out: asked, warned, kept, erased, and takeout.
type LeavingMail struct {
	Kind   string
	Name   string // "" where nobody is known by name
	Portal string
	At     time.Time // when it is erased, was erased, or the archive is gone
	Link   string
}

func (m LeavingMail) letter(c *MailChrome) (string, any) {
	return "leaving", enveloped[LeavingMail]{c, m}
}

// Leaving is a sentence of the kind.
func (c *MailChrome) Leaving(m LeavingMail, part string) (string, error) {
	if m.Kind == "" {
		return "", nil
	}
	return c.T("mail.leaving_"+m.Kind+"_"+part, "Portal", m.Portal, "Date", c.LongDate(m.At))
}
