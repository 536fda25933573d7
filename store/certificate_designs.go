package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/internal/uid"
	"lyceum/learning/certificate"
)

// Designs reads all designs, by name.
func (s *Store) Designs(ctx context.Context) (list []certificate.Design, err error) {
	err = s.tx(ctx).Table("certificate_designs").Order("lower(name), id").Limit(certificate.MaxDesigns + 1).Find(&list).Error
	return list, fail(err, "list designs")
}

// DesignByID reads a design.
func (s *Store) DesignByID(ctx context.Context, id uid.ID) (d certificate.Design, err error) {
	err = s.tx(ctx).Table("certificate_designs").Where("id = ?", id).Take(&d).Error
	return d, notFound(err, certificate.ErrDesignNotFound, "design %s", id)
}

// AddDesign writes a design.
func (s *Store) AddDesign(ctx context.Context, d certificate.Design) error {
	return fail(s.tx(ctx).Table("certificate_designs").Create(&d).Error, "add a design")
}

// UpdateDesign writes a design over the revision before.
func (s *Store) UpdateDesign(ctx context.Context, d certificate.Design) error {
	layout, err := json.Marshal(d.Layout)
	if err != nil {
		return err
	}
	return s.changeOne(ctx, certificate.ErrDesignChanged, "change a design",
		"update certificate_designs set name = ?, standard = ?, revision = ?, layout = ?, updated_at = ?, updated_by = ? where id = ? and revision = ?",
		d.Name, d.Standard, d.Revision, string(layout), d.UpdatedAt, d.UpdatedBy, d.ID, d.Revision-1)
}

// RemoveDesign deletes a design; courses that chose it choose none any more.
func (s *Store) RemoveDesign(ctx context.Context, id uid.ID) error {
	return s.changeOne(ctx, certificate.ErrDesignNotFound, "delete a design", "delete from certificate_designs where id = ?", id)
}

// NoStandard takes the standard from whichever design has it.
func (s *Store) NoStandard(ctx context.Context) error {
	return fail(s.tx(ctx).Exec("update certificate_designs set standard = false where standard").Error, "take the standard from a design")
}

// DesignFor reads the design of a course, else the standard one.
func (s *Store) DesignFor(ctx context.Context, course uid.ID) (d certificate.Design, found bool, err error) {
	err = s.tx(ctx).Table("certificate_designs").
		Where("standard or id = (select r.design_id from certificate_rules r where r.course_id = ?)", course).Order("standard").Limit(1).Take(&d).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return d, false, nil
	}
	return d, err == nil, fail(err, "design of course %s", course)
}

// AddPicture keeps a picture, unless it is here, and gives its id.
func (s *Store) AddPicture(ctx context.Context, p certificate.Picture) (id uid.ID, err error) {
	if err = s.tx(ctx).Table("certificate_pictures").Clauses(clause.OnConflict{DoNothing: true}).Create(&p).Error; err != nil {
		return id, fail(err, "keep a picture of designs")
	}
	var kept certificate.Picture
	err = s.tx(ctx).Table("certificate_pictures").Select("id").Where("digest = ?", p.Digest).Take(&kept).Error
	return kept.ID, fail(err, "find a picture of designs")
}

// PictureByID reads a picture.
func (s *Store) PictureByID(ctx context.Context, id uid.ID) (p certificate.Picture, err error) {
	err = s.tx(ctx).Table("certificate_pictures").Where("id = ?", id).Take(&p).Error
	return p, notFound(err, certificate.ErrPictureNotFound, "picture %s of designs", id)
}

// SweepPictures forgets pictures added before a moment that are in no design and no print.
func (s *Store) SweepPictures(ctx context.Context, before time.Time) error {
	return fail(s.tx(ctx).Exec(`delete from certificate_pictures p where p.added_at < ?
		and not exists (select 1 from certificate_designs d where p.id::text in (d.layout->>'second_logo', d.layout->>'signature'))
		and not exists (select 1 from certificate_prints q where p.id::text in (q.print->'layout'->>'second_logo', q.print->'layout'->>'signature'))`, before).Error,
		"forget pictures of designs")
}

// AddPrint keeps what a certificate was issued with, unless it is here.
func (s *Store) AddPrint(ctx context.Context, digest []byte, p certificate.Print, at time.Time) error {
	raw, err := json.Marshal(p)
	if err != nil {
		return err
	}
	// The bytes do not come first: behind a parenthesis GORM takes them for a list.
	return fail(s.tx(ctx).Exec("insert into certificate_prints (print, digest, first_at) values (?, ?, ?) on conflict do nothing", string(raw), digest, at).Error, "keep a print")
}

// PrintOf reads what a certificate was issued with.
func (s *Store) PrintOf(ctx context.Context, digest []byte) (p certificate.Print, err error) {
	var text string
	if err = s.tx(ctx).Raw("select print::text from certificate_prints where digest = ?", digest).Scan(&text).Error; err != nil {
		return p, fail(err, "read a print")
	}
	return p, fail(json.Unmarshal([]byte(text), &p), "read a print")
}
