package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/ldapsync"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

// LDAPServer is how an LDAP server is asked. What is left out is filled in by its make.
type LDAPServer struct {
	Kind             ldap.Kind `json:"kind,omitempty" enum:"active_directory,openldap,other" doc:"Whose make it is. Left out means other."`
	URLs             []string  `json:"urls" doc:"The servers of one directory, in the order in which they are tried: ldaps://host, or ldap://host with start_tls." example:"ldaps://dc1.example.com"`
	StartTLS         bool      `json:"start_tls,omitempty" doc:"Turns ldap:// into TLS before anything is said."`
	CACertificates   string    `json:"ca_certificates,omitempty" doc:"PEM certificates of a private authority. When there are any, no other authority counts."`
	ServerName       string    `json:"server_name,omitempty" doc:"The name that the certificate must be for, where it is not the URL's host."`
	BindDN           string    `json:"bind_dn" doc:"The service account that searches." example:"cn=reader,ou=services,dc=example,dc=com"`
	BaseDN           string    `json:"base_dn" doc:"The entry below which people are looked for." example:"ou=people,dc=example,dc=com"`
	UserFilter       string    `json:"user_filter,omitempty" doc:"Finds who signs in; {login} is what they typed. Reading people does not use it."`
	SyncFilter       string    `json:"sync_filter,omitempty" doc:"Finds all people who shall have an account." example:"(objectClass=person)"`
	GroupBaseDN      string    `json:"group_base_dn,omitempty" doc:"The entry below which groups are looked for. Left out means base_dn."`
	GroupFilter      string    `json:"group_filter,omitempty" doc:"Finds all groups that count."`
	MemberAttribute  string    `json:"member_attribute,omitempty" doc:"Names a group's members." example:"member"`
	SubjectAttribute string    `json:"subject_attribute,omitempty" doc:"Names a person or group for ever." example:"entryUUID"`
	Attributes       []string  `json:"attributes,omitempty" doc:"What is read of people, beside what the mapping looks at."`
	PageSize         int       `json:"page_size,omitempty" doc:"Entries asked for at a time: 1 to 1000. Left out means 500."`
	TimeoutSeconds   int       `json:"timeout_seconds,omitempty" doc:"Bounds each question: 1 to 120. Left out means 10."`
}

// LDAPReading is how and when people are read.
type LDAPReading struct {
	LDAPServer
	EveryMinutes      int    `json:"every_minutes,omitempty" doc:"Between the end of a run and the next: 5 to 1440. Left out means 60."`
	HoldPercent       int    `json:"hold_percent,omitempty" doc:"How many of a hundred people a run may deactivate; beyond it nobody is, until somebody confirms. Up to five always may be. Left out means 20."`
	UserNameAttribute string `json:"user_name_attribute,omitempty" doc:"What the directory calls people. Left out means uid, or userPrincipalName at Active Directory."`
	ManagerAttribute  string `json:"manager_attribute,omitempty" doc:"Has the name of a person's manager. Left out means manager."`
}

func (in LDAPReading) settings() ldapsync.Settings {
	return ldapsync.Settings{
		LDAP: ldap.Settings(in.LDAPServer), EveryMinutes: in.EveryMinutes, HoldPercent: in.HoldPercent, UserNameAttribute: in.UserNameAttribute,
		ManagerAttribute: in.ManagerAttribute,
	}
}

// ldapDirectory is an LDAP server that is read for people. Its password is never told.
type ldapDirectory struct {
	ID           uid.ID        `json:"id"`
	Name         string        `json:"name"`
	Status       signon.Status `json:"status" enum:"off,dry_run,on"`
	ConnectionID *uid.ID       `json:"connection_id,omitempty" doc:"The connection by which the same people sign in."`
	LDAPReading
	Mapping     []fieldRule `json:"mapping" doc:"Laid over the usual one of the make, field by field."`
	RoleRules   []roleRule  `json:"role_rules" doc:"The first whose group a person is in decides."`
	RoleDefault policy.Role `json:"role_default,omitempty" doc:"For who is in none of the groups."`
	Revision    int         `json:"revision" doc:"Counts changes: a change names the one it was made on."`
	SyncedAt    *time.Time  `json:"synced_at,omitempty" doc:"When the last run ended."`
	Problem     string      `json:"problem,omitempty" doc:"Why the last run did not do all."`
	CreatedAt   time.Time   `json:"created_at"`
	UpdatedAt   time.Time   `json:"updated_at"`
}

// ldapDirectoryInput is an LDAP directory as it is wished.
type ldapDirectoryInput struct {
	Name         string        `json:"name" example:"Head office"`
	Status       signon.Status `json:"status" enum:"off,dry_run,on"`
	ConnectionID *uid.ID       `json:"connection_id,omitempty"`
	LDAPReading
	Password    *string     `json:"password,omitempty" doc:"The service account's. Left out keeps the one that is kept, where it goes to the same servers and account."`
	Mapping     []fieldRule `json:"mapping,omitempty"`
	RoleRules   []roleRule  `json:"role_rules,omitempty"`
	RoleDefault policy.Role `json:"role_default,omitempty"`
}

func (in ldapDirectoryInput) input() ldapsync.Input {
	out := ldapsync.Input{
		Name: in.Name, Status: in.Status, ConnectionID: in.ConnectionID, Settings: in.settings(), Password: in.Password, RoleRules: auth.RoleRules{Default: in.RoleDefault},
	}
	for _, r := range in.Mapping {
		out.Mapping = append(out.Mapping, auth.FieldRule(r))
	}
	for _, r := range in.RoleRules {
		out.RoleRules.Rules = append(out.RoleRules.Rules, auth.RoleRule(r))
	}
	return out
}

// ldapCheck is one thing that was tried.
type ldapCheck struct {
	Name   string `json:"name" example:"bind"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty" doc:"In English."`
}

// ldapTry is settings to be tried.
type ldapTry struct {
	LDAPServer
	Password *string `json:"password,omitempty" doc:"Left out takes the one that is kept, where it goes to the same servers and account."`
}

// ldapTried is what a try saw. It holds no value of anybody's attributes but their name in the directory.
type ldapTried struct {
	OK         bool        `json:"ok"`
	Checks     []ldapCheck `json:"checks"`
	People     int         `json:"people" doc:"How many the filter finds, counted to a thousand."`
	More       bool        `json:"more" doc:"There are more than that."`
	Sample     string      `json:"sample,omitempty" doc:"The name of one of them."`
	Attributes []string    `json:"attributes" doc:"Names of what the service account sees of the sample."`
	Missing    []string    `json:"missing" doc:"Names of what was asked for and is not among them."`
}

// ldapOrder is a wish for a run.
type ldapOrder struct {
	DryRun    bool `json:"dry_run,omitempty" doc:"Changes nothing, and tells what would change."`
	Confirmed bool `json:"confirmed,omitempty" doc:"Deactivates however many people it is."`
}

// ldapCounts are people and groups by what a run did with them, or in a dry run would have done.
type ldapCounts struct {
	Read        int `json:"read"`
	Unchanged   int `json:"unchanged"`
	Created     int `json:"created"`
	Linked      int `json:"linked" doc:"Accounts that were here already."`
	Updated     int `json:"updated"`
	Reactivated int `json:"reactivated"`
	Deactivated int `json:"deactivated"`
	Held        int `json:"held" doc:"Would be deactivated and are not: too many at once."`
	Passed      int `json:"passed" doc:"Passed over."`
	Groups      int `json:"groups"`
	GroupsMoved int `json:"groups_moved" doc:"Groups made, renamed, removed, or with other members."`
}

// ldapChange is one thing that a run did, or in a dry run would have done.
type ldapChange struct {
	Who    string `json:"who" doc:"The distinguished name, or a group's name."`
	What   string `json:"what" enum:"created,linked,updated,reactivated,deactivated,held,passed,noted,group"`
	Detail string `json:"detail,omitempty" doc:"In English."`
}

// ldapRun is one reading of a directory.
type ldapRun struct {
	ID          uid.ID           `json:"id"`
	DryRun      bool             `json:"dry_run"`
	RequestedBy *uid.ID          `json:"requested_by,omitempty" doc:"Left out: the schedule."`
	StartedAt   time.Time        `json:"started_at"`
	EndedAt     *time.Time       `json:"ended_at,omitempty"`
	Outcome     ldapsync.Outcome `json:"outcome" enum:"running,done,held,incomplete,failed"`
	Problem     string           `json:"problem,omitempty"`
	Counts      ldapCounts       `json:"counts"`
}

// ldapWholeRun is a run with all that is kept of it.
type ldapWholeRun struct {
	ID          uid.ID           `json:"id"`
	DryRun      bool             `json:"dry_run"`
	RequestedBy *uid.ID          `json:"requested_by,omitempty" doc:"Left out: the schedule."`
	StartedAt   time.Time        `json:"started_at"`
	EndedAt     *time.Time       `json:"ended_at,omitempty"`
	Outcome     ldapsync.Outcome `json:"outcome" enum:"running,done,held,incomplete,failed"`
	Problem     string           `json:"problem,omitempty"`
	Counts      ldapCounts       `json:"counts"`
	Changes     []ldapChange     `json:"changes" doc:"The first 500."`
	Checks      []ldapCheck      `json:"checks" doc:"What the directory answered."`
}

type ldapIn struct {
	ID uid.ID `path:"directory" doc:"The directory's id."`
}

type ldapPostIn struct{ Body ldapDirectoryInput }

type ldapPutIn struct {
	ID       uid.ID `path:"directory" doc:"The directory's id."`
	Revision int    `query:"revision" required:"true" minimum:"1" doc:"The revision that the change was made on."`
	Body     ldapDirectoryInput
}

type ldapOut struct{ Body ldapDirectory }

type createdLDAPOut struct {
	Location string `header:"Location"`
	Body     ldapDirectory
}

type ldapTryNewIn struct{ Body ldapTry }

type ldapTryIn struct {
	ID   uid.ID `path:"directory" doc:"The directory's id."`
	Body ldapTry
}

type ldapTriedOut struct{ Body ldapTried }

type ldapOrderIn struct {
	ID   uid.ID `path:"directory" doc:"The directory's id."`
	Body ldapOrder
}

type ldapRunsIn struct {
	Paging
	ID uid.ID `path:"directory" doc:"The directory's id."`
}

type ldapRunIn struct {
	ID  uid.ID `path:"directory" doc:"The directory's id."`
	Run uid.ID `path:"run" doc:"The run's id."`
}

type ldapRunOut struct{ Body ldapWholeRun }

func (a *api) ldapOperations() {
	manage := route.For(policy.ConnectionManage)
	on(a, operation{method: get, path: "/ldap-directories", id: "list-ldap-directories", tag: tagLDAP, need: manage, summary: "The portal's LDAP directories, by name"},
		func(ctx context.Context, _ *nothing) (*pageOut[ldapDirectory], error) {
			list, err := a.LDAPSync.Directories(ctx)
			if err != nil {
				return nil, err
			}
			return whole(ctx, list, showLDAPDirectory), nil
		})
	on(a, operation{
		method: post, path: "/ldap-directories", id: "create-ldap-directory", tag: tagLDAP, need: manage, fresh: true, status: 201, summary: "Set an LDAP directory up",
		about: "It needs the service account's password. Nobody gives a role through it that may more than they do.",
		fails: faults{ldapsync.ErrNoPassword, ldapsync.ErrTooManyDirs, auth.ErrRoleExceeds, signon.ErrConnectionNotFound},
	}, func(ctx context.Context, in *ldapPostIn) (*createdLDAPOut, error) {
		d, err := a.LDAPSync.Create(ctx, in.Body.input())
		if err != nil {
			return nil, err
		}
		return &createdLDAPOut{Location: base + "/ldap-directories/" + d.ID.String(), Body: showLDAPDirectory(&d)}, nil
	})
	on(a, operation{
		method: post, path: "/ldap-directories/try", id: "try-ldap-server", tag: tagLDAP, need: manage, status: 200, summary: "Try how a server would be asked",
		about: "Nothing is kept. What goes wrong at the directory stands in the checks.", fails: faults{ldapsync.ErrNoPassword},
	}, func(ctx context.Context, in *ldapTryNewIn) (*ldapTriedOut, error) {
		return a.tryLDAP(ctx, uid.Nil, in.Body)
	})
	on(a, operation{method: get, path: "/ldap-directories/{directory}", id: "get-ldap-directory", tag: tagLDAP, need: manage, summary: "Read one LDAP directory", fails: faults{ldapsync.ErrDirectoryNotFound}},
		func(ctx context.Context, in *ldapIn) (*ldapOut, error) {
			d, err := a.LDAPSync.Directory(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return &ldapOut{showLDAPDirectory(&d)}, nil
		})
	on(a, operation{
		method: put, path: "/ldap-directories/{directory}", id: "change-ldap-directory", tag: tagLDAP, need: manage, fresh: true, summary: "Change an LDAP directory",
		about: "What is left out is emptied, but for the password. Where servers or account change, the password must be given again. Everybody is brought to the change at the next run.",
		fails: faults{ldapsync.ErrDirectoryNotFound, ldapsync.ErrDirectoryChanged, ldapsync.ErrNoPassword, auth.ErrRoleExceeds, signon.ErrConnectionNotFound},
	}, func(ctx context.Context, in *ldapPutIn) (*ldapOut, error) {
		d, err := a.LDAPSync.Update(ctx, in.ID, in.Revision, in.Body.input())
		if err != nil {
			return nil, err
		}
		return &ldapOut{showLDAPDirectory(&d)}, nil
	})
	on(a, operation{
		method: del, path: "/ldap-directories/{directory}", id: "delete-ldap-directory", tag: tagLDAP, need: manage, fresh: true, summary: "Remove an LDAP directory",
		about: "With its groups and runs. Its people stay, and so do the roles that it gave.", fails: faults{ldapsync.ErrDirectoryNotFound},
	}, func(ctx context.Context, in *ldapIn) (*nothing, error) {
		return nil, a.LDAPSync.Delete(ctx, in.ID, nil)
	})
	on(a, operation{
		method: post, path: "/ldap-directories/{directory}/try", id: "try-ldap-directory", tag: tagLDAP, need: manage, status: 200, summary: "Try how a directory would be asked",
		about: "Nothing is kept. What goes wrong at the directory stands in the checks.", fails: faults{ldapsync.ErrDirectoryNotFound, ldapsync.ErrNoPassword},
	}, func(ctx context.Context, in *ldapTryIn) (*ldapTriedOut, error) {
		return a.tryLDAP(ctx, in.ID, in.Body)
	})
	a.ldapRunOperations(manage)
}

func (a *api) ldapRunOperations(manage route.Need) {
	on(a, operation{
		method: post, path: "/ldap-directories/{directory}/runs", id: "request-ldap-run", tag: tagLDAP, need: manage, fresh: true, status: 204, summary: "Ask for a run soon",
		about: "The run begins within seconds, and stands in the list then. A directory that is off takes dry runs only.",
		fails: faults{ldapsync.ErrDirectoryNotFound, ldapsync.ErrDirectoryOff, ldapsync.ErrNoPassword},
	}, func(ctx context.Context, in *ldapOrderIn) (*nothing, error) {
		return nil, a.LDAPSync.RequestSync(ctx, in.ID, ldapsync.Order{DryRun: in.Body.DryRun, Confirmed: in.Body.Confirmed})
	})
	on(a, operation{
		method: get, path: "/ldap-directories/{directory}/runs", id: "list-ldap-runs", tag: tagLDAP, need: manage, summary: "A directory's last 50 runs, the newest first",
		about: "Without their changes and checks.", fails: faults{ldapsync.ErrDirectoryNotFound},
	}, func(ctx context.Context, in *ldapRunsIn) (*pageOut[ldapRun], error) {
		list, err := a.LDAPSync.Runs(ctx, in.ID, in.request(), false)
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, showLDAPRun), nil
	})
	on(a, operation{method: get, path: "/ldap-directories/{directory}/runs/{run}", id: "get-ldap-run", tag: tagLDAP, need: manage, summary: "Read one run with all that it did, or would do", fails: faults{ldapsync.ErrRunNotFound}},
		func(ctx context.Context, in *ldapRunIn) (*ldapRunOut, error) {
			r, err := a.LDAPSync.Run(ctx, in.ID, in.Run)
			if err != nil {
				return nil, err
			}
			return &ldapRunOut{showWholeLDAPRun(&r)}, nil
		})
}

func (a *api) tryLDAP(ctx context.Context, directory uid.ID, in ldapTry) (*ldapTriedOut, error) {
	report, seen, err := a.LDAPSync.Check(ctx, directory, ldap.Settings(in.LDAPServer), in.Password)
	if err != nil {
		return nil, err
	}
	out := ldapTried{OK: report.OK(), Checks: showLDAPChecks(report), People: seen.People, More: seen.More, Sample: seen.DN, Attributes: listed(seen.Attributes), Missing: listed(seen.Missing)}
	return &ldapTriedOut{out}, nil
}

func showLDAPDirectory(d *ldapsync.Directory) ldapDirectory {
	s := d.Settings.V
	out := ldapDirectory{
		ID: d.ID, Name: d.Name, Status: d.Status, ConnectionID: d.ConnectionID, Mapping: []fieldRule{}, RoleRules: []roleRule{}, RoleDefault: d.RoleRules.V.Default,
		Revision: d.Revision, SyncedAt: utcOrNone(d.SyncedAt), Problem: d.Problem, CreatedAt: utc(d.CreatedAt), UpdatedAt: utc(d.UpdatedAt),
		LDAPReading: LDAPReading{LDAPServer(s.LDAP), s.EveryMinutes, s.HoldPercent, s.UserNameAttribute, s.ManagerAttribute},
	}
	for _, r := range d.Mapping.V {
		out.Mapping = append(out.Mapping, fieldRule(r))
	}
	for _, r := range d.RoleRules.V.Rules {
		out.RoleRules = append(out.RoleRules, roleRule(r))
	}
	return out
}

func showLDAPChecks(r auth.Report) []ldapCheck {
	out := make([]ldapCheck, len(r))
	for i, c := range r {
		out[i] = ldapCheck{Name: c.Name, OK: c.OK, Detail: c.Detail}
	}
	return out
}

func showLDAPRun(r *ldapsync.Run) ldapRun {
	return ldapRun{
		ID: r.ID, DryRun: r.DryRun, RequestedBy: r.RequestedBy, StartedAt: utc(r.StartedAt), EndedAt: utcOrNone(r.EndedAt), Outcome: r.Outcome, Problem: r.Problem,
		Counts: ldapCounts(r.Counts.V),
	}
}

func showWholeLDAPRun(r *ldapsync.Run) ldapWholeRun {
	out := ldapWholeRun{
		ID: r.ID, DryRun: r.DryRun, RequestedBy: r.RequestedBy, StartedAt: utc(r.StartedAt), EndedAt: utcOrNone(r.EndedAt), Outcome: r.Outcome, Problem: r.Problem,
		Counts: ldapCounts(r.Counts.V), Changes: make([]ldapChange, len(r.Changes.V)), Checks: showLDAPChecks(r.Report.V),
	}
	for i, c := range r.Changes.V {
		out.Changes[i] = ldapChange(c)
	}
	return out
}
