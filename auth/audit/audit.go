// Package audit is a tenant's audit log: who did what to whom, in a chain of hashes that an auditor can check. An entry is
// made of an event in the transaction in which it happened (store does that at the commit), is never changed or removed
// (the tenant's role may insert and read, nothing else), and carries the hash of the one before. Which events are entries
// is decided here; it is not the event log, which also holds every step of learning and is kept for 30 days only.
package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Entry is one line of the log. It is a row of audit.
type Entry struct {
	Seq         int64 // 1, 2, 3, … without a gap
	ID          uid.ID
	Type        string
	ActorID     *uid.ID // nil: the system, or a stranger
	ActorKind   string
	SubjectType string
	SubjectID   uid.ID
	IP          string // where the request came from; empty for jobs and the command line
	RequestID   string
	Data        string // a JSON object, kept byte by byte as it was hashed
	At          time.Time
	Prev        []byte // the hash of the entry before; of the first, Genesis
	Hash        []byte
}

// Wants tells whether an event of a type goes into the audit log: all but the steps of learning, which are many, are
// nobody's to answer for, and have their own evidence; and but the clock's reminders.
func Wants(typ string) bool {
	for _, prefix := range []string{"lesson.", "quiz."} {
		if strings.HasPrefix(typ, prefix) {
			return false
		}
	}
	switch typ {
	case "enrolment.started", "enrolment.due_soon", "enrolment.overdue", "reminder.sent", "push.made":
		return false
	}
	return true
}

// Genesis is what the first entry of a tenant follows: the log of one tenant is no continuation of another's.
func Genesis(tenant uid.ID) []byte {
	sum := sha256.Sum256(append([]byte("lyceum audit log v1 "), tenant[:]...))
	return sum[:]
}

// Of makes the entry that follows prev at seq.
func Of(e event.Event, seq int64, prev []byte) Entry {
	entry := Entry{
		Seq: seq, ID: e.ID, Type: e.Type, ActorID: e.ActorID, ActorKind: e.ActorKind, SubjectType: e.SubjectType, SubjectID: e.SubjectID,
		IP: e.IP, RequestID: e.RequestID, Data: string(e.Data), At: e.At.UTC().Truncate(time.Microsecond), Prev: prev,
	}
	entry.Hash = entry.Digest()
	return entry
}

// Digest is the SHA-256 of the entry before and of every field of this one but Hash, each with its length in front, so that
// no two entries have the same bytes. Times are in microseconds since 1970, as PostgreSQL keeps them.
func (e Entry) Digest() []byte {
	h := sha256.New()
	part := func(b []byte) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	number := func(n int64) {
		var b [8]byte
		binary.BigEndian.PutUint64(b[:], uint64(n))
		part(b[:])
	}
	part(e.Prev)
	number(e.Seq)
	part(e.ID[:])
	part([]byte(e.Type))
	if e.ActorID != nil {
		part(e.ActorID[:])
	} else {
		part(nil)
	}
	for _, text := range []string{e.ActorKind, e.SubjectType} {
		part([]byte(text))
	}
	part(e.SubjectID[:])
	for _, text := range []string{e.IP, e.RequestID, e.Data} {
		part([]byte(text))
	}
	number(e.At.UnixMicro())
	return h.Sum(nil)
}

// Line is an entry as it is exported and answered: one JSON object a line (JSON Lines), hashes in hexadecimal.
type Line struct {
	Seq         int64           `json:"seq"`
	ID          uid.ID          `json:"id"`
	Type        string          `json:"type"`
	ActorID     *uid.ID         `json:"actor_id"`
	ActorKind   string          `json:"actor_kind"`
	SubjectType string          `json:"subject_type"`
	SubjectID   uid.ID          `json:"subject_id"`
	IP          string          `json:"ip"`
	RequestID   string          `json:"request_id"`
	Data        json.RawMessage `json:"data"`
	At          time.Time       `json:"at"`
	Prev        string          `json:"prev"`
	Hash        string          `json:"hash"`
}

// Line gives the entry as it is exported.
func (e Entry) Line() Line {
	return Line{
		Seq: e.Seq, ID: e.ID, Type: e.Type, ActorID: e.ActorID, ActorKind: e.ActorKind, SubjectType: e.SubjectType, SubjectID: e.SubjectID,
		IP: e.IP, RequestID: e.RequestID, Data: json.RawMessage(e.Data), At: e.At.UTC(), Prev: fmt.Sprintf("%x", e.Prev), Hash: fmt.Sprintf("%x", e.Hash),
	}
}

// Entry gives the entry that a line was made of.
func (l Line) Entry() (Entry, error) {
	e := Entry{
		Seq: l.Seq, ID: l.ID, Type: l.Type, ActorID: l.ActorID, ActorKind: l.ActorKind, SubjectType: l.SubjectType, SubjectID: l.SubjectID,
		IP: l.IP, RequestID: l.RequestID, Data: string(l.Data), At: l.At,
	}
	for to, text := range map[*[]byte]string{&e.Prev: l.Prev, &e.Hash: l.Hash} {
		if _, err := fmt.Sscanf(text, "%x", to); err != nil || len(*to) != sha256.Size {
			return e, fmt.Errorf("entry %d: a hash is not 64 hexadecimal digits", l.Seq)
		}
	}
	return e, nil
}

// Filter narrows a reading of the log. Zero values do not narrow.
type Filter struct {
	Type    string // "person.signed_in", or all of a kind: "person.*"
	Actor   uid.ID
	Subject uid.ID
	IP      string
	From    time.Time // at or after
	Until   time.Time // before
	Page    page.Request
}

// ErrBroken is a chain that does not hold: an entry was changed, removed or put in from outside of the product.
var ErrBroken = fault.New(fault.KindConflict, "audit_broken", "The audit log does not hold together. Do not change anything; call your platform operator and keep your exports.")
