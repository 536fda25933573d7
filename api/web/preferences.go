package web

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/themes"
)

// SetAppearance keeps the wish for light or dark on this browser and leads back.
func (s *Site) SetAppearance(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	visit.SetAppearance(c, string(themes.ParseAppearance(f.get("appearance"))))
	return s.to(c, onward(f.get("back")))
}
