package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/internal/uid"
	"lyceum/learning/content"
	"lyceum/store/storetest"
)

func TestFilesAndUploadsAreKeptAndStayWithTheirTenant(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	s, now := w.Store, w.Now.Now()
	f := storetest.File(t, mine, w, content.FileVideo, "video/mp4", 61.5)
	u := content.Upload{ID: uid.New(), Name: "film.mp4", Size: 5 << 30, CreatedBy: uid.New(), CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	within(t, w, mine, func(ctx context.Context) error {
		if err := s.AddUpload(ctx, u); err != nil {
			return err
		}
		u.Received, u.FileID = 5<<30, &f.ID
		if err := s.UpdateUpload(ctx, u); err != nil {
			return err
		}
		file, err := s.FileByID(ctx, f.ID)
		if err != nil {
			return err
		}
		named, err := s.FileNamed(ctx, f.Name, f.Kind, f.SHA256, nil)
		if err != nil {
			return err
		}
		upload, err := s.LockUpload(ctx, u.ID)
		if diff := cmp.Diff(f, file) + cmp.Diff(f, named) + cmp.Diff(u, upload); diff != "" {
			t.Error(diff)
		}
		infos, err2 := s.FileInfos(ctx, []uid.ID{f.ID, uid.New()})
		if err2 != nil || len(infos) != 1 || infos[0].Kind != "video" || infos[0].Seconds != 61.5 {
			t.Errorf("infos are %+v, %v", infos, err2)
		}
		return err
	})
	absent(t, w, other, content.ErrFileNotFound, map[string]func(context.Context) error{
		"FileByID":  func(ctx context.Context) error { _, err := s.FileByID(ctx, f.ID); return err },
		"FileNamed": func(ctx context.Context) error { _, err := s.FileNamed(ctx, f.Name, f.Kind, f.SHA256, nil); return err },
	})
	absent(t, w, other, content.ErrUploadNotFound, map[string]func(context.Context) error{
		"UploadByID":   func(ctx context.Context) error { _, err := s.UploadByID(ctx, u.ID); return err },
		"LockUpload":   func(ctx context.Context) error { _, err := s.LockUpload(ctx, u.ID); return err },
		"UpdateUpload": func(ctx context.Context) error { return s.UpdateUpload(ctx, u) },
	})
	within(t, w, other, func(ctx context.Context) error {
		infos, err := s.FileInfos(ctx, []uid.ID{f.ID})
		if err != nil {
			return err
		}
		expired, err := s.ExpiredUploads(ctx, u.ExpiresAt.Add(time.Hour), 10)
		if len(infos)+len(expired) != 0 {
			t.Errorf("another tenant sees %v %v", infos, expired)
		}
		if err != nil {
			return err
		}
		return s.RemoveUpload(ctx, u.ID) // is not theirs: removes nothing
	})
}

func TestAnUploadExpiresAtItsTimeAndIsRemovedOnce(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine := w.Tenant(t)
	s, now := w.Store, w.Now.Now()
	u := content.Upload{ID: uid.New(), Name: "film.mp4", Size: 1, CreatedBy: uid.New(), CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	within(t, w, mine, func(ctx context.Context) error { return s.AddUpload(ctx, u) })
	within(t, w, mine, func(ctx context.Context) error {
		for at, want := range map[time.Time]int{now.Add(59 * time.Minute): 0, now.Add(61 * time.Minute): 1} {
			if list, err := s.ExpiredUploads(ctx, at, 10); err != nil || len(list) != want {
				t.Errorf("at %v expired are %v, %v", at, list, err)
			}
		}
		for range 2 {
			if err := s.RemoveUpload(ctx, u.ID); err != nil {
				return err
			}
		}
		return nil
	})
}
