// Package blob keeps files under keys: in a folder, in an S3 bucket, or in memory for tests. It is a thin room around gocloud.dev/blob,
// with keys that cannot lead elsewhere and failures in our words. It knows no media types' meaning, no owners and no
// rights: whoever builds a key from a tenant's id must do so from ids alone.
package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"os"
	"strings"
	"time"

	"github.com/aws/smithy-go"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// MaxKey is the longest key, in bytes.
const MaxKey = 512

var (
	// ErrNotFound is a key under which nothing is kept.
	ErrNotFound = fault.New(fault.KindNotFound, "file_not_found", "This file is not here any more.")
	// ErrKey is a key that CheckKey refuses.
	ErrKey = fault.New(fault.KindInvalid, "file_key_invalid", "A file's key has lower-case letters, digits, hyphens, low lines, dots and slashes.")
	// ErrRange is a range that begins beyond the end of the file (RFC 9110 §15.5.17).
	ErrRange = fault.New(fault.KindInvalid, "file_range_invalid", "This part of the file does not exist.")
)

// Info is what is known of a file without reading it.
type Info struct {
	MediaType string
	Size      int64 // of the whole file, also when a range is read
	ModTime   time.Time
}

// Store keeps files. It may be used from several goroutines and, in a folder, from several processes. Write under a
// key once where you can (a new id, or a hash, in the key): who reads a key in the moment it is written anew may get
// the old bytes with the new type or size.
type Store struct {
	bucket *blob.Bucket
	// typed is true in a folder: there the media type stands in a file of ours beside the content. The library would
	// write its own notes in place, and readers meet them half written.
	typed bool
	// root is the folder, where there is one: what is sent on is read from it without a detour (Section).
	root *os.Root
	// origin is where signed addresses lead, "" where the store signs none.
	origin string
}

const (
	typeSuffix = ".type" // marks the key of a media type
	untyped    = "application/octet-stream"
)

// Close ends the use of the store.
func (s *Store) Close() error {
	err := s.bucket.Close()
	if s.root != nil {
		err = errors.Join(err, s.root.Close())
	}
	return err
}

// CheckKey refuses every key that is not made of parts of [a-z0-9_.-] with single slashes between: no part is empty
// or begins with a dot, nothing holds "..", and the endings ".type", ".attrs" and ".tmp" are the store's own. The
// error is ErrKey.
func CheckKey(key string) error {
	if key == "" || len(key) > MaxKey || strings.Contains(key, "..") {
		return ErrKey
	}
	for _, own := range []string{typeSuffix, ".attrs", ".tmp"} {
		if strings.HasSuffix(key, own) {
			return ErrKey
		}
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part[0] == '.' {
			return ErrKey
		}
	}
	for _, c := range []byte(key) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '/' && c != '_' && c != '.' && c != '-' {
			return ErrKey
		}
	}
	return nil
}

// Put keeps what r gives under a key, in place of what was there, and tells its size and SHA-256 in hexadecimal. When
// r fails, or ctx ends, the key is as it was. An empty media type means application/octet-stream.
func (s *Store) Put(ctx context.Context, key, mediaType string, r io.Reader) (size int64, sum string, err error) {
	if err := CheckKey(key); err != nil {
		return 0, "", err
	}
	if mediaType == "" {
		mediaType = untyped
	}
	if _, _, err := mime.ParseMediaType(mediaType); err != nil {
		return 0, "", fmt.Errorf("put %s: media type %q: %w", key, mediaType, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := s.bucket.NewWriter(ctx, key, &blob.WriterOptions{ContentType: mediaType, DisableContentTypeDetection: true})
	if err != nil {
		return 0, "", failed("put", key, err)
	}
	hash := sha256.New()
	size, err = io.Copy(io.MultiWriter(w, hash), r)
	if err != nil {
		cancel() // before Close: this is how a writer is told to forget
		_ = w.Close()
		return 0, "", failed("put", key, err)
	}
	if s.typed {
		if err := s.bucket.WriteAll(ctx, key+typeSuffix, []byte(mediaType), nil); err != nil {
			cancel()
			return 0, "", errors.Join(failed("put", key, err), w.Close())
		}
	}
	if err := w.Close(); err != nil {
		return 0, "", failed("put", key, err)
	}
	return size, hex.EncodeToString(hash.Sum(nil)), nil
}

// Get reads a whole file. The caller closes the reader.
func (s *Store) Get(ctx context.Context, key string) (io.ReadCloser, Info, error) {
	return s.Range(ctx, key, 0, -1)
}

// Range reads length bytes from offset, up to the end when length is negative or reaches beyond it. An offset at or
// beyond the end is ErrRange, except 0 in an empty file. The caller closes the reader.
func (s *Store) Range(ctx context.Context, key string, offset, length int64) (io.ReadCloser, Info, error) {
	if err := CheckKey(key); err != nil {
		return nil, Info{}, err
	}
	if offset < 0 {
		return nil, Info{}, ErrRange
	}
	r, err := s.bucket.NewRangeReader(ctx, key, offset, max(length, -1), nil)
	if s.outOfRange(err) {
		if offset > 0 {
			return nil, Info{}, ErrRange.Because(err)
		}
		r, err = s.bucket.NewReader(ctx, key, nil) // an empty file has no range, not even its beginning
	}
	if err != nil {
		return nil, Info{}, failed("read", key, err)
	}
	info := Info{MediaType: r.ContentType(), Size: r.Size(), ModTime: r.ModTime().UTC()}
	if offset > 0 && offset >= info.Size {
		return nil, Info{}, errors.Join(ErrRange, r.Close())
	}
	if s.typed {
		if info.MediaType, err = s.mediaType(ctx, key); err != nil {
			return nil, Info{}, errors.Join(err, r.Close())
		}
	}
	return r, info, nil
}

// outOfRange tells whether an S3 server means that a file has no such range; other stores read nothing then.
func (s *Store) outOfRange(err error) bool {
	var refused smithy.APIError
	return err != nil && s.bucket.ErrorAs(err, &refused) && refused.ErrorCode() == "InvalidRange"
}

// mediaType reads the type that stands beside a file. A file that somebody laid into the folder has none.
func (s *Store) mediaType(ctx context.Context, key string) (string, error) {
	b, err := s.bucket.ReadAll(ctx, key+typeSuffix)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return untyped, nil
	}
	if err != nil {
		return "", failed("read the type of", key, err)
	}
	return string(b), nil
}

// Delete removes a file. That there is none is ErrNotFound.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if ok, err := s.Exists(ctx, key); err != nil || !ok { // asked first: a folder on the way to other keys is no file
		if err == nil {
			err = ErrNotFound
		}
		return err
	}
	if err := s.bucket.Delete(ctx, key); err != nil {
		return failed("delete", key, err)
	}
	if s.typed {
		if err := s.bucket.Delete(ctx, key+typeSuffix); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return failed("delete the type of", key, err)
		}
	}
	return nil
}

// Exists says whether something is kept under a key.
func (s *Store) Exists(ctx context.Context, key string) (bool, error) {
	if err := CheckKey(key); err != nil {
		return false, err
	}
	ok, err := s.bucket.Exists(ctx, key)
	if err != nil {
		return false, failed("look for", key, err)
	}
	return ok, nil
}

// Check writes a small file, reads it back and deletes it: for `doctor`.
func (s *Store) Check(ctx context.Context) error {
	key := "check/" + uid.New().String()
	if _, _, err := s.Put(ctx, key, "text/plain", strings.NewReader(key)); err != nil {
		return fmt.Errorf("check storage: %w", err)
	}
	read := s.compare(ctx, key)
	if err := errors.Join(read, s.Delete(ctx, key)); err != nil {
		return fmt.Errorf("check storage: %w", err)
	}
	return nil
}

func (s *Store) compare(ctx context.Context, key string) error {
	r, _, err := s.Get(ctx, key)
	if err != nil {
		return err
	}
	got, err := io.ReadAll(r)
	if err == nil && !bytes.Equal(got, []byte(key)) {
		err = fmt.Errorf("wrote %q, read %q", key, got)
	}
	return errors.Join(err, r.Close())
}

func failed(doing, key string, err error) error {
	if gcerrors.Code(err) == gcerrors.NotFound {
		return ErrNotFound.Because(fmt.Errorf("%s %s: %w", doing, key, err))
	}
	return fmt.Errorf("%s %s: %w", doing, key, err)
}
