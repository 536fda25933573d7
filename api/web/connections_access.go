package web

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/themes"
)

func (h Connections) mapping(c *fiber.Ctx) (p themes.ConnectionMappingPage, err error) {
	if p.Head, err = h.head(c); err != nil {
		return p, err
	}
	p.Mapping = p.Head.Connection.Mapping.V
	p.Seen, err = h.SignOn.Seen(c.UserContext(), p.Head.Connection.ID)
	return p, err
}

// shown adds what the mapping makes of the last answer.
func shown(p themes.ConnectionMappingPage) themes.ConnectionMappingPage {
	if p.Seen.Last != nil {
		preview := signon.PreviewMapping(p.Mapping, p.Seen.Last.Claims.V)
		p.Preview = &preview
	}
	return p
}

// Mapping shows which claim fills which field.
func (h Connections) Mapping(c *fiber.Ctx) error {
	p, err := h.mapping(c)
	if err != nil {
		return err
	}
	return h.show(c, shown(p))
}

// SaveMapping saves, or shows what the mapping that was typed makes of the last answer.
func (h Connections) SaveMapping(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := h.mapping(c)
	if err != nil {
		return err
	}
	p.Mapping, p.Unsaved = readMapping(f), true
	switch f.get("do") {
	case "save":
		saved, err := h.SignOn.ChangeConnection(c.UserContext(), p.Head.Connection.ID, f.revision(), signon.Change{Mapping: p.Mapping})
		if err != nil {
			return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return shown(p) })
		}
		return h.done(c, p.Head.Address()+"/mapping", themes.FlashConnectionSaved, saved.Name)
	case "preset":
		guide, _ := signon.GuideFor(p.Head.Connection.Kind, p.Head.Connection.Product)
		p.Mapping = guide.Mapping
	}
	if err := p.Mapping.Validate(); err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return shown(p) })
	}
	return h.show(c, shown(p))
}

// readMapping reads the sources of every field; a field without one has no rule.
func readMapping(f form) auth.Mapping {
	m := auth.Mapping{}
	for _, field := range auth.MappedFields() {
		r := auth.FieldRule{Field: field}
		for _, from := range f.all("from." + field) {
			if from = strings.TrimSpace(from); from != "" {
				r.From = append(r.From, from)
			}
		}
		if len(r.From) > 0 {
			m = append(m, r)
		}
	}
	return m
}

func (h Connections) access(c *fiber.Ctx) (p themes.ConnectionAccessPage, err error) {
	if p.Head, err = h.head(c); err != nil {
		return p, err
	}
	p.Admission, p.Rules = p.Head.Connection.Admission.V, p.Head.Connection.RoleRules.V
	if p.Roles, err = h.SignOn.GivableRoles(c.UserContext()); err != nil {
		return p, err
	}
	p.Seen, err = h.SignOn.Seen(c.UserContext(), p.Head.Connection.ID)
	return p, err
}

// Access shows who gets an account and which role.
func (h Connections) Access(c *fiber.Ctx) error {
	p, err := h.access(c)
	if err != nil {
		return err
	}
	return h.show(c, p)
}

// SaveAdmission saves who gets an account.
func (h Connections) SaveAdmission(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := h.access(c)
	if err != nil {
		return err
	}
	a := &p.Admission
	a.AllowJIT, a.AllowUnverifiedDomains = f.get("allow_jit") != "", f.get("allow_unverified_domains") != ""
	a.SingleLogout, a.SubjectIsUserName, a.ExternalIDClaim = f.get("single_logout") != "", f.get("subject_is_user_name") != "", strings.TrimSpace(f.get("external_id_claim"))
	saved, err := h.SignOn.ChangeConnection(c.UserContext(), p.Head.Connection.ID, f.revision(), signon.Change{Admission: a})
	if err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.AdmissionProblem = wrong; return p })
	}
	return h.done(c, p.Head.Address()+"/access", themes.FlashConnectionSaved, saved.Name)
}

// SaveRoles saves the role rules, changes their order on the page, or shows what they would do.
func (h Connections) SaveRoles(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := h.access(c)
	if err != nil {
		return err
	}
	ctx, connection := c.UserContext(), p.Head.Connection
	p.Rules, p.Unsaved = readRules(f), true
	what, number, _ := strings.Cut(f.get("do"), ".")
	switch what {
	case "save":
		saved, err := h.SignOn.ChangeConnection(ctx, connection.ID, f.revision(), signon.Change{Rules: &p.Rules})
		if err != nil {
			return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
		}
		return h.done(c, p.Head.Address()+"/access#role_rules", themes.FlashConnectionSaved, saved.Name)
	case "preview":
		effect, err := h.SignOn.PreviewRules(ctx, connection.ID, connection.Mapping.V, p.Rules)
		if err != nil {
			return err
		}
		p.Effect = &effect
	default:
		p.Rules.Rules = rearranged(p.Rules.Rules, what, number, p.Roles)
	}
	return h.show(c, p)
}

// readRules reads the rules in their order; one without a group is kept, so that its fault can be shown.
func readRules(f form) auth.RoleRules {
	groups, roles := f.all("group"), f.all("role")
	out := auth.RoleRules{Default: policy.Role(f.get("default"))}
	for i := range min(len(groups), len(roles)) {
		out.Rules = append(out.Rules, auth.RoleRule{Group: strings.TrimSpace(groups[i]), Role: policy.Role(roles[i])})
	}
	return out
}

// rearranged does what a button of the list says: up, down, remove (with a number from 1) or add.
func rearranged(rules []auth.RoleRule, what, number string, roles []policy.Role) []auth.RoleRule {
	rules = slices.Clone(rules)
	if what == "add" {
		one := auth.RoleRule{}
		if len(roles) > 0 {
			one.Role = roles[len(roles)-1]
		}
		return append(rules, one)
	}
	n, err := strconv.Atoi(number)
	i := n - 1
	if err != nil || i < 0 || i >= len(rules) {
		return rules
	}
	switch {
	case what == "remove":
		return slices.Delete(rules, i, i+1)
	case what == "up" && i > 0:
		rules[i], rules[i-1] = rules[i-1], rules[i]
	case what == "down" && i+1 < len(rules):
		rules[i], rules[i+1] = rules[i+1], rules[i]
	}
	return rules
}
