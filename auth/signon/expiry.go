package signon

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Ending is something that stops working at an instant.
type Ending struct {
	ID   uid.ID
	Name string
	At   time.Time
}

// Authorities are the certificates that a directory's servers are checked by.
type Authorities struct {
	ID           uid.ID
	Name         string
	Certificates string // PEM
}

// ExpiryKind is what sort of thing expires.
type ExpiryKind string

// The kinds.
const (
	// ExpiryIdP is the last certificate with which an identity provider signs.
	ExpiryIdP ExpiryKind = "idp_certificate"
	// ExpiryMetadata is an identity provider's metadata, by its own word.
	ExpiryMetadata ExpiryKind = "idp_metadata"
	// ExpiryAuthority is the authority whose certificates a directory's servers show.
	ExpiryAuthority ExpiryKind = "ldap_authority"
	// ExpirySyncAuthority is the same of a directory that is read for people.
	ExpirySyncAuthority ExpiryKind = "ldap_sync_authority"
	// ExpiryServer is the certificate of a connection's directory server, ExpirySyncServer of one that is read for people.
	ExpiryServer     ExpiryKind = "ldap_server"
	ExpirySyncServer ExpiryKind = "ldap_sync_server"
	// ExpiryOurKey is our own current key.
	ExpiryOurKey ExpiryKind = "our_key"
	// ExpiryToken is a directory's token.
	ExpiryToken ExpiryKind = "directory_token"
)

// Expiry is something that expires soon, or did.
type Expiry struct {
	Kind ExpiryKind
	Name string // of the connection or directory
	// ID is the connection's, directory's, key's or token's; What tells this certificate from the one before it.
	ID   uid.ID
	What string
	At   time.Time
}

// Days is how many whole days are left; 0 on the last day, negative afterwards.
func (e Expiry) Days(now time.Time) int {
	left := e.At.Sub(now)
	if left < 0 {
		return -1
	}
	return int(left / day)
}

// steps are the days before an expiry on which it is warned of, the closest first; 0 is that it has happened.
var steps = []int{0, 1, 7, 30, 60}

// warnAhead is how long before it expires something is first told of.
const warnAhead = 60 * day

// serverAhead is the same for a server's certificate: many are good for 90 days, and renewed by a program when 30 are left.
const serverAhead = 30 * day

// step is the closest step that has come; ok is false while none has.
func (e Expiry) step(now time.Time) (step int, ok bool) {
	for _, n := range steps {
		if !now.Before(e.At.Add(-time.Duration(n) * day)) {
			return n, true
		}
	}
	return 0, false
}

// Expiring lists what expires within 60 days, or has, the closest first. It needs connection:manage, and an administrator
// of the portal.
func (s *Service) Expiring(ctx context.Context) (list []Expiry, err error) {
	if err := s.portalAdmin(ctx); err != nil {
		return nil, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.expiring(ctx)
		return err
	})
	return list, err
}

// WarnExpiries tells of what expires soon in the tenant of ctx: the daily chore. Each thing is told once at 60, 30, 7 and 1
// days before and when it has happened, however often this runs: that it was told is written in the transaction that tells
// it. It asks nobody's permission. Event certificate.expiring, on which the mails go out.
func (s *Service) WarnExpiries(ctx context.Context) error {
	t, _ := tenant.From(ctx)
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		list, err := s.expiring(ctx)
		if err != nil {
			return err
		}
		now := s.Now()
		for _, e := range list {
			step, ok := e.step(now)
			if !ok {
				continue
			}
			first, err := s.Keep.NoteExpiry(ctx, string(e.Kind)+":"+e.ID.String()+":"+e.What, step, now)
			if err != nil {
				return err
			}
			if !first {
				continue
			}
			err = s.tell(ctx, "certificate.expiring", "tenant", t.ID, map[string]any{
				"kind": e.Kind, "name": e.Name, "id": e.ID, "what": e.What, "expires_at": e.At.Format(time.RFC3339), "days": e.Days(now),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// expiring gathers what expires, the closest first.
func (s *Service) expiring(ctx context.Context) (list []Expiry, err error) {
	now := s.Now()
	note := func(e Expiry) {
		if !e.At.IsZero() && !now.Before(e.At.Add(-warnAhead)) {
			list = append(list, e)
		}
	}
	connections, err := s.Keep.SignOnConnections(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range connections {
		if c.Status == StatusOff {
			continue
		}
		found, err := c.expiries()
		if err != nil {
			return nil, err
		}
		for _, e := range found {
			note(e)
		}
	}
	keys, err := s.Keep.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if isCurrent(k) {
			note(Expiry{Kind: ExpiryOurKey, ID: k.ID, At: k.ExpiresAt})
		}
	}
	tokens, err := s.Keep.DirectoryTokensEnding(ctx, now.Add(-warnAhead), now.Add(warnAhead))
	if err != nil {
		return nil, err
	}
	for _, t := range tokens {
		note(Expiry{Kind: ExpiryToken, Name: t.Name, ID: t.ID, At: t.At})
	}
	directories, err := s.Keep.DirectoryAuthorities(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range directories {
		note(lastOf(d.Certificates, Expiry{Kind: ExpirySyncAuthority, Name: d.Name, ID: d.ID}))
	}
	for kind, ending := range map[ExpiryKind]func(context.Context, time.Time) ([]Ending, error){
		ExpiryServer: s.Keep.ConnectionServersEnding, ExpirySyncServer: s.Keep.DirectoryServersEnding,
	} {
		servers, err := ending(ctx, now.Add(serverAhead))
		if err != nil {
			return nil, err
		}
		for _, one := range servers {
			note(Expiry{Kind: kind, Name: one.Name, ID: one.ID, What: one.At.Format(time.RFC3339), At: one.At})
		}
	}
	slices.SortFunc(list, func(a, b Expiry) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return list, nil
}

// expiries gives what of a connection expires. Of several certificates it is the last that counts: while one is good, people
// sign in.
func (c Connection) expiries() (out []Expiry, err error) {
	switch c.Kind {
	case auth.ProtocolSAML:
		st, err := c.SAML()
		if err != nil {
			return nil, err
		}
		certificates, err := st.Certificates()
		if err != nil {
			return nil, fmt.Errorf("connection %s: %w", c.ID, err)
		}
		last := Expiry{Kind: ExpiryIdP, Name: c.Name, ID: c.ID}
		for _, one := range certificates {
			if one.NotAfter.After(last.At) {
				last.At, last.What = one.NotAfter, one.Fingerprint
			}
		}
		// With an address, metadata is read every few hours, and its date moves along.
		if st.MetadataURL == "" && !st.ValidUntil.IsZero() {
			out = append(out, Expiry{Kind: ExpiryMetadata, Name: c.Name, ID: c.ID, What: st.ValidUntil.Format(time.RFC3339), At: st.ValidUntil})
		}
		return append(out, last), nil
	case auth.ProtocolLDAP:
		st, err := c.LDAP()
		if err != nil {
			return nil, err
		}
		return []Expiry{lastOf(st.CACertificates, Expiry{Kind: ExpiryAuthority, Name: c.Name, ID: c.ID})}, nil
	}
	return nil, nil
}

// lastOf is the expiry of the last of some certificates in PEM; At is zero where there are none.
func lastOf(certificates string, e Expiry) Expiry {
	for rest := []byte(certificates); ; {
		block, more := pem.Decode(rest)
		if block == nil {
			return e
		}
		rest = more
		if one, err := x509.ParseCertificate(block.Bytes); err == nil && one.NotAfter.After(e.At) {
			e.At, e.What = one.NotAfter, one.SerialNumber.String()
		}
	}
}

// Administrators gives the active people who look after sign-on, to be told of it: those with a role that has
// connection:manage. It asks nobody's permission; jobs call it. At most 200.
func (s *Service) Administrators(ctx context.Context, p *policy.Engine) (people []auth.Person, err error) {
	var roles []policy.Role
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		roles, err = s.Keep.Roles(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	var may []policy.Role
	for _, role := range roles {
		set, err := p.For(ctx, []policy.Role{role})
		if err != nil {
			return nil, err
		}
		if set.Has(policy.ConnectionManage) {
			may = append(may, role)
		}
	}
	return s.inRoles(ctx, may)
}

// Owners gives the active owners, to be told of an emergency. It asks nobody's permission; jobs call it. At most 200.
func (s *Service) Owners(ctx context.Context) ([]auth.Person, error) {
	return s.inRoles(ctx, []policy.Role{policy.Owner})
}

const toldMax = 200

func (s *Service) inRoles(ctx context.Context, roles []policy.Role) (people []auth.Person, err error) {
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		list, err := s.Keep.PeopleInRoles(ctx, roles, toldMax)
		for _, h := range list {
			h.PasswordHash = ""
			people = append(people, h.Person)
		}
		return err
	})
	return people, err
}
