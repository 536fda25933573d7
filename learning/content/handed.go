package content

import (
	"context"
	"fmt"
	"io"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// needed is the permission that bringing a file asks for.
func needed(handed bool) policy.Permission {
	if handed {
		return policy.EnrolmentSelf
	}
	return policy.FileUpload
}

// bringer is who asks, when they may bring a file: to hand it in, or as an author does.
func bringer(ctx context.Context, handed bool) (auth.Principal, error) {
	if err := auth.Require(ctx, needed(handed)); err != nil {
		return auth.Principal{}, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return who, nil
}

// anyone is who asks; whether an upload is theirs and they may bring it, usable asks.
func anyone(ctx context.Context) (auth.Principal, error) {
	who, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return auth.Principal{}, auth.ErrSignInFirst
	}
	return who, nil
}

// mayWait fails for one more file to be handed in by who has brought so many already. The storage is held.
func (s *Service) mayWait(ctx context.Context, handed bool, person uid.ID) error {
	if !handed {
		return nil
	}
	n, err := s.keep.HandedWaiting(ctx, person)
	if err == nil && n >= MaxHandedWaiting {
		err = ErrHandedWaiting
	}
	return err
}

// SweepHanded removes files that were brought to be handed in, were not within UploadLife, and are used nowhere; it tells how
// many. It is a job's: it asks for no permission.
func (s *Service) SweepHanded(ctx context.Context) (removed int, err error) {
	for ctx.Err() == nil {
		var left []uid.ID
		err = s.keep.InTenant(ctx, func(ctx context.Context) error {
			left, err = s.keep.HandedAndLeft(ctx, s.now().Add(-UploadLife), 100)
			return err
		})
		if err != nil || len(left) == 0 {
			return removed, err
		}
		for _, id := range left {
			if err = s.remove(ctx, id); err != nil {
				return removed, fmt.Errorf("remove the file %s that was not handed in: %w", id, err)
			}
			removed++
		}
	}
	return removed, ctx.Err()
}

// RemoveHandedBy removes what a person brought to be handed in and nothing uses any more, however new; it tells how many. It is a job's: it
// asks for no permission.
func (s *Service) RemoveHandedBy(ctx context.Context, person uid.ID) (removed int, err error) {
	for ctx.Err() == nil {
		var left []uid.ID
		err = s.keep.InTenant(ctx, func(ctx context.Context) error {
			left, err = s.keep.HandedBy(ctx, person, 100)
			return err
		})
		if err != nil || len(left) == 0 {
			return removed, err
		}
		for _, id := range left {
			if err = s.remove(ctx, id); err != nil {
				return removed, fmt.Errorf("remove the file %s: %w", id, err)
			}
			removed++
		}
	}
	return removed, ctx.Err()
}

// Raw reads a whole file of at most so many bytes. It is a job's: it asks for no permission.
func (s *Service) Raw(ctx context.Context, id uid.ID, most int64) ([]byte, File, error) {
	f, err := s.file(ctx, id)
	if err != nil {
		return nil, File{}, err
	}
	if f.Size > most {
		return nil, f, ErrFileTooLarge
	}
	r, err := s.section(ctx, f.SHA256, 0, -1)
	if err != nil {
		return nil, f, err
	}
	defer func() { _ = r.Close() }()
	raw, err := io.ReadAll(io.LimitReader(r, most))
	if err != nil {
		return nil, f, fmt.Errorf("read file %s: %w", id, err)
	}
	return raw, f, nil
}
