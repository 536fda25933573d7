package web

import (
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/internal/fault"
	"lyceum/tenant/broadcast"
	"lyceum/tenant/health"
	"lyceum/tenant/life"
	"lyceum/themes"
)

// Announcements is where operators say something to many portals, and plan maintenance.
type Announcements struct {
	*Site
	Broadcast *broadcast.Service
	Health    *health.Service
}

// The addresses of it.
const (
	AnnouncementsPath = "/operator/announcements"
	BannersPath       = "/operator/banners"
	MaintenancePath   = "/operator/maintenance"
)

// List shows what is said, what comes and what was.
func (a Announcements) List(c *fiber.Ctx) error {
	listed, err := a.Broadcast.List(c.UserContext())
	if err != nil {
		return err
	}
	return a.show(c, themes.AnnouncementsPage{Listed: listed})
}

// NewBanner shows an empty form: for a week.
func (a Announcements) NewBanner(c *fiber.Ctx) error {
	plans, err := a.Health.Plans(c.UserContext())
	if err != nil {
		return err
	}
	return a.show(c, themes.BannerPage{Plans: plans, Form: themes.BannerForm{
		Kind: string(broadcast.Info), Readers: string(broadcast.People), Dismissible: true, Until: themes.TypedTime(a.now().Add(7 * 24 * time.Hour)), Texts: map[string]string{},
	}})
}

// Banner shows one in its form.
func (a Announcements) Banner(c *fiber.Ctx) error {
	p, err := a.bannerPage(c)
	if err != nil {
		return err
	}
	return a.show(c, p)
}

func (a Announcements) bannerPage(c *fiber.Ctx) (p themes.BannerPage, err error) {
	at, err := id(c, "banner")
	if err != nil {
		return p, err
	}
	b, slugs, err := a.Broadcast.Banner(c.UserContext(), at)
	if err != nil {
		return p, err
	}
	p = themes.BannerPage{ID: b.ID, Revision: b.Revision, State: b.State(a.now()), Preview: &b, Form: themes.BannerForm{
		Kind: string(b.Kind), Readers: string(b.Readers), Link: b.Link, Dismissible: b.Dismissible, Texts: b.Texts, From: themes.TypedTime(b.FromAt), Until: themes.TypedTime(b.UntilAt), Audience: audienceForm(b.Audience, slugs),
	}}
	p.Plans, err = a.Health.Plans(c.UserContext())
	return p, err
}

// SaveBanner keeps a banner that is new or was changed, or shows how it looks.
func (a Announcements) SaveBanner(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p := themes.BannerPage{State: broadcast.Planned}
	if c.Params("banner") != "" {
		if p, err = a.bannerPage(c); err != nil {
			return err
		}
	} else if p.Plans, err = a.Health.Plans(c.UserContext()); err != nil {
		return err
	}
	p.Form = themes.BannerForm{Kind: f.get("kind"), Readers: f.get("readers"), Link: f.get("link"), Dismissible: f.get("dismissible") != "", Texts: typedTexts(f), From: f.get("from"), Until: f.get("until"), Audience: typedAudience(f)}
	p.Preview = nil
	wrong := fault.Fields{}
	b := broadcast.Banner{ID: p.ID, Kind: broadcast.Kind(p.Form.Kind), Readers: broadcast.Readers(p.Form.Readers), Link: p.Form.Link, Dismissible: p.Form.Dismissible, Texts: p.Form.Texts, Revision: f.revision(), ByName: by(c.UserContext())}
	b.FromAt, b.UntilAt = moment(wrong, "from", p.Form.From), moment(wrong, "until", p.Form.Until)
	err = wrong.Err()
	if err == nil {
		b.Audience, err = a.audience(c, p.Form.Audience)
	}
	switch {
	case err != nil:
	case f.get("do") == "preview":
		var shown broadcast.Banner
		if shown, err = a.Broadcast.Check(b); err == nil {
			p.Preview, p.Revision = &shown, b.Revision
			return a.show(c, p)
		}
	case p.New():
		_, err = a.Broadcast.AddBanner(c.UserContext(), b)
	default:
		_, err = a.Broadcast.ChangeBanner(c.UserContext(), b)
	}
	if err != nil {
		return a.refused(c, err, func(problem *fault.Fault) themes.Page { p.Problem = problem; return p })
	}
	return a.done(c, AnnouncementsPath, themes.FlashBannerSaid, "")
}

// EndBanner takes one down.
func (a Announcements) EndBanner(c *fiber.Ctx) error {
	at, err := id(c, "banner")
	if err != nil {
		return err
	}
	if err := a.Broadcast.EndBanner(c.UserContext(), at); err != nil {
		return err
	}
	return a.done(c, AnnouncementsPath, themes.FlashBannerEnded, "")
}

// NewWindow shows an empty form: tomorrow, announced at once.
func (a Announcements) NewWindow(c *fiber.Ctx) error {
	plans, err := a.Health.Plans(c.UserContext())
	if err != nil {
		return err
	}
	now := a.now()
	begin := now.Add(25 * time.Hour).Truncate(time.Hour)
	return a.show(c, themes.WindowPage{State: broadcast.Planned, Plans: plans, Form: themes.WindowForm{
		Mode: string(broadcast.ReadOnly), Announce: themes.TypedTime(now), From: themes.TypedTime(begin), Until: themes.TypedTime(begin.Add(time.Hour)), Texts: map[string]string{},
	}})
}

// Window shows one in its form.
func (a Announcements) Window(c *fiber.Ctx) error {
	p, err := a.windowPage(c)
	if err != nil {
		return err
	}
	return a.show(c, p)
}

func (a Announcements) windowPage(c *fiber.Ctx) (p themes.WindowPage, err error) {
	at, err := id(c, "window")
	if err != nil {
		return p, err
	}
	w, slugs, err := a.Broadcast.Window(c.UserContext(), at)
	if err != nil {
		return p, err
	}
	p = themes.WindowPage{ID: w.ID, Revision: w.Revision, State: w.State(a.now()), Form: themes.WindowForm{
		Mode: string(w.Mode), HoldsJobs: w.HoldsJobs, TellsOwners: w.TellsOwners, Texts: w.Texts, Announce: themes.TypedTime(w.AnnounceAt), From: themes.TypedTime(w.FromAt), Until: themes.TypedTime(w.UntilAt), Audience: audienceForm(w.Audience, slugs),
	}}
	p.Plans, err = a.Health.Plans(c.UserContext())
	return p, err
}

// SaveWindow plans a window, or changes one.
func (a Announcements) SaveWindow(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p := themes.WindowPage{State: broadcast.Planned}
	if c.Params("window") != "" {
		if p, err = a.windowPage(c); err != nil {
			return err
		}
	} else if p.Plans, err = a.Health.Plans(c.UserContext()); err != nil {
		return err
	}
	p.Form = themes.WindowForm{Mode: f.get("mode"), HoldsJobs: f.get("holds_jobs") != "", TellsOwners: f.get("tells_owners") != "", Texts: typedTexts(f), Announce: f.get("announce"), From: f.get("from"), Until: f.get("until"), Audience: typedAudience(f)}
	wrong := fault.Fields{}
	w := broadcast.Window{ID: p.ID, Mode: broadcast.Mode(p.Form.Mode), HoldsJobs: p.Form.HoldsJobs, TellsOwners: p.Form.TellsOwners, Texts: p.Form.Texts, Revision: f.revision(), ByName: by(c.UserContext())}
	w.AnnounceAt, w.FromAt, w.UntilAt = moment(wrong, "announce", p.Form.Announce), moment(wrong, "from", p.Form.From), moment(wrong, "until", p.Form.Until)
	err = wrong.Err()
	if err == nil {
		w.Audience, err = a.audience(c, p.Form.Audience)
	}
	switch {
	case err != nil:
	case p.New():
		_, err = a.Broadcast.AddWindow(c.UserContext(), w)
	default:
		_, err = a.Broadcast.ChangeWindow(c.UserContext(), w)
	}
	if err != nil {
		return a.refused(c, err, func(problem *fault.Fault) themes.Page { p.Problem = problem; return p })
	}
	return a.done(c, AnnouncementsPath, themes.FlashWindowPlanned, "")
}

// EndWindow ends one that runs, and calls off one that comes.
func (a Announcements) EndWindow(c *fiber.Ctx) error {
	at, err := id(c, "window")
	if err != nil {
		return err
	}
	if err := a.Broadcast.EndWindow(c.UserContext(), at); err != nil {
		return err
	}
	return a.done(c, AnnouncementsPath, themes.FlashWindowEnded, "")
}

func typedTexts(f form) map[string]string {
	texts := map[string]string{}
	for _, l := range themes.Locales() {
		texts[l] = strings.ReplaceAll(f.get("text_"+l), "\r\n", "\n")
	}
	return texts
}

func typedAudience(f form) themes.AudienceForm {
	return themes.AudienceForm{Tenants: f.get("tenants"), Plans: f.all("plans"), States: f.all("states")}
}

func audienceForm(a broadcast.Audience, slugs []string) themes.AudienceForm {
	out := themes.AudienceForm{Tenants: strings.Join(slugs, ", "), Plans: a.Plans}
	for _, s := range a.States {
		out.States = append(out.States, string(s))
	}
	return out
}

func (a Announcements) audience(c *fiber.Ctx, typed themes.AudienceForm) (out broadcast.Audience, err error) {
	out.Plans = typed.Plans
	for _, s := range typed.States {
		out.States = append(out.States, life.State(s))
	}
	out.Tenants, err = a.Broadcast.Chosen(c.UserContext(), typed.Tenants)
	return out, err
}

// moment reads a time as a browser's datetime-local writes it, in UTC; the zero time for an empty field.
func moment(wrong fault.Fields, name, typed string) time.Time {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return time.Time{}
	}
	for _, layout := range []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04"} {
		if at, err := time.Parse(layout, typed); err == nil {
			return at
		}
	}
	wrong.Add(name, "Write a day and a time.")
	return time.Time{}
}

// Said is what a portal's people do with what operators say.
type Said struct {
	*Site
	Broadcast *broadcast.Service
}

// Dismiss puts a banner away for who asks, and leads back.
func (s Said) Dismiss(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	at, err := id(c, "banner")
	if err != nil {
		return err
	}
	if err := s.Broadcast.Dismiss(c.UserContext(), visit.Of(c).Tenant, Reader(c.UserContext()), at); err != nil {
		return err
	}
	return s.to(c, onward(f.get("back")))
}

// Closed answers every request to a portal that is closed for maintenance.
func (s *Site) Closed(c *fiber.Ctx, w broadcast.Window) error {
	v := s.view(c)
	v.Said.Windows = nil // the page itself says so
	return s.draw(c, fiber.StatusServiceUnavailable, v, themes.ClosedPage{Window: w})
}
