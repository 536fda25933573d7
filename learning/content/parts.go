package content

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"lyceum/internal/blob"
)

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

// whole reads a source from its beginning to its end; each part of an upload is opened once.
func whole(src source) io.Reader {
	p, ok := src.(*parted)
	if !ok {
		return io.NewSectionReader(src, 0, src.Size())
	}
	readers := make([]io.Reader, len(p.keys))
	for i, key := range p.keys {
		readers[i] = &late{open: func() (io.ReadCloser, error) {
			r, _, err := p.blobs.Range(p.ctx, key, 0, -1)
			return r, err
		}}
	}
	return io.MultiReader(readers...)
}

// late opens what it reads when it is read, and closes it at its end.
type late struct {
	open func() (io.ReadCloser, error)
	r    io.ReadCloser
}

// Read reads.
func (l *late) Read(b []byte) (n int, err error) {
	if l.r == nil {
		if l.r, err = l.open(); err != nil {
			return 0, err
		}
	}
	n, err = l.r.Read(b)
	if err != nil {
		if closed := l.r.Close(); closed != nil && errors.Is(err, io.EOF) {
			err = closed
		}
	}
	return n, err
}

// blocky reads a source in blocks and keeps the last few: a ZIP's directory and a film's headers are read in many small
// steps, each of which would be a request to the object store.
type blocky struct {
	source
	kept [4]block
	next int
}

type block struct {
	at   int64
	data []byte
}

const blockSize = 256 << 10

// ReadAt reads.
func (b *blocky) ReadAt(p []byte, offset int64) (n int, err error) {
	for n < len(p) {
		at := offset + int64(n)
		if at < 0 || at >= b.Size() {
			return n, io.EOF
		}
		data, err := b.block(at / blockSize * blockSize)
		if err != nil {
			return n, err
		}
		if at%blockSize >= int64(len(data)) {
			return n, io.ErrUnexpectedEOF
		}
		n += copy(p[n:], data[at%blockSize:])
	}
	return n, nil
}

func (b *blocky) block(at int64) ([]byte, error) {
	for _, k := range b.kept {
		if k.data != nil && k.at == at {
			return k.data, nil
		}
	}
	data := make([]byte, min(blockSize, b.Size()-at))
	if n, err := b.source.ReadAt(data, at); n < len(data) {
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	b.kept[b.next] = block{at, data}
	b.next = (b.next + 1) % len(b.kept)
	return data, nil
}
