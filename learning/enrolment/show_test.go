package enrolment_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/certificate"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

func (h house) show(t *testing.T, as context.Context, id uid.ID) enrolment.Shown {
	t.Helper()
	e, err := h.learn.Show(as, id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestShowingAnEnrolmentTellsHowFarThePersonIsAndBeginsNothing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Shown")
	learner, e := h.enrolled(t, o)
	before := h.show(t, learner, e.ID)
	if len(before.Progress) != 0 || before.StartedAt != nil || before.Outline.Version.Title != "Shown" || len(before.Outline.Lessons()) != 2 || before.CertificateCode != "" {
		t.Errorf("before the first lesson: %+v", before)
	}
	h.wantEvents(t, e.ID, "enrolment.created")

	h.finish(t, learner, "shown")
	c, err := certificate.New(certificate.Options{Keep: h.w.Store, Now: h.w.Now.Clock()}).Issue(h.tenant, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	told := storetest.EventTypes(t, h.tenant, h.w, e.ID)
	mine, managed := h.show(t, learner, e.ID), h.show(t, h.manager, e.ID)
	if diff := cmp.Diff(mine, managed); diff != "" {
		t.Errorf("their manager sees something else: %s", diff)
	}
	who, _ := auth.PrincipalFrom(learner)
	if diff := cmp.Diff(h.read(t, e.ID), mine.Enrolment); diff != "" || mine.PersonName != who.Name || mine.PersonEmail != who.Email || mine.CertificateCode != c.Code {
		t.Errorf("shows %+v: %s", mine.Record, diff)
	}
	for _, l := range mine.Outline.Lessons() {
		if p := mine.Progress[l.ID]; p.Status != enrolment.ProgressCompleted || p.Evidence.Rule == "" || l.Body != "" || l.Questions != nil {
			t.Errorf("%s: %+v", l.Title, p)
		}
	}
	h.wantEvents(t, e.ID, told...)
}

func TestAnEnrolmentShowsTheVersionThatItsPersonLearnsFrom(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Moving on")
	learner, _ := h.enrolled(t, o)
	h.open(t, learner, "moving-on", nil)
	changed, err := h.catalog.RenameModule(h.manager, o.Course.ID, o.Course.Revision, o.Modules[0].ID, "New")
	if err != nil {
		t.Fatal(err)
	}
	if _, err = h.catalog.Publish(h.manager, o.Course.ID, changed.Course.Revision); err != nil {
		t.Fatal(err)
	}
	in, err := h.learn.In(learner, "moving-on")
	if err != nil || in.Outline.Version.ID != o.Version.ID || in.Outline.Modules[0].Title != "Basics" || in.Progress[o.Lessons()[0].ID].Status != enrolment.ProgressStarted {
		t.Errorf("in the course: %+v, %v", in, err)
	}
}

func TestOnesOwnEnrolmentIsFoundByTheCourseAlsoWhenItIsArchived(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Old times")
	learner, e := h.enrolled(t, o)
	if err := h.catalog.Archive(h.manager, o.Course.ID); err != nil {
		t.Fatal(err)
	}
	if in, err := h.learn.In(learner, "old-times"); err != nil || in.ID != e.ID {
		t.Errorf("in an archived course: %+v, %v", in, err)
	}
	outsider, _ := storetest.Learner(t, h.tenant, h.w)
	abroad, _ := storetest.Learner(t, h.w.Tenant(t), h.w)
	for name, as := range map[string]context.Context{"an outsider": outsider, "another tenant": abroad} {
		if _, err := h.learn.In(as, "old-times"); err == nil {
			t.Errorf("%s is in it", name)
		} else {
			wantFault(t, err, enrolment.ErrEnrolmentNotFound)
		}
	}
	for _, slug := range []string{"nowhere", "no slug\x00"} {
		_, err := h.learn.In(learner, slug)
		wantFault(t, err, enrolment.ErrEnrolmentNotFound)
	}
	if err := h.learn.Withdraw(h.manager, e.ID); err != nil {
		t.Fatal(err)
	}
	_, err := h.learn.In(learner, "old-times")
	wantFault(t, err, enrolment.ErrEnrolmentNotFound)
	if got := h.show(t, learner, e.ID); got.Status != enrolment.StatusWithdrawn {
		t.Errorf("their own record says %s", got.Status)
	}
}

func TestAnEnrolmentIsShownToItsPersonAndToThoseWhoManage(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Whose")
	_, e := h.enrolled(t, o)
	colleague, _ := h.enrolled(t, o)
	abroad := h.w.Tenant(t)
	theirLearner, _ := storetest.Learner(t, abroad, h.w)
	as := func(person uid.ID, permissions ...policy.Permission) context.Context {
		may := policy.Set{}
		for _, p := range permissions {
			may[p] = struct{}{}
		}
		return auth.WithPrincipal(h.tenant, auth.Principal{PersonID: person, May: may})
	}
	for name, c := range map[string]struct {
		as   context.Context
		id   uid.ID
		want error
	}{
		"its person":                               {as(e.PersonID, policy.EnrolmentSelf), e.ID, nil},
		"its person, not allowed to learn":         {as(e.PersonID, policy.CourseRead), e.ID, policy.ErrForbidden},
		"its person, managing only":                {as(e.PersonID, policy.EnrolmentManage), e.ID, nil},
		"someone else who manages":                 {as(uid.New(), policy.EnrolmentManage), e.ID, nil},
		"a colleague":                              {colleague, e.ID, enrolment.ErrEnrolmentNotFound},
		"an author who may not manage":             {as(uid.New(), policy.CourseEdit, policy.EnrolmentSelf), e.ID, enrolment.ErrEnrolmentNotFound},
		"a stranger":                               {h.tenant, e.ID, auth.ErrSignInFirst},
		"a manager, of none":                       {h.manager, uid.New(), enrolment.ErrEnrolmentNotFound},
		"another tenant's manager":                 {storetest.Instructor(t, abroad, h.w), e.ID, enrolment.ErrEnrolmentNotFound},
		"another tenant's learner":                 {theirLearner, e.ID, enrolment.ErrEnrolmentNotFound},
		"another tenant, with the person's own id": {auth.WithPrincipal(abroad, auth.Principal{PersonID: e.PersonID, May: policy.Set{policy.EnrolmentSelf: {}}}), e.ID, enrolment.ErrEnrolmentNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := h.learn.Show(c.as, c.id)
			if c.want == nil {
				if err != nil || got.ID != e.ID {
					t.Errorf("sees %+v, %v", got.Record, err)
				}
				return
			}
			if !errors.Is(err, c.want) || got.ID != uid.Nil {
				t.Errorf("sees %+v, %v; want %v", got.Record, err, c.want)
			}
		})
	}
}
