// Package tenant is who the customer is: the organization with its portal, its address, its look and its life from
// sign-up to deletion. It is not about people (auth) nor about what they learn (learning).
package tenant

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant/life"
)

// Status is where a tenant is in its life.
type Status string

const (
	// StatusProvisioning is a tenant whose portal is being made; a crash leaves it here and the next run finishes it.
	StatusProvisioning Status = "provisioning"
	// StatusActive is a tenant whose portal works.
	StatusActive Status = "active"
	// StatusSuspended is a tenant whose portal answers only that it is suspended, and whom to ask.
	StatusSuspended Status = "suspended"
	// StatusDeleting is a tenant whose data are being removed; a crash leaves it here and the next run finishes it.
	StatusDeleting Status = "deleting"
)

// Tenant is one organization. It is a row of control.tenants.
type Tenant struct {
	ID              uid.ID
	Slug            string // the subdomain, also its name in addresses and on the command line
	Name            string
	Status          Status
	SchemaName      string // opaque: every role can list all schema names
	Node            string // the database node that holds its schema
	SchemaVersion   int    // the last tenant migration its schema has
	ContactEmail    string
	SuspendedReason string
	CreatedAt       time.Time
	UpdatedAt       time.Time
	ActivatedAt     *time.Time
	SuspendedAt     *time.Time
	PrimaryHost     string // the domain of its own that it is shown under; "": its subdomain
	SignOnSlug      string // the subdomain that identity providers know it by; "": the present one
	Life            life.State
	LeavesAt        *time.Time // when everything is erased, by its owner's wish; nil: nobody wishes that
	PausedAt        *time.Time // since when it rests, by its owner's wish; nil: it does not
}

// Failures of this package.
var (
	ErrNotFound      = fault.New(fault.KindNotFound, "tenant_not_found", "There is no portal at this address.")
	ErrSlugTaken     = fault.New(fault.KindConflict, "slug_taken", "Another organization already has this address. Please choose another.")
	ErrLookAlike     = fault.New(fault.KindConflict, "slug_look_alike", "This name is easily taken for another organization's. Please choose another.")
	ErrDomainTaken   = fault.New(fault.KindConflict, "domain_taken", "This domain already belongs to a portal.")
	ErrSuspended     = fault.New(fault.KindForbidden, "tenant_suspended", "This portal is suspended.")
	ErrProvisioning  = fault.New(fault.KindUnavailable, "tenant_provisioning", "This portal is being set up. Try again in a moment.")
	ErrSchemaVersion = fault.New(fault.KindUnavailable, "tenant_migrating", "This portal is being updated. Try again in a moment.")
	ErrLeaving       = fault.New(fault.KindForbidden, "portal_leaving", "This portal is to be erased, so nothing is changed in it any more. Learning goes on. An owner can keep it under Settings, Leaving.")
	ErrPaused        = fault.New(fault.KindForbidden, "portal_paused", "This portal rests, so nothing is changed in it. Learning goes on. An owner can go on with it under Settings, Leaving.")
	ErrWrongStatus   = fault.New(fault.KindConflict, "tenant_wrong_status", "The portal's state does not allow this.")
)

type ctxKey struct{}

// With puts the tenant into the context: everything below works for this tenant and no other.
func With(ctx context.Context, t Tenant) context.Context { return context.WithValue(ctx, ctxKey{}, t) }

// From gives the tenant of the context; ok is false outside a tenant.
func From(ctx context.Context) (t Tenant, ok bool) {
	t, ok = ctx.Value(ctxKey{}).(Tenant)
	return t, ok
}

var slugRE = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// reserved are names that belong to the platform or would deceive.
var reserved = strings.Fields(`lyceum www api app admin administrator operator console platform portal portals content cdn
		static assets media files mail smtp imap pop mx ns ns1 ns2 dns ftp ssh vpn sso saml oidc oauth scim lrs xapi auth
		login signin signup register account accounts billing pay payment payments invoice support help docs status
		blog about contact legal privacy terms security abuse postmaster hostmaster webmaster root system internal
		localhost local test example demo dev staging stage prod production beta metrics health healthz readyz
		webhook webhooks wpad autoconfig autodiscover well-known`)

// CheckSlug says what is wrong with a wished subdomain, or "" when it may be taken: 3 to 40 characters of a–z, 0–9 and
// single hyphens, beginning with a letter, no internationalised form (xn--), not one of the platform's own names.
func CheckSlug(slug string) string {
	switch {
	case len(slug) < 3:
		return "Use at least 3 characters."
	case len(slug) > 40:
		return "Use at most 40 characters."
	case !slugRE.MatchString(slug):
		return "Use small letters, digits and single hyphens, beginning with a letter, for example “acme-tools”."
	case strings.HasPrefix(slug, "xn--"), slices.ContainsFunc(reserved, func(r string) bool { return Skeleton(r) == Skeleton(slug) }):
		return "This name is reserved. Please choose another."
	}
	return ""
}

// Skeleton writes what looks alike in a subdomain alike: two names of one skeleton are easily taken for each other.
func Skeleton(slug string) string { return lookAlikes.Replace(strings.ToLower(slug)) }

// A Replacer makes one pass; migration 0009 does the same to the names that were there before.
var lookAlikes = strings.NewReplacer("0", "o", "1", "l", "rn", "m", "vv", "w")

var schemaRE = regexp.MustCompile(`^t_[0-9a-z]{12}$`)

// NewSchemaName makes the opaque name of a tenant's schema and role.
func NewSchemaName() string { return "t_" + uid.Opaque(12) }

// ValidSchemaName tells whether a name may stand unquoted in SQL; nothing else ever does.
func ValidSchemaName(s string) bool { return schemaRE.MatchString(s) }
