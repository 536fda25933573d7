package rest

import (
	"context"
	"errors"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/content"
	"lyceum/tenant"
)

// brand is how the portal looks.
type brand struct {
	Name          string       `json:"name" doc:"Shown on every page and mail. At most 80 characters."`
	Colour        string       `json:"colour" example:"#3b4cc0" doc:"The primary colour, as # and six hexadecimal digits. White text on it must be readable (WCAG 2.2, 4.5:1); when it is not, the nearest colour that works is offered."`
	Theme         tenant.Theme `json:"theme" enum:"atrium,campus"`
	LogoFileID    *uid.ID      `json:"logo_file_id,omitempty" doc:"An uploaded PNG or SVG."`
	FaviconFileID *uid.ID      `json:"favicon_file_id,omitempty" doc:"An uploaded PNG or SVG."`
	LoginText     string       `json:"login_text,omitempty" doc:"Markdown beside the sign-in form, at most 500 characters."`
	MailHeader    string       `json:"mail_header,omitempty" doc:"One line above each mail, at most 120 characters."`
	Revision      *int         `json:"revision,omitempty" doc:"Counts the changes. A change names the revision it was made on, here or as If-Match."`
}

type brandOut struct {
	ETag string `header:"ETag" doc:"The revision, as If-Match takes it."`
	Body brand
}

type brandIn struct {
	AtRevision
	Body brand
}

func (a *api) brandOperations() {
	on(a, operation{
		method: get, path: "/brand", id: "get-brand", tag: tagBrand, need: route.SignedIn,
		summary: "How the portal looks",
	}, func(ctx context.Context, _ *nothing) (*brandOut, error) {
		b, err := a.Brands.Get(ctx)
		if err != nil {
			return nil, err
		}
		return showBrand(b), nil
	})
	on(a, operation{
		method: put, path: "/brand", id: "update-brand", tag: tagBrand, need: route.For(policy.BrandEdit),
		summary: "Change how the portal looks",
		about:   "The whole look is given; what is left out becomes empty.",
		fails:   faults{tenant.ErrBrandChanged},
	}, func(ctx context.Context, in *brandIn) (*brandOut, error) {
		// The room of tenants knows no people and no files, so both are asked about here.
		if err := auth.Require(ctx, policy.BrandEdit); err != nil {
			return nil, err
		}
		at, err := in.revision(in.Body.Revision)
		if err != nil {
			return nil, err
		}
		if err := a.checkBrandFiles(ctx, in.Body); err != nil {
			return nil, err
		}
		saved, err := a.Brands.Save(ctx, in.Body.at(at))
		if err != nil {
			return nil, err
		}
		return showBrand(saved), nil
	})
}

// checkBrandFiles notes a logo or favicon that is not an uploaded picture.
func (a *api) checkBrandFiles(ctx context.Context, b brand) error {
	f := fault.Fields{}
	for field, id := range map[string]*uid.ID{"logo_file_id": b.LogoFileID, "favicon_file_id": b.FaviconFileID} {
		if id == nil {
			continue
		}
		file, err := a.Content.File(ctx, *id)
		if err != nil && !errors.Is(err, content.ErrFileNotFound) {
			return err
		}
		f.Check(err == nil, field, "There is no such file here. Upload it first.")
		f.Check(file.MediaType == "image/png" || file.MediaType == "image/svg+xml", field, "Choose a PNG or SVG file: they stay sharp and may have a transparent ground.")
	}
	return f.Err()
}

// at is the look to save on a revision.
func (b brand) at(revision int) tenant.Brand {
	return tenant.Brand{
		Name: b.Name, Colour: b.Colour, Theme: b.Theme, LogoFileID: b.LogoFileID, FaviconFileID: b.FaviconFileID,
		LoginText: b.LoginText, MailHeader: b.MailHeader, Revision: revision,
	}
}

func showBrand(b tenant.Brand) *brandOut {
	return &brandOut{ETag: etag(b.Revision), Body: brand{
		Name: b.Name, Colour: b.Colour, Theme: b.Theme, LogoFileID: b.LogoFileID, FaviconFileID: b.FaviconFileID,
		LoginText: b.LoginText, MailHeader: b.MailHeader, Revision: &b.Revision,
	}}
}
