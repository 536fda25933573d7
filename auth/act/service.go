package act

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"lyceum/internal/clock"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Keeper is what the service needs kept. Everything but InControl runs inside it.
type Keeper interface {
	InControl(ctx context.Context, fn func(ctx context.Context) error) error
	// ActsBy lists the log, newest first.
	ActsBy(ctx context.Context, f Filter) (page.Of[Act], error)
	// ActsAfter gives what matches, oldest first, behind a number, at most n.
	ActsAfter(ctx context.Context, f Filter, seq int64, n int) ([]Act, error)
	// Audit notes an act.
	Audit(ctx context.Context, action string, tenantID uid.ID, data map[string]string, at time.Time) error
}

// Service reads the log. Who may read it is the route's to say: it is the operators'.
type Service struct {
	keep Keeper
	now  clock.Clock
}

// New makes the service.
func New(keep Keeper, now clock.Clock) *Service { return &Service{keep: keep, now: now} }

// Read lists acts, newest first.
func (s *Service) Read(ctx context.Context, f Filter) (out page.Of[Act], err error) {
	err = s.keep.InControl(ctx, func(ctx context.Context) (err error) {
		out, err = s.keep.ActsBy(ctx, f)
		return err
	})
	return out, err
}

// Checked is what a check of the whole chain found.
type Checked struct {
	Entries int64
	Head    string // the last entry's hash in hexadecimal
	Broken  error  // ErrBroken, saying where; nil: it holds
	At      time.Time
}

const piece = 1000

// Check reads the whole log and follows the chain from its beginning.
func (s *Service) Check(ctx context.Context) (Checked, error) {
	out := Checked{At: s.now()}
	var chain Chain
	err := s.each(ctx, Filter{System: true}, func(a Act) error {
		if out.Broken == nil {
			out.Broken = chain.Follow(a)
		}
		out.Entries++
		return nil
	})
	out.Head = hex.EncodeToString(chain.hash)
	return out, err
}

func (s *Service) each(ctx context.Context, f Filter, do func(Act) error) error {
	for after := int64(0); ; {
		var acts []Act
		err := s.keep.InControl(ctx, func(ctx context.Context) (err error) {
			acts, err = s.keep.ActsAfter(ctx, f, after, piece)
			return err
		})
		if err != nil {
			return err
		}
		for _, a := range acts {
			after = a.Seq
			if err := do(a); err != nil {
				return err
			}
		}
		if len(acts) < piece {
			return nil
		}
	}
}

// Format is a form of export.
type Format string

// The formats.
const (
	CSV       Format = "csv"   // RFC 4180, with a header line
	JSONLines Format = "jsonl" // one Line a line, after a Header
)

// Header is the first line of an export as JSON Lines.
type Header struct {
	Log      string    `json:"log"` // HeaderLog
	Exported time.Time `json:"exported_at"`
	Whole    bool      `json:"whole"` // nothing was filtered out: the chain can be followed from the beginning
}

// HeaderLog names the format in Header.Log.
const HeaderLog = "lyceum-acts-1"

// Begin notes that the log was exported and gives what writes it, oldest entry first. Act acts.exported.
func (s *Service) Begin(ctx context.Context, f Filter, as Format) (write func(ctx context.Context, w io.Writer) error, err error) {
	f.Page = page.Request{}
	header := Header{Log: HeaderLog, Exported: s.now(), Whole: f == Filter{System: true}}
	err = s.keep.InControl(ctx, func(ctx context.Context) error {
		return s.keep.Audit(ctx, "acts.exported", uid.Nil, map[string]string{"format": string(as), "whole": strconv.FormatBool(header.Whole), "slug": f.Tenant}, s.now())
	})
	if err != nil {
		return nil, err
	}
	if as == CSV {
		return func(ctx context.Context, w io.Writer) error { return s.writeCSV(ctx, f, w) }, nil
	}
	return func(ctx context.Context, w io.Writer) error {
		if err := json.NewEncoder(w).Encode(header); err != nil {
			return err
		}
		return s.each(ctx, f, func(a Act) error {
			line, err := a.MarshalLine()
			if err == nil {
				_, err = w.Write(append(line, '\n'))
			}
			return err
		})
	}, nil
}

func (s *Service) writeCSV(ctx context.Context, f Filter, w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"seq", "at", "action", "actor_kind", "actor_id", "actor_name", "tenant_id", "tenant", "data", "id", "prev", "hash"}); err != nil {
		return err
	}
	err := s.each(ctx, f, func(a Act) error {
		return out.Write([]string{
			strconv.FormatInt(a.Seq, 10), a.At.UTC().Format(time.RFC3339Nano), a.Action, a.ActorKind, text(a.ActorID), cell(a.ActorName), text(a.TenantID), a.TenantSlug,
			cell(a.Data), a.ID.String(), hex.EncodeToString(a.Prev), a.HashText(),
		})
	})
	out.Flush()
	return errors.Join(err, out.Error())
}

func text(id *uid.ID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

// cell keeps a spreadsheet from taking a text for a formula (OWASP, CSV injection).
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// Verify reads an export as JSON Lines and follows its chain, without a database. ErrExport for what is no export,
// ErrBroken for a chain that does not hold. A narrowed export can only be checked entry by entry.
func Verify(r io.Reader) (h Header, out Checked, err error) {
	dec := json.NewDecoder(bufio.NewReader(r))
	if err := dec.Decode(&h); err != nil || h.Log != HeaderLog {
		return h, out, ErrExport
	}
	var chain Chain
	for {
		var l Line
		err := dec.Decode(&l)
		if errors.Is(err, io.EOF) {
			out.Head = hex.EncodeToString(chain.hash)
			return h, out, nil
		}
		if err != nil {
			return h, out, fmt.Errorf("after entry %d: %w", out.Entries, err)
		}
		a, err := l.Act()
		if err == nil && h.Whole {
			err = chain.Follow(a)
		} else if err == nil {
			err = a.Sound()
		}
		if err != nil {
			return h, out, err
		}
		out.Entries++
	}
}
