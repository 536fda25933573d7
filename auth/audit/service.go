package audit

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Keeper is what the service needs kept. Everything but InTenant and InControl runs inside one of them.
type Keeper interface {
	InTenant(ctx context.Context, fn func(ctx context.Context) error) error
	InControl(ctx context.Context, fn func(ctx context.Context) error) error
	event.Log
	// AuditBy lists the log, newest first.
	AuditBy(ctx context.Context, f Filter) (page.Of[Entry], error)
	// AuditAfter gives what matches, oldest first, behind a number, at most n; the filter's page is not looked at.
	AuditAfter(ctx context.Context, f Filter, seq int64, n int) ([]Entry, error)
	// AuditHead gives the last entry; ErrEmpty.
	AuditHead(ctx context.Context) (Entry, error)
	// NamesOf gives the names of people, as far as they are there.
	NamesOf(ctx context.Context, people []uid.ID) (map[uid.ID]string, error)
	// InsertAnchor writes in the control schema how far a tenant's log went, where its role cannot change it.
	InsertAnchor(ctx context.Context, tenant uid.ID, a Anchor) error
	// LastAnchor gives the newest one of a tenant; ErrEmpty.
	LastAnchor(ctx context.Context, tenant uid.ID) (Anchor, error)
}

// Anchor is how far a log went at a time, kept outside of the tenant's schema: entries cut off at the end, which the chain
// alone cannot show, are missed by it.
type Anchor struct {
	Seq  int64     `json:"seq"`
	Hash string    `json:"hash"` // hexadecimal
	At   time.Time `json:"at"`
}

// ErrEmpty is a log, or a list of anchors, without an entry.
var ErrEmpty = fault.New(fault.KindNotFound, "audit_empty", "The audit log has no entry yet.")

// Service reads the log in the tenant of each call's context.
type Service struct {
	keep Keeper
	now  clock.Clock
}

// New makes the service.
func New(keep Keeper, now clock.Clock) *Service { return &Service{keep: keep, now: now} }

// Read lists entries, newest first. It needs audit:read.
func (s *Service) Read(ctx context.Context, f Filter) (out page.Of[Entry], err error) {
	if err := auth.Require(ctx, policy.AuditRead); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		out, err = s.keep.AuditBy(ctx, f)
		return err
	})
	return out, err
}

// Names gives the names of the people in entries, as far as they are known. It needs audit:read.
func (s *Service) Names(ctx context.Context, entries []Entry) (names map[uid.ID]string, err error) {
	if err := auth.Require(ctx, policy.AuditRead); err != nil {
		return nil, err
	}
	var people []uid.ID
	for _, e := range entries {
		if e.ActorID != nil {
			people = append(people, *e.ActorID)
		}
		if e.SubjectType == "person" {
			people = append(people, e.SubjectID)
		}
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		names, err = s.keep.NamesOf(ctx, people)
		return err
	})
	return names, err
}

// Checked is what a check of the whole chain found.
type Checked struct {
	Entries int64
	Head    string // the last entry's hash in hexadecimal
	Broken  error  // ErrBroken, saying where; nil: it holds
	Anchor  *Anchor
	At      time.Time
}

// piece is how many entries are read at once.
const piece = 1000

// Check reads the whole log and follows the chain from its beginning, and holds the newest anchor against it. It needs
// audit:read.
func (s *Service) Check(ctx context.Context) (out Checked, err error) {
	if err := auth.Require(ctx, policy.AuditRead); err != nil {
		return out, err
	}
	t, _ := tenant.From(ctx)
	anchor, err := s.anchor(ctx, t.ID)
	if err != nil {
		return out, err
	}
	out = Checked{Anchor: anchor, At: s.now()}
	chain, met := From(Genesis(t.ID)), anchor == nil
	err = s.each(ctx, Filter{}, func(e Entry) error {
		if out.Broken == nil {
			out.Broken = chain.Follow(e)
		}
		if anchor != nil && e.Seq == anchor.Seq {
			if met = fmt.Sprintf("%x", e.Hash) == anchor.Hash; !met && out.Broken == nil {
				out.Broken = ErrBroken.Saying("Entry %d is not the one that was anchored on %s.", e.Seq, anchor.At.UTC().Format(time.DateOnly))
			}
		}
		out.Entries++
		return nil
	})
	if err == nil && !met && out.Broken == nil {
		out.Broken = ErrBroken.Saying("The log went to entry %d on %s and ends earlier now.", anchor.Seq, anchor.At.UTC().Format(time.DateOnly))
	}
	_, out.Head = chain.Head()
	return out, err
}

func (s *Service) anchor(ctx context.Context, t uid.ID) (a *Anchor, err error) {
	err = s.keep.InControl(ctx, func(ctx context.Context) error {
		last, err := s.keep.LastAnchor(ctx, t)
		if errors.Is(err, ErrEmpty) {
			return nil
		}
		a = &last
		return err
	})
	return a, err
}

// Anchor notes in the control schema how far the log of the tenant of ctx went, unless nothing came since the last. It
// asks nobody's permission: a chore calls it daily.
func (s *Service) Anchor(ctx context.Context) error {
	t, _ := tenant.From(ctx)
	var head Entry
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		head, err = s.keep.AuditHead(ctx)
		return err
	})
	if errors.Is(err, ErrEmpty) {
		return nil
	}
	if err != nil {
		return err
	}
	last, err := s.anchor(ctx, t.ID)
	if err != nil || last != nil && last.Seq >= head.Seq {
		return err
	}
	return s.keep.InControl(ctx, func(ctx context.Context) error {
		return s.keep.InsertAnchor(ctx, t.ID, Anchor{Seq: head.Seq, Hash: fmt.Sprintf("%x", head.Hash), At: s.now()})
	})
}

// each reads what matches, oldest first, a piece at a time, each in a transaction of its own.
func (s *Service) each(ctx context.Context, f Filter, do func(Entry) error) error {
	for after := int64(0); ; {
		var entries []Entry
		err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
			entries, err = s.keep.AuditAfter(ctx, f, after, piece)
			return err
		})
		if err != nil {
			return err
		}
		for _, e := range entries {
			after = e.Seq
			if err := do(e); err != nil {
				return err
			}
		}
		if len(entries) < piece {
			return nil
		}
	}
}

// Format is a form of export.
type Format string

// The formats.
const (
	CSV       Format = "csv"   // RFC 4180, with a header line
	JSONLines Format = "jsonl" // one Line a line; the first line says whose log it is
)

// Header is the first line of an export as JSON Lines.
type Header struct {
	Log      string    `json:"log"` // HeaderLog
	Tenant   uid.ID    `json:"tenant"`
	Slug     string    `json:"slug"`
	Exported time.Time `json:"exported_at"`
	Whole    bool      `json:"whole"` // nothing was filtered out: the chain can be followed from the beginning
}

// HeaderLog names the format in Header.Log.
const HeaderLog = "lyceum-audit-1"

// Begin notes that the log was exported and gives what writes it, oldest entry first. It needs audit:read. Event
// audit.exported.
func (s *Service) Begin(ctx context.Context, f Filter, as Format) (write func(ctx context.Context, w io.Writer) error, err error) {
	if err := auth.Require(ctx, policy.AuditRead); err != nil {
		return nil, err
	}
	t, _ := tenant.From(ctx)
	who, _ := auth.PrincipalFrom(ctx)
	f.Page = page.Request{}
	header := Header{Log: HeaderLog, Tenant: t.ID, Slug: t.Slug, Exported: s.now(), Whole: f == Filter{}}
	e, err := event.New(ctx, s.now(), "audit.exported", "person", who.PersonID, map[string]any{"format": as, "whole": header.Whole, "type": f.Type})
	if err != nil {
		return nil, err
	}
	if err := s.keep.InTenant(ctx, func(ctx context.Context) error { return s.keep.AppendEvents(ctx, e) }); err != nil {
		return nil, err
	}
	if as == CSV {
		return func(ctx context.Context, w io.Writer) error { return s.writeCSV(ctx, f, w) }, nil
	}
	return func(ctx context.Context, w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(header); err != nil {
			return err
		}
		return s.each(ctx, f, func(e Entry) error { return enc.Encode(e.Line()) })
	}, nil
}

func (s *Service) writeCSV(ctx context.Context, f Filter, w io.Writer) error {
	out := csv.NewWriter(w)
	err := out.Write([]string{"seq", "at", "type", "actor_kind", "actor_id", "subject_type", "subject_id", "ip", "request_id", "data", "id", "prev", "hash"})
	if err != nil {
		return err
	}
	err = s.each(ctx, f, func(e Entry) error {
		actor := ""
		if e.ActorID != nil {
			actor = e.ActorID.String()
		}
		return out.Write([]string{
			strconv.FormatInt(e.Seq, 10), e.At.UTC().Format(time.RFC3339Nano), e.Type, e.ActorKind, actor, e.SubjectType, e.SubjectID.String(),
			cell(e.IP), cell(e.RequestID), cell(e.Data), e.ID.String(), fmt.Sprintf("%x", e.Prev), fmt.Sprintf("%x", e.Hash),
		})
	})
	out.Flush()
	return errors.Join(err, out.Error())
}

// cell keeps a spreadsheet from taking a text for a formula (OWASP, CSV injection).
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// Verify reads an export as JSON Lines and follows its chain, without a database: an auditor does it on their own machine.
// It gives what it read; ErrBroken for a chain that does not hold, another error for what is no export. A whole export is
// followed from the tenant's beginning; a filtered one can only be checked entry by entry.
func Verify(r io.Reader) (h Header, out Checked, err error) {
	dec := json.NewDecoder(r)
	if err := dec.Decode(&h); err != nil || h.Log != HeaderLog {
		return h, out, fmt.Errorf("this is no audit log of ours: its first line does not say %q", HeaderLog)
	}
	chain := From(Genesis(h.Tenant))
	for {
		var l Line
		err := dec.Decode(&l)
		if errors.Is(err, io.EOF) {
			_, out.Head = chain.Head()
			return h, out, nil
		}
		if err != nil {
			return h, out, fmt.Errorf("after entry %d: %w", out.Entries, err)
		}
		e, err := l.Entry()
		if err != nil {
			return h, out, err
		}
		if !h.Whole {
			chain = &Chain{}
		}
		if err := chain.Follow(e); err != nil {
			return h, out, err
		}
		out.Entries++
	}
}
