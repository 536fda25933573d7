package content

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"lyceum/internal/blob"
	"lyceum/internal/media"
	"lyceum/internal/uid"
)

// Append takes the part of an upload that begins at offset, at most MaxChunk bytes. A part that has arrived already is
// taken for that and nothing is written; one that does not begin where the last one ended is ErrOffset. The last part
// finishes the upload: the file is checked by its content (ErrFileType, ErrFileTooLarge, or what is wrong with it),
// kept, and named by FileID. When that was interrupted, the last part again, or an empty part at the end, finishes it.
// A file that is refused is removed with its upload. It needs file:upload.
func (s *Service) Append(ctx context.Context, id uid.ID, offset int64, chunk []byte) (Upload, error) {
	who, err := uploader(ctx)
	if err != nil {
		return Upload{}, err
	}
	if len(chunk) > MaxChunk {
		return Upload{}, tooLarge("A part of an upload", MaxChunk, int64(len(chunk)))
	}
	var u Upload
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if u, err = s.keep.LockUpload(ctx, id); err != nil {
			return err
		}
		if err = s.usable(u, who); err != nil {
			return err
		}
		return s.take(ctx, &u, offset, chunk)
	})
	if err == nil && u.Received == u.Size && u.FileID == nil {
		u, err = s.finish(ctx, u)
	}
	if err != nil {
		if refused(err) {
			err = errors.Join(err, s.discard(ctx, u))
		}
		return Upload{}, err
	}
	return u, nil
}

// errRefused marks a failure that lies in the file itself: sending it again would not help.
var errRefused = errors.New("the file is refused")

func refuse(err error) error       { return &refusal{err} }
func refused(err error) bool       { return errors.Is(err, errRefused) }
func (r *refusal) Error() string   { return r.error.Error() }
func (r *refusal) Unwrap() []error { return []error{r.error, errRefused} }

type refusal struct{ error }

// take writes the part of a held upload. The bytes are written before the row, both while the upload is held: a crash
// between leaves a part that the next try writes over.
func (s *Service) take(ctx context.Context, u *Upload, offset int64, chunk []byte) error {
	end := offset + int64(len(chunk))
	switch {
	case offset < 0 || end > u.Size:
		return ErrOffset.Saying("This part reaches beyond the %d bytes that were announced.", u.Size)
	case end <= u.Received:
		return nil
	case offset != u.Received:
		return ErrOffset
	}
	// The first bytes tell the kind: a film that is none is refused before all of it has come.
	if offset == 0 && (len(chunk) >= media.SniffLength || end == u.Size) {
		if _, err := recognise(chunk, u.Size); err != nil {
			return err
		}
	}
	key, err := partKey(ctx, u.ID, offset)
	if err != nil {
		return err
	}
	if _, _, err = s.blobs.Put(ctx, key, "", bytes.NewReader(chunk)); err != nil {
		return fmt.Errorf("keep part of upload %s: %w", u.ID, err)
	}
	u.Received = end
	return s.keep.UpdateUpload(ctx, *u)
}

// finish makes a file of an upload that has arrived whole. Two may do it at the same time: both keep the same bytes
// under the same hash, and the row is written by the first.
func (s *Service) finish(ctx context.Context, u Upload) (Upload, error) {
	f, err := s.assemble(ctx, u)
	if errors.Is(err, blob.ErrNotFound) { // the other one has finished and removed the parts
		return s.finished(ctx, u.ID, err)
	}
	if err != nil {
		return u, err
	}
	f.ID, f.CreatedBy, f.CreatedAt = uid.New(), &u.CreatedBy, s.now()
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if u, err = s.keep.LockUpload(ctx, u.ID); err != nil || u.FileID != nil {
			return err
		}
		if err = s.keep.AddFile(ctx, f); err != nil {
			return err
		}
		u.FileID = &f.ID
		return s.keep.UpdateUpload(ctx, u)
	})
	if err != nil {
		return u, err
	}
	_ = s.removeParts(ctx, u) // what is left goes with the upload when it expires
	return u, nil
}

func (s *Service) finished(ctx context.Context, id uid.ID, missing error) (u Upload, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		u, err = s.keep.UploadByID(ctx, id)
		return err
	})
	if err == nil && u.FileID == nil {
		err = fmt.Errorf("upload %s has lost a part: %w", id, missing)
	}
	return u, err
}

// assemble checks the file that the parts make, and keeps its bytes.
func (s *Service) assemble(ctx context.Context, u Upload) (File, error) {
	parts, err := s.parts(ctx, u)
	if err != nil {
		return File{}, err
	}
	if parts.size != u.Size {
		return File{}, blob.ErrNotFound.Because(fmt.Errorf("parts of upload %s have %d bytes of %d", u.ID, parts.size, u.Size))
	}
	checked, err := s.check(ctx, u.Name, parts)
	if err != nil {
		return File{}, err
	}
	return s.keepBytes(ctx, checked)
}

// parted is a file in the parts of its upload, readable at any place (io.ReaderAt) and from its beginning.
type parted struct {
	ctx    context.Context //nolint:containedctx // io.ReaderAt has no place for it; lives no longer than one call
	blobs  *blob.Store
	keys   []string
	starts []int64
	size   int64
}

// parts finds the parts of an upload: each begins where the one before it ends.
func (s *Service) parts(ctx context.Context, u Upload) (*parted, error) {
	p := &parted{ctx: ctx, blobs: s.blobs}
	for p.size < u.Size {
		key, err := partKey(ctx, u.ID, p.size)
		if err != nil {
			return nil, err
		}
		r, info, err := s.blobs.Range(ctx, key, 0, 0)
		if errors.Is(err, blob.ErrNotFound) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("parts of upload %s: %w", u.ID, err)
		}
		_ = r.Close() // nothing was asked of it
		if info.Size == 0 {
			break
		}
		p.keys, p.starts = append(p.keys, key), append(p.starts, p.size)
		p.size += info.Size
	}
	return p, nil
}

// removeParts deletes the parts of an upload, the last one first: what a crash leaves can still be found from the
// beginning.
func (s *Service) removeParts(ctx context.Context, u Upload) error {
	p, err := s.parts(ctx, u)
	if err != nil {
		return err
	}
	for _, key := range slices.Backward(p.keys) {
		if err = s.blobs.Delete(ctx, key); err != nil && !errors.Is(err, blob.ErrNotFound) {
			return fmt.Errorf("remove parts of upload %s: %w", u.ID, err)
		}
	}
	return nil
}

// ReadAt reads across the parts.
func (p *parted) ReadAt(b []byte, offset int64) (n int, err error) {
	for n < len(b) {
		at := offset + int64(n)
		if at >= p.size {
			return n, io.EOF
		}
		i, exact := slices.BinarySearch(p.starts, at)
		if !exact {
			i--
		}
		r, _, err := p.blobs.Range(p.ctx, p.keys[i], at-p.starts[i], int64(len(b)-n))
		if err != nil {
			return n, err
		}
		m, err := io.ReadFull(r, b[n:])
		n += m
		if closed := r.Close(); closed != nil {
			return n, closed
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return n, err
		}
	}
	return n, nil
}

// Size is how many bytes there are.
func (p *parted) Size() int64 { return p.size }

// inMemory is a file that came whole.
func inMemory(data []byte) source { return bytes.NewReader(data) }

// source is the bytes of a file to be checked, wherever they are.
type source interface {
	io.ReaderAt
	Size() int64
}

// stride is how much is read of a source at once: each read of a part opens it.
const stride = 1 << 20

// whole reads a source from its beginning to its end.
func whole(src source) io.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(src, 0, src.Size()), int(min(stride, src.Size())))
}
