package themes

import "time"

// ErasureNews is what somebody is told of their erasure.
type ErasureNews string

// The news.
const (
	ErasureDecided ErasureNews = "decided" // with the day
	ErasureKept    ErasureNews = "kept"    // it was taken back by the portal
	ErasureRefused ErasureNews = "refused" // with the reason
	ErasureDone    ErasureNews = "done"    // the last mail
)

// ErasureMail tells a person what became of their erasure. Nobody can switch it off: GDPR Art. 12(3), 12(4).
type ErasureMail struct {
	Name   string
	News   ErasureNews
	BySelf bool
	Day    time.Time // of the erasure
	Answer string    // why it was refused
	Link   string
}

func (m ErasureMail) letter(c *MailChrome) (string, any) {
	return "erasure", enveloped[ErasureMail]{c, m}
}

// ErasureSubject is what the mail is about.
func (c *MailChrome) ErasureSubject(m ErasureMail) (string, error) {
	return c.T("erasure_mail."+string(m.News)+"_subject", "Portal", c.View.Brand.Name)
}

// ErasureText says what happened.
func (c *MailChrome) ErasureText(m ErasureMail) (string, error) {
	key := "erasure_mail." + string(m.News)
	if m.News == ErasureDecided && m.BySelf {
		key += "_wished"
	}
	return c.T(key, "Portal", c.View.Brand.Name, "When", c.LongDateTime(m.Day))
}

// ErasureNote says what one can do.
func (c *MailChrome) ErasureNote(m ErasureMail) (string, error) {
	return c.T("erasure_mail."+string(m.News)+"_note", "Portal", c.View.Brand.Name)
}
