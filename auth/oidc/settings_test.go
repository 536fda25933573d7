package oidc_test

import (
	"testing"

	"lyceum/auth/oidc"
)

func TestSettingsAreCheckedFieldByField(t *testing.T) {
	t.Parallel()
	good := oidc.Settings{Issuer: "https://id.example.com", ClientID: "x"}
	entra := good
	entra.Issuer, entra.EntraTenants = "https://login.microsoftonline.com/organizations/v2.0", []string{"11111111-2222-3333-4444-555555555555"}
	local := good
	local.Issuer = "http://lyceum.localhost:8080/dev/oidc"
	for _, s := range []oidc.Settings{good, entra, local} {
		if err := s.Validate(); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
	for field, spoil := range map[string]func(*oidc.Settings){
		"issuer":            func(s *oidc.Settings) { s.Issuer = "http://id.example.com" },
		"client_id":         func(s *oidc.Settings) { s.ClientID = "" },
		"auth_method":       func(s *oidc.Settings) { s.AuthMethod = "client_secret_jwt" },
		"scopes":            func(s *oidc.Settings) { s.Scopes = []string{"email"} },
		"prompt":            func(s *oidc.Settings) { s.Prompt = "none" },
		"max_age":           func(s *oidc.Settings) { s.MaxAge = -1 },
		"requested_context": func(s *oidc.Settings) { s.RequestedContext = []string{"a b"} },
		"hosted_domain":     func(s *oidc.Settings) { s.HostedDomain = "https://example.com" },
		"entra_tenants":     func(s *oidc.Settings) { s.Issuer = "https://login.microsoftonline.com/common/v2.0" },
		"algorithms":        func(s *oidc.Settings) { s.Algorithms = []string{"RS256", "HS256"} },
		"subject_claim":     func(s *oidc.Settings) { s.SubjectClaim = "oid+" },
		"clock_skew":        func(s *oidc.Settings) { s.ClockSkew = 181 },
	} {
		s := good
		spoil(&s)
		if fields := faultFields(s.Validate()); len(fields) != 1 || fields[field] == "" {
			t.Errorf("%s: %v", field, fields)
		}
	}
	for _, issuer := range []string{"", "id.example.com", "https://", "https://id.example.com/?a", "https://id.example.com/#", "https://u:p@id.example.com", "ftp://id.example.com", "http://127.0.0.1.example.com", "javascript:alert(1)", "https://id.example.com\n"} {
		s := good
		s.Issuer = issuer
		if faultFields(s.Validate())["issuer"] == "" {
			t.Errorf("the issuer %q is taken", issuer)
		}
	}
	s := good
	s.EntraTenants = []string{"11111111-2222-3333-4444-555555555555"}
	if faultFields(s.Validate())["entra_tenants"] == "" {
		t.Error("directory ids are taken for an issuer that is not Entra's for all")
	}
	s = entra
	s.EntraTenants = []string{"contoso.onmicrosoft.com"}
	if faultFields(s.Validate())["entra_tenants"] == "" {
		t.Error("a name is taken for a directory id")
	}
}
