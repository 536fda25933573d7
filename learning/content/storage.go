package content

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/blob"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Storage is how much room a tenant's files take, in bytes. The same bytes under two names count once; smaller variants of
// pictures, which we make, do not count.
type Storage struct {
	Used   int64 // by files
	Coming int64 // announced by uploads under way
	Files  int
	Limit  int64 // 0 is any number
	Own    bool  // the limit is the tenant's own, not everyone's
}

// Left is how much may still come.
func (s Storage) Left() int64 { return max(0, s.Limit-s.Used-s.Coming) }

// Percent is how much of the limit is taken, 0 to 100.
func (s Storage) Percent() int {
	if s.Limit <= 0 {
		return 0
	}
	return int(min(100, (s.Used+s.Coming)*100/s.Limit))
}

// Filter narrows a list of files. Zero values narrow nothing.
type Filter struct {
	Kind    FileKind
	Unused  bool // only what nothing uses
	Largest bool // the largest first, instead of the newest
	Page    page.Request
}

// UsePlace is where a file may be used.
type UsePlace string

// Places.
const (
	UsedInCourse     UsePlace = "course"
	UsedInBrand      UsePlace = "brand"
	UsedInSubmission UsePlace = "submission"
	UsedInPath       UsePlace = "path"
	UsedInQuestion   UsePlace = "question"
)

// Use is a place that uses a file: a course by its id and title, the brand, or something a learner handed in.
type Use struct {
	Place    UsePlace
	CourseID uid.ID
	Title    string
	Past     bool // of a course: only earlier versions and saved states use it, not what is learned from or written today
}

// Listed is a file with where it is used.
type Listed struct {
	File
	Uses []Use
}

// List gives files, the newest first, with where each is used. It needs file:upload.
func (s *Service) List(ctx context.Context, f Filter) (out page.Of[Listed], err error) {
	if err := auth.Require(ctx, policy.FileUpload); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err := s.keep.FileList(ctx, f)
		if err != nil {
			return err
		}
		ids := make([]uid.ID, len(list.Items))
		for i, f := range list.Items {
			ids[i] = f.ID
		}
		uses, err := s.keep.UsesOf(ctx, ids)
		if err != nil {
			return err
		}
		out = page.Of[Listed]{Items: make([]Listed, len(list.Items)), Next: list.Next}
		for i, f := range list.Items {
			out.Items[i] = Listed{f, uses[f.ID]}
		}
		return nil
	})
	return out, err
}

// Storage tells how much room the tenant's files take. It needs file:upload or usage:read.
func (s *Service) Storage(ctx context.Context) (st Storage, err error) {
	if err = auth.Require(ctx, policy.FileUpload); err != nil {
		if err = auth.Require(ctx, policy.UsageRead); err != nil {
			return Storage{}, err
		}
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		st, err = s.storage(ctx)
		return err
	})
	return st, err
}

// storage is the tenant's storage with the limit that holds.
func (s *Service) storage(ctx context.Context) (Storage, error) {
	st, err := s.keep.StorageOf(ctx)
	if err == nil && !st.Own {
		st.Limit = s.limit
		if s.plan == nil {
			return st, nil
		}
		if bytes, ok := s.plan(ctx); ok && (st.Limit <= 0 || bytes < st.Limit) {
			st.Limit = max(bytes, 1) // 0 would be any number
		}
	}
	return st, err
}

// SetLimit gives the tenant a limit of its own in bytes (0 is any number), or with nil everyone's again, and tells of it as
// storage.limited. It is the operator's: it asks for no permission. What is there already stays, whatever the limit.
func (s *Service) SetLimit(ctx context.Context, bytes *int64) (st Storage, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.keep.LockStorage(ctx); err != nil {
			return err
		}
		if err := s.keep.SetStorageLimit(ctx, bytes, s.now()); err != nil {
			return err
		}
		if st, err = s.storage(ctx); err != nil {
			return err
		}
		return s.tell(ctx, "storage.limited", "storage", uid.Nil, map[string]any{"bytes": st.Limit})
	})
	return st, err
}

// StorageNow is Storage for the operator: it asks for no permission.
func (s *Service) StorageNow(ctx context.Context) (st Storage, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		st, err = s.storage(ctx)
		return err
	})
	return st, err
}

// fits fails when so many bytes more would not fit; the storage is held. size is what the sentence speaks of.
func (s *Service) fits(ctx context.Context, more, size int64) error {
	st, err := s.storage(ctx)
	if err != nil || st.Limit <= 0 || st.Used+st.Coming+more <= st.Limit {
		return err
	}
	if more == 0 {
		st.Used -= size // it was counted to see
	}
	return ErrStorageFull.Saying("There is no room for this file of %s: %s of %s are left. Remove files that are not used any more, or ask for more storage.",
		megabytes(size), megabytes(st.Left()), megabytes(st.Limit)).With("size", fmt.Sprintf("At most %s.", megabytes(st.Left())))
}

// add writes a file's row, counts its bytes and tells of it as file.added. It holds the storage, and the caller asks fits
// afterwards.
func (s *Service) add(ctx context.Context, f File) error {
	if err := s.keep.LockStorage(ctx); err != nil {
		return err
	}
	if err := s.keep.AddFile(ctx, f); err != nil {
		return err
	}
	if err := s.keep.CountBytes(ctx, f.SHA256, 1, 0, s.now()); err != nil {
		return err
	}
	return s.tell(ctx, "file.added", "file", f.ID, map[string]any{"name": f.Name, "kind": f.Kind, "size": f.Size})
}

// Remove removes a file that nothing uses, and tells of it as file.removed; its bytes go a while after the last file that
// has them. It needs file:upload. One that is used is ErrFileInUse, which names a place.
func (s *Service) Remove(ctx context.Context, id uid.ID) error {
	if err := auth.Require(ctx, policy.FileUpload); err != nil {
		return err
	}
	return s.remove(ctx, id)
}

func (s *Service) remove(ctx context.Context, id uid.ID) error {
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		f, err := s.keep.FileByID(ctx, id)
		if err != nil {
			return err
		}
		if err = s.keep.LockStorage(ctx); err != nil {
			return err
		}
		variants, removed, err := s.keep.RemoveUnused(ctx, id)
		if err != nil {
			return err
		}
		if !removed {
			return s.inUse(ctx, id)
		}
		if err = s.keep.CountBytes(ctx, f.SHA256, -1, 0, s.now()); err != nil {
			return err
		}
		for _, sum := range variants {
			if err = s.keep.CountBytes(ctx, sum, 0, -1, s.now()); err != nil {
				return err
			}
		}
		return s.tell(ctx, "file.removed", "file", id, map[string]any{"name": f.Name, "kind": f.Kind, "size": f.Size})
	})
	if err == nil {
		s.seen.Drop(func(k seenKey, _ File) bool { return k.file == id })
		s.pictures.Drop(func(k pictureKey, _ Picture) bool { return k.file == id })
	}
	return err
}

func (s *Service) inUse(ctx context.Context, id uid.ID) error {
	uses, err := s.keep.UsesOf(ctx, []uid.ID{id})
	if err != nil {
		return err
	}
	past := ""
	for _, u := range uses[id] {
		switch {
		case u.Place == UsedInCourse && !u.Past:
			return ErrFileInUse.Saying("This file is used in the course “%s”, in a draft or in a version that people are in. Take it out there first.", u.Title)
		case u.Place == UsedInCourse:
			past = u.Title
		case u.Place == UsedInQuestion:
			return ErrFileInUse.Saying("A question of a question bank shows this picture. Its published versions are kept as they were, and the picture with them.")
		case u.Place == UsedInSubmission:
			return ErrFileInUse.Saying("A learner handed this file in. It stays with what they handed in.")
		}
	}
	if past != "" {
		return ErrFileInUse.Saying("Only an earlier version or an earlier saved state of the course “%s” uses this file. Those are kept as they were, and the file with them.", past)
	}
	return ErrFileInUse
}

func (s *Service) tell(ctx context.Context, typ, subject string, id uid.ID, data map[string]any) error {
	e, err := event.New(ctx, s.now(), typ, subject, id, data)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}

// BytesGrace is how long bytes stay that nobody has any more: longer than an upload may take from finding them here to
// counting them.
const BytesGrace = 24 * time.Hour

// SweepBytes removes bytes that nobody has had for BytesGrace, and tells how many. Each is held while it is removed: an
// upload with the same hash waits, and then finds them gone and brings them anew. It is a job's: it asks for no permission.
func (s *Service) SweepBytes(ctx context.Context) (removed int, err error) {
	for ctx.Err() == nil {
		sum := ""
		err = s.keep.InTenant(ctx, func(ctx context.Context) error {
			if sum, err = s.keep.TakeUnusedBytes(ctx, s.now().Add(-BytesGrace)); err != nil || sum == "" {
				return err
			}
			key, err := fileKey(ctx, sum)
			if err != nil {
				return err
			}
			if err = s.blobs.Delete(ctx, key); err != nil && !errors.Is(err, blob.ErrNotFound) {
				return fmt.Errorf("remove the bytes %s: %w", sum, err)
			}
			return s.keep.ForgetBytes(ctx, sum)
		})
		if err != nil || sum == "" {
			return removed, err
		}
		removed++
	}
	return removed, ctx.Err()
}
