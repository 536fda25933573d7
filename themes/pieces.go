package themes

import (
	"fmt"
	"hash/fnv"
	"html/template"
	"net/url"
	"strings"
	"unicode"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// NavItem is a place of the portal.
type NavItem struct {
	Href, Label, Icon string
	Current           bool
}

// NavGroup is places that belong together. Key is learn, teach or portal.
type NavGroup struct {
	Key   string
	Label string
	Items []NavItem
	// Current tells that the page shown is one of them.
	Current bool
}

// Folded tells that the group stands behind its own button in a bar: the portal's always, others when they would crowd it.
func (g NavGroup) Folded() bool { return g.Key == "portal" || g.Key == "teach" && len(g.Items) > 2 }

// Nav is where who asks may go, in groups; a group without items is left out.
func (c *Chrome) Nav() (groups []NavGroup, err error) {
	if c.nav == nil {
		c.nav, err = c.places()
	}
	return c.nav, err
}

func (c *Chrome) places() ([]NavGroup, error) {
	type place struct {
		href, key, icon string
		need            policy.Permission
	}
	var groups []NavGroup
	for _, g := range []struct {
		key    string
		places []place
	}{
		{"learn", []place{
			{"/", "nav.home", "home", policy.PersonSelf}, {"/courses", "nav.courses", "book", policy.CourseRead},
			{"/calendar", "nav.calendar", "calendar", policy.EnrolmentSelf},
			{"/paths", "nav.paths", "flag", policy.CourseRead},
			{"/certificates", "nav.certificates", "award", policy.CertificateRead},
			{"/duties", "nav.duties", "check", policy.EnrolmentSelf},
			{"/team", "nav.team", "people", policy.PersonSelf},
		}},
		{"teach", []place{{"/studio", "nav.studio", "pen", policy.CourseEdit}, {"/studio/questions", "nav.questions", "list", policy.CourseEdit}, {"/studio/desk", "nav.desk", "chart", policy.EnrolmentManage}, {"/studio/marking", "nav.marking", "check", policy.EnrolmentMark}, {"/files", "nav.files", "file", policy.FileUpload}, {"/people", "nav.people", "people", policy.PersonRead}}},
		{"portal", []place{
			{"/first-steps", "nav.first_steps", "flag", policy.BrandEdit},
			{"/groups", "nav.groups", "people", policy.PersonRead},
			{"/dashboard", "nav.dashboard", "chart", policy.EnrolmentManage},
			{"/compliance", "nav.compliance", "check", policy.EnrolmentManage},
			{"/reports", "nav.reports", "chart", policy.EnrolmentManage},
			{"/reminders", "nav.reminders", "bell", policy.EnrolmentManage},
			{"/usage", "nav.usage", "chart", policy.UsageRead}, {"/settings/billing", "nav.billing", "file", policy.BillingRead}, {"/settings/brand", "nav.brand", "palette", policy.BrandEdit},
			{"/settings/certificates", "nav.designs", "award", policy.CertificateManage},
			{"/settings/address", "nav.address", "window", policy.AddressManage},
			{"/settings/leaving", "nav.leaving", "out", policy.PortalLeave},
			{"/settings/catalogue", "nav.catalogue", "archive", policy.CatalogueManage},
			{"/settings/sign-on", "nav.sign_on", "shield", policy.ConnectionManage},
			{"/settings/directories", "nav.directories", "building", policy.ConnectionManage},
			{"/settings/security", "nav.security", "lock", policy.SecurityManage},
			{"/settings/embeds", "nav.embeds", "window", policy.SecurityManage},
			{"/settings/support-access", "nav.support_access", "eye", policy.SecurityManage},
			{"/settings/roles", "nav.roles", "user", policy.RoleManage},
			{"/settings/api-keys", "nav.api_keys", "key", policy.APIKeyManage},
			{"/privacy", "nav.privacy", "shield", policy.PrivacyRead},
			{"/audit", "nav.audit", "list", policy.AuditRead},
		}},
	} {
		label, err := c.T("nav." + g.key)
		if err != nil {
			return nil, err
		}
		group := NavGroup{Key: g.key, Label: label}
		for _, p := range g.places {
			if !c.May(p.need) || p.href == "/paths" && !c.View.Paths && !c.May(policy.PathEdit) || p.href == "/team" && !c.View.Leads {
				continue
			}
			if label, err = c.T(p.key); err != nil {
				return nil, err
			}
			group.Current = group.Current || c.At(p.href)
			current := c.At(p.href) && (p.href != "/studio" || !c.At("/studio/marking") && !c.At("/studio/desk") && !c.At("/studio/questions"))
			group.Items = append(group.Items, NavItem{Href: p.href, Label: label, Icon: p.icon, Current: current})
		}
		if len(group.Items) > 0 {
			groups = append(groups, group)
		}
	}
	return groups, nil
}

// Place is a place with its icon drawn, for parts/shell.html.
type Place struct {
	Href, Label string
	Icon        template.HTML
	Current     bool
}

// Place draws a place's icon.
func (c *Chrome) Place(i NavItem) (Place, error) {
	icon, err := c.Icon(i.Icon)
	return Place{Href: i.Href, Label: i.Label, Icon: icon, Current: i.Current}, err
}

// Icon draws an icon of pictures/icons.svg. It is decoration: a text beside it says the same.
func (c *Chrome) Icon(name string) (template.HTML, error) {
	if !c.set.assets.icons[name] {
		return "", fmt.Errorf("no icon %q", name)
	}
	sheet, err := c.Asset("icons.svg")
	if err != nil {
		return "", err
	}
	return template.HTML(`<svg class="icon" aria-hidden="true" focusable="false"><use href="` + sheet + "#" + name + `"/></svg>`), nil //nolint:gosec // a known name
}

// Initials are one or two letters that stand for a name where a picture would.
func (c *Chrome) Initials(name string) string { return Initials(name) }

// Initials are one or two letters that stand for a name where a picture would.
func Initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	switch len(words) {
	case 0:
		return "?"
	case 1:
		return strings.ToUpper(string([]rune(words[0])[:1]))
	}
	return strings.ToUpper(string([]rune(words[0])[:1]) + string([]rune(words[len(words)-1])[:1]))
}

// Link makes an address with a query of those pairs whose value is not empty.
func (c *Chrome) Link(path string, pairs ...any) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if v := fmt.Sprint(pairs[i+1]); v != "" {
			q.Set(fmt.Sprint(pairs[i]), v)
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// Art draws a quiet picture for a course without a cover: the same course always gets the same one. Its colours are
// the brand's, by class.
func (c *Chrome) Art(id uid.ID) template.HTML {
	h := fnv.New64a()
	h.Write(id[:])
	n := h.Sum64()
	pick := func(below uint64) int { v := n % below; n = n/below ^ n<<7; return int(v) }
	var s strings.Builder
	s.WriteString(`<svg class="art" viewBox="0 0 320 180" preserveAspectRatio="xMidYMid slice" aria-hidden="true" focusable="false">`)
	x, y := 60+pick(200), 40+pick(100)
	switch pick(4) {
	case 0: // rings around a point
		for i := 6; i > 0; i-- {
			fmt.Fprintf(&s, `<circle class="a%d" cx="%d" cy="%d" r="%d"/>`, i%3, x, y, i*(24+pick(8)))
		}
	case 1: // hills
		for i := range 4 {
			a, b := 110-i*12+pick(40), 60+i*22+pick(40)
			fmt.Fprintf(&s, `<path class="a%d" d="M0 %d C80 %d 150 %d 210 %d S300 %d 320 %d V180 H0Z"/>`, i%3, a+i*12, a-50+i*14, a+60, b, b-30, b+10)
		}
	case 2: // tiles of quarter circles
		for row := range 3 {
			for col := range 6 {
				r, cx, cy := 60, col*60-20, row*60
				corner := pick(4)
				fmt.Fprintf(&s, `<path class="a%d" d="%s"/>`, pick(3), quarter(cx, cy, r, corner))
			}
		}
	default: // beams
		for i := range 7 {
			w := 18 + pick(40)
			fmt.Fprintf(&s, `<path class="a%d" d="M%d 180 L%d 0 h%d L%d 180Z"/>`, i%3, x-180+i*56, x-60+i*56, w, x-180+i*56+w)
		}
	}
	s.WriteString(`</svg>`)
	return template.HTML(s.String()) //nolint:gosec // numbers only
}

func quarter(x, y, r, corner int) string {
	switch corner {
	case 0:
		return fmt.Sprintf("M%d %dh%da%d %d 0 0 1-%d %dZ", x, y, r, r, r, r, r)
	case 1:
		return fmt.Sprintf("M%d %dv%da%d %d 0 0 1-%d-%dZ", x+r, y, r, r, r, r, r)
	case 2:
		return fmt.Sprintf("M%d %dh-%da%d %d 0 0 1 %d-%dZ", x+r, y+r, r, r, r, r, r)
	}
	return fmt.Sprintf("M%d %dv-%da%d %d 0 0 1 %d %dZ", x, y+r, r, r, r, r, r)
}

// Advance is a progress bar with its figure, drawn by parts/tile.html.
type Advance struct {
	Percent     int
	Label, Text string
}

// Advance makes a progress bar.
func (c *Chrome) Advance(percent int) (Advance, error) {
	label, err := c.T("enrolment.progress")
	return Advance{Percent: percent, Label: label, Text: c.Percent(percent)}, err
}

// Pager leads to the next piece of a list, drawn by parts/tile.html.
type Pager struct{ Href, Label, Text string }

// Pager makes the way to the next piece, nil at the end of the list. The pairs are the list's filter.
func (c *Chrome) Pager(next, path string, filter ...any) (*Pager, error) {
	if next == "" {
		return nil, nil
	}
	label, err := c.T("pager.label")
	if err != nil {
		return nil, err
	}
	text, err := c.T("pager.next")
	return &Pager{Href: c.Link(path, append(filter, "after", next)...), Label: label, Text: text}, err
}

// Drawn is a step of an outline together with what draws it, for parts/outline.html.
type Drawn struct {
	*Chrome
	Step Step
}

// Drawn makes a step drawable.
func (c *Chrome) Drawn(s Step) *Drawn { return &Drawn{c, s} }

// KindIcon draws the icon of a kind of lesson.
func (c *Chrome) KindIcon(k catalog.LessonKind) (template.HTML, error) {
	switch k {
	case catalog.LessonVideo:
		return c.Icon("play")
	case catalog.LessonAudio:
		return c.Icon("sound")
	case catalog.LessonPDF:
		return c.Icon("file")
	case catalog.LessonFile:
		return c.Icon("download")
	case catalog.LessonEmbed:
		return c.Icon("window")
	case catalog.LessonLink:
		return c.Icon("out-link")
	case catalog.LessonQuiz, catalog.LessonTest:
		return c.Icon("quiz")
	case catalog.LessonSubmission:
		return c.Icon("upload")
	case catalog.LessonText:
	}
	return c.Icon("text")
}

// KindAndTime says what a lesson is made of and how long it takes, with the kind's icon. Many lessons say the same: it is
// worked out once a page.
func (c *Chrome) KindAndTime(k catalog.LessonKind, minutes int) (template.HTML, error) {
	key := kindAndTime{k, minutes}
	if said, ok := c.said[key]; ok {
		return said, nil
	}
	icon, err := c.KindIcon(k)
	if err != nil {
		return "", err
	}
	text, err := c.Named("kind", k)
	if err != nil {
		return "", err
	}
	if minutes > 0 {
		time, err := c.Minutes(minutes)
		if err != nil {
			return "", err
		}
		text += " · " + time
	}
	if c.said == nil {
		c.said = map[kindAndTime]template.HTML{}
	}
	c.said[key] = icon + template.HTML(template.HTMLEscapeString(text)) //nolint:gosec // escaped
	return c.said[key], nil
}

type kindAndTime struct {
	kind    catalog.LessonKind
	minutes int
}

// Sketch is the drawing of a course that does not exist, for the landing page's picture of a portal.
func (c *Chrome) Sketch(n byte) template.HTML { return c.Art(uid.ID{n}) }
