package themes_test

import (
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/ldapsync"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/page"
	"lyceum/themes"
)

// ldapDirectory is one that is on, with everything set.
func ldapDirectory() ldapsync.Directory {
	read := now.Add(-12 * time.Minute)
	d := ldapsync.Directory{
		ID: id("ldap"), Kind: ldapsync.Kind, Name: "Head office", Status: signon.StatusOn, Revision: 3, SyncedAt: &read, Secrets: []byte("sealed"),
		Mapping:   signon.JSON[auth.Mapping]{V: auth.Mapping{{Field: "department", From: []string{"costCenter", "department"}}}},
		RoleRules: signon.JSON[auth.RoleRules]{V: auth.RoleRules{Rules: []auth.RoleRule{{Group: "Trainers", Role: policy.Instructor}}, Default: policy.Learner}},
	}
	d.Settings.V = ldapsync.Settings{LDAP: ldap.Settings{
		Kind: ldap.KindActiveDirectory, URLs: []string{"ldaps://dc1.acme.example", "ldaps://dc2.acme.example"}, BindDN: "svc-lyceum@acme.example",
		BaseDN: "ou=people,dc=acme,dc=example", SyncFilter: "(&(objectCategory=person)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))",
	}, EveryMinutes: 30}
	return d
}

// ldapRuns are runs that look different.
func ldapRuns() (held, dry, done, failed, running ldapsync.Run) {
	at := func(ago time.Duration) (time.Time, *time.Time) {
		start, end := now.Add(-ago), now.Add(20*time.Second-ago)
		return start, &end
	}
	who := id("asker")
	person := func(n int) string { return fmt.Sprintf("cn=Person %d,ou=people,dc=acme,dc=example", n) }
	held = ldapsync.Run{ID: id("run1"), Outcome: ldapsync.OutcomeHeld, Problem: "240 people would be deactivated at once, more than 20 of a hundred. Look at who they are; if it is right, let it happen."}
	held.StartedAt, held.EndedAt = at(12 * time.Minute)
	held.Counts.V = ldapsync.Counts{Read: 812, Unchanged: 800, Created: 3, Updated: 9, Held: 240, Passed: 1, Groups: 14, GroupsMoved: 2}
	held.Changes.V = []ldapsync.Change{
		{Who: person(1), What: ldapsync.WhatCreated, Detail: "person1@acme.example"}, {Who: person(2), What: ldapsync.WhatUpdated, Detail: "title, department"},
		{Who: person(3), What: ldapsync.WhatPassed, Detail: "the mapping makes no e-mail address of the entry"}, {Who: "Trainers", What: ldapsync.WhatGroup, Detail: "+2 −1 people"},
		{Who: person(4), What: ldapsync.WhatHeld, Detail: "the directory has them no more"}, {Who: person(5), What: ldapsync.WhatHeld, Detail: "the directory says that the account is disabled"},
	}
	held.Report.V = auth.Report{
		{Name: "groups_connect", OK: true, Detail: "ldaps://dc1.acme.example"}, {Name: "groups_groups", OK: true, Detail: "14"},
		{Name: "people_connect", OK: true, Detail: "ldaps://dc1.acme.example"}, {Name: "people_people", OK: true, Detail: "812"},
	}
	dry = held
	dry.ID, dry.DryRun, dry.RequestedBy, dry.Outcome, dry.Problem = id("run2"), true, &who, ldapsync.OutcomeDone, ""
	dry.StartedAt, dry.EndedAt = at(time.Hour)
	dry.Counts.V = ldapsync.Counts{Read: 812, Created: 3, Linked: 2, Updated: 1, Reactivated: 1, Deactivated: 1}
	done = ldapsync.Run{ID: id("run3"), Outcome: ldapsync.OutcomeDone}
	done.StartedAt, done.EndedAt = at(2 * time.Hour)
	done.Counts.V = ldapsync.Counts{Read: 812, Unchanged: 812}
	failed = ldapsync.Run{ID: id("run4"), Outcome: ldapsync.OutcomeFailed, Problem: "ldaps://dc1.acme.example: the server does not answer"}
	failed.StartedAt, failed.EndedAt = at(3 * time.Hour)
	failed.Report.V = auth.Report{{Name: "groups_connect", Detail: "ldaps://dc1.acme.example: the server does not answer"}}
	running = ldapsync.Run{ID: id("run5"), Outcome: ldapsync.OutcomeRunning, StartedAt: now}
	return held, dry, done, failed, running
}

func ldapSpecimens(w *world) []specimen {
	d := ldapDirectory()
	fresh, off := d, d
	fresh.Name, fresh.Status, fresh.SyncedAt = "Branch in Lyon", signon.StatusDryRun, nil
	off.Status, off.Problem = signon.StatusOff, "ldaps://dc1.acme.example: the server does not answer"
	held, dry, done, failed, running := ldapRuns()
	roles := []policy.Role{policy.Admin, policy.Instructor, policy.Manager, policy.Learner}
	at := func(rest string) themes.View { return w.portal(themes.LDAPAddress(d)+rest, may()) }
	good := &signon.CheckedDirectory{OK: true, Report: auth.Report{
		{Name: "connect", OK: true, Detail: "ldaps://dc1.acme.example"}, {Name: "tls", OK: true, Detail: "TLS 1.3"}, {Name: "bind", OK: true, Detail: "svc-lyceum@acme.example"},
		{Name: "base", OK: true, Detail: "ou=people,dc=acme,dc=example can be read"}, {Name: "people", OK: true, Detail: "812"},
	}, Sample: ldap.Sample{People: 812, DN: "cn=Maya Chen,ou=people,dc=acme,dc=example", Attributes: []string{"cn", "mail", "sn"}, Missing: []string{"employeeID", "manager"}}}
	bad := &signon.CheckedDirectory{Report: auth.Report{{Name: "connect", Detail: "ldaps://dc1.acme.example: the server does not answer"}}}
	empty := themes.LDAPNewPage{Form: themes.LDAPDirectoryForm{Role: "learner", LDAP: themes.LDAPForm{Kind: "active_directory"}}, Roles: roles}
	wrong, checked := empty, empty
	wrong.Problem = refused(map[string]string{
		"name": "Enter a name.", "urls": "Passwords are not sent in clear: use ldaps://, or ldap:// with StartTLS switched on.", "every_minutes": "Choose 5 to 1440 minutes.",
		"base_dn": "Write a distinguished name, such as ou=people,dc=example,dc=com.", "role_default": "No directory makes owners. Choose another role.",
		"password": "Give the service account's password, at most 1024 bytes.", "subject_attribute": "Write the name of one attribute, such as entryUUID.",
	})
	checked.Form, checked.Checked = themes.LDAPDirectoryFormOf(d), good
	settings := themes.LDAPSettingsPage{Directory: d, Form: themes.LDAPDirectoryFormOf(d), Connections: []signon.Connection{{ID: id("idp"), Name: "Company account"}}}
	again, tried := settings, settings
	again.Problem, tried.Checked = ldapsync.ErrNoPassword, bad
	mapping := themes.LDAPMappingPage{Directory: d, Form: themes.LDAPMappingFormOf(d), Roles: roles}
	mistaken := mapping
	mistaken.Problem = refused(map[string]string{"role_rules.1": "There is no such role. Choose one from the list.", "mapping.department": "Name 1 to 10 claims."})
	runs := func(list ...ldapsync.Run) page.Of[ldapsync.Run] { return page.Of[ldapsync.Run]{Items: list} }
	return []specimen{
		{"ldap-new", at("/new"), empty},
		{"ldap-new-wrong", at("/new"), wrong},
		{"ldap-new-checked", at("/new"), checked},
		{"ldap-directory", at(""), themes.LDAPDirectoryPage{Directory: d, First: true, Runs: runs(running, done, dry, failed)}},
		{"ldap-directory-held", at(""), themes.LDAPDirectoryPage{Directory: d, First: true, Runs: runs(dry, held, done)}},
		{"ldap-directory-fresh", at(""), themes.LDAPDirectoryPage{Directory: fresh, First: true}},
		{"ldap-directory-off", at(""), themes.LDAPDirectoryPage{Directory: off, First: true, Runs: page.Of[ldapsync.Run]{Items: []ldapsync.Run{failed}, Next: "more"}, Problem: ldapsync.ErrDirectoryOff}},
		{"ldap-run-held", at("/runs/x"), themes.LDAPRunPage{Directory: d, Run: held, Latest: true}},
		{"ldap-run-dry", at("/runs/x"), themes.LDAPRunPage{Directory: d, Run: dry}},
		{"ldap-run-failed", at("/runs/x"), themes.LDAPRunPage{Directory: d, Run: failed}},
		{"ldap-run-running", at("/runs/x"), themes.LDAPRunPage{Directory: d, Run: running}},
		{"ldap-settings", at("/settings"), settings},
		{"ldap-settings-password", at("/settings"), again},
		{"ldap-settings-tried", at("/settings"), tried},
		{"ldap-mapping", at("/mapping"), mapping},
		{"ldap-mapping-wrong", at("/mapping"), mistaken},
		{"ldap-delete", at("/delete"), themes.LDAPDeletePage{Directory: d}},
		{"ldap-delete-wrong", at("/delete"), themes.LDAPDeletePage{Directory: d, Confirm: "head", Problem: refused(map[string]string{"confirm": "Type the directory's name exactly as it stands above."})}},
	}
}
