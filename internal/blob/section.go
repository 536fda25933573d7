package blob

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"

	"path/filepath"
)

// Section is a stretch of a file on its way out. It is made to be sent: WriteTo hands the kernel a file of the folder
// (sendfile) where the other end takes it, and copies through a borrowed buffer otherwise, so that however many are sent
// at once, none is held in memory.
type Section struct {
	body io.ReadCloser
	file *os.File // of body, where it is one
	left int64
}

// Section opens length bytes from offset, up to the end when length is negative. Unlike Range it does not look up the media
// type: who sends a file knows it. Errors as Range.
func (s *Store) Section(ctx context.Context, key string, offset, length int64) (*Section, error) {
	if s.root == nil {
		r, info, err := s.Range(ctx, key, offset, length)
		if err != nil {
			return nil, err
		}
		return &Section{body: r, left: within(info.Size, offset, length)}, nil
	}
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	if offset < 0 {
		return nil, ErrRange
	}
	f, err := s.root.Open(filepath.FromSlash(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound.Because(err)
	}
	if err != nil {
		return nil, failed("read", key, err)
	}
	at, err := f.Stat()
	switch {
	case err != nil:
		return nil, errors.Join(failed("read", key, err), f.Close())
	case at.IsDir():
		return nil, errors.Join(ErrNotFound, f.Close())
	case offset > 0 && offset >= at.Size():
		return nil, errors.Join(ErrRange, f.Close())
	}
	if _, err = f.Seek(offset, io.SeekStart); err != nil {
		return nil, errors.Join(failed("read", key, err), f.Close())
	}
	return &Section{body: f, file: f, left: within(at.Size(), offset, length)}, nil
}

// within is how many bytes of a stretch a file of this size has.
func within(size, offset, length int64) int64 {
	if length < 0 {
		return max(0, size-offset)
	}
	return max(0, min(length, size-offset))
}

// Len is how many bytes are left.
func (s *Section) Len() int64 { return s.left }

// Read reads.
func (s *Section) Read(p []byte) (int, error) {
	if s.left <= 0 {
		return 0, io.EOF
	}
	n, err := s.body.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	return n, err
}

// Close closes.
func (s *Section) Close() error { return s.body.Close() }

var buffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// WriteTo sends what is left. A bufio.Writer is emptied first: only then does it let what is behind it read from a file.
func (s *Section) WriteTo(w io.Writer) (int64, error) {
	if b, ok := w.(*bufio.Writer); ok && s.file != nil {
		if err := b.Flush(); err != nil {
			return 0, err
		}
		n, err := b.ReadFrom(&io.LimitedReader{R: s.file, N: s.left})
		s.left -= n
		return n, err
	}
	borrowed := buffers.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer buffers.Put(borrowed)
	return io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{s}, *borrowed)
}
