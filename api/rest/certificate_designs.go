package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/certificate"
)

// DesignLayout is how certificates of a design look. It is exported because huma looks into embedded structs of exported types
// only.
type DesignLayout struct {
	Paper       certificate.Paper       `json:"paper" enum:"a4,letter"`
	Orientation certificate.Orientation `json:"orientation" enum:"landscape,portrait"`
	Background  certificate.Background  `json:"background" enum:"band,frame,corners,waves,plain"`
	Colour      string                  `json:"colour,omitempty" doc:"#rrggbb; left out: the brand's." example:"#0f6b5f"`
	Logo        bool                    `json:"logo,omitempty" doc:"Draw the brand's logo, or its name where there is no PNG."`
	SecondLogo  *uid.ID                 `json:"second_logo,omitempty" doc:"A picture of designs."`
	Signature   *uid.ID                 `json:"signature,omitempty" doc:"A picture of designs."`
	SignedBy    string                  `json:"signed_by,omitempty" doc:"Under the line; left out: the portal's name."`
	SignedAs    string                  `json:"signed_as,omitempty"`
	Title       string                  `json:"title,omitempty" doc:"Left out: in the language of who opens it. Title and body may name {{name}}, {{course}}, {{version}}, {{score}}, {{hours}}, {{completed}}, {{issued}}, {{valid_until}}, {{number}}, {{organization}}."`
	Body        string                  `json:"body,omitempty" doc:"Lines: # large in the design's colour, ## large. A line that names what the certificate does not have is left out. Left out: the built-in sentence in the reader's language."`
	Facts       []certificate.Fact      `json:"facts,omitempty" doc:"In columns below the text: completed, score, hours, version, valid_until."`
	Seal        bool                    `json:"seal,omitempty"`
	QR          bool                    `json:"qr,omitempty" doc:"A QR code of the public page."`
}

func (l DesignLayout) layout() certificate.Layout {
	return certificate.Layout{
		Paper: l.Paper, Orientation: l.Orientation, Background: l.Background, Colour: l.Colour, Logo: l.Logo, SecondLogo: l.SecondLogo, Signature: l.Signature,
		SignedBy: l.SignedBy, SignedAs: l.SignedAs, Title: l.Title, Body: l.Body, Facts: l.Facts, Seal: l.Seal, QR: l.QR,
	}
}

type design struct {
	ID uid.ID `json:"id"`
	DesignLayout
	Name      string    `json:"name"`
	Standard  bool      `json:"standard" doc:"For courses that choose none."`
	Revision  int       `json:"revision" doc:"Counts the changes. A change names the revision it was made on, here or as If-Match."`
	UpdatedAt time.Time `json:"updated_at"`
}

type newDesign struct {
	DesignLayout
	Name     string `json:"name" example:"Diploma"`
	Standard bool   `json:"standard,omitempty" doc:"For courses that choose none; another one that was the standard is it no more."`
	Revision *int   `json:"revision,omitempty" doc:"The revision this change was made on, unless If-Match names it. A new design has none."`
}

type (
	designIn struct {
		ID uid.ID `path:"design" doc:"The design's id."`
	}
	newDesignIn    struct{ Body newDesign }
	changeDesignIn struct {
		AtRevision
		ID   uid.ID `path:"design" doc:"The design's id."`
		Body newDesign
	}
	designOut struct {
		ETag string `header:"ETag" doc:"The revision, as If-Match takes it."`
		Body design
	}
	createdDesignOut struct {
		ETag     string `header:"ETag" doc:"The revision, as If-Match takes it."`
		Location string `header:"Location"`
		Body     design
	}
	designPictureOut struct {
		Body struct {
			ID uid.ID `json:"id" doc:"For second_logo or signature."`
		}
	}
	designPreviewIn struct{ Body DesignLayout }
	svgOut          struct {
		Type string `header:"Content-Type" hidden:"true"`
		Body []byte
	}
)

func showDesign(d certificate.Design) design {
	l := d.Layout
	return design{
		ID: d.ID, Name: d.Name, Standard: d.Standard, Revision: d.Revision, UpdatedAt: utc(d.UpdatedAt),
		DesignLayout: DesignLayout{
			Paper: l.Paper, Orientation: l.Orientation, Background: l.Background, Colour: l.Colour, Logo: l.Logo, SecondLogo: l.SecondLogo, Signature: l.Signature,
			SignedBy: l.SignedBy, SignedAs: l.SignedAs, Title: l.Title, Body: l.Body, Facts: l.Facts, Seal: l.Seal, QR: l.QR,
		},
	}
}

func (a *api) designOperations() {
	manage := route.For(policy.CertificateManage)
	on(a, operation{
		method: get, path: "/certificate-designs", id: "list-certificate-designs", tag: tagCertificates, need: route.For(policy.CourseEdit),
		summary: "The designs of certificates, by name",
	}, func(ctx context.Context, _ *nothing) (*pageOut[design], error) {
		list, err := a.Certificates.DesignChoices(ctx)
		if err != nil {
			return nil, err
		}
		return whole(ctx, list, func(d *certificate.Design) design { return showDesign(*d) }), nil
	})
	on(a, operation{
		method: post, path: "/certificate-designs", id: "add-certificate-design", tag: tagCertificates, need: manage, status: 201,
		summary: "Make a design of certificates", fails: faults{certificate.ErrDesignNameTaken, certificate.ErrTooManyDesigns},
	}, func(ctx context.Context, in *newDesignIn) (*createdDesignOut, error) {
		d, err := a.Certificates.AddDesign(ctx, certificate.Design{Name: in.Body.Name, Standard: in.Body.Standard, Layout: in.Body.layout()})
		if err != nil {
			return nil, err
		}
		return &createdDesignOut{ETag: etag(d.Revision), Location: base + "/certificate-designs/" + d.ID.String(), Body: showDesign(d)}, nil
	})
	on(a, operation{
		method: get, path: "/certificate-designs/{design}", id: "get-certificate-design", tag: tagCertificates, need: manage,
		summary: "A design of certificates", fails: faults{certificate.ErrDesignNotFound},
	}, func(ctx context.Context, in *designIn) (*designOut, error) {
		d, err := a.Certificates.DesignByID(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &designOut{etag(d.Revision), showDesign(d)}, nil
	})
	on(a, operation{
		method: put, path: "/certificate-designs/{design}", id: "change-certificate-design", tag: tagCertificates, need: manage,
		summary: "Change a design of certificates", about: "The whole design is given; what is left out becomes empty. Certificates that were issued keep their look.",
		fails: faults{certificate.ErrDesignNotFound, certificate.ErrDesignChanged, certificate.ErrDesignNameTaken},
	}, func(ctx context.Context, in *changeDesignIn) (*designOut, error) {
		at, err := in.revision(in.Body.Revision)
		if err != nil {
			return nil, err
		}
		d, err := a.Certificates.ChangeDesign(ctx, certificate.Design{ID: in.ID, Revision: at, Name: in.Body.Name, Standard: in.Body.Standard, Layout: in.Body.layout()})
		if err != nil {
			return nil, err
		}
		return &designOut{etag(d.Revision), showDesign(d)}, nil
	})
	on(a, operation{
		method: del, path: "/certificate-designs/{design}", id: "remove-certificate-design", tag: tagCertificates, need: manage, status: 204,
		summary: "Delete a design of certificates", about: "Courses that chose it go by the standard one. Certificates that were issued keep their look.",
		fails: faults{certificate.ErrDesignNotFound},
	}, func(ctx context.Context, in *designIn) (*nothing, error) {
		_, err := a.Certificates.RemoveDesign(ctx, in.ID)
		return nil, err
	})
	a.designDrawing()
}

func (a *api) designDrawing() {
	manage := route.For(policy.CertificateManage)
	on(a, operation{
		method: post, path: "/certificate-designs/pictures", id: "add-certificate-picture", tag: tagCertificates, need: manage, status: 201,
		summary: "Upload a picture for designs", about: "PNG, JPEG, GIF or WebP, up to 8 MiB; it is made smaller and kept as PNG. One that no design has within a day is forgotten.",
		bytes: true,
	}, func(ctx context.Context, _ *nothing) (*designPictureOut, error) {
		id, err := a.Certificates.AddPicture(ctx, sentBytes(ctx))
		if err != nil {
			return nil, err
		}
		out := &designPictureOut{}
		out.Body.ID = id
		return out, nil
	})
	on(a, operation{
		method: post, path: "/certificate-designs/preview", id: "preview-certificate-design", tag: tagCertificates, need: manage, status: 200,
		summary: "Draw a sample in a layout", about: "Nothing is kept.", media: "image/svg+xml", fails: faults{certificate.ErrPictureNotFound},
	}, func(ctx context.Context, in *designPreviewIn) (*svgOut, error) {
		who, _ := auth.PrincipalFrom(ctx)
		sample := certificate.Sample(who.Name, a.Now())
		b, err := a.Brands.Get(ctx)
		if err != nil {
			return nil, err
		}
		look := certificate.Look{Brand: b, VerifyURL: a.verifyURL(ctx, sample.Code)}.For(who.TimeZone, who.Locale)
		if look.LogoPNG, err = a.logoPNG(ctx, b); err != nil {
			return nil, err
		}
		sample.CourseTitle = look.Words.Sample
		svg, _, err := a.Certificates.Preview(ctx, in.Body.layout(), sample, look)
		if err != nil {
			return nil, err
		}
		return &svgOut{Type: "image/svg+xml", Body: svg}, nil
	})
}
