// Package webhook takes signed messages from outside: payment providers'. It keeps them and answers; what follows, a worker
// does. It knows no session and no form: the signature is the proof.
package webhook

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"lyceum/billing/inbox"
	"lyceum/billing/provider"
)

// Path is where a provider posts, on the platform's own host.
const Path = "/webhooks/:provider"

// Payments takes what payment providers send.
type Payments struct{ Inbox *inbox.Service }

// signatures names the header in which a provider signs.
var signatures = map[string]string{"stripe": "Stripe-Signature"}

// Receive keeps a message: 200 for one that is kept, or was before; 400 for one that is forged or too old, of which nothing is
// kept; 404 for a provider that is not set up. Any other failure is answered so that it is sent again.
func (p Payments) Receive(c *fiber.Ctx) error {
	name := c.Params("provider")
	header, known := signatures[name]
	if !known {
		return inbox.ErrNoProvider
	}
	err := p.Inbox.Accept(c.UserContext(), name, c.Body(), c.Get(header))
	if errors.Is(err, provider.ErrForged) {
		return c.Status(fiber.StatusBadRequest).SendString("The signature does not match, or it is too old.\n")
	}
	if err != nil {
		return err
	}
	return c.SendString("kept\n")
}
