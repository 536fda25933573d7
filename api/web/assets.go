package web

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/internal/uid"
	"lyceum/tenant"
	"lyceum/themes"
)

// PlatformCSS gives the platform's own style sheet on any host: pages about a portal that cannot be entered wear it.
// Other sheets are the portal's to give.
func (s *Site) PlatformCSS(c *fiber.Ctx) error {
	l := s.lookOf(themes.PlatformBrand())
	if c.Params("hash") != l.hash {
		return c.Next()
	}
	return sheet(c, l)
}

// CSS gives the style sheet of the portal's brand under the hash of its content. Another hash finds nothing: an answer
// is kept for ever and must not be another's.
func (s *Site) CSS(c *fiber.Ctx) error {
	l := s.lookOf(s.brand(c))
	if c.Params("hash") != l.hash {
		return fiber.ErrNotFound
	}
	return sheet(c, l)
}

func sheet(c *fiber.Ctx, l look) error {
	c.Set(fiber.HeaderContentType, "text/css; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, forEver)
	return c.Send(l.css)
}

// forEver is for what lies under an address that changes with its content.
const forEver = "public, max-age=31536000, immutable"

// Asset gives a static file of the themes, compressed where the browser takes that.
func (s *Site) Asset(c *fiber.Ctx) error {
	a, ok := s.themes.Asset(c.Path())
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderContentType, a.MediaType)
	c.Set(fiber.HeaderCacheControl, forEver)
	if a.Gzip == nil {
		return c.Send(a.Data)
	}
	c.Vary(fiber.HeaderAcceptEncoding)
	if !c.Request().Header.HasAcceptEncoding("gzip") {
		return c.Send(a.Data)
	}
	c.Set(fiber.HeaderContentEncoding, "gzip")
	return c.Send(a.Gzip)
}

// brandPicture finds whether an id is the brand's own logo or favicon: only those are public.
func brandPicture(b tenant.Brand, file uid.ID) bool {
	return b.LogoFileID != nil && *b.LogoFileID == file || b.FaviconFileID != nil && *b.FaviconFileID == file
}
