package privacy

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"lyceum/internal/uid"
	"lyceum/tenant"
)

// ReceiptType is in the header of a receipt (RFC 7515 §4.1.9), by which it is told from anything else that the portal signs.
const ReceiptType = "lyceum-person-erasure+jws"

// maxReceipt bounds a receipt that is read, in bytes.
const maxReceipt = 64 << 10

// Receipt is what is signed: that a person was erased. It names nobody: Subject is the pseudonym that stands where their name stood.
type Receipt struct {
	Version      int           `json:"version"`
	ID           uid.ID        `json:"id"`
	Portal       string        `json:"portal"` // its address
	Organization string        `json:"organization"`
	Subject      string        `json:"subject"`
	AskedBy      string        `json:"asked_by"` // person: they themselves; portal: somebody of the portal
	AskedAt      time.Time     `json:"asked_at"`
	DecidedAt    *time.Time    `json:"decided_at,omitempty"`
	ErasedAt     time.Time     `json:"erased_at"`
	Steps        []ReceiptStep `json:"steps"`
	Stays        []Stay        `json:"stays"`
}

// ReceiptStep is a step that was done, with rows by what was done with them.
type ReceiptStep struct {
	Step   string           `json:"step"`
	DoneAt time.Time        `json:"done_at"`
	Counts map[string]int64 `json:"counts,omitempty"`
}

// Stay is what stays, and by which right.
type Stay struct {
	What string `json:"what"`
	Why  string `json:"why"`
	Rows int64  `json:"rows,omitempty"`
}

// stayWords say what of a topic stays, in a receipt's own language: it outlives the portal's.
var stayWords = map[Why]string{
	WhyProof:   "GDPR Art. 17(3)(e): certificates that were issued can be checked, without the name",
	WhyDuty:    "GDPR Art. 17(3)(b): proof of trainings that the law asks for, by an id without a name",
	WhyLog:     "GDPR Art. 17(3)(b), Art. 5(1)(f): a log that can be changed proves nothing",
	WhyOthers:  "GDPR Art. 4(5), Art. 17(3)(a): records of others, in which an id is left that leads to nobody",
	WhyReceipt: "GDPR Art. 5(2): that the erasure was done",
}

// beyond is what an erasure does not reach.
var beyond = []Stay{
	{What: "the ledger of usage behind the portal's bills, with the names that were counted", Why: "GDPR Art. 17(3)(b): the law wants books kept"},
	{What: "evidence packs and archives that were made before, until their days are over", Why: "GDPR Art. 17(3)(e): they are signed as a whole"},
	{What: "backups", Why: "until their retention ends"},
}

// receipt signs what was done; "" where not every step is done.
func (s *Service) receipt(ctx context.Context, e Erasure) (string, error) {
	r := Receipt{Version: 1, ID: e.ID, Subject: e.Pseudonym, AskedBy: "portal", AskedAt: e.AskedAt.UTC(), ErasedAt: s.Now().UTC()}
	if e.BySelf {
		r.AskedBy = "person"
	}
	if e.DecidedAt != nil {
		at := e.DecidedAt.UTC()
		r.DecidedAt = &at
	}
	t, _ := tenant.From(ctx)
	r.Portal, r.Organization = s.Base(t), t.Name
	err := s.Keep.InTenant(ctx, func(ctx context.Context) error {
		done, err := s.Keep.PersonErasureSteps(ctx, e.ID)
		if err != nil {
			return err
		}
		for _, d := range done {
			r.Steps = append(r.Steps, ReceiptStep{Step: d.Step, DoneAt: d.DoneAt.UTC(), Counts: d.Counts})
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(r.Steps, func(d ReceiptStep) bool { return d.Step == StepPerson }) || slices.ContainsFunc(r.Steps, func(d ReceiptStep) bool { return d.Step == StepReceipt }) {
		return "", nil
	}
	left, err := s.Stayed(ctx, e.PersonID)
	if err != nil {
		return "", err
	}
	for _, l := range left {
		if l.Fate == Kept {
			r.Stays = append(r.Stays, Stay{What: string(l.Topic), Why: stayWords[l.Why], Rows: l.Rows})
		}
	}
	r.Stays = append(r.Stays, beyond...)
	payload, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("receipt: %w", err)
	}
	return s.Sign.Sign(ctx, r.Portal, ReceiptType, payload)
}

// Keys finds the key that a portal (its address) gives under a name.
type Keys func(portal, kid string) (ed25519.PublicKey, error)

func parse(text string) (*jose.JSONWebSignature, error) {
	if len(text) > maxReceipt {
		return nil, fmt.Errorf("it is larger than %d bytes", maxReceipt)
	}
	return jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.EdDSA})
}

// IsReceipt tells whether a text says of itself that it is the receipt of a person's erasure; nothing is checked.
func IsReceipt(text string) bool {
	parsed, err := parse(text)
	return err == nil && parsed.Signatures[0].Header.ExtraHeaders["typ"] == ReceiptType
}

// Verify reads a receipt and checks it against the portal's keys.
func Verify(text string, keys Keys) (r Receipt, err error) {
	parsed, err := parse(text)
	if err != nil {
		return r, fmt.Errorf("it is no receipt: %w", err)
	}
	head := parsed.Signatures[0].Header
	if head.ExtraHeaders["typ"] != ReceiptType {
		return r, errors.New("it is signed, but is no receipt of a person's erasure")
	}
	if err := json.Unmarshal(parsed.UnsafePayloadWithoutVerification(), &r); err != nil {
		return Receipt{}, fmt.Errorf("it is no receipt: %w", err)
	}
	key, err := keys(r.Portal, head.KeyID)
	if err != nil {
		return Receipt{}, err
	}
	if _, err := parsed.Verify(key); err != nil {
		return Receipt{}, fmt.Errorf("the signature is not that of key %s, or a byte was changed", head.KeyID)
	}
	// A text may be another one and read the same (the last letter of base64 has bits to spare): it has to be as it was written.
	if again, err := parsed.CompactSerialize(); err != nil || again != text {
		return Receipt{}, errors.New("it was written in another way than it was signed")
	}
	return r, nil
}
