package signon_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
	"lyceum/store"
)

func TestTheTraceIsReadNewestFirstAndFilters(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c, other := h.complete("idp"), h.complete("other")
	p := h.link(c, policy.Learner)
	first := h.tried(c, signon.OutcomeAdmitted, &p.ID, map[string][]string{"email": {"a@b.example"}})
	second := h.tried(c, signon.OutcomeRefused, nil, nil, auth.Check{Name: "xml", OK: true}, auth.Check{Name: "signature", Detail: "no"})
	h.tried(other, signon.OutcomeRefused, nil, nil)

	all, err := h.s.Attempts(h.admin, signon.AttemptFilter{Connection: c.ID})
	if err != nil || len(all.Attempts) != 2 || all.Attempts[0].ID != second.ID || all.Names[p.ID] != p.Name {
		t.Fatalf("%+v, %v", all, err)
	}
	refused, err := h.s.Attempts(h.admin, signon.AttemptFilter{Connection: c.ID, Outcome: signon.OutcomeRefused})
	if err != nil || len(refused.Attempts) != 1 || refused.Attempts[0].Refusing().Detail != "no" || first.Refusing() != nil {
		t.Errorf("%+v, %v", refused, err)
	}
	one, err := h.s.Attempt(h.admin, c.ID, first.ID)
	if err != nil || one.Attempts[0].Claims.V["email"][0] != "a@b.example" || !one.Attempts[0].Answered() {
		t.Errorf("%+v, %v", one, err)
	}
	_, err = h.s.Attempt(h.admin, other.ID, first.ID)
	meets(t, err, signon.ErrAttemptNotFound)
	health, err := h.s.Healths(h.admin)
	if err != nil || !health[c.ID].LastAdmitted.Equal(first.At) || !health[c.ID].LastRefused.Equal(second.At) || health[c.ID].Ends.IsZero() || health[c.ID].Missing {
		t.Errorf("%+v, %v", health[c.ID], err)
	}
	for range signon.AttemptsKept + 3 {
		h.tried(c, signon.OutcomeDryRun, nil, nil)
	}
	if all, err = h.s.Attempts(h.admin, signon.AttemptFilter{Connection: c.ID}); err != nil || len(all.Attempts) != signon.AttemptsKept {
		t.Errorf("%d are kept, %v", len(all.Attempts), err)
	}
}

func TestWhatCameLatelyIsOfferedForTheMapping(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c := h.create(auth.ProtocolSAML, signon.ProductOther, "IdP")
	h.tried(c, signon.OutcomeAdmitted, nil, map[string][]string{"mail": {"old@acme.example"}, "groups": {"A", "B", "C", "D"}})
	h.tried(c, signon.OutcomeAdmitted, nil, map[string][]string{"mail": {"new@acme.example"}})
	h.tried(c, signon.OutcomeRefused, nil, nil)
	seen, err := h.s.Seen(h.admin, c.ID)
	if err != nil || seen.Last == nil || seen.Last.Claims.V["mail"][0] != "new@acme.example" || !slices.Equal(seen.Groups, []string{"A", "B", "C", "D"}) {
		t.Fatalf("%+v, %v", seen, err)
	}
	if len(seen.Claims) != 2 || seen.Claims[0].Name != "groups" || seen.Claims[0].Count != 4 || len(seen.Claims[0].Values) != 3 || len(seen.Claims[1].Values) != 2 {
		t.Errorf("%+v", seen.Claims)
	}
}

func TestAMappingsPreviewSaysWhatFilledEachFieldAndWhatWasLeft(t *testing.T) {
	t.Parallel()
	m := auth.Mapping{
		{Field: "email", From: []string{"upn", "mail"}}, {Field: "locale", From: []string{"lang"}}, {Field: "name", From: []string{"{given} {sn}"}}, {Field: "groups", From: []string{"groups"}},
	}
	p := signon.PreviewMapping(m, map[string][]string{"upn": {"nobody"}, "mail": {"anna@acme.example"}, "lang": {"klingon"}, "given": {"Anna"}, "sn": {"Berg"}, "groups": {"B", "A"}, "shoe": {"42"}})
	got := map[string]signon.FieldPreview{}
	for _, f := range p.Fields {
		got[f.Field] = f
	}
	if len(p.Fields) != len(auth.MappedFields()) {
		t.Errorf("%d fields", len(p.Fields))
	}
	for field, want := range map[string]signon.FieldPreview{
		"email": {Field: "email", From: "mail", Value: "anna@acme.example"}, "name": {Field: "name", From: "{given} {sn}", Value: "Anna Berg"},
		"locale": {Field: "locale", Why: "not a language (BCP 47)"}, "groups": {Field: "groups", From: "groups", Value: "A, B", Count: 2}, "title": {Field: "title"},
	} {
		if got[field] != want {
			t.Errorf("%s: %+v, want %+v", field, got[field], want)
		}
	}
	if !slices.Equal(p.Unused, []string{"shoe"}) {
		t.Errorf("unused %v", p.Unused)
	}
}

func TestTheEffectOfRoleRulesIsCountedOverWhatIsKnown(t *testing.T) {
	t.Parallel()
	m := auth.Mapping{{Field: "groups", From: []string{"groups"}}}
	rules := auth.RoleRules{Rules: []auth.RoleRule{{Group: "Admins", Role: policy.Admin}, {Group: "Leads", Role: policy.Manager}}, Default: policy.Learner}
	in := func(groups ...string) map[string][]string { return map[string][]string{"groups": groups} }
	learner, manager, admin := []policy.Role{policy.Learner}, []policy.Role{policy.Manager}, []policy.Role{policy.Admin}
	e := signon.EffectOf([]signon.Linked{
		{PersonID: uid.New(), Roles: learner, Given: learner, Claims: in("Leads")},      // becomes a manager, loses learner
		{PersonID: uid.New(), Roles: learner, Claims: in("Other")},                      // has the default already, by hand
		{PersonID: uid.New(), Roles: manager, Given: manager, Claims: in("Leads", "X")}, // stays
		{PersonID: uid.New(), Roles: admin, Given: admin, Groups: []string{"Leads"}},    // by a directory: admin goes, manager comes
		{PersonID: uid.New(), Roles: learner, Given: learner},                           // not known
		{PersonID: uid.New(), Roles: manager, Given: nil, InDirectory: true},            // in no group: gains learner
	}, m, rules)
	if e.People != 6 || e.Unknown != 1 || e.Gain != 3 || e.Lose != 2 || e.Same != 2 || len(e.Who) != 3 || e.More {
		t.Errorf("%+v", e)
	}
	if e.Who[1].Gain != policy.Manager || !slices.Equal(e.Who[1].Lose, admin) {
		t.Errorf("%+v", e.Who[1])
	}
	none := signon.EffectOf([]signon.Linked{{Roles: learner, Given: learner, Claims: in("x")}}, m, auth.RoleRules{})
	if none.Lose != 1 || none.Gain != 0 {
		t.Errorf("without any rule: %+v", none)
	}
}

func TestTheEffectIsPreviewedOverThoseWhoAreLinked(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c := h.create(auth.ProtocolSAML, signon.ProductOther, "IdP")
	byClaims, byDirectory, unknown := h.link(c, policy.Learner), h.link(c, policy.Learner), h.link(c, policy.Learner)
	h.link(h.create(auth.ProtocolSAML, signon.ProductOther, "Another"), policy.Learner)
	h.tried(c, signon.OutcomeAdmitted, &byClaims.ID, map[string][]string{"groups": {"Leads"}})
	h.tried(c, signon.OutcomeRefused, &unknown.ID, map[string][]string{"groups": {"Leads"}})
	directory, group := uid.New(), uid.New()
	h.within(func(ctx context.Context) error {
		for _, statement := range []string{
			fmt.Sprintf(`insert into directories (id, kind, name, status, mode, settings, mapping, role_rules, revision, problem, created_at, updated_at) values ('%s', 'scim', 'd', 'on', '', '{}', '[]', '{}', 1, '', now(), now())`, directory),
			fmt.Sprintf(`insert into groups (id, name, directory_id, external_id, revision, created_at, updated_at) values ('%s', 'Team leads', '%s', 'Leads', 1, now(), now())`, group, directory),
			fmt.Sprintf(`insert into group_members (group_id, person_id) values ('%s', '%s')`, group, byDirectory.ID),
		} {
			if _, err := store.Pgx(ctx).Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
	e, err := h.s.PreviewRules(h.admin, c.ID, c.Mapping.V, auth.RoleRules{Rules: []auth.RoleRule{{Group: "leads", Role: policy.Manager}}})
	if err != nil || e.People != 3 || e.Unknown != 1 || e.Gain != 2 || e.Lose != 0 || len(e.Who) != 2 {
		t.Fatalf("%+v, %v", e, err)
	}
	names := []string{e.Who[0].Name, e.Who[1].Name}
	if !slices.Contains(names, byClaims.Name) || !slices.Contains(names, byDirectory.Name) {
		t.Errorf("who: %v", names)
	}
}

func TestRoleRulesGiveNothingBeyondWhoSetsThem(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c := h.create(auth.ProtocolSAML, signon.ProductOther, "IdP")
	rules := func(role policy.Role) *auth.RoleRules {
		return &auth.RoleRules{Rules: []auth.RoleRule{{Group: "G", Role: role}}}
	}
	roles, err := h.s.GivableRoles(h.admin)
	if err != nil || slices.Contains(roles, policy.Owner) || !slices.Contains(roles, policy.Admin) {
		t.Errorf("an administrator may give %v, %v", roles, err)
	}
	if roles, err = h.s.GivableRoles(h.owner); err != nil || slices.Contains(roles, policy.Owner) {
		t.Errorf("groups make owners: %v, %v", roles, err)
	}
	_, err = h.s.ChangeConnection(h.owner, c.ID, c.Revision, signon.Change{Rules: rules(policy.Owner)})
	_ = wrong(t, err, "role_rules")
	_, err = h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Rules: rules("no such role")})
	_ = wrong(t, err, "role_rules.1")
	c, err = h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Rules: rules(policy.Admin)})
	meets(t, err, nil)

	// Someone who looks after connections and may no more than that.
	who, _ := auth.PrincipalFrom(h.admin)
	who.May = policy.Set{policy.ConnectionManage: {}, policy.CourseRead: {}, policy.EnrolmentSelf: {}, policy.CertificateRead: {}, policy.PersonSelf: {}}
	small := auth.WithPrincipal(h.ctx, who)
	_, err = h.s.ChangeConnection(small, c.ID, c.Revision, signon.Change{Rules: rules(policy.Learner)})
	meets(t, err, auth.ErrRoleExceeds) // it would take the administrators' rule away
	c, err = h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Rules: &auth.RoleRules{}})
	meets(t, err, nil)
	_, err = h.s.ChangeConnection(small, c.ID, c.Revision, signon.Change{Rules: rules(policy.Manager)})
	meets(t, err, auth.ErrRoleExceeds)
	_, err = h.s.ChangeConnection(small, c.ID, c.Revision, signon.Change{Rules: rules(policy.Learner)})
	meets(t, err, nil)
}

func TestTheOutlookSaysWhatADateMeans(t *testing.T) {
	t.Parallel()
	h := setup(t)
	now := h.w.Now.Now()
	soon, later := h.certificate("soon", 20), h.certificate("later", 400)
	sha1 := now.AddDate(0, 1, 0)
	own, err := saml.NewKey("own", now, 30*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	key, err := own.Describe()
	if err != nil {
		t.Fatal(err)
	}
	st := func(edit func(*saml.Settings)) signon.Connection {
		s := saml.NewSettings()
		s.EntityID, s.SSORedirect, s.SigningCertificates = "https://idp.example", "https://idp.example/sso", []string{soon}
		edit(&s)
		return signon.Connection{Kind: auth.ProtocolSAML, Settings: packed(t, s)}
	}
	plain := func(*saml.Settings) {}
	polled := func(s *saml.Settings) { s.MetadataURL = "https://idp.example/metadata" }
	failing := st(polled)
	failing.Problem = "no answer"
	days := func(n int) time.Time { return now.AddDate(0, 0, n) }
	for name, c := range map[string]struct {
		connection signon.Connection
		keys       []saml.Certificate
		last       signon.LastAnswer
		at         time.Time
		worst      signon.Prospect
		code       string
	}{
		"all is well":           {st(plain), nil, signon.LastAnswer{}, days(1), signon.ProspectWorks, "idp_valid"},
		"none follows":          {st(plain), nil, signon.LastAnswer{}, days(21), signon.ProspectBreaks, "idp_no_successor"},
		"another is known":      {st(func(s *saml.Settings) { s.SigningCertificates = []string{soon, later} }), nil, signon.LastAnswer{}, days(21), signon.ProspectWorks, "idp_replaced"},
		"metadata brings it":    {st(polled), nil, signon.LastAnswer{}, days(21), signon.ProspectWatch, "idp_polled"},
		"metadata is broken":    {failing, nil, signon.LastAnswer{}, days(21), signon.ProspectBreaks, "idp_poll_fails"},
		"nothing is known":      {st(func(s *saml.Settings) { s.SigningCertificates = nil }), nil, signon.LastAnswer{}, days(1), signon.ProspectBreaks, "idp_no_certificate"},
		"our key has ended":     {st(func(s *saml.Settings) { s.SigningCertificates = []string{later} }), []saml.Certificate{key}, signon.LastAnswer{}, days(31), signon.ProspectBreaks, "own_ended"},
		"our key is not needed": {st(func(s *saml.Settings) { s.SigningCertificates, s.SignRequests = []string{later}, false }), []saml.Certificate{key}, signon.LastAnswer{}, days(31), signon.ProspectWatch, "own_unused"},
		"SHA-1 is over":         {st(func(s *saml.Settings) { s.SigningCertificates, s.AllowSHA1Until = []string{later}, &sha1 }), nil, signon.LastAnswer{SHA1: true}, days(60), signon.ProspectBreaks, "sha1_ends"},
		"SHA-1 was not used":    {st(func(s *saml.Settings) { s.SigningCertificates, s.AllowSHA1Until = []string{later}, &sha1 }), nil, signon.LastAnswer{}, days(60), signon.ProspectWorks, "sha1_over"},
		"SHA-1 is let pass":     {st(func(s *saml.Settings) { s.SigningCertificates, s.AllowSHA1Until = []string{later}, &sha1 }), nil, signon.LastAnswer{}, days(2), signon.ProspectWatch, "sha1_allowed"},
		"OpenID Connect":        {signon.Connection{Kind: auth.ProtocolOIDC}, nil, signon.LastAnswer{}, days(9999), signon.ProspectWorks, "nothing_ends"},
		"an authority":          {signon.Connection{Kind: auth.ProtocolLDAP, Settings: packed(t, ldap.Settings{CACertificates: "-----BEGIN CERTIFICATE-----\n" + soon + "\n-----END CERTIFICATE-----"})}, nil, signon.LastAnswer{}, days(21), signon.ProspectBreaks, "ca_all_ended"},
	} {
		found, err := signon.Outlook(c.connection, c.keys, c.last, c.at)
		if err != nil || len(found) == 0 || found[0].Prospect != c.worst {
			t.Errorf("%s: %+v, %v", name, found, err)
			continue
		}
		if !slices.ContainsFunc(found, func(f signon.Finding) bool { return f.Code == c.code }) {
			t.Errorf("%s: %+v lacks %s", name, found, c.code)
		}
	}
}

func TestTheOutlookKnowsWhatSignedTheLastAnswerAndOurKeys(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c := h.complete("idp")
	fingerprint := certificates(t, c)[0].Fingerprint
	h.tried(c, signon.OutcomeAdmitted, nil, nil, auth.Check{Name: "signature", OK: true, Detail: "<Assertion> is signed with rsa-sha1 by the certificate " + fingerprint})
	found, err := h.s.OutlookOf(h.admin, c.ID, h.w.Now.Now().AddDate(0, 0, 101))
	if err != nil || len(found) == 0 || !found[0].Signed || found[0].Code != "idp_no_successor" {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestWarningsComeInSteps(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	for days, want := range map[int]int{-1: 0, 0: 0, 1: 1, 2: 7, 7: 7, 8: 30, 30: 30, 31: 60, 60: 60, 61: -1} {
		if got := (signon.Health{Ends: now.AddDate(0, 0, days)}).Warning(now); got != want {
			t.Errorf("%d days: %d, want %d", days, got, want)
		}
	}
	if (signon.Health{}).Warning(now) != -1 {
		t.Error("nothing ends, and it is warned of")
	}
}

func TestEveryGuideBeginsWithWhatIsRight(t *testing.T) {
	t.Parallel()
	for _, g := range signon.Guides() {
		if err := g.Mapping.Validate(); err != nil {
			t.Errorf("%s %s: %v", g.Kind, g.Product, err)
		}
		if got, ok := signon.GuideFor(g.Kind, g.Product); !ok || len(got.Steps) < 3 {
			t.Errorf("%s %s: %d steps", g.Kind, g.Product, len(got.Steps))
		}
		for _, field := range []string{auth.FieldEmail, auth.FieldName} {
			if !slices.ContainsFunc(g.Mapping, func(r auth.FieldRule) bool { return r.Field == field }) {
				t.Errorf("%s %s fills no %s", g.Kind, g.Product, field)
			}
		}
	}
	if _, ok := signon.GuideFor(auth.ProtocolLDAP, signon.ProductOkta); ok {
		t.Error("there is a guide for LDAP at Okta")
	}
}
