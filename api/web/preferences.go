package web

import (
	"github.com/gofiber/fiber/v2"
	"golang.org/x/text/language"

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

// SetReading keeps the language that courses are to be read in on this browser and leads back.
func (s *Site) SetReading(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	chosen := ""
	if tag, err := language.Parse(f.get("language")); err == nil {
		chosen = tag.String()
	}
	visit.SetReading(c, chosen)
	return s.to(c, onward(f.get("back")))
}
