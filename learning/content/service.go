package content

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/blob"
	"lyceum/internal/clock"
	"lyceum/internal/fault"
	"lyceum/internal/media"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Keeper is what content needs kept of files and uploads; every method joins the running transaction of the tenant.
type Keeper interface {
	InTenant(ctx context.Context, fn func(context.Context) error) error

	AddFile(ctx context.Context, f File) error
	FileByID(ctx context.Context, id uid.ID) (File, error)
	// FileNamed finds a file by name, kind and hash.
	FileNamed(ctx context.Context, name string, kind FileKind, sha256 string) (File, error)

	AddUpload(ctx context.Context, u Upload) error
	UploadByID(ctx context.Context, id uid.ID) (Upload, error)
	// LockUpload holds the upload until the transaction ends.
	LockUpload(ctx context.Context, id uid.ID) (Upload, error)
	UpdateUpload(ctx context.Context, u Upload) error
	RemoveUpload(ctx context.Context, id uid.ID) error
	ExpiredUploads(ctx context.Context, before time.Time, limit int) ([]Upload, error)
}

// Options is what the service works with.
type Options struct {
	Keep  Keeper
	Blobs *blob.Store
	Now   clock.Clock
}

// Service takes files in and gives them out.
type Service struct {
	keep  Keeper
	blobs *blob.Store
	now   clock.Clock
	// decoding bounds how many pictures are decoded at once: one may take 160 MB for that moment.
	decoding chan struct{}
}

// decoders is how many pictures are decoded at once.
const decoders = 2

// New makes the service.
func New(o Options) *Service {
	return &Service{keep: o.Keep, blobs: o.Blobs, now: o.Now, decoding: make(chan struct{}, decoders)}
}

// BeginInput announces a file. What the name claims of its kind is not believed.
type BeginInput struct {
	Name string
	Size int64 // bytes
}

// Begin announces a file that will come in parts; it expires after UploadLife. It needs file:upload. Fields: size.
func (s *Service) Begin(ctx context.Context, in BeginInput) (u Upload, err error) {
	who, err := uploader(ctx)
	if err != nil {
		return Upload{}, err
	}
	switch {
	case in.Size <= 0:
		return Upload{}, fault.Fields{"size": "This file is empty. Choose another one."}.Err()
	case in.Size > MaxVideo:
		return Upload{}, tooLarge("A file", MaxVideo, in.Size)
	}
	u = Upload{ID: uid.New(), Name: media.CleanName(in.Name), Size: in.Size, CreatedBy: who.PersonID, CreatedAt: s.now(), ExpiresAt: s.now().Add(UploadLife)}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error { return s.keep.AddUpload(ctx, u) })
	if err != nil {
		return Upload{}, err
	}
	return u, nil
}

// Status tells how much of an upload has arrived, so that it can go on from there after a break. It needs file:upload;
// another person's upload is ErrUploadNotFound.
func (s *Service) Status(ctx context.Context, id uid.ID) (u Upload, err error) {
	who, err := uploader(ctx)
	if err != nil {
		return Upload{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if u, err = s.keep.UploadByID(ctx, id); err != nil {
			return err
		}
		return s.usable(u, who)
	})
	if err != nil {
		return Upload{}, err
	}
	return u, nil
}

// usable fails for an upload of another person, and for one that has expired.
func (s *Service) usable(u Upload, who auth.Principal) error {
	if u.CreatedBy != who.PersonID || !s.now().Before(u.ExpiresAt) {
		return ErrUploadNotFound
	}
	return nil
}

// Put takes a whole small file in: forms without JavaScript, seeding. The same bytes under the same name again give
// the file that is there. It needs file:upload. Errors as Append's last part.
func (s *Service) Put(ctx context.Context, name string, data []byte) (File, error) {
	who, err := uploader(ctx)
	if err != nil {
		return File{}, err
	}
	if len(data) == 0 {
		return File{}, fault.Fields{"file": "This file is empty. Choose another one."}.Err()
	}
	checked, err := s.check(ctx, media.CleanName(name), inMemory(data))
	if err != nil {
		return File{}, err
	}
	f, err := s.keepBytes(ctx, checked)
	if err != nil {
		return File{}, err
	}
	f.ID, f.CreatedBy, f.CreatedAt = uid.New(), &who.PersonID, s.now()
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		there, err := s.keep.FileNamed(ctx, f.Name, f.Kind, f.SHA256)
		if err == nil {
			f = there
			return nil
		}
		if !errors.Is(err, ErrFileNotFound) {
			return err
		}
		return s.keep.AddFile(ctx, f)
	})
	if err != nil {
		return File{}, err
	}
	return f, nil
}

// File tells what a file is. It needs a signed-in person.
func (s *Service) File(ctx context.Context, id uid.ID) (File, error) {
	if _, ok := auth.PrincipalFrom(ctx); !ok {
		return File{}, auth.ErrSignInFirst
	}
	return s.file(ctx, id)
}

func (s *Service) file(ctx context.Context, id uid.ID) (f File, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		f, err = s.keep.FileByID(ctx, id)
		return err
	})
	return f, err
}

// Open reads length bytes of a file from offset, to its end when length is negative. It needs a signed-in person. An
// offset beyond the end is blob.ErrRange. The caller closes the reader. An SVG is served under a policy without
// scripts all the same.
func (s *Service) Open(ctx context.Context, id uid.ID, offset, length int64) (io.ReadCloser, File, error) {
	f, err := s.File(ctx, id)
	if err != nil {
		return nil, File{}, err
	}
	return s.open(ctx, f, offset, length)
}

// Public reads a picture for anyone. It is for the files that a tenant's brand names, and asks nothing but that it is
// a picture: the caller takes the id from the brand, never from a request.
func (s *Service) Public(ctx context.Context, id uid.ID) (io.ReadCloser, File, error) {
	f, err := s.file(ctx, id)
	if err != nil {
		return nil, File{}, err
	}
	if f.Kind != FilePicture {
		return nil, File{}, ErrFileNotFound
	}
	return s.open(ctx, f, 0, -1)
}

func (s *Service) open(ctx context.Context, f File, offset, length int64) (io.ReadCloser, File, error) {
	key, err := fileKey(ctx, f.SHA256)
	if err != nil {
		return nil, File{}, err
	}
	r, _, err := s.blobs.Range(ctx, key, offset, length)
	if err != nil {
		return nil, File{}, fmt.Errorf("open file %s: %w", f.ID, err)
	}
	return r, f, nil
}

// Sweep removes uploads that have expired, with their parts, and tells how many. It is a job's: it asks for no
// permission.
func (s *Service) Sweep(ctx context.Context) (removed int, err error) {
	for {
		var expired []Upload
		err = s.keep.InTenant(ctx, func(ctx context.Context) error {
			expired, err = s.keep.ExpiredUploads(ctx, s.now(), 100)
			return err
		})
		if err != nil || len(expired) == 0 {
			return removed, err
		}
		for _, u := range expired {
			if err = s.discard(ctx, u); err != nil {
				return removed, err
			}
			removed++
		}
	}
}

// discard removes an upload: its parts, then its row, so that a crash between leaves it to the next sweep.
func (s *Service) discard(ctx context.Context, u Upload) error {
	if err := s.removeParts(ctx, u); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error { return s.keep.RemoveUpload(ctx, u.ID) })
}

// uploader is who asks, when they may upload.
func uploader(ctx context.Context) (auth.Principal, error) {
	if err := auth.Require(ctx, policy.FileUpload); err != nil {
		return auth.Principal{}, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return who, nil
}

// fileKey is where a tenant's bytes of a hash are kept, partKey where the part of an upload is that begins at an
// offset. Both are made of our own names only.
func fileKey(ctx context.Context, sha256 string) (string, error) {
	t, ok := tenant.From(ctx)
	if !ok || !tenant.ValidSchemaName(t.SchemaName) {
		return "", errors.New("content: no tenant in the context")
	}
	return t.SchemaName + "/" + sha256, nil
}

func partKey(ctx context.Context, upload uid.ID, offset int64) (string, error) {
	return fileKey(ctx, fmt.Sprintf("uploads/%s/%d", upload, offset))
}

func tooLarge(what string, most, size int64) error {
	return ErrFileTooLarge.Saying("%s may have at most %s; this one has %s.", what, megabytes(most), megabytes(size)).
		With("size", fmt.Sprintf("At most %s.", megabytes(most)))
}

func megabytes(n int64) string { return fmt.Sprintf("%d MB", (n+1<<20-1)>>20) }
