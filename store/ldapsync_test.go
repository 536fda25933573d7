package store_test

import (
	"context"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/ldapsync"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

// ldapDirectory adds a directory to the tenant of ctx.
func ldapDirectory(t *testing.T, w *storetest.World, ctx context.Context, name string) ldapsync.Directory {
	t.Helper()
	now := w.Now.Now()
	d := ldapsync.Directory{
		ID: uid.New(), Kind: ldapsync.Kind, Name: name, Status: signon.StatusOn, Secrets: []byte{1, 2}, Revision: 1, CreatedAt: now, UpdatedAt: now,
		Settings:  signon.JSON[ldapsync.Settings]{V: ldapsync.Settings{LDAP: ldap.Settings{BaseDN: "dc=example,dc=org"}, EveryMinutes: 30}},
		RoleRules: signon.JSON[auth.RoleRules]{V: auth.RoleRules{Default: policy.Learner}},
	}
	within(t, w, ctx, func(ctx context.Context) error { return w.Store.InsertLDAPDirectory(ctx, d) })
	return d
}

func TestLDAPDirectoriesStayInTheirTenant(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	d := ldapDirectory(t, w, mine, "Head office")
	ldapDirectory(t, w, other, "Another's")
	within(t, w, mine, func(ctx context.Context) error {
		list, err := w.Store.LDAPDirectories(ctx)
		if err != nil || len(list) != 1 || list[0].ID != d.ID || list[0].Settings.V.EveryMinutes != 30 || len(list[0].Secrets) != 2 || list[0].RoleRules.V.Default != policy.Learner {
			t.Errorf("%+v %v", list, err)
		}
		d.Name, d.Revision = "Head office, new", 2
		if err := w.Store.SetLDAPDirectory(ctx, d, 1); err != nil {
			return err
		}
		if err := w.Store.SetLDAPSynced(ctx, d.ID, w.Now.Now(), "slow"); err != nil {
			return err
		}
		got, err := w.Store.LDAPDirectory(ctx, d.ID)
		if got.Name != d.Name || got.Problem != "slow" || got.SyncedAt == nil {
			t.Errorf("%+v", got)
		}
		return err
	})
	meets(t, w, mine, ldapsync.ErrDirectoryChanged, func(ctx context.Context) error { return w.Store.SetLDAPDirectory(ctx, d, 1) })
	for _, try := range []func(ctx context.Context) error{
		func(ctx context.Context) error { _, err := w.Store.LDAPDirectory(ctx, d.ID); return err },
		func(ctx context.Context) error { return w.Store.SetLDAPSynced(ctx, d.ID, w.Now.Now(), "") },
		func(ctx context.Context) error { return w.Store.DeleteLDAPDirectory(ctx, d.ID) },
	} {
		meets(t, w, other, ldapsync.ErrDirectoryNotFound, try)
	}
	within(t, w, mine, func(ctx context.Context) error { return w.Store.DeleteLDAPDirectory(ctx, d.ID) })
	meets(t, w, mine, ldapsync.ErrDirectoryNotFound, func(ctx context.Context) error { return w.Store.DeleteLDAPDirectory(ctx, d.ID) })
}

func TestRecordsOfADirectoryStayInTheirTenantAndDirectory(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	d, second := ldapDirectory(t, w, mine, "First"), ldapDirectory(t, w, mine, "Second")
	boss, p := storetest.Person(t, mine, w, policy.Learner), storetest.Person(t, mine, w, policy.Learner)
	now := w.Now.Now()
	r := ldapsync.Record{DirectoryID: d.ID, PersonID: p.ID, ExternalID: "s1", UserName: "anna", Active: true, Revision: 1, CreatedAt: now, UpdatedAt: now}
	r.Resource.V = ldapsync.Resource{DN: "uid=anna", Claims: map[string][]string{"mail": {"a@example.org"}}, Made: true}
	within(t, w, mine, func(ctx context.Context) error {
		if err := w.Store.PutSubjectRecord(ctx, r); err != nil {
			return err
		}
		r.ExternalID = "s2" // the same person under another entry
		if err := w.Store.PutSubjectRecord(ctx, r); err != nil {
			return err
		}
		found, err := w.Store.SubjectRecords(ctx, d.ID, []string{"s1", "s2"})
		if err != nil || len(found) != 1 || found[0].ExternalID != "s2" || !found[0].Resource.V.Made || found[0].Resource.V.Claims["mail"][0] != "a@example.org" {
			t.Errorf("%+v %v", found, err)
		}
		active, err := w.Store.ActiveRecords(ctx, d.ID, uid.Nil, 10)
		if err != nil || len(active) != 1 || active[0].Resource.V.DN != "uid=anna" || active[0].Resource.V.Claims != nil {
			t.Errorf("%+v %v", active, err)
		}
		if n, err := w.Store.CountActiveRecords(ctx, d.ID); n != 1 || err != nil {
			t.Errorf("%d %v", n, err)
		}
		if who, err := w.Store.NamedRecord(ctx, d.ID, "anna"); who != p.ID || err != nil {
			t.Errorf("%s %v", who, err)
		}
		r.Active = false
		if err := w.Store.SetSubjectRecord(ctx, r); err != nil {
			return err
		}
		if n, err := w.Store.CountActiveRecords(ctx, d.ID); n != 0 || err != nil {
			t.Errorf("%d %v", n, err)
		}
		p.ManagerID = &boss.ID
		if err := w.Store.SetProvisioned(ctx, p); err != nil {
			return err
		}
		managers, err := w.Store.ManagersOf(ctx, []uid.ID{p.ID, boss.ID})
		if len(managers) != 1 || managers[p.ID] != boss.ID {
			t.Errorf("%v", managers)
		}
		return err
	})
	for _, there := range []struct {
		ctx context.Context
		id  uid.ID
	}{{mine, second.ID}, {other, d.ID}} {
		meets(t, w, there.ctx, auth.ErrPersonNotFound, func(ctx context.Context) error {
			if found, err := w.Store.SubjectRecords(ctx, there.id, []string{"s2"}); err != nil || len(found) != 0 {
				t.Errorf("%+v %v", found, err)
			}
			if who, err := w.Store.NamedRecord(ctx, there.id, "anna"); who != uid.Nil || err != nil {
				t.Errorf("%s %v", who, err)
			}
			_, err := w.Store.RecordOfPerson(ctx, there.id, p.ID)
			return err
		})
	}
}

func TestADirectoryHasOneRunAtATime(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	d := ldapDirectory(t, w, mine, "First")
	now := w.Now.Now()
	run := func() ldapsync.Run {
		return ldapsync.Run{ID: uid.New(), DirectoryID: d.ID, StartedAt: now, BeatAt: now, Outcome: ldapsync.OutcomeRunning}
	}
	first := run()
	within(t, w, mine, func(ctx context.Context) error { return w.Store.BeginDirectoryRun(ctx, first, now) })
	meets(t, w, mine, ldapsync.ErrRunning, func(ctx context.Context) error { return w.Store.BeginDirectoryRun(ctx, run(), now) })
	meets(t, w, other, ldapsync.ErrRunOver, func(ctx context.Context) error { return w.Store.BeatDirectoryRun(ctx, first.ID, now) })
	within(t, w, mine, func(ctx context.Context) error {
		if err := w.Store.BeatDirectoryRun(ctx, first.ID, now.Add(time.Minute)); err != nil {
			return err
		}
		first.EndedAt, first.Outcome = &now, ldapsync.OutcomeDone
		first.Counts.V.Read, first.Changes.V = 7, []ldapsync.Change{{Who: "anna", What: ldapsync.WhatCreated}}
		return w.Store.EndDirectoryRun(ctx, first)
	})
	meets(t, w, mine, ldapsync.ErrRunOver, func(ctx context.Context) error { return w.Store.EndDirectoryRun(ctx, first) })
	within(t, w, mine, func(ctx context.Context) error {
		list, err := w.Store.DirectoryRuns(ctx, d.ID, page.Request{}, true)
		if err != nil || len(list.Items) != 1 || list.Items[0].Counts.V.Read != 7 || list.Items[0].Changes.V[0].Who != "anna" || list.Items[0].Outcome != ldapsync.OutcomeDone {
			t.Errorf("%+v %v", list, err)
		}
		return w.Store.BeginDirectoryRun(ctx, run(), now)
	})
	within(t, w, other, func(ctx context.Context) error {
		list, err := w.Store.DirectoryRuns(ctx, d.ID, page.Request{}, true)
		if len(list.Items) != 0 {
			t.Errorf("another tenant reads %+v", list)
		}
		return err
	})
}
