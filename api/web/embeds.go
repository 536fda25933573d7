package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/learning/catalog"
	"lyceum/themes"
)

// Embeds is which sites lessons may show.
type Embeds struct {
	*Site
	Catalog *catalog.Service
}

// Show shows them.
func (e Embeds) Show(c *fiber.Ctx) error {
	hosts, err := e.Catalog.EmbedHosts(c.UserContext())
	if err != nil {
		return err
	}
	return e.show(c, themes.EmbedsPage{Hosts: strings.Join(hosts, "\n")})
}

// Save keeps them, one a line.
func (e Embeds) Save(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	if _, err = e.Catalog.SetEmbedHosts(c.UserContext(), strings.Split(f.get("hosts"), "\n")); err == nil {
		return e.done(c, "/settings/embeds", themes.FlashSaved, "")
	}
	return e.refused(c, err, func(f2 *fault.Fault) themes.Page {
		return themes.EmbedsPage{Hosts: f.get("hosts"), Problem: f2}
	})
}
