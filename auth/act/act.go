// Package act is the log of acts: what operators, the command line and the system did to the platform and to portals, in
// a chain of hashes. It is not a portal's own audit log (auth/audit), which tells the portal's people what happened in
// it. The chain is written by the database at the commit (migrations/control), whoever inserts; here it is read, checked
// and exported.
package act

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Act is one entry of the log. Names are as they are now and in no hash.
type Act struct {
	Seq       int64 // 1, 2, 3, … without a gap
	ID        uid.ID
	ActorKind string  // operator, operator_key, command_line, system, person
	ActorID   *uid.ID // the operator or the key; nil: the command line or the system
	Action    string  // "tenant.suspended"
	TenantID  *uid.ID // nil: about no portal
	Data      string  // a JSON object as the database writes it, byte by byte as it was hashed
	At        time.Time
	Prev      []byte // the hash of the entry before; of the first, Genesis
	Hash      []byte

	ActorName  string // "" when the operator is not known
	TenantSlug string // "" when the portal is gone
}

// Genesis is what the first entry follows.
func Genesis() []byte {
	sum := sha256.Sum256([]byte("lyceum acts v1"))
	return sum[:]
}

// Digest is the SHA-256 of the entry before and of every field of this one but Hash, each with its length in front. Times
// are in microseconds since 1970.
func (a Act) Digest() []byte {
	h := sha256.New()
	number := func(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }
	part := func(b []byte) {
		h.Write(number(int64(len(b))))
		h.Write(b)
	}
	id := func(id *uid.ID) []byte {
		if id == nil {
			return nil
		}
		return id[:]
	}
	for _, b := range [][]byte{
		a.Prev, number(a.Seq), a.ID[:], []byte(a.ActorKind), id(a.ActorID), []byte(a.Action), id(a.TenantID), []byte(a.Data), number(a.At.UnixMicro()),
	} {
		part(b)
	}
	return h.Sum(nil)
}

// HashText is the hash in hexadecimal.
func (a Act) HashText() string { return hex.EncodeToString(a.Hash) }

// ErrBroken is a chain that does not hold: an entry was changed, removed or put in.
var ErrBroken = fault.New(fault.KindConflict, "acts_broken", "The log of acts does not hold together. Do not change anything; keep your exports and find out who could write to the database.")

// ErrExport is a file that is no export of the log.
var ErrExport = fault.New(fault.KindInvalid, "acts_not_an_export", "This is no export of the log of acts.")

// Chain checks entries one after the other as they come, from the first of the log.
type Chain struct {
	seq  int64
	hash []byte
}

// Follow takes the next entry; ErrBroken, saying which and how, when it does not follow.
func (c *Chain) Follow(a Act) error {
	prev := c.hash
	if prev == nil {
		prev = Genesis()
	}
	switch {
	case a.Seq != c.seq+1:
		return ErrBroken.Saying("After entry %d the log of acts goes on with %d: what stood between is gone.", c.seq, a.Seq)
	case !bytes.Equal(a.Prev, prev):
		return ErrBroken.Saying("Entry %d of the log of acts does not follow the one before: one of the two was changed.", a.Seq)
	}
	if err := a.Sound(); err != nil {
		return err
	}
	c.seq, c.hash = a.Seq, a.Hash
	return nil
}

// Sound is nil when the entry itself is as it was written; ErrBroken.
func (a Act) Sound() error {
	if !hmac.Equal(a.Digest(), a.Hash) {
		return ErrBroken.Saying("Entry %d of the log of acts was changed after it was written.", a.Seq)
	}
	return nil
}

// Filter narrows a reading of the log. Zero values do not narrow, but for System.
type Filter struct {
	System bool   // also what the system did by itself, which is most
	Action string // "tenant.suspended", or all of a kind: "tenant.*"
	Actor  uid.ID
	Kind   string // of actor
	Tenant string // its name, also of a portal that is gone
	From   time.Time
	Until  time.Time // before
	Page   page.Request
}

// Line is an entry as it is exported and answered, hashes in hexadecimal.
type Line struct {
	Seq       int64     `json:"seq"`
	ID        uid.ID    `json:"id"`
	Action    string    `json:"action"`
	ActorKind string    `json:"actor_kind"`
	ActorID   *uid.ID   `json:"actor_id"`
	ActorName string    `json:"actor_name"`
	TenantID  *uid.ID   `json:"tenant_id"`
	Tenant    string    `json:"tenant"`
	At        time.Time `json:"at"`
	Prev      string    `json:"prev"`
	Hash      string    `json:"hash"`
	// Data stays as it was hashed, so it is the last member and written by hand: encoding/json would take its spaces out.
	Data json.RawMessage `json:"data,omitempty"`
}

// MarshalLine gives an entry as a line of JSON Lines, without its end.
func (a Act) MarshalLine() ([]byte, error) {
	l := Line{
		Seq: a.Seq, ID: a.ID, Action: a.Action, ActorKind: a.ActorKind, ActorID: a.ActorID, ActorName: a.ActorName, TenantID: a.TenantID, Tenant: a.TenantSlug,
		At: a.At.UTC(), Prev: hex.EncodeToString(a.Prev), Hash: a.HashText(),
	}
	raw, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	raw = append(raw[:len(raw)-1], `,"data":`...)
	return append(append(raw, a.Data...), '}'), nil
}

// Act gives the entry that a line was made of.
func (l Line) Act() (Act, error) {
	a := Act{
		Seq: l.Seq, ID: l.ID, Action: l.Action, ActorKind: l.ActorKind, ActorID: l.ActorID, ActorName: l.ActorName, TenantID: l.TenantID, TenantSlug: l.Tenant,
		At: l.At, Data: string(l.Data),
	}
	for to, text := range map[*[]byte]string{&a.Prev: l.Prev, &a.Hash: l.Hash} {
		raw, err := hex.DecodeString(text)
		if err != nil || len(raw) != sha256.Size {
			return a, fmt.Errorf("entry %d: a hash is not 64 hexadecimal digits", l.Seq)
		}
		*to = raw
	}
	return a, nil
}
