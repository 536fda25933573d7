package themes

import (
	"html/template"
	"net/url"
	"slices"

	"lyceum/internal/fault"
	"lyceum/learning/certificate"
)

// DesignsPage is GET /settings/certificates: the designs of certificates. It posts to …/:design/delete.
type DesignsPage struct {
	Designs []certificate.Design
}

func (p DesignsPage) in(c *Chrome) (string, any) { return "designs", framed[DesignsPage]{c, p} }

// Full tells whether there can be no more.
func (p DesignsPage) Full() bool { return len(p.Designs) >= certificate.MaxDesigns }

// DesignForm is what was typed about a design. Pictures are ids of those kept; new ones come as files second_logo_file and
// signature_file.
type DesignForm struct {
	Name, Colour, Title, Body, SignedBy, SignedAs string
	Paper, Orientation, Background                string
	SecondLogo, Signature                         string
	Facts                                         []string
	Logo, Seal, QR, Standard                      bool
}

// DesignPage is GET /settings/certificates/new and /settings/certificates/:design. It posts the form to its own address, to
// /settings/certificates/preview, which shows it again with its preview and keeps nothing, and to …/preview.pdf.
type DesignPage struct {
	ID       string // "" for a new one
	Revision int
	Form     DesignForm
	SVG      []byte // the preview; nil: what was typed cannot be drawn
	Problem  *fault.Fault
}

func (p DesignPage) in(c *Chrome) (string, any) { return "design", framed[DesignPage]{c, p} }

// At is the address of the page.
func (p DesignPage) At() string {
	if p.ID == "" {
		return "/settings/certificates/new"
	}
	return "/settings/certificates/" + p.ID
}

// Preview is the picture as an address; "" without one.
func (p DesignPage) Preview() template.URL {
	if len(p.SVG) == 0 {
		return ""
	}
	return template.URL("data:image/svg+xml," + url.PathEscape(string(p.SVG))) //nolint:gosec // drawn by us, escaped, and shown as a picture
}

// Has tells whether a fact is wanted.
func (p DesignPage) Has(f certificate.Fact) bool { return slices.Contains(p.Form.Facts, string(f)) }

// Papers, Orientations, Backgrounds, Facts and Variables are the choices.
func (DesignPage) Papers() []certificate.Paper             { return certificate.Papers() }
func (DesignPage) Orientations() []certificate.Orientation { return certificate.Orientations() }
func (DesignPage) Backgrounds() []certificate.Background   { return certificate.Backgrounds() }
func (DesignPage) Facts() []certificate.Fact               { return certificate.Facts() }
func (DesignPage) Variables() []string                     { return certificate.Variables() }
