package themes

import (
	"html/template"
	"slices"

	"lyceum/auth"
	"lyceum/internal/fault"
)

// OperatorPlace is one link of the operators' navigation.
type OperatorPlace struct {
	Path, Key string // Key: of the message that names it
	Admin     bool   // offered to admins only
}

// OperatorNav is the operators' navigation in its order: the one list that the layout draws and tests walk.
var OperatorNav = []OperatorPlace{
	{Path: "/operator", Key: "tenants.title"},
	{Path: "/operator/billing", Key: "operator.billing"},
	{Path: "/operator/migrations", Key: "operator.place_migrations"},
	{Path: "/operator/announcements", Key: "operator.place_announcements"},
	{Path: "/operator/flags", Key: "operator.place_flags"},
	{Path: "/operator/support", Key: "operator.place_support"},
	{Path: "/operator/acts", Key: "operator.place_acts"},
	{Path: "/operator/operators", Key: "operator.place_operators", Admin: true},
	{Path: "/operator/keys", Key: "operator.place_keys", Admin: true},
	{Path: "/operator/status", Key: "operator.place_status"},
}

// OperatorPlaces are the places offered to the operator who looks.
func (c *Chrome) OperatorPlaces() []OperatorPlace {
	return slices.DeleteFunc(slices.Clone(OperatorNav), func(p OperatorPlace) bool { return p.Admin && !c.Admin() })
}

// OperatorCodePage is GET and POST /operator/signin/code: fields code or recovery, next.
type OperatorCodePage struct {
	Next    string
	Problem *fault.Fault
}

func (p OperatorCodePage) in(c *Chrome) (string, any) {
	return "operator_code", framed[OperatorCodePage]{c, p}
}

// OperatorEnrolPage is GET and POST /operator/signin/app: adding the first app, which signs in. Fields code, next.
type OperatorEnrolPage struct {
	Seed    auth.Seed
	Next    string
	Problem *fault.Fault
}

func (p OperatorEnrolPage) in(c *Chrome) (string, any) {
	return "operator_enrol", framed[OperatorEnrolPage]{c, p}
}

// OperatorCodesPage shows recovery codes, once, in the answer to the POST that made them.
type OperatorCodesPage struct {
	Codes    []string
	Next     string // where to go on to
	Platform string // its address, for the file
}

func (p OperatorCodesPage) in(c *Chrome) (string, any) {
	return "operator_codes", framed[OperatorCodesPage]{c, p}
}

// File is the address of the codes as a text file.
func (p OperatorCodesPage) File() template.URL {
	return RecoveryPage{Codes: p.Codes, Portal: p.Platform}.File()
}

// OperatorSecurityPage is GET /operator/security. It posts token and code to /operator/security/app, and nothing to
// /operator/security/codes.
type OperatorSecurityPage struct {
	Left    int       // recovery codes
	Seed    auth.Seed // of another app
	Problem *fault.Fault
}

func (p OperatorSecurityPage) in(c *Chrome) (string, any) {
	return "operator_security", framed[OperatorSecurityPage]{c, p}
}

// OperatorStepUpPage asks an operator to prove themselves anew. It posts kept, and code or recovery, to /operator/step-up.
type OperatorStepUpPage struct {
	Kept    string // the form that waits, sealed
	Back    string // the page that it came from
	Problem *fault.Fault
}

func (p OperatorStepUpPage) in(c *Chrome) (string, any) {
	return "operator_step_up", framed[OperatorStepUpPage]{c, p}
}

// AuthenticatorPage is GET /dev/authenticator, in demo only: the app of the demo's operator.
type AuthenticatorPage struct {
	Email, Key string
	Code       string // "" while those that are taken were used
	Seconds    int    // until there is another
}

func (p AuthenticatorPage) in(c *Chrome) (string, any) {
	return "authenticator", framed[AuthenticatorPage]{c, p}
}
