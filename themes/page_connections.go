package themes

import (
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/oidc"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Messages after something was done to a connection.
const (
	FlashConnectionCreated   FlashKey = "connection_created"   // Name: the connection
	FlashConnectionSaved     FlashKey = "connection_saved"     // Name: the connection
	FlashConnectionOn        FlashKey = "connection_on"        // Name: the connection
	FlashConnectionUnproven  FlashKey = "connection_unproven"  // Name: the connection; on, and nobody has tried it
	FlashConnectionDryRun    FlashKey = "connection_dry_run"   // Name: the connection
	FlashConnectionOff       FlashKey = "connection_off"       // Name: the connection
	FlashConnectionDeleted   FlashKey = "connection_deleted"   // Name: the connection
	FlashMetadataTaken       FlashKey = "metadata_taken"       // Name: the connection
	FlashMetadataSame        FlashKey = "metadata_same"        // Name: the connection
	FlashDiscoveryChecked    FlashKey = "discovery_checked"    // Name: the connection
	FlashCertificateAdded    FlashKey = "certificate_added"    // Name: the connection
	FlashCertificateRemoved  FlashKey = "certificate_removed"  // Name: the connection
	FlashGuideChosen         FlashKey = "guide_chosen"         // Name: the connection
	FlashConnectionUnchanged FlashKey = "connection_unchanged" // Name: the connection
)

// ConnectionRow is a connection on the list.
type ConnectionRow struct {
	Connection signon.Connection
	Health     signon.Health
}

// ConnectionsPage is GET /settings/sign-on: the ways to sign in through someone else, in the order of their buttons. It
// posts to <base>/:connection/move: position (0-based).
type ConnectionsPage struct {
	Base       string
	Rows       []ConnectionRow
	Restricted bool // whoever looks was sent a set-up link
	Expiring   []signon.Expiry
	Problem    *fault.Fault
}

func (p ConnectionsPage) in(c *Chrome) (string, any) {
	return "connections", framed[ConnectionsPage]{c, p}
}

// ConnectionNewForm is what was typed.
type ConnectionNewForm struct {
	Choice string // kind:product
	Name   string
}

// ConnectionNewPage is GET and POST <base>/new: choice (kind:product), name.
type ConnectionNewPage struct {
	Base    string
	Only    auth.Protocol // the one on offer; empty: all
	Form    ConnectionNewForm
	Problem *fault.Fault
}

func (p ConnectionNewPage) in(c *Chrome) (string, any) {
	return "connection_new", framed[ConnectionNewPage]{c, p}
}

// ConnectionHead is what the pages of one connection have in common.
type ConnectionHead struct {
	Base       string // where the pages stand: /settings/sign-on, or below a set-up link
	Connection signon.Connection
	Health     signon.Health
	Restricted bool // whoever looks was sent a set-up link
}

// Address is where the pages of the connection stand.
func (h ConnectionHead) Address() string { return h.Base + "/" + h.Connection.ID.String() }

// ConnectionPage is GET <base>/:connection: how it does, what is next, the switch. It posts to …/status (revision, status,
// end_sessions where people are signed in through it) and …/refresh (revision).
type ConnectionPage struct {
	Head       ConnectionHead
	Stakes     signon.Stakes
	Incomplete *fault.Fault // what is missing; nil: nothing
	Off        bool         // off was chosen, and is not confirmed yet
	Problem    *fault.Fault
}

func (p ConnectionPage) in(c *Chrome) (string, any) {
	return "connection", framed[ConnectionPage]{c, p}
}

// ConnectionGuidePage is GET <base>/:connection/guide?for=okta. It posts to the same address: revision, product.
type ConnectionGuidePage struct {
	Head      ConnectionHead
	Guide     signon.Guide
	Addresses signon.Addresses
	Problem   *fault.Fault
}

func (p ConnectionGuidePage) in(c *Chrome) (string, any) {
	return "connection_guide", framed[ConnectionGuidePage]{c, p}
}

// SAMLForm is what was typed of a SAML connection.
type SAMLForm struct {
	EntityID, SSORedirect, SSOPost, SLORedirect, SLOPost, SLORedirectResponse, SLOPostResponse, MetadataURL string
	RequestBinding, NameIDFormat, SubjectAttribute, RequestedContext, ClockSkew                             string
	SHA1Until                                                                                               string // a date
	SignRequests, RequireEncrypted, AllowIDPInitiated, ForceAuthn, OwnEntityID                              bool
}

// OIDCForm is what was typed of an OpenID Connect connection.
type OIDCForm struct {
	Issuer, ClientID, AuthMethod, Scopes, Prompt, MaxAge, RequestedContext, HostedDomain, EntraTenants, SubjectClaim, ClockSkew string
	UseUserInfo, RequireVerifiedEmail                                                                                           bool
}

// LDAPForm is what was typed of a directory.
type LDAPForm struct {
	Kind, URLs, CACertificates, ServerName, BindDN, BaseDN, UserFilter, GroupBaseDN, GroupFilter, MemberAttribute, SubjectAttribute, Attributes, Timeout string
	StartTLS                                                                                                                                             bool
}

// ConnectionForm is what was typed of a connection; only the part of its kind is used.
type ConnectionForm struct {
	Name string
	SAML SAMLForm
	OIDC OIDCForm
	LDAP LDAPForm
}

// MetadataForm is what was typed to find metadata.
type MetadataForm struct{ URL, Text, EntityID string }

// ConnectionSettingsPage is GET and POST <base>/:connection/settings: revision, name, secret, forget_secret and the settings
// by their JSON names. Its buttons post the same to …/look (an issuer) and …/check (a directory), which answer this page
// and keep nothing. It posts to …/metadata (metadata_url, metadata_file, metadata, entity_id), …/certificates (certificate,
// certificate_file) and …/certificates/remove (fingerprint).
type ConnectionSettingsPage struct {
	Head         ConnectionHead
	Form         ConnectionForm
	Secret       bool   // one is kept
	KeySet       string // where the issuer reads our key (OIDC); "" where we have none
	OwnersDecide bool   // only an owner may change more than the name, and who looks is none
	Metadata     MetadataForm
	Certificates []saml.Certificate
	Issuer       *signon.FoundIssuer      // after looking
	Directory    *signon.CheckedDirectory // after checking
	Problem      *fault.Fault             // of the settings
	MetaProblem  *fault.Fault             // of metadata
	CertProblem  *fault.Fault             // of a certificate
}

func (p ConnectionSettingsPage) in(c *Chrome) (string, any) {
	return "connection_settings", framed[ConnectionSettingsPage]{c, p}
}

// ConnectionMetadataPage is the answer to POST <base>/:connection/metadata: what was found, before it counts. It posts to
// …/metadata/take: revision, found (the metadata as JSON), metadata_url.
type ConnectionMetadataPage struct {
	Head    ConnectionHead
	Found   signon.FoundMetadata
	Packed  string // Found.Metadata as JSON
	Problem *fault.Fault
}

func (p ConnectionMetadataPage) in(c *Chrome) (string, any) {
	return "connection_metadata", framed[ConnectionMetadataPage]{c, p}
}

// ConnectionMappingPage is GET and POST <base>/:connection/mapping: revision, from.<field> (many), and do: save, preview
// or preset.
type ConnectionMappingPage struct {
	Head    ConnectionHead
	Mapping auth.Mapping // as typed
	Seen    signon.Seen
	Preview *signon.MappingPreview // on the last answer; nil: none came yet
	Unsaved bool
	Problem *fault.Fault
}

func (p ConnectionMappingPage) in(c *Chrome) (string, any) {
	return "connection_mapping", framed[ConnectionMappingPage]{c, p}
}

// ConnectionAccessPage is GET <base>/:connection/access: who gets an account, and which role. It posts to …/access (revision
// and the fields of signon.Admission) and …/roles (revision, group and role (many, in pairs), default, and do: save,
// preview, add, up.<n>, down.<n>, remove.<n>).
type ConnectionAccessPage struct {
	Head             ConnectionHead
	Admission        signon.Admission // as typed
	Rules            auth.RoleRules   // as typed
	Roles            []policy.Role    // on offer
	Seen             signon.Seen
	Effect           *signon.Effect // after a preview
	Unsaved          bool
	AdmissionProblem *fault.Fault
	Problem          *fault.Fault // of the rules
}

func (p ConnectionAccessPage) in(c *Chrome) (string, any) {
	return "connection_access", framed[ConnectionAccessPage]{c, p}
}

// ConnectionAttemptsPage is GET <base>/:connection/attempts?outcome=: the last attempts.
type ConnectionAttemptsPage struct {
	Head    ConnectionHead
	Trace   signon.Trace
	Outcome signon.Outcome
}

func (p ConnectionAttemptsPage) in(c *Chrome) (string, any) {
	return "connection_attempts", framed[ConnectionAttemptsPage]{c, p}
}

// ConnectionAttemptPage is GET <base>/:connection/attempts/:attempt; with .json behind it, the same to save.
type ConnectionAttemptPage struct {
	Head    ConnectionHead
	Attempt signon.Attempt
	Names   map[uid.ID]string
}

func (p ConnectionAttemptPage) in(c *Chrome) (string, any) {
	return "connection_attempt", framed[ConnectionAttemptPage]{c, p}
}

// ConnectionOutlookPage is GET <base>/:connection/outlook?at=2027-01-31: what happens on that date.
type ConnectionOutlookPage struct {
	Head     ConnectionHead
	At       time.Time
	Findings []signon.Finding
	Problem  *fault.Fault
}

func (p ConnectionOutlookPage) in(c *Chrome) (string, any) {
	return "connection_outlook", framed[ConnectionOutlookPage]{c, p}
}

// ConnectionDeletePage is GET and POST <base>/:connection/delete: confirm (the connection's name).
type ConnectionDeletePage struct {
	Head    ConnectionHead
	Stakes  signon.Stakes
	Confirm string
	Problem *fault.Fault
}

func (p ConnectionDeletePage) in(c *Chrome) (string, any) {
	return "connection_delete", framed[ConnectionDeletePage]{c, p}
}

// SAMLFormOf fills a form.
func SAMLFormOf(st saml.Settings) SAMLForm {
	f := SAMLForm{
		EntityID: st.EntityID, SSORedirect: st.SSORedirect, SSOPost: st.SSOPost, SLORedirect: st.SLORedirect, SLOPost: st.SLOPost,
		SLORedirectResponse: st.SLORedirectResponse, SLOPostResponse: st.SLOPostResponse, MetadataURL: st.MetadataURL, RequestBinding: string(st.RequestBinding),
		NameIDFormat: st.NameIDFormat, SubjectAttribute: st.SubjectAttribute, RequestedContext: st.RequestedContext, ClockSkew: numberOrNone(st.ClockSkew),
		SignRequests: st.SignRequests, RequireEncrypted: st.RequireEncrypted, AllowIDPInitiated: st.AllowIDPInitiated, ForceAuthn: st.ForceAuthn,
	}
	if st.AllowSHA1Until != nil {
		f.SHA1Until = st.AllowSHA1Until.UTC().Format(time.DateOnly)
	}
	return f
}

// OIDCFormOf fills a form.
func OIDCFormOf(st oidc.Settings) OIDCForm {
	return OIDCForm{
		Issuer: st.Issuer, ClientID: st.ClientID, AuthMethod: string(st.AuthMethod), Scopes: spaced(st.Scopes), Prompt: st.Prompt, MaxAge: numberOrNone(st.MaxAge),
		RequestedContext: spaced(st.RequestedContext), HostedDomain: st.HostedDomain, EntraTenants: lines(st.EntraTenants), SubjectClaim: st.SubjectClaim,
		ClockSkew: numberOrNone(st.ClockSkew), UseUserInfo: st.UseUserInfo, RequireVerifiedEmail: st.RequireVerifiedEmail,
	}
}

// LDAPFormOf fills a form.
func LDAPFormOf(st ldap.Settings) LDAPForm {
	return LDAPForm{
		Kind: string(st.Kind), URLs: lines(st.URLs), CACertificates: st.CACertificates, ServerName: st.ServerName, BindDN: st.BindDN, BaseDN: st.BaseDN,
		UserFilter: st.UserFilter, GroupBaseDN: st.GroupBaseDN, GroupFilter: st.GroupFilter, MemberAttribute: st.MemberAttribute,
		SubjectAttribute: st.SubjectAttribute, Attributes: spaced(st.Attributes), Timeout: numberOrNone(st.TimeoutSeconds), StartTLS: st.StartTLS,
	}
}
