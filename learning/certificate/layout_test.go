package certificate_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/learning/certificate"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestALayoutSaysWhatIsWrongWithItsTexts(t *testing.T) {
	t.Parallel()
	for what, one := range map[string]struct {
		change func(*certificate.Layout)
		field  string
	}{
		"an unknown variable":   {func(l *certificate.Layout) { l.Body = "For {{nmae}}" }, "body"},
		"an open brace":         {func(l *certificate.Layout) { l.Title = "{{name}" }, "title"},
		"a brace too many":      {func(l *certificate.Layout) { l.Title = "{{name}} }}" }, "title"},
		"a template's code":     {func(l *certificate.Layout) { l.Body = "{{range .}}{{end}}" }, "body"},
		"a long title":          {func(l *certificate.Layout) { l.Title = strings.Repeat("x", 121) }, "title"},
		"many lines":            {func(l *certificate.Layout) { l.Body = strings.Repeat("x\n", 14) + "x" }, "body"},
		"a colour that is none": {func(l *certificate.Layout) { l.Colour = "blue" }, "colour"},
		"another paper":         {func(l *certificate.Layout) { l.Paper = "a3" }, "paper"},
		"another background":    {func(l *certificate.Layout) { l.Background = "unicorn" }, "background"},
		"no orientation":        {func(l *certificate.Layout) { l.Orientation = "" }, "orientation"},
	} {
		l := certificate.StartLayout()
		one.change(&l)
		l.Normalise()
		if err := l.Validate(); fault.Of(err).Fields[one.field] == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	l := certificate.StartLayout()
	l.Body = "# {{ name }}\n{{course}}, {{version}}, {{score}}, {{hours}}, {{completed}}, {{issued}}, {{valid_until}}, {{number}}, {{organization}} {braces}"
	l.Normalise()
	if err := l.Validate(); err != nil {
		t.Error(err)
	}
}

// variants are layouts that look different, each in the worst and the usual case.
func variants() map[string]certificate.Layout {
	out := map[string]certificate.Layout{}
	for _, b := range certificate.Backgrounds() {
		for _, o := range certificate.Orientations() {
			l := certificate.StartLayout()
			l.Background, l.Orientation = b, o
			if o == certificate.Portrait {
				l.Paper = certificate.PaperLetter
				l.SignedBy, l.SignedAs = "Dr. Henrike Grundmann-Oppenheimer", "Head of Learning and Development"
				l.Title = "Zertifikat {{course}}"
				l.Body = "Dies bescheinigt\n# {{name}}\n\ndie Teilnahme an\n## {{course}}\nmit {{score}} in {{hours}}\nGültig bis {{valid_until}}\nund eine Zeile mehr für {{organization}}"
			}
			out[string(b)+"-"+string(o)] = l
		}
	}
	return out
}

func (h house) preview(t *testing.T, l certificate.Layout, c certificate.Certificate, look certificate.Look) (svg, pdf []byte) {
	t.Helper()
	svg, pdf, err := h.certificates.Preview(h.may(t, h.tenant, policy.CertificateManage), l, c, look)
	if err != nil {
		t.Fatal(err)
	}
	return svg, pdf
}

// CERTIFICATES=dir go test ./learning/certificate -run TestEveryLayout writes them as files, to look at.
func TestEveryLayoutKeepsWithinItsPaperWhateverTheNames(t *testing.T) {
	t.Parallel()
	h := setup(t)
	usual, look := sample()
	look.LogoPNG = logo(t)
	worst := usual
	end := time.Date(2029, 3, 4, 23, 59, 59, 0, time.UTC)
	worst.PersonName = strings.Repeat("Maria-Magdalena von und zu Hohenlohe-Langenburg ", 3)
	worst.CourseTitle = strings.Repeat("Grundlagen der Arbeitssicherheit im Umgang mit Gefahrstoffen ", 3)
	worst.Minutes, worst.ValidUntil = 1234, &end
	for name, l := range variants() {
		for kind, c := range map[string]certificate.Certificate{"usual": usual, "worst": worst} {
			also := look
			if kind == "worst" {
				also.SecondLogo, also.Signature = logo(t), logo(t)
			}
			svg, pdf := h.preview(t, l, c, also)
			w, tall := 297.0, 210.0
			if l.Paper == certificate.PaperLetter {
				w, tall = 215.9, 279.4
			} else if l.Orientation == certificate.Portrait {
				w, tall = tall, w
			}
			for _, s := range texts(t, pageContent(t, pdf)) {
				if s.x < 0 || s.y < 0 || s.x > w/25.4*72 || s.y > tall/25.4*72 {
					t.Errorf("%s, %s: %q stands at %.0f, %.0f", name, kind, s.text, s.x, s.y)
				}
			}
			if dir := os.Getenv("CERTIFICATES"); dir != "" {
				for ext, data := range map[string][]byte{".svg": svg, ".pdf": pdf} {
					if err := os.WriteFile(filepath.Join(dir, name+"-"+kind+ext), data, 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			if bytes.Contains(svg, []byte("<script")) || bytes.Contains(svg, []byte("<text")) {
				t.Errorf("%s: the preview holds more than shapes", name)
			}
		}
	}
}

func TestALineThatNamesWhatACertificateLacksIsLeftOut(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c, look := sample()
	l := certificate.StartLayout()
	l.Facts, l.Title, l.QR, l.Seal = nil, "Well done, {{name}}", false, false
	l.Body = "Result {{score}}\nEnds {{valid_until}}\n## {{course}} {{version}}"
	said := func() string {
		_, pdf := h.preview(t, l, c, look)
		var all []string
		for _, s := range texts(t, pageContent(t, pdf)) {
			all = append(all, s.text)
		}
		return strings.Join(all, "|")
	}
	got := said()
	if !strings.Contains(got, "Result 92 %") || strings.Contains(got, "Ends") || !strings.Contains(got, "Information security awareness 3") {
		t.Error(got)
	}
	c.Percent = nil
	if got = said(); strings.Contains(got, "Result") {
		t.Error(got)
	}
	if !strings.Contains(got, c.Spaced()) || !strings.Contains(got, "/verify/") {
		t.Errorf("without a QR code number and address stand there: %s", got)
	}
}

func TestWhatWasIssuedKeepsItsDesignAndBrand(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin, author := h.may(t, h.tenant, policy.CertificateManage), h.may(t, h.tenant, policy.CourseEdit)
	saved := 0
	if err := h.w.Store.InTenant(h.tenant, func(ctx context.Context) error {
		return h.w.Store.SeedTenant(ctx, tenant.DefaultBrand("Acme"), h.w.Now.Now())
	}); err != nil {
		t.Fatal(err)
	}
	brand := func(b tenant.Brand) {
		t.Helper()
		b.Revision, b.Theme = saved, tenant.ThemeAtrium
		saved++
		if _, err := tenant.NewBrands(h.w.Store, h.w.Now.Clock()).Save(h.tenant, b); err != nil {
			t.Fatal(err)
		}
	}
	brand(tenant.Brand{Name: "Acme Before", Colour: "#123456"})
	signature, err := h.certificates.AddPicture(admin, logo(t))
	if err != nil {
		t.Fatal(err)
	}
	d := certificate.Design{Name: "Diploma", Standard: true, Layout: certificate.StartLayout()}
	d.Layout.Title, d.Layout.Signature = "First title", &signature
	if d, err = h.certificates.AddDesign(admin, d); err != nil {
		t.Fatal(err)
	}
	o := h.ruled(t, "Kept", 12)
	_, first := h.issued(t, o)
	own := certificate.Design{Name: "Its own", Layout: certificate.StartLayout()}
	own.Layout.Title = "Of the course"
	if own, err = h.certificates.AddDesign(admin, own); err != nil {
		t.Fatal(err)
	}
	if _, err = h.certificates.SetRule(author, certificate.Rule{CourseID: o.Course.ID, DesignID: &own.ID}); err != nil {
		t.Fatal(err)
	}
	_, second := h.issued(t, o)
	d.Layout.Title, d.Layout.Signature = "Later title", nil
	if d, err = h.certificates.ChangeDesign(admin, d); err != nil || d.Revision != 2 {
		t.Fatal(d, err)
	}
	if _, err = h.certificates.RemoveDesign(admin, own.ID); err != nil {
		t.Fatal(err)
	}
	brand(tenant.Brand{Name: "Acme After", Colour: "#654321"})
	h.w.Now.Advance(48 * time.Hour)
	if d, err = h.certificates.ChangeDesign(admin, d); err != nil { // pictures are swept
		t.Fatal(err)
	}
	_, third := h.issued(t, o)

	now, err := tenant.NewBrands(h.w.Store, h.w.Now.Clock()).Get(h.tenant)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		c           certificate.Certificate
		title, name string
		signed      bool
	}{{first, "FIRST TITLE", "Acme Before", true}, {second, "OF THE COURSE", "Acme Before", false}, {third, "LATER TITLE", "Acme After", false}} {
		look, err := h.certificates.Dressed(h.tenant, one.c, certificate.Look{Brand: now, VerifyURL: verifyURL})
		if err != nil {
			t.Fatal(err)
		}
		pdf, err := h.certificates.PDF(h.tenant, one.c, look)
		if err != nil {
			t.Fatal(err)
		}
		var letters, all strings.Builder
		for _, s := range texts(t, pageContent(t, pdf)) {
			all.WriteString(s.text + "|")
			letters.WriteString(s.text)
		}
		if !strings.Contains(strings.ReplaceAll(letters.String(), " ", ""), strings.ReplaceAll(one.title, " ", "")) || !strings.Contains(all.String(), one.name) || (look.Signature != nil) != one.signed {
			t.Errorf("%s, %s: %s", one.title, one.name, all.String())
		}
	}
}

func TestDesignsAreForWhoManagesCertificatesOfTheirOwnPortal(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin, abroad := h.may(t, h.tenant, policy.CertificateManage), h.may(t, h.w.Tenant(t), policy.CertificateManage)
	d, err := h.certificates.AddDesign(admin, certificate.Design{Name: " Our  design ", Layout: certificate.StartLayout()})
	if err != nil || d.Name != "Our design" {
		t.Fatal(d, err)
	}
	_, err = h.certificates.AddDesign(admin, certificate.Design{Name: "our DESIGN", Layout: certificate.StartLayout()})
	wantFault(t, err, certificate.ErrDesignNameTaken)
	_, err = h.certificates.AddDesign(h.may(t, h.tenant, policy.CourseEdit), certificate.Design{Name: "Mine", Layout: certificate.StartLayout()})
	wantFault(t, err, policy.ErrForbidden)
	stale := d
	if d, err = h.certificates.ChangeDesign(admin, d); err != nil {
		t.Fatal(err)
	}
	_, err = h.certificates.ChangeDesign(admin, stale)
	wantFault(t, err, certificate.ErrDesignChanged)
	_, err = h.certificates.ChangeDesign(abroad, d)
	wantFault(t, err, certificate.ErrDesignNotFound)
	_, err = h.certificates.DesignByID(abroad, d.ID)
	wantFault(t, err, certificate.ErrDesignNotFound)
	_, err = h.certificates.RemoveDesign(abroad, d.ID)
	wantFault(t, err, certificate.ErrDesignNotFound)
	if list, err := h.certificates.DesignChoices(abroad); err != nil || len(list) != 0 {
		t.Errorf("another tenant sees %+v, %v", list, err)
	}
	if list, err := h.certificates.DesignChoices(h.may(t, h.tenant, policy.CourseEdit)); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	picture, err := h.certificates.AddPicture(abroad, logo(t))
	if err != nil {
		t.Fatal(err)
	}
	d.Layout.SecondLogo = &picture
	if _, err = h.certificates.ChangeDesign(admin, d); fault.Of(err).Fields["second_logo"] == "" {
		t.Errorf("another tenant's picture: %v", err)
	}
	if _, err = h.certificates.AddPicture(admin, []byte("no picture")); err == nil {
		t.Error("it took what is no picture")
	}
	course := storetest.PublishedCourse(t, h.tenant, h.w, storetest.SmallCourse("Chooses"))
	theirs, err := h.certificates.AddDesign(abroad, certificate.Design{Name: "Theirs", Layout: certificate.StartLayout()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.certificates.SetRule(h.may(t, h.tenant, policy.CourseEdit), certificate.Rule{CourseID: course.Course.ID, DesignID: &theirs.ID})
	wantFault(t, err, certificate.ErrDesignNotFound)
}

var fontFile = regexp.MustCompile(`/FontFile2`)

func TestTheFontsAreInTheDocument(t *testing.T) {
	t.Parallel()
	c, look := sample()
	l := certificate.StartLayout()
	look.Layout = &l
	pdf, err := certificate.New(certificate.Options{}).PDF(context.Background(), c, look)
	if err != nil || len(fontFile.FindAll(pdf, -1)) != 3 {
		t.Errorf("%d fonts, %v", len(fontFile.FindAll(pdf, -1)), err)
	}
}
