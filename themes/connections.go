package themes

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

func numberOrNone(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func spaced(list []string) string { return strings.Join(list, " ") }

func lines(list []string) string { return strings.Join(list, "\n") }

// ConnectionTabs is the head of a connection's pages with its tabs, drawn by parts/connection.html.
type ConnectionTabs struct {
	*Chrome
	ConnectionHead
	Tab string // overview, guide, settings, mapping, access, attempts, outlook
}

// ConnectionTabs makes the head of a connection's pages.
func (c *Chrome) ConnectionTabs(h ConnectionHead, tab string) ConnectionTabs {
	return ConnectionTabs{c, h, tab}
}

// Tick is a box to tick, drawn by parts/connection.html. Its words are the messages tick.<name> and tick.<name>_hint.
type Tick struct {
	ID, Name, Label, Hint, Error string
	On                           bool
}

// Tick makes a box to tick.
func (c *Chrome) Tick(f *fault.Fault, name string, on bool) (t Tick, err error) {
	t = Tick{ID: fieldID(name), Name: name, On: on, Error: c.FieldText(f, name)}
	if t.Label, err = c.T("tick." + name); err != nil {
		return t, err
	}
	t.Hint, err = c.maybe("tick." + name + "_hint")
	return t, err
}

// Pick makes a choice of one from a list. Its words are the messages pick.<name>, pick.<name>_hint and pick.<name>.<value>,
// where the empty value is empty; a value without a message stands as it is, and one that is not on the list is put on it.
func (c *Chrome) Pick(f *fault.Fault, name, chosen string, values ...string) (out Choice, err error) {
	out.Field = Field{ID: fieldID(name), Name: name, Value: chosen, Error: c.FieldText(f, name)}
	if out.Label, err = c.T("pick." + name); err != nil {
		return out, err
	}
	if out.Hint, err = c.maybe("pick." + name + "_hint"); err != nil {
		return out, err
	}
	if !slices.Contains(values, chosen) {
		values = append(slices.Clone(values), chosen)
	}
	for _, v := range values {
		text, err := c.Named("pick."+name, orEmpty(v))
		if err != nil {
			return out, err
		}
		out.Options = append(out.Options, ChoiceOption{v, text, v == chosen})
	}
	return out, nil
}

func orEmpty(v string) string {
	if v == "" {
		return "empty"
	}
	return v
}

// maybe is the message of a key, "" where there is none.
func (c *Chrome) maybe(key string) (string, error) {
	if !c.has(key) {
		return "", nil
	}
	return c.T(key)
}

// Guides lists the guides for a protocol.
func (p ConnectionNewPage) Guides(kind auth.Protocol) (list []signon.Guide) {
	for _, g := range signon.Guides() {
		if g.Kind == kind && (p.Only == "" || p.Only == kind) {
			list = append(list, g)
		}
	}
	return list
}

// Protocols lists those on offer.
func (p ConnectionNewPage) Protocols() []auth.Protocol {
	if p.Only != "" {
		return []auth.Protocol{p.Only}
	}
	return []auth.Protocol{auth.ProtocolSAML, auth.ProtocolOIDC, auth.ProtocolLDAP}
}

// Choice is what a guide's card posts.
func (p ConnectionNewPage) Choice(g signon.Guide) string {
	return string(g.Kind) + ":" + string(g.Product)
}

// Product names a product as its maker does; other is by the protocol.
func (c *Chrome) Product(kind auth.Protocol, p signon.Product) (string, error) {
	if p == "" {
		p = signon.ProductOther
	}
	if p == signon.ProductOther {
		return c.Named("product", string(kind)+"_other")
	}
	return c.Named("product", p)
}

// ConnectionBadge names a connection's status.
func (c *Chrome) ConnectionBadge(s signon.Status) (Badge, error) {
	return c.StatusBadge("connection_status", string(s))
}

// OutcomeBadge names an attempt's outcome.
func (c *Chrome) OutcomeBadge(o signon.Outcome) (Badge, error) {
	return c.StatusBadge("outcome", string(o))
}

// EndBadge warns of a certificate that ends, nil where there is nothing to warn of yet.
func (c *Chrome) EndBadge(h signon.Health) (*Badge, error) {
	return c.endBadge(h.Warning(c.now), h.Ends)
}

// CertificateBadge warns of one certificate.
func (c *Chrome) CertificateBadge(end time.Time) (*Badge, error) {
	return c.endBadge(signon.Health{Ends: end}.Warning(c.now), end)
}

func (c *Chrome) endBadge(warning int, end time.Time) (*Badge, error) {
	if warning < 0 {
		return nil, nil
	}
	if warning == 0 {
		text, err := c.T("connections.ended")
		return &Badge{Text: text, Tone: "bad"}, err
	}
	left := int((end.Sub(c.now) + 24*time.Hour - 1) / (24 * time.Hour))
	text, err := c.N("connections.ends_in", left)
	tone := "warn"
	if warning <= 7 {
		tone = "bad"
	}
	return &Badge{Text: text, Tone: tone}, err
}

// NextStep is one thing on the way to a connection that works.
type NextStep struct {
	Key  string // its words are the messages next.<key> and next.<key>_hint
	Href string // "": not yet
	Done bool
}

// NextSteps are the way to a connection that works, in order.
func (p ConnectionPage) NextSteps() []NextStep {
	c, at := p.Head.Connection, p.Head.Address()
	try := ""
	if p.Incomplete == nil {
		try = p.Head.Try()
	}
	tried := !p.Head.Health.LastTried.IsZero() || !p.Head.Health.LastAdmitted.IsZero()
	steps := []NextStep{
		{Key: "guide", Href: at + "/guide", Done: p.Incomplete == nil}, {Key: "settings", Href: at + "/settings", Done: p.Incomplete == nil},
		{Key: "try", Href: try, Done: tried}, {Key: "mapping", Href: at + "/mapping", Done: tried && c.Status == signon.StatusOn},
	}
	if !p.Head.Restricted { // whoever was sent a link switches nothing on
		steps = append(steps, NextStep{Key: "on", Href: at + "#status", Done: c.Status == signon.StatusOn})
	}
	return steps
}

// Ready tells whether nothing on the way is left to do.
func (p ConnectionPage) Ready() bool {
	return !slices.ContainsFunc(p.NextSteps(), func(s NextStep) bool { return !s.Done })
}

// Try is where a test sign-on begins.
func (h ConnectionHead) Try() string {
	if h.Restricted {
		return h.Address() + "/try"
	}
	return "/sso/start/" + h.Connection.ID.String() + "?test=1&next=" + url.QueryEscape(h.Address()+"/attempts")
}

// Refreshable tells whether there is something to fetch anew.
func (p ConnectionPage) Refreshable() bool {
	switch p.Head.Connection.Kind {
	case auth.ProtocolSAML:
		st, err := p.Head.Connection.SAML()
		return err == nil && st.MetadataURL != ""
	case auth.ProtocolOIDC:
		st, err := p.Head.Connection.OIDC()
		return err == nil && st.Issuer != ""
	}
	return false
}

// Pasted is a value to paste with the name of its field at the product.
type Pasted struct {
	ID, Field, Value string
}

// GuideStep is a step of a guide in words.
type GuideStep struct {
	Title, Text string
	Pastes      []Pasted
	Claims      []signon.Claim
}

// GuideSteps puts a guide into words.
func (c *Chrome) GuideSteps(p ConnectionGuidePage) ([]GuideStep, error) {
	var out []GuideStep
	for i, s := range p.Guide.Steps {
		stem := string(p.Guide.Kind) + "_" + string(p.Guide.Product) + "_" + s.Key
		title, err := c.Named("guide_title", stem)
		if err != nil {
			return nil, err
		}
		text, err := c.Named("guide_text", stem)
		if err != nil {
			return nil, err
		}
		step := GuideStep{Title: title, Text: text, Claims: s.Claims}
		for _, paste := range s.Pastes {
			field, err := c.Named("guide_field", guideFieldKey(paste.Field))
			if err != nil {
				return nil, err
			}
			step.Pastes = append(step.Pastes, Pasted{ID: fmt.Sprintf("paste-%d-%s", i+1, paste.Value), Field: field, Value: p.value(paste.Value)})
		}
		out = append(out, step)
	}
	return out, nil
}

func guideFieldKey(field string) string { return strings.ReplaceAll(field, ".", "_") }

// value gives an address of ours.
func (p ConnectionGuidePage) value(v signon.Value) string {
	a := p.Addresses
	switch v {
	case signon.ValueEntityID, signon.ValueMetadata:
		if p.Head.Connection.Admission.V.OwnEntity {
			return a.OwnMetadata
		}
		return a.EntityID
	case signon.ValueACS:
		return a.ACS
	case signon.ValueSLO:
		return a.SLO
	case signon.ValueStart:
		return a.Start
	case signon.ValueRedirect:
		return a.RedirectURI
	case signon.ValueSignedOut:
		return a.SignedOut
	case signon.ValueBackChannel:
		return a.BackChannel
	case signon.ValueFrontChannel:
		return a.FrontChannel
	}
	return ""
}

// Products lists the guides for the connection's protocol.
func (p ConnectionGuidePage) Products() []signon.Product {
	return signon.ProductsOf(p.Head.Connection.Kind)
}

// Chosen tells whether the guide shown is the connection's own.
func (p ConnectionGuidePage) Chosen() bool {
	own := p.Head.Connection.Product
	return own == p.Guide.Product || own == "" && p.Guide.Product == signon.ProductOther
}

// NameIDFormats are those that have a meaning here.
func (p ConnectionSettingsPage) NameIDFormats() []string {
	return []string{"", saml.NameIDPersistent, saml.NameIDEmail, saml.NameIDTransient}
}

// nameIDKey is the last part of a name ID format: its URN is no key of a message.
func nameIDKey(urn string) string {
	return urn[strings.LastIndexByte(urn, ':')+1:]
}

// NameIDPick is Pick for name ID formats.
func (c *Chrome) NameIDPick(f *fault.Fault, chosen string, values []string) (Choice, error) {
	out, err := c.Pick(f, "name_id_format", chosen, values...)
	for i, o := range out.Options {
		if err == nil && o.Value != "" {
			out.Options[i].Text, err = c.Named("pick.name_id_format", nameIDKey(o.Value))
		}
	}
	return out, err
}

// Checks is a list of checks with what draws it, for parts/connection.html.
type Checks struct {
	*Chrome
	Checks auth.Report
}

// WithChecks makes checks drawable.
func (c *Chrome) WithChecks(r auth.Report) Checks { return Checks{c, r} }

// Joined writes a list in one line.
func (c *Chrome) Joined(list []string) string { return strings.Join(list, ", ") }

// Maybe is the message "<group>.<code>", "" where there is none.
func (c *Chrome) Maybe(group, code string) (string, error) { return c.maybe(group + "." + code) }

// ISODay is a day as addresses have it.
func (c *Chrome) ISODay(at time.Time) string { return at.Format(time.DateOnly) }

// AttemptNumber is an attempt's short name, which people read out to their IT team.
func (c *Chrome) AttemptNumber(id uid.ID) string { return signon.Number(id) }

// Statuses lists what a connection may be switched to.
func (p ConnectionPage) Statuses() []signon.Status { return signon.Statuses() }

// Marked is the status that the switch shows: the one that was chosen and waits for a yes, else the connection's.
func (p ConnectionPage) Marked() signon.Status {
	if p.Off {
		return signon.StatusOff
	}
	return p.Head.Connection.Status
}

// Locked tells whether who looks may not switch to a status: the portal lets people in, not who was sent a link.
func (p ConnectionPage) Locked(s signon.Status) bool {
	return p.Head.Restricted && (s == signon.StatusOn || p.Head.Connection.Status == signon.StatusOn)
}

// Unproven tells whether nobody has come through the connection yet.
func (p ConnectionPage) Unproven() bool {
	return p.Head.Health.LastAdmitted.IsZero() && p.Head.Health.LastTried.IsZero()
}

// RoleChoices are the roles on offer, and the one that is chosen already.
func (p ConnectionAccessPage) RoleChoices(chosen policy.Role) []policy.Role {
	if chosen == "" || slices.Contains(p.Roles, chosen) {
		return p.Roles
	}
	return append(slices.Clone(p.Roles), chosen)
}

// advanced are the fields that stand folded away.
var advanced = []string{
	"name_id_format", "subject_attribute", "requested_context", "clock_skew", "allow_sha1_until", "slo_redirect_response", "slo_post_response", "scopes", "prompt",
	"subject_claim", "max_age", "user_filter", "group_filter", "group_base_dn", "member_attribute", "server_name", "attributes", "timeout_seconds",
}

// Advanced tells whether something that stands folded away needs attention.
func (p ConnectionSettingsPage) Advanced() bool {
	return p.Problem != nil && slices.ContainsFunc(advanced, func(field string) bool { return p.Problem.Fields[field] != "" })
}

// FileFirst tells whether the product gives its metadata as a file only.
func (p ConnectionSettingsPage) FileFirst() bool {
	g, ok := signon.GuideFor(p.Head.Connection.Kind, p.Head.Connection.Product)
	return ok && g.Needs == "metadata_file" || p.MetaProblem != nil && p.MetaProblem.Fields["metadata"] != ""
}

// AskEntity tells whether the metadata names several identity providers.
func (p ConnectionSettingsPage) AskEntity() bool {
	return p.Metadata.EntityID != "" || p.MetaProblem != nil && p.MetaProblem.Fields["entity_id"] != ""
}

// SecretLabel is the message that names the secret.
func (p ConnectionSettingsPage) SecretLabel() string {
	if p.Head.Connection.Kind == auth.ProtocolLDAP {
		return "secret.bind_password"
	}
	if p.KeySet != "" {
		return "secret.client_key"
	}
	return "secret.client_secret"
}
