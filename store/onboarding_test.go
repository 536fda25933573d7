package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/learning/onboarding"
	"lyceum/store/storetest"
)

func TestThePortalsFirstStepsAreItsOwn(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	steps := onboarding.New(w.Store, w.Now.Clock())
	sold := true
	steps.Plan = func(context.Context) (bool, bool) { return sold, false }
	mine, other := w.Tenant(t), w.Tenant(t)
	owner, theirs := storetest.As(t, mine, w, storetest.Person(t, mine, w, policy.Owner)), storetest.As(t, other, w, storetest.Person(t, other, w, policy.Owner))
	look := func(ctx context.Context) onboarding.List {
		t.Helper()
		l, err := steps.Look(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if l := look(owner); len(l.Items) != 5 || l.Done() != 0 || !l.Shows() {
		t.Errorf("a new portal's steps are %+v", l)
	}
	storetest.PublishedCourse(t, mine, w, storetest.SmallCourse("Fire"))
	storetest.AddPerson(t, mine, w, auth.Person{Status: auth.PersonInvited}, policy.Learner)
	for _, step := range []onboarding.Step{onboarding.StepSignOn, onboarding.StepPlan, onboarding.StepLook} {
		if _, err := steps.Skip(owner, step, true); err != nil {
			t.Fatal(err)
		}
	}
	if l := look(owner); !l.Finished() || l.Shows() {
		t.Errorf("with a course, somebody invited and the rest left out: %+v", l)
	}
	if l := look(theirs); l.Done() != 0 || l.Facts.Courses != 0 || l.Facts.Invited != 0 {
		t.Errorf("another portal's steps are %+v", l)
	}
	if _, err := steps.Dismiss(theirs, true); err != nil {
		t.Fatal(err)
	}
	if look(owner).Dismissed || !look(theirs).Dismissed {
		t.Error("one portal dismissed the steps of another")
	}
	sold = false
	if slices.ContainsFunc(look(owner).Items, func(i onboarding.Item) bool { return i.Step == onboarding.StepPlan }) {
		t.Error("a plan is to be chosen where none is sold")
	}
	if _, err := steps.Skip(owner, "nonsense", true); !errors.Is(err, onboarding.ErrNoStep) {
		t.Errorf("a step that there is not: %v", err)
	}
	learner := storetest.As(t, mine, w, storetest.Person(t, mine, w, policy.Learner))
	if _, err := steps.Look(learner); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a learner looks: %v", err)
	}
}
