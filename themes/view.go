package themes

import (
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
	"lyceum/learning/content"
	"lyceum/learning/notice"
	"lyceum/tenant"
	"lyceum/tenant/broadcast"
)

// View is what every page of a request has. The zero value of any part is allowed.
type View struct {
	Brand       tenant.Brand // of the portal; PlatformBrand on the platform's own pages
	BrandCSSURL string       // /brand/<hash>.css, the hash from BrandCSS
	LogoURL     string       // "" shows the name
	FaviconURL  string       // "" shows the product's
	TenantSlug  string
	TenantName  string
	Platform    bool            // a page of the platform's own site
	Who         *auth.Principal // nil for a stranger
	Operator    *auth.Operator  // nil but on the operators' console
	Path        string          // the request's path with its query: marks the current place, and where to come back to
	CSRF        string          // goes into every form that posts
	Locale      string          // from PickLocale
	TimeZone    string          // IANA name; "" is UTC
	Appearance  Appearance      // from the cookie `theme`
	Flash       *Flash
	Notices     []signon.Notice // what administrators are reminded of on every page
	News        notice.Standing // what who asks has not read
	PausedAt    *time.Time      // since when the portal rests by its owner's wish; nil: it does not
	LeavesAt    *time.Time      // when the portal is erased by its owner's wish; nil: it stays
	Said        broadcast.Said  // what operators say to the portal
	Quiet       bool            // notices are not shown as they come (flag live_notices is off)
	Paths       bool            // the portal has paths to take
	Leads       bool            // somebody reports to who asks
	RequestID   string
	Pictures    map[uid.ID]content.Picture // of the page's covers, as far as known
	Now         time.Time
	RoleNames   map[policy.Role]string // of the portal's own roles
	DevMail     bool                   // the developer's mailbox exists
}

// Appearance is light, dark or what the device says.
type Appearance string

// The appearances, as the cookie `theme` keeps them.
const (
	AppearanceAuto  Appearance = "auto"
	AppearanceLight Appearance = "light"
	AppearanceDark  Appearance = "dark"
)

// ParseAppearance reads a cookie or form value; anything else is auto.
func ParseAppearance(s string) Appearance {
	switch a := Appearance(s); a {
	case AppearanceLight, AppearanceDark:
		return a
	}
	return AppearanceAuto
}

// FlashKey names a message shown once on the page after a form was accepted.
type FlashKey string

// The messages. A key that is none of these shows nothing: it comes from a cookie.
const (
	FlashSaved              FlashKey = "saved"
	FlashSignedOut          FlashKey = "signed_out"
	FlashPasswordChanged    FlashKey = "password_changed"
	FlashPasswordReset      FlashKey = "password_reset"
	FlashSessionEnded       FlashKey = "session_ended"
	FlashOtherSessionsEnded FlashKey = "other_sessions_ended"
	FlashWelcome            FlashKey = "welcome"          // Name: the portal
	FlashEnrolled           FlashKey = "enrolled"         // Name: the course
	FlashPersonEnrolled     FlashKey = "person_enrolled"  // Name: the person
	FlashWithdrawn          FlashKey = "withdrawn"        // Name: the person
	FlashLeft               FlashKey = "left"             // Name: the course
	FlashPlaceAsked         FlashKey = "place_asked"      // Name: the course
	FlashPlaceTakenBack     FlashKey = "place_taken_back" // Name: the course
	FlashPlaceGranted       FlashKey = "place_granted"    // Name: the person
	FlashPlaceWaits         FlashKey = "place_waits"      // Name: the person
	FlashPlaceRefused       FlashKey = "place_refused"    // Name: the person
	FlashMoving             FlashKey = "moving"
	FlashInvited            FlashKey = "invited"          // Name: the e-mail
	FlashRolesChanged       FlashKey = "roles_changed"    // Name: the person
	FlashDeactivated        FlashKey = "deactivated"      // Name: the person
	FlashReactivated        FlashKey = "reactivated"      // Name: the person
	FlashCourseCreated      FlashKey = "course_created"   // Name: the course
	FlashCoursePublished    FlashKey = "course_published" // Name: the course
	FlashCourseArchived     FlashKey = "course_archived"  // Name: the course
	FlashCourseRestored     FlashKey = "course_restored"  // Name: the course
	FlashModuleAdded        FlashKey = "module_added"     // Name: the module
	FlashModuleDeleted      FlashKey = "module_deleted"
	FlashLessonDeleted      FlashKey = "lesson_deleted"
	FlashMoved              FlashKey = "moved"
	FlashBrandSaved         FlashKey = "brand_saved"
	FlashKeyRevoked         FlashKey = "key_revoked"      // Name: the key
	FlashTenantSuspended    FlashKey = "tenant_suspended" // Name: the tenant
	FlashTenantResumed      FlashKey = "tenant_resumed"   // Name: the tenant
	FlashFileRemoved        FlashKey = "file_removed"     // Name: the file
	FlashTenantDeleted      FlashKey = "tenant_deleted"   // Name: the tenant
	FlashMarksReleased      FlashKey = "marks_released"   // Name: how many
	FlashMarked             FlashKey = "marked"           // Name: the person
)

// The messages of the learner's own pages.
const (
	FlashNoticesRead     FlashKey = "notices_read"
	FlashDeviceRemoved   FlashKey = "device_removed"
	FlashDeviceTried     FlashKey = "device_tried"
	FlashCalendarRevoked FlashKey = "calendar_revoked"
	FlashDueSet          FlashKey = "due_set" // Name: the person
)

// The messages of paths and prerequisites.
const (
	FlashPathTaken     FlashKey = "path_taken" // Name: the path
	FlashReportRetried FlashKey = "report_retried"

	FlashStarterAdded FlashKey = "starter_added" // Name: the course

	FlashCertificateRevoked  FlashKey = "certificate_revoked"  // Name: the person
	FlashDesignRemoved       FlashKey = "design_removed"       // Name: the design
	FlashCertificateReissued FlashKey = "certificate_reissued" // Name: the person
	FlashPathLeft            FlashKey = "path_left"            // Name: the path
	FlashPathCreated         FlashKey = "path_created"         // Name: the path
	FlashPathPublished       FlashKey = "path_published"       // Name: the path
	FlashPathArchived        FlashKey = "path_archived"        // Name: the path
	FlashSectionAdded        FlashKey = "section_added"        // Name: the section
	FlashSectionDeleted      FlashKey = "section_deleted"
	FlashCourseAdded         FlashKey = "course_added" // Name: the course
	FlashCourseRemoved       FlashKey = "course_removed"
	FlashOnPath              FlashKey = "on_path"  // Name: the person
	FlashOffPath             FlashKey = "off_path" // Name: the person
	FlashImportDiscarded     FlashKey = "import_discarded"
	FlashJoinLinkMade        FlashKey = "join_link_made"    // Name: the link
	FlashJoinLinkRevoked     FlashKey = "join_link_revoked" // Name: the link
	FlashNeedAdded           FlashKey = "need_added"
	FlashBannerSaid          FlashKey = "banner_said"
	FlashBannerEnded         FlashKey = "banner_ended"
	FlashWindowPlanned       FlashKey = "window_planned"
	FlashWindowEnded         FlashKey = "window_ended"
	FlashNeedRemoved         FlashKey = "need_removed"
	FlashWaived              FlashKey = "waived"   // Name: the person
	FlashUnwaived            FlashKey = "unwaived" // Name: the person
)

// Flash is a message shown once.
type Flash struct {
	Key  FlashKey
	Name string // what it is about, where the key says so
}

// PlatformBrand is the look of the platform's own site.
func PlatformBrand() tenant.Brand { return tenant.DefaultBrand("Lyceum") }

// May tells whether who asks may do this: pages leave out what would be refused.
func (c *Chrome) May(p policy.Permission) bool { return c.View.Who != nil && c.View.Who.May.Has(p) }
