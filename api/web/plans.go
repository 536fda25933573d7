package web

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/billing/offer"
	"lyceum/billing/plan"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// PlansPath and VersionsPath are where operators write plans.
const (
	PlansPath    = "/operator/billing/plans"
	VersionsPath = "/operator/billing/versions"
)

// OperatorPlans is where operators write plans, publish them and move subscriptions between their versions.
type OperatorPlans struct {
	*Site
	Offers *offer.Service
	Mover  *offer.Mover
}

func (o OperatorPlans) list(c *fiber.Ctx) (themes.OperatorPlansPage, error) {
	plans, err := o.Offers.List(c.UserContext())
	p := themes.OperatorPlansPage{Plans: plans, Form: themes.NewPlanFields{Public: true}}
	if o.Offers.Provider != nil {
		if pay := o.Offers.Provider(); pay != nil {
			p.Provider = pay.Name()
		}
	}
	return p, err
}

// List lists plans.
func (o OperatorPlans) List(c *fiber.Ctx) error {
	p, err := o.list(c)
	if err != nil {
		return err
	}
	return o.show(c, p)
}

func planFields(f form) themes.NewPlanFields {
	return themes.NewPlanFields{Code: f.get("code"), Name: f.get("name"), Position: f.get("position"), Public: f.get("public") != ""}
}

// Create makes a plan and leads to its draft.
func (o OperatorPlans) Create(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	typed := planFields(f)
	p, err := o.Offers.Create(c.UserContext(), plan.Plan{Code: typed.Code, Name: typed.Name, Public: typed.Public, Position: 100})
	if err == nil {
		return o.done(c, PlansPath+"/"+p.ID.String(), themes.FlashPlanCreated, p.Name)
	}
	page, wrong := o.list(c)
	if wrong != nil {
		return wrong
	}
	page.Form = typed
	return o.refused(c, err, func(found *fault.Fault) themes.Page { page.Problem = found; return page })
}

// SignUp chooses the plan on which new organizations begin.
func (o OperatorPlans) SignUp(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	page, err := o.list(c)
	if err != nil {
		return err
	}
	chosen := optionalID(f.get("plan"))
	if err := o.Offers.SetSignUp(c.UserContext(), chosen); err != nil {
		return o.refused(c, err, func(found *fault.Fault) themes.Page { page.Problem = found; return page })
	}
	for _, p := range page.Plans {
		if chosen != nil && p.ID == *chosen {
			return o.done(c, PlansPath, themes.FlashSignUpPlan, p.Name)
		}
	}
	return o.done(c, PlansPath, themes.FlashNoSignUpPlan, "")
}

func (o OperatorPlans) plan(c *fiber.Ctx) (themes.OperatorPlanPage, error) {
	planID, err := id(c, "plan")
	if err != nil {
		return themes.OperatorPlanPage{}, err
	}
	l, err := o.Offers.Show(c.UserContext(), planID)
	return themes.OperatorPlanPage{Plan: l, Form: themes.NewPlanFields{Code: l.Code, Name: l.Name, Public: l.Public, Position: strconv.Itoa(l.Position)}}, err
}

// Show shows a plan with its versions.
func (o OperatorPlans) Show(c *fiber.Ctx) error {
	p, err := o.plan(c)
	if err != nil {
		return err
	}
	return o.show(c, p)
}

// changePlan does something to a plan, and shows it again when that was refused.
func (o OperatorPlans) changePlan(c *fiber.Ctx, do func(p plan.Plan, f form) (address string, key themes.FlashKey, err error)) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	page, err := o.plan(c)
	if err != nil {
		return err
	}
	p := page.Plan.Plan
	p.Revision = int64(f.revision())
	address, key, err := do(p, f)
	if err != nil {
		if f.get("name") != "" {
			page.Form.Name, page.Form.Position, page.Form.Public = f.get("name"), f.get("position"), f.get("public") != ""
		}
		return o.refused(c, err, func(found *fault.Fault) themes.Page { page.Problem = found; return page })
	}
	if address == "" {
		address = PlansPath + "/" + p.ID.String()
	}
	return o.done(c, address, key, p.Name)
}

// Change writes name, place and who may choose a plan.
func (o OperatorPlans) Change(c *fiber.Ctx) error {
	return o.changePlan(c, func(p plan.Plan, f form) (string, themes.FlashKey, error) {
		wrong := fault.Fields{}
		p.Name, p.Position, p.Public = f.get("name"), f.number(wrong, "position"), f.get("public") != ""
		if err := wrong.Err(); err != nil {
			return "", "", err
		}
		_, err := o.Offers.Change(c.UserContext(), p)
		return "", themes.FlashPlanSaved, err
	})
}

// Archive takes a plan from sale.
func (o OperatorPlans) Archive(c *fiber.Ctx) error {
	return o.changePlan(c, func(p plan.Plan, _ form) (string, themes.FlashKey, error) {
		_, err := o.Offers.Archive(c.UserContext(), p.ID, p.Revision)
		return "", themes.FlashPlanArchived, err
	})
}

// Restore brings one back.
func (o OperatorPlans) Restore(c *fiber.Ctx) error {
	return o.changePlan(c, func(p plan.Plan, _ form) (string, themes.FlashKey, error) {
		_, err := o.Offers.Restore(c.UserContext(), p.ID, p.Revision)
		return "", themes.FlashPlanRestored, err
	})
}

// NewVersion makes a draft and leads to its editor.
func (o OperatorPlans) NewVersion(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	page, err := o.plan(c)
	if err != nil {
		return err
	}
	from := uid.Nil
	if chosen := optionalID(f.get("from")); chosen != nil {
		from = *chosen
	}
	v, err := o.Offers.NewVersion(c.UserContext(), page.Plan.ID, from)
	if err != nil {
		return o.refused(c, err, func(found *fault.Fault) themes.Page { page.Problem = found; return page })
	}
	return o.to(c, VersionsPath+"/"+v.ID.String()+"/edit")
}

func (o OperatorPlans) open(c *fiber.Ctx) (offer.Opened, error) {
	version, err := id(c, "version")
	if err != nil {
		return offer.Opened{}, err
	}
	return o.Offers.Open(c.UserContext(), version)
}

func (o OperatorPlans) version(c *fiber.Ctx) (themes.PlanVersionPage, error) {
	opened, err := o.open(c)
	p := themes.PlanVersionPage{Opened: opened, Examples: offer.Examples(opened.Version)}
	if v := opened.Version; v.Status == plan.StatusDraft {
		for i, old := range opened.Versions {
			if old.Status == plan.StatusPublished && old.Currency == v.Currency && old.Interval == v.Interval {
				p.Replaces, p.Before = &opened.Versions[i], offer.Examples(old)
			}
		}
	}
	return p, err
}

// Version shows one: what it costs and allows.
func (o OperatorPlans) Version(c *fiber.Ctx) error {
	p, err := o.version(c)
	if err != nil {
		return err
	}
	return o.show(c, p)
}

// changeVersion does something to a version, and shows it again when that was refused.
func (o OperatorPlans) changeVersion(c *fiber.Ctx, do func(v plan.Version, revision int64) (address string, key themes.FlashKey, err error)) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	page, err := o.version(c)
	if err != nil {
		return err
	}
	address, key, err := do(page.Opened.Version, int64(f.revision()))
	if err != nil {
		return o.refused(c, err, func(found *fault.Fault) themes.Page { page.Problem = found; return page })
	}
	return o.done(c, address, key, page.Opened.Name)
}

// Publish puts a draft on sale.
func (o OperatorPlans) Publish(c *fiber.Ctx) error {
	return o.changeVersion(c, func(v plan.Version, revision int64) (string, themes.FlashKey, error) {
		_, told, err := o.Offers.Publish(c.UserContext(), v.ID, revision)
		key := themes.FlashPlanPublished
		if !told {
			key = themes.FlashPlanPublishedUntold
		}
		return PlansPath + "/" + v.PlanID.String(), key, err
	})
}

// Discard throws a draft away.
func (o OperatorPlans) Discard(c *fiber.Ctx) error {
	return o.changeVersion(c, func(v plan.Version, revision int64) (string, themes.FlashKey, error) {
		_, err := o.Offers.Discard(c.UserContext(), v.ID, revision)
		return PlansPath + "/" + v.PlanID.String(), themes.FlashPlanDraftDiscarded, err
	})
}

// Retire takes a version from sale.
func (o OperatorPlans) Retire(c *fiber.Ctx) error {
	return o.changeVersion(c, func(v plan.Version, _ int64) (string, themes.FlashKey, error) {
		_, err := o.Offers.Retire(c.UserContext(), v.ID)
		return PlansPath + "/" + v.PlanID.String(), themes.FlashPlanRetired, err
	})
}

// Edit shows the editor of a draft.
func (o OperatorPlans) Edit(c *fiber.Ctx) error {
	opened, err := o.open(c)
	if err != nil {
		return err
	}
	if opened.Version.Status != plan.StatusDraft {
		return o.to(c, VersionsPath+"/"+opened.Version.ID.String())
	}
	p := themes.PlanDraftPage{Opened: opened, Revision: opened.Version.Revision, Form: themes.NewPlanForm(opened.Version), Examples: offer.Examples(opened.Version)}
	return o.show(c, p)
}

// Save does what a button of the editor asks. Whatever it is, nothing that was typed is lost.
func (o OperatorPlans) Save(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	opened, err := o.open(c)
	if err != nil {
		return err
	}
	do := f.get("do")
	page := themes.PlanDraftPage{Opened: opened, Revision: int64(f.revision()), Form: themes.ReadPlanForm(f.get).Apply(do)}
	v, wrong := page.Form.Into(opened.Version)
	if wrong == nil {
		page.Examples = offer.Examples(v)
	}
	switch {
	case do == "save" || do == "review":
		if v.Revision = page.Revision; wrong == nil {
			_, wrong = o.Offers.SaveDraft(c.UserContext(), v)
		}
		address := VersionsPath + "/" + v.ID.String()
		switch {
		case wrong != nil:
			return o.refused(c, wrong, func(found *fault.Fault) themes.Page { page.Problem = found; return page })
		case do == "review":
			return o.to(c, address)
		}
		return o.done(c, address+"/edit", themes.FlashPlanDraftSaved, "")
	case do == "preview" && wrong != nil:
		page.Problem, _ = problem.Shown(wrong)
	}
	return o.showWith(c, fiber.StatusOK, page)
}

func (o OperatorPlans) move(c *fiber.Ctx, to string) (p themes.PlanMovePage, err error) {
	ctx := c.UserContext()
	if p.Opened, err = o.open(c); err != nil {
		return p, err
	}
	if p.History, err = o.Mover.History(ctx, p.Opened.Version.ID); err != nil {
		return p, err
	}
	all, err := o.Offers.All(ctx)
	if err != nil {
		return p, err
	}
	for _, t := range all {
		if t.Version.ID != p.Opened.Version.ID {
			p.Targets = append(p.Targets, t)
		}
	}
	if to = strings.TrimSpace(to); to == "" {
		return p, nil
	}
	chosen, ok := uid.Parse(to)
	if !ok {
		return p, offer.ErrVersionNotFound
	}
	p.To = chosen
	outlook, err := o.Mover.Preview(ctx, p.Opened.Version.ID, chosen)
	if err != nil {
		if p.Problem, ok = problem.Shown(err); !ok {
			return p, err
		}
		return p, nil
	}
	p.Outlook = &outlook
	return p, nil
}

// Migrate shows who would move to another version, and what each pays.
func (o OperatorPlans) Migrate(c *fiber.Ctx) error {
	p, err := o.move(c, query(c, "to"))
	if err != nil {
		return err
	}
	return o.show(c, p)
}

// StartMigration begins with it.
func (o OperatorPlans) StartMigration(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := o.move(c, f.get("to"))
	if err != nil {
		return err
	}
	if p.To == uid.Nil {
		err = fault.Invalid(map[string]string{"to": "Choose the version that they are to be moved to."})
		return o.refused(c, err, func(found *fault.Fault) themes.Page { p.Problem = found; return p })
	}
	if _, err := o.Mover.Start(c.UserContext(), p.Opened.Version.ID, p.To); err != nil {
		return o.refused(c, err, func(found *fault.Fault) themes.Page { p.Problem = found; return p })
	}
	return o.done(c, VersionsPath+"/"+p.Opened.Version.ID.String()+"/migrate", themes.FlashMigrationStarted, "")
}

// StopMigration ends it where it is.
func (o OperatorPlans) StopMigration(c *fiber.Ctx) error {
	opened, err := o.open(c)
	if err != nil {
		return err
	}
	if err := o.Mover.Stop(c.UserContext(), opened.Version.ID); err != nil {
		return err
	}
	return o.done(c, VersionsPath+"/"+opened.Version.ID.String()+"/migrate", themes.FlashMigrationStopped, "")
}
