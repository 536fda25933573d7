package signon_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

// group adds one with members.
func (o *office) group(name string, members ...auth.Person) uid.ID {
	o.t.Helper()
	g := auth.Group{ID: uid.New(), Name: name, CreatedAt: o.w.Now.Now(), UpdatedAt: o.w.Now.Now()}
	o.in(o.ctx, func(ctx context.Context) error {
		if err := o.w.Store.InsertGroup(ctx, g); err != nil {
			return err
		}
		for _, p := range members {
			if _, err := o.w.Store.AddMembers(ctx, g.ID, []uid.ID{p.ID}); err != nil {
				return err
			}
		}
		return nil
	})
	return g.ID
}

func TestTheClosestRuleThatHoldsDecides(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	p := o.person("anna@ruled.example", policy.Learner)
	one, two := o.group("One", p), o.group("Two", p)
	strangers := o.group("Strangers")
	o.domain("ruled.example", nil)
	none, optional, required := signon.Rule{}, signon.Rule{Require: signon.RequirementOptional}, signon.Rule{Require: signon.RequirementRequired}
	from := func(d time.Duration) signon.Rule {
		return signon.Rule{Require: signon.RequirementRequired, From: o.after(d)}
	}
	later := func(d time.Duration) signon.Rule {
		return signon.Rule{Require: signon.RequirementOptional, From: o.after(d)}
	}
	group := func(id uid.ID, r signon.Rule) signon.GroupRule { return signon.GroupRule{GroupID: id, Rule: r} }
	for _, c := range []struct {
		name   string
		portal signon.Rule
		domain signon.Rule
		groups []signon.GroupRule
		closed bool
	}{
		{"no rule", none, none, nil, false},
		{"the portal's", required, none, nil, true},
		{"the portal's, from today", from(0), none, nil, true},
		{"the portal's, from a second on", from(time.Second), none, nil, false},
		{"the portal's, for long", from(-day), none, nil, true},
		{"the domain's over the portal's", required, optional, nil, false},
		{"the domain's alone", none, required, nil, true},
		{"the domain's of tomorrow says nothing yet", required, later(day), nil, true},
		{"a group's over the domain's", none, required, []signon.GroupRule{group(one, optional)}, false},
		{"a group's over the portal's", none, optional, []signon.GroupRule{group(one, required)}, true},
		{"of two groups the one that requires", none, none, []signon.GroupRule{group(one, optional), group(two, required)}, true},
		{"in whatever order", none, none, []signon.GroupRule{group(two, required), group(one, optional)}, true},
		{"a group's of tomorrow says nothing yet", none, none, []signon.GroupRule{group(one, from(day))}, false},
		{"a group that they are not in", none, none, []signon.GroupRule{group(strangers, required)}, false},
	} {
		o.write("update email_domains set policy = $1, policy_from = $2 where domain = 'ruled.example'", string(c.domain.Require), c.domain.From)
		o.rules(signon.Rules{Portal: c.portal, Groups: c.groups})
		err := o.gate.LocalSignIn(o.ctx, p)
		if closed := errors.Is(err, auth.ErrUseSignOn); closed != c.closed || err != nil && !closed {
			t.Errorf("%s: %v, want closed %v", c.name, err, c.closed)
		}
	}
	o.write("update email_domains set policy = 'required', policy_from = null, verified_at = null where domain = 'ruled.example'")
	o.rules(signon.Rules{})
	if err := o.gate.LocalSignIn(o.ctx, p); err != nil {
		t.Errorf("the rule of a domain that is not proven: %v", err)
	}
	o.rules(signon.Rules{Portal: required})
	theirs := storetest.Person(t, o.other, o.w, policy.Learner)
	if err := o.gate.LocalSignIn(o.other, theirs); err != nil {
		t.Errorf("another portal's rule: %v", err)
	}
}

func TestWhereSignOnIsRequiredNothingLocalOpens(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	p := o.person("anna@acme.example", policy.Learner)
	owner := o.person("owner@acme.example", policy.Owner)
	invited, err := o.auth.Invite(o.as(owner), auth.InviteInput{Email: "new@acme.example", Name: "New", Role: policy.Learner})
	if err != nil {
		t.Fatal(err)
	}
	mint := func(kind auth.TokenKind, who uid.ID) string {
		secret, _, err := o.auth.MintLink(o.ctx, kind, who)
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	o.rules(signon.Rules{Portal: signon.Rule{Require: signon.RequirementRequired}, BreakGlass: []uid.ID{owner.ID, p.ID}})
	_, byPassword := o.auth.SignIn(o.ctx, p.Email, password, client)
	_, byOwner := o.auth.SignIn(o.ctx, owner.Email, password, client)
	_, byInvitation := o.auth.AcceptInvitation(o.ctx, mint(auth.TokenInvitation, invited.ID), "New", "a long new password", client)
	byReset := o.auth.ResetPassword(o.ctx, mint(auth.TokenPasswordReset, p.ID), "a long new password")
	_, byHandover := o.auth.SignInByLink(o.ctx, mint(auth.TokenHandover, p.ID), client)
	for how, err := range map[string]error{"a password": byPassword, "the password of an owner named for emergencies": byOwner, "an invitation": byInvitation, "a reset": byReset, "a hand-over": byHandover} {
		if !errors.Is(err, auth.ErrUseSignOn) {
			t.Errorf("%s: %v", how, err)
		}
	}
	_, wrong := o.auth.SignIn(o.ctx, p.Email, "not the password", client)
	_, unknown := o.auth.SignIn(o.ctx, "nobody@acme.example", password, client)
	if !errors.Is(wrong, auth.ErrWrongCredentials) || !errors.Is(unknown, auth.ErrWrongCredentials) {
		t.Errorf("who does not know the password learns of the rule: %v, %v", wrong, unknown)
	}
	before := o.happened("password.reset_refused")
	if err := o.auth.RequestReset(o.ctx, p.Email, client); err != nil || o.happened("password.reset_requested") != 0 || o.happened("password.reset_refused") != before+1 {
		t.Errorf("a reset is mailed that opens nothing: %v", err)
	}
	o.rules(signon.Rules{})
	if _, err := o.auth.SignIn(o.ctx, p.Email, password, client); err != nil {
		t.Errorf("the rule is gone and the password does not work: %v", err)
	}
}

func TestARuleThatLocksOutIsRefusedUntilItDoesNot(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	maker, second := o.person("maker@acme.example", policy.Owner), o.person("second@acme.example", policy.Owner)
	helper := o.person("helper@acme.example", policy.Admin)
	c := o.connection("Entra", signon.StatusOn)
	ctx := o.as(maker)
	in := signon.RulesInput{Rules: signon.Rules{Portal: signon.Rule{Require: signon.RequirementRequired, From: o.after(30 * day)}}}
	set := func(want error) signon.Rules {
		t.Helper()
		r, err := o.signon.SetRules(ctx, in)
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Fatalf("got %v, want %v", err, want)
		}
		return r
	}
	set(signon.ErrLocksYouOut)
	o.linked(c, helper)
	set(signon.ErrLocksYouOut) // that someone else gets in does not help the maker
	ctx = o.as(helper)
	look, err := o.signon.PreviewSignOnRules(ctx, in)
	if err != nil || !look.Requires || look.You || !look.Proven || look.Spare || len(look.Owners) != 2 || look.Unlinked != 2 || look.All != 3 {
		t.Fatalf("the preview: %+v, %v", look, err)
	}
	if look.Owners[0].PasswordHash != "" {
		t.Error("the preview carries password hashes")
	}
	set(signon.ErrLocksOwners)
	o.write("update connections set status = 'off'")
	set(signon.ErrLocksYouOut) // linked, and to nothing that is on
	o.write("update connections set status = 'on'")
	in.Confirmed = true
	in.Revision = set(nil).Revision

	// Two owners named for emergencies stand in for a proven way, and they are not locked out.
	o.write("delete from identities")
	ctx = o.as(maker)
	in.Confirmed = false
	in.BreakGlass = []uid.ID{second.ID, maker.ID}
	r := set(nil)
	if len(r.BreakGlass) != 2 || r.Revision != 2 || o.happened("sign_on.rules_changed") != 2 {
		t.Errorf("%+v", r)
	}
	set(signon.ErrRulesChanged)
	in.Revision = r.Revision
	ctx = o.as(helper)
	in.BreakGlass = nil
	set(auth.ErrOwnersOnly)
	ctx, in.BreakGlass = o.as(maker), []uid.ID{maker.ID, helper.ID}
	if _, err := o.signon.SetRules(ctx, in); fault.Of(err).Fields["break_glass"] == "" {
		t.Errorf("an administrator is named for emergencies: %v", err)
	}
	in.BreakGlass = []uid.ID{maker.ID}
	if _, err := o.signon.SetRules(ctx, in); fault.Of(err).Fields["break_glass"] == "" {
		t.Errorf("one alone is named for emergencies: %v", err)
	}
	in.BreakGlass = []uid.ID{maker.ID, second.ID}
	in.Groups = []signon.GroupRule{{GroupID: uid.New(), Rule: signon.Rule{Require: signon.RequirementOptional}}}
	if _, err := o.signon.SetRules(ctx, in); fault.Of(err).Fields["groups"] == "" {
		t.Errorf("a group that is not there: %v", err)
	}
	in = signon.RulesInput{Rules: signon.Rules{Revision: r.Revision}}
	set(nil) // to loosen is never refused
}

func TestADomainsRuleIsGuardedLikeThePortals(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	maker := o.person("maker@guarded.example", policy.Owner)
	ctx := o.as(maker)
	o.domain("guarded.example", nil)
	o.domain("elsewhere.example", nil)
	c := o.connection("Entra", signon.StatusOn)
	rule := signon.DomainInput{Rule: signon.Rule{Require: signon.RequirementRequired}}
	if _, err := o.signon.ChangeDomain(ctx, "guarded.example", rule); !errors.Is(err, signon.ErrLocksYouOut) {
		t.Errorf("it locks its maker out: %v", err)
	}
	if _, err := o.signon.ChangeDomain(ctx, "elsewhere.example", rule); !errors.Is(err, signon.ErrNoProvenWay) {
		t.Errorf("nobody has proven a way: %v", err)
	}
	o.linked(c, maker)
	d, err := o.signon.ChangeDomain(ctx, "guarded.example", rule)
	if err != nil || d.Policy != signon.RequirementRequired || d.PolicyFrom == nil {
		t.Errorf("%+v, %v", d, err)
	}
	limited := auth.WithPrincipal(o.ctx, auth.Principal{PersonID: maker.ID, May: policy.Set{policy.ConnectionManage: {}}})
	if _, err := o.signon.ChangeDomain(limited, "elsewhere.example", rule); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("without security:manage a rule is set: %v", err)
	}
	if _, err := o.signon.ChangeDomain(limited, "elsewhere.example", signon.DomainInput{ConnectionID: &c.ID}); err != nil {
		t.Errorf("without security:manage: %v", err)
	}
	unknown := uid.New()
	if _, err := o.signon.ChangeDomain(ctx, "elsewhere.example", signon.DomainInput{ConnectionID: &unknown}); fault.Of(err).Fields["connection"] == "" {
		t.Errorf("a connection that is not there: %v", err)
	}
	fresh, err := o.signon.AddDomain(ctx, unique(".example"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.signon.ChangeDomain(ctx, fresh.Domain, rule); fault.Of(err).Fields["policy"] == "" {
		t.Errorf("a rule for a domain that is not proven: %v", err)
	}
}

func TestAdministratorsAreRemindedOfWhatIsComing(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	admin := o.admin(o.ctx)
	learner, _ := storetest.Learner(t, o.ctx, o.w)
	look := func(ctx context.Context) []signon.Notice {
		list, err := o.signon.Notices(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if list := look(admin); len(list) != 0 {
		t.Errorf("of nothing: %+v", list)
	}
	o.rules(signon.Rules{Portal: signon.Rule{Require: signon.RequirementRequired, From: o.after(40 * day)}})
	if list := look(admin); len(list) != 0 {
		t.Errorf("too early: %+v", list)
	}
	entrance, err := o.signon.Entrance(o.ctx)
	if err != nil || entrance.Required || entrance.Coming == nil {
		t.Errorf("the sign-in page does not say what is coming: %+v, %v", entrance, err)
	}
	o.w.Now.Advance(11 * day)
	o.gate.Drop(uid.Nil)
	if list := look(admin); len(list) != 1 || list[0].Kind != signon.NoticeRuleComing {
		t.Errorf("29 days before: %+v", list)
	}
	if list := look(learner); len(list) != 0 {
		t.Errorf("a learner is reminded: %+v", list)
	}
}
