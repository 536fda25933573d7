package policy

import (
	"fmt"
	"slices"
	"strings"
)

// LineKind is what a policy line says.
type LineKind string

const (
	// LineAllows is `p, role, object, action`: the role may do this.
	LineAllows LineKind = "p"
	// LineInherits is `g, role, inherited role`: the role may do all that the other may.
	LineInherits LineKind = "g"
)

// Line is one line of a tenant's policy. It is a row of policies.
type Line struct {
	Kind LineKind `gorm:"column:ptype"`
	V0   string   `gorm:"column:v0"` // the role
	V1   string   `gorm:"column:v1"` // the object, or the inherited role
	V2   string   `gorm:"column:v2"` // the action; empty in a LineInherits
}

// String is the line as Casbin writes it.
func (l Line) String() string {
	return strings.TrimSuffix(strings.Join([]string{string(l.Kind), l.V0, l.V1, l.V2}, ", "), ", ")
}

// rule gives the line's values after its kind; an error for a line that no engine of ours understands.
func (l Line) rule() ([]string, error) {
	switch {
	case l.Kind == LineAllows && l.V0 != "" && l.V1 != "" && l.V2 != "":
		return []string{l.V0, l.V1, l.V2}, nil
	case l.Kind == LineInherits && l.V0 != "" && l.V1 != "" && l.V2 == "":
		return []string{l.V0, l.V1}, nil
	}
	return nil, fmt.Errorf("policy line %q: want `p, role, object, action` or `g, role, role`", l)
}

// BuiltIn is a role that every tenant has, with the name that a new tenant shows for it.
type BuiltIn struct {
	Role Role
	Name string
}

// BuiltIns lists the built-in roles with their names, from the mightiest down.
func BuiltIns() []BuiltIn {
	return []BuiltIn{
		{Owner, "Owner"}, {Admin, "Administrator"}, {Instructor, "Instructor"}, {Manager, "Manager"}, {Learner, "Learner"},
	}
}

// BuiltInLines is the policy a tenant begins with: owner inherits admin, admin inherits instructor and manager, and
// these inherit learner.
func BuiltInLines() []Line {
	var lines []Line
	allow := func(role Role, permissions ...Permission) {
		for _, p := range permissions {
			lines = append(lines, Line{LineAllows, string(role), p.Object(), p.Action()})
		}
	}
	inherit := func(role Role, from ...Role) {
		for _, f := range from {
			lines = append(lines, Line{LineInherits, string(role), string(f), ""})
		}
	}
	allow(Learner, CourseRead, EnrolmentSelf, CertificateRead, PersonSelf)
	allow(Manager, PersonRead, EnrolmentManage, CertificateAll, APIKeyManage)
	allow(Instructor, CourseEdit, CourseReview, CoursePublish, PathEdit, FileUpload, EnrolmentMark, EnrolmentManage, PersonRead, CertificateAll, APIKeyManage)
	allow(Admin, CertificateManage, PersonManage, BrandEdit, UsageRead, APIKeyManage, AuditRead, ConnectionManage, SecurityManage, RoleManage, CatalogueManage, GroupManage, BillingRead, PrivacyRead, PrivacyManage)
	allow(Owner, BillingManage, AddressManage, PortalLeave)
	inherit(Owner, Admin)
	inherit(Admin, Instructor, Manager)
	inherit(Instructor, Learner)
	inherit(Manager, Learner)
	return lines
}

// PermissionInfo is a permission and what it allows, in words for whoever chooses an API key's scopes.
type PermissionInfo struct {
	Permission Permission
	Text       string
}

// All lists every permission there is.
func All() []PermissionInfo {
	return []PermissionInfo{
		{CourseRead, "See published courses"},
		{CourseEdit, "See drafts, create and change courses"},
		{CoursePublish, "Publish and archive courses"},
		{FileUpload, "Upload pictures, videos and documents"},
		{EnrolmentSelf, "Enrol oneself and learn"},
		{EnrolmentManage, "Enrol and withdraw others and see their progress"},
		{CertificateRead, "See one's own certificates"},
		{CertificateAll, "See everyone's certificates"},
		{CertificateManage, "Withdraw certificates, issue them anew and design them"},
		{PersonSelf, "See and change one's own account and sessions"},
		{PersonRead, "See who is here"},
		{PersonManage, "Invite people, deactivate them and change their roles"},
		{BrandEdit, "Change the portal's look"},
		{UsageRead, "See the portal's usage"},
		{APIKeyManage, "Make and revoke one's own API keys"},
		{AuditRead, "Read the audit log"},
		{ConnectionManage, "Set up sign-on, e-mail domains and directories"},
		{SecurityManage, "Set the rules for sessions, second factors and local sign-in"},
		{RoleManage, "Make and change roles"},
		{CourseReview, "Read drafts of courses over, approve or return them"},
		{CatalogueManage, "Keep categories, skills and templates of courses"},
		{PathEdit, "Make and change learning paths"},
		{EnrolmentMark, "Mark what learners hand in"},
		{GroupManage, "Make groups and say who is in them"},
		{BillingRead, "See the plan, its costs and the bills"},
		{BillingManage, "Choose a plan, pay and cancel"},
		{AddressManage, "Rename the portal and give it domains of its own"},
		{PrivacyRead, "See what is kept of people, why, and which erasures there are"},
		{PrivacyManage, "Have people's data erased"},
		{PortalLeave, "Take everything out of the portal, and have it erased"},
	}
}

// Known tells whether there is such a permission.
func Known(p Permission) bool {
	return slices.ContainsFunc(All(), func(i PermissionInfo) bool { return i.Permission == p })
}
