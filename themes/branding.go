package themes

import (
	"fmt"
	"net/url"

	"lyceum/internal/colour"
	"lyceum/tenant"
)

// ColourCheck is what the branding page says about a colour, and what /settings/brand/check answers.
type ColourCheck struct {
	Valid    bool    `json:"valid"`    // it can be read
	OK       bool    `json:"ok"`       // it can be a brand's colour
	Contrast float64 `json:"contrast"` // to white, rounded down to a tenth
	Nearest  string  `json:"nearest"`  // the nearest that can; itself when OK
}

// CheckColour tells whether a colour as typed can be a brand's.
func CheckColour(typed string) ColourCheck {
	c, err := colour.Parse(typed)
	if err != nil {
		return ColourCheck{}
	}
	nearest, ok := tenant.NearestBrandColour(c)
	return ColourCheck{Valid: true, OK: ok, Contrast: float64(int(colour.Contrast(c, colour.White)*10)) / 10, Nearest: nearest.String()}
}

// Ratio is the contrast with one decimal.
func (c ColourCheck) Ratio() string { return fmt.Sprintf("%.1f", c.Contrast) }

// NewBrandForm fills the form from a brand.
func NewBrandForm(b tenant.Brand) BrandForm {
	return BrandForm{Name: b.Name, Colour: b.Colour, Theme: string(b.Theme), LoginText: b.LoginText, MailHeader: b.MailHeader}
}

// Check judges the colour typed.
func (p BrandPage) Check() ColourCheck { return CheckColour(p.Form.Colour) }

// Shown is the colour that the colour picker shows: it takes nothing that cannot be read.
func (p BrandPage) Shown() string {
	c, err := colour.Parse(p.Form.Colour)
	if err != nil {
		c, err = colour.Parse(p.Saved.Colour)
	}
	if err != nil {
		return PlatformBrand().Colour
	}
	return c.String()
}

// Themes lists the themes to choose from.
func (p BrandPage) Themes() []tenant.Theme { return tenant.Themes() }

// PreviewURL is the address of the frame that shows the brand as typed.
func (p BrandPage) PreviewURL() string {
	q := url.Values{}
	q.Set("name", p.Form.Name)
	q.Set("colour", p.Shown())
	q.Set("theme", p.Form.Theme)
	q.Set("login_text", p.Form.LoginText)
	return "/settings/brand/preview?" + q.Encode()
}

// PreviewCSSURL is the BrandCSSURL of a BrandPreviewPage.
func PreviewCSSURL(typed string) string {
	return "/settings/brand/preview.css?colour=" + url.QueryEscape(typed)
}
