package tenant

import (
	"strings"
	"unicode"

	"lyceum/internal/colour"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Theme is one of the base themes.
type Theme string

const (
	// ThemeAtrium is the default: a top bar over wide pages.
	ThemeAtrium Theme = "atrium"
	// ThemeCampus is an overlay: a side bar, squarer shapes, a serif for headings.
	ThemeCampus Theme = "campus"
)

// Themes lists the base themes in the order in which they are offered.
func Themes() []Theme { return []Theme{ThemeAtrium, ThemeCampus} }

// Brand is how a portal looks. It changes design tokens and a few texts, never markup. It is kept as one JSON value
// in the tenant's settings.
type Brand struct {
	Name          string  `json:"name"`                      // shown on every page, mail and error page
	Colour        string  `json:"colour"`                    // #rrggbb, the primary colour
	Theme         Theme   `json:"theme"`                     // default ThemeAtrium
	LogoFileID    *uid.ID `json:"logo_file_id,omitempty"`    // PNG or sanitised SVG
	FaviconFileID *uid.ID `json:"favicon_file_id,omitempty"` // made from the logo unless given
	LoginText     string  `json:"login_text"`                // Markdown beside the sign-in form, at most 500 characters
	MailHeader    string  `json:"mail_header"`               // one line above each mail, at most 120 characters
	Revision      int     `json:"revision"`                  // counts changes; part of cache keys
}

// DefaultBrand is the look of a new portal.
func DefaultBrand(name string) Brand {
	return Brand{Name: name, Colour: "#3b4cc0", Theme: ThemeAtrium}
}

// Normalise trims what people type around values.
func (b *Brand) Normalise() {
	b.Name = strings.TrimSpace(b.Name)
	b.Colour = strings.ToLower(strings.TrimSpace(b.Colour))
	b.LoginText = strings.TrimSpace(b.LoginText)
	b.MailHeader = strings.TrimSpace(b.MailHeader)
}

// Validate gathers every fault of the brand. The colour must carry white or black text at 4.5:1 (WCAG 2.2 SC 1.4.3)
// and stand out from white by 3:1 (SC 1.4.11); when it does not, the nearest colour that does is offered.
func (b Brand) Validate() error {
	f := fault.Fields{}
	f.Check(b.Name != "", "name", "Enter the name people know your organization by.")
	f.Check(len([]rune(b.Name)) <= 80, "name", "Use at most 80 characters.")
	f.Check(oneLine(b.Name), "name", "Use plain text on one line, without tabs or other control characters.")
	f.Check(b.Theme == ThemeAtrium || b.Theme == ThemeCampus, "theme", "Choose one of the offered themes.")
	f.Check(len([]rune(b.LoginText)) <= 500, "login_text", "Use at most 500 characters.")
	f.Check(len([]rune(b.MailHeader)) <= 120 && oneLine(b.MailHeader), "mail_header", "Use one line of at most 120 characters.")
	if c, err := colour.Parse(b.Colour); err != nil {
		f.Add("colour", "Enter a colour as # and six hexadecimal digits, for example #3b4cc0.")
	} else if offer, ok := NearestBrandColour(c); !ok {
		f.Add("colour", "This colour is too close to white for buttons and links to be seen. The nearest that works is "+offer.String()+".")
	}
	return f.Err()
}

// oneLine tells whether a text may stand in a mail's header: one line, no control characters, no separators that some
// programs take for a line's end.
func oneLine(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
}

// NearestBrandColour tells whether a colour works as a brand's primary colour (4.5:1 against white, so that white
// text on it and it on white can both be read) and the nearest one that does.
func NearestBrandColour(c colour.Colour) (nearest colour.Colour, ok bool) {
	white := colour.RGB(255, 255, 255)
	if colour.Contrast(c, white) >= 4.5 {
		return c, true
	}
	return colour.NearestPassing(c, white, 4.5), false
}
