package store_test

import (
	"context"
	"testing"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/content"
	"lyceum/store/storetest"
)

func TestStorageUsesAndVariantsStayWithTheirTenant(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	s, now := w.Store, w.Now.Now()
	f := storetest.File(t, mine, w, content.FilePicture, "image/png", 0)
	limit := int64(5000)
	within(t, w, mine, func(ctx context.Context) error {
		if added, err := s.AddVariant(ctx, content.Variant{FileID: f.ID, Width: 320, Height: 200, MediaType: "image/png", Size: 10, SHA256: "v"}); !added || err != nil {
			t.Error(added, err)
		}
		if again, err := s.AddVariant(ctx, content.Variant{FileID: f.ID, Width: 320, Height: 200, MediaType: "image/png", Size: 10, SHA256: "v"}); again || err != nil {
			t.Error(again, err)
		}
		return s.SetStorageLimit(ctx, &limit, now)
	})
	anyone := content.Reader{PersonID: uid.New(), All: true, Covers: true, Submissions: true, Pictures: true}
	for name, c := range map[string]struct {
		ctx     context.Context
		there   int
		storage content.Storage
	}{
		"mine": {mine, 1, content.Storage{Used: f.Size, Files: 1, Limit: 5000, Own: true}}, "another": {other, 0, content.Storage{}},
	} {
		within(t, w, c.ctx, func(ctx context.Context) error {
			_, may, err := s.FileFor(ctx, f.ID, anyone)
			if may != (c.there == 1) || err != nil && c.there == 1 {
				t.Errorf("%s may read: %v, %v", name, may, err)
			}
			return nil
		})
		within(t, w, c.ctx, func(ctx context.Context) error {
			list, err := s.FileList(ctx, content.Filter{})
			if err != nil || len(list.Items) != c.there {
				t.Errorf("%s lists %d, %v", name, len(list.Items), err)
			}
			pictures, err := s.PicturesOf(ctx, []uid.ID{f.ID})
			if err != nil || len(pictures) != c.there || c.there == 1 && len(pictures[0].Variants) != 1 {
				t.Errorf("%s: %+v, %v", name, pictures, err)
			}
			st, err := s.StorageOf(ctx)
			if err != nil || st != c.storage {
				t.Errorf("%s: %+v, %v", name, st, err)
			}
			if err := s.CountBytes(ctx, f.SHA256, 0, 0, now); (err == nil) != (c.there == 1) {
				t.Errorf("%s counts: %v", name, err)
			}
			sum, err := s.TakeUnusedBytes(ctx, now.Add(time.Hour))
			if err != nil || sum != "" {
				t.Errorf("%s sweeps %q, %v", name, sum, err)
			}
			if c.there == 1 {
				return nil
			}
			_, removed, err := s.RemoveUnused(ctx, f.ID)
			if removed || err != nil {
				t.Errorf("%s removes: %v, %v", name, removed, err)
			}
			return s.SetStorageLimit(ctx, nil, now)
		})
	}
	within(t, w, mine, func(ctx context.Context) error {
		variants, removed, err := s.RemoveUnused(ctx, f.ID)
		if !removed || len(variants) != 1 || variants[0] != "v" {
			t.Errorf("%v %v", variants, removed)
		}
		return err
	})
}
