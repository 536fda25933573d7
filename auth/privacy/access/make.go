package access

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
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/privacy"
	"lyceum/internal/blob"
	"lyceum/internal/sheet"
	"lyceum/internal/uid"
)

// errStopped is a copy that another process makes, or that is wanted no more.
var errStopped = errors.New("access: stopped")

// errTwice is a transaction that was begun anew after something was written.
var errTwice = errors.New("access: the table changed while it was read")

// Make makes a copy that was asked for. It is a job's: it asks for no permission, and after a crash it begins anew. Of who is not there any more
// there is none; an error is worth another try. Events data_request.ready and data_request.failed.
func (s *Service) Make(ctx context.Context, id uid.ID) error {
	var r Request
	var ok bool
	err := s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		r, ok, err = s.Keep.BeginDataRequest(ctx, id)
		return err
	})
	if err != nil || !ok {
		return err
	}
	err = s.make(ctx, &r)
	gone := errors.Is(err, auth.ErrPersonNotFound)
	switch {
	case err == nil, errors.Is(err, errStopped):
		return nil
	case !gone && r.Attempts < attempts:
		return fmt.Errorf("data request %s: %w", id, err)
	}
	r.Status = Failed
	failed := s.Keep.InTenant(context.WithoutCancel(ctx), func(ctx context.Context) error {
		if saved, err := s.Keep.SaveDataRequest(ctx, r); err != nil || !saved {
			return err
		}
		return s.tell(ctx, "data_request.failed", r, nil)
	})
	if !gone {
		failed = errors.Join(failed, err)
	}
	return failed
}

func (s *Service) make(ctx context.Context, r *Request) error {
	before := r.Object
	r.Object = fmt.Sprintf("%s/copies/%s-%d.zip", folder(ctx), r.ID, r.Attempts)
	if err := s.save(ctx, *r); err != nil { // so that whatever becomes of this process its file is found and removed
		return err
	}
	if before != "" {
		if err := s.Blobs.Delete(ctx, before); err != nil && !errors.Is(err, blob.ErrNotFound) {
			return err
		}
	}
	out, in := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := s.write(ctx, r, in)
		written <- err
		_ = in.CloseWithError(err)
	}()
	size, sum, err := s.Blobs.Put(ctx, r.Object, "application/zip", out)
	_ = out.CloseWithError(err)
	if failed := <-written; failed != nil {
		err = failed
	}
	if err == nil {
		err = s.ready(ctx, r, size, sum)
	}
	if errors.Is(err, errStopped) { // nothing leads to it any more: who was erased meanwhile has no copy
		if gone := s.Blobs.Delete(context.WithoutCancel(ctx), r.Object); gone != nil && !errors.Is(gone, blob.ErrNotFound) {
			return gone
		}
	}
	return err
}

// ready notes that a copy can be fetched; errStopped where it is wanted no more.
func (s *Service) ready(ctx context.Context, r *Request, size int64, sum string) error {
	now := s.Now()
	ends := now.Add(KeptFor)
	r.Status, r.Done, r.Bytes, r.SHA256, r.ReadyAt, r.ExpiresAt = Ready, r.Parts, size, sum, &now, &ends
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if saved, err := s.Keep.SaveDataRequest(ctx, *r); err != nil || !saved {
			return errors.Join(err, stoppedUnless(saved))
		}
		return s.tell(ctx, "data_request.ready", *r, map[string]any{"bytes": size, "sha256": sum})
	})
}

func stoppedUnless(saved bool) error {
	if saved {
		return nil
	}
	return errStopped
}

// save writes how far a copy is, in a transaction of its own; errStopped where it is not this process's any more.
func (s *Service) save(ctx context.Context, r Request) error {
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		saved, err := s.Keep.SaveDataRequest(ctx, r)
		if err != nil {
			return err
		}
		return stoppedUnless(saved)
	})
}

// listed is a line of the manifest.
type listed struct {
	Name   string `json:"name"`
	Rows   *int64 `json:"rows,omitempty"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// copying writes an archive. What it holds at a time is a batch of rows.
type copying struct {
	s      *Service
	r      *Request
	zip    *zip.Writer
	mask   *mask
	at     time.Time
	files  []listed
	rows   map[string]int64
	handed int
}

// tally counts what passes by.
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

func (c *copying) add(name string, method uint16, fill func(w io.Writer) (rows *int64, err error)) error {
	w, err := c.zip.CreateHeader(&zip.FileHeader{Name: name, Method: method, Modified: c.at})
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
	c.files = append(c.files, listed{name, rows, t.n, hex.EncodeToString(hash.Sum(nil))})
	return nil
}

func (s *Service) write(ctx context.Context, r *Request, out io.Writer) error {
	var person auth.Person
	var own []string
	err := s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if person, err = s.Keep.PersonByID(ctx, r.PersonID); err != nil {
			return err
		}
		own, err = s.Keep.AddressesOf(ctx, r.PersonID)
		return err
	})
	if err != nil {
		return err
	}
	c := &copying{s: s, r: r, zip: zip.NewWriter(out), mask: newMask(s, r.PersonID, append(own, person.Email, person.Name)), at: s.Now().UTC(), rows: map[string]int64{}}
	tables := Tables()
	for _, topic := range topicsOf(tables) {
		if err := c.topic(ctx, topic, tables); err != nil {
			return err
		}
	}
	if err := c.handedIn(ctx); err != nil {
		return err
	}
	page := Readme{Request: *r, Person: person.Name, Email: person.Email, Made: c.at.Format(time.RFC3339), Files: c.handed}
	for _, topic := range topicsOf(tables) {
		page.Topics = append(page.Topics, explain(topic, tables, c.rows))
	}
	text, err := s.Explain(ctx, page)
	if err != nil {
		return err
	}
	if err := c.add("README.html", zip.Deflate, func(w io.Writer) (*int64, error) {
		_, err := io.WriteString(w, text)
		return nil, err
	}); err != nil {
		return err
	}
	manifest, err := json.MarshalIndent(struct {
		Made  time.Time `json:"made"`
		Files []listed  `json:"files"`
	}{c.at, c.files}, "", "  ")
	if err != nil {
		return err
	}
	err = c.add("manifest.json", zip.Deflate, func(w io.Writer) (*int64, error) {
		_, err := w.Write(manifest)
		return nil, err
	})
	return errors.Join(err, c.zip.Close())
}

// topic writes what is kept about a topic: a file of JSON, and a CSV for each table.
func (c *copying) topic(ctx context.Context, topic privacy.Topic, tables []Table) error {
	var sum int64
	err := c.add(jsonName(topic), zip.Deflate, func(w io.Writer) (*int64, error) {
		head := fmt.Sprintf(`{"topic":%q`, topic)
		for _, t := range tables {
			if t.Topic != topic {
				continue
			}
			if _, err := fmt.Fprintf(w, "%s,\n%q:[", head, t.Name); err != nil {
				return nil, err
			}
			head = ""
			rows, err := c.json(ctx, t, w)
			if err != nil {
				return nil, err
			}
			sum, c.rows[t.Name] = sum+rows, rows
			if _, err := io.WriteString(w, "]"); err != nil {
				return nil, err
			}
		}
		_, err := io.WriteString(w, "}\n")
		return &sum, err
	})
	if err != nil {
		return err
	}
	for _, t := range tables {
		if t.Topic != topic {
			continue
		}
		if err := c.add(csvName(t), zip.Deflate, func(w io.Writer) (*int64, error) { return c.csv(ctx, t, w) }); err != nil {
			return err
		}
		c.r.Done++
		if err := c.s.save(ctx, *c.r); err != nil {
			return err
		}
	}
	return nil
}

// each hands over the rows of a table, masked; begin is told the columns.
func (c *copying) each(ctx context.Context, t Table, begin func(columns []string) error, do func(columns []string, row Row) error) (rows int64, err error) {
	begun := false
	err = c.s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if begun {
			return errTwice // the job is tried again
		}
		begun = true
		columns, err := c.s.Keep.GivenColumns(ctx, t)
		if err != nil {
			return err
		}
		if err := begin(columns); err != nil || len(columns) == 0 {
			return err
		}
		return c.s.Keep.GivenRows(ctx, c.r.PersonID, t, columns, func(batch []Row) error {
			if err := c.mask.rows(ctx, t, batch); err != nil {
				return err
			}
			for _, row := range batch {
				if err := do(columns, row); err != nil {
					return err
				}
				rows++
			}
			return nil
		})
	})
	return rows, err
}

func (c *copying) csv(ctx context.Context, t Table, w io.Writer) (*int64, error) {
	out := sheet.NewCSV(w)
	var cells []string
	rows, err := c.each(ctx, t, out.Row, func(columns []string, row Row) error {
		cells = cells[:0]
		for _, column := range columns {
			text, err := cell(row[column])
			if err != nil {
				return err
			}
			cells = append(cells, text)
		}
		return out.Row(cells)
	})
	return &rows, errors.Join(err, out.End())
}

// cell is a value as it stands in a CSV: nothing for null, JSON for what has members.
func cell(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	raw, err := json.Marshal(value)
	return string(raw), err
}

func (c *copying) json(ctx context.Context, t Table, w io.Writer) (int64, error) {
	comma := "\n"
	return c.each(ctx, t, func([]string) error { return nil }, func(columns []string, row Row) error {
		for i, column := range columns {
			raw, err := json.Marshal(row[column])
			if err != nil {
				return err
			}
			open := ","
			if i == 0 {
				open, comma = comma+"{", ",\n"
			}
			if _, err := fmt.Fprintf(w, "%s%q:%s", open, column, raw); err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, "}")
		return err
	})
}

// handedIn writes what the person handed in. What is no longer in the object store is passed by: its row says what it was.
func (c *copying) handedIn(ctx context.Context) error {
	for after := uid.Nil; ; {
		var list []File
		err := c.s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
			list, err = c.s.Keep.HandedFiles(ctx, c.r.PersonID, after, 200)
			return err
		})
		if err != nil {
			return err
		}
		for _, f := range list {
			after = f.ID
			r, _, err := c.s.Blobs.Get(ctx, folder(ctx)+"/"+f.SHA256)
			if errors.Is(err, blob.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			err = c.add("files/"+f.ID.String()+ending(f.Name), zip.Store, func(w io.Writer) (*int64, error) {
				_, err := io.Copy(w, r)
				return nil, err
			})
			if err = errors.Join(err, r.Close()); err != nil {
				return err
			}
			c.handed++
		}
		if len(list) < 200 {
			return nil
		}
	}
}

var endings = regexp.MustCompile(`^\.[a-z0-9]{1,8}$`)

// ending is how a file's name ends, as far as that is safe in the name of a file.
func ending(name string) string {
	if end := strings.ToLower(path.Ext(name)); endings.MatchString(end) {
		return end
	}
	return ""
}
