package themes_test

import (
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/policy"
	"lyceum/auth/scim"
	"lyceum/auth/signon"
	"lyceum/internal/page"
	"lyceum/themes"
)

func directorySpecimens(w *world) []specimen {
	used, idp := now.Add(-20*time.Minute), id("idp")
	d := scim.Directory{
		ID: id("dir"), Kind: scim.KindSCIM, Name: "Entra ID", Status: signon.StatusOn, Mode: scim.ModeEntra, Revision: 4, SyncedAt: &used, ConnectionID: &idp,
		Mapping:   signon.JSON[auth.Mapping]{V: auth.Mapping{{Field: "department", From: []string{"costCenter", "department"}}}},
		RoleRules: signon.JSON[auth.RoleRules]{V: auth.RoleRules{Rules: []auth.RoleRule{{Group: "Trainers", Role: policy.Instructor}, {Group: "Heads of department", Role: policy.Manager}}, Default: policy.Learner}},
	}
	fresh, okta := d, d
	fresh.Name, fresh.Mode, fresh.Status, fresh.SyncedAt = "Test directory", scim.ModeStandard, signon.StatusOff, nil
	okta.Name, okta.Mode, okta.Status = "Okta", scim.ModeOkta, signon.StatusDryRun
	roles := []policy.Role{policy.Admin, policy.Instructor, policy.Manager, policy.Learner}
	at := func(rest string) themes.View { return w.portal("/settings/directories/"+d.ID.String()+rest, may()) }
	tokens := []scim.Token{
		{ID: id("t1"), DirectoryID: d.ID, Name: "2026", Prefix: "lyd_9fQ2Xm", ExpiresAt: now.AddDate(0, 8, 0), LastUsedAt: &used},
		{ID: id("t2"), DirectoryID: d.ID, Name: "2025", Prefix: "lyd_Tz81aa", ExpiresAt: now.AddDate(0, -1, 0)},
	}
	connect := themes.DirectoryPage{Directory: d, BaseURL: "https://acme.lyceum.example/scim/v2", Tokens: tokens, Form: themes.TokenForm{Days: "365"}}
	secret, bare, wrong := connect, connect, connect
	secret.Secret = "lyd_9fQ2XmT5k0vR8bYw3sNz1cHgJ7pLdEaU4oIqK6xWtVe"
	bare.Directory, bare.Tokens = fresh, nil
	wrong.Directory, wrong.Problem = okta, refused(map[string]string{"name": "Enter a name."})
	settings := themes.DirectorySettingsPage{Directory: d, Form: themes.NewDirectoryFormOf(d), Roles: roles, Connections: []signon.Connection{{ID: idp, Name: "Entra ID (SAML)"}}}
	bad := settings
	bad.Problem = refused(map[string]string{"role_rules.2": "There is no such role. Choose one from the list.", "mapping.department": "Name 1 to 10 claims.", "role_default": "No directory makes owners. Choose another role."})
	people := page.Of[scim.Listed]{Items: []scim.Listed{
		{Person: w.people[0], UserName: "maya@acme.example", Active: true, Groups: []string{"Everyone", "Trainers"}}, {Person: w.people[6], UserName: "lars", Active: false},
	}, Next: "more"}
	changed := scim.Outcome{Changes: []scim.Change{{Subject: "maya@acme.example", Field: "title", Before: "Clerk", After: "Head of sales"}, {Subject: "maya@acme.example", Field: "roles", Before: "learner", After: "instructor"}}, Notes: []string{`"shoeSize" is unknown here and was passed over`}}
	done := scim.Logged{
		ID: id("r1"), DirectoryID: d.ID, Method: "PATCH", Path: "/Users/" + w.people[0].ID.String(), Status: 204, Millis: 12, At: used, Outcome: signon.JSON[scim.Outcome]{V: changed},
		Request: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"title","value":"Head of sales"}]}`,
	}
	tried, cut := done, done
	tried.ID, tried.Method, tried.Path, tried.Status, tried.DryRun, tried.Response = id("r2"), "POST", "/Users", 409, true, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"409","scimType":"uniqueness","detail":"The userName \"maya\" is taken in this directory."}`
	tried.Outcome.V = scim.Outcome{}
	cut.Outcome.V = scim.Outcome{Cut: true}
	requests := page.Of[scim.Logged]{Items: []scim.Logged{done, tried}, Next: "more"}
	server, late := ldapDirectory(), ldapDirectory()
	late.Name, late.Problem, late.Settings.V.LDAP.Kind = "Branch in Lyon", "the server does not answer", ldap.KindOpenLDAP
	rows := []themes.DirectoryRow{themes.LDAPRowOf(late), themes.DirectoryRowOf(d), themes.LDAPRowOf(server), themes.DirectoryRowOf(okta), themes.DirectoryRowOf(fresh)}
	return []specimen{
		{"directories", w.portal("/settings/directories", may()), themes.DirectoriesPage{Directories: rows, Roles: roles, Form: themes.NewDirectoryForm{Mode: scim.ModeEntra, Role: "learner"}}},
		{"directories-none", w.portal("/settings/directories", may()), themes.DirectoriesPage{Roles: roles}},
		{"directories-wrong", w.portal("/settings/directories", may()), themes.DirectoriesPage{Add: true, Roles: roles, Problem: refused(map[string]string{"name": "Enter a name.", "mode": "Choose who will send the requests: Entra ID, Okta, or a client that keeps to the standard."})}},
		{"directory", at(""), connect},
		{"directory-secret", at(""), secret},
		{"directory-fresh", at(""), bare},
		{"directory-wrong", at(""), wrong},
		{"directory-settings", at("/settings"), settings},
		{"directory-settings-wrong", at("/settings"), bad},
		{"directory-people", at("/people"), themes.DirectoryPeoplePage{Directory: d, People: people}},
		{"directory-people-none", at("/people"), themes.DirectoryPeoplePage{Directory: fresh, Form: themes.LinkForm{Email: "maya@acme.example", UserName: "maya"}, Problem: scim.ErrLinkedAlready}},
		{"directory-groups", at("/groups"), themes.DirectoryGroupsPage{Directory: d, Groups: page.Of[scim.ListedGroup]{Items: []scim.ListedGroup{{Group: auth.Group{ID: id("g"), Name: "Trainers"}, Members: 12, Role: policy.Instructor}, {Group: auth.Group{Name: "Canteen"}, Members: 0}}}}},
		{"directory-groups-none", at("/groups"), themes.DirectoryGroupsPage{Directory: fresh}},
		{"directory-requests", at("/requests"), themes.DirectoryRequestsPage{Directory: d, Requests: requests}},
		{"directory-requests-none", at("/requests"), themes.DirectoryRequestsPage{Directory: fresh}},
		{"directory-request", at("/requests/x"), themes.DirectoryRequestPage{Directory: d, Request: done}},
		{"directory-request-refused", at("/requests/x"), themes.DirectoryRequestPage{Directory: okta, Request: tried}},
		{"directory-request-cut", at("/requests/x"), themes.DirectoryRequestPage{Directory: d, Request: cut, Problem: scim.ErrRequestCut}},
		{"directory-request-tried", at("/requests/x"), themes.DirectoryRequestPage{Directory: d, Request: done, Replayed: &scim.Response{Status: 200, Body: []byte(`{"id":"7"}`), Outcome: changed, DryRun: true}}},
		{"directory-request-replayed", at("/requests/x"), themes.DirectoryRequestPage{Directory: d, Request: done, Replayed: &scim.Response{Status: 409, Body: []byte(`{"status":"409"}`)}}},
	}
}
