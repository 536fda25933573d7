package evidence

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"time"

	"lyceum/auth/audit"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/learning/report"
	"lyceum/tenant"
)

const (
	batch      = 200 // people that are read at once
	auditBatch = 500
)

// names in the archive.
const (
	fileReadme   = "README.txt"
	fileEntries  = "entries.jsonl"
	fileIndex    = "index.html"
	fileManifest = "manifest.json"
)

// about is the first line, and the head of the index.
type about struct {
	Version       int       `json:"version"`
	PackID        uid.ID    `json:"pack_id"`
	Organization  string    `json:"organization"`
	Portal        string    `json:"portal"`
	TenantID      uid.ID    `json:"tenant_id"`
	RequirementID uid.ID    `json:"requirement_id"`
	Requirement   string    `json:"requirement"`
	Framework     string    `json:"framework,omitempty"`
	From          time.Time `json:"from"`
	Until         time.Time `json:"until"` // the period ends before it
	StandingAt    time.Time `json:"standing_at"`
	MadeAt        time.Time `json:"made_at"`
	AskedBy       *uid.ID   `json:"asked_by,omitempty"`
}

// member is a file of the archive in its manifest.
type member struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// manifest is manifest.json.
type manifest struct {
	About       about        `json:"about"`
	Files       []member     `json:"files"`
	Lines       int          `json:"lines"`
	Head        string       `json:"head"` // the hash of the last line
	Checkpoints []checkpoint `json:"checkpoints"`
}

// standing is a person with how they stood.
type standing struct {
	Person
	State       duty.State `json:"state,omitempty"` // at standing_at; left out for whom it was no duty then
	DueAt       *time.Time `json:"due_at,omitempty"`
	CompletedAt *time.Time `json:"completed_at,omitempty"`
	ExpiresAt   *time.Time `json:"expires_at,omitempty"`
}

type archive struct {
	zip  *zip.Writer
	list []member
	at   time.Time
}

type tally struct {
	io.Writer
	n int64
}

// Write passes on.
func (t *tally) Write(b []byte) (int, error) {
	n, err := t.Writer.Write(b)
	t.n += int64(n)
	return n, err
}

func (a *archive) add(name string, fill func(io.Writer) error) error {
	w, err := a.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.at})
	if err != nil {
		return err
	}
	sum := sha256.New()
	t := &tally{Writer: io.MultiWriter(w, sum)}
	buffered := bufio.NewWriterSize(t, 64<<10)
	if err = errors.Join(fill(buffered), buffered.Flush()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	a.list = append(a.list, member{name, t.n, hex.EncodeToString(sum.Sum(nil))})
	return nil
}

// held passes on all but the last bytes, for which the seal is put.
type held struct {
	w    io.Writer
	sum  hash.Hash
	n    int64
	tail []byte
}

// Write passes on what is not the tail.
func (h *held) Write(b []byte) (int, error) {
	h.tail = append(h.tail, b...)
	if over := len(h.tail) - sealBytes; over > 0 {
		h.sum.Write(h.tail[:over])
		if _, err := h.w.Write(h.tail[:over]); err != nil {
			return 0, err
		}
		h.n += int64(over)
		h.tail = append(h.tail[:0], h.tail[over:]...)
	}
	return len(b), nil
}

// day is the last day of the period, as it is known when the pack is made. A period ends at midnight somewhere: twelve hours before it is that
// day in UTC wherever that is.
func (a about) day() report.Moment {
	at := a.Until.Add(-12 * time.Hour)
	if at.After(a.MadeAt) {
		at = a.MadeAt
	}
	return report.Moment{At: at.UTC(), Known: a.MadeAt}
}

func (s *Service) write(ctx context.Context, p *Pack, req report.Column, t tenant.Tenant, out io.Writer) error {
	now := s.Now().UTC()
	base := s.Base(t)
	head := about{
		Version: 1, PackID: p.ID, Organization: t.Name, Portal: base, TenantID: t.ID, RequirementID: req.ID, Requirement: req.Name, Framework: req.Framework,
		From: p.FromAt.UTC(), Until: p.UntilAt.UTC(), StandingAt: p.UntilAt.Add(-time.Microsecond).UTC(), MadeAt: now, AskedBy: p.AskedBy,
	}
	if head.StandingAt.After(now) {
		head.StandingAt = now
	}
	rows, err := os.CreateTemp("", "lyceum-evidence-")
	if err != nil {
		return err
	}
	defer os.Remove(rows.Name())
	defer rows.Close()
	h := &held{w: out, sum: sha256.New()}
	a := &archive{zip: zip.NewWriter(h), at: now}
	if err := a.zip.SetComment(string(bytes.Repeat([]byte{' '}, sealBytes))); err != nil {
		return err
	}
	if err := a.add(fileReadme, func(w io.Writer) error { _, err := io.WriteString(w, readme); return err }); err != nil {
		return err
	}
	ix := &index{about: head, rows: bufio.NewWriter(rows), counts: map[duty.State]int{}}
	c := &chain{head: genesis(p.ID.String())}
	if err := a.add(fileEntries, func(w io.Writer) error { c.w = w; return s.entries(ctx, p, head, c, ix) }); err != nil {
		return err
	}
	if err := ix.rows.Flush(); err != nil {
		return err
	}
	ix.head, ix.lines = hex.EncodeToString(c.head), c.n
	if err := a.add(fileIndex, func(w io.Writer) error { return ix.write(w, rows) }); err != nil {
		return err
	}
	text, err := json.MarshalIndent(manifest{head, a.list, c.n, hex.EncodeToString(c.head), c.stops}, "", "  ")
	if err != nil {
		return err
	}
	if err := a.add(fileManifest, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
		return err
	}
	if err := a.zip.Close(); err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	payload, err := json.Marshal(Claims{About: head, Bytes: h.n, SHA256: hex.EncodeToString(h.sum.Sum(nil)), Manifest: hex.EncodeToString(sum[:])})
	if err != nil {
		return err
	}
	token, err := s.Sign.Sign(ctx, base, MediaType, payload)
	if err != nil {
		return err
	}
	seal, err := sealOf(token)
	if err == nil {
		_, err = out.Write(seal)
	}
	return err
}

// errTwice is a transaction that was begun anew after something was written.
var errTwice = errors.New("what is read changed its shape meanwhile")

// once runs a reading in a transaction of its own.
func (s *Service) once(ctx context.Context, fn func(context.Context) error) error {
	begun := false
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if begun {
			return errTwice // the job is tried again
		}
		begun = true
		return fn(ctx)
	})
}

func (s *Service) entries(ctx context.Context, p *Pack, head about, c *chain, ix *index) error {
	err := c.add(kindPack, head)
	if err == nil {
		err = s.once(ctx, func(ctx context.Context) error {
			terms, err := s.Keep.EvidenceTerms(ctx, p.RequirementID)
			for _, t := range terms {
				ix.terms = append(ix.terms, t)
				err = errors.Join(err, c.add(kindRequirement, map[string]any{"revision": t.Revision, "recorded_at": t.RecordedAt.UTC(), "facts": json.RawMessage(t.Facts)}))
			}
			return err
		})
	}
	for seq, more := int64(0), err == nil; more && err == nil; {
		err = s.once(ctx, func(ctx context.Context) error {
			list, err := s.Keep.AuditAfter(ctx, audit.Filter{Subject: p.RequirementID}, seq, auditBatch)
			for _, e := range list {
				seq = e.Seq
				err = errors.Join(err, c.add(kindAudit, e.Line()))
			}
			more = len(list) == auditBatch
			return err
		})
	}
	for after, more := uid.Nil, err == nil; more && err == nil; {
		err = s.once(ctx, func(ctx context.Context) error {
			people, err := s.Keep.EvidencePeople(ctx, *p, head.day(), after, batch)
			if err != nil || len(people) == 0 {
				more = false
				return err
			}
			after, more = people[len(people)-1].PersonID, len(people) == batch
			if err := s.people(ctx, p, head, people, c, ix); err != nil {
				return err
			}
			p.Done = min(p.Done+len(people), p.People)
			return s.Keep.SavePack(ctx, *p)
		})
	}
	return err
}

// people writes a batch of them, each with everything that is known of theirs.
func (s *Service) people(ctx context.Context, p *Pack, head about, people []Person, c *chain, ix *index) error {
	ids := make([]uid.ID, len(people))
	for i := range people {
		ids[i] = people[i].PersonID
	}
	cells, err := s.Keep.MatrixCells(ctx, ids, report.Filter{Requirement: p.RequirementID, As: report.Moment{At: head.StandingAt, Known: head.MadeAt}}, head.MadeAt)
	if err != nil {
		return err
	}
	facts, err := s.Keep.EvidenceFacts(ctx, *p, ids)
	if err != nil {
		return err
	}
	done, err := s.Keep.EvidenceCompletions(ctx, *p, ids)
	if err != nil {
		return err
	}
	in := make([]uid.ID, len(done))
	for i := range done {
		in[i] = done[i].EnrolmentID
	}
	lessons, err := s.Keep.EvidenceLessons(ctx, in)
	if err != nil {
		return err
	}
	for i := range people {
		who := standing{Person: people[i]}
		for _, cell := range cells {
			if cell.PersonID == who.PersonID {
				who.State, who.DueAt, who.CompletedAt, who.ExpiresAt = cell.State, cell.DueAt, cell.CompletedAt, cell.ExpiresAt
			}
		}
		if err := errors.Join(ix.add(who, facts), c.add(kindPerson, who)); err != nil {
			return err
		}
		for _, f := range facts {
			if f.PersonID == who.PersonID && !f.RecordedAt.After(head.MadeAt) {
				if err := c.add(kindFact, f); err != nil {
					return err
				}
			}
		}
		for _, d := range done {
			if d.PersonID != who.PersonID {
				continue
			}
			d.Lessons = []Lesson{}
			for _, l := range lessons {
				if l.EnrolmentID == d.EnrolmentID {
					d.Lessons = append(d.Lessons, l)
				}
			}
			if err := c.add(kindCompletion, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// readme is the first file of the archive.
const readme = `What this is
------------
Evidence of a training requirement for a period: who had to, who had done it and when, with which content, who was excused and why, what
the requirement asked for, and who changed it.

index.html     for people: open it in a browser
entries.jsonl  everything, one JSON object a line; each line has the hash of the one before (docs/EVIDENCE.md of Lyceum says how)
manifest.json  the files with their hashes, and hashes of lines on the way

The whole file is signed with the portal's key; the signature stands in the comment of the archive. Check it before you rely on it, with the
free program, without an account and off line once you have the portal's keys:

  lyceum verify FILE                  fetches the keys from the portal's /.well-known/did.json
  lyceum verify --did did.json FILE   with keys that you kept

Do not unpack and pack it again: keep the file as it is.
`
