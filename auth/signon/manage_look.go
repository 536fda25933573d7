package signon

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/oidc"
	"lyceum/auth/saml"
	"lyceum/internal/fault"
	"lyceum/internal/outbound"
	"lyceum/internal/uid"
)

// MetadataSource says where SAML metadata comes from: an address, or the text of a file. With both, the text is read and
// the address kept for later.
type MetadataSource struct {
	URL      string
	Text     []byte
	EntityID string // which one is meant, where there are several
}

// FoundMetadata is what metadata says, for someone to look at before it counts.
type FoundMetadata struct {
	Metadata     saml.Metadata
	URL          string // that is read from now on; empty: none
	Fetched      bool   // it came from there, not from a file
	Certificates []saml.Certificate
	Changes      []saml.Change // what taking it over would change
}

// LookAtMetadata fetches or reads metadata and says what it would change; nothing is kept. It needs connection:manage. Its
// faults name the field metadata_url, metadata or entity_id.
func (s *Service) LookAtMetadata(ctx context.Context, connection uid.ID, in MetadataSource) (out FoundMetadata, err error) {
	c, err := s.Connection(ctx, connection)
	if err != nil {
		return out, err
	}
	st, err := c.SAML()
	if err != nil {
		return out, err
	}
	text := in.Text
	if out.URL = strings.TrimSpace(in.URL); len(text) == 0 {
		out.Fetched = true
		if text, err = s.fetchMetadata(ctx, out.URL); err != nil {
			return out, err
		}
	}
	if out.Metadata, err = saml.ParseMetadata(text, strings.TrimSpace(in.EntityID), s.Now()); err != nil {
		return out, metadataFault(err, out.Fetched)
	}
	return out, out.describe(st)
}

// describe fills in certificates and changes.
func (m *FoundMetadata) describe(st saml.Settings) (err error) {
	if m.Certificates, err = (saml.Settings{SigningCertificates: m.Metadata.SigningCertificates}).Certificates(); err != nil {
		return err
	}
	st.SigningCertificates = slices.Clone(st.SigningCertificates)
	m.Changes = st.Apply(m.Metadata)
	return nil
}

// metadataFault puts a fault of metadata at the field where it came from.
func metadataFault(err error, fetched bool) error {
	f := fault.Of(err)
	if f.Kind == fault.KindInternal || len(f.Fields) > 0 {
		return err
	}
	field := "metadata"
	if fetched {
		field = "metadata_url"
	}
	if errors.Is(err, saml.ErrMetadataEntity) {
		field = "entity_id"
	}
	return f.With(field, f.Text)
}

// fetchMetadata gets what lies at an address that a customer typed.
func (s *Service) fetchMetadata(ctx context.Context, address string) ([]byte, error) {
	refused := func(text string) error { return fault.Invalid(map[string]string{"metadata_url": text}) }
	if address == "" {
		return nil, refused("Paste the address of the metadata, or choose its file.")
	}
	var wrong *fault.Fault
	if errors.As(saml.Settings{MetadataURL: address}.Validate(), &wrong) && wrong.Fields["metadata_url"] != "" {
		return nil, refused(wrong.Fields["metadata_url"])
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, refused("Give a full https address; http works for this machine only.")
	}
	req.Header.Set("Accept", "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1")
	res, err := s.HTTP.Do(req)
	if err != nil {
		return nil, refused(whyNot(err))
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, refused(fmt.Sprintf("The server there answers with status %d instead of the metadata. Open the address in a browser: it must show XML without a sign-in.", res.StatusCode))
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, saml.MaxMetadata+1))
	if err != nil {
		return nil, refused(whyNot(err))
	}
	return text, nil
}

// whyNot says why an address could not be read, without what the other side wrote.
func whyNot(err error) string {
	var timeout net.Error
	var lookUp *net.DNSError
	switch {
	case errors.Is(err, outbound.ErrAddress):
		return "This address lies in a private network, which is not called from here. Upload the metadata as a file instead."
	case errors.Is(err, outbound.ErrTooLong):
		return "The answer is longer than we read. Use the address or file of your own identity provider alone."
	case errors.As(err, &lookUp):
		return "There is no such host. Check the address for a typing error."
	case errors.As(err, &timeout) && timeout.Timeout():
		return "The server there did not answer in time. Try again, or upload the metadata as a file."
	}
	return "Nothing could be read there over a secure connection. Check the address, or upload the metadata as a file."
}

// TakeMetadata takes over what was looked at, and the address from which it is read from now on; an empty one: none. It needs
// connection:manage; ErrStaleRevision. Event connection.changed.
func (s *Service) TakeMetadata(ctx context.Context, connection uid.ID, revision int, m saml.Metadata, address string) (Connection, []saml.Change, error) {
	c, err := s.Connection(ctx, connection)
	if err != nil {
		return c, nil, err
	}
	st, err := c.SAML()
	if err != nil {
		return c, nil, err
	}
	changes := st.Apply(m)
	st.MetadataURL = strings.TrimSpace(address)
	if err := st.Validate(); err != nil {
		return c, nil, err
	}
	raw, err := json.Marshal(st)
	if err != nil {
		return c, nil, fmt.Errorf("write settings: %w", err)
	}
	if c, err = s.ChangeConnection(ctx, connection, revision, Change{Settings: raw}); err != nil {
		return c, nil, err
	}
	return c, changes, s.noteCheck(ctx, &c, nil)
}

// noteCheck notes when metadata or discovery was fetched, and how it went.
func (s *Service) noteCheck(ctx context.Context, c *Connection, failed error) error {
	now := s.Now()
	c.CheckedAt, c.Problem = &now, ""
	if failed != nil {
		f := fault.Of(failed)
		if c.Problem = f.Text; len(f.Fields) > 0 {
			for _, text := range f.Fields {
				c.Problem = text
			}
		}
	}
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		return s.Keep.SetConnectionChecked(ctx, c.ID, now, c.Problem)
	})
}

// Refreshed is what fetching metadata or discovery anew came to.
type Refreshed struct {
	Connection Connection
	Changes    []saml.Change // of SAML metadata
}

// Refresh fetches the metadata of a connection's address, or its issuer's discovery, as the polls do: a certificate that is
// gone there stays here for a while. It needs connection:manage. A failure is noted on the connection and given back.
func (s *Service) Refresh(ctx context.Context, connection uid.ID) (out Refreshed, err error) {
	if out.Connection, err = s.Connection(ctx, connection); err != nil {
		return out, err
	}
	c := &out.Connection
	if !c.polled() {
		return out, ErrNothingToRefresh
	}
	if c.Kind == auth.ProtocolOIDC {
		st, err := c.OIDC()
		if err != nil {
			return out, err
		}
		_, err = s.LookAtIssuer(ctx, connection, st)
		return out, errors.Join(err, s.noteCheck(ctx, c, err))
	}
	before, err := c.SAML()
	if err != nil {
		return out, err
	}
	if err = s.pollSAML(ctx, *c); err != nil {
		err = metadataFault(err, true)
	}
	if err = errors.Join(err, s.noteCheck(ctx, c, err)); err != nil {
		return out, err
	}
	if out.Connection, err = s.Connection(ctx, connection); err != nil {
		return out, err
	}
	after, err := out.Connection.SAML()
	out.Changes = before.Apply(saml.Metadata{EntityID: after.EntityID, Endpoints: after.Endpoints, SigningCertificates: after.SigningCertificates, ValidUntil: after.ValidUntil})
	return out, err
}

// ErrNothingToRefresh is a wish to fetch anew what was never fetched.
var ErrNothingToRefresh = fault.New(fault.KindConflict, "nothing_to_refresh", "This connection has nothing to fetch. Directories are checked with their test.")

// FoundIssuer is what an OpenID Connect issuer says of itself, and what in the settings it would not go along with.
type FoundIssuer struct {
	Discovery oidc.Discovery
	Warnings  []oidc.Warning
}

// LookAtIssuer asks an issuer what it says of itself. It needs connection:manage. Faults are oidc.ErrIssuer with the field
// issuer, and oidc.ErrUnreachable.
func (s *Service) LookAtIssuer(ctx context.Context, connection uid.ID, st oidc.Settings) (out FoundIssuer, err error) {
	if err := s.may(ctx, connection); err != nil {
		return out, err
	}
	if out.Discovery, err = s.oidc.Discover(ctx, st.Issuer); err != nil {
		if f := fault.Of(err); errors.Is(err, oidc.ErrUnreachable) {
			return out, f.Saying("The issuer does not answer as one.").With("issuer", "No OpenID Connect discovery document could be read at this issuer's /.well-known/openid-configuration. Check the address, and that it is reachable from the Internet.")
		}
		return out, err
	}
	out.Warnings = append(out.Discovery.Against(st), out.Discovery.Warnings...)
	return out, nil
}

// CheckedDirectory is what a test of a directory saw.
type CheckedDirectory struct {
	Report auth.Report
	Sample ldap.Sample
	OK     bool
}

// CheckDirectory tries the settings of a directory; secret nil or empty takes the kept one, where it goes to the same
// account: ErrSecretAgain where it does not. It needs connection:manage. What goes wrong at the directory stands in the
// report; a fault is of the settings. What the connection's mapping looks at is read too.
func (s *Service) CheckDirectory(ctx context.Context, connection uid.ID, st ldap.Settings, secret *string) (out CheckedDirectory, err error) {
	c, err := s.Connection(ctx, connection)
	if err != nil {
		return out, err
	}
	if c.Kind != auth.ProtocolLDAP {
		return out, ErrConnectionNotFound
	}
	if err := st.Validate(); err != nil {
		return out, err
	}
	password, err := s.passwordFor(ctx, c, st, secret)
	if err != nil {
		return out, err
	}
	out.Report, out.Sample, err = s.ldap.Check(ctx, c.reading(st), password)
	out.OK = err == nil
	if errors.Is(err, ldap.ErrUnavailable) {
		err = nil
	}
	return out, err
}

// passwordFor gives the password with which settings are tried: the typed one, else the kept one if it goes to the same
// account.
func (s *Service) passwordFor(ctx context.Context, c Connection, st ldap.Settings, typed *string) (string, error) {
	if typed != nil && *typed != "" {
		return *typed, nil
	}
	if c.HasSecret() {
		kept, err := c.LDAP()
		if err != nil {
			return "", err
		}
		if !kept.SameAccount(st) {
			return "", ErrSecretAgain
		}
	}
	return s.Secret(ctx, c)
}

// reading are settings with which a directory is read: with all attributes that the connection's mapping looks at, and the
// one by which a directory of people knows them.
func (c Connection) reading(st ldap.Settings) ldap.Settings {
	return st.Reading(append(c.Mapping.V.Claims(), c.Admission.V.ExternalIDClaim)...)
}

// AddCertificates pins more certificates with which the identity provider may sign: PEM, one or several, or base64 alone.
// It needs connection:manage. Event connection.changed.
func (s *Service) AddCertificates(ctx context.Context, connection uid.ID, revision int, text string) (Connection, error) {
	added := certificatesIn(text)
	if len(added) == 0 {
		return Connection{}, fault.Invalid(map[string]string{"certificate": "Paste a certificate, with or without its BEGIN and END lines."})
	}
	return s.changeCertificates(ctx, connection, revision, func(st *saml.Settings) error {
		for _, one := range added {
			if _, err := fingerprintOf(one); err != nil {
				return fault.Invalid(map[string]string{"certificate": "This cannot be used as a signing certificate. Paste an X.509 certificate with an RSA key of at least 2048 bits or an ECDSA key, not a private key."})
			}
			st.SigningCertificates = append(st.SigningCertificates, one)
		}
		st.SigningCertificates = distinct(st.SigningCertificates)
		return nil
	})
}

// RemoveCertificate takes one out by its fingerprint. The last one of a connection that is on stays.
func (s *Service) RemoveCertificate(ctx context.Context, connection uid.ID, revision int, fingerprint string) (Connection, error) {
	return s.changeCertificates(ctx, connection, revision, func(st *saml.Settings) error {
		st.SigningCertificates = slices.DeleteFunc(st.SigningCertificates, func(text string) bool {
			have, err := fingerprintOf(text)
			return err == nil && have == fingerprint
		})
		return nil
	})
}

func (s *Service) changeCertificates(ctx context.Context, connection uid.ID, revision int, change func(*saml.Settings) error) (Connection, error) {
	c, err := s.Connection(ctx, connection)
	if err != nil {
		return c, err
	}
	st, err := c.SAML()
	if err != nil {
		return c, err
	}
	if err := change(&st); err != nil {
		return c, err
	}
	raw, err := json.Marshal(st)
	if err != nil {
		return c, fmt.Errorf("write settings: %w", err)
	}
	return s.ChangeConnection(ctx, connection, revision, Change{Settings: raw})
}

// certificatesIn reads certificates as people paste them.
func certificatesIn(text string) (list []string) {
	rest := []byte(strings.TrimSpace(text))
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		list = append(list, base64.StdEncoding.EncodeToString(block.Bytes))
	}
	if bare := strings.Join(strings.Fields(text), ""); len(list) == 0 && bare != "" {
		list = append(list, bare)
	}
	return list
}

func fingerprintOf(text string) (string, error) {
	described, err := (saml.Settings{SigningCertificates: []string{text}}).Certificates()
	if err != nil {
		return "", err
	}
	return described[0].Fingerprint, nil
}

// distinct drops certificates that stand in a list twice, however they are written.
func distinct(list []string) (out []string) {
	seen := map[string]bool{}
	for _, text := range list {
		if f, err := fingerprintOf(text); err == nil && seen[f] {
			continue
		} else if err == nil {
			seen[f] = true
		}
		out = append(out, text)
	}
	return out
}
