package signon

import (
	"context"

	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Addresses are where the portal of a context answers about a connection: what an administrator pastes at the identity
// provider. They stay as they are when the portal gets another address (tenant.Hosts.SignOnURL).
type Addresses struct {
	EntityID     string // SAML: who we are, and where our metadata lies
	OwnMetadata  string // SAML: metadata of this connection alone
	ACS          string // SAML: assertion consumer service, by POST
	SLO          string // SAML: single logout service, by redirect and POST
	RedirectURI  string // OIDC: one for all connections of the portal
	SignedOut    string // OIDC: post_logout_redirect_uri, one for all connections
	BackChannel  string // OIDC: back-channel logout
	FrontChannel string // OIDC: front-channel logout
	KeySet       string // OIDC: jwks_uri, the public half of our key where the connection proves itself by one
	Start        string // begins a sign-on: what a tile in a company's own portal may lead to
}

// Addresses gives a connection's.
func (s *Service) Addresses(ctx context.Context, connection uid.ID) Addresses {
	t, _ := tenant.From(ctx)
	sso, id := s.Hosts.SignOnURL(t)+"/sso", connection.String()
	return Addresses{
		EntityID: sso + "/saml/metadata", OwnMetadata: sso + "/saml/" + id + "/metadata",
		ACS: sso + "/saml/" + id + "/acs", SLO: sso + "/saml/" + id + "/slo",
		RedirectURI: sso + "/oidc/callback", SignedOut: sso + "/signed-out",
		BackChannel: sso + "/oidc/" + id + "/backchannel", FrontChannel: sso + "/oidc/" + id + "/frontchannel",
		KeySet: sso + "/oidc/" + id + "/jwks",
		Start:  sso + "/start/" + id,
	}
}

// portal is the origin of the portal of a context.
func (s *Service) portal(ctx context.Context) string {
	t, _ := tenant.From(ctx)
	return s.Hosts.PortalURL(t)
}
