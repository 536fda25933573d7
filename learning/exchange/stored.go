package exchange

import (
	"context"
	"fmt"
	"io"
	"os"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
)

// InspectFile is Inspect of a package that was uploaded.
func (s *Service) InspectFile(ctx context.Context, file uid.ID) (c *Course, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return nil, err
	}
	err = s.withFile(ctx, file, func(r io.ReaderAt, size int64) error {
		c, err = s.Inspect(ctx, r, size)
		return err
	})
	return c, err
}

// ImportFile is Import of a package that was uploaded, which is removed then: the course has what was in it.
func (s *Service) ImportFile(ctx context.Context, file uid.ID) (out catalog.Outline, c *Course, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return out, nil, err
	}
	err = s.withFile(ctx, file, func(r io.ReaderAt, size int64) error {
		out, c, err = s.Import(ctx, r, size)
		return err
	})
	if err == nil {
		_ = s.files.Remove(ctx, file) // a package that stays is one unused file among others, which its keeper can remove
	}
	return out, c, err
}

// withFile brings a stored package to this machine: a ZIP is read back and forth, which an object store answers slowly.
func (s *Service) withFile(ctx context.Context, id uid.ID, do func(r io.ReaderAt, size int64) error) error {
	f, err := s.files.File(ctx, id)
	if err != nil {
		return err
	}
	if f.Kind != content.FilePackage {
		return ErrFormat
	}
	r, _, err := s.files.Open(ctx, id, 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	here, err := temporary()
	if err != nil {
		return err
	}
	defer here.Close()
	if _, err = io.Copy(here, r); err != nil {
		return fmt.Errorf("read package %s: %w", id, err)
	}
	return do(here, f.Size)
}

// temporary is a file that is gone when it is closed, or when the process ends.
func temporary() (*os.File, error) {
	f, err := os.CreateTemp("", "lyceum-package-*")
	if err != nil {
		return nil, fmt.Errorf("make room for a package: %w", err)
	}
	if err = os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("make room for a package: %w", err)
	}
	return f, nil
}

// Exported is Export into a file that is read from its beginning and gone when it is closed, with its size.
func (s *Service) Exported(ctx context.Context, course uid.ID, format Format) (_ io.ReadCloser, size int64, err error) {
	f, err := temporary()
	if err != nil {
		return nil, 0, err
	}
	if err = s.Export(ctx, course, format, f); err == nil {
		if size, err = f.Seek(0, io.SeekCurrent); err == nil {
			_, err = f.Seek(0, io.SeekStart)
		}
	}
	if err != nil {
		_ = f.Close()
		return nil, 0, err
	}
	return f, size, nil
}
