package web

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/internal/fault"
	"lyceum/learning/push"
	"lyceum/themes"
)

// Devices is the browsers that a person has registered to be told on.
type Devices struct{ Notices }

// browser reads what a browser says of itself.
func browser(c *fiber.Ctx, f form) push.Input {
	return push.Input{Endpoint: f.get("endpoint"), P256dh: f.get("p256dh"), Auth: f.get("auth"), UserAgent: visit.Of(c).Client.UserAgent}
}

// Key gives the portal's key as a browser takes it.
func (d Devices) Key(c *fiber.Ctx) error {
	key, err := d.Devices.PublicKey(c.UserContext())
	if err != nil {
		return err
	}
	noStore(c)
	return c.JSON(struct {
		Key string `json:"key"`
	}{key})
}

// Add registers the browser.
func (d Devices) Add(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	device, _, err := d.Devices.Add(c.UserContext(), browser(c, f))
	if err != nil {
		return err
	}
	noStore(c)
	return c.JSON(struct {
		ID string `json:"id"`
	}{device.ID.String()})
}

// Seen tells a browser whether it is one of this person's devices.
func (d Devices) Seen(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	mine, err := d.Devices.Seen(c.UserContext(), f.get("endpoint"))
	if err != nil {
		return err
	}
	noStore(c)
	return c.JSON(struct {
		Mine bool `json:"mine"`
	}{mine})
}

// Renew takes the new subscription of a browser whose push service ended the one before. A service worker has no form of ours: that it
// knows the address of the one before, and the session, is what lets it.
func (d Devices) Renew(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	if err := d.Devices.Renew(c.UserContext(), f.get("before"), browser(c, f)); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// Remove takes a device away.
func (d Devices) Remove(c *fiber.Ctx) error {
	device, err := id(c, "device")
	if err == nil {
		err = d.Devices.Remove(c.UserContext(), device)
	}
	if err != nil {
		return err
	}
	return d.done(c, "/notifications/settings", themes.FlashDeviceRemoved, "")
}

// Try sends a message to a device.
func (d Devices) Try(c *fiber.Ctx) error {
	device, err := id(c, "device")
	if err != nil {
		return err
	}
	err = d.Devices.Try(c.UserContext(), device)
	if errors.Is(err, push.ErrNotTaken) || errors.Is(err, push.ErrAway) || errors.Is(err, push.ErrTrials) {
		p, failed := d.settings(c)
		if failed != nil {
			return failed
		}
		return d.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	if err != nil {
		return err
	}
	return d.done(c, "/notifications/settings", themes.FlashDeviceTried, "")
}
