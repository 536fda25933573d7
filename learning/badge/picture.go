package badge

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"strings"

	"lyceum/internal/colour"
	"lyceum/learning/certificate"
	"lyceum/tenant"
)

// draw makes the badge's picture: a seal in the brand's colour with the course's title.
func draw(b tenant.Brand, c certificate.Certificate) []byte {
	brand, err := colour.Parse(b.Colour)
	if err != nil {
		brand, _ = colour.Parse(tenant.DefaultBrand("").Colour)
	}
	ink := colour.OnColour(brand)
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img"><title>%s</title>`, html.EscapeString(c.CourseTitle+" – "+b.Name))
	fmt.Fprintf(&out, `<path fill="%s" d="M200 8l166 96v192l-166 96L34 296V104z"/>`, brand)
	fmt.Fprintf(&out, `<path fill="none" stroke="%s" stroke-opacity=".55" stroke-width="3" d="M200 26l150 87v174l-150 87L50 287V113z"/>`, ink)
	fmt.Fprintf(&out, `<path fill="none" stroke="%s" stroke-width="14" stroke-linecap="round" stroke-linejoin="round" d="M168 104l24 24 44-48"/>`, ink)
	lines := wrapped(c.CourseTitle, 20, 4)
	y := 214 - 15*(len(lines)-1)
	for _, l := range lines {
		fmt.Fprintf(&out, `<text x="200" y="%d" fill="%s" font-family="sans-serif" font-size="26" font-weight="700" text-anchor="middle">%s</text>`, y, ink, html.EscapeString(l))
		y += 31
	}
	name := wrapped(b.Name, 22, 1)
	fmt.Fprintf(&out, `<text x="200" y="306" fill="%s" font-family="sans-serif" font-size="18" text-anchor="middle">%s</text></svg>`, ink, html.EscapeString(strings.Join(name, " ")))
	return out.Bytes()
}

// wrapped breaks a text into at most n lines of about so many characters; what is too long ends in an ellipsis.
func wrapped(s string, width, n int) (lines []string) {
	for _, word := range strings.Fields(s) {
		runes := []rune(word)
		if len(runes) > width {
			word = string(runes[:width-1]) + "…"
		}
		last := len(lines) - 1
		switch {
		case last >= 0 && len([]rune(lines[last]))+1+len([]rune(word)) <= width:
			lines[last] += " " + word
		case len(lines) == n:
			lines[last] = strings.TrimSuffix(lines[last], "…") + "…"
			return lines
		default:
			lines = append(lines, word)
		}
	}
	return lines
}

func dataURL(svg []byte) string {
	return "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg)
}

const bakeNamespace = "https://purl.imsglobal.org/ob/v3p0"

// bake puts a credential into a picture: an element openbadges:credential with the JWT as its attribute verify (OB 3.0 §5.3.2.1).
func bake(svg []byte, jwt string) []byte {
	head, rest, _ := bytes.Cut(svg, []byte(">"))
	var out bytes.Buffer
	fmt.Fprintf(&out, `%s xmlns:openbadges="%s"><openbadges:credential verify="%s"/>%s`, head, bakeNamespace, jwt, rest)
	return out.Bytes()
}
