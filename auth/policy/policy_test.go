package policy_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/store"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// counting is the real store, counting loads.
type counting struct {
	*store.Store
	loads atomic.Int64
}

func (c *counting) PolicyLines(ctx context.Context) ([]policy.Line, error) {
	c.loads.Add(1)
	return c.Store.PolicyLines(ctx)
}

type office struct {
	w      *storetest.World
	keep   *counting
	engine *policy.Engine
	ctx    context.Context
}

// setup gives a tenant with the built-in policy.
func setup(t *testing.T) *office {
	t.Helper()
	w := storetest.New(t)
	o := &office{w: w, keep: &counting{Store: w.Store}, ctx: w.Tenant(t)}
	o.engine = policy.NewEngine(o.keep, w.Now.Clock())
	o.in(t, o.ctx, w.Store.SeedPolicies)
	return o
}

func (o *office) in(t *testing.T, ctx context.Context, fn func(context.Context) error) {
	t.Helper()
	if err := o.w.Store.InTenant(ctx, fn); err != nil {
		t.Fatal(err)
	}
}

func (o *office) write(t *testing.T, sql string, args ...any) {
	t.Helper()
	o.in(t, o.ctx, func(ctx context.Context) error {
		_, err := store.Pgx(ctx).Exec(ctx, sql, args...)
		return err
	})
}

func (o *office) drop() {
	tn, _ := tenant.From(o.ctx)
	o.engine.Drop(tn.ID)
}

func (o *office) may(t *testing.T, roles ...policy.Role) policy.Set {
	t.Helper()
	set, err := o.engine.For(o.ctx, roles)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func names(set policy.Set) []string {
	var out []string
	for p := range set {
		out = append(out, string(p))
	}
	slices.Sort(out)
	return out
}

func TestEachBuiltInRoleMayExactlyThis(t *testing.T) {
	t.Parallel()
	o := setup(t)
	learner := "certificate:read course:read enrolment:self person:self"
	manager := learner + " api_key:manage certificate:all enrolment:manage person:read"
	instructor := manager + " course:edit course:publish course:review enrolment:mark file:upload path:edit"
	admin := instructor + " audit:read billing:read brand:edit catalogue:manage certificate:manage connection:manage group:manage person:manage privacy:manage privacy:read role:manage security:manage usage:read"
	for role, want := range map[policy.Role]string{
		policy.Learner: learner, policy.Manager: manager, policy.Instructor: instructor, policy.Admin: admin, policy.Owner: admin + " address:manage billing:manage portal:leave",
		"emperor": "",
	} {
		wanted := strings.Fields(want)
		slices.Sort(wanted)
		if got := names(o.may(t, role)); !slices.Equal(got, wanted) {
			t.Errorf("%s may %v, want %v", role, got, wanted)
		}
	}
	if all := o.may(t, policy.Owner); len(all) != len(policy.All()) {
		t.Errorf("the owner may %d of %d permissions", len(all), len(policy.All()))
	}
}

// agree holds the compiled sets against casbin's own answer, for every role alone and for pairs.
func agree(t *testing.T, o *office, roles []policy.Role) {
	t.Helper()
	for i, role := range roles {
		alone, pair := o.may(t, role), o.may(t, role, roles[(i+1)%len(roles)])
		for _, info := range policy.All() {
			p := info.Permission
			want, err := o.engine.Enforce(o.ctx, role, p)
			if err != nil {
				t.Fatal(err)
			}
			next, err := o.engine.Enforce(o.ctx, roles[(i+1)%len(roles)], p)
			if err != nil {
				t.Fatal(err)
			}
			if alone.Has(p) != want || pair.Has(p) != (want || next) {
				t.Errorf("%s %s: the set says %v, casbin %v; with %s: %v, casbin %v", role, p, alone.Has(p), want, roles[(i+1)%len(roles)], pair.Has(p), want || next)
			}
			allowed, rule, err := o.engine.Explain(o.ctx, []policy.Role{role}, p)
			if err != nil || allowed != want || (rule != "") != want {
				t.Errorf("%s %s: explained as %v, %q, %v; casbin says %v", role, p, allowed, rule, err, want)
			}
		}
	}
}

func TestTheCompiledSetAgreesWithCasbinForEveryBuiltInRoleAndPermission(t *testing.T) {
	t.Parallel()
	agree(t, setup(t), append(policy.BuiltInRoles(), "emperor"))
}

func TestTheCompiledSetAgreesWithCasbinForAnyPolicy(t *testing.T) {
	t.Parallel()
	o := setup(t)
	for seed := range uint64(25) {
		random := rand.New(rand.NewPCG(seed, 7))
		roles := make([]policy.Role, 2+random.IntN(6))
		for i := range roles {
			roles[i] = policy.Role(fmt.Sprintf("role%d", i))
		}
		pick := func() policy.Role { return roles[random.IntN(len(roles))] }
		o.write(t, "delete from policies")
		for range random.IntN(30) { // inheritance may run in circles
			p := policy.All()[random.IntN(len(policy.All()))].Permission
			o.write(t, "insert into policies (ptype, v0, v1, v2) values ('p', $1, $2, $3) on conflict do nothing", string(pick()), p.Object(), p.Action())
		}
		for range random.IntN(8) {
			o.write(t, "insert into policies (ptype, v0, v1, v2) values ('g', $1, $2, '') on conflict do nothing", string(pick()), string(pick()))
		}
		o.drop()
		if agree(t, o, roles); t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

func TestTheEngineNeverAnswersForAnotherTenant(t *testing.T) {
	t.Parallel()
	o := setup(t)
	o.write(t, "insert into policies (ptype, v0, v1, v2) values ('p', 'learner', 'brand', 'edit')")
	other := o.w.Tenant(t)
	o.in(t, other, o.w.Store.SeedPolicies)
	bare := o.w.Tenant(t) // no policy at all

	for range 2 { // the second time from memory
		if !o.may(t, policy.Learner).Has(policy.BrandEdit) {
			t.Error("a line of one's own tenant does not count")
		}
		theirs, err := o.engine.For(other, []policy.Role{policy.Learner})
		if err != nil || theirs.Has(policy.BrandEdit) || !theirs.Has(policy.CourseRead) {
			t.Errorf("another tenant's learner may %v, %v", names(theirs), err)
		}
		none, err := o.engine.For(bare, policy.BuiltInRoles())
		if err != nil || len(none) != 0 {
			t.Errorf("without a policy one may %v, %v", names(none), err)
		}
		allowed, rule, err := o.engine.Explain(other, []policy.Role{policy.Learner}, policy.BrandEdit)
		if err != nil || allowed || rule != "" {
			t.Errorf("explained another tenant's as %v, %q, %v", allowed, rule, err)
		}
	}
	if _, err := o.engine.For(t.Context(), policy.BuiltInRoles()); err == nil {
		t.Error("without a tenant the engine answers")
	}
	if _, err := o.engine.For(tenant.With(t.Context(), tenant.Tenant{}), policy.BuiltInRoles()); err == nil {
		t.Error("for the zero tenant the engine answers")
	}
}

func TestAChangeOfPolicyTakesEffectAfterDropAndAfterAMinute(t *testing.T) {
	t.Parallel()
	o := setup(t)
	all := func() { o.engine.Drop(tenant.Tenant{}.ID) }
	later := func() { o.w.Now.Advance(time.Minute) }
	for i, forget := range []func(){o.drop, all, later} {
		role := policy.Role(fmt.Sprintf("auditor%d", i))
		if o.may(t, role).Has(policy.AuditRead) {
			t.Fatal("allowed before the line")
		}
		o.write(t, "insert into policies (ptype, v0, v1, v2) values ('p', $1, 'audit', 'read')", string(role))
		if o.may(t, role).Has(policy.AuditRead) {
			t.Error("read anew without a word: then nothing is cached")
		}
		forget()
		if !o.may(t, role).Has(policy.AuditRead) {
			t.Errorf("way %d to forget: the new line does not count", i)
		}
	}
	o.write(t, "delete from policies where v1 = 'audit'")
	o.drop()
	if o.may(t, "auditor0", policy.Admin).Has(policy.AuditRead) {
		t.Error("a removed line still counts")
	}
}

func TestManyQuestionsAtOnceLoadThePolicyOnce(t *testing.T) {
	t.Parallel()
	o := setup(t)
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for i := range 100 {
		wg.Go(func() {
			<-gate
			role := policy.BuiltInRoles()[i%5]
			set, err := o.engine.For(o.ctx, []policy.Role{role})
			if err != nil || !set.Has(policy.CourseRead) {
				t.Errorf("%s: %v", role, err)
			}
			if ok, _, err := o.engine.Explain(o.ctx, []policy.Role{role}, policy.CourseRead); err != nil || !ok {
				t.Errorf("explain %s: %v, %v", role, ok, err)
			}
		})
	}
	close(gate)
	wg.Wait()
	if n := o.keep.loads.Load(); n != 1 {
		t.Errorf("the policy was loaded %d times, want once", n)
	}
}

func TestAnAnswerNamesTheLineThatDecided(t *testing.T) {
	t.Parallel()
	o := setup(t)
	allowed, rule, err := o.engine.Explain(o.ctx, []policy.Role{policy.Learner, policy.Owner}, policy.CourseEdit)
	if err != nil || !allowed || rule != "owner: p, instructor, course, edit" {
		t.Errorf("explained as %v, %q, %v", allowed, rule, err)
	}
	allowed, rule, err = o.engine.Explain(o.ctx, []policy.Role{policy.Owner}, "course:fly")
	if err != nil || allowed || rule != "" {
		t.Errorf("an unknown permission is explained as %v, %q, %v", allowed, rule, err)
	}
}

func TestALineThatNobodyUnderstandsFailsTheLoadAndOpensNothing(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"('p', 'learner', 'brand', '')", "('g', 'learner', '', '')", "('g', 'learner', 'owner', 'x')", "('p', '', 'brand', 'edit')", "('q', 'learner', 'brand', 'edit')"} {
		o := setup(t)
		o.write(t, "insert into policies (ptype, v0, v1, v2) values "+line)
		if set, err := o.engine.For(o.ctx, []policy.Role{policy.Learner}); err == nil {
			t.Errorf("%s: loaded, a learner may %v", line, names(set))
		}
	}
}

func TestSeedingTwiceDoublesNothingAndKeepsWhatTheTenantAdded(t *testing.T) {
	t.Parallel()
	o := setup(t)
	o.write(t, "insert into policies (ptype, v0, v1, v2) values ('p', 'learner', 'brand', 'edit')")
	o.in(t, o.ctx, o.w.Store.SeedPolicies)
	o.in(t, o.ctx, func(ctx context.Context) error {
		lines, err := o.w.Store.PolicyLines(ctx)
		if want := len(policy.BuiltInLines()) + 1; len(lines) != want {
			t.Errorf("%d lines, want %d", len(lines), want)
		}
		roles, err2 := o.w.Store.Roles(ctx)
		if err == nil && len(roles) != 5 {
			t.Errorf("roles %v, want the five built-in ones", roles)
		}
		if err == nil {
			err = err2
		}
		return err
	})
}

func TestCasbinCannotWriteThroughTheAdapter(t *testing.T) {
	t.Parallel()
	a := policy.Adapter(policy.BuiltInLines())
	for name, err := range map[string]error{
		"save": a.SavePolicy(nil), "add": a.AddPolicy("p", "p", nil), "remove": a.RemovePolicy("p", "p", nil),
		"remove filtered": a.RemoveFilteredPolicy("p", "p", 0),
	} {
		if err == nil {
			t.Errorf("%s is not refused", name)
		}
	}
}

func TestScopesNarrowASetAndNeverWidenIt(t *testing.T) {
	t.Parallel()
	set := policy.Set{policy.CourseRead: {}, policy.PersonSelf: {}}
	for scopes, want := range map[string]string{
		"*":                        "course:read person:self",
		"course:read":              "course:read",
		"course:read brand:edit":   "course:read",
		"course:read * nonsense":   "course:read person:self",
		"":                         "",
		"brand:edit audit:read":    "",
		"  person:self course:re ": "person:self",
	} {
		if got := strings.Join(names(set.Narrow(scopes)), " "); got != want {
			t.Errorf("%q narrows to %q, want %q", scopes, got, want)
		}
	}
	if !set.Covers(policy.Set{policy.CourseRead: {}}) || !set.Covers(nil) || set.Covers(policy.Set{policy.BrandEdit: {}}) {
		t.Error("Covers is not about being a subset")
	}
}
