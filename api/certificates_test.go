package api_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/learning/badge"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/store/storetest"
)

// certified is a learner with a certificate.
func (h *house) certified(title string) (auth.Person, certificate.Certificate) {
	h.t.Helper()
	return h.certifiedIn(storetest.PublishedCourse(h.t, h.ctx, h.w, storetest.SmallCourse(title)))
}

func (h *house) certifiedIn(o catalog.Outline) (auth.Person, certificate.Certificate) {
	h.t.Helper()
	p := h.person(policy.Learner)
	learner := storetest.As(h.t, h.ctx, h.w, p)
	e, err := h.o.Enrolment.SelfEnrol(learner, o.Course.Slug)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, l := range o.Lessons() {
		if l.Kind == catalog.LessonQuiz {
			_, err = h.o.Enrolment.Submit(learner, e.ID, l.ID, storetest.RightAnswers(l.Questions))
		} else {
			_, err = h.o.Enrolment.Continue(learner, e.ID, l.ID)
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
	c, err := h.o.Certificates.Issue(h.ctx, e.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return p, c
}

// issuerOf asks a portal as a verifier does.
type issuerOf struct{ b *browser }

func (i issuerOf) Document(url string) ([]byte, error) { return i.fetch(url) }
func (i issuerOf) List(url string) ([]byte, error)     { return i.fetch(url) }

func (i issuerOf) fetch(url string) ([]byte, error) {
	_, path, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	return []byte(i.b.get("/"+path).is(200).has("Access-Control-Allow-Origin", "*").body), nil
}

func TestALearnerTakesABadgeAlongThatAnyoneCanCheck(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p, c := h.certified("Ladders")
	b := h.as(p)
	at := "/certificates/" + c.Code
	b.get("/certificates").is(200).says(at+".svg", at+".jwt").saysNot("/certificates/issued")
	jwt := b.get(at+".jwt").is(200).has("Content-Type", "application/vc+jwt").hasIn("Cache-Control", "private").body
	v, err := badge.Verify(jwt, issuerOf{h.stranger()}, h.w.Now.Now())
	if err != nil || v.Person != p.Name || v.Course != "Ladders" || v.ID != "http://"+h.host+"/verify/"+c.Code {
		t.Errorf("%+v, %v", v, err)
	}
	picture := b.get(at+".svg").is(200).has("Content-Type", "image/svg+xml").body
	if inside, err := badge.Extract([]byte(picture)); err != nil || inside != jwt {
		t.Errorf("the picture carries %.30q, %v", inside, err)
	}
	for _, other := range []string{at + ".jwt", at + ".svg"} {
		h.as(h.person(policy.Learner)).get(other).is(404)
		h.as(h.person(policy.Manager)).get(other).is(200)
		h.stranger().get(other).is(303)
	}
	h.stranger().get("/credentials/status/2").is(404)
	h.stranger().get("/credentials/status/x").is(404)
	h.browser(h.hostOf(h.newTenant())).get("/credentials/status/1").is(404)
}

func TestAnAdministratorWithdrawsACertificateAndIssuesItAnew(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p, c := h.certified("Ladders")
	jwt := h.as(p).get("/certificates/" + c.Code + ".jwt").is(200).body
	admin, manager := h.as(h.person(policy.Admin)), h.as(h.person(policy.Manager))
	list, at := "/certificates/issued", "/certificates/issued/"+c.Code
	h.as(p).get(list).is(403)
	manager.get(list).is(200).says(p.Name, c.Spaced()).saysNot(at + "/re")
	manager.post(at+"/revoke", "reason", "x").is(403)
	admin.get(list+"?q=Ladders").is(200).says(p.Name, at+"/reissue")
	admin.get(list + "?q=" + strings.ToUpper(c.Spaced())).is(200).says(p.Name)
	admin.get(list + "?q=nobody").is(200).saysNot(p.Name)
	admin.get(list + "?state=revoked").is(200).saysNot(p.Name)
	admin.post(at+"/revoke", "reason", " ").is(422).says("Say why")
	admin.post(at+"/revoke", "reason", strings.Repeat("x", 501)).is(422).says("at most 500")
	admin.post("/certificates/issued/"+strings.Repeat("0", 20)+"/revoke", "reason", "x").is(404)
	admin.post(at+"/revoke", "reason", "x", "class", "spite").is(422).says("Choose one of the reasons")
	admin.post(at+"/revoke", "reason", "Issued in <error>.", "class", "error").is(303).leads(list)
	admin.get(list+"?state=revoked").is(200).says(p.Name, "Issued in &lt;error&gt;.")
	admin.post(at+"/revoke", "reason", "Again.").is(409)
	h.stranger().get("/verify/"+c.Code).is(200).says("withdrawn", "It had been issued in error.", p.Name, "Ladders").saysNot("Issued in &lt;", "Quiz result", "Version of the course")
	h.as(p).get("/certificates/" + c.Code + ".pdf").is(409)
	h.as(p).get("/certificates").is(200).says("Withdrawn").saysNot("being prepared")
	if _, err := badge.Verify(jwt, issuerOf{h.stranger()}, h.w.Now.Now()); err == nil {
		t.Error("a withdrawn badge is believed")
	}

	renamed := h.as(p)
	renamed.get("/account").is(200)
	renamed.post("/account", "name", "Anna New-Name", "locale", "en", "time_zone", "UTC").is(303)
	admin.post(at+"/reissue", "reason", "Married.").is(303).leads(list)
	admin.get(list).is(200).says("Anna New-Name", "has a new certificate")
	admin.post(at+"/reissue", "reason", "Again.").is(409).says("Another certificate of the same course holds")
	manager.get(at).is(200).says("Anna New-Name", p.Name, "Issued in &lt;error&gt;.", c.Spaced())
	h.as(p).get(at).is(403)
	manager.get("/certificates/issued/" + strings.Repeat("0", 20)).is(404)
	if mine, err := h.o.Certificates.Mine(storetest.As(t, h.ctx, h.w, p)); err != nil || len(mine) != 2 || mine[0].PersonName != "Anna New-Name" || *mine[0].ReissueOf != c.ID || mine[1].PersonName != p.Name {
		t.Errorf("%+v, %v", mine, err)
	}
}

func TestCertificatesAreKeptByRESTToo(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p, c := h.certified("Ladders")
	admin := h.as(h.person(policy.Admin))
	base := "/api/v1/certificates"
	admin.get("/certificates").is(200)
	admin.json(http.MethodGet, base+"?q=ladders", "").is(200).says(c.Code, p.ID.String())
	h.as(p).json(http.MethodGet, base, "").is(403)
	h.as(p).json(http.MethodGet, base+"/"+c.Code+"/credential", "").is(200).has("Content-Type", "application/vc+jwt")
	h.as(p).json(http.MethodGet, base+"/"+c.Code+"/badge", "").is(200).has("Content-Type", "image/svg+xml").says("openbadges:credential")
	admin.json(http.MethodPost, base+"/"+c.Code+"/revoke", `{"reason":""}`).is(422)
	admin.json(http.MethodPost, base+"/"+c.Code+"/revoke", `{}`).is(422)
	admin.json(http.MethodPost, base+"/"+c.Code+"/reissue", `{"reason":"A name was wrong."}`).is(201).says(`"reissue_of":"` + c.ID.String())
	h.as(p).json(http.MethodGet, base+"/"+c.Code+"/credential", "").is(409)
	admin.json(http.MethodGet, base+"?state=revoked", "").is(200).says("A name was wrong.")
	manager := h.as(h.person(policy.Manager))
	manager.json(http.MethodGet, base+"/"+c.Code+"/history", "").is(200).says("A name was wrong.", `"revoke_class":"corrected"`, c.ID.String())
	h.as(p).json(http.MethodGet, base+"/"+c.Code+"/history", "").is(403)
	admin.json(http.MethodPost, "/api/v1/badge-keys/roll", "").is(204)
	h.as(p).json(http.MethodPost, "/api/v1/badge-keys/roll", "").is(403)
}

func TestAStrangerIsToldWhatStandsOnACertificateAndNoMore(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p, c := h.certified("Ladders")
	at := "/api/v1/certificates/" + c.Code
	nothing := []string{c.ID.String(), c.EnrolmentID.String(), p.ID.String(), c.CourseID.String(), p.Email, "replaced_at", "reissue_of", `"id"`}
	h.stranger().json(http.MethodGet, at, "").is(200).says(`"state":"valid"`, p.Name, "Ladders", `"version_number":1`, `"percent":100`).saysNot(nothing...)
	h.stranger().get("/verify/"+c.Code).is(200).says(p.Name, "Ladders", "is valid").saysNot(p.Email)
	if _, err := h.o.Certificates.Reissue(storetest.As(t, h.ctx, h.w, h.person(policy.Admin)), certificate.Withdrawal{Code: c.Code, Reason: "Married, secretly."}); err != nil {
		t.Fatal(err)
	}
	h.stranger().json(http.MethodGet, at, "").is(200).says(`"state":"revoked"`, `"revoke_class":"corrected"`).saysNot(append(nothing, "secretly", "percent", "completed_at", "version_number")...)
	h.browser(h.hostOf(h.newTenant())).json(http.MethodGet, at, "").is(404)
}

func TestAnAuthorSaysHowLongCertificatesAreValidAndEverySideSaysSo(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Ladders"))
	at, rest := "/studio/"+o.Course.ID.String()+"/certificate", "/api/v1/courses/"+o.Course.ID.String()+"/certificate"
	author := h.as(h.person(policy.Instructor))
	author.get(at).is(200).says("How long is it valid?")
	author.post(at, "valid", "months", "valid_months", "0").is(422).says("from 1 to 240")
	author.post(at, "valid", "until", "valid_until", "soon").is(422).says("Choose a day.")
	author.post(at, "valid", "months", "valid_months", "12").is(303).leads(at)
	author.get(at).is(200).says(`value="12"`)
	author.json(http.MethodGet, rest, "").is(200).says(`"valid_months":12`)
	author.json(http.MethodPut, rest, `{"valid_until":"2020-01-01"}`).is(422).says("valid_until")
	author.json(http.MethodPut, rest, `{"valid_until":"2026-12-31"}`).is(200).says("2026-12-31")
	author.get(at).is(200).says(`value="2026-12-31"`)
	h.as(h.person(policy.Learner)).get(at).is(403)
	h.as(h.person(policy.Learner)).json(http.MethodPut, rest, `{}`).is(403)

	p, c := h.certifiedIn(o)
	b := h.as(p)
	b.get("/certificates").is(200).says("Valid until", "31 Dec 2026")
	b.get("/transcript").is(200).says("Valid until", "31 Dec 2026")
	h.stranger().get("/verify/"+c.Code).is(200).says("is valid", "31 Dec 2026")
	h.stranger().json(http.MethodGet, "/api/v1/certificates/"+c.Code, "").is(200).says(`"valid_until":"2026-12-31T23:59:59Z"`)
	jwt := b.get("/certificates/" + c.Code + ".jwt").is(200).body
	h.w.Now.Advance(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC).Sub(h.w.Now.Now()))
	b = h.as(p)
	b.get("/certificates").is(200).says("Expired")
	b.get("/").is(200).saysNot(c.Code)
	b.get("/certificates/" + c.Code + ".pdf").is(200)
	h.stranger().get("/verify/"+c.Code).is(200).says("has expired", "31 Dec 2026", p.Name)
	h.stranger().json(http.MethodGet, "/api/v1/certificates/"+c.Code, "").is(200).says(`"state":"expired"`)
	if v, err := badge.Verify(jwt, issuerOf{h.stranger()}, h.w.Now.Now()); !errors.Is(err, badge.ErrExpired) || v.Person != p.Name {
		t.Errorf("%+v, %v", v, err)
	}
	h.as(h.person(policy.Manager)).get("/certificates/issued?state=expired").is(200).says(p.Name)
}

func TestAnAdministratorDesignsCertificatesWithAPreview(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Ladders"))
	admin := h.as(h.person(policy.Admin))
	at := "/settings/certificates"
	h.as(h.person(policy.Instructor)).get(at).is(403)
	admin.get(at).is(200).says("No designs yet")
	admin.get(at+"/new").is(200).says("data:image/svg&#43;xml,", "{{name}}")
	typed := []string{"name", "Diploma", "paper", "a4", "orientation", "portrait", "background", "frame", "body", "# {{name}}\nfor {{course}}", "qr", "1", "standard", "1"}
	admin.post(at+"/preview", typed...).is(200).says("data:image/svg&#43;xml,", "# {{name}}")
	admin.post(at+"/preview", "name", "x", "paper", "a4", "orientation", "portrait", "background", "frame", "body", "{{nmae}}").is(422).says("There is no name “nmae”").saysNot("data:image/svg&#43;xml,")
	if pdf := admin.post(at+"/preview.pdf", typed...).is(200).has("Content-Type", "application/pdf"); !strings.HasPrefix(pdf.body, "%PDF-") {
		t.Error("no document")
	}
	admin.get(at).is(200).says("No designs yet")
	admin.post(at+"/new", append([]string{"name", ""}, typed[2:]...)...).is(422).says("Give the design a name.", "data:image/svg&#43;xml,")
	admin.post(at+"/new", typed...).is(303).leads(at)
	list, err := h.o.Certificates.DesignChoices(storetest.As(t, h.ctx, h.w, h.person(policy.Instructor)))
	if err != nil || len(list) != 1 || !list[0].Standard {
		t.Fatal(list, err)
	}
	one := at + "/" + list[0].ID.String()
	admin.get(one).is(200).says("Diploma", "data:image/svg&#43;xml,")
	admin.post(one, append(typed, "revision", "7")...).is(409)
	admin.post(one, append(typed, "revision", "1", "title", "Well done")...).is(303)
	author := h.as(h.person(policy.Instructor))
	author.get("/studio/" + o.Course.ID.String() + "/certificate").is(200).says("Diploma")
	author.post("/studio/"+o.Course.ID.String()+"/certificate", "valid", "always", "design_id", list[0].ID.String()).is(303)
	p, c := h.certifiedIn(o)
	before := h.as(p).get("/certificates/" + c.Code + ".pdf").is(200).body
	admin.post(one + "/delete").is(303).leads(at)
	admin.get(one).is(404)
	if after := h.as(p).get("/certificates/" + c.Code + ".pdf").is(200).body; after != before || !strings.Contains(after, "/MediaBox [0 0 595.28 841.89]") {
		t.Error("what was issued does not keep its design")
	}
}

func TestDesignsAreKeptByRESTToo(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin, at := h.as(h.person(policy.Admin)), "/api/v1/certificate-designs"
	body := `"paper":"letter","orientation":"landscape","background":"waves","title":"Well done, {{name}}","facts":["score"]`
	admin.get("/certificates").is(200)
	admin.json(http.MethodPost, at+"/preview", "{"+body+"}").is(200).has("Content-Type", "image/svg+xml").says("<svg")
	admin.json(http.MethodPost, at+"/preview", `{"paper":"letter","orientation":"landscape","background":"waves","title":"{{who}}"}`).is(422).says("title")
	admin.json(http.MethodPost, at, `{"name":"Diploma",`+body+"}").is(201).says(`"revision":1`)
	admin.json(http.MethodPost, at, `{"name":"diploma",`+body+"}").is(409).says("design_name_taken")
	list, err := h.o.Certificates.DesignChoices(storetest.As(t, h.ctx, h.w, h.person(policy.Instructor)))
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	one := at + "/" + list[0].ID.String()
	admin.json(http.MethodGet, one, "").is(200).says("Well done")
	admin.json(http.MethodPut, one, `{"revision":1,"name":"Pass",`+body+"}").is(200).says(`"revision":2`)
	admin.json(http.MethodPut, one, `{"revision":1,"name":"Pass",`+body+"}").is(409).says("design_changed")
	h.as(h.person(policy.Learner)).json(http.MethodGet, at, "").is(403)
	admin.json(http.MethodDelete, one, "").is(204)
	admin.json(http.MethodGet, one, "").is(404)
}

func TestACertificateThatWasWithdrawnIsNotSaidToBeOnItsWay(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Ladders"))
	p, c := h.certifiedIn(o)
	b := h.as(p)
	course, done := "/courses/"+o.Course.Slug, "/learn/"+o.Course.Slug
	b.get(course).is(200).says("/certificates/" + c.Code + ".pdf")
	b.get(done).is(200).says("/certificates/" + c.Code + ".pdf")
	admin := h.as(h.person(policy.Admin))
	admin.get("/certificates/issued").is(200)
	admin.post("/certificates/issued/"+c.Code+"/revoke", "reason", "Wrong name.", "class", "error").is(303)
	for _, at := range []string{course, done} {
		b.get(at).is(200).says("Your certificate for this course was withdrawn.").saysNot("being prepared", c.Code+".pdf", `http-equiv="refresh"`)
	}
	b.get("/certificates").is(200).saysNot("being prepared")
}
