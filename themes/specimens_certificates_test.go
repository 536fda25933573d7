package themes_test

import (
	"testing"

	"lyceum/internal/fault"
	"lyceum/learning/certificate"
	"lyceum/tenant"
	"lyceum/themes"
)

func designSpecimens(t *testing.T, w *world) []specimen {
	t.Helper()
	one := certificate.Design{ID: id("design"), Name: "Diploma", Standard: true, Revision: 3, Layout: certificate.StartLayout(), UpdatedAt: now}
	other := one
	other.ID, other.Name, other.Standard, other.Layout.Background, other.Layout.Orientation = id("other design"), "Safety pass", false, certificate.BackgroundFrame, certificate.Portrait
	sample := certificate.Sample("Maya Chen", now)
	sample.CourseTitle = "A course of yours"
	svg, err := certificate.SVG(sample, certificate.Look{Brand: tenant.DefaultBrand("Acme Tools"), VerifyURL: "https://acme.example/verify/" + sample.Code, Layout: &other.Layout})
	if err != nil {
		t.Fatal(err)
	}
	form := themes.DesignForm{
		Name: "Safety pass", Paper: "a4", Orientation: "portrait", Background: "frame", Logo: true, QR: true, Seal: true, Facts: []string{"completed", "score"},
		Signature: id("signature").String(), SignedBy: "Maya Chen", SignedAs: "Head of learning", Body: "This is to certify that\n# {{name}}\nhas completed\n## {{course}}",
	}
	wrong := form
	wrong.Colour = "blue"
	return []specimen{
		{"designs", w.portal("/settings/certificates", may()), themes.DesignsPage{Designs: []certificate.Design{one, other}}},
		{"designs-none", w.portal("/settings/certificates", may()), themes.DesignsPage{}},
		{"design-new", w.portal("/settings/certificates/new", may()), themes.DesignPage{Form: themes.DesignForm{Paper: "a4", Orientation: "landscape", Background: "band", Logo: true, QR: true}, SVG: svg}},
		{"design", w.portal("/settings/certificates/x", may()), themes.DesignPage{ID: id("design").String(), Revision: 3, Form: form, SVG: svg}},
		{"design-wrong", w.portal("/settings/certificates/x", may()), themes.DesignPage{ID: id("design").String(), Revision: 3, Form: wrong, Problem: fault.Of(fault.Invalid(map[string]string{"colour": "Write a colour as #rrggbb, or leave it empty for the brand’s."}))}},
	}
}
