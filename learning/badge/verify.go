package badge

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Verdict is what checking a credential found. Everything in it stood under a signature that holds.
type Verdict struct {
	Issuer     string // the did:web
	IssuerName string
	KeyID      string
	Person     string // as the credential names them
	Course     string
	Version    string
	Result     string // in percent, "" for none
	IssuedAt   time.Time
	ID         string     // the page that says the same
	ValidUntil *time.Time // nil: for ever
	Revoked    bool       // known only with StatusAt
	StatusAt   *time.Time // when the status list was signed; nil: it was not asked
}

// Source gives what a check needs from elsewhere: the DID document at an address, a status list at another.
type Source interface {
	Document(url string) ([]byte, error)
	// List gives the status list, a JWT; nil for a check that leaves revocation open.
	List(url string) ([]byte, error)
}

// Failures of a check. Each comes with its reason.
var (
	ErrNotOurs   = errors.New("this is no Open Badges 3.0 credential")
	ErrUnproven  = errors.New("the credential is not proven")
	ErrStale     = errors.New("the status list is too old to say anything")
	ErrWithdrawn = errors.New("the certificate was withdrawn by who issued it")
	ErrExpired   = errors.New("the certificate is not valid any more")
)

// Extract finds the credential in a file: a JWT itself, or a picture (SVG) that carries one.
func Extract(file []byte) (string, error) {
	text := strings.TrimSpace(string(file))
	if !strings.HasPrefix(text, "<") {
		return text, nil
	}
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return "", fmt.Errorf("%w: the picture carries none", ErrNotOurs)
		}
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrNotOurs, err)
		}
		el, ok := t.(xml.StartElement)
		if !ok || el.Name.Local != "credential" || el.Name.Space != bakeNamespace {
			continue
		}
		for _, a := range el.Attr {
			if a.Name.Local == "verify" {
				return strings.TrimSpace(a.Value), nil
			}
		}
	}
}

// read is what of a credential is looked at.
type read struct {
	ID        string    `json:"id"`
	Type      []string  `json:"type"`
	Issuer    profile   `json:"issuer"`
	ValidFrom time.Time `json:"validFrom"`
	ValidTill time.Time `json:"validUntil"`
	Subject   struct {
		ID          string      `json:"id"`
		Identifiers []identity  `json:"identifier"`
		Achievement achievement `json:"achievement"`
		Results     []result    `json:"result"`
	} `json:"credentialSubject"`
	Status *statusEntry `json:"credentialStatus"`
	Iss    string       `json:"iss"`
	Jti    string       `json:"jti"`
	Sub    string       `json:"sub"`
	Nbf    int64        `json:"nbf"`
	Exp    int64        `json:"exp"`
}

// Verify checks a credential at a moment (OB 3.0 §8.2.4.2, §8.3): who signed it by the issuer's own document, that it says what
// was signed, that its time has come and is not over, and whether it was withdrawn. What came out is in the verdict, also beside
// ErrWithdrawn and ErrExpired; one that was withdrawn and has expired is ErrWithdrawn.
func Verify(jwt string, from Source, at time.Time) (v Verdict, err error) {
	t, err := readToken(jwt)
	if err != nil {
		return v, fmt.Errorf("%w: %w", ErrNotOurs, err)
	}
	var claimed read
	if err := json.Unmarshal(t.unsafe(), &claimed); err != nil {
		return v, fmt.Errorf("%w: %w", ErrNotOurs, err)
	}
	if !slices.Contains(claimed.Type, "VerifiableCredential") || !slices.Contains(claimed.Type, "OpenBadgeCredential") && !slices.Contains(claimed.Type, "AchievementCredential") {
		return v, fmt.Errorf("%w: its types are %s", ErrNotOurs, strings.Join(claimed.Type, ", "))
	}
	doc, err := fetchDocument(claimed.Issuer.ID, from)
	if err != nil {
		return v, fmt.Errorf("%w: %w", ErrUnproven, err)
	}
	if _, err = t.under(doc); err != nil {
		return v, fmt.Errorf("%w: %w", ErrUnproven, err)
	}
	if err = claimed.consistent(at); err != nil {
		return v, fmt.Errorf("%w: %w", ErrUnproven, err)
	}
	v = claimed.verdict(t.kid)
	if claimed.Status != nil {
		if err = v.ask(*claimed.Status, doc, from, at); err != nil {
			return v, err
		}
	}
	if v.ValidUntil != nil && at.After(*v.ValidUntil) {
		return v, fmt.Errorf("%w: it was valid until %s", ErrExpired, stamp(*v.ValidUntil))
	}
	return v, nil
}

func fetchDocument(did string, from Source) (d document, err error) {
	url, err := documentURL(did)
	if err != nil {
		return d, err
	}
	raw, err := from.Document(url)
	if err != nil {
		return d, fmt.Errorf("the issuer's document: %w", err)
	}
	if err = json.Unmarshal(raw, &d); err != nil {
		return d, fmt.Errorf("the issuer's document: %w", err)
	}
	if d.ID != did {
		return d, fmt.Errorf("the document is that of %s, not of %s", d.ID, did)
	}
	return d, nil
}

// under checks the signature with the key that the issuer's document names.
func (t token) under(d document) ([]byte, error) {
	key, err := d.keyOf(t.kid)
	if err != nil {
		return nil, err
	}
	return t.verify(key)
}

// consistent tells whether the claims beside a credential say what it says itself, and whether it is valid at a moment.
func (r read) consistent(at time.Time) error {
	switch {
	case r.Iss != r.Issuer.ID:
		return fmt.Errorf("it says it is of %s and of %s", r.Iss, r.Issuer.ID)
	case r.Jti != r.ID || r.Sub != r.Subject.ID:
		return fmt.Errorf("its names contradict each other")
	case r.Nbf == 0 || r.Nbf != r.ValidFrom.Unix(), r.Exp != 0 && r.Exp != r.ValidTill.Unix():
		return fmt.Errorf("its dates contradict each other")
	case at.Before(r.ValidFrom):
		return fmt.Errorf("it is valid from %s", stamp(r.ValidFrom))
	}
	return nil
}

func (r read) verdict(kid string) Verdict {
	v := Verdict{
		Issuer: r.Issuer.ID, IssuerName: r.Issuer.Name, KeyID: kid, Course: r.Subject.Achievement.Name, Version: r.Subject.Achievement.Version, IssuedAt: r.ValidFrom, ID: r.ID,
	}
	for _, i := range r.Subject.Identifiers {
		if i.Kind == "name" && !i.Hashed {
			v.Person = i.Hash
		}
	}
	if !r.ValidTill.IsZero() {
		v.ValidUntil = &r.ValidTill
	}
	if len(r.Subject.Results) > 0 {
		v.Result = r.Subject.Results[0].Value
	}
	return v
}

// ask looks the credential up in its status list.
func (v *Verdict) ask(entry statusEntry, d document, from Source, at time.Time) error {
	if entry.Type != "BitstringStatusListEntry" || entry.Purpose != "revocation" {
		return fmt.Errorf("%w: its status is kept in a way that is not known here (%s, %s)", ErrUnproven, entry.Type, entry.Purpose)
	}
	raw, err := from.List(entry.List)
	if err != nil {
		return fmt.Errorf("%w: the status list: %w", ErrUnproven, err)
	}
	if raw == nil {
		return nil
	}
	list, err := readList(raw, d, entry.List)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnproven, err)
	}
	if !at.Before(time.Unix(list.Exp, 0)) {
		return fmt.Errorf("%w: it was signed on %s", ErrStale, stamp(time.Unix(list.Iat, 0)))
	}
	place, err := strconv.Atoi(entry.Index)
	if err != nil {
		return fmt.Errorf("%w: its place on the status list is no number", ErrUnproven)
	}
	if v.Revoked, err = bitOf(list.Subject.List, place); err != nil {
		return fmt.Errorf("%w: %w", ErrUnproven, err)
	}
	signed := time.Unix(list.Iat, 0).UTC()
	v.StatusAt = &signed
	if v.Revoked {
		return ErrWithdrawn
	}
	return nil
}

// readList reads a status list that the same issuer signed, and that is the one the credential names.
func readList(raw []byte, d document, url string) (s statusCredential, err error) {
	t, err := readToken(strings.TrimSpace(string(raw)))
	if err != nil {
		return s, fmt.Errorf("the status list: %w", err)
	}
	payload, err := t.under(d)
	if err != nil {
		return s, fmt.Errorf("the status list: %w", err)
	}
	if err = json.Unmarshal(payload, &s); err != nil {
		return s, fmt.Errorf("the status list: %w", err)
	}
	if s.ID != url || s.Issuer != d.ID || s.Iss != d.ID || s.Subject.Purpose != "revocation" || !slices.Contains(s.Type, "BitstringStatusListCredential") {
		return s, fmt.Errorf("the status list is another one than the credential names")
	}
	return s, nil
}
