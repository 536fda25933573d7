package themes

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"lyceum/internal/colour"
	"lyceum/tenant"
)

// BrandCSS gives the style sheet of a brand: the custom properties that it may change, for light and dark, and the
// hash of its content for its address. A colour that cannot be read gives the product's own.
func BrandCSS(b tenant.Brand) (css []byte, hash string) {
	c, err := colour.Parse(b.Colour)
	if err != nil {
		c, _ = colour.Parse(PlatformBrand().Colour)
	}
	light, dark := colour.Palette(c)
	var s strings.Builder
	s.WriteString(":root{")
	for _, t := range []struct {
		name        string
		light, dark colour.Colour
	}{
		{"primary", light.Primary, dark.Primary},
		{"on-primary", light.OnPrimary, dark.OnPrimary},
		{"primary-hover", light.PrimaryHover, dark.PrimaryHover},
		{"primary-soft", light.PrimarySoft, dark.PrimarySoft},
		{"on-primary-soft", light.OnPrimarySoft, dark.OnPrimarySoft},
		{"link", light.Link, dark.Link},
		{"focus", light.Focus, dark.Focus},
	} {
		fmt.Fprintf(&s, "--%s:light-dark(%s,%s);", t.name, t.light, t.dark)
	}
	s.WriteString("}\n")
	sum := sha256.Sum256([]byte(s.String()))
	return []byte(s.String()), hex.EncodeToString(sum[:])[:16]
}
