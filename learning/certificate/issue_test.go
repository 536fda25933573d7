package certificate_test

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

func TestACompletionEarnsOneCertificateHoweverOftenTheJobRuns(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.tenant, h.w, storetest.SmallCourse("Certified"))
	learner, e := h.completed(t, o)
	h.w.Now.Advance(time.Minute)
	got, wait := make([]certificate.Certificate, 5), sync.WaitGroup{}
	for i := range got {
		wait.Go(func() {
			var err error
			if got[i], err = h.certificates.Issue(h.tenant, e.ID); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	c := got[0]
	for _, other := range got[1:] {
		if other.ID != c.ID || other.Code != c.Code {
			t.Errorf("a second certificate: %+v", other)
		}
	}
	who, _ := auth.PrincipalFrom(learner)
	if !regexp.MustCompile(`^[0-9a-z]{20}$`).MatchString(c.Code) || c.PersonID != e.PersonID || c.PersonName != who.Name || c.CourseTitle != "Certified" ||
		c.CourseID != o.Course.ID || c.VersionNumber != 1 || c.Percent == nil || *c.Percent != 100 || c.Minutes != 15 || !c.IssuedAt.After(c.CompletedAt) {
		t.Errorf("it says %+v", c)
	}
	n := 0
	for _, event := range storetest.Events(t, h.tenant, h.w, e.ID) {
		if event.Type == "certificate.issued" {
			n++
			if event.Data["certificate_id"] != c.ID.String() || event.Data["person_id"] != e.PersonID.String() || event.Data["code"] != c.Code {
				t.Errorf("told %v", event.Data)
			}
		}
	}
	if n != 1 {
		t.Errorf("told %d times", n)
	}
	mine, err := h.certificates.Mine(learner)
	if diff := cmp.Diff([]certificate.Certificate{c}, mine); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
}

func TestACourseWithoutAQuizGivesACertificateWithoutAScore(t *testing.T) {
	t.Parallel()
	h := setup(t)
	in := storetest.SmallCourse("Unscored")
	in.Modules[0].Lessons = in.Modules[0].Lessons[:1]
	_, e := h.completed(t, storetest.PublishedCourse(t, h.tenant, h.w, in))
	if c, err := h.certificates.Issue(h.tenant, e.ID); err != nil || c.Percent != nil {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestTheScoreIsThatOfTheQuizPassedLast(t *testing.T) {
	t.Parallel()
	h := setup(t)
	in := storetest.SmallCourse("Two quizzes")
	quiz := in.Modules[0].Lessons[1]
	quiz.PassPercent = 50
	quiz.Questions = append(append(catalog.Questions{}, quiz.Questions...), quiz.Questions...)
	in.Modules[0].Lessons = append(in.Modules[0].Lessons[1:], quiz)
	o := storetest.PublishedCourse(t, h.tenant, h.w, in)
	learner, e := storetest.EnrolledLearner(t, h.tenant, h.w, o)
	for _, l := range o.Lessons() {
		answers := storetest.RightAnswers(l.Questions)
		if len(l.Questions) == 2 { // the second quiz: one of two right
			answers[l.Questions[1].ID] = storetest.WrongAnswers(l.Questions)[l.Questions[1].ID]
		}
		h.w.Now.Advance(time.Minute)
		if _, err := h.learn.Submit(learner, e.ID, l.ID, answers); err != nil {
			t.Fatal(err)
		}
	}
	if c, err := h.certificates.Issue(h.tenant, e.ID); err != nil || c.Percent == nil || *c.Percent != 50 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestNothingIsIssuedBeforeCompletion(t *testing.T) {
	t.Parallel()
	h := setup(t)
	_, e := storetest.EnrolledLearner(t, h.tenant, h.w, storetest.PublishedCourse(t, h.tenant, h.w, storetest.SmallCourse("Early")))
	_, err := h.certificates.Issue(h.tenant, e.ID)
	wantFault(t, err, certificate.ErrNotCompleted)
	_, err = h.certificates.Issue(h.tenant, uid.New())
	wantFault(t, err, enrolment.ErrEnrolmentNotFound)
}

func TestATakenNumberIsNotGivenTwice(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.tenant, h.w, storetest.SmallCourse("Numbers"))
	_, first := h.completed(t, o)
	_, second := h.completed(t, o)
	same, next := uid.Opaque(20), uid.Opaque(20)
	codes := []string{same, same, same, next}
	s := certificate.New(certificate.Options{Keep: h.w.Store, Now: h.w.Now.Clock(), Code: func() string {
		code := codes[0]
		codes = codes[1:]
		return code
	}})
	a, err := s.Issue(h.tenant, first.ID)
	if err != nil || a.Code != same {
		t.Fatalf("%+v, %v", a, err)
	}
	b, err := s.Issue(h.tenant, second.ID)
	if err != nil || b.Code != next || b.PersonID != second.PersonID {
		t.Errorf("%+v, %v", b, err)
	}
	_, third := h.completed(t, o)
	stuck := certificate.New(certificate.Options{Keep: h.w.Store, Now: h.w.Now.Clock(), Code: func() string { return same }})
	if c, err := stuck.Issue(h.tenant, third.ID); err == nil {
		t.Errorf("a number was given twice: %+v", c)
	}
}

func TestAnyoneWhoHoldsTheNumberMayCheckItInItsOwnPortal(t *testing.T) {
	t.Parallel()
	h := setup(t)
	_, e := h.completed(t, storetest.PublishedCourse(t, h.tenant, h.w, storetest.SmallCourse("Public")))
	c, err := h.certificates.Issue(h.tenant, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{c.Code, strings.ToUpper(c.Spaced()), " " + c.Code[:10] + " " + c.Code[10:] + "\u00a0"} {
		got, err := h.certificates.ByCode(h.tenant, typed)
		if diff := cmp.Diff(c, got); err != nil || diff != "" {
			t.Errorf("%q: %v %s", typed, err, diff)
		}
	}
	for _, wrong := range []string{"", uid.Opaque(20), c.Code[:19], c.Code + "0", c.Code[:19] + "é", c.Code[:19] + "\x00"} {
		_, err = h.certificates.ByCode(h.tenant, wrong)
		wantFault(t, err, certificate.ErrNotFound)
	}
	abroad := h.w.Tenant(t)
	_, err = h.certificates.ByCode(abroad, c.Code)
	wantFault(t, err, certificate.ErrNotFound)
	_, err = h.certificates.Issue(abroad, e.ID)
	wantFault(t, err, enrolment.ErrEnrolmentNotFound)
	neighbour, _ := storetest.Learner(t, abroad, h.w)
	colleague, _ := storetest.Learner(t, h.tenant, h.w)
	for _, as := range []context.Context{neighbour, colleague} {
		if list, err := h.certificates.Mine(as); err != nil || len(list) != 0 {
			t.Errorf("someone else sees %+v, %v", list, err)
		}
	}
	_, err = h.certificates.Mine(h.tenant)
	wantFault(t, err, auth.ErrSignInFirst)
	_, err = h.certificates.Mine(auth.WithPrincipal(h.tenant, auth.Principal{PersonID: e.PersonID}))
	wantFault(t, err, policy.ErrForbidden)
}
