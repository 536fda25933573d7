package web

import (
	"context"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/internal/picture"
	"lyceum/learning/content"
	"lyceum/tenant"
	"lyceum/themes"
)

// Branding is how the portal looks, with a preview.
type Branding struct {
	*Site
	Content *content.Service
}

func brandForm(b tenant.Brand) themes.BrandForm {
	return themes.BrandForm{Name: b.Name, Colour: b.Colour, Theme: string(b.Theme), LoginText: b.LoginText, MailHeader: b.MailHeader}
}

// into puts what was typed over a brand.
func into(b tenant.Brand, f themes.BrandForm) tenant.Brand {
	b.Name, b.Colour, b.Theme, b.LoginText, b.MailHeader = f.Name, f.Colour, tenant.Theme(f.Theme), f.LoginText, f.MailHeader
	b.Normalise()
	return b
}

func readBrandForm(f form) themes.BrandForm {
	return themes.BrandForm{
		Name: f.get("name"), Colour: f.get("colour"), Theme: f.get("theme"), LoginText: strings.ReplaceAll(f.get("login_text"), "\r\n", "\n"),
		MailHeader: f.get("mail_header"),
	}
}

// Edit shows the form.
func (b Branding) Edit(c *fiber.Ctx) error {
	saved, err := b.brands.Get(c.UserContext())
	if err != nil {
		return err
	}
	return b.show(c, themes.BrandPage{Saved: saved, Form: brandForm(saved)})
}

// Save makes the new look live.
func (b Branding) Save(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	saved, err := b.brands.Get(c.UserContext())
	if err != nil {
		return err
	}
	typed := readBrandForm(f)
	if err := b.save(c.UserContext(), f, into(saved, typed)); err != nil {
		return b.refused(c, err, func(wrong *fault.Fault) themes.Page {
			return themes.BrandPage{Saved: saved, Form: typed, Problem: wrong}
		})
	}
	return b.done(c, "/settings/brand", themes.FlashBrandSaved, "")
}

// save checks what was typed before it keeps a picture.
func (b Branding) save(ctx context.Context, f form, wished tenant.Brand) error {
	if err := wished.Validate(); err != nil {
		return err
	}
	if f.get("remove_logo") != "" {
		wished.LogoFileID = nil
	}
	if f.get("remove_favicon") != "" {
		wished.FaviconFileID = nil
	}
	logo, err := b.logo(ctx, f)
	if err != nil {
		return err
	}
	favicon, err := keep(ctx, b.Content, f, "favicon", content.FilePicture)
	if err != nil {
		return err
	}
	if logo != nil {
		wished.LogoFileID = &logo.ID
		if favicon == nil && wished.FaviconFileID == nil {
			if favicon, err = b.iconOf(ctx, f, *logo); err != nil {
				return err
			}
		}
	}
	if favicon != nil {
		wished.FaviconFileID = &favicon.ID
	}
	_, err = b.brands.Save(ctx, wished)
	return err
}

// logo keeps the uploaded logo, nil for none; mails and certificates show PNG, browsers SVG too.
func (b Branding) logo(ctx context.Context, f form) (*content.File, error) {
	logo, err := keep(ctx, b.Content, f, "logo", content.FilePicture)
	if err != nil || logo == nil {
		return nil, err
	}
	if logo.MediaType != "image/png" && logo.MediaType != "image/svg+xml" {
		return nil, fault.Invalid(map[string]string{"logo": "Choose a PNG or SVG file: they stay sharp and may have a transparent ground."})
	}
	return logo, nil
}

// faviconSize is the side of a favicon made from a logo, in pixels.
const faviconSize = 180

// iconOf makes a favicon of a logo: a square PNG of a PNG, an SVG itself.
func (b Branding) iconOf(ctx context.Context, f form, logo content.File) (*content.File, error) {
	if logo.MediaType == "image/svg+xml" {
		return &logo, nil
	}
	_, data, _, err := f.file("logo")
	if err != nil {
		return nil, err
	}
	icon, err := picture.Icon(data, faviconSize)
	if err != nil {
		return nil, atField(err, "logo")
	}
	file, err := b.Content.Put(ctx, "favicon.png", icon)
	if err != nil {
		return nil, atField(err, "logo")
	}
	return &file, nil
}

// Try shows the form again with what was typed, its faults and its preview, and keeps nothing. The offered colour is
// taken by its own button.
func (b Branding) Try(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	saved, err := b.brands.Get(c.UserContext())
	if err != nil {
		return err
	}
	typed := readBrandForm(f)
	if offered := f.get("use_colour"); offered != "" {
		typed.Colour = offered
	}
	page := themes.BrandPage{Saved: saved, Form: typed}
	if err := into(saved, typed).Validate(); err != nil {
		page.Problem = fault.Of(err)
	}
	return b.show(c, page)
}

// Preview is the document in the form's frame: the sign-in page's look as typed.
func (b Branding) Preview(c *fiber.Ctx) error {
	saved, err := b.brands.Get(c.UserContext())
	if err != nil {
		return err
	}
	typed := brandForm(saved)
	for name, at := range map[string]*string{"name": &typed.Name, "colour": &typed.Colour, "theme": &typed.Theme, "login_text": &typed.LoginText} {
		if c.Context().QueryArgs().Has(name) {
			*at = query(c, name)
		}
	}
	v := b.view(c)
	v.Brand = into(saved, typed)
	v.BrandCSSURL = "/settings/brand/preview.css?colour=" + url.QueryEscape(v.Brand.Colour)
	frameable(c)
	return b.draw(c, fiber.StatusOK, v, themes.BrandPreviewPage{LoginText: prose(v.Brand.LoginText, "login-")})
}

// PreviewCSS is the style sheet of a colour as typed.
func (b Branding) PreviewCSS(c *fiber.Ctx) error {
	css, _ := themes.BrandCSS(tenant.Brand{Colour: query(c, "colour")})
	c.Set(fiber.HeaderContentType, "text/css; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "private, max-age=300")
	return c.Send(css)
}

// Check tells the form's script whether a colour can be read everywhere, and which near one can.
func (b Branding) Check(c *fiber.Ctx) error {
	return c.JSON(themes.CheckColour(query(c, "colour")))
}
