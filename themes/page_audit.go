package themes

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"lyceum/auth/audit"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// AuditForm is what narrows the log, as typed: dates as 2026-03-31, ids as they are.
type AuditForm struct{ Type, Actor, Subject, IP, From, Until string }

// Narrowed tells whether anything was typed.
func (f AuditForm) Narrowed() bool { return f != AuditForm{} }

// AuditPage is GET /audit?type=&actor=&subject=&ip=&from=&until=&after=: the audit log, newest first. The same address with
// /audit/export.csv and /audit/export.jsonl gives what matches as a file; /audit/check is AuditCheckPage.
type AuditPage struct {
	Form    AuditForm
	Entries page.Of[audit.Entry]
	Names   map[uid.ID]string // of actors and subjects, as far as known
}

func (p AuditPage) in(c *Chrome) (string, any) { return "audit", framed[AuditPage]{c, p} }

// AuditCheckPage is GET /audit/check: whether the chain of the log holds.
type AuditCheckPage struct{ Found audit.Checked }

func (p AuditCheckPage) in(c *Chrome) (string, any) {
	return "audit_check", framed[AuditCheckPage]{c, p}
}

// Problem is what is wrong with the chain, nil when it holds.
func (p AuditCheckPage) Problem() *fault.Fault {
	if p.Found.Broken == nil {
		return nil
	}
	return fault.Of(p.Found.Broken)
}

// Count is how many entries were read.
func (p AuditCheckPage) Count() int { return int(p.Found.Entries) }

// Export is the address of a file of what the form narrows the log to.
func (p AuditPage) Export(c *Chrome, as audit.Format) string {
	f := p.Form
	return c.Link("/audit/export."+string(as), "type", f.Type, "actor", f.Actor, "subject", f.Subject, "ip", f.IP, "from", f.From, "until", f.Until)
}

// Actor names who caused an entry, "" when that is not known.
func (p AuditPage) Actor(e audit.Entry) string {
	if e.ActorID == nil {
		return ""
	}
	return p.Names[*e.ActorID]
}

// Subject names whom an entry is about when it is a person other than who caused it, else "".
func (p AuditPage) Subject(e audit.Entry) string {
	if e.SubjectType != "person" || e.ActorID != nil && *e.ActorID == e.SubjectID {
		return ""
	}
	return p.Names[e.SubjectID]
}

// HashOf is an entry's hash in hexadecimal.
func (p AuditPage) HashOf(e audit.Entry) string { return hex.EncodeToString(e.Hash) }

// Details lists an entry's data by name.
func (c *Chrome) Details(e audit.Entry) ([]Fact, error) { return c.facts(json.RawMessage(e.Data)) }

// EventKind is the types of one noun, for choosing.
type EventKind struct {
	All, Label string // All is "person.*"
	Types      []EventType
}

// EventType is a type of event and what it is called.
type EventType struct{ Type, Label string }

// EventKinds lists the types that the audit log holds and this language has a name for, by noun.
func (c *Chrome) EventKinds() ([]EventKind, error) {
	byNoun := map[string]*EventKind{}
	var kinds []*EventKind
	for key := range c.keys {
		typ, ok := strings.CutPrefix(key, "event.")
		noun, _, dotted := strings.Cut(typ, ".")
		if !ok || !dotted || !audit.Wants(typ) {
			continue
		}
		k := byNoun[noun]
		if k == nil {
			label, err := c.Named("event_kind", noun)
			if err != nil {
				return nil, err
			}
			k = &EventKind{All: noun + ".*", Label: label}
			byNoun[noun], kinds = k, append(kinds, k)
		}
		label, err := c.T(key)
		if err != nil {
			return nil, err
		}
		k.Types = append(k.Types, EventType{typ, label})
	}
	slices.SortFunc(kinds, func(a, b *EventKind) int {
		return cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.All, b.All))
	})
	out := make([]EventKind, len(kinds))
	for i, k := range kinds {
		slices.SortFunc(k.Types, func(a, b EventType) int {
			return cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.Type, b.Type))
		})
		out[i] = *k
	}
	return out, nil
}
