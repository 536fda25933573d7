package web

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth/hrsync"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// HR is where lists of an HR system are taken in, reviewed and undone.
type HR struct {
	*Site
	HR *hrsync.Service
}

// HRSyncs is where they stand.
const HRSyncs = "/people/hr"

func (h HR) list(c *fiber.Ctx) (p themes.HRSourcesPage, err error) {
	ctx := c.UserContext()
	p.Form = themes.HRForm{Kind: string(hrsync.KindPeople)}
	if p.Sources, err = h.HR.Sources(ctx); err != nil {
		return p, err
	}
	runs, err := h.HR.Runs(ctx, uid.Nil, page.Request{Limit: page.MaxLimit})
	for _, r := range runs.Items {
		if r.Status == hrsync.StatusPlanned {
			p.Waiting = append(p.Waiting, r)
		}
	}
	return p, err
}

// List shows the sources, and what waits.
func (h HR) List(c *fiber.Ctx) error {
	p, err := h.list(c)
	if err != nil {
		return err
	}
	return h.show(c, p)
}

// Add makes a source with the usual limits.
func (h HR) Add(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	typed := themes.HRForm{Name: f.get("name"), Code: f.get("code"), Kind: f.get("kind")}
	made, err := h.HR.AddSource(c.UserContext(), hrsync.SourceInput{Name: typed.Name, Code: typed.Code, Kind: hrsync.Kind(typed.Kind), LeaversMax: hrsync.LeaversUsually, ChangesMax: hrsync.ChangesUsually})
	if err != nil {
		p, failed := h.list(c)
		if failed != nil {
			return failed
		}
		p.Form = typed
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.done(c, HRSyncs+"/"+made.ID.String(), themes.FlashHRSourceMade, made.Name)
}

func (h HR) source(c *fiber.Ctx) (p themes.HRSourcePage, err error) {
	at, err := id(c, "source")
	if err != nil {
		return p, err
	}
	ctx := c.UserContext()
	if p.Source, err = h.HR.Source(ctx, at); err != nil {
		return p, err
	}
	p.Form = themes.NewHRForm(p.Source)
	p.API = h.hosts.PortalURL(visit.Of(c).Tenant) + "/api/v1/hr-sources/" + p.Source.Code + "/runs"
	if p.Own, err = h.HR.OwnFields(ctx); err != nil {
		return p, err
	}
	p.Runs, err = h.HR.Runs(ctx, at, after(c))
	return p, err
}

// Source shows one.
func (h HR) Source(c *fiber.Ctx) error {
	p, err := h.source(c)
	if err != nil {
		return err
	}
	return h.show(c, p)
}

// Send takes a list and shows what it would change.
func (h HR) Send(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := h.source(c)
	if err != nil {
		return err
	}
	name, data, chosen, err := f.file("list")
	if err == nil && !chosen {
		err = fault.Invalid(map[string]string{"list": "Choose a file."})
	}
	var r hrsync.Run
	if err == nil {
		r, err = h.HR.Take(c.UserContext(), p.Source.ID, hrsync.Sent{Name: name, Raw: data})
	}
	if err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.to(c, HRSyncs+"/runs/"+r.ID.String())
}

// Save changes a source's settings.
func (h HR) Save(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := h.source(c)
	if err != nil {
		return err
	}
	typed := themes.HRForm{
		Name: f.get("name"), Code: p.Source.Code, Kind: string(p.Source.Kind), Columns: map[string]string{}, Whole: f.get("whole") != "", LeaversMax: f.get("leavers_max"), ChangesMax: f.get("changes_max"),
		MakesUnits: f.get("makes_units") != "", Invites: f.get("invites") != "", ByItself: f.get("auto") != "",
	}
	for _, field := range p.Fields() {
		typed.Columns[field] = strings.TrimSpace(f.get(p.ControlName(field)))
	}
	p.Form, p.Changes = typed, true
	wrong := fault.Fields{}
	in := hrsync.SourceInput{Name: typed.Name, Columns: typed.Columns, Whole: typed.Whole, MakesUnits: typed.MakesUnits, Invites: typed.Invites, Auto: typed.ByItself}
	in.LeaversMax, in.ChangesMax = f.number(wrong, "leavers_max"), f.number(wrong, "changes_max")
	if err = wrong.Err(); err == nil {
		revision, bad := strconv.Atoi(f.get("revision"))
		if bad != nil {
			revision = p.Source.Revision
		}
		_, err = h.HR.ChangeSource(c.UserContext(), p.Source.ID, revision, in)
	}
	if err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.done(c, p.At(), themes.FlashSaved, "")
}

// Archive has a source take no lists any more.
func (h HR) Archive(c *fiber.Ctx) error { return h.archive(c, true) }

// Restore takes it into use again.
func (h HR) Restore(c *fiber.Ctx) error { return h.archive(c, false) }

func (h HR) archive(c *fiber.Ctx, archive bool) error {
	p, err := h.source(c)
	if err != nil {
		return err
	}
	if err := h.HR.ArchiveSource(c.UserContext(), p.Source.ID, archive); err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.done(c, p.At(), themes.FlashSaved, "")
}

func (h HR) run(c *fiber.Ctx) (p themes.HRRunPage, err error) {
	at, err := id(c, "run")
	if err != nil {
		return p, err
	}
	ctx := c.UserContext()
	if p.Run, err = h.HR.Run(ctx, at); err != nil {
		return p, err
	}
	if p.Source, err = h.HR.Source(ctx, p.Run.SourceID); err != nil {
		return p, err
	}
	if p.Own, err = h.HR.OwnFields(ctx); err != nil {
		return p, err
	}
	p.Outcome, p.Failed, p.Query = hrsync.Outcome(query(c, "outcome")), query(c, "failed") != "", query(c, "q")
	p.Rows, err = h.HR.Rows(ctx, at, hrsync.Filter{Outcome: p.Outcome, Failed: p.Failed, Query: p.Query, Page: after(c)})
	return p, err
}

// Run shows what a list would change, changes or changed.
func (h HR) Run(c *fiber.Ctx) error {
	p, err := h.run(c)
	if err != nil {
		return err
	}
	return h.show(c, p)
}

// Apply brings a run in as it was reviewed.
func (h HR) Apply(c *fiber.Ctx) error {
	p, err := h.run(c)
	if err != nil {
		return err
	}
	if _, err := h.HR.Apply(c.UserContext(), p.Run.ID); err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.to(c, p.At())
}

// Discard forgets what a run would do.
func (h HR) Discard(c *fiber.Ctx) error {
	p, err := h.run(c)
	if err != nil {
		return err
	}
	if err := h.HR.Discard(c.UserContext(), p.Run.ID); err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.done(c, HRSyncs+"/"+p.Source.ID.String(), themes.FlashHRRunDiscarded, "")
}

// Undo plans how a run is put back.
func (h HR) Undo(c *fiber.Ctx) error {
	p, err := h.run(c)
	if err != nil {
		return err
	}
	made, err := h.HR.Undo(c.UserContext(), p.Run.ID)
	if err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.to(c, HRSyncs+"/runs/"+made.ID.String())
}
