package themes

import (
	"html/template"
	"maps"
	"path"
	"regexp"

	"lyceum/tenant"
)

// edition is a theme in a language.
type edition struct {
	theme  tenant.Theme
	locale string
}

// fixed is an action that gives the same in every page of an edition: a message without values, an icon, the address of a
// static file. A template calls each by reflection, which is half of what a page costs.
var fixed = regexp.MustCompile(`\{\{\$?\.(T|Icon|Asset) "([A-Za-z0-9_.-]+)"\}\}`)

// filled is a theme's files with their fixed actions done. What cannot be done here is left for the page to fail with.
func (s *Set) filled(f folder, locale string) folder {
	out := maps.Clone(f)
	tongue := s.speech.tongues[locale]
	c := &Chrome{set: s, talk: talk{tongue: tongue}}
	for name, source := range f {
		if path.Ext(name) != ".html" {
			continue
		}
		out[name] = fixed.ReplaceAllFunc(source, func(action []byte) []byte {
			m := fixed.FindSubmatch(action)
			arg := string(m[2])
			switch string(m[1]) {
			case "T":
				if text, ok := tongue.plain[arg]; ok {
					return []byte(template.HTMLEscapeString(text))
				}
			case "Icon":
				if icon, err := c.Icon(arg); err == nil {
					return []byte(icon)
				}
			case "Asset":
				if address, err := c.Asset(arg); err == nil {
					return []byte(address)
				}
			}
			return action
		})
	}
	return out
}
