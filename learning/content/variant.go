package content

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/picture"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// VariantWidths are the widths, in pixels, that larger pictures are also kept in.
var VariantWidths = []int{320, 640, 1280, 1920}

// Variant is a smaller picture made of an uploaded one. It is a row of file_variants.
type Variant struct {
	FileID    uid.ID
	Width     int
	Height    int
	MediaType string
	Size      int64
	SHA256    string `gorm:"column:sha256"`
}

// TableName is file_variants.
func (Variant) TableName() string { return "file_variants" }

// MakeVariants makes the smaller pictures of a raster picture, never larger than it is nor heavier. It may run again:
// what is there stays. A file that is gone, or is no raster picture, needs none. It is a job's: it asks for no permission.
func (s *Service) MakeVariants(ctx context.Context, id uid.ID) error {
	f, err := s.file(ctx, id)
	if errors.Is(err, ErrFileNotFound) || err == nil && (f.Kind != FilePicture || f.Width <= VariantWidths[0]) {
		return nil
	}
	if err != nil {
		return err
	}
	made, err := s.smaller(ctx, f)
	if err != nil {
		return err
	}
	var list []Variant
	for _, p := range made {
		if int64(len(p.Data)) >= f.Size {
			continue
		}
		sum, err := s.store(ctx, p.MediaType, inMemory(p.Data), "")
		if err != nil {
			return fmt.Errorf("keep a variant of file %s: %w", id, err)
		}
		list = append(list, Variant{FileID: id, Width: p.Width, Height: p.Height, MediaType: p.MediaType, Size: int64(len(p.Data)), SHA256: sum})
	}
	if len(list) == 0 {
		return nil
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		for _, v := range list {
			added, err := s.keep.AddVariant(ctx, v)
			if err == nil && added {
				err = s.keep.CountBytes(ctx, v.SHA256, 0, 1, s.now())
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, ErrFileNotFound) {
		return nil // it was removed meanwhile; the bytes go with the next sweep
	}
	if err == nil {
		s.pictures.Drop(func(k pictureKey, _ Picture) bool { return k.file == id })
	}
	return err
}

// smaller draws a picture in the widths below its own.
func (s *Service) smaller(ctx context.Context, f File) ([]picture.Smaller, error) {
	r, err := s.section(ctx, f.SHA256, 0, -1)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, MaxPicture))
	if err != nil {
		return nil, fmt.Errorf("read file %s: %w", f.ID, err)
	}
	var widths []int
	for _, w := range VariantWidths {
		if w < f.Width {
			widths = append(widths, w)
		}
	}
	select {
	case s.decoding <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.decoding }()
	made, err := picture.Scale(data, widths)
	if err != nil && fault.Of(err).Kind == fault.KindInvalid {
		return nil, nil // an SVG, or a picture of a former release that is none: the original serves
	}
	return made, err
}

// Picture is what a page needs to know to show one: its size, and the smaller ones that there are.
type Picture struct {
	ID       uid.ID
	Width    int // 0 when unknown
	Height   int
	Variants []Variant // the narrowest first
}

type pictureKey struct{ tenant, file uid.ID }

// picturesFor is how long a page may speak of a picture without its variants after they were made elsewhere.
const picturesFor = time.Minute

// Pictures tells of pictures by their ids, as far as they are here: in one query, and mostly in none. Who may read them is
// asked when they are fetched. It needs no permission.
func (s *Service) Pictures(ctx context.Context, ids []uid.ID) (map[uid.ID]Picture, error) {
	t, ok := tenant.From(ctx)
	if !ok || len(ids) == 0 {
		return nil, nil
	}
	out := make(map[uid.ID]Picture, len(ids))
	var unknown []uid.ID
	for _, id := range ids {
		p, ok := s.pictures.Peek(pictureKey{t.ID, id})
		switch {
		case !ok:
			unknown = append(unknown, id)
		case p.ID == id: // else it was looked for and is no picture here
			out[id] = p
		}
	}
	if len(unknown) == 0 {
		return out, nil
	}
	found, err := s.keep.PicturesOf(ctx, unknown)
	if err != nil {
		return nil, err
	}
	for _, p := range found {
		out[p.ID] = p
	}
	for _, id := range unknown {
		s.pictures.Put(pictureKey{t.ID, id}, out[id])
	}
	return out, nil
}

// Variant gives a smaller picture by its hash as a file of its own to read, to whom may read the picture.
func (s *Service) Variant(ctx context.Context, id uid.ID, sha256 string) (File, error) {
	f, err := s.File(ctx, id)
	if err != nil {
		return File{}, err
	}
	return s.variant(ctx, f, sha256)
}

func (s *Service) variant(ctx context.Context, f File, sha256 string) (File, error) {
	known, err := s.Pictures(ctx, []uid.ID{f.ID})
	if err != nil {
		return File{}, err
	}
	for _, v := range known[f.ID].Variants {
		if v.SHA256 == sha256 {
			f.MediaType, f.Size, f.SHA256, f.Width, f.Height = v.MediaType, v.Size, v.SHA256, v.Width, v.Height
			return f, nil
		}
	}
	return File{}, ErrFileNotFound
}
