package ldapsync_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/ldap/slapd"
	"lyceum/auth/ldapsync"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func TestOnlyWhoMayManageDirectories(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 1})
	stranger := storetest.As(t, h.ctx, h.w, storetest.Person(t, h.ctx, h.w, policy.Manager))
	id := h.made.ID
	for name, try := range map[string]func(ctx context.Context) error{
		"list":   func(ctx context.Context) error { _, err := h.sync.Directories(ctx); return err },
		"read":   func(ctx context.Context) error { _, err := h.sync.Directory(ctx, id); return err },
		"create": func(ctx context.Context) error { _, err := h.sync.Create(ctx, h.input()); return err },
		"update": func(ctx context.Context) error { _, err := h.sync.Update(ctx, id, 1, h.input()); return err },
		"status": func(ctx context.Context) error { return h.sync.SetStatus(ctx, id, signon.StatusOff) },
		"delete": func(ctx context.Context) error { return h.sync.Delete(ctx, id, nil) },
		"sync":   func(ctx context.Context) error { return h.sync.RequestSync(ctx, id, ldapsync.Order{}) },
		"runs":   func(ctx context.Context) error { _, err := h.sync.Runs(ctx, id, page.Request{}, false); return err },
		"check": func(ctx context.Context) error {
			_, _, err := h.sync.Check(ctx, id, h.server.Settings(), nil)
			return err
		},
	} {
		if err := try(stranger); fault.Of(err).Kind != fault.KindForbidden {
			t.Errorf("%s: %v", name, err)
		}
		wants(t, try(h.ctx), auth.ErrSignInFirst)
	}
	elsewhere := storetest.As(t, h.other, h.w, storetest.Person(t, h.other, h.w, policy.Owner))
	ran := h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	_, err := h.sync.Run(stranger, id, ran.ID)
	if fault.Of(err).Kind != fault.KindForbidden {
		t.Errorf("run: %v", err)
	}
	_, err = h.sync.Run(elsewhere, id, ran.ID)
	wants(t, err, ldapsync.ErrRunNotFound)
	_, err = h.sync.Run(h.admin, uid.New(), ran.ID)
	wants(t, err, ldapsync.ErrRunNotFound)
	if r, err := h.sync.Run(h.admin, id, ran.ID); err != nil || r.Outcome != ldapsync.OutcomeDone || len(r.Report.V) == 0 || len(r.Changes.V) == 0 {
		t.Errorf("%+v, %v", r, err)
	}
	_, err = h.sync.Directory(elsewhere, id)
	wants(t, err, ldapsync.ErrDirectoryNotFound)
	wants(t, h.sync.Delete(elsewhere, id, nil), ldapsync.ErrDirectoryNotFound)
	_, err = h.sync.Sync(h.other, id, ldapsync.Order{})
	wants(t, err, ldapsync.ErrDirectoryNotFound)
}

func TestAKeptPasswordGoesToNoOtherServer(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 1})
	thief := slapd.Start(t, slapd.Options{People: 1})
	for name, change := range map[string]func(*ldap.Settings){
		"server":    func(s *ldap.Settings) { s.URLs = []string{thief.URL} },
		"authority": func(s *ldap.Settings) { s.CACertificates = thief.CA },
		"name":      func(s *ldap.Settings) { s.ServerName = "directory.example.org" },
		"account":   func(s *ldap.Settings) { s.BindDN = slapd.RootDN },
	} {
		in := h.input()
		in.Password = nil
		change(&in.Settings.LDAP)
		_, err := h.sync.Update(h.admin, h.made.ID, 1, in)
		wants(t, err, ldapsync.ErrNoPassword)
		_, _, err = h.sync.Check(h.admin, h.made.ID, in.Settings.LDAP, nil)
		wants(t, err, ldapsync.ErrNoPassword)
		if t.Failed() {
			t.Fatal(name)
		}
	}
	if strings.Contains(thief.Log(), " BIND ") {
		t.Error("the password was sent")
	}
	in := h.input()
	in.Password, in.Name = nil, "Another name"
	d, err := h.sync.Update(h.admin, h.made.ID, 1, in)
	if err != nil || d.Revision != 2 || d.Name != "Another name" {
		t.Errorf("%+v %v", d, err)
	}
	if r, sample, err := h.sync.Check(h.admin, h.made.ID, in.Settings.LDAP, nil); err != nil || sample.People != 1 {
		t.Errorf("%v %+v %v", r, sample, err)
	}
	wrong := "not it"
	if r, _, err := h.sync.Check(h.admin, h.made.ID, in.Settings.LDAP, &wrong); err != nil || r[len(r)-1].OK {
		t.Errorf("what goes wrong at the directory stands in the report: %v %+v", err, r)
	}
	h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	_, err = h.sync.Update(h.admin, h.made.ID, 1, in)
	wants(t, err, ldapsync.ErrDirectoryChanged)
}

func TestNoSecretIsTold(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 1})
	h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	wants(t, h.sync.RequestSync(h.admin, h.made.ID, ldapsync.Order{DryRun: true}), nil)
	for _, table := range []string{"select count(*) from events where data::text like $1", "select count(*) from directory_runs where report::text || changes::text like $1",
		"select count(*) from directories where settings::text like $1 or encode(secrets, 'escape') like $1"} {
		if n := h.number(h.ctx, table, "%"+slapd.BindPassword+"%"); n != 0 {
			t.Errorf("%s shows the password", table)
		}
	}
}

func TestInputIsChecked(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 1})
	long, empty := strings.Repeat("x", 1025), ""
	for field, change := range map[string]func(*ldapsync.Input){
		"name":          func(in *ldapsync.Input) { in.Name = " " },
		"status":        func(in *ldapsync.Input) { in.Status = "maybe" },
		"password":      func(in *ldapsync.Input) { in.Password = &long },
		"every_minutes": func(in *ldapsync.Input) { in.Settings.EveryMinutes = 1 },
		"hold_percent":  func(in *ldapsync.Input) { in.Settings.HoldPercent = 101 },
		"urls":          func(in *ldapsync.Input) { in.Settings.LDAP.URLs = []string{"ldap://plain.example.org"} },
		"mapping.shoes": func(in *ldapsync.Input) { in.Mapping = auth.Mapping{{Field: "shoes", From: []string{"x"}}} },
		"role_rules.1": func(in *ldapsync.Input) {
			in.RoleRules = auth.RoleRules{Rules: []auth.RoleRule{{Group: "a", Role: policy.Owner}}}
		},
		"role_default": func(in *ldapsync.Input) { in.RoleRules = auth.RoleRules{Default: "emperor"} },
	} {
		in := h.input()
		change(&in)
		_, err := h.sync.Create(h.admin, in)
		if f := fault.Of(err); f.Kind != fault.KindInvalid || f.Fields[field] == "" || len(f.Fields) != 1 {
			t.Errorf("%s: %v %v", field, err, f.Fields)
		}
	}
	in := h.input()
	in.Password = nil
	_, err := h.sync.Create(h.admin, in)
	wants(t, err, ldapsync.ErrNoPassword)
	_, _, err = h.sync.Check(h.admin, uid.Nil, h.server.Settings(), nil)
	wants(t, err, ldapsync.ErrNoPassword)
	if _, _, err = h.sync.Check(h.admin, uid.Nil, ldap.Settings{}, nil); fault.Of(err).Fields["urls"] == "" {
		t.Errorf("nothing to try: %v", err)
	}
	nobody := uid.New()
	in = h.input()
	in.ConnectionID = &nobody
	_, err = h.sync.Create(h.admin, in)
	wants(t, err, signon.ErrConnectionNotFound)
	in.ConnectionID = nil
	in.Password = &empty
	if _, err = h.sync.Create(h.admin, in); fault.Of(err).Fields["password"] == "" {
		t.Errorf("an empty password: %v", err)
	}
	admin := storetest.As(t, h.ctx, h.w, storetest.Person(t, h.ctx, h.w, policy.Admin))
	if _, err := h.sync.Create(admin, h.input()); err != nil {
		t.Errorf("an administrator: %v", err)
	}
	if err := h.sync.SetStatus(h.admin, h.made.ID, "maybe"); fault.Of(err).Kind != fault.KindInvalid {
		t.Errorf("a status that does not exist: %v", err)
	}
}

func TestADirectoryThatIsOffIsReadOnlyToTry(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 1})
	wants(t, h.sync.SetStatus(h.admin, h.made.ID, signon.StatusOff), nil)
	_, err := h.sync.Sync(h.ctx, h.made.ID, ldapsync.Order{})
	wants(t, err, ldapsync.ErrDirectoryOff)
	wants(t, h.sync.RequestSync(h.admin, h.made.ID, ldapsync.Order{}), ldapsync.ErrDirectoryOff)
	wants(t, h.sync.RequestSync(h.admin, h.made.ID, ldapsync.Order{DryRun: true}), nil)
	h.counts(h.run(ldapsync.OutcomeDone, ldapsync.Order{DryRun: true}), ldapsync.Counts{Read: 1, Created: 1})
	if d, err := h.sync.Directory(h.admin, h.made.ID); err != nil || d.SyncedAt != nil {
		t.Errorf("a trial counts as a run: %+v %v", d, err)
	}
}

func TestARequestIsARunOfWhoAsked(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 1})
	wants(t, h.sync.RequestSync(h.admin, h.made.ID, ldapsync.Order{Confirmed: true}), nil)
	var e event.Event
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		list, err := h.w.Store.Events(ctx, event.Filter{Type: "directory.sync_requested"})
		if err == nil && len(list.Items) == 1 {
			e = list.Items[0]
		}
		return err
	})
	wants(t, err, nil)
	for range 2 { // a job may run twice
		wants(t, h.sync.Do(h.ctx, e), nil)
	}
	who, _ := auth.PrincipalFrom(h.admin)
	list, err := h.sync.Runs(h.admin, h.made.ID, page.Request{Limit: 1}, true)
	if err != nil || len(list.Items) != 1 || list.Items[0].RequestedBy == nil || *list.Items[0].RequestedBy != who.PersonID || list.Items[0].DryRun || list.Next == "" {
		t.Fatalf("%+v %v", list, err)
	}
	if list, err = h.sync.Runs(h.admin, h.made.ID, page.Request{After: list.Next}, false); err != nil || len(list.Items) != 1 || list.Items[0].Counts.V.Created != 1 || list.Items[0].Report.V != nil {
		t.Errorf("%+v %v", list, err)
	}
	e.Data = json.RawMessage(`{"dry_run":`)
	if h.sync.Do(h.ctx, e) == nil {
		t.Error("half an order is taken")
	}
	e.Data, e.SubjectID = json.RawMessage(`{}`), uid.New()
	wants(t, h.sync.Do(h.ctx, e), nil) // it is gone: nothing is to be done
}

func TestWhatIsDueIsRead(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 1}, func(in *ldapsync.Input) { in.Settings.EveryMinutes = 30 })
	runs := func() int { return h.number(h.ctx, "select count(*) from directory_runs") }
	for _, step := range []struct {
		later time.Duration
		want  int
	}{{0, 1}, {29 * time.Minute, 1}, {time.Minute, 2}, {time.Minute, 2}} {
		h.w.Now.Advance(step.later)
		if err := h.sync.SyncDue(h.ctx); err != nil || runs() != step.want {
			t.Fatalf("after %s more: %d runs, want %d, %v", step.later, runs(), step.want, err)
		}
	}
	wants(t, h.sync.SetStatus(h.admin, h.made.ID, signon.StatusOff), nil)
	h.w.Now.Advance(time.Hour)
	if err := h.sync.SyncDue(h.ctx); err != nil || runs() != 2 {
		t.Errorf("one that is off was read: %v", err)
	}
	h.server.Stop()
	wants(t, h.sync.SetStatus(h.admin, h.made.ID, signon.StatusOn), nil)
	if err := h.sync.SyncDue(h.ctx); err != nil || runs() != 3 {
		t.Errorf("a server that is down is the run's to tell: %v", err)
	}
	wants(t, h.sync.SyncDue(h.other), nil)
}

func TestTheLastRunsAreKept(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 1})
	for range ldapsync.RunsKept + 3 {
		h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	}
	if n := h.number(h.ctx, "select count(*) from directory_runs"); n != ldapsync.RunsKept {
		t.Errorf("%d runs are kept", n)
	}
}

func TestPeopleAndRolesStayWhenTheirDirectoryIsRemoved(t *testing.T) {
	t.Parallel()
	h := setup(t, slapd.Options{People: 1})
	h.server.AddGroup("heads", "person0001")
	h.run(ldapsync.OutcomeDone, ldapsync.Order{})
	typed := "head office"
	if err := h.sync.Delete(h.admin, h.made.ID, &typed); fault.Of(err).Fields["confirm"] == "" {
		t.Errorf("another name deletes: %v", err)
	}
	typed = " Head office "
	wants(t, h.sync.Delete(h.admin, h.made.ID, &typed), nil)
	p := h.person("person0001")
	if p.Status != auth.PersonActive || len(p.Roles) != 1 || len(h.groups(p)) != 0 {
		t.Errorf("%+v", p)
	}
	if n := h.number(h.ctx, "select count(*) from person_roles where source is not null") + h.number(h.ctx, "select count(*) from directory_runs"); n != 0 {
		t.Errorf("%d things hang on nothing", n)
	}
	_, err := h.sync.Directory(h.admin, h.made.ID)
	wants(t, err, ldapsync.ErrDirectoryNotFound)
	if h.events("directory.created") != 1 || h.events("directory.deleted") != 1 {
		t.Error("not told")
	}
}
