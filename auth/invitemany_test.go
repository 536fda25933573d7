package auth_test

import (
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
)

func TestManyAreInvitedLineByLineAndTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin := h.as(h.person(policy.Admin))
	text := "\ufeffE-Mail;Name\r\nanna@example.com;Anna Berg\r\n\r\nBen Cole <BEN@example.com>\nCem Demir, cem@example.com\nanna@example.com\nnonsense\n\"dora.van-dam@example.com\"\n"
	type line struct {
		number      int
		email, name string
		outcome     auth.Outcome
	}
	want := func(first auth.Outcome) []line {
		return []line{
			{2, "anna@example.com", "Anna Berg", first}, {4, "ben@example.com", "Ben Cole", first}, {5, "cem@example.com", "Cem Demir", first},
			{6, "anna@example.com", "Anna", auth.OutcomeRefused}, {7, "nonsense", "", auth.OutcomeRefused}, {8, "dora.van-dam@example.com", "Dora Van Dam", first},
		}
	}
	for _, step := range []struct {
		dry   bool
		first auth.Outcome
	}{{true, auth.OutcomeInvited}, {false, auth.OutcomeInvited}, {false, auth.OutcomeAgain}} {
		m, err := h.auth.InviteMany(admin, text, policy.Learner, step.dry)
		if err != nil || len(m.Lines) != 6 || m.Good() != 4 {
			t.Fatalf("%+v, %v", m, err)
		}
		for i, w := range want(step.first) {
			l := m.Lines[i]
			if (line{l.Number, l.Email, l.Name, l.Outcome}) != w || (l.Problem == nil) != (w.outcome != auth.OutcomeRefused) {
				t.Errorf("line %d: %+v, want %+v", i, l, w)
			}
		}
		people, err := h.auth.People(admin, auth.PeopleFilter{Query: "@example.com", Status: auth.PersonInvited})
		if n := len(people.Items); err != nil || step.dry && n != 0 || !step.dry && n != 4 {
			t.Errorf("dry %v: %d people are invited, %v", step.dry, n, err)
		}
	}
}

func TestManyInvitationsAreRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin := h.as(h.person(policy.Admin))
	for what, in := range map[string]struct {
		text string
		role policy.Role
		want string
	}{
		"nobody":       {"\n \n", policy.Learner, "people"},
		"too many":     {strings.Repeat("a@example.com\n", auth.MaxInvitations+1), policy.Learner, "people"},
		"no role":      {"a@example.com", "", "role"},
		"unknown role": {"a@example.com", "emperor", "role"},
	} {
		if _, err := h.auth.InviteMany(admin, in.text, in.role, true); err == nil || fault.Of(err).Fields[in.want] == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := h.auth.InviteMany(admin, "a@example.com", policy.Owner, false); err == nil {
		t.Error("an administrator makes an owner")
	}
	if _, err := h.auth.InviteMany(h.as(h.person(policy.Learner)), "a@example.com", policy.Learner, true); err == nil {
		t.Error("a learner invites")
	}
}
