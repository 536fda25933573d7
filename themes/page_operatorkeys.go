package themes

import (
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/internal/fault"
)

// What is said of portals that operators made and moved. Name: the organization.
const (
	FlashTenantCreated FlashKey = "tenant_created"
	FlashTenantMoved   FlashKey = "tenant_moved"
)

// OperatorKeyForm is what was typed.
type OperatorKeyForm struct {
	Name, Days string
	Scopes     []auth.OperatorScope
}

// OperatorKeysPage is GET and POST /operator/keys: fields name, days, scopes (many). It posts to /operator/keys/:key/revoke.
// Secret is shown once, in the answer to the POST that made the key.
type OperatorKeysPage struct {
	Keys    []auth.OperatorKey
	Form    OperatorKeyForm
	Secret  string
	Problem *fault.Fault
}

func (p OperatorKeysPage) in(c *Chrome) (string, any) {
	return "operator_keys", framed[OperatorKeysPage]{c, p}
}

// Scopes are those on offer.
func (p OperatorKeysPage) Scopes() []auth.OperatorScope { return auth.OperatorScopes() }

// Wants tells whether a scope's box is ticked; reading goes with each.
func (p OperatorKeysPage) Wants(s auth.OperatorScope) bool {
	return s == auth.OperatorMayRead || slices.Contains(p.Form.Scopes, s)
}

// Granted lists a key's scopes.
func (p OperatorKeysPage) Granted(k auth.OperatorKey) (list []auth.OperatorScope) {
	for _, s := range strings.Fields(k.Scopes) {
		list = append(list, auth.OperatorScope(s))
	}
	return list
}

// Lives are the lives of a key on offer, in days.
func (p OperatorKeysPage) Lives() []string { return []string{"7", "30", "90", "180", "365"} }

// NewTenantPage is GET and POST /operator/new: fields organization, slug, name, email.
type NewTenantPage struct {
	Base    string // the domain below which portals stand
	Form    SignUpForm
	Problem *fault.Fault
}

func (p NewTenantPage) in(c *Chrome) (string, any) { return "tenant_new", framed[NewTenantPage]{c, p} }
