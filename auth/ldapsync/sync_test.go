package ldapsync_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/ldap/slapd"
	"lyceum/auth/ldapsync"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/store/storetest"
)

func TestTheFirstRunBringsEverybodyAndTheSecondChangesNothing(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 250})
	h.server.AddGroup("heads", "person0001")
	h.server.AddGroup("all", "person0001", "person0002", "person0003")
	h.server.Set("person0002", "manager", slapd.DN("person0001"))
	h.server.Set("person0001", "preferredLanguage", "de-AT")
	h.counts(h.run(ldapsync.OutcomeDone, ldapsync.Order{}), ldapsync.Counts{Read: 250, Created: 250, Groups: 2, GroupsMoved: 2})

	head, second := h.person("person0001"), h.person("person0002")
	if head.Name != "Person Number 0001" || head.Status != auth.PersonActive || head.PasswordHash != "" || head.Locale != "de-AT" || head.Attributes["employee_number"] != "0001" || head.Attributes["family_name"] != "Number 0001" {
		t.Errorf("%+v", head)
	}
	if !slices.Equal(head.Roles, []policy.Role{policy.Manager}) || !slices.Equal(second.Roles, []policy.Role{policy.Learner}) {
		t.Errorf("roles %v and %v", head.Roles, second.Roles)
	}
	if second.ManagerID == nil || *second.ManagerID != head.ID || head.ManagerID != nil {
		t.Errorf("managers %v and %v", head.ManagerID, second.ManagerID)
	}
	if got := h.groups(head); !slices.Equal(got, []string{"all", "heads"}) {
		t.Errorf("groups %v", got)
	}
	if n := h.number(h.other, "select count(*) from people") + h.number(h.other, "select count(*) from groups"); n != 0 {
		t.Errorf("another tenant has %d of it", n)
	}

	before := h.number(h.ctx, "select count(*) from events")
	h.counts(h.run(ldapsync.OutcomeDone, ldapsync.Order{}), ldapsync.Counts{Read: 250, Unchanged: 250, Groups: 2})
	if after := h.number(h.ctx, "select count(*) from events"); after != before {
		t.Errorf("a run that changed nothing told of %d things", after-before)
	}
}

func TestWhatHappensInTheDirectoryHappensHere(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 5})
	h.server.AddGroup("heads", "person0001")
	h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	gone, disabled := h.person("person0002"), h.person("person0003")
	secret := h.vouched(gone)

	h.server.AddPerson("zoe", map[string][]string{"displayName": {"Zoë"}, "manager": {slapd.DN("person0001")}})
	h.server.RemovePerson("person0002")
	h.server.Disable("person0003")
	h.server.Set("person0001", "title", "Director")
	h.server.Set("person0004", "mail", "new-name@example.org")
	h.server.SetMembers("heads", "person0004")
	h.server.AddGroup("lab", "zoe")
	r := h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	h.counts(r, ldapsync.Counts{Read: 5, Created: 1, Updated: 2, Unchanged: 2, Deactivated: 2, Groups: 2, GroupsMoved: 2})
	h.says(r, "person0002", ldapsync.WhatDeactivated, "no more")
	h.says(r, "person0003", ldapsync.WhatDeactivated, "disabled")

	zoe, first, fourth := h.person("zoe"), h.person("person0001"), h.byEmail("new-name@example.org")
	if zoe.Name != "Zoë" || zoe.ManagerID == nil || *zoe.ManagerID != first.ID || first.Attributes["title"] != "Director" {
		t.Errorf("%+v %+v", zoe, first)
	}
	if !slices.Equal(fourth.Roles, []policy.Role{policy.Manager}) || !slices.Equal(first.Roles, []policy.Role{policy.Learner}) || !slices.Equal(h.groups(fourth), []string{"heads"}) || len(h.groups(first)) != 0 {
		t.Errorf("roles %v and %v, groups %v", fourth.Roles, first.Roles, h.groups(first))
	}
	for _, p := range []auth.Person{gone, disabled} {
		if h.byEmail(p.Email).Status != auth.PersonDeactivated {
			t.Errorf("%s may still sign in", p.Email)
		}
	}
	if _, err := h.auth.Resume(h.ctx, secret); err == nil {
		t.Error("the session of who is gone goes on")
	}

	h.server.Enable("person0003")
	h.server.RemoveGroup("lab")
	r = h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	h.counts(r, ldapsync.Counts{Read: 5, Unchanged: 4, Reactivated: 1, Groups: 1, GroupsMoved: 1})
	if h.person("person0003").Status != auth.PersonActive {
		t.Error("who was enabled again is not active")
	}
}

func TestTooManyAtOnceAreHeldUntilSomebodyConfirms(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 20})
	h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	for n := 1; n <= 6; n++ {
		h.server.RemovePerson(slapd.Person(n))
	}
	for range 2 {
		r := h.run(ldapsync.OutcomeHeld, ldapsync.Order{})
		h.counts(r, ldapsync.Counts{Read: 14, Unchanged: 14, Held: 6})
		h.says(r, "person0006", ldapsync.WhatHeld, "no more")
		if h.person("person0001").Status != auth.PersonActive {
			t.Fatal("deactivated all the same")
		}
	}
	if h.events("directory.sync_held") != 1 {
		t.Errorf("told %d times", h.events("directory.sync_held"))
	}
	h.counts(h.run(ldapsync.OutcomeDone, ldapsync.Order{Confirmed: true}), ldapsync.Counts{Read: 14, Unchanged: 14, Deactivated: 6})
	for n := 7; n <= 11; n++ { // five of fourteen: more than a fifth, but few
		h.server.Disable(slapd.Person(n))
	}
	h.counts(h.run(ldapsync.OutcomeDone, ldapsync.Order{}), ldapsync.Counts{Read: 14, Unchanged: 14, Deactivated: 5})
	h.counts(h.run(ldapsync.OutcomeDone, ldapsync.Order{}), ldapsync.Counts{Read: 14, Unchanged: 14})
}

func TestNobodyIsTakenForGoneWhenNotEverythingWasRead(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 30})
	h.server.AddGroup("heads", "person0001")
	h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	h.server.RemovePerson("person0030")
	h.server.Set("person0002", "title", "Director")

	// A filter that finds nobody.
	in := h.input()
	in.Settings.LDAP.SyncFilter = "(employeeNumber=none)"
	h.update(in)
	r := h.run(ldapsync.OutcomeIncomplete, ldapsync.Order{})
	if h.person("person0030").Status != auth.PersonActive || !slices.Equal(h.groups(h.person("person0001")), []string{"heads"}) {
		t.Error("an empty answer deactivated somebody, or emptied a group")
	}
	if r.Problem == "" || h.events("directory.sync_failed") != 1 {
		t.Errorf("%q, told %d times", r.Problem, h.events("directory.sync_failed"))
	}

	// A server that is down, then one that is back.
	h.update(h.input())
	h.server.Stop()
	r = h.run(ldapsync.OutcomeFailed, ldapsync.Order{})
	if d, err := h.sync.Directory(h.admin, h.made.ID); err != nil || d.Problem != r.Problem || d.SyncedAt == nil {
		t.Errorf("%+v %v", d, err)
	}
	h.server.Restart()
	h.counts(h.run(ldapsync.OutcomeDone, ldapsync.Order{}), ldapsync.Counts{Read: 29, Unchanged: 28, Updated: 1, Deactivated: 1, Groups: 1})
	if d, err := h.sync.Directory(h.admin, h.made.ID); err != nil || d.Problem != "" {
		t.Errorf("%q %v", d.Problem, err)
	}
}

// update saves an input over whatever the directory is.
func (h *house) update(in ldapsync.Input) {
	h.t.Helper()
	d, err := h.sync.Directory(h.admin, h.made.ID)
	wants(h.t, err, nil)
	_, err = h.sync.Update(h.admin, d.ID, d.Revision, in)
	wants(h.t, err, nil)
}

func TestWhoCannotBeNamedMayBeWhoIsMissing(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 3}, func(in *ldapsync.Input) { in.Settings.LDAP.SubjectAttribute = "employeeNumber" })
	h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	h.server.Set("person0003", "employeeNumber")
	r := h.run(ldapsync.OutcomeIncomplete, ldapsync.Order{})
	if r.Counts.V.Deactivated != 0 || h.person("person0003").Status != auth.PersonActive || !strings.Contains(r.Problem, "employeeNumber") {
		t.Errorf("%+v %s", r.Counts.V, r.Problem)
	}
	in := h.input()
	d, err := h.sync.Directory(h.admin, h.made.ID)
	wants(t, err, nil)
	if _, err = h.sync.Update(h.admin, d.ID, d.Revision, in); fault.Of(err).Fields["subject_attribute"] == "" {
		t.Errorf("everybody becomes a stranger: %v", err)
	}
}

func TestAReadingThatIsCutInTheMiddleDeactivatesNobody(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 300, SizeLimit: 250}, func(in *ldapsync.Input) { in.Settings.LDAP.PageSize = 50 })
	r := h.run(ldapsync.OutcomeIncomplete, ldapsync.Order{})
	h.counts(r, ldapsync.Counts{Read: 250, Created: 250})
	h.server.RemovePerson("person0001")
	r = h.run(ldapsync.OutcomeIncomplete, ldapsync.Order{})
	if r.Counts.V.Deactivated != 0 || h.person("person0001").Status != auth.PersonActive {
		t.Errorf("%+v", r.Counts.V)
	}
}

func TestAnAccountThatIsHereIsTakenOnlyAtAProvenDomain(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 1})
	add := func(email string, status auth.PersonStatus, roles ...policy.Role) auth.Person {
		return storetest.AddPerson(t, h.ctx, h.w, auth.Person{Email: email, Status: status, Name: "As it was"}, roles...)
	}
	here := add("person0001@example.org", auth.PersonActive, policy.Instructor)
	owner := add("boss@example.org", auth.PersonActive, policy.Owner)
	invited := add("invited@example.org", auth.PersonInvited, policy.Learner)
	off := add("off@example.org", auth.PersonDeactivated, policy.Learner)
	for _, name := range []string{"boss", "invited", "off"} {
		h.server.AddPerson(name, nil)
	}
	r := h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	h.counts(r, ldapsync.Counts{Read: 4, Passed: 4})
	h.says(r, "person0001", ldapsync.WhatPassed, "proven")
	if p := h.person("person0001"); p.Name != "As it was" || !slices.Equal(p.Roles, []policy.Role{policy.Instructor}) {
		t.Errorf("taken over by its address alone: %+v", p)
	}

	h.prove("example.org")
	r = h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	h.counts(r, ldapsync.Counts{Read: 4, Linked: 3, Passed: 1})
	h.says(r, "boss", ldapsync.WhatPassed, "owner")
	h.says(r, "off", ldapsync.WhatNoted, "stays so")
	p := h.person("person0001")
	if p.ID != here.ID || p.Name != "Person Number 0001" || !slices.Contains(p.Roles, policy.Instructor) || !slices.Contains(p.Roles, policy.Learner) {
		t.Errorf("%+v", p)
	}
	if h.byEmail(invited.Email).Status != auth.PersonActive || h.byEmail(off.Email).Status != auth.PersonDeactivated || h.byEmail(owner.Email).Name != "As it was" {
		t.Error("invited, deactivated or owner is not as they should be")
	}

	// The address of a linked account is not given away.
	h.server.Set("person0001", "mail", "thief@evil.example")
	h.server.Set("invited", "mail", "boss@example.org")
	r = h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	h.says(r, "person0001", ldapsync.WhatNoted, "its domain is not proven")
	h.says(r, "invited", ldapsync.WhatNoted, "someone else")
	h.nobody("thief@evil.example")
	if h.person("person0001").ID != here.ID || h.byEmail("invited@example.org").ID != invited.ID {
		t.Error("an address moved")
	}
}

// TestAnAccountOfTheDirectoryThatWasGivenMoreKeepsItsAddress: who keeps the directory writes its addresses, and with one of
// their own could have the password of who was made an administrator by hand sent there.
func TestAnAccountOfTheDirectoryThatWasGivenMoreKeepsItsAddress(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 2})
	h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	raised := h.person("person0001")
	h.exec("insert into person_roles (person_id, role) values ($1, 'admin')", raised.ID)
	h.server.Set("person0001", "mail", "thief@evil.example")
	h.server.Set("person0002", "mail", "moved@elsewhere.example")
	r := h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	h.says(r, "person0001", ldapsync.WhatNoted, "its domain is not proven")
	h.nobody("thief@evil.example")
	if h.person("person0001").ID != raised.ID || h.byEmail("moved@elsewhere.example").Email == "" {
		t.Error("the one kept no address of theirs, or the other could not move")
	}
	h.prove("good.example")
	h.server.Set("person0001", "mail", "raised@good.example")
	h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	if h.byEmail("raised@good.example").ID != raised.ID {
		t.Error("at a proven domain it does not follow")
	}
}

func TestSomebodyWhoCameBackUnderAnotherEntryIsTheSamePerson(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 2})
	h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	was := h.person("person0001")
	h.server.RemovePerson("person0001")
	h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	h.server.AddPerson("person0001", nil)
	r := h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	h.says(r, "person0001", ldapsync.WhatPassed, "proven")
	h.prove("example.org")
	h.counts(h.run(ldapsync.OutcomeDone, ldapsync.Order{}), ldapsync.Counts{Read: 2, Unchanged: 1, Linked: 1})
	if p := h.person("person0001"); p.ID != was.ID || p.Status != auth.PersonActive {
		t.Errorf("%+v", p)
	}
	h.counts(h.run(ldapsync.OutcomeDone, ldapsync.Order{}), ldapsync.Counts{Read: 2, Unchanged: 2})
}

func TestADryRunSaysWhatARealOneDoesAndDoesNothing(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 3}, func(in *ldapsync.Input) { in.Status = signon.StatusDryRun })
	h.server.AddGroup("heads", "person0001")
	dry := h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	if !dry.DryRun {
		t.Error("the run does not say that it is dry")
	}
	h.nobody("person0001@example.org")
	if n := h.number(h.ctx, "select count(*) from directory_people") + h.number(h.ctx, "select count(*) from groups") + h.events("person.created") + h.events("directory.synced"); n != 0 {
		t.Errorf("a dry run left %d things", n)
	}
	wants(t, h.sync.SetStatus(h.admin, h.made.ID, signon.StatusOn), nil)
	h.counts(dry, h.run(ldapsync.OutcomeDone, ldapsync.Order{}).Counts.V)

	h.server.RemovePerson("person0002")
	h.server.Set("person0001", "title", "Director")
	r := h.run(ldapsync.OutcomeDone, ldapsync.Order{DryRun: true})
	h.counts(r, ldapsync.Counts{Read: 2, Updated: 1, Unchanged: 1, Deactivated: 1, Groups: 1})
	if h.person("person0002").Status != auth.PersonActive || h.person("person0001").Attributes["title"] != "Engineer" {
		t.Error("a dry run changed somebody")
	}
}

func TestAnEntryThatContradictsAnotherHoldsNobodyElseBack(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 10})
	h.server.Set("person0004", "mail", "person0003@example.org")
	h.server.Set("person0005", "mail")
	h.server.Set("person0006", "mail", "not an address")
	r := h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	h.counts(r, ldapsync.Counts{Read: 10, Created: 7, Passed: 3})
	h.says(r, "person0004", ldapsync.WhatPassed, "another entry")
	h.says(r, "person0005", ldapsync.WhatPassed, "no e-mail address")
	h.says(r, "person0006", ldapsync.WhatPassed, "not an e-mail address")
}

func TestPeopleMayExchangeTheirNames(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 2}, func(in *ldapsync.Input) { in.Settings.UserNameAttribute = "title" })
	h.server.Set("person0001", "title", "One")
	h.server.Set("person0002", "title", "Two")
	h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	h.server.Set("person0001", "title", "Two")
	h.server.Set("person0002", "title", "One")
	h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	first := h.person("person0001")
	if n := h.number(h.ctx, "select count(*) from directory_people where person_id = $1 and user_name = 'two'", first.ID); n != 1 {
		t.Error("the name is not the new one")
	}
}

func TestNewRulesReachEverybodyAtTheNextRun(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 2})
	h.server.AddGroup("authors", "person0001")
	h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	in := h.input()
	in.RoleRules = auth.RoleRules{Rules: []auth.RoleRule{{Group: "Authors", Role: policy.Instructor}}}
	in.Mapping = auth.Mapping{{Field: "department", From: []string{"{title} office"}}}
	h.update(in)
	h.counts(h.run(ldapsync.OutcomeDone, ldapsync.Order{}), ldapsync.Counts{Read: 2, Updated: 2, Groups: 1})
	first, second := h.person("person0001"), h.person("person0002")
	if !slices.Equal(first.Roles, []policy.Role{policy.Instructor}) || len(second.Roles) != 0 || first.Attributes["department"] != "Engineer office" {
		t.Errorf("%v %v %v", first.Roles, second.Roles, first.Attributes)
	}
}

func TestTheSubjectOfASyncIsThatOfASignIn(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 1})
	h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	a, _, err := ldap.New(ldap.Options{AllowPrivate: true}).SignIn(t.Context(), h.server.Settings(), slapd.BindPassword, "person0001", slapd.Password("person0001"))
	wants(t, err, nil)
	if n := h.number(h.ctx, "select count(*) from directory_people where external_id = $1 and person_id = $2", a.Subject, h.person("person0001").ID); n != 1 {
		t.Errorf("nobody is %s", a.Subject)
	}
}

func TestOneRunAtATimeAndADeadOneIsGivenUp(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 1})
	begun := ldapsync.Run{ID: h.made.ID, DirectoryID: h.made.ID, StartedAt: h.w.Now.Now(), BeatAt: h.w.Now.Now(), Outcome: ldapsync.OutcomeRunning}
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		return h.w.Store.BeginDirectoryRun(ctx, begun, h.w.Now.Now())
	})
	wants(t, err, nil)
	_, err = h.sync.Sync(h.ctx, h.made.ID, ldapsync.Order{})
	wants(t, err, ldapsync.ErrRunning)
	h.w.Now.Advance(6 * time.Minute)
	h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	list, err := h.sync.Runs(h.admin, h.made.ID, page.Request{}, true)
	if err != nil || len(list.Items) != 2 {
		t.Fatalf("%+v %v", list, err)
	}
	for _, r := range list.Items {
		if r.ID == begun.ID && (r.Outcome != ldapsync.OutcomeFailed || r.EndedAt == nil) {
			t.Errorf("the dead run is %+v", r)
		}
	}
	err = h.w.Store.InTenant(h.ctx, func(ctx context.Context) error { return h.w.Store.BeatDirectoryRun(ctx, begun.ID, h.w.Now.Now()) })
	wants(t, err, ldapsync.ErrRunOver)
}
