package oidc

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"lyceum/internal/fault"
)

// AuthMethod is how we prove to the token endpoint who we are (OIDC Core 1.0 §9).
type AuthMethod string

const (
	// AuthBasic sends the client's secret in the header Authorization (RFC 6749 §2.3.1). The default.
	AuthBasic AuthMethod = "client_secret_basic"
	// AuthPost sends it in the body.
	AuthPost AuthMethod = "client_secret_post"
	// AuthNone is a public client: PKCE alone binds the code to us.
	AuthNone AuthMethod = "none"
	// AuthPrivateKey signs an assertion (RFC 7523 §2.2) with a private key of ours; the secret is that key, see NewClientKey.
	AuthPrivateKey AuthMethod = "private_key_jwt"
)

// Settings is one connection as it is stored, but for its secret. Validate fills nothing in: what is left zero has the
// default that its comment names.
type Settings struct {
	// Issuer is the issuer identifier, as the discovery document and the tokens write it.
	Issuer     string     `json:"issuer"`
	ClientID   string     `json:"client_id"`
	AuthMethod AuthMethod `json:"auth_method,omitempty"`
	// Scopes are asked for; default openid, email, profile.
	Scopes []string `json:"scopes,omitempty"`
	// Prompt is sent with every request: login, consent, select_account, or several with a space between.
	Prompt string `json:"prompt,omitempty"`
	// MaxAge is how many seconds ago a person may have proved who they are at the provider. It is sent, and the claim
	// auth_time is then required and checked (OIDC Core 1.0 §3.1.2.1). 0: any.
	MaxAge int `json:"max_age,omitempty"`
	// RequestedContext are authentication contexts, best first: sent as acr_values; the claim acr must be one of them.
	RequestedContext []string `json:"requested_context,omitempty"`
	// HostedDomain is the Google Workspace domain: sent as hd, and the claim hd must be equal.
	HostedDomain string `json:"hosted_domain,omitempty"`
	// EntraTenants are the directory ids (GUIDs) that may sign in through a multi-tenant issuer of Microsoft Entra ID,
	// https://login.microsoftonline.com/organizations/v2.0 or …/common/v2.0. Needed there, and only there.
	EntraTenants []string `json:"entra_tenants,omitempty"`
	// UseUserInfo asks the UserInfo endpoint for claims that the ID token lacks.
	UseUserInfo bool `json:"use_user_info,omitempty"`
	// RequireVerifiedEmail refuses who has no e-mail address that the issuer has verified.
	RequireVerifiedEmail bool `json:"require_verified_email,omitempty"`
	// Algorithms may sign; default all that Algorithms() lists. Neither none nor a symmetric one is ever accepted.
	Algorithms []string `json:"algorithms,omitempty"`
	// SubjectClaim names the person for good; default sub. Several are joined with +: oid+tid names a person in Entra ID
	// the same for every application, where sub differs from one to the next.
	SubjectClaim string `json:"subject_claim,omitempty"`
	// ClockSkew is how many seconds the issuer's clock may differ from ours; default 60, at most 180.
	ClockSkew int `json:"clock_skew,omitempty"`
}

const (
	defaultSkew = 60
	maxSkew     = 180
)

// Algorithms are the signature algorithms that we know how to check (RFC 7518 §3.1, RFC 8037), the usual ones first.
func Algorithms() []string {
	return []string{"RS256", "ES256", "PS256", "RS384", "RS512", "ES384", "ES512", "PS384", "PS512", "EdDSA"}
}

// SameClient tells whether a secret that was given for one of the two goes to the same issuer, for the same client and the
// same use, in the other. Where it does not, it must be given anew: else whoever may change settings could have a kept
// secret sent to an issuer of theirs, or a private key sent at all.
func (s Settings) SameClient(o Settings) bool {
	return s.Issuer == o.Issuer && s.ClientID == o.ClientID && (s.AuthMethod == AuthPrivateKey) == (o.AuthMethod == AuthPrivateKey)
}

// Validate checks what an administrator typed; its fault names every field that needs attention.
func (s Settings) Validate() error {
	f := fault.Fields{}
	f.Check(s.Issuer != "", "issuer", "Paste the issuer that your identity provider shows, for example https://login.example.com.")
	f.Check(issuerAddress(s.Issuer), "issuer", "The issuer is an https address without a question mark or a #.")
	f.Check(s.ClientID != "" && len(s.ClientID) <= 255 && plain(s.ClientID), "client_id", "Paste the client id (application id) that your identity provider shows.")
	f.Check(slices.Contains([]AuthMethod{"", AuthBasic, AuthPost, AuthNone, AuthPrivateKey}, s.AuthMethod), "auth_method",
		"Choose client_secret_basic, client_secret_post, private_key_jwt or none.")
	f.Check(len(s.Scopes) <= 50 && words(s.Scopes), "scopes", "Scopes are words without spaces, 50 at most.")
	f.Check(len(s.Scopes) == 0 || slices.Contains(s.Scopes, "openid"), "scopes", "Keep the scope openid: without it no ID token is issued.")
	f.Check(promptKnown(s.Prompt), "prompt", "Choose login, consent or select_account, or several with a space between.")
	f.Check(s.MaxAge >= 0 && s.MaxAge <= 366*24*3600, "max_age", "Write how many seconds ago the sign-in may have been; 0 means any.")
	f.Check(len(s.RequestedContext) <= 20 && words(s.RequestedContext), "requested_context", "Authentication contexts are words without spaces, 20 at most.")
	f.Check(s.HostedDomain == "" || domainName(s.HostedDomain), "hosted_domain", "Write the domain alone, for example example.com.")
	s.validateEntra(f)
	f.Check(!slices.ContainsFunc(s.Algorithms, func(a string) bool { return !slices.Contains(Algorithms(), a) }), "algorithms",
		"Choose among "+strings.Join(Algorithms(), ", ")+".")
	f.Check(s.SubjectClaim == "" || len(s.SubjectClaim) <= 255 && words(strings.Split(s.SubjectClaim, "+")), "subject_claim",
		"Write the name of a claim, or several joined with +, for example oid+tid.")
	f.Check(s.ClockSkew >= 0 && s.ClockSkew <= maxSkew, "clock_skew", "A clock may differ by 180 seconds at most.")
	return f.Err()
}

func (s Settings) validateEntra(f fault.Fields) {
	host, multi := entraMultiTenant(s.Issuer)
	f.Check(!multi || len(s.EntraTenants) > 0, "entra_tenants",
		"The issuer lets people of every organization in: list the directory (tenant) ids that may sign in, or use the issuer https://"+host+"/DIRECTORY-ID/v2.0.")
	f.Check(multi || len(s.EntraTenants) == 0, "entra_tenants", "Directory ids are only for an issuer that ends in /common/v2.0 or /organizations/v2.0. Remove them.")
	f.Check(len(s.EntraTenants) <= 200 && !slices.ContainsFunc(s.EntraTenants, func(t string) bool { return !guid(t) }), "entra_tenants",
		"A directory id looks like 11111111-2222-3333-4444-555555555555; write 200 at most.")
}

func (s Settings) scopes() []string {
	if len(s.Scopes) == 0 {
		return []string{"openid", "email", "profile"}
	}
	return s.Scopes
}

func (s Settings) algorithms() []string {
	if len(s.Algorithms) == 0 {
		return Algorithms()
	}
	return s.Algorithms
}

func (s Settings) skew() time.Duration {
	if s.ClockSkew <= 0 {
		return defaultSkew * time.Second
	}
	return time.Duration(min(s.ClockSkew, maxSkew)) * time.Second
}

func (s Settings) subjectClaims() []string {
	if s.SubjectClaim == "" {
		return []string{"sub"}
	}
	return strings.Split(s.SubjectClaim, "+")
}

// issuerAddress tells whether this can be an issuer identifier (OIDC Discovery 1.0 §3): https, without query and fragment.
func issuerAddress(address string) bool {
	u, err := url.Parse(address)
	return err == nil && endpoint(address) && u.RawQuery == "" && !u.ForceQuery && !strings.Contains(address, "#")
}

// endpoint tells whether an address may be called or sent to: https, or http on this machine, where no one can listen in.
// Whether this machine may be called at all is the HTTP client's matter.
func endpoint(address string) bool {
	u, err := url.Parse(address)
	if err != nil || len(address) > 2000 || !plain(address) || u.Hostname() == "" || u.User != nil || u.Opaque != "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && thisMachine(u.Hostname())
}

func thisMachine(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// words tells whether all are words of printable ASCII (RFC 6749 §3.3).
func words(list []string) bool {
	return !slices.ContainsFunc(list, func(w string) bool {
		return w == "" || len(w) > 255 || strings.ContainsFunc(w, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' })
	})
}

func promptKnown(prompt string) bool {
	return !slices.ContainsFunc(strings.Fields(prompt), func(p string) bool { return p != "login" && p != "consent" && p != "select_account" })
}

func domainName(name string) bool {
	name = strings.ToLower(name)
	return len(name) <= 253 && strings.Contains(name, ".") && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-'
	})
}

// guid tells whether this is a GUID as Microsoft writes it.
func guid(text string) bool {
	text = strings.ToLower(text)
	if len(text) != 36 {
		return false
	}
	for i, r := range text {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if r != '-' {
				return false
			}
		} else if (r < '0' || r > '9') && (r < 'a' || r > 'f') {
			return false
		}
	}
	return true
}

// plain tells whether a text can be stored and shown as it is: printable, without control and direction characters.
func plain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar })
}
