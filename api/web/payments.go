package web

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/billing/inbox"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// PaymentsPath is where operators look after what passes between us and the payment service.
const PaymentsPath = "/operator/payments"

// Payments are the operators' pages of it.
type Payments struct {
	*Site
	Inbox *inbox.Service
}

// Overview shows how it goes.
func (p Payments) Overview(c *fiber.Ctx) error {
	page := themes.PaymentsPage{}
	page.Provider, page.Live = p.Inbox.Who()
	var err error
	if page.Inbox, err = p.Inbox.Depth(c.UserContext()); err != nil {
		return err
	}
	parked, err := p.Inbox.List(c.UserContext(), inbox.Filter{State: inbox.StateParked})
	if err != nil {
		return err
	}
	page.Parked = parked.Items
	return p.show(c, page)
}

// List lists messages.
func (p Payments) List(c *fiber.Ctx) error {
	f := inbox.Filter{State: inbox.State(query(c, "state")), Type: query(c, "type"), Page: after(c)}
	list, err := p.Inbox.List(c.UserContext(), f)
	if err != nil {
		return err
	}
	return p.show(c, themes.MessagesPage{State: f.State, Type: f.Type, Messages: list})
}

// Show shows one as it came.
func (p Payments) Show(c *fiber.Ctx) error {
	message, err := id(c, "message")
	if err != nil {
		return err
	}
	m, err := p.Inbox.Show(c.UserContext(), message)
	if err != nil {
		return err
	}
	return p.show(c, themes.MessagePage{Message: m})
}

func (p Payments) change(c *fiber.Ctx, key themes.FlashKey, do func(uid.ID) (inbox.Message, error)) error {
	message, err := id(c, "message")
	if err != nil {
		return err
	}
	m, err := do(message)
	if err != nil {
		return err
	}
	return p.done(c, PaymentsPath+"/messages/"+m.ID.String(), key, m.EventID)
}

// Replay has one handled again.
func (p Payments) Replay(c *fiber.Ctx) error {
	return p.change(c, themes.FlashMessageReplayed, func(id uid.ID) (inbox.Message, error) { return p.Inbox.Replay(c.UserContext(), id) })
}

// Settle marks one that is parked as looked after.
func (p Payments) Settle(c *fiber.Ctx) error {
	return p.change(c, themes.FlashMessageSettled, func(id uid.ID) (inbox.Message, error) { return p.Inbox.Settle(c.UserContext(), id) })
}

// ReplayAll has all handled again that are chosen by state and type.
func (p Payments) ReplayAll(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	chosen := inbox.Filter{State: inbox.State(f.get("state")), Type: f.get("type")}
	if _, err := p.Inbox.ReplayAll(c.UserContext(), chosen); err != nil {
		return err
	}
	return p.done(c, PaymentsPath, themes.FlashMessagesReplayed, "")
}
