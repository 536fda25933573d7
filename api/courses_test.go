package api_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestACoursePageShowsHowFarThePersonIsInTheirOwnVersion(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Ladders"))
	p := h.person(policy.Learner)
	b := h.as(p)
	b.get("/courses/ladders").is(200).saysNot("0 of 2")
	b.post("/courses/ladders/enrol").is(303)
	b.get("/courses/ladders").is(200).says("0 of 2")
	first := "/learn/ladders/" + o.Lessons()[0].ID.String()
	b.get(first).is(200)
	b.post(first + "/continue").is(303)
	b.get("/courses/ladders").is(200).says("1 of 2")
	h.as(h.person(policy.Learner)).get("/courses/ladders").is(200).saysNot("0 of 2")

	told := storetest.EventTypes(t, h.ctx, h.w, h.enrolmentOf(p, "ladders"))
	author := storetest.Instructor(t, h.ctx, h.w)
	changed, err := h.o.Catalog.DeleteLesson(author, o.Course.ID, o.Course.Revision, o.Lessons()[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = h.o.Catalog.Publish(author, o.Course.ID, changed.Course.Revision); err != nil {
		t.Fatal(err)
	}
	b.get("/courses/ladders").is(200).says("1 of 2", first) // who has begun stays on the version they began
	b.get(first).is(200)
	h.as(h.person(policy.Learner)).get("/courses/ladders").is(200).saysNot(o.Lessons()[0].Title)
	if after := storetest.EventTypes(t, h.ctx, h.w, h.enrolmentOf(p, "ladders")); !slices.Equal(told, after) {
		t.Errorf("looking at the course told %v after %v", after, told)
	}
}

// enrolmentOf is the enrolment of a person in a course.
func (h *house) enrolmentOf(p auth.Person, slug string) uid.ID {
	h.t.Helper()
	in, err := h.o.Enrolment.In(storetest.As(h.t, h.ctx, h.w, p), slug)
	if err != nil {
		h.t.Fatal(err)
	}
	return in.ID
}

func TestAnArchivedCourseStaysOpenToThoseWhoAreInIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Looms"))
	inside, out := h.person(policy.Learner), h.person(policy.Learner)
	for _, p := range []auth.Person{inside, out} {
		if _, err := h.o.Enrolment.SelfEnrol(storetest.As(t, h.ctx, h.w, p), "looms"); err != nil {
			t.Fatal(err)
		}
	}
	author := storetest.Instructor(t, h.ctx, h.w)
	if err := h.o.Enrolment.Withdraw(author, h.enrolmentOf(out, "looms")); err != nil {
		t.Fatal(err)
	}
	if err := h.o.Catalog.Archive(author, o.Course.ID); err != nil {
		t.Fatal(err)
	}
	b := h.as(inside)
	b.get("/courses/looms").is(200).says("0 of 2", "/learn/looms")
	b.get("/learn/looms").is(303)
	h.as(out).get("/courses/looms").is(409)
	h.as(h.person(policy.Learner)).get("/courses/looms").is(409)
	h.as(h.person(policy.Instructor)).get("/courses/looms").is(409)
	abroad := h.newTenant()
	other := h.browser(h.hostOf(abroad))
	other.signIn(h.personIn(tenant.With(t.Context(), abroad), policy.Owner))
	other.get("/courses/looms").is(404)
}

func TestAManagerPutsPeopleIntoACourseWithoutWritingCourses(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Cranes"))
	at := "/studio/" + o.Course.ID.String()
	learner := h.person(policy.Learner)
	b := h.as(h.person(policy.Manager))
	b.get(at+"/people").is(200).says("Cranes", "Nobody")
	b.get(at + "/people?find=" + learner.Email).is(200).says(learner.Name)
	b.post(at+"/people", "person", learner.ID.String()).is(303).leads(at + "/people")
	b.post(at+"/people", "person", learner.ID.String()).is(409).says("in the course already")
	roster := b.get(at + "/people").is(200).says(learner.Name)
	withdraw := regexp.MustCompile(`/people/[0-9a-f-]{36}/withdraw`).FindString(roster.body)
	other := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Another"))
	b.post("/studio/" + other.Course.ID.String() + withdraw).is(404).says("There is no such enrolment.")
	b.post(at + withdraw).is(303)
	b.get(at + "/people").is(200).says(learner.Name + " is no longer in this course.")

	sketch, err := h.o.Catalog.Create(storetest.Instructor(t, h.ctx, h.w), catalog.CourseInput{Title: "Only a sketch"})
	if err != nil {
		t.Fatal(err)
	}
	b.get("/studio/" + sketch.Course.ID.String() + "/people").is(200).says("Only a sketch")
	b.post("/studio/"+sketch.Course.ID.String()+"/people", "person", learner.ID.String()).is(404)
	for _, path := range []string{at, at + "/publish", "/studio"} {
		b.get(path).is(403)
	}
	l := h.as(learner)
	l.get(at + "/people").is(403)
	l.post(at+"/people", "person", learner.ID.String()).is(403)
	abroad := h.newTenant()
	stranger := h.browser(h.hostOf(abroad))
	stranger.signIn(h.personIn(tenant.With(t.Context(), abroad), policy.Manager))
	stranger.get(at + "/people").is(404)
	stranger.post(at+"/people", "person", learner.ID.String()).is(404)
	stranger.post(at + withdraw).is(404)
}

func TestWhoIsTakenOutOfALargeCourseIsNamed(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Crowds"))
	last, now := uid.Nil, h.w.Now.Now()
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		for i := range 201 { // one more than a piece of a list holds
			p := auth.Person{ID: uid.New(), Email: fmt.Sprintf("p%d@example.com", i), Name: fmt.Sprintf("Number %d", i), Status: auth.PersonActive, CreatedAt: now, UpdatedAt: now}
			if err := h.w.Store.InsertPerson(ctx, p); err != nil {
				return err
			}
			last = uid.New()
			e := enrolment.Enrolment{ID: last, CourseID: o.Course.ID, VersionID: o.Version.ID, PersonID: p.ID, Status: enrolment.StatusActive, Source: enrolment.SourceAssigned, EnrolledAt: now}
			if _, err := h.w.Store.AddEnrolment(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b, at := h.as(h.person(policy.Instructor)), "/studio/"+o.Course.ID.String()+"/people"
	b.get(at).is(200)
	b.post(at + "/" + last.String() + "/withdraw").is(303)
	b.get(at).is(200).says("Number 200 is no longer in this course.")
}

func TestACertificateIsInTheLanguageAndTimeZoneOfWhoDownloadsIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Night shift"))
	h.w.Now.Advance(14*time.Hour + 30*time.Minute) // half past eleven at night: the next day in Vienna
	p := h.person(policy.Learner)
	as := storetest.As(t, h.ctx, h.w, p)
	if err := h.o.Auth.UpdateProfile(as, auth.ProfileInput{Name: p.Name, Locale: "de-AT", TimeZone: "Europe/Vienna"}); err != nil {
		t.Fatal(err)
	}
	e, err := h.o.Enrolment.SelfEnrol(as, "night-shift")
	if err != nil {
		t.Fatal(err)
	}
	if _, err = h.o.Enrolment.Continue(as, e.ID, o.Lessons()[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, err = h.o.Enrolment.Submit(as, e.ID, o.Lessons()[1].ID, storetest.RightAnswers(o.Lessons()[1].Questions)); err != nil {
		t.Fatal(err)
	}
	cert, err := h.o.Certificates.Issue(h.ctx, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	look := certificate.Look{Brand: tenant.DefaultBrand(h.tenant.Name), VerifyURL: "http://" + h.host + "/verify/" + cert.Code}
	for name, c := range map[string]struct {
		b            *browser
		zone, locale string
	}{
		"their own":              {h.as(p), "Europe/Vienna", "de"},
		"a manager with no wish": {h.as(h.person(policy.Manager)), "", "en"},
	} {
		want, err := h.o.Certificates.PDF(h.ctx, cert, look.For(c.zone, c.locale))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.b.get("/certificates/" + cert.Code + ".pdf").is(200); got.body != string(want) {
			t.Errorf("%s is not drawn in %q for %q", name, c.locale, c.zone)
		}
	}
}
