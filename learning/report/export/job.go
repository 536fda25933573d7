package export

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/blob"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Large counts what a file would hold, and tells whether that is too much to be sent at once. It needs enrolment:manage; faults as Open.
func (s *Service) Large(ctx context.Context, w Wish, f Format) (n int, large bool, err error) {
	if err := w.Check(); err != nil {
		return 0, false, err
	}
	if w.Kind == Matrix {
		n, err = s.Matrix.People(ctx, w.Cells.Filter())
	} else {
		n, err = s.Built.Count(ctx, w.Definition)
	}
	return n, n > AtOnce || f == PDF && n > PDFAtOnce, err
}

// Ask has a job make a file for who asks. It needs enrolment:manage; faults as Open, ErrTooLong, ErrSheetTooLong,
// ErrTooMany. Event report.export_requested.
func (s *Service) Ask(ctx context.Context, w Wish, f Format, look Look) (e Export, err error) {
	if f.MediaType() == "" {
		return e, ErrFormat
	}
	n, _, err := s.Large(ctx, w, f)
	if err != nil {
		return e, err
	}
	if err := f.Fits(n); err != nil {
		return e, err
	}
	err = s.in(ctx, func(ctx context.Context, who auth.Principal) error {
		if open, err := s.Keep.OpenExports(ctx, who.PersonID); err != nil || open >= openMost {
			return errors.Join(err, given(open >= openMost, ErrTooMany))
		}
		if e, err = s.add(ctx, uid.New(), who.PersonID, w, f, look, n); err != nil {
			return err
		}
		return s.tell(ctx, "report.export_requested", e)
	})
	return e, err
}

// Fits is ErrTooLong or ErrSheetTooLong for more lines than a format has room for.
func (f Format) Fits(lines int) error {
	switch {
	case f == PDF && lines > PDFMost:
		return ErrTooLong
	case f == XLSX && lines > XLSXMost:
		return ErrSheetTooLong
	}
	return nil
}

func given(is bool, err error) error {
	if is {
		return err
	}
	return nil
}

func (s *Service) add(ctx context.Context, id, person uid.ID, w Wish, f Format, look Look, n int) (Export, error) {
	if err := w.Check(); err != nil {
		return Export{}, err
	}
	text, err := json.Marshal(w)
	if err != nil {
		return Export{}, err
	}
	e := Export{ID: id, PersonID: person, Wish: string(text), Format: f, Zone: zoneOf(look.Zone).String(), Locale: look.Locale, Status: Waiting, Lines: n, AskedAt: s.Now()}
	return e, s.Keep.InsertExport(ctx, e)
}

func (s *Service) tell(ctx context.Context, typ string, e Export) error {
	w, err := e.Wished()
	if err != nil {
		return err
	}
	ev, err := event.New(ctx, s.Now(), typ, "report_export", e.ID, map[string]any{"person_id": e.PersonID, "kind": w.Kind, "name": w.Title, "format": e.Format, "lines": e.Lines, "bytes": e.Bytes})
	if err != nil {
		return err
	}
	return s.Keep.AppendEvents(ctx, ev)
}

// List gives one's own files, the newest first, at most 50. It needs enrolment:manage.
func (s *Service) List(ctx context.Context) (list []Export, err error) {
	err = s.in(ctx, func(ctx context.Context, who auth.Principal) error {
		list, err = s.Keep.Exports(ctx, who.PersonID, listMost)
		return err
	})
	return list, err
}

// Get finds one of one's own. It needs enrolment:manage; ErrNotFound.
func (s *Service) Get(ctx context.Context, id uid.ID) (e Export, err error) {
	err = s.in(ctx, func(ctx context.Context, who auth.Principal) error {
		if e, err = s.Keep.ExportByID(ctx, id); err == nil && e.PersonID != who.PersonID {
			err = ErrNotFound
		}
		return err
	})
	return e, err
}

// Read opens one of one's own that is ready; the caller closes it. Each reading is noted. It needs enrolment:manage; ErrNotFound,
// ErrNotReady. Event report.export_fetched.
func (s *Service) Read(ctx context.Context, id uid.ID) (e Export, r io.ReadCloser, err error) {
	if e, err = s.Get(ctx, id); err != nil {
		return e, nil, err
	}
	if e.Status != Ready || !s.Now().Before(*e.ExpiresAt) {
		return e, nil, ErrNotReady
	}
	if r, _, err = s.Blobs.Get(ctx, e.Object); err != nil {
		return e, nil, err
	}
	if err = s.Keep.InTenant(ctx, func(ctx context.Context) error { return s.tell(ctx, "report.export_fetched", e) }); err != nil {
		return e, nil, errors.Join(err, r.Close())
	}
	return e, r, nil
}

// Stop cancels one of one's own that is being made, and takes one away that is ready. It needs enrolment:manage; ErrNotFound, ErrNotReady
// where it is over. Event report.export_stopped.
func (s *Service) Stop(ctx context.Context, id uid.ID) error {
	e, err := s.Get(ctx, id)
	if err != nil {
		return err
	}
	return s.in(ctx, func(ctx context.Context, who auth.Principal) error {
		stopped, err := s.Keep.StopExport(ctx, id, who.PersonID, []Status{Waiting, Working}, Cancelled)
		if err == nil && !stopped {
			stopped, err = s.Keep.StopExport(ctx, id, who.PersonID, []Status{Ready}, Expired)
		}
		if err != nil || !stopped {
			return errors.Join(err, given(!stopped, ErrNotReady))
		}
		return s.tell(ctx, "report.export_stopped", e)
	})
}

// errStopped is a file that somebody cancelled, or that another process makes.
var errStopped = errors.New("export: stopped")

// progressEvery is how many lines are read from one note of how far it is to the next.
const progressEvery = 500

// Make makes a file that was asked for. It is a job's: it asks for what who asked may do now, and after a crash it begins anew. What cannot
// be made is noted in the file's row and is no error; an error is worth another try. Event report.export_ready.
func (s *Service) Make(ctx context.Context, id uid.ID) error {
	var e Export
	var ok bool
	err := s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		e, ok, err = s.Keep.BeginExport(ctx, id)
		return err
	})
	if err != nil || !ok {
		return err
	}
	err = s.make(ctx, &e)
	problem := problemOf(err)
	switch {
	case err == nil, errors.Is(err, errStopped):
		return nil
	case problem == Internal && e.Attempts < attempts:
		return fmt.Errorf("export %s: %w", id, err)
	}
	e.Status, e.Problem = Failed, problem
	failed := s.Keep.InTenant(context.WithoutCancel(ctx), func(ctx context.Context) error {
		if saved, err := s.Keep.SaveExport(ctx, e); err != nil || !saved {
			return err
		}
		return s.tell(ctx, "report.export_failed", e)
	})
	if problem == Internal {
		failed = errors.Join(failed, err)
	}
	return failed
}

// MakeFor makes a file for somebody under an id that the caller chose; one that is there is not made again. It is a job's. What became of it
// stands in the file's row; an error is worth another try.
func (s *Service) MakeFor(ctx context.Context, id, person uid.ID, w Wish, f Format, look Look) (e Export, err error) {
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err := s.Keep.ExportByID(ctx, id); !errors.Is(err, ErrNotFound) {
			return err
		}
		_, err := s.add(ctx, id, person, w, f, look, 0)
		return err
	})
	if err == nil {
		err = s.Make(ctx, id)
	}
	if err == nil {
		err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
			e, err = s.Keep.ExportByID(ctx, id)
			return err
		})
	}
	return e, err
}

// Content is all of a file that is ready, for a job.
func (s *Service) Content(ctx context.Context, e Export) (data []byte, err error) {
	r, _, err := s.Blobs.Get(ctx, e.Object)
	if err != nil {
		return nil, err
	}
	data, err = io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

// problemOf says why a file cannot be made; what is not known is worth another try.
func problemOf(err error) Problem {
	var f *fault.Fault
	switch {
	case errors.Is(err, auth.ErrPersonNotFound), errors.Is(err, policy.ErrForbidden):
		return NoRight
	case errors.Is(err, ErrTooLong):
		return TooLong
	case errors.Is(err, ErrSheetTooLong):
		return SheetTooLong
	case errors.As(err, &f) && (f.Kind == fault.KindNotFound || f.Kind == fault.KindInvalid):
		return Gone
	}
	return Internal
}

func (s *Service) make(ctx context.Context, e *Export) error {
	w, err := e.Wished()
	if err != nil {
		return err
	}
	acting, err := s.As(ctx, e.PersonID)
	if err != nil {
		return err
	}
	if e.Lines, _, err = s.Large(acting, w, e.Format); err == nil {
		err = e.Format.Fits(e.Lines)
	}
	if err != nil {
		return err
	}
	f, err := s.Open(acting, w, e.Format, Look{e.Zone, e.Locale})
	if err != nil {
		return err
	}
	t, _ := tenant.From(ctx)
	before := e.Object
	e.Object = fmt.Sprintf("%s/exports/%s-%d.%s", t.SchemaName, e.ID, e.Attempts, e.Format)
	if err := s.save(ctx, *e); err != nil { // so that whatever becomes of this process its file is found and removed
		return err
	}
	if before != "" {
		if err := s.Blobs.Delete(ctx, before); err != nil && !errors.Is(err, blob.ErrNotFound) {
			return err
		}
	}
	size, sum, err := s.put(ctx, acting, f, *e)
	if err != nil {
		return err
	}
	now := s.Now()
	ends := now.Add(KeptFor)
	e.Status, e.Done, e.Lines, e.Bytes, e.SHA256, e.ReadyAt, e.ExpiresAt = Ready, max(e.Done, e.Lines), max(e.Done, e.Lines), size, sum, &now, &ends
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if saved, err := s.Keep.SaveExport(ctx, *e); err != nil || !saved {
			return errors.Join(err, given(!saved, errStopped))
		}
		return s.tell(ctx, "report.export_ready", *e)
	})
}

func (s *Service) put(ctx, acting context.Context, f File, e Export) (size int64, sum string, err error) {
	out, in := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := f.Write(acting, in, func(n int) error {
			if n%progressEvery != 0 {
				return nil
			}
			e.Done = n
			return s.save(ctx, e)
		})
		written <- err
		_ = in.CloseWithError(err)
	}()
	size, sum, err = s.Blobs.Put(ctx, e.Object, f.Format.MediaType(), out)
	_ = out.CloseWithError(err)
	if failed := <-written; failed != nil {
		return 0, "", failed
	}
	return size, sum, err
}

// save writes how far a file is, in a transaction of its own; errStopped where it is not this process's any more.
func (s *Service) save(ctx context.Context, e Export) error {
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		saved, err := s.Keep.SaveExport(ctx, e)
		return errors.Join(err, given(err == nil && !saved, errStopped))
	})
}

// Prune removes files whose days are over or that were cancelled, and forgets what is older than 90 days. It is a chore's.
func (s *Service) Prune(ctx context.Context) error {
	var past []Export
	err := s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if past, err = s.Keep.ExportsPast(ctx, s.Now(), 200); err != nil {
			return err
		}
		return s.Keep.ForgetExports(ctx, s.Now().Add(-rowsKept))
	})
	errs := []error{err}
	for _, e := range past {
		if err := s.Blobs.Delete(ctx, e.Object); err != nil && !errors.Is(err, blob.ErrNotFound) {
			errs = append(errs, err)
			continue
		}
		errs = append(errs, s.Keep.InTenant(ctx, func(ctx context.Context) error { return s.Keep.DropExport(ctx, e.ID) }))
	}
	return errors.Join(errs...)
}
