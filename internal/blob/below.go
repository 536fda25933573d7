package blob

import (
	"context"
	"errors"
	"io"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// DeleteBelow removes every file whose key begins with folder and a slash, and gives how many entries it removed.
// Stopped half-way it may be called again; that there is nothing is no failure.
func (s *Store) DeleteBelow(ctx context.Context, folder string) (removed int, err error) {
	if err := CheckKey(folder); err != nil {
		return 0, err
	}
	list := s.bucket.List(&blob.ListOptions{Prefix: folder + "/"})
	for {
		o, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return removed, nil
		}
		if err != nil {
			return removed, failed("list below", folder, err)
		}
		if o.IsDir {
			continue
		}
		if err := s.bucket.Delete(ctx, o.Key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return removed, failed("delete", o.Key, err)
		}
		removed++
	}
}
