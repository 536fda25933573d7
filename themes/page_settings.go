package themes

import (
	"html/template"
	"slices"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/tenant"
)

// BrandForm is what was typed.
type BrandForm struct{ Name, Colour, Theme, LoginText, MailHeader string }

// BrandPage is GET /settings/brand. It posts name, colour, theme, login_text, mail_header, logo and favicon
// (pictures, multipart), remove_logo, remove_favicon to /settings/brand; the Preview button posts the same fields to
// /settings/brand/preview, which answers this page with the form kept and nothing saved; so does the button with the
// offered colour, which posts there use_colour, to be taken for colour. The panel beside the form is
// a frame of GET /settings/brand/preview?name=&colour=&theme=&login_text= (BrandPreviewPage).
type BrandPage struct {
	Saved   tenant.Brand
	Form    BrandForm
	Problem *fault.Fault
}

func (p BrandPage) in(c *Chrome) (string, any) { return "brand", framed[BrandPage]{c, p} }

// BrandPreviewPage is the document inside the branding page's frame. Its View carries the brand as typed, with
// BrandCSSURL = /settings/brand/preview.css?colour=%23rrggbb. The answer must allow being framed by its own origin.
type BrandPreviewPage struct{ LoginText template.HTML }

func (p BrandPreviewPage) in(c *Chrome) (string, any) {
	return "brand_preview", framed[BrandPreviewPage]{c, p}
}

// KeyForm is what was typed.
type KeyForm struct {
	Name, Days string
	Scopes     []policy.Permission // "*" is all that the person may
}

// APIKeysPage is GET and POST /settings/api-keys: fields name, days, scopes (many). It posts to
// /settings/api-keys/:id/revoke. Secret is shown once, in the answer to the POST that made the key.
type APIKeysPage struct {
	Keys    []auth.APIKey
	Form    KeyForm
	Scopes  []policy.Permission // those on offer: the person's own permissions
	Secret  string
	Problem *fault.Fault
}

func (p APIKeysPage) in(c *Chrome) (string, any) { return "api_keys", framed[APIKeysPage]{c, p} }

// Wants tells whether a scope's box is ticked.
func (p APIKeysPage) Wants(scope policy.Permission) bool {
	return slices.Contains(p.Form.Scopes, scope)
}

// Lives are the lives of a key on offer, in days.
func (p APIKeysPage) Lives() []string { return []string{"30", "90", "180", "365"} }
