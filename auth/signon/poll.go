package signon

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/saml"
	"lyceum/internal/uid"
)

// Poll is what the polls of a connection's metadata know beside its settings. It is a row of metadata_polls.
type Poll struct {
	ConnectionID uid.ID
	NextAt       time.Time
	Fingerprint  string // of the document last read
	// Leaving are certificates that the identity provider no longer names, by fingerprint, each with the instant from which
	// it is not.
	Leaving JSON[map[string]time.Time]
}

const (
	// pollEvery is how often metadata is read; pollAgain when that failed. Polls of many connections are spread over pollSpread.
	pollEvery  = 6 * time.Hour
	pollAgain  = time.Hour
	pollSpread = time.Hour
	// leavingFor is how long a certificate outlives its place in the metadata: a provider with several machines takes a while
	// to switch all of them.
	leavingFor = 7 * day
)

// ChangeCertificateLeaving is a certificate that metadata no longer names; it is trusted for a few days yet.
const ChangeCertificateLeaving saml.ChangeKind = "certificate_leaving"

// PollMetadata reads the metadata, or the discovery, of the connections of the tenant of ctx whose time has come: the hourly
// chore. What is added counts at once; a certificate that is gone counts for 7 days longer, unless the provider has signed
// with one that stays. What cannot be read changes nothing but the note on the connection, and no poll ever switches a
// connection. It asks nobody's permission. Event connection.metadata_changed.
func (s *Service) PollMetadata(ctx context.Context) error {
	var due []Connection
	err := s.Keep.InTenant(ctx, func(ctx context.Context) error {
		all, err := s.Keep.SignOnConnections(ctx)
		if err != nil {
			return err
		}
		for _, c := range all {
			p, err := s.Keep.MetadataPoll(ctx, c.ID)
			if err != nil {
				return err
			}
			if c.polled() && !s.Now().Before(p.NextAt) {
				due = append(due, c)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range due {
		if err := s.poll(ctx, c); err != nil && !errors.Is(err, ErrConnectionNotFound) {
			errs = append(errs, fmt.Errorf("connection %s: %w", c.ID, err))
		}
	}
	return errors.Join(errs...)
}

// polled tells whether there is something to read for the connection.
func (c Connection) polled() bool {
	switch c.Kind {
	case auth.ProtocolSAML:
		st, err := c.SAML()
		return err == nil && st.MetadataURL != ""
	case auth.ProtocolOIDC:
		st, err := c.OIDC()
		return err == nil && st.Issuer != ""
	}
	return false
}

func (s *Service) poll(ctx context.Context, c Connection) error {
	var failed error
	switch c.Kind {
	case auth.ProtocolSAML:
		failed = s.pollSAML(ctx, c)
	case auth.ProtocolOIDC:
		st, err := c.OIDC()
		if err != nil {
			return err
		}
		_, failed = s.oidc.Discover(ctx, st.Issuer)
	}
	next := s.Now().Add(pollEvery + spread(c.ID))
	if failed != nil {
		next = s.Now().Add(pollAgain)
		s.Log.InfoContext(ctx, "metadata was not read", slog.String("connection", c.ID.String()), slog.Any("err", failed))
	}
	err := s.Keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.Keep.MetadataPoll(ctx, c.ID)
		if err != nil {
			return err
		}
		p.NextAt = next
		return s.Keep.SaveMetadataPoll(ctx, p)
	})
	return errors.Join(err, s.noteCheck(ctx, &c, failed))
}

// spread gives each connection its own place within pollSpread, always the same.
func spread(id uid.ID) time.Duration {
	return pollSpread * time.Duration(id[len(id)-1]) / 256
}

// pollSAML reads metadata and takes over what changed. Someone who changes the connection at the same moment wins; the next
// poll reads again.
func (s *Service) pollSAML(ctx context.Context, c Connection) error {
	st, err := c.SAML()
	if err != nil {
		return err
	}
	text, err := s.fetchMetadata(ctx, st.MetadataURL)
	if err != nil {
		return err
	}
	m, err := saml.ParseMetadata(text, st.EntityID, s.Now())
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.Keep.ConnectionByID(ctx, c.ID)
		if err != nil {
			return err
		}
		if st, err = c.SAML(); err != nil {
			return err
		}
		p, err := s.Keep.MetadataPoll(ctx, c.ID)
		if err != nil {
			return err
		}
		signed, err := s.signedWith(ctx, c.ID, m.SigningCertificates)
		if err != nil {
			return err
		}
		changes, err := p.take(&st, m, signed, s.Now())
		if err != nil {
			return err
		}
		p.Fingerprint = hex.EncodeToString(sum[:])
		if err := s.Keep.SaveMetadataPoll(ctx, p); err != nil {
			return err
		}
		return s.keepPolled(ctx, c, st, changes)
	})
}

// keepPolled writes settings as a poll left them. The revision counts only what people would call a change.
func (s *Service) keepPolled(ctx context.Context, c Connection, st saml.Settings, changes []saml.Change) error {
	if err := st.Validate(); err != nil {
		return err // the last good settings stay
	}
	raw, err := json.Marshal(st)
	if err != nil {
		return fmt.Errorf("write settings: %w", err)
	}
	if len(changes) == 0 && string(raw) == string(c.Settings) {
		return nil
	}
	was := c.Revision
	c.Settings = raw
	if len(changes) > 0 {
		c.Revision, c.UpdatedAt = c.Revision+1, s.Now()
	}
	if err := s.Keep.SetConnection(ctx, c, was); err != nil {
		if errors.Is(err, ErrStaleRevision) {
			return nil
		}
		return err
	}
	if len(changes) == 0 {
		return nil
	}
	return s.tell(ctx, "connection.metadata_changed", "connection", c.ID, map[string]any{"connection_id": c.ID, "name": c.Name, "changes": changes})
}

// take lays metadata over settings, with certificates that left it kept for a while, and says what changed. signed are the
// fingerprints of certificates in the metadata with which the provider was seen to sign.
func (p *Poll) take(st *saml.Settings, m saml.Metadata, signed bool, now time.Time) (changes []saml.Change, err error) {
	before, err := certificatesOf(*st)
	if err != nil {
		return nil, err
	}
	leaving := map[string]time.Time{}
	for _, c := range st.Apply(m) {
		if c.Kind != saml.ChangeCertificateRemoved {
			changes = append(changes, c)
			continue
		}
		until, known := p.Leaving.V[c.From]
		if !known {
			until = now.Add(leavingFor)
		}
		if signed || !now.Before(until) || len(st.SigningCertificates) >= saml.MaxCertificates {
			changes = append(changes, c)
			continue
		}
		if !known {
			changes = append(changes, saml.Change{Kind: ChangeCertificateLeaving, Field: c.Field, From: c.From})
		}
		leaving[c.From] = until
		st.SigningCertificates = append(st.SigningCertificates, before[c.From])
	}
	p.Leaving.V = leaving
	return changes, nil
}

// certificatesOf gives the pinned certificates by their fingerprints.
func certificatesOf(st saml.Settings) (map[string]string, error) {
	described, err := st.Certificates()
	out := map[string]string{}
	for i, c := range described {
		out[c.Fingerprint] = st.SigningCertificates[i]
	}
	return out, err
}

// signedWith tells whether one of the connection's last attempts that were believed was signed with one of these
// certificates, whose fingerprint stands in its trace, and none after it with another.
func (s *Service) signedWith(ctx context.Context, connection uid.ID, certificates []string) (bool, error) {
	list, err := s.Keep.AttemptsOf(ctx, AttemptFilter{Connection: connection})
	if err != nil {
		return false, err
	}
	staying, err := certificatesOf(saml.Settings{SigningCertificates: certificates})
	if err != nil {
		return false, err
	}
	for _, a := range list { // the newest first
		for _, check := range a.Checks.V {
			if check.Name == saml.CheckSignature && check.OK && a.Outcome != OutcomeRefused {
				return slices.ContainsFunc(keysOf(staying), func(fingerprint string) bool { return strings.Contains(check.Detail, fingerprint) }), nil
			}
		}
	}
	return false, nil
}

func keysOf(m map[string]string) (keys []string) {
	for k := range m {
		keys = append(keys, k)
	}
	return keys
}
