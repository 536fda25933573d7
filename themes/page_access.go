package themes

import (
	"slices"
	"strconv"
	"time"

	"lyceum/auth"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Flash messages of e-mail domains, rules, links, keys and emergencies.
const (
	FlashDomainAdded     FlashKey = "domain_added"    // Name: the domain
	FlashDomainVerified  FlashKey = "domain_verified" // Name: the domain
	FlashDomainSaved     FlashKey = "domain_saved"    // Name: the domain
	FlashDomainRemoved   FlashKey = "domain_removed"  // Name: the domain
	FlashRulesSaved      FlashKey = "sign_on_rules_saved"
	FlashLinkMailed      FlashKey = "setup_link_mailed"  // Name: the e-mail
	FlashLinkRevoked     FlashKey = "setup_link_revoked" // Name: whom it was for
	FlashKeyPublished    FlashKey = "signing_key_published"
	FlashKeySwitched     FlashKey = "signing_key_switched"
	FlashEmergencyOpened FlashKey = "break_glass_opened"
	FlashEmergencyEnded  FlashKey = "break_glass_ended"
)

// DomainForm is what was typed.
type DomainForm struct{ Domain string }

// DomainsPage is GET and POST /settings/sign-on/domains: field domain.
type DomainsPage struct {
	Domains     []signon.Domain
	Connections map[uid.ID]string // names
	Form        DomainForm
	Problem     *fault.Fault
}

func (p DomainsPage) in(c *Chrome) (string, any) { return "domains", framed[DomainsPage]{c, p} }

// ConnectionOf names the connection of a domain, "" for none.
func (p DomainsPage) ConnectionOf(d signon.Domain) string {
	if d.ConnectionID == nil {
		return ""
	}
	return p.Connections[*d.ConnectionID]
}

// RuleForm is a rule as it was typed: From is a day, 2026-05-01.
type RuleForm struct{ Require, From string }

// DomainRuleForm is what was typed.
type DomainRuleForm struct {
	Connection string
	Rule       RuleForm
}

// DomainPage is GET /settings/sign-on/domains/:domain. It posts connection, policy, policy_from, confirmed to its own
// address, and to /verify and /remove below it. CheckProblem is how a verification went.
type DomainPage struct {
	Domain       signon.Domain
	Connections  []signon.Connection
	Form         DomainRuleForm
	MayRule      bool            // who asks may set a rule
	Preview      *signon.Preview // of a rule that was refused
	Confirm      bool            // the owners who are locked out are to be confirmed
	Problem      *fault.Fault
	CheckProblem *fault.Fault
	Base         string // "" but on a set-up link's page, where only proving is offered
}

func (p DomainPage) in(c *Chrome) (string, any) { return "domain", framed[DomainPage]{c, p} }

// Requirements are the choices of an override.
func (p DomainPage) Requirements() []string { return []string{"", "optional", "required"} }

// GroupRuleForm is the rule for a group as it was typed.
type GroupRuleForm struct {
	GroupID uid.ID
	Name    string
	Rule    RuleForm
}

// SignOnRulesForm is what was typed.
type SignOnRulesForm struct {
	Revision   int
	Portal     RuleForm
	Groups     []GroupRuleForm
	NewGroup   string // id
	NewRule    RuleForm
	BreakGlass []uid.ID
}

// SignOnRulesPage is GET and POST /settings/sign-on/rules: revision, require, from, group (many) with group_require.<id> and
// group_from.<id>, new_group, new_require, new_from, break_glass (many), confirmed, and the button do (save or preview). It
// posts to /settings/sign-on/rules/end-emergency.
type SignOnRulesPage struct {
	Rules       signon.Rules
	Form        SignOnRulesForm
	Groups      []auth.Group    // that may be added
	Owners      []signon.Holder // who may be named
	Preview     *signon.Preview
	Confirm     bool // the owners who are locked out are to be confirmed
	Problem     *fault.Fault
	Emergencies []signon.Emergency
	Names       map[uid.ID]string
	Owner       bool // who asks is an owner
	Domains     []signon.Domain
}

func (p SignOnRulesPage) in(c *Chrome) (string, any) {
	return "sign_on_rules", framed[SignOnRulesPage]{c, p}
}

// Named tells whether an owner's box is ticked.
func (p SignOnRulesPage) Named(id uid.ID) bool { return slices.Contains(p.Form.BreakGlass, id) }

// Opener names who opened local sign-in, "" where nobody did.
func (p SignOnRulesPage) Opener(e signon.Emergency) string {
	if e.ApprovedBy == nil {
		return ""
	}
	return p.Names[*e.ApprovedBy]
}

// Overrides lists the domains with a rule of their own.
func (p SignOnRulesPage) Overrides() (list []signon.Domain) {
	for _, d := range p.Domains {
		if d.Policy != signon.RequirementNone {
			list = append(list, d)
		}
	}
	return list
}

// Free lists the groups that have no rule yet.
func (p SignOnRulesPage) Free() (list []auth.Group) {
	for _, g := range p.Groups {
		if !slices.ContainsFunc(p.Form.Groups, func(r GroupRuleForm) bool { return r.GroupID == g.ID }) {
			list = append(list, g)
		}
	}
	return list
}

// Open is the emergency that waits or is open; nil when none is.
func (p SignOnRulesPage) Open(now time.Time) *signon.Emergency {
	if len(p.Emergencies) == 0 {
		return nil
	}
	if s := p.Emergencies[0].State(now); s != signon.EmergencyWaiting && s != signon.EmergencyOpen {
		return nil
	}
	return &p.Emergencies[0]
}

// SetupLinkForm is what was typed.
type SetupLinkForm struct {
	Kind, Connection, Name, Email, Hours string
	Mail                                 bool
}

// SetupLinksPage is GET and POST /settings/sign-on/links: kind, connection, name, email, hours, mail. It posts to
// /settings/sign-on/links/:id/revoke. Link is shown once, in the answer to the POST that made it.
type SetupLinksPage struct {
	Links       []signon.SetupLink
	Connections []signon.Connection
	Form        SetupLinkForm
	Link        string
	Problem     *fault.Fault
}

func (p SetupLinksPage) in(c *Chrome) (string, any) {
	return "setup_links", framed[SetupLinksPage]{c, p}
}

// Kinds lists what a link may be for.
func (p SetupLinksPage) Kinds() []signon.SetupKind {
	kinds := signon.SetupKinds()
	if len(p.Changeable()) == 0 {
		kinds = slices.DeleteFunc(kinds, func(k signon.SetupKind) bool { return k == signon.SetupExisting })
	}
	return kinds
}

// Changeable are the connections that a link may be for: nobody changes one that is on through a link.
func (p SetupLinksPage) Changeable() (list []signon.Connection) {
	for _, one := range p.Connections {
		if one.Status != signon.StatusOn {
			list = append(list, one)
		}
	}
	return list
}

// Lives are the lives of a link on offer, in hours.
func (p SetupLinksPage) Lives() []string { return []string{"1", "8", "24", "72", "168", "336"} }

// ConnectionOf names the connection of a link, "" for none.
func (p SetupLinksPage) ConnectionOf(l signon.SetupLink) string {
	for _, one := range p.Connections {
		if l.ConnectionID != nil && *l.ConnectionID == one.ID {
			return one.Name
		}
	}
	return ""
}

// SigningKeysPage is GET /settings/sign-on/keys. It posts to /settings/sign-on/keys/next and /settings/sign-on/keys/switch.
type SigningKeysPage struct {
	Ring     signon.Ring
	Metadata string // the address of our metadata
	Expiring []signon.Expiry
	Problem  *fault.Fault
}

func (p SigningKeysPage) in(c *Chrome) (string, any) {
	return "signing_keys", framed[SigningKeysPage]{c, p}
}

// Keys lists all in the order of their turns.
func (p SigningKeysPage) Keys() []signon.SigningKey {
	keys := []signon.SigningKey{p.Ring.Current}
	if p.Ring.Next != nil {
		keys = append(keys, *p.Ring.Next)
	}
	return append(keys, p.Ring.Previous...)
}

// Fingerprint is a key's certificate's, or "" for one that cannot be read.
func (p SigningKeysPage) Fingerprint(k signon.SigningKey) string {
	described, err := k.Describe()
	if err != nil {
		return ""
	}
	return described.Fingerprint
}

// BreakGlassForm is what was typed; the password is never filled in again.
type BreakGlassForm struct{ Email, Reason, Minutes string }

// BreakGlassPage is GET /break-glass, where an owner named for emergencies proves themselves: fields email, password, code. It
// posts to its own address, and then, with the ticket, reason and minutes to /break-glass/ask or the ticket alone to
// /break-glass/open.
type BreakGlassPage struct {
	Form     BreakGlassForm
	Standing *signon.Standing // nil: they have not proven themselves yet
	Problem  *fault.Fault
}

func (p BreakGlassPage) in(c *Chrome) (string, any) {
	return "break_glass", framed[BreakGlassPage]{c, p}
}

// Durations are those on offer, in minutes.
func (p BreakGlassPage) Durations() []string { return []string{"15", "30", "60", "120", "240"} }

// SetupPage is GET /setup/:token, where an IT person without an account sets something up: first the button that opens the
// link in this browser (it posts to /setup/:token), then what the link is for.
type SetupPage struct {
	Base        string // /setup/:token
	Link        signon.SetupLink
	Entered     bool // this browser opened it
	Connection  *signon.Connection
	Domains     []signon.Domain
	Form        DomainForm
	Problem     *fault.Fault
	PortalAdmin string // who made the link
}

func (p SetupPage) in(c *Chrome) (string, any) { return "setup", framed[SetupPage]{c, p} }

// Finishable tells that there is something to hand over.
func (p SetupPage) Finishable() bool { return p.Connection != nil || len(p.Domains) > 0 }

// SetupOverPage answers a set-up link that is over (status 404), was opened elsewhere, or whose work is done.
type SetupOverPage struct {
	Finished  bool
	Elsewhere bool
}

func (p SetupOverPage) in(c *Chrome) (string, any) { return "setup_over", framed[SetupOverPage]{c, p} }

// Previewed is what a rule would do, drawn by parts/access.html.
type Previewed struct {
	*Chrome
	signon.Preview
}

// Previewed makes a preview drawable.
func (c *Chrome) Previewed(p *signon.Preview) Previewed { return Previewed{c, *p} }

// AccessTabs is the head of the pages around connections, drawn by parts/access.html.
type AccessTabs struct {
	*Chrome
	Tab string // domains, rules, links, keys
}

// AccessTabs makes the head of the pages around connections.
func (c *Chrome) AccessTabs(tab string) AccessTabs { return AccessTabs{c, tab} }

// Hours says a number of hours, or of days where it is whole ones.
func (c *Chrome) Hours(hours string) (string, error) {
	n, err := strconv.Atoi(hours)
	if err != nil {
		return hours, nil //nolint:nilerr // what was typed stays as it is
	}
	if n >= 24 && n%24 == 0 {
		return c.Days(strconv.Itoa(n / 24))
	}
	return c.N("access.hours", n)
}

// MinutesText says a number of minutes.
func (c *Chrome) MinutesText(minutes string) (string, error) {
	n, err := strconv.Atoi(minutes)
	if err != nil {
		return minutes, nil //nolint:nilerr // what was typed stays as it is
	}
	return c.Minutes(n)
}

// Clock is a moment's time of day in the reader's zone, with the day when it is another than today.
func (c *Chrome) Clock(at time.Time) string {
	here, now := at.In(c.zone), c.now.In(c.zone)
	if here.YearDay() == now.YearDay() && here.Year() == now.Year() {
		return here.Format("15:04")
	}
	return c.LongDateTime(at)
}

// daysUntil says in how many days a moment is: today, tomorrow, in n days.
func (t talk) daysUntil(at time.Time) (string, error) {
	a, b := at.In(t.zone), t.now.In(t.zone)
	from := time.Date(b.Year(), b.Month(), b.Day(), 0, 0, 0, 0, time.UTC)
	to := time.Date(a.Year(), a.Month(), a.Day(), 0, 0, 0, 0, time.UTC)
	switch n := int(to.Sub(from) / (24 * time.Hour)); {
	case n < 0:
		return t.T("access.past")
	case n == 0:
		return t.T("access.today")
	case n == 1:
		return t.T("access.tomorrow")
	default:
		return t.N("access.in_days", n)
	}
}

// DaysUntil says in how many days a moment is: today, tomorrow, in n days.
func (c *Chrome) DaysUntil(at time.Time) (string, error) { return c.daysUntil(at) }

// SetupBadge names where a set-up link stands.
func (c *Chrome) SetupBadge(l signon.SetupLink) (Badge, error) {
	return c.accessBadge("setup_state", string(l.State(c.now)))
}

// KeyBadge names where one of our keys stands.
func (c *Chrome) KeyBadge(k signon.SigningKey) (Badge, error) {
	return c.accessBadge("key_state", string(k.State()))
}

// EmergencyBadge names where an emergency stands.
func (c *Chrome) EmergencyBadge(e signon.Emergency) (Badge, error) {
	return c.accessBadge("emergency_state", string(e.State(c.now)))
}

// DomainBadge names where a domain stands.
func (c *Chrome) DomainBadge(d signon.Domain) (Badge, error) {
	state := "waiting"
	switch {
	case d.MissingSince != nil:
		state = "missing"
	case d.Verified():
		state = "verified"
	}
	return c.accessBadge("domain_state", state)
}

func (c *Chrome) accessBadge(group, state string) (Badge, error) {
	text, err := c.Named(group, state)
	return Badge{Text: text, Tone: accessTones[group+"."+state]}, err
}

var accessTones = map[string]string{
	"setup_state.waiting": "brandly", "setup_state.opened": "warn", "setup_state.finished": "good", "setup_state.revoked": "bad",
	"key_state.current": "good", "key_state.next": "brandly",
	"emergency_state.waiting": "warn", "emergency_state.open": "bad",
	"domain_state.verified": "good", "domain_state.waiting": "brandly", "domain_state.missing": "bad",
}

// RuleText says a rule in a few words: what it requires, and from when while that lies ahead.
func (c *Chrome) RuleText(require signon.Requirement, from *time.Time) (string, error) {
	if require == signon.RequirementRequired && from != nil && from.After(c.now) {
		return c.T("rule.required_from", "Date", c.LongDate(*from))
	}
	if require == signon.RequirementOptional && from != nil && from.After(c.now) {
		return c.T("rule.optional_from", "Date", c.LongDate(*from))
	}
	name := string(require)
	if name == "" {
		name = "none"
	}
	return c.Named("rule", name)
}
