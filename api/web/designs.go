package web

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/certificate"
	"lyceum/themes"
)

const atDesigns = "/settings/certificates"

func designForm(d certificate.Design) themes.DesignForm {
	l := d.Layout
	f := themes.DesignForm{
		Name: d.Name, Colour: l.Colour, Title: l.Title, Body: l.Body, SignedBy: l.SignedBy, SignedAs: l.SignedAs, Paper: string(l.Paper),
		Orientation: string(l.Orientation), Background: string(l.Background), Logo: l.Logo, Seal: l.Seal, QR: l.QR, Standard: d.Standard,
	}
	for _, fact := range l.Facts {
		f.Facts = append(f.Facts, string(fact))
	}
	if l.SecondLogo != nil {
		f.SecondLogo = l.SecondLogo.String()
	}
	if l.Signature != nil {
		f.Signature = l.Signature.String()
	}
	return f
}

func readDesignForm(f form) themes.DesignForm {
	out := themes.DesignForm{
		Name: f.get("name"), Colour: f.get("colour"), Title: f.get("title"), Body: f.get("body"), SignedBy: f.get("signed_by"), SignedAs: f.get("signed_as"),
		Paper: f.get("paper"), Orientation: f.get("orientation"), Background: f.get("background"), Facts: f.all("facts"),
		Logo: f.get("logo") != "", Seal: f.get("seal") != "", QR: f.get("qr") != "", Standard: f.get("standard") != "",
	}
	if f.get("remove_second_logo") == "" {
		out.SecondLogo = f.get("second_logo")
	}
	if f.get("remove_signature") == "" {
		out.Signature = f.get("signature")
	}
	return out
}

func designOf(t themes.DesignForm) certificate.Design {
	l := certificate.Layout{
		Paper: certificate.Paper(t.Paper), Orientation: certificate.Orientation(t.Orientation), Background: certificate.Background(t.Background), Colour: t.Colour,
		Logo: t.Logo, SecondLogo: optionalID(t.SecondLogo), Signature: optionalID(t.Signature), SignedBy: t.SignedBy, SignedAs: t.SignedAs,
		Title: t.Title, Body: t.Body, Seal: t.Seal, QR: t.QR,
	}
	for _, fact := range t.Facts {
		l.Facts = append(l.Facts, certificate.Fact(fact))
	}
	l.Normalise()
	return certificate.Design{Name: t.Name, Standard: t.Standard, Layout: l}
}

// Designs lists the designs of certificates.
func (d CertificateDesk) Designs(c *fiber.Ctx) error {
	list, err := d.Certificates.DesignChoices(c.UserContext())
	if err != nil {
		return err
	}
	return d.show(c, themes.DesignsPage{Designs: list})
}

// NewDesign shows the form of a new one.
func (d CertificateDesk) NewDesign(c *fiber.Ctx) error {
	start := certificate.Design{Layout: certificate.StartLayout()}
	return d.showDesign(c, fiber.StatusOK, themes.DesignPage{Form: designForm(start)}, form{})
}

// EditDesign shows a design.
func (d CertificateDesk) EditDesign(c *fiber.Ctx) error {
	one, err := id(c, "design")
	if err != nil {
		return err
	}
	kept, err := d.Certificates.DesignByID(c.UserContext(), one)
	if err != nil {
		return err
	}
	return d.showDesign(c, fiber.StatusOK, themes.DesignPage{ID: one.String(), Revision: kept.Revision, Form: designForm(kept)}, form{})
}

// showDesign shows the form with its preview, where what was typed can be drawn.
func (d CertificateDesk) showDesign(c *fiber.Ctx, status int, p themes.DesignPage, f form) error {
	svg, _, err := d.preview(c, p.Form, f)
	switch {
	case err == nil:
		p.SVG = svg
	case fault.Of(err).Kind == fault.KindInternal:
		return err
	case p.Problem == nil:
		p.Problem, status = fault.Of(err), fiber.StatusUnprocessableEntity
	}
	return d.showWith(c, status, p)
}

// preview draws what was typed, with the pictures that came along, and keeps nothing.
func (d CertificateDesk) preview(c *fiber.Ctx, typed themes.DesignForm, f form) (svg, pdf []byte, err error) {
	v, ctx := d.view(c), c.UserContext()
	sample := certificate.Sample(who(ctx).Name, v.Now)
	look := certificate.Look{Brand: v.Brand, VerifyURL: d.hosts.PortalURL(visit.Of(c).Tenant) + "/verify/" + sample.Code}.For(v.TimeZone, v.Locale)
	sample.CourseTitle = look.Words.Sample
	if look.LogoPNG, err = readPNG(ctx, d.Content, v.Brand.LogoFileID, maxLogo); err != nil {
		return nil, nil, err
	}
	for field, to := range map[string]*[]byte{"second_logo": &look.SecondLogo, "signature": &look.Signature} {
		_, data, chosen, err := f.file(field + "_file")
		if err != nil || !chosen {
			continue
		}
		if *to, err = certificate.ReadPicture(data); err != nil {
			return nil, nil, atField(err, field)
		}
	}
	design := designOf(typed)
	return d.Certificates.Preview(ctx, design.Layout, sample, look)
}

// TryDesign shows the form again with what was typed and its preview, and keeps nothing.
func (d CertificateDesk) TryDesign(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	return d.showDesign(c, fiber.StatusOK, themes.DesignPage{ID: f.get("design"), Revision: f.revision(), Form: readDesignForm(f)}, f)
}

// TryPDF gives the preview as the document that is printed.
func (d CertificateDesk) TryPDF(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	typed := readDesignForm(f)
	_, pdf, err := d.preview(c, typed, f)
	if err != nil {
		return d.refused(c, err, func(wrong *fault.Fault) themes.Page {
			return themes.DesignPage{ID: f.get("design"), Revision: f.revision(), Form: typed, Problem: wrong}
		})
	}
	c.Set(fiber.HeaderContentType, "application/pdf")
	c.Set(fiber.HeaderCacheControl, "no-store")
	return c.Send(pdf)
}

// AddDesign makes a design.
func (d CertificateDesk) AddDesign(c *fiber.Ctx) error {
	return d.putDesign(c, uid.Nil, d.Certificates.AddDesign)
}

// ChangeDesign changes one.
func (d CertificateDesk) ChangeDesign(c *fiber.Ctx) error {
	one, err := id(c, "design")
	if err != nil {
		return err
	}
	return d.putDesign(c, one, d.Certificates.ChangeDesign)
}

func (d CertificateDesk) putDesign(c *fiber.Ctx, one uid.ID, do func(context.Context, certificate.Design) (certificate.Design, error)) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	typed := readDesignForm(f)
	p := themes.DesignPage{Revision: f.revision(), Form: typed}
	if one != uid.Nil {
		p.ID = one.String()
	}
	design := designOf(typed)
	design.ID, design.Revision = one, p.Revision
	if err = d.keepPictures(c.UserContext(), f, &design.Layout); err == nil {
		p.Form = designForm(design)
		_, err = do(c.UserContext(), design)
	}
	if err == nil {
		return d.done(c, atDesigns, themes.FlashSaved, "")
	}
	if fault.Of(err).Kind == fault.KindInternal || fault.Of(err).Kind == fault.KindNotFound || fault.Of(err).Kind == fault.KindForbidden {
		return err
	}
	return d.refusedDesign(c, err, p, f)
}

// refusedDesign shows the form with what is wrong, and with the preview where it can be drawn all the same.
func (d CertificateDesk) refusedDesign(c *fiber.Ctx, err error, p themes.DesignPage, f form) error {
	if svg, _, failed := d.preview(c, p.Form, f); failed == nil {
		p.SVG = svg
	}
	return d.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
}

// keepPictures keeps the pictures that came along.
func (d CertificateDesk) keepPictures(ctx context.Context, f form, l *certificate.Layout) error {
	for field, to := range map[string]**uid.ID{"second_logo": &l.SecondLogo, "signature": &l.Signature} {
		_, data, chosen, err := f.file(field + "_file")
		if err != nil {
			return err
		}
		if !chosen {
			continue
		}
		kept, err := d.Certificates.AddPicture(ctx, data)
		if err != nil {
			return atField(err, field)
		}
		*to = &kept
	}
	return nil
}

// RemoveDesign deletes one.
func (d CertificateDesk) RemoveDesign(c *fiber.Ctx) error {
	one, err := id(c, "design")
	if err != nil {
		return err
	}
	gone, err := d.Certificates.RemoveDesign(c.UserContext(), one)
	if err != nil {
		return err
	}
	return d.done(c, atDesigns, themes.FlashDesignRemoved, gone.Name)
}
