// Package policy is what a role may do: Casbin (roles × permissions, one small enforcer per tenant) compiled to a
// permission set. It does not know people: a person's roles come with the session. Scope over rows (own reports, own
// courses) is a predicate in SQL, not a policy line.
package policy

import (
	"slices"
	"strings"

	"lyceum/internal/fault"
)

// Role is the code of a role of a tenant.
type Role string

// The built-in roles. Each inherits Learner.
const (
	Owner      Role = "owner"      // everything, the bill and the deletion included
	Admin      Role = "admin"      // everything but the bill's changes
	Instructor Role = "instructor" // builds courses and enrols people in them
	Manager    Role = "manager"    // sees people and their progress, enrols them
	Learner    Role = "learner"    // learns
)

// BuiltInRoles lists them from the mightiest down.
func BuiltInRoles() []Role { return []Role{Owner, Admin, Instructor, Manager, Learner} }

// Permission is `object:action`.
type Permission string

// Object is the part before the colon, in Casbin's terms.
func (p Permission) Object() string {
	object, _, _ := strings.Cut(string(p), ":")
	return object
}

// Action is the part behind the colon.
func (p Permission) Action() string {
	_, action, _ := strings.Cut(string(p), ":")
	return action
}

// The permissions.
const (
	CourseRead        Permission = "course:read"        // see published courses
	CourseEdit        Permission = "course:edit"        // see drafts, create and change courses
	CoursePublish     Permission = "course:publish"     // publish and archive
	EnrolmentSelf     Permission = "enrolment:self"     // enrol oneself, learn, be assessed
	EnrolmentManage   Permission = "enrolment:manage"   // enrol and withdraw others, see their progress
	CertificateRead   Permission = "certificate:read"   // one's own certificates
	CertificateAll    Permission = "certificate:all"    // everyone's certificates
	CertificateManage Permission = "certificate:manage" // withdraw certificates and issue them anew
	PersonRead        Permission = "person:read"        // list people
	PersonManage      Permission = "person:manage"      // invite, deactivate, change roles
	BrandEdit         Permission = "brand:edit"         // change the look
	UsageRead         Permission = "usage:read"         // the usage page
	APIKeyManage      Permission = "api_key:manage"     // make and revoke own API keys
	AuditRead         Permission = "audit:read"         // the event log
	FileUpload        Permission = "file:upload"        // upload pictures, videos, documents
	PersonSelf        Permission = "person:self"        // one's own account and sessions

	ConnectionManage Permission = "connection:manage" // sign-on: connections, e-mail domains, directories
	SecurityManage   Permission = "security:manage"   // rules for sessions, second factors, local sign-in
	RoleManage       Permission = "role:manage"       // make and change roles

	BillingRead   Permission = "billing:read"   // plan, costs and bills
	BillingManage Permission = "billing:manage" // choose a plan, pay, cancel

	AddressManage Permission = "address:manage" // rename the portal, give it domains of its own
	PortalLeave   Permission = "portal:leave"   // take everything out, have the portal erased

	CourseReview    Permission = "course:review"    // read drafts over, approve or return them
	CatalogueManage Permission = "catalogue:manage" // categories, skills, templates
	PathEdit        Permission = "path:edit"        // make and change learning paths
	EnrolmentMark   Permission = "enrolment:mark"   // mark what learners hand in
	GroupManage     Permission = "group:manage"     // make groups and say who is in them

	PrivacyRead   Permission = "privacy:read"   // what is kept of people, and erasures
	PrivacyManage Permission = "privacy:manage" // have people erased
)

// Set is what a set of roles may do, compiled: one look-up in a map. Sets are shared between requests: never change one.
type Set map[Permission]struct{}

// Has tells whether the set holds the permission.
func (s Set) Has(p Permission) bool { _, ok := s[p]; return ok }

// Covers tells whether the set holds everything that the other holds.
func (s Set) Covers(other Set) bool {
	for p := range other {
		if !s.Has(p) {
			return false
		}
	}
	return true
}

// List gives the set's permissions, sorted; never nil.
func (s Set) List() []Permission {
	out := make([]Permission, 0, len(s))
	for p := range s {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

// Narrow keeps only what the scopes name ("*" keeps all): what an API key may do.
func (s Set) Narrow(scopes string) Set {
	out := Set{}
	for _, scope := range strings.Fields(scopes) {
		if scope == "*" {
			return s
		}
		if s.Has(Permission(scope)) {
			out[Permission(scope)] = struct{}{}
		}
	}
	return out
}

// ErrForbidden is a wish beyond the asker's permissions.
var ErrForbidden = fault.New(fault.KindForbidden, "forbidden", "Your role does not allow this. Ask an administrator of your portal.")
