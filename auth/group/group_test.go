package group_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/org"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// world is the service over the real store, with an administrator who asks.
type world struct {
	*storetest.World
	t      *testing.T
	groups *group.Service
	ctx    context.Context // in the tenant, nobody asks
	admin  context.Context
}

func setup(t *testing.T) *world {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	return &world{World: w, t: t, groups: group.New(w.Store, w.Now.Clock()), ctx: ctx, admin: storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Admin))}
}

func (w *world) person(name string, edit func(*auth.Person)) auth.Person {
	w.t.Helper()
	p := auth.Person{Name: name}
	if edit != nil {
		edit(&p)
	}
	return storetest.AddPerson(w.t, w.ctx, w.World, p, policy.Learner)
}

func with(pairs ...string) func(*auth.Person) {
	return func(p *auth.Person) {
		p.Attributes = auth.Attributes{}
		for i := 0; i < len(pairs); i += 2 {
			p.Attributes[pairs[i]] = pairs[i+1]
		}
	}
}

func rule(match group.Match, conditions ...group.Condition) *group.Rule {
	return &group.Rule{Match: match, Conditions: conditions}
}

func is(f group.Field, op group.Op, values ...string) group.Condition {
	return group.Condition{Field: f, Op: op, Values: values}
}

func (w *world) make(name string, r *group.Rule) group.Group {
	w.t.Helper()
	g, err := w.groups.Create(w.admin, group.Input{Name: name, Rule: r})
	if err != nil {
		w.t.Fatal(err)
	}
	return g
}

func (w *world) members(id uid.ID) (names []string) {
	w.t.Helper()
	list, err := w.groups.Members(w.admin, id, group.MemberFilter{})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range list.Items {
		names = append(names, m.Name)
	}
	return names
}

func TestARuleTakesWhoFitsItsConditions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	boss := w.person("Boss", with("department", "Board"))
	lead := w.person("Lead", func(p *auth.Person) {
		with("department", "Sales", "title", "Team lead")(p)
		p.ManagerID = &boss.ID
		p.Locale = "de-AT"
	})
	w.person("Ana", func(p *auth.Person) {
		with("department", "sales", "title", "Clerk", "hire_date", "2026-02-20")(p)
		p.ManagerID = &lead.ID
	})
	w.person("Bo", with("department", "R&D; Berlin", "hire_date", "2020-01-01", "location", "Ulm 100%"))
	w.person("Gone", func(p *auth.Person) { with("department", "Sales")(p); p.Status = auth.PersonDeactivated })
	hand := w.make("By hand", nil)
	if _, err := w.groups.Add(w.admin, hand.ID, []uid.ID{boss.ID}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		rule *group.Rule
		want []string
	}{
		"is, in any case":             {rule(group.MatchAll, is("department", group.Is, "SALES")), []string{"Ana", "Lead"}},
		"one of several":              {rule(group.MatchAll, is("department", group.Is, "Sales", "Board")), []string{"Ana", "Boss", "Lead"}},
		"all":                         {rule(group.MatchAll, is("department", group.Is, "Sales"), is("title", group.StartsWith, "team")), []string{"Lead"}},
		"any":                         {rule(group.MatchAny, is("department", group.Is, "Board"), is("title", group.Is, "clerk")), []string{"Ana", "Boss"}},
		"a value with signs":          {rule(group.MatchAll, is("department", group.Is, "R&D; Berlin")), []string{"Bo"}},
		"contains, signs are no wild": {rule(group.MatchAll, is("location", group.Contains, "100%")), []string{"Bo"}},
		"a percent sign alone":        {rule(group.MatchAll, is("department", group.Contains, "%")), nil},
		"filled":                      {rule(group.MatchAll, is("hire_date", group.Filled)), []string{"Ana", "Bo"}},
		"before a day":                {rule(group.MatchAll, is("hire_date", group.Before, "2026-02-20")), []string{"Bo"}},
		"after a day":                 {rule(group.MatchAll, is("hire_date", group.After, "2020-01-01")), []string{"Ana"}},
		"within days":                 {rule(group.MatchAll, is("hire_date", group.Within, "14")), []string{"Ana"}},
		"manager":                     {rule(group.MatchAll, is("manager", group.Is, boss.Email)), []string{"Lead"}},
		"under a manager":             {rule(group.MatchAll, is("manager", group.Under, boss.ID.String())), []string{"Ana", "Lead"}},
		"language":                    {rule(group.MatchAll, is("locale", group.Is, "de")), []string{"Lead"}},
		"in another group":            {rule(group.MatchAll, is("group", group.Is, "by hand")), []string{"Boss"}},
		"not in it, and of Sales":     {rule(group.MatchAll, is("group", group.IsNot, "By hand"), is("department", group.Filled), is("role", group.Is, "Learner")), []string{"Ana", "Bo", "Lead"}},
		"not and empty":               {rule(group.MatchAll, is("title", group.Empty), is("department", group.IsNot, "Board"), is("name", group.ContainsNot, "person")), []string{"Bo"}},
		"hostile":                     {rule(group.MatchAny, is("department", group.Is, "' or true --"), is("title", group.StartsWith, "?) or (true")), nil},
	} {
		t.Run(name, func(t *testing.T) {
			seen, err := w.groups.Preview(w.admin, *c.rule)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range seen.First {
				got = append(got, m.Name)
			}
			if !slices.Equal(got, c.want) || seen.Count != len(c.want) {
				t.Errorf("the preview shows %v (%d), want %v", got, seen.Count, c.want)
			}
		})
	}
}

func TestARuleThatCannotHoldIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ruled := w.make("Ruled", rule(group.MatchAll, is("department", group.Is, "Sales")))
	for name, c := range map[string]struct {
		rule  *group.Rule
		field string
	}{
		"no conditions":     {rule(group.MatchAll), "conditions"},
		"no match":          {rule("some", is("title", group.Is, "x")), "match"},
		"unknown field":     {rule(group.MatchAll, is("shoe_size", group.Is, "x")), "conditions.0.field"},
		"a field's columns": {rule(group.MatchAll, is("p.password_hash", group.Is, "x")), "conditions.0.field"},
		"wrong comparison":  {rule(group.MatchAll, is("title", group.Is, "x"), is("title", group.Before, "2026-01-01")), "conditions.1.op"},
		"no value":          {rule(group.MatchAll, is("title", group.Is, " ")), "conditions.0.values"},
		"no day":            {rule(group.MatchAll, is("hire_date", group.Before, "yesterday")), "conditions.0.values"},
		"no number":         {rule(group.MatchAll, is("hire_date", group.Within, "-3")), "conditions.0.values"},
		"no such role":      {rule(group.MatchAll, is("role", group.Is, "king")), "conditions.0.values"},
		"no such manager":   {rule(group.MatchAll, is("manager", group.Is, "nobody@example.com")), "conditions.0.values"},
		"a group by rule":   {rule(group.MatchAll, is("group", group.Is, ruled.Name)), "conditions.0.values"},
	} {
		_, err := w.groups.Create(w.admin, group.Input{Name: name, Rule: c.rule})
		if f := fault.Of(err); f.Kind != fault.KindInvalid || f.Fields[c.field] == "" {
			t.Errorf("%s: %v (fields %v), want one at %s", name, err, f.Fields, c.field)
		}
	}
	if list, err := w.groups.List(w.admin, group.Filter{}); err != nil || len(list.Items) != 1 {
		t.Errorf("refused groups are kept: %+v, %v", list.Items, err)
	}
}

func TestMembersByRuleFollowThePeople(t *testing.T) {
	t.Parallel()
	w := setup(t)
	people := auth.New(auth.Options{Keep: w.Store, Policy: policy.NewEngine(w.Store, w.Now.Clock()), Guess: freely{}, Now: w.Now.Clock()})
	src := auth.Source{Kind: auth.SourceDirectory, ID: uid.New(), Name: "HR"}
	ana := w.person("Ana", with("department", "Sales"))
	bo := w.person("Bo", with("department", "Legal"))
	sales := w.make("Sales", rule(group.MatchAll, is("department", group.Is, "Sales")))
	if got := w.members(sales.ID); !slices.Equal(got, []string{"Ana"}) || sales.Members != 1 {
		t.Fatalf("made with %v, says %d", got, sales.Members)
	}
	if _, err := w.groups.Add(w.admin, sales.ID, []uid.ID{bo.ID}); !errors.Is(err, group.ErrByRule) {
		t.Errorf("put in by hand: %v", err)
	}
	move := func(who uid.ID, department string) {
		t.Helper()
		err := w.Store.InTenant(w.ctx, func(ctx context.Context) error {
			_, _, err := people.Provision(ctx, src, who, auth.Profile{Attributes: auth.Attributes{"department": department}})
			return err
		})
		if err == nil {
			err = w.groups.SettlePerson(w.ctx, who)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	move(bo.ID, "Sales")
	move(bo.ID, "Sales") // a job that runs twice
	if got := w.members(sales.ID); !slices.Equal(got, []string{"Ana", "Bo"}) {
		t.Errorf("after Bo came: %v", got)
	}
	move(ana.ID, "Legal")
	if got := w.members(sales.ID); !slices.Equal(got, []string{"Bo"}) {
		t.Errorf("after Ana left: %v", got)
	}
	if err := people.Deactivate(w.admin, bo.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.groups.SettlePerson(w.ctx, bo.ID); err != nil {
		t.Fatal(err)
	}
	if got := w.members(sales.ID); len(got) != 0 {
		t.Errorf("the deactivated stay: %v", got)
	}
	want := []string{"group.created", "group.members_changed", "group.members_changed", "group.members_changed", "group.members_changed"}
	if got := storetest.EventTypes(t, w.ctx, w.World, sales.ID); !slices.Equal(got, want) {
		t.Errorf("told %v", got)
	}
}

type freely struct{}

func (freely) Allow(string) (bool, time.Duration, int) { return true, 0, 99 }

func TestTheNightFindsWhatNoEventTold(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.person("New", with("hire_date", "2026-03-01"))
	fresh := w.make("Fresh", rule(group.MatchAll, is("hire_date", group.Within, "30")))
	if got := w.members(fresh.ID); !slices.Equal(got, []string{"New"}) {
		t.Fatalf("in their first days: %v", got)
	}
	w.Now.Advance(31 * 24 * time.Hour)
	if err := w.groups.SettleAll(w.ctx); err != nil {
		t.Fatal(err)
	}
	if got := w.members(fresh.ID); len(got) != 0 {
		t.Errorf("a month later: %v", got)
	}
}

func TestAGroupThatAsksForAnotherFollowsIt(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ana, boss := w.person("Ana", nil), w.person("Boss", nil)
	council := w.make("Council", nil)
	heard := w.make("Heard", rule(group.MatchAll, is("group", group.Is, council.ID.String())))
	chain := w.make("Chain", rule(group.MatchAll, is("manager", group.Under, boss.Email)))
	if n, err := w.groups.Add(w.admin, council.ID, []uid.ID{ana.ID}); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if err := w.groups.SettleAfter(w.ctx, council.ID); err != nil {
		t.Fatal(err)
	}
	if got := w.members(heard.ID); !slices.Equal(got, []string{"Ana"}) {
		t.Errorf("heard: %v", got)
	}
	if got := w.members(chain.ID); len(got) != 0 {
		t.Errorf("under the boss: %v", got)
	}
	if err := w.groups.Delete(w.admin, council.ID); !errors.Is(err, group.ErrInUse) {
		t.Errorf("a group that a rule asks for was deleted: %v", err)
	}
	shown, err := w.groups.Show(w.admin, council.ID)
	if err != nil || len(shown.Uses) != 1 || shown.Uses[0].Kind != group.UseRule || shown.Uses[0].Name != "Heard" {
		t.Errorf("used by %+v, %v", shown.Uses, err)
	}
	if shown, err = w.groups.Show(w.admin, heard.ID); err != nil || shown.Names[council.ID.String()] != "Council" {
		t.Errorf("its rule names %v, %v", shown.Names, err)
	}
}

func TestManyMembersArePagedAndToldByNumber(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for i := range 230 {
		w.person(fmt.Sprintf("Member %03d", i), with("department", "Many"))
	}
	many := w.make("Many", rule(group.MatchAll, is("department", group.Is, "many")))
	seen, after := 0, ""
	for {
		piece, err := w.groups.Members(w.admin, many.ID, group.MemberFilter{Page: page.Request{After: after, Limit: 100}})
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range piece.Items {
			if want := fmt.Sprintf("Member %03d", seen+i); m.Name != want {
				t.Fatalf("%s stands where %s should", m.Name, want)
			}
		}
		seen += len(piece.Items)
		if after = piece.Next; after == "" {
			break
		}
	}
	if seen != 230 {
		t.Errorf("%d members in all pages", seen)
	}
	told := storetest.Events(t, w.ctx, w.World, many.ID)[1].Data
	if ids, _ := told["added_ids"].([]any); told["added"] != float64(230) || len(ids) != 100 {
		t.Errorf("told %v, with %d ids", told["added"], len(ids))
	}
	found, err := w.groups.Members(w.admin, many.ID, group.MemberFilter{Query: "member 22"})
	if err != nil || len(found.Items) != 10 {
		t.Errorf("searched: %d, %v", len(found.Items), err)
	}
}

func TestGroupsNeedTheirPermissionsAndStayInTheirTenant(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ana := w.person("Ana", nil)
	g := w.make("Lab", nil)
	if _, err := w.groups.Create(w.admin, group.Input{Name: "LAB"}); !errors.Is(err, group.ErrNameTaken) {
		t.Errorf("the same name again: %v", err)
	}
	manager, learner := storetest.As(t, w.ctx, w.World, storetest.Person(t, w.ctx, w.World, policy.Manager)), storetest.As(t, w.ctx, w.World, ana)
	if _, err := w.groups.Show(manager, g.ID); err != nil {
		t.Errorf("a manager reads: %v", err)
	}
	for who, ctx := range map[string]context.Context{"manager": manager, "learner": learner} {
		_, add := w.groups.Add(ctx, g.ID, []uid.ID{ana.ID})
		_, create := w.groups.Create(ctx, group.Input{Name: "Mine"})
		_, change := w.groups.Change(ctx, g.ID, -1, group.Input{Name: "Mine"})
		_, preview := w.groups.Preview(ctx, *rule(group.MatchAll, is("title", group.Filled)))
		for i, err := range []error{add, create, change, preview, w.groups.Delete(ctx, g.ID)} {
			if !errors.Is(err, policy.ErrForbidden) {
				t.Errorf("%s, %d: %v", who, i, err)
			}
		}
	}
	if _, err := w.groups.List(learner, group.Filter{}); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a learner lists groups: %v", err)
	}
	if _, err := w.groups.Of(learner, ana.ID); err != nil {
		t.Errorf("a learner's own groups: %v", err)
	}

	other := w.Tenant(t)
	stranger := storetest.As(t, other, w.World, storetest.Person(t, other, w.World, policy.Admin))
	_, show := w.groups.Show(stranger, g.ID)
	_, add := w.groups.Add(stranger, g.ID, []uid.ID{ana.ID})
	_, members := w.groups.Members(stranger, g.ID, group.MemberFilter{})
	for i, err := range []error{show, add, members, w.groups.Delete(stranger, g.ID)} {
		if !errors.Is(err, auth.ErrGroupNotFound) {
			t.Errorf("another tenant, %d: %v", i, err)
		}
	}
	foreign := storetest.Person(t, other, w.World, policy.Learner)
	if _, err := w.groups.Add(w.admin, g.ID, []uid.ID{foreign.ID}); !errors.Is(err, auth.ErrPersonNotFound) {
		t.Errorf("another tenant's person: %v", err)
	}
	if err := w.groups.Delete(w.admin, g.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.groups.Show(w.admin, g.ID); !errors.Is(err, auth.ErrGroupNotFound) {
		t.Errorf("after it was deleted: %v", err)
	}
}

func TestAGroupOfADirectoryIsOnlyRead(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ana := w.person("Ana", nil)
	directory, id := uid.New(), uid.New()
	err := w.Store.InTenant(w.ctx, func(ctx context.Context) error {
		_, err := store.Pgx(ctx).Exec(ctx, "insert into directories (id, kind, name, status, mode, settings, mapping, role_rules, revision, problem, created_at, updated_at) values ($1, 'scim', 'HR', 'on', '', '{}', '[]', '[]', 1, '', $2, $2)", directory.String(), w.Now.Now())
		if err != nil {
			return err
		}
		return w.Store.InsertGroup(ctx, auth.Group{ID: id, Name: "Staff", DirectoryID: &directory, Revision: 1, CreatedAt: w.Now.Now(), UpdatedAt: w.Now.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	_, add := w.groups.Add(w.admin, id, []uid.ID{ana.ID})
	_, change := w.groups.Change(w.admin, id, -1, group.Input{Name: "Mine"})
	for i, err := range []error{add, change, w.groups.Delete(w.admin, id)} {
		if !errors.Is(err, group.ErrKept) {
			t.Errorf("%d: %v", i, err)
		}
	}
	shown, err := w.groups.Show(w.admin, id)
	if err != nil || shown.Kind() != group.ByDirectory || shown.Directory != "HR" {
		t.Errorf("shown as %+v, %v", shown.Group, err)
	}
}

// A rule that asks for a field tells what is in it: who may not see the field may not ask for it.
func TestARuleAsksForNoFieldThatItsAuthorMayNotSee(t *testing.T) {
	t.Parallel()
	w := setup(t)
	fields := org.New(w.Store, w.Now.Clock())
	for code, seen := range map[string]org.Circle{"band": org.CircleManage, "shift": org.CircleRead} {
		if _, err := fields.AddField(w.admin, org.FieldInput{Code: code, Name: code, Kind: org.FieldText, SeenBy: seen, EditedBy: org.CircleManage}); err != nil {
			t.Fatal(err)
		}
	}
	asks := func(code string) group.Rule { return *rule(group.MatchAll, is(group.CustomField(code), group.Is, "X")) }
	who, _ := auth.PrincipalFrom(w.admin)
	may := func(list ...policy.Permission) context.Context {
		one := who
		one.May = policy.Set{}
		for _, p := range list {
			one.May[p] = struct{}{}
		}
		return auth.WithPrincipal(w.admin, one)
	}
	for _, c := range []struct {
		what string
		ctx  context.Context
		code string
		ok   bool
	}{
		{"who manages people", w.admin, "band", true},
		{"who looks people up: hidden", may(policy.GroupManage, policy.PersonRead), "band", false},
		{"who looks people up: seen", may(policy.GroupManage, policy.PersonRead), "shift", true},
		{"who does neither", may(policy.GroupManage), "shift", false},
	} {
		_, err := w.groups.Preview(c.ctx, asks(c.code))
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}
