package themes

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/act"
	"lyceum/internal/fault"
	"lyceum/internal/page"
)

// ActsAll is the choice of everybody who acts, the system too, which is most.
const ActsAll = "all"

// ActorKinds are the kinds of actors that the log of acts can be narrowed to.
func ActorKinds() []string { return []string{"operator", "operator_key", "command_line", "system"} }

// ActsForm is what the log of acts is narrowed to, as it was typed.
type ActsForm struct{ Action, Who, Tenant, From, Until string }

// Narrowed tells whether anything was typed.
func (f ActsForm) Narrowed() bool { return f != ActsForm{} }

// ActsPage is GET /operator/acts?action=&who=&tenant=&from=&until=&after=: what operators did, newest first. The same
// address with /export.csv and /export.jsonl gives what matches as a file; /check is ActsCheckPage.
type ActsPage struct {
	Form      ActsForm
	Acts      page.Of[act.Act]
	Operators []auth.Operator
}

func (p ActsPage) in(c *Chrome) (string, any) { return "acts", framed[ActsPage]{c, p} }

// Export is the address of a file of what the form narrows the log to; whole is of everything.
func (p ActsPage) Export(c *Chrome, as string, whole bool) string {
	f := p.Form
	if whole {
		f = ActsForm{Who: ActsAll}
	}
	return c.Link("/operator/acts/export."+as, "action", f.Action, "who", f.Who, "tenant", f.Tenant, "from", f.From, "until", f.Until)
}

// Kinds are the kinds of actors.
func (p ActsPage) Kinds() []string { return ActorKinds() }

// Has tells whether the portal of an act is there to be looked at.
func (p ActsPage) Has(a act.Act) bool { return a.TenantSlug != "" && a.TenantID != nil }

// ActsCheckPage is GET /operator/acts/check: whether the chain of the log holds.
type ActsCheckPage struct{ Found act.Checked }

func (p ActsCheckPage) in(c *Chrome) (string, any) {
	return "acts_check", framed[ActsCheckPage]{c, p}
}

// Problem is what is wrong with the chain, nil when it holds.
func (p ActsCheckPage) Problem() *fault.Fault {
	if p.Found.Broken == nil {
		return nil
	}
	return fault.Of(p.Found.Broken)
}

// Count is how many entries were read.
func (p ActsCheckPage) Count() int { return int(p.Found.Entries) }

// Did names an act; one that this language has no name for is shown by its code.
func (c *Chrome) Did(action string) (string, error) {
	if !c.has("act." + action) {
		return action, nil
	}
	return c.Named("act", action)
}

// ActDetails lists what an act says.
func (c *Chrome) ActDetails(a act.Act) ([]Fact, error) { return c.facts(json.RawMessage(a.Data)) }

// Reason is why it was done, "" where nothing is said.
func (p ActsPage) Reason(a act.Act) string {
	var said struct {
		Reason string `json:"reason"`
	}
	_ = json.Unmarshal([]byte(a.Data), &said) // what cannot be read gives no reason
	return said.Reason
}

// ActKinds lists the acts that this language has a name for, by noun.
func (c *Chrome) ActKinds() ([]EventKind, error) {
	byNoun := map[string]*EventKind{}
	for key := range c.keys {
		action, ok := strings.CutPrefix(key, "act.")
		noun, _, dotted := strings.Cut(action, ".")
		if !ok || !dotted {
			continue
		}
		k := byNoun[noun]
		if k == nil {
			label, err := c.Named("act_kind", noun)
			if err != nil {
				return nil, err
			}
			k = &EventKind{All: noun + ".*", Label: label}
			byNoun[noun] = k
		}
		label, err := c.T(key)
		if err != nil {
			return nil, err
		}
		k.Types = append(k.Types, EventType{action, label})
	}
	var out []EventKind
	for _, k := range byNoun {
		slices.SortFunc(k.Types, func(a, b EventType) int {
			return cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.Type, b.Type))
		})
		out = append(out, *k)
	}
	slices.SortFunc(out, func(a, b EventKind) int {
		return cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.All, b.All))
	})
	return out, nil
}
