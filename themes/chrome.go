package themes

import (
	"html/template"
	"net/url"
	"strings"
	"time"
	"unicode"

	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Chrome is what templates call beside their page's values: the View, the words of the reader's language, dates in
// their zone, addresses of assets.
type Chrome struct {
	View View
	talk
	set  *Set
	nav  []NavGroup // worked out once a page: a layout shows it up to three times
	said map[kindAndTime]template.HTML
}

func (s *Set) chrome(v View) *Chrome {
	if v.Brand.Colour == "" {
		v.Brand = PlatformBrand()
	}
	if v.Now.IsZero() {
		v.Now = time.Unix(0, 0).UTC()
	}
	v.Appearance = ParseAppearance(string(v.Appearance))
	return &Chrome{View: v, talk: s.talk(v.Locale, v.TimeZone, v.Now), set: s}
}

// Theme is the theme to draw in.
func (c *Chrome) Theme() tenant.Theme {
	if _, ok := c.set.pages[edition{c.View.Brand.Theme, c.locale}]; ok && !c.View.Platform {
		return c.View.Brand.Theme
	}
	return tenant.ThemeAtrium
}

// Asset is the address of a static file.
func (c *Chrome) Asset(name string) (string, error) { return c.set.AssetURL(name) }

// FileURL is the address of an uploaded file; the name is for who saves it.
func (c *Chrome) FileURL(id uid.ID, name string) string {
	return "/files/" + id.String() + "/" + url.PathEscape(name)
}

// At tells whether the page shown lies at or under a path, to mark it in the navigation.
func (c *Chrome) At(prefix string) bool {
	at, _, _ := strings.Cut(c.View.Path, "?")
	return at == prefix || prefix != "/" && strings.HasPrefix(at, prefix+"/")
}

// CSRF is the hidden field that every posting form carries.
func (c *Chrome) CSRF() template.HTML {
	return template.HTML(`<input type="hidden" name="csrf" value="` + template.HTMLEscapeString(c.View.CSRF) + `">`) //nolint:gosec // escaped
}

// FlashText is the message to show once, or "".
func (c *Chrome) FlashText() string {
	f := c.View.Flash
	if f == nil || !c.has("flash."+string(f.Key)) {
		return ""
	}
	text, err := c.T("flash."+string(f.Key), "Name", f.Name)
	if err != nil {
		return ""
	}
	return text
}

// fieldID makes a field's name fit for an id.
func fieldID(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, name)
}

// Locales lists the languages on offer.
func (c *Chrome) Locales() []string { return Locales() }

// Device names browser and system of a user agent in a few words, for people who look through their sessions.
func (c *Chrome) Device(userAgent string) (string, error) {
	browser, system := "", ""
	for _, b := range [][2]string{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}} {
		if strings.Contains(userAgent, b[0]) {
			browser = b[1]
			break
		}
	}
	for _, o := range [][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"}} {
		if strings.Contains(userAgent, o[0]) {
			system = o[1]
			break
		}
	}
	switch {
	case browser == "":
		return c.T("account.unknown_device")
	case system == "":
		return browser, nil
	}
	return c.T("account.device", "Browser", browser, "System", system)
}

// Greeting greets by the time of day in the reader's zone.
func (c *Chrome) Greeting(name string) (string, error) {
	part := "day"
	switch h := c.now.In(c.zone).Hour(); {
	case h >= 4 && h < 11:
		part = "morning"
	case h >= 18 || h < 4:
		part = "evening"
	}
	first, _, _ := strings.Cut(name, " ")
	return c.T("home.good_"+part, "Name", first)
}

// Left is about how long the rest of a course takes, "" when the course says no time.
func (c *Chrome) Left(estimated, percent int) (string, error) {
	left := LeftMinutes(estimated, percent)
	if left == 0 {
		return "", nil
	}
	text, err := c.Minutes(left)
	if err != nil {
		return "", err
	}
	return c.T("home.left", "Time", text)
}

// Capital sets a sentence's first letter large.
func (c *Chrome) Capital(s string) string {
	r := []rune(s)
	if len(r) == 0 {
		return s
	}
	r[0] = unicode.ToUpper(r[0])
	return string(r)
}
