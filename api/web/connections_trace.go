package web

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/themes"
)

// Attempts shows the last attempts over a connection.
func (h Connections) Attempts(c *fiber.Ctx) error {
	head, err := h.head(c)
	if err != nil {
		return err
	}
	p := themes.ConnectionAttemptsPage{Head: head}
	if o := signon.Outcome(query(c, "outcome")); slices.Contains(signon.Outcomes(), o) {
		p.Outcome = o
	}
	if p.Trace, err = h.SignOn.Attempts(c.UserContext(), signon.AttemptFilter{Connection: head.Connection.ID, Outcome: p.Outcome}); err != nil {
		return err
	}
	return h.show(c, p)
}

// attempt gives the attempt of the path.
func (h Connections) attempt(c *fiber.Ctx) (p themes.ConnectionAttemptPage, err error) {
	if p.Head, err = h.head(c); err != nil {
		return p, err
	}
	attempt, err := id(c, "attempt")
	if err != nil {
		return p, err
	}
	t, err := h.SignOn.Attempt(c.UserContext(), p.Head.Connection.ID, attempt)
	if err != nil {
		return p, err
	}
	p.Attempt, p.Names = t.Attempts[0], t.Names
	return p, nil
}

// Attempt shows one with every check.
func (h Connections) Attempt(c *fiber.Ctx) error {
	p, err := h.attempt(c)
	if err != nil {
		return err
	}
	return h.show(c, p)
}

// ExportAttempt gives one as a file to send to the identity provider's support.
func (h Connections) ExportAttempt(c *fiber.Ctx) error {
	p, err := h.attempt(c)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(p.Attempt.Export(p.Head.Connection), "", "  ")
	if err != nil {
		return fmt.Errorf("export attempt %s: %w", p.Attempt.ID, err)
	}
	noStore(c)
	c.Set(fiber.HeaderContentType, "application/json; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="sign-on-`+signon.Number(p.Attempt.ID)+`.json"`)
	return c.Send(append(text, '\n'))
}

// Test begins a sign-on that signs nobody in and shows whom it would. It comes back to the attempts.
func (h Connections) Test(c *fiber.Ctx) error {
	head, err := h.head(c)
	if err != nil {
		return err
	}
	sso := SSO{Site: h.Site, SignOn: h.SignOn}
	if home := sso.elsewhere(c); home != "" {
		return h.to(c, home+c.OriginalURL())
	}
	d, err := h.SignOn.Begin(c.UserContext(), head.Connection.ID, signon.Start{
		Purpose: signon.PurposeTest, ReturnTo: head.Address() + "/attempts", Browser: visit.KnowBrowser(c), Client: client(c), Locales: []string{h.view(c).Locale},
	})
	if err != nil {
		return sso.failed(c, err)
	}
	return sso.leave(c, d)
}

// Outlook shows what would work on a day, and what not.
func (h Connections) Outlook(c *fiber.Ctx) error {
	head, err := h.head(c)
	if err != nil {
		return err
	}
	p := themes.ConnectionOutlookPage{Head: head, At: h.now().UTC()}
	if text := query(c, "at"); text != "" {
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			p.Problem = fault.Invalid(map[string]string{"at": "Enter a date, for example 2027-01-31."})
		} else {
			p.At = day.Add(12 * time.Hour) // noon: what ends on that day counts as it does for most of it
		}
	} else if !head.Health.Ends.IsZero() && head.Health.Ends.After(p.At) {
		p.At = head.Health.Ends.UTC().AddDate(0, 0, 1)
	}
	if p.Findings, err = h.SignOn.OutlookOf(c.UserContext(), head.Connection.ID, p.At); err != nil {
		return err
	}
	return h.show(c, p)
}
