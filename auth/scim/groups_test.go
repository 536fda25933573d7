package scim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/scim"
)

// members gives the ids of a group's members.
func (s *stand) members(group string) []string {
	s.t.Helper()
	var out []string
	list, _ := s.ask("GET", "/Groups/"+group, "").is(200).at("members").([]any)
	for _, one := range list {
		out = append(out, one.(map[string]any)["value"].(string))
	}
	slices.Sort(out)
	return out
}

func (s *stand) hasMembers(group string, want ...string) {
	s.t.Helper()
	slices.Sort(want)
	if got := s.members(group); !slices.Equal(got, want) {
		s.t.Errorf("members %v, want %v", got, want)
	}
}

func refs(ids ...string) string {
	var out []string
	for _, id := range ids {
		out = append(out, `{"value":"`+id+`"}`)
	}
	return "[" + strings.Join(out, ",") + "]"
}

func TestAGroupsMembersComeAndGo(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	a, b, c := s.user("a", `"displayName":"Anna"`), s.user("b"), s.user("c")
	g := s.group("Staff", a)
	made := s.ask("GET", "/Groups/"+g, "").is(200)
	same(t, made.at("members"), `[{"value":"`+a+`","display":"Anna","type":"User","$ref":"`+base+`/Users/`+a+`"}]`)
	patch := func(op string) answer { return s.ask("PATCH", "/Groups/"+g, patchJSON(op)) }
	patch(`{"op":"add","path":"members","value":` + refs(b, a, c) + `}`).is(200)
	s.hasMembers(g, a, b, c)
	patch(`{"op":"remove","path":"members[value eq \"` + b + `\"]"}`).is(200)
	s.hasMembers(g, a, c)
	patch(`{"op":"remove","path":"members[value eq \"`+b+`\"]"}`).is(400, "noTarget")
	patch(`{"op":"remove","path":"members[value eq \"` + a + `\" or value eq \"` + c + `\"]"}`).is(200)
	s.hasMembers(g)
	patch(`{"op":"replace","path":"members","value":` + refs(a, b) + `}`).is(200)
	s.hasMembers(g, a, b)
	patch(`{"op":"replace","value":{"displayName":"Team","members":` + refs(c) + `}}`).is(200)
	s.hasMembers(g, c)
	patch(`{"op":"remove","path":"members"}`).is(200)
	s.hasMembers(g)
	patch(`{"op":"add","value":{"members":` + refs(a, b) + `}}`).is(200)
	// A path that needs all members to be known.
	patch(`{"op":"remove","path":"members[display sw \"ann\"]"}`).is(200)
	s.hasMembers(g, b)
	patch(`{"op":"add","path":"members","value":`+refs("01890000-0000-7000-8000-000000000000")+`}`).is(400, "invalidValue")
	patch(`{"op":"add","path":"members","value":[{"value":"`+g+`","type":"Group"}]}`).is(400, "invalidValue")
	patch(`{"op":"replace","path":"displayName","value":""}`).is(400, "invalidValue")
	patch(`{"op":"remove","path":"displayName"}`).is(400, "mutability")
	s.hasMembers(g, b)
	if got := s.ask("GET", "/Groups/"+g, "").is(200); got.at("displayName") != "Team" {
		t.Errorf("called %v", got.at("displayName"))
	}
	s.ask("PUT", "/Groups/"+g, `{"schemas":["`+scim.SchemaGroup+`"],"displayName":"Team","externalId":"g-1","members":`+refs(a, c)+`}`).is(200)
	s.hasMembers(g, a, c)
	before := s.ask("GET", "/Groups/"+g, "").is(200).ETag
	patch(`{"op":"add","path":"members","value":` + refs(a) + `}`).is(200)
	if after := s.ask("GET", "/Groups/"+g, "").is(200); after.ETag != before {
		t.Error("a member who is there already moves the version")
	}
	if in := s.ask("GET", "/Users/"+a, "").is(200); in.at("groups", 0, "display") != "Team" || in.at("groups", 0, "value") != g || in.at("groups", 0, "type") != "direct" {
		t.Errorf("the member says %v", in.at("groups"))
	}
	s.ask("DELETE", "/Groups/"+g, "").is(204)
	s.ask("GET", "/Groups/"+g, "").is(404)
	if in := s.ask("GET", "/Users/"+a, "").is(200); in.at("groups") != nil {
		t.Errorf("the member says %v", in.at("groups"))
	}
}

func TestGroupsDecideRolesByTheFirstRuleThatHolds(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard, func(in *scim.DirectoryInput) {
		in.RoleRules = auth.RoleRules{Default: policy.Learner, Rules: []auth.RoleRule{{Group: "Trainers", Role: policy.Instructor}, {Group: "Heads", Role: policy.Manager}}}
	})
	a := s.user("a")
	has := func(want ...policy.Role) {
		t.Helper()
		if got := s.person(a).Roles; !slices.Equal(got, want) {
			t.Errorf("roles %v, want %v", got, want)
		}
	}
	has(policy.Learner)
	heads := s.group("heads", a)
	has(policy.Manager)
	trainers := s.group("Others", a)
	has(policy.Manager)
	s.ask("PATCH", "/Groups/"+trainers, patchJSON(`{"op":"replace","path":"displayName","value":"TRAINERS"}`)).is(200)
	has(policy.Instructor)
	s.ask("PATCH", "/Groups/"+trainers, patchJSON(`{"op":"remove","path":"members"}`)).is(200)
	has(policy.Manager)
	s.ask("DELETE", "/Groups/"+heads, "").is(204)
	has(policy.Learner)
	// New rules are applied at once; a role that was given by hand stays.
	if err := s.auth.SetRoles(s.admin, s.person(a).ID, []policy.Role{policy.Learner, policy.Manager}); err != nil {
		t.Fatal(err)
	}
	s.ask("PATCH", "/Groups/"+trainers, patchJSON(`{"op":"add","path":"members","value":`+refs(a)+`}`)).is(200)
	has(policy.Instructor, policy.Manager)
	in := scim.DirectoryInput{Name: "Head office", Mode: scim.ModeStandard, Status: s.dir.Status, RoleRules: auth.RoleRules{Rules: []auth.RoleRule{{Group: "Trainers", Role: policy.Learner}}}}
	if _, err := s.scim.UpdateDirectory(s.admin, s.dir.ID, 1, in); err != nil {
		t.Fatal(err)
	}
	has(policy.Learner, policy.Manager)
	if _, err := s.scim.UpdateDirectory(s.admin, s.dir.ID, 1, in); err == nil {
		t.Error("an old revision was saved")
	}
}

func TestNobodyGivesRolesBeyondTheirOwnThroughADirectory(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	in := scim.DirectoryInput{Name: "Other", Mode: scim.ModeEntra, Status: s.dir.Status, RoleRules: auth.RoleRules{Default: policy.Owner}}
	_, err := s.scim.CreateDirectory(s.admin, in)
	if err == nil || !strings.Contains(fmt.Sprint(err), "invalid_input") {
		t.Errorf("a directory makes owners: %v", err)
	}
	in.RoleRules = auth.RoleRules{Rules: []auth.RoleRule{{Group: "x", Role: "emperor"}}}
	if _, err = s.scim.CreateDirectory(s.admin, in); err == nil {
		t.Error("a role that does not exist")
	}
}

// TestALargeGroupIsChangedOneByOne: ten thousand members are not read to add one.
func TestALargeGroupIsChangedOneByOne(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeEntra)
	var ids []string
	for i := range 30 {
		ids = append(ids, s.user(fmt.Sprintf("user%d", i)))
	}
	g := s.group("Everyone", ids[:29]...)
	a := s.ask("PATCH", "/Groups/"+g, patchJSON(`{"op":"Add","path":"members","value":`+refs(ids[29])+`}`)).is(204)
	if len(a.Body) != 0 || a.ETag == "" || len(s.members(g)) != 30 {
		t.Errorf("%q %q, %d members", a.Body, a.ETag, len(s.members(g)))
	}
	if changes := a.Outcome.Changes; len(changes) != 1 || changes[0].After != "+1 person" {
		t.Errorf("changed %+v", changes)
	}
	s.ask("PATCH", "/Groups/"+g, patchJSON(`{"op":"Remove","path":"members","value":`+refs(ids[0], ids[1])+`}`)).is(204)
	if n := len(s.members(g)); n != 28 {
		t.Errorf("%d members", n)
	}
	s.ask("PATCH", "/Groups/"+g, patchJSON(`{"op":"Add","path":"members","value":[{"value":"nobody"},{"value":"`+ids[0]+`","displayName":"Zero"}]}`)).is(204)
	if n := len(s.members(g)); n != 29 {
		t.Errorf("%d members", n)
	}
}
