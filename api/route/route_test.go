package route_test

import (
	"context"
	"errors"
	"testing"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
)

func TestANeedIsASpecialOneOrAKnownPermission(t *testing.T) {
	t.Parallel()
	for need, want := range map[route.Need]bool{
		route.Public: true, route.SignedIn: true, route.Operator: true, route.For(policy.CourseEdit): true,
		"": false, "course:fly": false, "course": false,
	} {
		if got := need.Named(); got != want {
			t.Errorf("%q named: %v, want %v", need, got, want)
		}
	}
}

func TestOnlyAPermissionGivesAPermission(t *testing.T) {
	t.Parallel()
	if p, ok := route.For(policy.UsageRead).Permission(); !ok || p != policy.UsageRead {
		t.Errorf("got %q, %v", p, ok)
	}
	if _, ok := route.SignedIn.Permission(); ok {
		t.Error("signed in is no permission")
	}
}

func TestANeedIsMetByThoseWhoHaveIt(t *testing.T) {
	t.Parallel()
	stranger := context.Background()
	learner := auth.WithPrincipal(stranger, auth.Principal{May: policy.Set{policy.CourseRead: {}}})
	operator := route.WithOperator(stranger, auth.Operator{Name: "Ada"})
	edit, read := route.For(policy.CourseEdit), route.For(policy.CourseRead)
	for _, c := range []struct {
		who  string
		ctx  context.Context
		need route.Need
		want error
	}{
		{"stranger", stranger, route.Public, nil},
		{"stranger", stranger, route.SignedIn, auth.ErrSignInFirst},
		{"stranger", stranger, route.Operator, auth.ErrSignInFirst},
		{"stranger", stranger, read, auth.ErrSignInFirst},
		{"learner", learner, route.SignedIn, nil},
		{"learner", learner, read, nil},
		{"learner", learner, edit, policy.ErrForbidden},
		{"learner", learner, route.Operator, auth.ErrSignInFirst},
		{"operator", operator, route.Operator, nil},
		{"operator", operator, route.SignedIn, auth.ErrSignInFirst},
		{"operator", operator, read, auth.ErrSignInFirst},
	} {
		if err := c.need.Check(c.ctx); !errors.Is(err, c.want) {
			t.Errorf("%s, %s: %v, want %v", c.who, c.need, err, c.want)
		}
	}
	for _, nothing := range []route.Need{"", "course:fly"} {
		if err := nothing.Check(learner); err == nil || fault.Of(err).Kind != fault.KindInternal {
			t.Errorf("%q: %v, want our own mistake", nothing, err)
		}
	}
}
