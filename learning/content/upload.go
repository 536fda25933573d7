package content

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"time"

	"lyceum/internal/blob"
	"lyceum/internal/media"
	"lyceum/internal/uid"
)

// Append takes the part of an upload that begins at offset, at most MaxChunk bytes. A part that has arrived already is
// taken for that and nothing is written; one that does not begin where the last one ended is ErrOffset. The last part
// finishes the upload: the file is checked by its content (ErrFileType, ErrFileTooLarge, or what is wrong with it),
// kept, and named by FileID. When that was interrupted, the last part again, or an empty part at the end, finishes it.
// A file that is refused is removed with its upload. It needs what Begin needed.
func (s *Service) Append(ctx context.Context, id uid.ID, offset int64, chunk []byte) (Upload, error) {
	who, err := anyone(ctx)
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
	if u.Received == 0 || u.Hashed != nil { // else it began under the release before this one
		if u.Hashed, err = hashed(u.Hashed, chunk); err != nil {
			return err
		}
	}
	u.Received = end
	return s.keep.UpdateUpload(ctx, *u)
}

// finishFor is how long the bytes of an upload may take to be checked and kept.
const finishFor = 10 * time.Minute

// finish makes a file of an upload that has arrived whole. Two may do it at the same time: both keep the same bytes
// under the same hash, and the row is written by the first.
func (s *Service) finish(ctx context.Context, u Upload) (Upload, error) {
	// A film of some gigabytes takes longer to copy than a request may.
	long, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishFor)
	defer cancel()
	f, err := s.assemble(long, u)
	if errors.Is(err, blob.ErrNotFound) { // the other one has finished and removed the parts
		return s.finished(ctx, u.ID, err)
	}
	if err != nil {
		return u, err
	}
	f.ID, f.Handed, f.CreatedBy, f.CreatedAt = uid.New(), u.Handed, &u.CreatedBy, s.now()
	err = s.keep.InTenant(long, func(ctx context.Context) error {
		if u, err = s.keep.LockUpload(ctx, u.ID); err != nil || u.FileID != nil {
			return err
		}
		if err = s.add(ctx, f); err != nil {
			return err
		}
		u.FileID = &f.ID // and what the upload reserved of the storage is free
		if err = s.keep.UpdateUpload(ctx, u); err != nil {
			return err
		}
		return s.fits(ctx, 0, f.Size)
	})
	if errors.Is(err, ErrStorageFull) {
		err = refuse(err) // sending it again would not help
	}
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
	if u.Hashed != nil && checked.bytes == source(parts) { // kept as it came: its hash was taken on the way
		hash, err := resumeHash(u.Hashed)
		if err != nil {
			return File{}, err
		}
		checked.sum = hex.EncodeToString(hash.Sum(nil))
	}
	return s.keepBytes(ctx, checked)
}

// resumeHash goes on with a hash where a part before left it; nil is the beginning.
func resumeHash(state []byte) (hash.Hash, error) {
	h := sha256.New()
	if state == nil {
		return h, nil
	}
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil { //nolint:forcetypeassert // documented of SHA-256
		return nil, fmt.Errorf("resume the hash of an upload: %w", err)
	}
	return h, nil
}

// hashed is the state of an upload's hash with a part more.
func hashed(state, part []byte) ([]byte, error) {
	h, err := resumeHash(state)
	if err != nil {
		return nil, err
	}
	_, _ = h.Write(part)                                // a hash takes everything
	return h.(encoding.BinaryMarshaler).MarshalBinary() //nolint:forcetypeassert // documented of SHA-256
}
