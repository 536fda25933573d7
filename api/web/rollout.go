package web

import (
	"context"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant/rollout"
	"lyceum/themes"
)

// Rollouts is where operators watch a release's shape go through the fleet.
type Rollouts struct {
	*Site
	Rollouts rollout.Keeper
}

// RolloutsPath is where.
const RolloutsPath = "/operator/migrations"

// shownRollouts and shownFailures bound what a page lists.
const (
	shownRollouts = 20
	shownFailures = 100
)

func (r Rollouts) page(c *fiber.Ctx, one uid.ID) (p themes.RolloutsPage, err error) {
	ctx := c.UserContext()
	p.Form = themes.RolloutForm{Waves: "1, 10, 100", Workers: 4, MaxFailed: 2}
	if p.Behind, p.All, err = r.Rollouts.Behind(ctx); err != nil {
		return p, err
	}
	if p.List, err = r.Rollouts.Rollouts(ctx, shownRollouts); err != nil {
		return p, err
	}
	if p.Canaries, err = r.Rollouts.Canaries(ctx); err != nil {
		return p, err
	}
	switch {
	case one != uid.Nil:
		found, err := r.Rollouts.Rollout(ctx, one)
		if err != nil {
			return p, err
		}
		p.Shown = &found
	case len(p.List) > 0:
		p.Shown = &p.List[0]
	default:
		return p, nil
	}
	p.Failed, err = r.Rollouts.Failed(ctx, p.Shown.ID, shownFailures)
	return p, err
}

// Show shows the newest rollout, or the one of the path.
func (r Rollouts) Show(c *fiber.Ctx) error {
	one := uid.Nil
	if c.Params("rollout") != "" {
		var err error
		if one, err = id(c, "rollout"); err != nil {
			return err
		}
	}
	p, err := r.page(c, one)
	if err != nil {
		return err
	}
	return r.show(c, p)
}

// by is the operator who asks.
func by(ctx context.Context) string {
	o, _ := route.OperatorFrom(ctx)
	if o.Name != "" {
		return o.Name
	}
	return o.Email
}

// Begin begins one.
func (r Rollouts) Begin(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	wrong := fault.Fields{}
	form := themes.RolloutForm{Waves: f.get("waves"), Workers: f.number(wrong, "workers"), MaxFailed: f.number(wrong, "max_failed")}
	o := rollout.Options{Workers: form.Workers, MaxFailed: form.MaxFailed, By: by(c.UserContext())}
	for _, part := range strings.FieldsFunc(form.Waves, func(r rune) bool { return strings.ContainsRune(" ,;%", r) }) {
		n, err := strconv.Atoi(part)
		wrong.Check(err == nil, "plan", "Write rising shares in percent that end with 100, for example 1, 10, 100.")
		o.Plan = append(o.Plan, n)
	}
	if err = wrong.Err(); err == nil {
		_, err = r.Rollouts.Begin(c.UserContext(), o)
	}
	return r.after(c, uid.Nil, form, err)
}

// change does something to the rollout of the path.
func (r Rollouts) change(do func(ctx context.Context, id uid.ID, by string) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		at, err := id(c, "rollout")
		if err != nil {
			return err
		}
		return r.after(c, at, themes.RolloutForm{Waves: "1, 10, 100", Workers: 4, MaxFailed: 2}, do(c.UserContext(), at, by(c.UserContext())))
	}
}

func (r Rollouts) after(c *fiber.Ctx, at uid.ID, form themes.RolloutForm, err error) error {
	if err == nil {
		return r.to(c, RolloutsPath)
	}
	p, failed := r.page(c, at)
	if failed != nil {
		return failed
	}
	p.Form = form
	return r.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
}

// Pause has it begin no further schema.
func (r Rollouts) Pause(c *fiber.Ctx) error { return r.change(r.Rollouts.Pause)(c) }

// Resume has it go on.
func (r Rollouts) Resume(c *fiber.Ctx) error { return r.change(r.Rollouts.Resume)(c) }

// Discard gives it up.
func (r Rollouts) Discard(c *fiber.Ctx) error { return r.change(r.Rollouts.Discard)(c) }

// Retry has schemas that failed tried again.
func (r Rollouts) Retry(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	return r.change(func(ctx context.Context, id uid.ID, by string) error {
		return r.Rollouts.Retry(ctx, id, f.get("schema"), by)
	})(c)
}

// Canary chooses who goes first, or takes that back.
func (r Rollouts) Canary(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	err = r.Rollouts.SetCanary(c.UserContext(), strings.ToLower(strings.TrimSpace(f.get("slug"))), f.get("off") == "", by(c.UserContext()))
	if err != nil && fault.Of(err).Kind == fault.KindNotFound {
		err = fault.Invalid(map[string]string{"slug": "There is no portal at this address."})
	}
	return r.after(c, uid.Nil, themes.RolloutForm{Waves: "1, 10, 100", Workers: 4, MaxFailed: 2}, err)
}
