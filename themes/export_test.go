package themes

import (
	"maps"
	"slices"
	"time"

	"lyceum/tenant"
)

// PageFiles lists the page files of a theme.
func (s *Set) PageFiles(theme tenant.Theme) []string {
	var out []string
	for name := range s.pages[edition{theme, Locales()[0]}] {
		out = append(out, name)
	}
	return out
}

// PageFile is the file of a page.
func PageFile(p Page) string {
	file, _ := p.in(nil)
	return file
}

// ThemeFolder lists what a theme's own folder holds, and all files it is drawn with.
func ThemeFolder(theme tenant.Theme) (all map[string][]byte, err error) {
	return themeFiles(files, theme)
}

// Files is everything embedded.
var Files = files

// AssetNames lists the static files.
func (s *Set) AssetNames() []string { return slices.Sorted(maps.Keys(s.assets.files)) }

// MailFile is the file of a mail.
func MailFile(m Mail) string {
	file, _ := m.letter(nil)
	return file
}

// Talk speaks a language in UTC.
func (s *Set) Talk(locale string) talk { return s.talk(locale, "", time.Time{}) }

// TalkIn speaks a language in a zone at a moment.
func (s *Set) TalkIn(locale, zone string, now time.Time) talk { return s.talk(locale, zone, now) }

// GuideFieldKey is the code of a guide's field in the messages.
var GuideFieldKey = guideFieldKey
