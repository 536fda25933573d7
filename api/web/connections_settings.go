package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/oidc"
	"lyceum/auth/saml"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/themes"
)

// settings fills the page with what is kept.
func (h Connections) settings(c *fiber.Ctx) (p themes.ConnectionSettingsPage, err error) {
	if p.Head, err = h.head(c); err != nil {
		return p, err
	}
	one := p.Head.Connection
	if p.OwnersDecide, err = h.SignOn.OwnersDecide(c.UserContext(), one.ID); err != nil {
		return p, err
	}
	p.Form.Name, p.Secret = one.Name, one.HasSecret()
	switch one.Kind {
	case auth.ProtocolSAML:
		st, err := one.SAML()
		if err != nil {
			return p, err
		}
		p.Form.SAML, p.Metadata.URL = themes.SAMLFormOf(st), st.MetadataURL
		p.Form.SAML.OwnEntityID = one.Admission.V.OwnEntity
		p.Certificates, err = st.Certificates()
		return p, err
	case auth.ProtocolOIDC:
		st, err := one.OIDC()
		p.Form.OIDC = themes.OIDCFormOf(st)
		if st.AuthMethod == oidc.AuthPrivateKey && p.Secret {
			p.KeySet = h.SignOn.Addresses(c.UserContext(), one.ID).KeySet
		}
		return p, err
	case auth.ProtocolLDAP:
		st, err := one.LDAP()
		p.Form.LDAP = themes.LDAPFormOf(st)
		return p, err
	}
	return p, fmt.Errorf("connection %s: unknown protocol %q", one.ID, one.Kind)
}

// Settings shows the settings of a connection.
func (h Connections) Settings(c *fiber.Ctx) error {
	p, err := h.settings(c)
	if err != nil {
		return err
	}
	return h.show(c, p)
}

// typed is the page with what was typed, and the settings that were meant.
func (h Connections) typed(c *fiber.Ctx) (f form, p themes.ConnectionSettingsPage, meant any, err error) {
	if f, err = readForm(c); err != nil {
		return f, p, nil, err
	}
	if p, err = h.settings(c); err != nil {
		return f, p, nil, err
	}
	wrong := fault.Fields{}
	p.Form.Name = f.get("name")
	switch p.Head.Connection.Kind {
	case auth.ProtocolSAML:
		var st saml.Settings
		if st, err = p.Head.Connection.SAML(); err == nil {
			p.Form.SAML = readSAML(f)
			meant = samlOf(p.Form.SAML, st, wrong)
		}
	case auth.ProtocolOIDC:
		var st oidc.Settings
		if st, err = p.Head.Connection.OIDC(); err == nil {
			p.Form.OIDC = readOIDC(f)
			meant = oidcOf(f, p.Form.OIDC, st, wrong)
		}
	case auth.ProtocolLDAP:
		var st ldap.Settings
		if st, err = p.Head.Connection.LDAP(); err == nil {
			p.Form.LDAP = readLDAP(f)
			meant = ldapOf(f, p.Form.LDAP, st, wrong)
		}
	}
	if err == nil {
		p.Problem, _ = wrong.Err().(*fault.Fault) //nolint:errorlint // it is one, unwrapped
	}
	return f, p, meant, err
}

// refusedSettings shows the form again.
func (h Connections) refusedSettings(c *fiber.Ctx, err error, p themes.ConnectionSettingsPage) error {
	return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
}

// SaveSettings changes name, settings and secret.
func (h Connections) SaveSettings(c *fiber.Ctx) error {
	f, p, meant, err := h.typed(c)
	if err != nil {
		return err
	}
	if p.Problem != nil {
		return h.refusedSettings(c, p.Problem, p)
	}
	raw, err := json.Marshal(meant)
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	change := signon.Change{Name: &p.Form.Name, Settings: raw}
	if secret := f.get("secret"); secret != "" || f.get("forget_secret") != "" {
		change.Secret = &secret
	}
	was := p.Head.Connection
	if own := p.Form.SAML.OwnEntityID; was.Kind == auth.ProtocolSAML && !p.Head.Restricted && own != was.Admission.V.OwnEntity {
		a := was.Admission.V
		a.OwnEntity = own
		change.Admission = &a
	}
	saved, err := h.SignOn.ChangeConnection(c.UserContext(), was.ID, f.revision(), change)
	if err != nil {
		return h.refusedSettings(c, err, p)
	}
	key := themes.FlashConnectionSaved
	if saved.Revision == was.Revision {
		key = themes.FlashConnectionUnchanged
	}
	return h.done(c, p.Head.Address()+"/settings", key, saved.Name)
}

// Look asks the issuer that was typed what it says of itself, and keeps nothing.
func (h Connections) Look(c *fiber.Ctx) error {
	_, p, meant, err := h.typed(c)
	if err != nil {
		return err
	}
	st, ok := meant.(oidc.Settings)
	if !ok {
		return signon.ErrOtherKind
	}
	found, err := h.SignOn.LookAtIssuer(c.UserContext(), p.Head.Connection.ID, st)
	if err != nil {
		return h.refusedSettings(c, err, p)
	}
	p.Issuer = &found
	return h.show(c, p)
}

// Check tries the directory that was typed, and keeps nothing.
func (h Connections) Check(c *fiber.Ctx) error {
	f, p, meant, err := h.typed(c)
	if err != nil {
		return err
	}
	st, ok := meant.(ldap.Settings)
	if !ok {
		return signon.ErrOtherKind
	}
	if p.Problem != nil {
		return h.refusedSettings(c, p.Problem, p)
	}
	secret := f.get("secret")
	seen, err := h.SignOn.CheckDirectory(c.UserContext(), p.Head.Connection.ID, st, &secret)
	if err != nil {
		return h.refusedSettings(c, err, p)
	}
	p.Directory = &seen
	return h.show(c, p)
}

// bySAML is settings for what only SAML connections have.
func (h Connections) bySAML(c *fiber.Ctx) (form, themes.ConnectionSettingsPage, error) {
	f, err := readForm(c)
	if err != nil {
		return f, themes.ConnectionSettingsPage{}, err
	}
	p, err := h.settings(c)
	if err == nil && p.Head.Connection.Kind != auth.ProtocolSAML {
		err = signon.ErrOtherKind
	}
	return f, p, err
}

// LookAtMetadata shows what metadata says before it counts.
func (h Connections) LookAtMetadata(c *fiber.Ctx) error {
	f, p, err := h.bySAML(c)
	if err != nil {
		return err
	}
	p.Metadata = themes.MetadataForm{URL: f.get("metadata_url"), Text: f.get("metadata"), EntityID: f.get("entity_id")}
	in := signon.MetadataSource{URL: p.Metadata.URL, EntityID: p.Metadata.EntityID, Text: []byte(p.Metadata.Text)}
	_, data, chosen, err := f.file("metadata_file")
	if chosen {
		in.Text = data
	}
	var found signon.FoundMetadata
	if err == nil {
		found, err = h.SignOn.LookAtMetadata(c.UserContext(), p.Head.Connection.ID, in)
	}
	if err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.MetaProblem = wrong; return p })
	}
	packed, err := json.Marshal(found.Metadata)
	if err != nil {
		return fmt.Errorf("write metadata: %w", err)
	}
	return h.show(c, themes.ConnectionMetadataPage{Head: p.Head, Found: found, Packed: string(packed)})
}

// TakeMetadata takes over what was looked at.
func (h Connections) TakeMetadata(c *fiber.Ctx) error {
	f, p, err := h.bySAML(c)
	if err != nil {
		return err
	}
	var m saml.Metadata
	if err := json.Unmarshal([]byte(f.get("found")), &m); err != nil {
		return h.refused(c, signon.ErrSettingsUnreadable.Because(err), func(wrong *fault.Fault) themes.Page { p.MetaProblem = wrong; return p })
	}
	_, _, err = h.SignOn.TakeMetadata(c.UserContext(), p.Head.Connection.ID, f.revision(), m, f.get("metadata_url"))
	if err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.MetaProblem = wrong; return p })
	}
	return h.done(c, p.Head.Address()+"/settings", themes.FlashMetadataTaken, p.Head.Connection.Name)
}

// AddCertificate pins one more certificate.
func (h Connections) AddCertificate(c *fiber.Ctx) error {
	return h.certificates(c, themes.FlashCertificateAdded, func(f form, p themes.ConnectionSettingsPage) error {
		text := f.get("certificate")
		_, data, chosen, err := f.file("certificate_file")
		if err != nil {
			return err
		}
		if chosen {
			if text = string(data); !strings.Contains(text, "-----BEGIN") {
				text = base64.StdEncoding.EncodeToString(data) // a .cer or .der file
			}
		}
		_, err = h.SignOn.AddCertificates(c.UserContext(), p.Head.Connection.ID, f.revision(), text)
		return err
	})
}

// RemoveCertificate takes one out.
func (h Connections) RemoveCertificate(c *fiber.Ctx) error {
	return h.certificates(c, themes.FlashCertificateRemoved, func(f form, p themes.ConnectionSettingsPage) error {
		_, err := h.SignOn.RemoveCertificate(c.UserContext(), p.Head.Connection.ID, f.revision(), f.get("fingerprint"))
		return err
	})
}

func (h Connections) certificates(c *fiber.Ctx, key themes.FlashKey, do func(f form, p themes.ConnectionSettingsPage) error) error {
	f, p, err := h.bySAML(c)
	if err != nil {
		return err
	}
	if err := do(f, p); err != nil {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.CertProblem = wrong; return p })
	}
	return h.done(c, p.Head.Address()+"/settings#certificates", key, p.Head.Connection.Name)
}

func readSAML(f form) themes.SAMLForm {
	return themes.SAMLForm{
		EntityID: f.get("entity_id"), SSORedirect: f.get("sso_redirect"), SSOPost: f.get("sso_post"), SLORedirect: f.get("slo_redirect"), SLOPost: f.get("slo_post"),
		SLORedirectResponse: f.get("slo_redirect_response"), SLOPostResponse: f.get("slo_post_response"), MetadataURL: f.get("metadata_url"),
		RequestBinding: f.get("request_binding"), NameIDFormat: f.get("name_id_format"), SubjectAttribute: f.get("subject_attribute"),
		RequestedContext: f.get("requested_context"), ClockSkew: f.get("clock_skew"), SHA1Until: f.get("allow_sha1_until"), SignRequests: f.get("sign_requests") != "",
		RequireEncrypted: f.get("require_encrypted") != "", AllowIDPInitiated: f.get("allow_idp_initiated") != "", ForceAuthn: f.get("force_authn") != "",
		OwnEntityID: f.get("own_entity") != "",
	}
}

// samlOf lays what was typed over the settings.
func samlOf(t themes.SAMLForm, st saml.Settings, wrong fault.Fields) saml.Settings {
	trim := strings.TrimSpace
	st.EntityID, st.MetadataURL = trim(t.EntityID), trim(t.MetadataURL)
	st.Endpoints = saml.Endpoints{
		SSORedirect: trim(t.SSORedirect), SSOPost: trim(t.SSOPost), SLORedirect: trim(t.SLORedirect), SLOPost: trim(t.SLOPost),
		SLORedirectResponse: trim(t.SLORedirectResponse), SLOPostResponse: trim(t.SLOPostResponse),
	}
	st.RequestBinding, st.NameIDFormat, st.SubjectAttribute = saml.Binding(t.RequestBinding), t.NameIDFormat, trim(t.SubjectAttribute)
	st.RequestedContext, st.SignRequests, st.RequireEncrypted = trim(t.RequestedContext), t.SignRequests, t.RequireEncrypted
	st.AllowIDPInitiated, st.ForceAuthn = t.AllowIDPInitiated, t.ForceAuthn
	st.ClockSkew = wholeNumber(wrong, "clock_skew", t.ClockSkew)
	st.AllowSHA1Until = nil
	if t.SHA1Until != "" {
		day, err := time.Parse(time.DateOnly, t.SHA1Until)
		wrong.Check(err == nil, "allow_sha1_until", "Enter a date, for example 2027-01-31.")
		st.AllowSHA1Until = &day
	}
	return st
}

func wholeNumber(wrong fault.Fields, name, text string) int {
	return form{values: map[string][]string{name: {text}}}.number(wrong, name)
}

func readOIDC(f form) themes.OIDCForm {
	return themes.OIDCForm{
		Issuer: f.get("issuer"), ClientID: f.get("client_id"), AuthMethod: f.get("auth_method"), Scopes: f.get("scopes"), Prompt: f.get("prompt"), MaxAge: f.get("max_age"),
		RequestedContext: f.get("requested_context"), HostedDomain: f.get("hosted_domain"), EntraTenants: f.get("entra_tenants"), SubjectClaim: f.get("subject_claim"),
		ClockSkew: f.get("clock_skew"), UseUserInfo: f.get("use_user_info") != "", RequireVerifiedEmail: f.get("require_verified_email") != "",
	}
}

func oidcOf(f form, t themes.OIDCForm, st oidc.Settings, wrong fault.Fields) oidc.Settings {
	trim := strings.TrimSpace
	st.Issuer, st.ClientID, st.AuthMethod = strings.TrimSuffix(trim(t.Issuer), "/.well-known/openid-configuration"), trim(t.ClientID), oidc.AuthMethod(t.AuthMethod)
	st.Scopes, st.Prompt, st.RequestedContext = strings.Fields(t.Scopes), t.Prompt, strings.Fields(t.RequestedContext)
	st.HostedDomain, st.EntraTenants, st.SubjectClaim = strings.ToLower(trim(t.HostedDomain)), strings.Fields(t.EntraTenants), trim(t.SubjectClaim)
	st.UseUserInfo, st.RequireVerifiedEmail = t.UseUserInfo, t.RequireVerifiedEmail
	st.MaxAge, st.ClockSkew = f.number(wrong, "max_age"), f.number(wrong, "clock_skew")
	return st
}

func readLDAP(f form) themes.LDAPForm {
	return themes.LDAPForm{
		Kind: f.get("kind"), URLs: f.get("urls"), CACertificates: f.get("ca_certificates"), ServerName: f.get("server_name"), BindDN: f.get("bind_dn"), BaseDN: f.get("base_dn"),
		UserFilter: f.get("user_filter"), GroupBaseDN: f.get("group_base_dn"), GroupFilter: f.get("group_filter"), MemberAttribute: f.get("member_attribute"),
		SubjectAttribute: f.get("subject_attribute"), Attributes: f.get("attributes"), Timeout: f.get("timeout_seconds"), StartTLS: f.get("start_tls") != "",
	}
}

func ldapOf(f form, t themes.LDAPForm, st ldap.Settings, wrong fault.Fields) ldap.Settings {
	trim := strings.TrimSpace
	st.Kind, st.URLs, st.CACertificates = ldap.Kind(t.Kind), strings.Fields(t.URLs), trim(strings.ReplaceAll(t.CACertificates, "\r\n", "\n"))
	st.ServerName, st.BindDN, st.BaseDN = trim(t.ServerName), trim(t.BindDN), trim(t.BaseDN)
	st.UserFilter, st.GroupBaseDN, st.GroupFilter = trim(t.UserFilter), trim(t.GroupBaseDN), trim(t.GroupFilter)
	st.MemberAttribute, st.SubjectAttribute, st.Attributes = trim(t.MemberAttribute), trim(t.SubjectAttribute), strings.Fields(t.Attributes)
	st.TimeoutSeconds, st.StartTLS = f.number(wrong, "timeout_seconds"), t.StartTLS
	return st
}
