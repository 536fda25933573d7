package signon

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"regexp"
	"slices"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/saml"
	"lyceum/internal/uid"
)

// Prospect is what a date means for sign-in.
type Prospect string

const (
	// ProspectWorks changes nothing.
	ProspectWorks Prospect = "works"
	// ProspectWatch needs someone to look, and breaks nothing by itself.
	ProspectWatch Prospect = "watch"
	// ProspectBreaks keeps people from signing in.
	ProspectBreaks Prospect = "breaks"
)

// Finding is what one thing with a date would mean at the moment that was asked about. Code is stable: its words are the
// messages outlook.<code>.
type Finding struct {
	Prospect Prospect
	Code     string
	Name     string    // of the certificate or key
	Until    time.Time // when it ends, or ended; zero where nothing ends
	Signed   bool      // this certificate signed the last real answer
}

// Outlook tells what of a connection would work at a moment and what would not: it looks at everything that has a date as
// if it were then. keys are ours, the one that signs first. It is a pure function.
func Outlook(c Connection, keys []saml.Certificate, last LastAnswer, at time.Time) ([]Finding, error) {
	var out []Finding
	switch c.Kind {
	case auth.ProtocolSAML:
		st, err := c.SAML()
		if err != nil {
			return nil, err
		}
		certs, err := st.Certificates()
		if err != nil {
			return nil, err
		}
		out = append(theirs(c, st, certs, last, at), ours(st, keys, at)...)
		if st.AllowSHA1Until != nil {
			out = append(out, sha1(*st.AllowSHA1Until, last, at))
		}
		if !st.ValidUntil.IsZero() {
			out = append(out, metadataEnds(c, st, at))
		}
	case auth.ProtocolLDAP:
		st, err := c.LDAP()
		if err != nil {
			return nil, err
		}
		out = authoritiesAt(st.CACertificates, at)
	}
	if len(out) == 0 {
		out = append(out, Finding{Prospect: ProspectWorks, Code: "nothing_ends"})
	}
	slices.SortStableFunc(out, func(a, b Finding) int { return weight(b.Prospect) - weight(a.Prospect) })
	return out, nil
}

// LastAnswer is what the last real answer was signed with, as far as the trace tells.
type LastAnswer struct {
	Fingerprint string // of the certificate
	SHA1        bool
}

func weight(v Prospect) int {
	return slices.Index([]Prospect{ProspectWorks, ProspectWatch, ProspectBreaks}, v)
}

// theirs looks at the identity provider's certificates. Their keys are what is trusted, so that an expired one goes on
// working here; but identity providers replace theirs at that time, and then what counts is whether we know the new one.
func theirs(c Connection, st saml.Settings, certs []saml.Certificate, last LastAnswer, at time.Time) (out []Finding) {
	successor := slices.ContainsFunc(certs, func(one saml.Certificate) bool { return at.Before(one.NotAfter) })
	for _, one := range certs {
		f := Finding{Prospect: ProspectWorks, Code: "idp_valid", Name: one.Subject, Until: one.NotAfter, Signed: one.Fingerprint == last.Fingerprint}
		switch {
		case at.Before(one.NotBefore):
			f.Code = "idp_not_yet"
		case !one.Expired(at):
		case successor:
			f.Code = "idp_replaced"
		case st.MetadataURL != "" && c.Problem == "":
			f.Prospect, f.Code = ProspectWatch, "idp_polled"
		case st.MetadataURL != "":
			f.Prospect, f.Code = ProspectBreaks, "idp_poll_fails"
		default:
			f.Prospect, f.Code = ProspectBreaks, "idp_no_successor"
		}
		out = append(out, f)
	}
	if len(certs) == 0 {
		out = append(out, Finding{Prospect: ProspectBreaks, Code: "idp_no_certificate"})
	}
	return out
}

// ours looks at our own keys: what is signed with one that has ended may be refused by the identity provider, and so may
// what it encrypts for one; a next key that is published already takes over in time.
func ours(st saml.Settings, keys []saml.Certificate, at time.Time) (out []Finding) {
	next := slices.ContainsFunc(keys, func(k saml.Certificate) bool { return at.Before(k.NotAfter) && !at.Before(k.NotBefore) })
	for i, k := range keys {
		f := Finding{Prospect: ProspectWorks, Code: "own_valid", Name: k.Subject, Until: k.NotAfter}
		switch {
		case !k.Expired(at):
			if i > 0 {
				f.Code = "own_next"
			}
		case next:
			f.Prospect, f.Code = ProspectWatch, "own_replaced"
		case st.SignRequests || st.RequireEncrypted:
			f.Prospect, f.Code = ProspectBreaks, "own_ended"
		default:
			f.Prospect, f.Code = ProspectWatch, "own_unused"
		}
		out = append(out, f)
	}
	return out
}

func sha1(until time.Time, last LastAnswer, at time.Time) Finding {
	f := Finding{Prospect: ProspectWatch, Code: "sha1_allowed", Until: until}
	switch {
	case at.Before(until):
	case last.SHA1:
		f.Prospect, f.Code = ProspectBreaks, "sha1_ends"
	default:
		f.Prospect, f.Code = ProspectWorks, "sha1_over"
	}
	return f
}

func metadataEnds(c Connection, st saml.Settings, at time.Time) Finding {
	f := Finding{Prospect: ProspectWorks, Code: "metadata_valid", Until: st.ValidUntil}
	switch {
	case at.Before(st.ValidUntil):
	case st.MetadataURL != "" && c.Problem == "":
		f.Code = "metadata_polled"
	default:
		f.Prospect, f.Code = ProspectWatch, "metadata_old"
	}
	return f
}

// authoritiesAt looks at the certificates that a directory's own certificate is checked against.
func authoritiesAt(pems string, at time.Time) (out []Finding) {
	all, ended := 0, 0
	rest := []byte(pems)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		ca, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue // Validate refuses such settings
		}
		all++
		f := Finding{Prospect: ProspectWorks, Code: "ca_valid", Name: ca.Subject.String(), Until: ca.NotAfter.UTC()}
		if at.After(ca.NotAfter) {
			f.Prospect, f.Code = ProspectWatch, "ca_ended"
			ended++
		}
		out = append(out, f)
	}
	if all > 0 && ended == all {
		for i := range out {
			out[i].Prospect, out[i].Code = ProspectBreaks, "ca_all_ended"
		}
	}
	return out
}

var fingerprint = regexp.MustCompile(`(?:[0-9A-F]{2}:){31}[0-9A-F]{2}`)

// lastAnswer reads from the trace what the newest believed answer was signed with.
func lastAnswer(attempts []Attempt) (last LastAnswer) {
	for _, a := range attempts {
		for _, check := range a.Checks.V {
			if check.Name != saml.CheckSignature || !check.OK {
				continue
			}
			if found := fingerprint.FindString(check.Detail); found != "" {
				return LastAnswer{Fingerprint: found, SHA1: strings.Contains(strings.ToLower(check.Detail), "sha1")}
			}
		}
	}
	return last
}

// OutlookOf is Outlook with what is kept of a connection. It needs connection:manage.
func (s *Service) OutlookOf(ctx context.Context, connection uid.ID, at time.Time) ([]Finding, error) {
	t, err := s.Attempts(ctx, AttemptFilter{Connection: connection})
	if err != nil {
		return nil, err
	}
	var keys []SigningKey
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		keys, err = s.Keep.SigningKeys(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	described, err := describeKeys(keys)
	if err != nil {
		return nil, err
	}
	return Outlook(t.Connection, described, lastAnswer(t.Attempts), at)
}

// describeKeys gives our keys that are published, the one that signs first.
func describeKeys(keys []SigningKey) (list []saml.Certificate, err error) {
	for _, k := range keys {
		if k.RetiredAt != nil {
			continue
		}
		d, err := (saml.Key{Certificate: k.Certificate}).Describe()
		if err != nil {
			return nil, err
		}
		if k.CurrentAt != nil {
			list = slices.Insert(list, 0, d)
		} else {
			list = append(list, d)
		}
	}
	return list, nil
}

// Health is how a connection does, for the list.
type Health struct {
	LastAdmitted, LastRefused, LastTried time.Time // zero: none of those that are kept
	// Ends is when the last of the certificates ends: while one is good, people sign in. Zero: there is none.
	Ends time.Time
	// Missing tells that the settings are not complete.
	Missing bool
}

// warnDays are the days before an end at which it is warned.
var warnDays = []int{1, 7, 30, 60}

// Warning gives the smallest of 1, 7, 30, 60 days within which the connection's end lies; 0 where it has ended and -1 where
// there is nothing to warn of.
func (h Health) Warning(now time.Time) int {
	if h.Ends.IsZero() {
		return -1
	}
	left := h.Ends.Sub(now)
	if left <= 0 {
		return 0
	}
	for _, days := range warnDays {
		if left <= time.Duration(days)*24*time.Hour {
			return days
		}
	}
	return -1
}

// ConnectionHealth gives a connection and how it does. It needs connection:manage; ErrConnectionNotFound.
func (s *Service) ConnectionHealth(ctx context.Context, id uid.ID) (c Connection, h Health, err error) {
	err = s.within(ctx, id, func(ctx context.Context) error {
		if c, err = s.Keep.ConnectionByID(ctx, id); err != nil {
			return err
		}
		last, err := s.Keep.LastAttempts(ctx)
		if err != nil {
			return err
		}
		h, err = c.health(last[id])
		return err
	})
	return c, h, err
}

func (c Connection) health(last map[Outcome]time.Time) (h Health, err error) {
	h = Health{LastAdmitted: last[OutcomeAdmitted], LastRefused: last[OutcomeRefused], LastTried: last[OutcomeDryRun], Missing: c.Complete() != nil}
	h.Ends, err = c.ends()
	return h, err
}

// Healths gives how all connections do, by id. It needs connection:manage.
func (s *Service) Healths(ctx context.Context) (map[uid.ID]Health, error) {
	list, err := s.Connections(ctx)
	if err != nil {
		return nil, err
	}
	var last map[uid.ID]map[Outcome]time.Time
	if err := s.Keep.InTenant(ctx, func(ctx context.Context) error {
		last, err = s.Keep.LastAttempts(ctx)
		return err
	}); err != nil {
		return nil, err
	}
	out := map[uid.ID]Health{}
	for _, c := range list {
		if out[c.ID], err = c.health(last[c.ID]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ends is when the connection's certificates end, as they are warned of; zero where it has none.
func (c Connection) ends() (at time.Time, err error) {
	found, err := c.expiries()
	for _, e := range found {
		if e.Kind == ExpiryIdP || e.Kind == ExpiryAuthority {
			at = e.At
		}
	}
	return at, err
}
