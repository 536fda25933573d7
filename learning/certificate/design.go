package certificate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/picture"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Design is a layout that the portal keeps under a name. It is a row of certificate_designs. Changing it changes nothing of
// certificates that were issued.
type Design struct {
	ID        uid.ID
	Name      string
	Standard  bool // for courses that choose none
	Revision  int
	Layout    Layout `gorm:"serializer:json"`
	CreatedAt time.Time
	UpdatedAt time.Time
	UpdatedBy *uid.ID
}

// Print is what a certificate was issued with: the design, and the brand of that day. It is a row of certificate_prints, under
// the hash of what it says.
type Print struct {
	Name       string  `json:"name"`   // of the portal
	Colour     string  `json:"colour"` // the brand's
	LogoFileID *uid.ID `json:"logo_file_id,omitempty"`
	Layout     *Layout `json:"layout,omitempty"` // nil: the built-in one
}

// Picture is a picture of designs, plain PNG. It is a row of certificate_pictures and never changes.
type Picture struct {
	ID      uid.ID
	Digest  []byte
	PNG     []byte `gorm:"column:png"`
	AddedAt time.Time
}

// DesignKeeper is what designs need kept; every method joins the running transaction of the tenant.
type DesignKeeper interface {
	BrandOf(ctx context.Context) (tenant.Brand, error)
	// Designs are all, by name.
	Designs(ctx context.Context) ([]Design, error)
	DesignByID(ctx context.Context, id uid.ID) (Design, error)
	AddDesign(ctx context.Context, d Design) error
	// UpdateDesign fails with ErrDesignChanged unless the row has the revision before d's.
	UpdateDesign(ctx context.Context, d Design) error
	RemoveDesign(ctx context.Context, id uid.ID) error
	// NoStandard takes the standard from whichever design has it.
	NoStandard(ctx context.Context) error
	// DesignFor is that of a course, else the standard one; found is false for neither.
	DesignFor(ctx context.Context, course uid.ID) (d Design, found bool, err error)
	// AddPicture keeps a picture and gives the id under which it is kept, which is an earlier one's with the same bytes.
	AddPicture(ctx context.Context, p Picture) (uid.ID, error)
	PictureByID(ctx context.Context, id uid.ID) (Picture, error)
	// SweepPictures forgets pictures that were added before a moment and are in no design and no print.
	SweepPictures(ctx context.Context, before time.Time) error
	AddPrint(ctx context.Context, digest []byte, p Print, at time.Time) error
	PrintOf(ctx context.Context, digest []byte) (Print, error)
}

// MaxDesigns is how many designs a portal may have.
const MaxDesigns = 50

// Failures of designs.
var (
	ErrDesignNotFound  = fault.New(fault.KindNotFound, "design_not_found", "There is no such design here.")
	ErrDesignChanged   = fault.New(fault.KindConflict, "design_changed", "Someone else changed this design meanwhile. Reload to see theirs, then save again.")
	ErrDesignNameTaken = fault.New(fault.KindConflict, "design_name_taken", "Another design has this name. Choose another one.")
	ErrTooManyDesigns  = fault.New(fault.KindConflict, "too_many_designs", "There are 50 designs. Delete one before you make another.")
	ErrPictureNotFound = fault.New(fault.KindNotFound, "design_picture_not_found", "There is no such picture here. Upload it again.")
)

// DesignChoices lists the designs for who chooses one. It needs course:edit or certificate:manage.
func (s *Service) DesignChoices(ctx context.Context) (list []Design, err error) {
	if auth.Require(ctx, policy.CertificateManage) != nil {
		if err = auth.Require(ctx, policy.CourseEdit); err != nil {
			return nil, err
		}
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.Designs(ctx)
		return err
	})
	return list, err
}

// DesignByID gives a design. It needs certificate:manage.
func (s *Service) DesignByID(ctx context.Context, id uid.ID) (d Design, err error) {
	if err = auth.Require(ctx, policy.CertificateManage); err != nil {
		return d, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		d, err = s.keep.DesignByID(ctx, id)
		return err
	})
	return d, err
}

func (d *Design) check() error {
	d.Name = strings.Join(strings.Fields(d.Name), " ")
	d.Layout.Normalise()
	f := fault.Fields{}
	f.Check(d.Name != "", "name", "Give the design a name.")
	f.Check(length(d.Name) <= 80, "name", "Use at most 80 characters.")
	if err := d.Layout.Validate(); err != nil {
		for field, text := range fault.Of(err).Fields {
			f.Add(field, text)
		}
	}
	return f.Err()
}

// AddDesign makes a design. It needs certificate:manage. Event certificate_design.added.
func (s *Service) AddDesign(ctx context.Context, d Design) (Design, error) {
	if err := auth.Require(ctx, policy.CertificateManage); err != nil {
		return d, err
	}
	if err := d.check(); err != nil {
		return d, err
	}
	d.ID, d.Revision, d.CreatedAt = uid.New(), 1, s.now()
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		all, err := s.keep.Designs(ctx)
		if err != nil {
			return err
		}
		if len(all) >= MaxDesigns {
			return ErrTooManyDesigns
		}
		return s.put(ctx, &d, "certificate_design.added", s.keep.AddDesign)
	})
	return d, err
}

// ChangeDesign changes a design at the revision it names; what was issued keeps its look. It needs certificate:manage.
// ErrDesignChanged. Event certificate_design.changed.
func (s *Service) ChangeDesign(ctx context.Context, d Design) (Design, error) {
	if err := auth.Require(ctx, policy.CertificateManage); err != nil {
		return d, err
	}
	if err := d.check(); err != nil {
		return d, err
	}
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		before, err := s.keep.DesignByID(ctx, d.ID)
		if err != nil {
			return err
		}
		if before.Revision != d.Revision {
			return ErrDesignChanged
		}
		d.Revision, d.CreatedAt = before.Revision+1, before.CreatedAt
		return s.put(ctx, &d, "certificate_design.changed", s.keep.UpdateDesign)
	})
	return d, err
}

// put writes a design whose pictures are here, and takes the standard from another.
func (s *Service) put(ctx context.Context, d *Design, happened string, write func(context.Context, Design) error) error {
	who, _ := auth.PrincipalFrom(ctx)
	d.UpdatedAt, d.UpdatedBy = s.now(), &who.PersonID
	for field, id := range map[string]*uid.ID{"second_logo": d.Layout.SecondLogo, "signature": d.Layout.Signature} {
		if id == nil {
			continue
		}
		if _, err := s.keep.PictureByID(ctx, *id); err != nil {
			if fault.Of(err).Code == ErrPictureNotFound.Code {
				return fault.Fields{field: ErrPictureNotFound.Text}.Err()
			}
			return err
		}
	}
	if d.Standard {
		if err := s.keep.NoStandard(ctx); err != nil {
			return err
		}
	}
	if err := write(ctx, *d); err != nil {
		return err
	}
	if err := s.keep.SweepPictures(ctx, s.now().Add(-24*time.Hour)); err != nil {
		return err
	}
	return s.tellDesign(ctx, happened, *d)
}

// RemoveDesign deletes a design: courses that chose it go by the standard one, and what was issued keeps its look. It needs
// certificate:manage. Event certificate_design.removed.
func (s *Service) RemoveDesign(ctx context.Context, id uid.ID) (d Design, err error) {
	if err = auth.Require(ctx, policy.CertificateManage); err != nil {
		return d, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if d, err = s.keep.DesignByID(ctx, id); err != nil {
			return err
		}
		if err = s.keep.RemoveDesign(ctx, id); err != nil {
			return err
		}
		return s.tellDesign(ctx, "certificate_design.removed", d)
	})
	return d, err
}

func (s *Service) tellDesign(ctx context.Context, happened string, d Design) error {
	e, err := event.New(ctx, s.now(), happened, "certificate_design", d.ID, map[string]any{"name": d.Name, "standard": d.Standard, "revision": d.Revision})
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}

// pictureSide is the longest side of a picture of designs, in pixels: 10 cm in 300 dpi.
const pictureSide = 1200

// ReadPicture makes a plain PNG of an uploaded picture (PNG, JPEG, GIF, WebP), with nothing in it but its pixels.
func ReadPicture(data []byte) ([]byte, error) {
	out, media, _, _, err := picture.Normalise(data, pictureSide)
	if err != nil || media == "image/png" {
		return out, err
	}
	img, _, err := image.Decode(bytes.NewReader(out))
	if err != nil {
		return nil, fmt.Errorf("read a picture: %w", err)
	}
	var plain bytes.Buffer
	if err = png.Encode(&plain, img); err != nil {
		return nil, fmt.Errorf("write a picture: %w", err)
	}
	return plain.Bytes(), nil
}

// AddPicture keeps a picture for designs. One that no design has within a day is forgotten. It needs certificate:manage.
func (s *Service) AddPicture(ctx context.Context, data []byte) (id uid.ID, err error) {
	if err = auth.Require(ctx, policy.CertificateManage); err != nil {
		return id, err
	}
	plain, err := ReadPicture(data)
	if err != nil {
		return id, err
	}
	sum := sha256.Sum256(plain)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		id, err = s.keep.AddPicture(ctx, Picture{ID: uid.New(), Digest: sum[:], PNG: plain, AddedAt: s.now()})
		return err
	})
	return id, err
}

// print gives the hash of what a certificate of a course is issued with today, keeping it the first time.
func (s *Service) print(ctx context.Context, course uid.ID) ([]byte, error) {
	b, err := s.keep.BrandOf(ctx)
	if err != nil {
		return nil, err
	}
	p := Print{Name: b.Name, Colour: b.Colour, LogoFileID: b.LogoFileID}
	d, found, err := s.keep.DesignFor(ctx, course)
	if err != nil {
		return nil, err
	}
	if found {
		p.Layout = &d.Layout
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("write a print: %w", err)
	}
	sum := sha256.Sum256(raw)
	return sum[:], s.keep.AddPrint(ctx, sum[:], p, s.now())
}

// Dressed gives the look that a certificate was issued with: the brand's name, colour and logo of that day, and its design. One
// issued before there were prints has the look given. The logo's bytes are the caller's, by Brand.LogoFileID.
func (s *Service) Dressed(ctx context.Context, c Certificate, look Look) (Look, error) {
	if len(c.Print) == 0 {
		return look, nil
	}
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.keep.PrintOf(ctx, c.Print)
		if err != nil {
			return err
		}
		look.Brand.Name, look.Brand.Colour, look.Brand.LogoFileID = p.Name, p.Colour, p.LogoFileID
		return s.dress(ctx, &look, p.Layout)
	})
	return look, err
}

// dress reads the pictures of a layout into a look, but for those that it has.
func (s *Service) dress(ctx context.Context, look *Look, l *Layout) error {
	if look.Layout = l; l == nil {
		return nil
	}
	for _, one := range []struct {
		id *uid.ID
		to *[]byte
	}{{l.SecondLogo, &look.SecondLogo}, {l.Signature, &look.Signature}} {
		if one.id == nil || *one.to != nil {
			continue
		}
		p, err := s.keep.PictureByID(ctx, *one.id)
		if err != nil {
			return err
		}
		*one.to = p.PNG
	}
	return nil
}

// Preview draws a sample in a layout that need not be kept: as SVG, or as PDF. A look that brings pictures along keeps them. It
// needs certificate:manage.
func (s *Service) Preview(ctx context.Context, l Layout, sample Certificate, look Look) (svg, pdf []byte, err error) {
	if err = auth.Require(ctx, policy.CertificateManage); err != nil {
		return nil, nil, err
	}
	l.Normalise()
	if err = l.Validate(); err != nil {
		return nil, nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error { return s.dress(ctx, &look, &l) })
	if err != nil {
		return nil, nil, err
	}
	return draw(sample, look, true)
}

// Sample is a certificate that nobody earned, with something in every field; the course is for the caller to name.
func Sample(name string, now time.Time) Certificate {
	percent, until := 92, EndOfDay(now.AddDate(2, 0, 0))
	return Certificate{Code: "00000samp1e000000000", PersonName: name, VersionNumber: 3, Percent: &percent, Minutes: 90, CompletedAt: now, IssuedAt: now, ValidUntil: &until}
}

// SVG draws a certificate as a picture, its letters as shapes. ErrRevoked for one that was withdrawn.
func SVG(c Certificate, look Look) ([]byte, error) {
	svg, _, err := draw(c, look, true)
	return svg, err
}
