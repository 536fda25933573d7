package web

import (
	"encoding/json"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/colour"
	"lyceum/internal/picture"
	"lyceum/themes"
)

// A portal can be put on a phone's home screen or a computer's dock; on iPhones and iPads that is what messages to the device need.

// iconSides are the sides of the app's icon in pixels; browsers ask for both before they offer to install (W3C App Manifest).
var iconSides = []int{192, 512}

type manifestIcon struct {
	Src     string `json:"src"`
	Sizes   string `json:"sizes"`
	Type    string `json:"type,omitempty"`
	Purpose string `json:"purpose"`
}

// Manifest describes the portal as an app (W3C App Manifest), in its name and colours.
func (s *Site) Manifest(c *fiber.Ctx) error {
	b := s.brand(c)
	icons := []manifestIcon{}
	if at := pictureURL("favicon", b.FaviconFileID); at != "" {
		icons = append(icons, manifestIcon{at, "any", "", "any"})
	}
	for _, side := range []string{"192", "512"} {
		icons = append(icons, manifestIcon{"/app-icon.png?side=" + side, side + "x" + side, "image/png", "any"}, manifestIcon{"/app-icon.png?side=" + side, side + "x" + side, "image/png", "maskable"})
	}
	text, err := json.Marshal(struct {
		Name       string         `json:"name"`
		Short      string         `json:"short_name"`
		ID         string         `json:"id"`
		Start      string         `json:"start_url"`
		Scope      string         `json:"scope"`
		Display    string         `json:"display"`
		Theme      string         `json:"theme_color"`
		Background string         `json:"background_color"`
		Icons      []manifestIcon `json:"icons"`
	}{b.Name, short(b.Name), "/", "/", "/", "standalone", b.Colour, "#ffffff", icons})
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/manifest+json")
	c.Set(fiber.HeaderCacheControl, briefly)
	return c.Send(text)
}

// briefly is for what wears the brand under an address that stays: a day.
const briefly = "public, max-age=86400"

// short cuts a name to what fits under an icon.
func short(name string) string {
	const most = 14
	if utf8.RuneCountInString(name) <= most {
		return name
	}
	return string([]rune(name)[:most-1]) + "…"
}

// AppIcon draws the portal's monogram in its colour; ?side= is 192 or 512, any other is 192.
func (s *Site) AppIcon(c *fiber.Ctx) error {
	b := s.brand(c)
	ground, err := colour.Parse(b.Colour)
	if err != nil {
		ground = colour.RGB(0x33, 0x33, 0x33)
	}
	side := iconSides[0]
	if query(c, "side") == "512" {
		side = iconSides[1]
	}
	icon, err := picture.Monogram(themes.Initials(b.Name), ground, side)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "image/png")
	c.Set(fiber.HeaderCacheControl, briefly)
	return c.Send(icon)
}

// PushWorker gives the service worker: at the root, since it is to answer for all of the portal (Service Workers §3.4.3), and asked for
// anew each time.
func (s *Site) PushWorker(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, "text/javascript; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "no-cache")
	return c.Send(s.themes.PushWorker())
}
