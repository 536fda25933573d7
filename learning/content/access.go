package content

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/blob"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Reader is who asks for a file, in what decides it.
type Reader struct {
	PersonID uid.ID
	// All may read every file: who writes, reads over or publishes courses, and who uploads.
	All bool
	// Covers are of courses the person may see: course:read.
	Covers bool
	// Submissions of learners: enrolment:mark.
	Submissions bool
	// Pictures for the portal's look: brand:edit.
	Pictures bool
}

func readerOf(who auth.Principal) Reader {
	r := Reader{PersonID: who.PersonID, Covers: who.May.Has(policy.CourseRead), Submissions: who.May.Has(policy.EnrolmentMark), Pictures: who.May.Has(policy.BrandEdit)}
	for _, p := range []policy.Permission{policy.FileUpload, policy.CourseEdit, policy.CourseReview, policy.CoursePublish} {
		r.All = r.All || who.May.Has(p)
	}
	return r
}

// seenFor is how long it is remembered that somebody may read a file. A film is asked for in hundreds of parts; and a
// person who loses a course goes on reading for no longer than this.
const seenFor = time.Minute

// seenKey is a file in the eyes of a session or key; Reader stands in it because its rights may change meanwhile.
type seenKey struct {
	tenant, session, file uid.ID
	reader                Reader
}

// File tells what a file is to a person who may read it: whose it is; who is in a course whose version uses it; of the
// cover and summary of a course, who may see the course; all files who writes or publishes courses or uploads; submissions
// who marks them; pictures who edits the brand. For all others it is ErrFileNotFound. It needs a signed-in person.
func (s *Service) File(ctx context.Context, id uid.ID) (File, error) {
	who, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return File{}, auth.ErrSignInFirst
	}
	t, ok := tenant.From(ctx)
	if !ok {
		return File{}, errors.New("content: no tenant in the context")
	}
	key := seenKey{tenant: t.ID, session: who.SessionID, file: id, reader: readerOf(who)}
	if who.SessionID == uid.Nil {
		key.session = who.KeyID
	}
	// A refusal is an error, and errors are not remembered: who is let in may read at once.
	return s.seen.Get(ctx, key, func(ctx context.Context) (File, error) {
		f, may, err := s.keep.FileFor(ctx, id, key.reader)
		if err == nil && !may {
			err = ErrFileNotFound
		}
		return f, err
	})
}

func (s *Service) file(ctx context.Context, id uid.ID) (f File, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		f, err = s.keep.FileByID(ctx, id)
		return err
	})
	return f, err
}

// Open reads length bytes of a file from offset, to its end when length is negative. It needs what File needs. An
// offset beyond the end is blob.ErrRange. The caller closes the reader. An SVG is served under a policy without
// scripts all the same.
func (s *Service) Open(ctx context.Context, id uid.ID, offset, length int64) (*blob.Section, File, error) {
	f, err := s.File(ctx, id)
	if err != nil {
		return nil, File{}, err
	}
	r, err := s.section(ctx, f.SHA256, offset, length)
	return r, f, err
}

// Public reads a picture for anyone. It is for the files that a tenant's brand names, and asks nothing but that it is
// a picture: the caller takes the id from the brand, never from a request.
func (s *Service) Public(ctx context.Context, id uid.ID) (*blob.Section, File, error) {
	f, err := s.Branded(ctx, id, "")
	if err != nil {
		return nil, File{}, err
	}
	r, err := s.section(ctx, f.SHA256, 0, -1)
	return r, f, err
}

// Branded tells what a picture that the tenant's brand names is, or a smaller one of it by its hash, as Public does. It is
// asked for on every page, so it is remembered.
func (s *Service) Branded(ctx context.Context, id uid.ID, sha256 string) (File, error) {
	t, ok := tenant.From(ctx)
	if !ok {
		return File{}, errors.New("content: no tenant in the context")
	}
	f, err := s.seen.Get(ctx, seenKey{tenant: t.ID, file: id}, func(ctx context.Context) (File, error) { return s.file(ctx, id) })
	if err != nil {
		return File{}, err
	}
	if f.Kind != FilePicture {
		return File{}, ErrFileNotFound
	}
	if sha256 == "" {
		return f, nil
	}
	return s.variant(ctx, f, sha256)
}

func (s *Service) section(ctx context.Context, sha256 string, offset, length int64) (*blob.Section, error) {
	key, err := fileKey(ctx, sha256)
	if err != nil {
		return nil, err
	}
	r, err := s.blobs.Section(ctx, key, offset, length)
	if err != nil {
		return nil, fmt.Errorf("open the bytes of a file: %w", err)
	}
	return r, nil
}
