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
	By     string // who asked, where that is another; AnOperator for none of the portal
}

// AnOperator in LeavingMail.By is whoever runs the platform.
const AnOperator = "-"

func (m LeavingMail) letter(c *MailChrome) (string, any) {
	return "leaving", enveloped[LeavingMail]{c, m}
}

// Leaving is a sentence of the kind.
func (c *MailChrome) Leaving(m LeavingMail, part string) (string, error) {
	if m.Kind == "" {
		return "", nil
	}
	if m.Kind == "asked" && part == "text" {
		switch m.By {
		case "":
		case AnOperator:
			part = "text_operator"
		default:
			part = "text_other"
		}
	}
	return c.T("mail.leaving_"+m.Kind+"_"+part, "By", m.By, "Portal", m.Portal, "Date", c.LongDate(m.At))
}
