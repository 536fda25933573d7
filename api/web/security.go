package web

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/themes"
)

// Rules is where a tenant rules sessions and second factors.
type Rules struct {
	*Site
	Auth *auth.Service
}

// page fills the page with rules, typed or kept.
func (r Rules) page(ctx context.Context, f themes.RulesForm) (themes.RulesPage, error) {
	counts, err := r.Auth.FactorCounts(ctx)
	p := themes.RulesPage{Form: f, Roles: policy.BuiltInRoles(), Counts: counts, MayName: who(ctx).May.Has(policy.PersonRead)}
	for _, c := range counts {
		p.Roles = add(p.Roles, c.Role)
	}
	for _, role := range slices.Sorted(maps.Keys(f.From)) {
		p.Roles = add(p.Roles, role)
	}
	return p, err
}

func add(roles []policy.Role, role policy.Role) []policy.Role {
	if slices.Contains(roles, role) {
		return roles
	}
	return append(roles, role)
}

// Show shows the rules.
func (r Rules) Show(c *fiber.Ctx) error {
	ctx := c.UserContext()
	rules, err := r.Auth.SecurityRules(ctx)
	if err != nil {
		return err
	}
	p, err := r.page(ctx, shownRules(rules, zoneOf(ctx)))
	if err != nil {
		return err
	}
	return r.show(c, p)
}

// Save writes the rules.
func (r Rules) Save(c *fiber.Ctx) error {
	return r.posted(c, func(ctx context.Context, rules auth.SecurityRules, _ *themes.RulesPage) error {
		_, err := r.Auth.SetSecurityRules(ctx, rules)
		return err
	}, func(themes.RulesPage) error { return r.done(c, "/settings/security", themes.FlashSecuritySaved, "") })
}

// previewed is how many people a preview names.
const previewed = 50

// Preview shows whom the rules, as they are typed, would ask for a second factor. Nothing is written.
func (r Rules) Preview(c *fiber.Ctx) error {
	return r.posted(c, func(ctx context.Context, rules auth.SecurityRules, p *themes.RulesPage) (err error) {
		p.Previewed = true
		if err := rules.Validate(); err != nil || len(rules.FactorFrom) == 0 || !p.MayName {
			return err
		}
		p.Asked, err = r.Auth.WithoutFactor(ctx, slices.Sorted(maps.Keys(rules.FactorFrom)), page.Request{Limit: previewed})
		return err
	}, func(p themes.RulesPage) error { return r.show(c, p) })
}

// posted reads rules, does something with them, and shows them again when that was refused.
func (r Rules) posted(c *fiber.Ctx, do func(context.Context, auth.SecurityRules, *themes.RulesPage) error, done func(themes.RulesPage) error) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	typed, rules, wrong := readSecurity(f, zoneOf(ctx))
	p, err := r.page(ctx, typed)
	if err != nil {
		return err
	}
	if wrong == nil {
		wrong = do(ctx, rules, &p)
	}
	if wrong != nil {
		return r.refused(c, wrong, func(f *fault.Fault) themes.Page { p.Problem = f; return p })
	}
	return done(p)
}

// zoneOf is the zone in which who asks reads days.
func zoneOf(ctx context.Context) *time.Location {
	if zone, err := time.LoadLocation(who(ctx).TimeZone); err == nil {
		return zone
	}
	return time.UTC
}

// readSecurity reads the form, as it was typed and as it was meant.
func readSecurity(f form, zone *time.Location) (typed themes.RulesForm, rules auth.SecurityRules, err error) {
	typed = themes.RulesForm{
		From: map[policy.Role]string{}, Grace: f.get("grace_days"), Idle: f.get("idle_minutes"), Lifetime: f.get("lifetime_minutes"),
		SessionsMax: f.get("sessions_max"), Remember: f.get("remember_days"), StepUp: f.get("step_up_minutes"),
		FactorSignOn: f.get("factor_sign_on") != "", PasswordOff: f.get("password_off") != "", Revision: f.revision(),
	}
	wrong := fault.Fields{}
	rules = auth.SecurityRules{
		Revision: typed.Revision, FactorFrom: map[policy.Role]time.Time{}, GraceDays: f.number(wrong, "grace_days"), FactorSignOn: typed.FactorSignOn,
		IdleMinutes: f.number(wrong, "idle_minutes"), LifetimeMinutes: f.number(wrong, "lifetime_minutes"), SessionsMax: f.number(wrong, "sessions_max"),
		RememberDays: f.number(wrong, "remember_days"), StepUpMinutes: f.number(wrong, "step_up_minutes"), PasswordOff: typed.PasswordOff,
	}
	for name, values := range f.values {
		role, ok := cutRole(name)
		if !ok || values[0] == "" {
			continue
		}
		typed.From[role] = values[0]
		day, err := time.ParseInLocation(time.DateOnly, values[0], zone)
		wrong.Check(err == nil, "factor_from", "Choose a day from the calendar.")
		rules.FactorFrom[role] = day.UTC()
	}
	return typed, rules, wrong.Err()
}

func cutRole(name string) (policy.Role, bool) {
	const prefix = "from."
	if len(name) <= len(prefix) || name[:len(prefix)] != prefix {
		return "", false
	}
	return policy.Role(name[len(prefix):]), true
}

// shownRules is rules as the form shows them.
func shownRules(r auth.SecurityRules, zone *time.Location) themes.RulesForm {
	f := themes.RulesForm{
		From: map[policy.Role]string{}, Grace: strconv.Itoa(r.GraceDays), Idle: strconv.Itoa(r.IdleMinutes), Lifetime: strconv.Itoa(r.LifetimeMinutes),
		Remember: strconv.Itoa(r.RememberDays), StepUp: strconv.Itoa(r.StepUpMinutes), FactorSignOn: r.FactorSignOn, PasswordOff: r.PasswordOff, Revision: r.Revision,
	}
	if r.SessionsMax > 0 {
		f.SessionsMax = strconv.Itoa(r.SessionsMax)
	}
	for role, day := range r.FactorFrom {
		f.From[role] = day.In(zone).Format(time.DateOnly)
	}
	return f
}
