package web

import (
	"context"
	"errors"
	"slices"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// rulesPage gathers what the page of rules shows, with the form as it stands.
func (a Access) rulesPage(ctx context.Context) (p themes.SignOnRulesPage, err error) {
	if p.Rules, err = a.SignOn.Rules(ctx); err != nil {
		return p, err
	}
	if p.Groups, err = a.SignOn.RuleGroups(ctx); err != nil {
		return p, err
	}
	if p.Owners, err = a.SignOn.NamedOwners(ctx); err != nil {
		return p, err
	}
	if p.Emergencies, p.Names, err = a.SignOn.Emergencies(ctx); err != nil {
		return p, err
	}
	if me := who(ctx); me.May.Has(policy.ConnectionManage) {
		if p.Domains, err = a.SignOn.Domains(ctx); err != nil {
			return p, err
		}
	}
	p.Owner = slices.Contains(who(ctx).Roles, policy.Owner)
	p.Form = themes.SignOnRulesForm{Revision: p.Rules.Revision, Portal: ruleForm(ctx, p.Rules.Portal), BreakGlass: p.Rules.BreakGlass}
	for _, g := range p.Rules.Groups {
		p.Form.Groups = append(p.Form.Groups, themes.GroupRuleForm{GroupID: g.GroupID, Name: a.groupName(p, g.GroupID), Rule: ruleForm(ctx, g.Rule)})
	}
	return p, nil
}

func (a Access) groupName(p themes.SignOnRulesPage, group uid.ID) string {
	for _, g := range p.Groups {
		if g.ID == group {
			return g.Name
		}
	}
	return group.String()
}

func ruleForm(ctx context.Context, r signon.Rule) themes.RuleForm {
	return themes.RuleForm{Require: string(r.Require), From: dayOf(ctx, r.From)}
}

// Rules shows who must use a company account, and who opens local sign-in in an emergency.
func (a Access) Rules(c *fiber.Ctx) error {
	p, err := a.rulesPage(c.UserContext())
	if err != nil {
		return err
	}
	return a.show(c, p)
}

// SaveRules sets the rules, or shows what they would do.
func (a Access) SaveRules(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	p, err := a.rulesPage(ctx)
	if err != nil {
		return err
	}
	in, err := a.readRules(ctx, f, &p)
	if err == nil && f.get("do") != "preview" {
		if _, err = a.SignOn.SetRules(ctx, in); err == nil {
			return a.done(c, atAccess+"rules", themes.FlashRulesSaved, "")
		}
	}
	if look, failed := a.SignOn.PreviewSignOnRules(ctx, in); failed == nil {
		p.Preview = &look
	} else if err == nil {
		err = failed
	}
	if err == nil {
		return a.show(c, p)
	}
	p.Confirm = errors.Is(err, signon.ErrLocksOwners)
	return a.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
}

// readRules reads the form, as it was meant and as it was typed.
func (a Access) readRules(ctx context.Context, f form, p *themes.SignOnRulesPage) (in signon.RulesInput, err error) {
	wrong := fault.Fields{}
	read := func(require, from string, stands signon.Rule) signon.Rule {
		r := signon.Rule{Require: signon.Requirement(f.get(require)), From: sameDay(ctx, f.day(ctx, wrong, from), stands.From)}
		if r.Require == signon.RequirementNone {
			r.From = nil
		}
		return r
	}
	in = signon.RulesInput{Rules: signon.Rules{Revision: f.revision(), BreakGlass: p.Rules.BreakGlass}, Confirmed: f.get("confirmed") != ""}
	in.Portal = read("require", "from", p.Rules.Portal)
	stands := map[uid.ID]signon.Rule{}
	for _, g := range p.Rules.Groups {
		stands[g.GroupID] = g.Rule
	}
	p.Form.Groups = nil
	take := func(group uid.ID, require, from string) {
		r := read(require, from, stands[group])
		if r.Require == signon.RequirementNone {
			return
		}
		in.Groups = append(in.Groups, signon.GroupRule{GroupID: group, Rule: r})
		p.Form.Groups = append(p.Form.Groups, themes.GroupRuleForm{GroupID: group, Name: a.groupName(*p, group), Rule: themes.RuleForm{Require: f.get(require), From: f.get(from)}})
	}
	for _, text := range f.all("group") {
		if group, ok := uid.Parse(text); ok {
			take(group, "group_require."+text, "group_from."+text)
		}
	}
	if group, ok := uid.Parse(f.get("new_group")); ok {
		take(group, "new_require", "new_from")
	}
	if p.Owner {
		in.BreakGlass = nil
		for _, text := range f.all("break_glass") {
			if owner, ok := uid.Parse(text); ok {
				in.BreakGlass = append(in.BreakGlass, owner)
			}
		}
	}
	p.Form.Revision, p.Form.BreakGlass = in.Revision, in.BreakGlass
	p.Form.Portal = themes.RuleForm{Require: f.get("require"), From: f.get("from")}
	return in, wrong.Err()
}

// EndEmergency closes local sign-in again.
func (a Access) EndEmergency(c *fiber.Ctx) error {
	if _, err := a.SignOn.EndEmergency(c.UserContext()); err != nil {
		return err
	}
	return a.done(c, atAccess+"rules", themes.FlashEmergencyEnded, "")
}

// EmergencyForm shows where an owner proves themselves.
func (a Access) EmergencyForm(c *fiber.Ctx) error {
	noStore(c)
	return a.show(c, themes.BreakGlassPage{})
}

// ProveForEmergency takes an owner's proof and shows what they can do.
func (a Access) ProveForEmergency(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	noStore(c)
	p := themes.BreakGlassPage{Form: themes.BreakGlassForm{Email: f.get("email"), Minutes: "60"}}
	st, err := a.SignOn.ProveForEmergency(c.UserContext(), signon.EmergencyProof{Email: p.Form.Email, Password: f.get("password"), Code: f.get("code")}, client(c))
	if err != nil {
		return a.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	p.Standing = &st
	return a.show(c, p)
}

// AskEmergency asks another owner to open local sign-in.
func (a Access) AskEmergency(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	noStore(c)
	ctx, p := c.UserContext(), themes.BreakGlassPage{Form: themes.BreakGlassForm{Reason: f.get("reason"), Minutes: f.get("minutes")}}
	wrong := fault.Fields{}
	minutes := f.number(wrong, "minutes")
	if err = wrong.Err(); err == nil {
		_, err = a.SignOn.AskEmergency(ctx, f.get("ticket"), p.Form.Reason, minutes)
	}
	return a.stand(c, p, f.get("ticket"), err)
}

// OpenEmergency opens what another owner asked for.
func (a Access) OpenEmergency(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	noStore(c)
	if _, err = a.SignOn.OpenEmergency(c.UserContext(), f.get("ticket")); err == nil {
		return a.done(c, "/signin?step=password", themes.FlashEmergencyOpened, "")
	}
	return a.stand(c, themes.BreakGlassPage{}, f.get("ticket"), err)
}

// stand shows an owner where the emergency stands now, and what was wrong; who must prove themselves anew begins again.
func (a Access) stand(c *fiber.Ctx, p themes.BreakGlassPage, ticket string, failed error) error {
	st, err := a.SignOn.StandingOf(c.UserContext(), ticket)
	if err == nil {
		p.Standing = &st
	} else if failed == nil {
		failed = err
	}
	if failed == nil {
		return a.show(c, p)
	}
	return a.refused(c, failed, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
}
