package content

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/internal/blob"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/media"
	"lyceum/internal/page"
	"lyceum/internal/recall"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Keeper is what content needs kept of files and uploads; every method joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error

	AddFile(ctx context.Context, f File) error
	FileByID(ctx context.Context, id uid.ID) (File, error)
	// FileFor reads a file and whether the reader may see it. Outside of a transaction it is one round trip.
	FileFor(ctx context.Context, id uid.ID, r Reader) (f File, may bool, err error)
	// FileNamed finds a file by name, kind and hash: one that was handed in by a person, or with nil one that was not.
	FileNamed(ctx context.Context, name string, kind FileKind, sha256 string, handedBy *uid.ID) (File, error)
	// HandedWaiting counts the files and uploads that a person brought to hand in, and did not hand in.
	HandedWaiting(ctx context.Context, person uid.ID) (int, error)
	// HandedAndLeft lists files that were brought before a moment to be handed in, and were not, the oldest first.
	HandedAndLeft(ctx context.Context, before time.Time, limit int) ([]uid.ID, error)
	FileList(ctx context.Context, f Filter) (page.Of[File], error)
	// UsesOf tells where files are used, each place once.
	UsesOf(ctx context.Context, files []uid.ID) (map[uid.ID][]Use, error)
	// HandedBy lists files that a person brought to be handed in and nothing uses.
	HandedBy(ctx context.Context, person uid.ID, limit int) ([]uid.ID, error)
	// RemoveUnused removes the row of a file that nothing uses, with those of its variants and uploads, and gives their
	// hashes; it is false when something uses it.
	RemoveUnused(ctx context.Context, id uid.ID) (variants []string, removed bool, err error)

	// AddVariant is false when the file has one of this width already. A file that is gone is ErrFileNotFound.
	AddVariant(ctx context.Context, v Variant) (added bool, err error)
	// PicturesOf tells of files as pictures. Outside of a transaction it is one round trip.
	PicturesOf(ctx context.Context, files []uid.ID) ([]Picture, error)

	// LockStorage holds the tenant's storage until the transaction ends.
	LockStorage(ctx context.Context) error
	StorageOf(ctx context.Context) (Storage, error)
	SetStorageLimit(ctx context.Context, bytes *int64, at time.Time) error
	// TouchBytes notes that bytes are wanted at a moment.
	TouchBytes(ctx context.Context, sha256 string, size int64, at time.Time) error
	// CountBytes adds to, or takes from, how many files and variants have the bytes.
	CountBytes(ctx context.Context, sha256 string, files, variants int, at time.Time) error
	// TakeUnusedBytes holds bytes that nobody has had since before a moment until the transaction ends; "" for none.
	TakeUnusedBytes(ctx context.Context, before time.Time) (sha256 string, err error)
	ForgetBytes(ctx context.Context, sha256 string) error

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
	Seal  seal.Key // of which the key for links is derived; the zero Key makes no links
	Now   clock.Clock
	// StorageLimit is how many bytes a tenant may keep that has no limit of its own; 0 is any number.
	StorageLimit int64
	// PlanLimit gives how many bytes the plan of ctx's tenant allows where it stops there; nil: none does. The lower of the two
	// holds. It is asked within the tenant's transaction and must not wait for anything far.
	PlanLimit func(ctx context.Context) (bytes int64, ok bool)
	// RedirectFrom is from which size on films, sounds and documents are fetched from the object store itself, where it can
	// sign addresses; 0 is never.
	RedirectFrom int64
}

// Service takes files in and gives them out.
type Service struct {
	keep     Keeper
	blobs    *blob.Store
	seal     seal.Key
	now      clock.Clock
	limit    int64
	plan     func(ctx context.Context) (int64, bool)
	redirect int64
	// decoding bounds how many pictures are decoded at once: one may take 160 MB for that moment.
	decoding chan struct{}
	seen     *recall.Cache[seenKey, File]
	pictures *recall.Cache[pictureKey, Picture]
}

// decoders is how many pictures are decoded at once.
const decoders = 2

// New makes the service.
func New(o Options) *Service {
	return &Service{
		keep: o.Keep, blobs: o.Blobs, seal: o.Seal, now: o.Now, limit: o.StorageLimit, plan: o.PlanLimit, redirect: o.RedirectFrom, decoding: make(chan struct{}, decoders),
		seen:     recall.New[seenKey, File](20_000, seenFor, o.Now),
		pictures: recall.New[pictureKey, Picture](20_000, picturesFor, o.Now),
	}
}

// BeginInput announces a file. What the name claims of its kind is not believed.
type BeginInput struct {
	Name string
	Size int64 // bytes
	// HandedIn says that a learner brings it, to answer a lesson with.
	HandedIn bool
}

// Begin announces a file that will come in parts; it expires after UploadLife, and until then its size is reserved of the
// tenant's storage (ErrStorageFull says how much room there is). It needs file:upload; for what is to be handed in enrolment:self, and then it
// may have MaxHanded bytes, and MaxHandedWaiting of them may wait (ErrHandedWaiting). Fields: size.
func (s *Service) Begin(ctx context.Context, in BeginInput) (u Upload, err error) {
	who, err := bringer(ctx, in.HandedIn)
	if err != nil {
		return Upload{}, err
	}
	switch {
	case in.Size <= 0:
		return Upload{}, fault.Fields{"size": "This file is empty. Choose another one."}.Err()
	case in.Size > MaxVideo:
		return Upload{}, tooLarge("A file", MaxVideo, in.Size)
	case in.HandedIn && in.Size > MaxHanded:
		return Upload{}, tooLarge("A file", MaxHanded, in.Size)
	}
	u = Upload{ID: uid.New(), Name: media.CleanName(in.Name), Size: in.Size, Handed: in.HandedIn, CreatedBy: who.PersonID, CreatedAt: s.now(), ExpiresAt: s.now().Add(UploadLife)}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.keep.LockStorage(ctx); err != nil {
			return err
		}
		if err := s.fits(ctx, in.Size, in.Size); err != nil {
			return err
		}
		if err := s.mayWait(ctx, u.Handed, who.PersonID); err != nil {
			return err
		}
		return s.keep.AddUpload(ctx, u)
	})
	if err != nil {
		return Upload{}, err
	}
	return u, nil
}

// Status tells how much of an upload has arrived, so that it can go on from there after a break. It needs what Begin needed;
// another person's upload is ErrUploadNotFound.
func (s *Service) Status(ctx context.Context, id uid.ID) (u Upload, err error) {
	who, err := anyone(ctx)
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

// usable fails for an upload of another person or of what they may not bring any more, and for one that has expired.
func (s *Service) usable(u Upload, who auth.Principal) error {
	if u.CreatedBy != who.PersonID || !who.May.Has(needed(u.Handed)) || !s.now().Before(u.ExpiresAt) {
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
	return s.put(ctx, who, name, data, false)
}

// HandIn takes a whole small file from a learner, as Put does from an author: what they answer a lesson with. The same bytes
// under the same name again give the file that they brought before, never another person's. It needs enrolment:self;
// ErrHandedWaiting as Begin.
func (s *Service) HandIn(ctx context.Context, name string, data []byte) (File, error) {
	who, err := bringer(ctx, true)
	if err != nil {
		return File{}, err
	}
	return s.put(ctx, who, name, data, true)
}

func (s *Service) put(ctx context.Context, who auth.Principal, name string, data []byte, handed bool) (File, error) {
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
	f.ID, f.Handed, f.CreatedBy, f.CreatedAt = uid.New(), handed, &who.PersonID, s.now()
	var by *uid.ID
	if handed {
		by = f.CreatedBy
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		there, err := s.keep.FileNamed(ctx, f.Name, f.Kind, f.SHA256, by)
		if err == nil {
			f = there
			return nil
		}
		if !errors.Is(err, ErrFileNotFound) {
			return err
		}
		if err = s.mayWait(ctx, handed, who.PersonID); err != nil {
			return err
		}
		if err = s.add(ctx, f); err != nil {
			return err
		}
		return s.fits(ctx, 0, f.Size)
	})
	if err != nil {
		return File{}, err
	}
	return f, nil
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
func uploader(ctx context.Context) (auth.Principal, error) { return bringer(ctx, false) }

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
