// Package takeout is everything that a portal keeps, in one archive for whoever owns it: tables as CSV and JSON, and the files. It is
// made by a job, and is there for some days. It is for people and for other programs; what restores a portal elsewhere is another thing.
package takeout

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/blob"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// KeptFor is how long an archive can be fetched.
const KeptFor = 7 * 24 * time.Hour

// Status is where a takeout stands.
type Status string

// The states.
const (
	Waiting Status = "waiting"
	Working Status = "working"
	Ready   Status = "ready"
	Failed  Status = "failed"
	Expired Status = "expired"
)

// Takeout is one archive. It is a row of takeouts.
type Takeout struct {
	ID        uid.ID
	Status    Status
	AskedBy   *uid.ID
	AskedAt   time.Time
	Parts     int    // tables and groups of files
	Done      int    // of them
	Part      string // what is being written
	Object    string // its key in the object store; "" before it is ready and when it is gone
	Bytes     int64
	SHA256    string `gorm:"column:sha256"`
	Problem   string
	ReadyAt   *time.Time
	ExpiresAt *time.Time
}

// Open tells whether it is still being made.
func (t Takeout) Open() bool { return t.Status == Waiting || t.Status == Working }

// Percent is how much of it is made.
func (t Takeout) Percent() int {
	if t.Parts == 0 {
		return 0
	}
	return t.Done * 100 / t.Parts
}

// Failures of this package.
var (
	ErrNotFound = fault.New(fault.KindNotFound, "takeout_not_found", "There is no such archive.")
	ErrOpen     = fault.New(fault.KindConflict, "takeout_running", "An archive is being made already. Wait until it is ready.")
	ErrNotReady = fault.New(fault.KindConflict, "takeout_not_ready", "This archive is not ready, or its days are over. Ask for another one.")
)

// Upload is a file that was uploaded: its bytes are found by their hash.
type Upload struct {
	ID     uid.ID
	Name   string
	SHA256 string `gorm:"column:sha256"`
}

// Format is how a table is written.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	JSON Format = "json"
)

// Keeper is what is kept; every method but InTenant joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	// InsertTakeout is ErrOpen while another one is being made.
	InsertTakeout(ctx context.Context, t Takeout) error
	SaveTakeout(ctx context.Context, t Takeout) error
	TakeoutByID(ctx context.Context, id uid.ID) (Takeout, error)
	Takeouts(ctx context.Context, limit int) ([]Takeout, error)
	// DumpTable writes a table of the running tenant as a stream and gives how many rows there were.
	DumpTable(ctx context.Context, p Part, f Format, w io.Writer) (rows int64, err error)
	UploadsAfter(ctx context.Context, after uid.ID, n int) ([]Upload, error)
}

// Options are what the service works with.
type Options struct {
	Keep  Keeper
	Blobs *blob.Store
	Now   clock.Clock
}

// Service makes archives.
type Service struct{ Options }

// New makes the service.
func New(o Options) *Service { return &Service{o} }

// List gives the latest archives, the newest first. It needs portal:leave.
func (s *Service) List(ctx context.Context) (list []Takeout, err error) {
	if err := auth.Require(ctx, policy.PortalLeave); err != nil {
		return nil, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.Keep.Takeouts(ctx, 20)
		return err
	})
	return list, err
}

// Show finds one. It needs portal:leave.
func (s *Service) Show(ctx context.Context, id uid.ID) (t Takeout, err error) {
	if err := auth.Require(ctx, policy.PortalLeave); err != nil {
		return t, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		t, err = s.Keep.TakeoutByID(ctx, id)
		return err
	})
	return t, err
}

// Ask wishes for an archive; a job makes it. ErrOpen while another one is being made. It needs portal:leave.
func (s *Service) Ask(ctx context.Context) (t Takeout, err error) {
	if err := auth.Require(ctx, policy.PortalLeave); err != nil {
		return t, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	t = Takeout{ID: uid.New(), Status: Waiting, AskedBy: &who.PersonID, AskedAt: s.Now(), Parts: len(Parts) + 1}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.Keep.InsertTakeout(ctx, t); err != nil {
			return err
		}
		return s.tell(ctx, "takeout.requested", t, nil)
	})
	return t, err
}

func (s *Service) tell(ctx context.Context, typ string, t Takeout, data any) error {
	e, err := event.New(ctx, s.Now(), typ, "takeout", t.ID, data)
	if err != nil {
		return err
	}
	return s.Keep.AppendEvents(ctx, e)
}

// Read opens an archive that is ready; the caller closes it. Each reading is noted. It needs portal:leave.
func (s *Service) Read(ctx context.Context, id uid.ID) (t Takeout, r io.ReadCloser, err error) {
	if t, err = s.Show(ctx, id); err != nil {
		return t, nil, err
	}
	if t.Status != Ready {
		return t, nil, ErrNotReady
	}
	if r, _, err = s.Blobs.Get(ctx, t.Object); err != nil {
		return t, nil, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error { return s.tell(ctx, "takeout.fetched", t, nil) })
	if err != nil {
		return t, nil, errors.Join(err, r.Close())
	}
	return t, r, nil
}

// Run makes an archive that was wished for. It is a job's: it asks for no permission, and after a crash it begins anew.
func (s *Service) Run(ctx context.Context, id uid.ID) error {
	var t Takeout
	err := s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if t, err = s.Keep.TakeoutByID(ctx, id); err != nil || !t.Open() {
			return err
		}
		t.Status, t.Done, t.Part = Working, 0, ""
		return s.Keep.SaveTakeout(ctx, t)
	})
	if errors.Is(err, ErrNotFound) || err == nil && !t.Open() {
		return nil
	}
	if err != nil {
		return err
	}
	tn, _ := tenant.From(ctx)
	key := tn.SchemaName + "/takeouts/" + t.ID.String() + ".zip"
	out, in := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := s.write(ctx, &t, in)
		written <- err
		_ = in.CloseWithError(err)
	}()
	size, sum, err := s.Blobs.Put(ctx, key, "application/zip", out)
	_ = out.CloseWithError(err)
	if err = errors.Join(<-written, err); err != nil {
		return fmt.Errorf("takeout: %w", err)
	}
	now := s.Now()
	ends := now.Add(KeptFor)
	t.Status, t.Done, t.Part, t.Object, t.Bytes, t.SHA256, t.ReadyAt, t.ExpiresAt = Ready, t.Parts, "", key, size, sum, &now, &ends
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.Keep.SaveTakeout(ctx, t); err != nil {
			return err
		}
		return s.tell(ctx, "takeout.ready", t, map[string]any{"bytes": size, "sha256": sum})
	})
}

// entry is a line of the manifest.
type entry struct {
	Name   string `json:"name"`
	Rows   *int64 `json:"rows,omitempty"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// archive writes a ZIP and what is in it.
type archive struct {
	zip  *zip.Writer
	list []entry
	at   time.Time
}

// tally counts and hashes what passes by.
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

func (a *archive) add(name string, method uint16, fill func(w io.Writer) (rows *int64, err error)) error {
	w, err := a.zip.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: a.at})
	if err != nil {
		return err
	}
	hash := sha256.New()
	t := &tally{Writer: io.MultiWriter(w, hash)}
	buffered := bufio.NewWriterSize(t, 64<<10)
	rows, err := fill(buffered)
	if err = errors.Join(err, buffered.Flush()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	a.list = append(a.list, entry{name, rows, t.n, hex.EncodeToString(hash.Sum(nil))})
	return nil
}

func (s *Service) write(ctx context.Context, t *Takeout, out io.Writer) error {
	a := &archive{zip: zip.NewWriter(out), at: s.Now().UTC()}
	err := a.add("README.txt", zip.Deflate, func(w io.Writer) (*int64, error) {
		_, err := io.WriteString(w, readme)
		return nil, err
	})
	if err != nil {
		return err
	}
	for _, p := range Parts {
		if err := s.progress(ctx, t, p.Table); err != nil {
			return err
		}
		for folder, f := range map[string]Format{"csv/" + p.Table + ".csv": CSV, "json/" + p.Table + ".jsonl": JSON} {
			if err := a.add(folder, zip.Deflate, func(w io.Writer) (*int64, error) { return s.dump(ctx, p, f, w) }); err != nil {
				return err
			}
		}
		t.Done++
	}
	if err := s.progress(ctx, t, "uploads"); err != nil {
		return err
	}
	if err := s.uploads(ctx, a); err != nil {
		return err
	}
	manifest, err := json.MarshalIndent(struct {
		Made  time.Time `json:"made"`
		Files []entry   `json:"files"`
	}{a.at, a.list}, "", "  ")
	if err != nil {
		return err
	}
	err = a.add("manifest.json", zip.Deflate, func(w io.Writer) (*int64, error) {
		_, err := w.Write(manifest)
		return nil, err
	})
	return errors.Join(err, a.zip.Close())
}

// errTwice is a transaction that was begun anew after something was written.
var errTwice = errors.New("the table changed while it was read")

func (s *Service) dump(ctx context.Context, p Part, f Format, w io.Writer) (*int64, error) {
	var rows int64
	begun := false
	err := s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if begun {
			return errTwice // the job is tried again
		}
		begun = true
		rows, err = s.Keep.DumpTable(ctx, p, f, w)
		return err
	})
	return &rows, err
}

func (s *Service) progress(ctx context.Context, t *Takeout, part string) error {
	t.Part = part
	return s.Keep.InTenant(ctx, func(ctx context.Context) error { return s.Keep.SaveTakeout(ctx, *t) })
}

// uploads writes what was uploaded. What is no longer in the object store is passed by: its row says what it was.
func (s *Service) uploads(ctx context.Context, a *archive) error {
	tn, _ := tenant.From(ctx)
	for after := uid.Nil; ; {
		var list []Upload
		err := s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
			list, err = s.Keep.UploadsAfter(ctx, after, 200)
			return err
		})
		if err != nil {
			return err
		}
		for _, u := range list {
			after = u.ID
			r, _, err := s.Blobs.Get(ctx, tn.SchemaName+"/"+u.SHA256)
			if errors.Is(err, blob.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			err = a.add("files/"+u.ID.String(), zip.Store, func(w io.Writer) (*int64, error) {
				_, err := io.Copy(w, r)
				return nil, err
			})
			if err = errors.Join(err, r.Close()); err != nil {
				return err
			}
		}
		if len(list) < 200 {
			return nil
		}
	}
}

// Prune removes archives whose days are over, in the tenant of ctx.
func (s *Service) Prune(ctx context.Context) error {
	var list []Takeout
	err := s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		list, err = s.Keep.Takeouts(ctx, 200)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, t := range list {
		if t.Status != Ready || t.ExpiresAt == nil || s.Now().Before(*t.ExpiresAt) {
			continue
		}
		if err := s.Blobs.Delete(ctx, t.Object); err != nil && !errors.Is(err, blob.ErrNotFound) {
			errs = append(errs, err)
			continue
		}
		t.Status, t.Object = Expired, ""
		errs = append(errs, s.Keep.InTenant(ctx, func(ctx context.Context) error { return s.Keep.SaveTakeout(ctx, t) }))
	}
	return errors.Join(errs...)
}
