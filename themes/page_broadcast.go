package themes

import (
	"errors"
	"html/template"
	"slices"
	"strings"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant/broadcast"
	"lyceum/tenant/health"
	"lyceum/tenant/life"
)

// AnnouncementsPage is GET /operator/announcements: banners and windows of maintenance, the last to end first.
type AnnouncementsPage struct{ Listed broadcast.Listed }

func (p AnnouncementsPage) in(c *Chrome) (string, any) {
	return "announcements", framed[AnnouncementsPage]{c, p}
}

// Slugs names chosen portals; those that are gone are left out.
func (p AnnouncementsPage) Slugs(a broadcast.Audience) string {
	var list []string
	for _, id := range a.Tenants {
		if slug := p.Listed.Slugs[id]; slug != "" {
			list = append(list, slug)
		}
	}
	slices.Sort(list)
	if len(list) > 5 {
		list = append(list[:5], "…")
	}
	return strings.Join(list, ", ")
}

// AudienceForm is to whom something is said, as it is typed.
type AudienceForm struct {
	Tenants string // slugs, apart by spaces or commas
	Plans   []string
	States  []string
}

// Plan and State tell whether one is chosen.
func (f AudienceForm) Plan(code string) bool { return slices.Contains(f.Plans, code) }

// State tells whether a state is chosen.
func (f AudienceForm) State(s life.State) bool { return slices.Contains(f.States, string(s)) }

// BannerForm is a banner as it is typed. Times are UTC, as a browser's datetime-local writes them.
type BannerForm struct {
	Kind, Readers, Link string
	Dismissible         bool
	Texts               map[string]string
	From, Until         string
	Audience            AudienceForm
}

// BannerPage is GET /operator/banners/new and /operator/banners/:banner, and what is posted there: kind, readers, link, dismissible, text_<language>,
// from, until, tenants, plans, states, revision; do=preview shows it and keeps nothing. POST …/end takes it down.
type BannerPage struct {
	ID       uid.ID // uid.Nil: a new one
	Revision int
	State    broadcast.State
	Form     BannerForm
	Plans    []health.Plan
	Preview  *broadcast.Banner // as it was just typed
	Problem  *fault.Fault
}

func (p BannerPage) in(c *Chrome) (string, any) { return "banner", framed[BannerPage]{c, p} }

// New tells that it is not kept yet.
func (p BannerPage) New() bool { return p.ID == uid.Nil }

// Open tells that it can still be changed.
func (p BannerPage) Open() bool {
	return p.New() || p.State == broadcast.Planned || p.State == broadcast.Running
}

// At is the address that the form is posted to.
func (p BannerPage) At() string {
	if p.New() {
		return "/operator/banners/new"
	}
	return "/operator/banners/" + p.ID.String()
}

// Kinds and Readers are the choices.
func (p BannerPage) Kinds() []broadcast.Kind { return broadcast.Kinds() }

// Readers lists who may be meant.
func (p BannerPage) Readers() []broadcast.Readers { return broadcast.AllReaders() }

// WindowForm is a window of maintenance as it is typed. Times are UTC.
type WindowForm struct {
	Mode                  string
	HoldsJobs             bool
	TellsOwners           bool
	Texts                 map[string]string
	Announce, From, Until string
	Audience              AudienceForm
}

// WindowPage is GET /operator/maintenance/new and /operator/maintenance/:window, and what is posted there: mode, holds_jobs, tells_owners, text_<language>,
// announce, from, until, tenants, plans, states, revision. POST …/end ends or cancels it.
type WindowPage struct {
	ID       uid.ID // uid.Nil: a new one
	Revision int
	State    broadcast.State
	Form     WindowForm
	Plans    []health.Plan
	Problem  *fault.Fault
}

func (p WindowPage) in(c *Chrome) (string, any) { return "maintenance", framed[WindowPage]{c, p} }

// New tells that it is not kept yet.
func (p WindowPage) New() bool { return p.ID == uid.Nil }

// Runs tells that only its end and its text can be changed.
func (p WindowPage) Runs() bool { return p.State == broadcast.Running }

// Open tells that it can still be changed.
func (p WindowPage) Open() bool {
	return p.New() || p.State == broadcast.Planned || p.State == broadcast.Running
}

// At is the address that the form is posted to.
func (p WindowPage) At() string {
	if p.New() {
		return "/operator/maintenance/new"
	}
	return "/operator/maintenance/" + p.ID.String()
}

// Modes lists what a window may do.
func (p WindowPage) Modes() []broadcast.Mode { return broadcast.Modes() }

// ClosedPage answers every request to a portal that is closed for maintenance (status 503); it asks again by itself.
type ClosedPage struct{ Window broadcast.Window }

func (p ClosedPage) in(c *Chrome) (string, any) { return "closed", framed[ClosedPage]{c, p} }

// TypedTime writes a moment as a form keeps it, in UTC; "" for none.
func TypedTime(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02T15:04")
}

// SaidText is a text in the reader's language, or in the next best.
func (c *Chrome) SaidText(t broadcast.Texts) string { return t.In(c.locale) }

// WindowText says in a sentence what a window does, and when, in the reader's zone.
func (c *Chrome) WindowText(w broadcast.Window) (string, error) {
	key := "maintenance.coming_" + string(w.Mode)
	if w.State(c.now) == broadcast.Running {
		key = "maintenance.now_" + string(w.Mode)
	}
	if !c.has(key) {
		return "", nil
	}
	return c.T(key, "From", c.LongDateTime(w.FromAt), "Until", c.untilOf(w))
}

// untilOf is a window's end; of one that comes and ends on its day only the time.
func (c *Chrome) untilOf(w broadcast.Window) string {
	from, until := w.FromAt.In(c.zone), w.UntilAt.In(c.zone)
	if w.State(c.now) != broadcast.Running && from.Format(time.DateOnly) == until.Format(time.DateOnly) {
		return until.Format(dates[c.locale].clock + " MST")
	}
	return c.LongDateTime(until)
}

// WindowSpan is from when until when, in a few words.
func (c *Chrome) WindowSpan(w broadcast.Window) string {
	return c.LongDateTime(w.FromAt) + " – " + c.untilOf(broadcast.Window{FromAt: w.FromAt, UntilAt: w.UntilAt, EndedAt: &w.FromAt})
}

// PutsAway tells whether who looks may put a banner away.
func (c *Chrome) PutsAway(b broadcast.Banner) bool {
	return b.Dismissible && c.View.Who != nil && c.Guise() == nil && c.View.CSRF != ""
}

// ShownBanner is a banner as it is drawn, by parts/said.html.
type ShownBanner struct {
	ID                               uid.ID
	Kind                             broadcast.Kind
	Icon, Close, CSRF                template.HTML
	Label, Text, Link, More, Dismiss string
	Away                             bool
	Back                             string
}

// BannerOf draws a banner for who looks.
func (c *Chrome) BannerOf(b broadcast.Banner) (ShownBanner, error) {
	return c.bannerIn(b, c.locale, c.PutsAway(b))
}

// BannerPreview draws a banner as readers of a language see it; nothing can be put away.
func (c *Chrome) BannerPreview(b broadcast.Banner, language string) (ShownBanner, error) {
	return c.bannerIn(b, language, false)
}

func (c *Chrome) bannerIn(b broadcast.Banner, language string, away bool) (s ShownBanner, err error) {
	icon := "bell"
	if b.Kind == broadcast.Warning {
		icon = "warn"
	}
	s = ShownBanner{ID: b.ID, Kind: b.Kind, Text: b.Texts.In(language), Link: b.Link, Away: away, Back: c.View.Path, CSRF: c.CSRF()}
	for into, name := range map[*template.HTML]string{&s.Icon: icon, &s.Close: "close"} {
		if *into, err = c.Icon(name); err != nil {
			return s, err
		}
	}
	var errs [3]error
	s.Label, errs[0] = c.T("announcements.one")
	s.More, errs[1] = c.T("announcements.more")
	s.Dismiss, errs[2] = c.T("announcements.dismiss")
	return s, errors.Join(errs[:]...)
}

// TextFields are the fields of a text, one for each language.
func (c *Chrome) TextFields(f *fault.Fault, texts map[string]string) (list []Field, err error) {
	for _, l := range Locales() {
		one := Field{ID: "text-" + l, Name: "text_" + l, Value: texts[l], Error: c.FieldText(f, "text_"+l)}
		if one.Label, err = c.T("announcements.text", "Language", c.Language(l)); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// AudienceFields is the part of a form that says to whom; drawn by parts/said.html.
type AudienceFields struct {
	Form   AudienceForm
	Plans  []AudienceChoice
	States []AudienceChoice
	Wrong  Field
	Words  map[string]string
}

// AudienceChoice is a plan or a state to choose.
type AudienceChoice struct {
	Code, Name string
	On         bool
}

// Audience makes the fields.
func (c *Chrome) Audience(f *fault.Fault, form AudienceForm, plans []health.Plan) (out AudienceFields, err error) {
	out = AudienceFields{Form: form, Wrong: c.Wrongs(f, "tenants"), Words: map[string]string{}}
	var errs [6]error
	out.Words["to"], errs[0] = c.T("announcements.to")
	out.Words["to_hint"], errs[1] = c.T("announcements.to_hint")
	out.Words["tenants"], errs[2] = c.T("announcements.tenants")
	out.Words["tenants_hint"], errs[3] = c.T("announcements.tenants_hint")
	out.Words["plans"], errs[4] = c.T("announcements.plans")
	out.Words["states"], errs[5] = c.T("announcements.states")
	if err := errors.Join(errs[:]...); err != nil {
		return out, err
	}
	for _, p := range plans {
		out.Plans = append(out.Plans, AudienceChoice{p.Code, p.Name, form.Plan(p.Code)})
	}
	for _, s := range audienceStates() {
		name, err := c.Named("life", s)
		if err != nil {
			return out, err
		}
		out.States = append(out.States, AudienceChoice{string(s), name, form.State(s)})
	}
	return out, nil
}

// AudienceText says in a few words to whom.
func (c *Chrome) AudienceText(p AnnouncementsPage, a broadcast.Audience) (string, error) {
	if a.All() {
		return c.T("announcements.all")
	}
	var parts []string
	if len(a.Tenants) > 0 {
		slugs := p.Slugs(a)
		if slugs == "" {
			slugs = "–"
		}
		parts = append(parts, slugs)
	}
	if len(a.Plans) > 0 {
		text, err := c.T("announcements.of_plans", "Plans", strings.Join(a.Plans, ", "))
		if err != nil {
			return "", err
		}
		parts = append(parts, text)
	}
	var states []string
	for _, s := range a.States {
		name, err := c.Named("life", s)
		if err != nil {
			return "", err
		}
		states = append(states, name)
	}
	if len(states) > 0 {
		parts = append(parts, strings.Join(states, ", "))
	}
	return strings.Join(parts, " · "), nil
}

// audienceStates are the states in which a portal has pages to say something on.
func audienceStates() []life.State {
	return slices.DeleteFunc(life.States(), func(s life.State) bool { return s == life.Provisioning || s == life.Erased })
}
