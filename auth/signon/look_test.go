package signon_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/oidc"
	"lyceum/auth/saml"
	"lyceum/auth/signon"
	"lyceum/internal/outbound"
	"lyceum/internal/uid"
)

// metadata is an identity provider's, with these certificates.
func metadata(entity, until string, certificates ...string) string {
	var keys strings.Builder
	for _, c := range certificates {
		keys.WriteString(`<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>` + c + `</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`)
	}
	return fmt.Sprintf(`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="%s"%s><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">%s
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/></IDPSSODescriptor></EntityDescriptor>`, entity, until, keys.String())
}

// serves answers with what it holds.
type serves struct {
	atomic.Value // string
	status       atomic.Int64
}

func (s *serves) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if code := s.status.Load(); code != 0 {
		w.WriteHeader(int(code))
	}
	text, _ := s.Load().(string)
	_, _ = w.Write([]byte(text))
}

func TestMetadataIsLookedAtBeforeItCounts(t *testing.T) {
	t.Parallel()
	h := setup(t)
	first, second := h.certificate("first", 20), h.certificate("second", 700)
	var idp serves
	idp.Store(metadata("https://idp.example", "", first, second))
	server := httptest.NewServer(&idp)
	defer server.Close()
	c := h.create(auth.ProtocolSAML, signon.ProductOther, "IdP")

	found, err := h.s.LookAtMetadata(h.admin, c.ID, signon.MetadataSource{URL: server.URL})
	if err != nil || found.Metadata.EntityID != "https://idp.example" || len(found.Certificates) != 2 || found.Certificates[0].Key != "RSA 2048" || len(found.Changes) != 4 {
		t.Fatalf("found %+v, %v", found, err)
	}
	if kept, err := h.s.Connection(h.admin, c.ID); err != nil || kept.Revision != 1 || kept.CheckedAt != nil {
		t.Errorf("looking changed %+v, %v", kept, err)
	}
	_, _, err = h.s.TakeMetadata(h.admin, c.ID, 7, found.Metadata, found.URL)
	meets(t, err, signon.ErrStaleRevision)
	taken, changes, err := h.s.TakeMetadata(h.admin, c.ID, 1, found.Metadata, found.URL)
	if err != nil || len(changes) != 4 || taken.Complete() != nil || taken.CheckedAt == nil {
		t.Fatalf("%+v, %v, %v", taken, changes, err)
	}
	if st, _ := taken.SAML(); st.MetadataURL != server.URL || !st.SignRequests {
		t.Errorf("settings %+v", st)
	}

	// The provider rolls its certificate; a file says so too.
	third := h.certificate("third", 900)
	idp.Store(metadata("https://idp.example", "", second, third))
	out, err := h.s.Refresh(h.admin, c.ID)
	if err != nil || len(out.Changes) != 1 || len(certificates(t, out.Connection)) != 3 { // the first is accepted for a while
		t.Errorf("refreshed %+v, %v", out.Changes, err)
	}
	if out, err = h.s.Refresh(h.admin, c.ID); err != nil || len(out.Changes) != 0 {
		t.Errorf("the same again changes %v, %v", out.Changes, err)
	}
	idp.status.Store(http.StatusServiceUnavailable)
	_, err = h.s.Refresh(h.admin, c.ID)
	_ = wrong(t, err, "metadata_url")
	broken, err := h.s.Connection(h.admin, c.ID)
	if err != nil || !strings.Contains(broken.Problem, "503") || len(certificates(t, broken)) != 3 {
		t.Errorf("after a failure %+v, %v", broken, err)
	}
	idp.status.Store(0)
	if out, err = h.s.Refresh(h.admin, c.ID); err != nil || out.Connection.Problem != "" {
		t.Errorf("mended: %q, %v", out.Connection.Problem, err)
	}
}

func TestBadMetadataIsRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c := h.create(auth.ProtocolSAML, signon.ProductOther, "IdP")
	cert := h.certificate("idp", 20)
	two := `<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">` + metadata("https://one.example", "", cert) + metadata("https://two.example", "", cert) + `</EntitiesDescriptor>`
	past := ` validUntil="` + h.w.Now.Now().Add(-time.Hour).Format(time.RFC3339) + `"`
	for name, c2 := range map[string]struct {
		in    signon.MetadataSource
		field string
		says  string
	}{
		"nothing":        {signon.MetadataSource{}, "metadata_url", "Paste the address"},
		"http elsewhere": {signon.MetadataSource{URL: "http://idp.example/metadata"}, "metadata_url", "https"},
		"no address":     {signon.MetadataSource{URL: "idp"}, "metadata_url", "https"},
		"no XML":         {signon.MetadataSource{Text: []byte("{}")}, "metadata", "not SAML metadata"},
		"two entities":   {signon.MetadataSource{Text: []byte(two)}, "entity_id", "https://two.example"},
		"not among them": {signon.MetadataSource{Text: []byte(two), EntityID: "https://three.example"}, "entity_id", "https://three.example"},
		"expired":        {signon.MetadataSource{Text: []byte(metadata("https://idp.example", past, cert))}, "metadata", "was valid until"},
		"no certificate": {signon.MetadataSource{Text: []byte(metadata("https://idp.example", ""))}, "metadata", "no certificate"},
		"too large":      {signon.MetadataSource{Text: make([]byte, saml.MaxMetadata+1)}, "metadata", "1 MiB"},
	} {
		_, err := h.s.LookAtMetadata(h.admin, c.ID, c2.in)
		if f := wrong(t, err, c2.field); !strings.Contains(f.Fields[c2.field], c2.says) {
			t.Errorf("%s: %v", name, f.Fields)
		}
	}
	one, err := h.s.LookAtMetadata(h.admin, c.ID, signon.MetadataSource{Text: []byte(two), EntityID: "https://two.example"})
	if err != nil || one.Metadata.EntityID != "https://two.example" {
		t.Errorf("%+v, %v", one, err)
	}
	oidcOne := h.create(auth.ProtocolOIDC, signon.ProductOther, "OIDC")
	if _, err := h.s.LookAtMetadata(h.admin, oidcOne.ID, signon.MetadataSource{Text: []byte(two)}); err == nil {
		t.Error("an OpenID connection took metadata")
	}
	ldapOne := h.create(auth.ProtocolLDAP, signon.ProductAD, "AD")
	_, err = h.s.Refresh(h.admin, ldapOne.ID)
	meets(t, err, signon.ErrNothingToRefresh)
}

func TestAnAddressInAPrivateNetworkIsNotCalled(t *testing.T) {
	t.Parallel()
	called := atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called.Add(1) }))
	defer server.Close()
	h := setupWith(t, outbound.Client(outbound.Options{}))
	c := h.create(auth.ProtocolSAML, signon.ProductOther, "IdP")
	_, err := h.s.LookAtMetadata(h.admin, c.ID, signon.MetadataSource{URL: server.URL})
	if f := wrong(t, err, "metadata_url"); !strings.Contains(f.Fields["metadata_url"], "private network") {
		t.Errorf("%v", f.Fields)
	}
	o := h.create(auth.ProtocolOIDC, signon.ProductOther, "OIDC")
	_, err = h.s.LookAtIssuer(h.admin, o.ID, oidc.Settings{Issuer: server.URL})
	_ = wrong(t, err, "issuer")
	if called.Load() != 0 {
		t.Error("the address was called")
	}
}

func TestAnIssuerIsAskedWhatItSaysOfItself(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c := h.create(auth.ProtocolOIDC, signon.ProductOther, "OIDC")
	for _, issuer := range []string{"", "http://idp.example", "https://idp.example/?x=1"} {
		_, err := h.s.LookAtIssuer(h.admin, c.ID, oidc.Settings{Issuer: issuer})
		_ = wrong(t, err, "issuer")
	}
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			_, _ = fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"jwks_uri":%q,"scopes_supported":["openid"],"id_token_signing_alg_values_supported":["RS256"]}`,
				server.URL, server.URL+"/auth", server.URL+"/token", server.URL+"/keys")
		case "/keys":
			_, _ = w.Write([]byte(`{"keys":[]}`))
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	found, err := h.s.LookAtIssuer(h.admin, c.ID, oidc.Settings{Issuer: server.URL, ClientID: "x"})
	if err != nil || found.Discovery.TokenEndpoint != server.URL+"/token" {
		t.Fatalf("%+v, %v", found, err)
	}
	has := func(code string) bool {
		return slices.ContainsFunc(found.Warnings, func(w oidc.Warning) bool { return w.Code == code })
	}
	if !has("scope") || !has("no_keys") {
		t.Errorf("warnings %+v", found.Warnings)
	}
	saved, err := h.s.ChangeConnection(h.admin, c.ID, 1, signon.Change{Settings: packed(t, oidc.Settings{Issuer: server.URL, ClientID: "x"})})
	if err != nil {
		t.Fatal(err)
	}
	if out, err := h.s.Refresh(h.admin, saved.ID); err != nil || out.Connection.CheckedAt == nil || out.Connection.Problem != "" {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestADirectoryIsTriedWithTheKeptPasswordAndToldStepByStep(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c := h.create(auth.ProtocolLDAP, signon.ProductOpenLDAP, "LDAP")
	_, err := h.s.CheckDirectory(h.admin, c.ID, ldap.Settings{Kind: ldap.KindOpenLDAP}, nil)
	_ = wrong(t, err, "urls", "base_dn", "bind_dn")
	st := ldap.Settings{Kind: ldap.KindOpenLDAP, URLs: []string{"ldaps://127.0.0.1:1"}, BindDN: "cn=reader,dc=example,dc=com", BaseDN: "dc=example,dc=com"}
	seen, err := h.s.CheckDirectory(h.admin, c.ID, st, nil)
	if err != nil || seen.OK || len(seen.Report) != 1 || seen.Report[0].Name != "bind" {
		t.Errorf("without a password: %+v, %v", seen, err)
	}
	password := "p"
	seen, err = h.s.CheckDirectory(h.admin, c.ID, st, &password)
	if err != nil || seen.OK || len(seen.Report) == 0 || seen.Report[0].Name != "connect" || seen.Report[0].OK {
		t.Errorf("nobody there: %+v, %v", seen, err)
	}
	_, err = h.s.CheckDirectory(h.admin, uid.New(), st, nil)
	meets(t, err, signon.ErrConnectionNotFound)
}
