package web

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/internal/mail"
	"lyceum/themes"
)

// MailStore is the developer's mailbox.
type MailStore interface {
	List() []mail.Stored
	Get(id string) (mail.Stored, error)
}

// Mailbox shows the mail that a demo did not send. It exists in the demo only.
type Mailbox struct {
	*Site
	Mails MailStore
}

func seenMail(s mail.Stored) themes.MailSeen {
	return themes.MailSeen{
		ID: s.ID, From: s.Message.FromName, To: s.Message.To, Subject: s.Message.Subject, Text: s.Message.Text, HTML: s.Message.HTML != "", At: s.At,
	}
}

// List shows the mails, newest first.
func (m Mailbox) List(c *fiber.Ctx) error {
	p := themes.MailboxPage{}
	for _, s := range m.Mails.List() {
		p.Mails = append(p.Mails, seenMail(s))
	}
	return m.show(c, p)
}

// Show shows one mail.
func (m Mailbox) Show(c *fiber.Ctx) error {
	s, err := m.Mails.Get(c.Params("id"))
	if err != nil {
		return err
	}
	return m.show(c, themes.MailPage{Mail: seenMail(s)})
}

// HTML gives a mail's rich part as its reader would see it, in a sandbox without scripts. Its links open outside.
func (m Mailbox) HTML(c *fiber.Ctx) error {
	s, err := m.Mails.Get(c.Params("id"))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; frame-ancestors 'self'; "+
		"sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation")
	c.Set(fiber.HeaderXFrameOptions, "SAMEORIGIN")
	c.Set(fiber.HeaderContentType, "text/html; charset=utf-8")
	noStore(c)
	return c.SendString(s.Message.HTML)
}
