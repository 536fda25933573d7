package rest

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
	"lyceum/tenant/address"
	vitals "lyceum/tenant/health"
	"lyceum/tenant/leaving"
	"lyceum/tenant/life"
)

// tenantRow is a portal as the list shows it.
type tenantRow struct {
	ID             uid.ID     `json:"id"`
	Slug           string     `json:"slug" example:"acme" doc:"The portal's name in addresses, by which it is asked for."`
	Name           string     `json:"name" example:"Acme Tools"`
	Status         string     `json:"status" enum:"provisioning,active,suspended,deleting" doc:"Of the portal itself."`
	State          string     `json:"state,omitempty" enum:"provisioning,trial,active,past_due,read_only,suspended,export_ready,erased" doc:"Where the organization stands (docs/LIFE.md)."`
	Plan           string     `json:"plan,omitempty" example:"team" doc:"The plan's code."`
	Health         string     `json:"health,omitempty" enum:"good,warn,bad" doc:"Left out until it was looked at."`
	ActiveLearners int64      `json:"active_learners" doc:"Of this month, in UTC."`
	JobLag         int        `json:"job_lag" doc:"Seconds: the age of the oldest job that is not done."`
	LastErrorAt    *time.Time `json:"last_error_at,omitempty"`
	SchemaVersion  int        `json:"schema_version" doc:"The last migration that its schema has."`
	Contact        string     `json:"contact" doc:"The e-mail address that it was signed up with."`
	CreatedAt      time.Time  `json:"created_at"`
}

type tenantsIn struct {
	Paging
	Query  string `query:"q" maxLength:"100" doc:"Part of a name, an address it has or had, a domain, its contact's or an owner's e-mail address."`
	State  string `query:"state" enum:"provisioning,trial,active,past_due,read_only,suspended,export_ready,erased" doc:"Only those that stand there."`
	Plan   string `query:"plan" maxLength:"60" doc:"Only those on the plan with this code."`
	Health string `query:"health" enum:"good,warn,bad" doc:"Only those that do so."`
	Behind bool   `query:"behind" doc:"Only those whose schema lacks the newest shape."`
	Sort   string `query:"sort" enum:"name,created,usage,lag,error" default:"name" doc:"created: the newest first. usage: most active learners. lag: whose oldest job waits longest. error: where something failed last."`
}

// healthReason is why a portal is not well.
type healthReason struct {
	Code   string `json:"code" example:"job_lag"`
	Number int64  `json:"number" doc:"What the code counts: failures, minutes, percent."`
	Bad    bool   `json:"bad" doc:"Its people notice."`
}

// healthShown is how a portal did when it was looked at.
type healthShown struct {
	Verdict        string         `json:"verdict" enum:"good,warn,bad"`
	Reasons        []healthReason `json:"reasons" doc:"The bad ones first."`
	ActiveLearners int64          `json:"active_learners" doc:"Of this month, in UTC."`
	JobLag         int            `json:"job_lag" doc:"Seconds: the age of the oldest job that is not done."`
	JobsWaiting    int            `json:"jobs_waiting"`
	JobsFailing    int            `json:"jobs_failing" doc:"Those of them that failed and are tried again."`
	EventLag       int            `json:"event_lag" doc:"Seconds: the age of the oldest event that no job was made of."`
	RequestsFailed int            `json:"requests_failed" doc:"Within 24 hours, as everything that follows."`
	MailsFailed    int            `json:"mails_failed"`
	SignOns        int            `json:"sign_ons" doc:"With a company account."`
	SignOnsRefused int            `json:"sign_ons_refused" doc:"Of further ones."`
	StorageUsed    int64          `json:"storage_used" doc:"Bytes."`
	StorageLimit   int64          `json:"storage_limit" doc:"Bytes; 0: none."`
	CheckedAt      time.Time      `json:"checked_at"`
}

// portalFailure is how often something failed in the same way within an hour.
type portalFailure struct {
	Kind      string    `json:"kind" enum:"request,job,mail"`
	What      string    `json:"what" doc:"The route's pattern, or the job's name."`
	Class     string    `json:"class" example:"timeout" doc:"The sort of error; its text is kept in the logs alone."`
	Count     int       `json:"count"`
	LastAt    time.Time `json:"last_at"`
	RequestID string    `json:"request_id,omitempty" doc:"Of the last one, for the logs."`
}

// lifeStep is one step of an organization's life.
type lifeStep struct {
	From string    `json:"from,omitempty"`
	To   string    `json:"to"`
	Why  string    `json:"why" example:"closed" doc:"signed_up, ready, bill, closed, opened, leaving, kept or erasing."`
	At   time.Time `json:"at"`
}

// tenantShown is one portal.
type tenantShown struct {
	ID              uid.ID          `json:"id"`
	Slug            string          `json:"slug" example:"acme"`
	Name            string          `json:"name" example:"Acme Tools"`
	URL             string          `json:"url" example:"https://acme.lyceum.example"`
	Status          string          `json:"status" enum:"provisioning,active,suspended,deleting"`
	State           string          `json:"state,omitempty" enum:"provisioning,trial,active,past_due,read_only,suspended,export_ready,erased"`
	SuspendedReason string          `json:"suspended_reason,omitempty"`
	SuspendedAt     *time.Time      `json:"suspended_at,omitempty"`
	PausedAt        *time.Time      `json:"paused_at,omitempty" doc:"Since when it rests, by its owner's wish. Left out: it does not."`
	LeavesAt        *time.Time      `json:"leaves_at,omitempty" doc:"When everything is erased. Left out: nobody wishes that."`
	Contact         string          `json:"contact"`
	Plan            string          `json:"plan,omitempty" doc:"The plan's code."`
	Former          []string        `json:"former" doc:"Names that it had. They stay its own and lead to it."`
	Domains         []portalDomain  `json:"domains"`
	SchemaVersion   int             `json:"schema_version"`
	SchemaNewest    int             `json:"schema_newest" doc:"The newest migration there is."`
	Node            string          `json:"node" doc:"The database that holds it."`
	Health          *healthShown    `json:"health,omitempty" doc:"Left out until it was looked at."`
	Failures        []portalFailure `json:"failures" doc:"What failed last, of 14 days, the newest first."`
	Steps           []lifeStep      `json:"steps" doc:"Of its life, the newest first."`
	CreatedAt       time.Time       `json:"created_at"`
	ActivatedAt     *time.Time      `json:"activated_at,omitempty"`
}

type tenantOut struct{ Body tenantShown }

// TenantPath names a portal. It is exported because huma looks into embedded structs of exported types only.
type TenantPath struct {
	Tenant string `path:"tenant" doc:"The portal's name in addresses, as it is now." example:"acme"`
}

// newPortal is the wish for a portal.
type newPortal struct {
	Organization string `json:"organization" example:"Acme Tools"`
	Slug         string `json:"slug" example:"acme" doc:"3 to 40 small letters, digits and single hyphens."`
	OwnerName    string `json:"owner_name" example:"Ada Lovelace"`
	OwnerEmail   string `json:"owner_email" example:"ada@acme.example" doc:"The owner gets a mail with a link to choose a password."`
}

type newPortalIn struct{ Body newPortal }

type reasonBody struct {
	Reason string `json:"reason" example:"Asked for by the customer" doc:"Why; colleagues will read it."`
}

type suspendIn struct {
	TenantPath
	Body reasonBody
}

func (a *api) consoleTenantOperations() {
	s := a.console
	on(a, operation{
		method: get, path: "/tenants", id: "list-tenants", tag: tagPortals, need: looks, summary: "Portals, searched, narrowed and sorted",
	}, func(ctx context.Context, in *tenantsIn) (*pageOut[tenantRow], error) {
		f := vitals.Filter{Query: in.Query, State: life.State(in.State), Plan: in.Plan, Verdict: vitals.Verdict(in.Health), Sort: vitals.Sort(in.Sort), Page: in.request()}
		if in.Behind {
			f.Behind = s.Newest
		}
		list, err := s.Health.List(ctx, f)
		if err != nil {
			return nil, err
		}
		return paged(ctx, list, showTenantRow), nil
	})
	on(a, operation{
		method: post, path: "/tenants", id: "create-tenant", tag: tagPortals, need: manages, status: 201, summary: "Make a portal",
		about: "Its owner is invited by mail and chooses a password. On a shortage of prepared portals it takes a second or two.",
		fails: faults{tenant.ErrSlugTaken, tenant.ErrLookAlike},
	}, func(ctx context.Context, in *newPortalIn) (*tenantOut, error) {
		t, err := s.Tenants.SignUp(ctx, tenant.SignUp{
			Organization: in.Body.Organization, Slug: in.Body.Slug, OwnerName: in.Body.OwnerName, Email: in.Body.OwnerEmail, Invited: true, CheckEmail: auth.NormaliseEmail,
		})
		if err != nil {
			return nil, ofFields(err, map[string]string{"name": "owner_name", "email": "owner_email"})
		}
		return a.tenantNow(ctx, t.Slug)
	})
	on(a, operation{
		method: get, path: "/tenants/{tenant}", id: "get-tenant", tag: tagPortals, need: looks, summary: "One portal, how it does and what failed",
		fails: faults{tenant.ErrNotFound},
	}, func(ctx context.Context, in *TenantPath) (*tenantOut, error) { return a.tenantNow(ctx, in.Tenant) })
	on(a, operation{
		method: post, path: "/tenants/{tenant}/suspend", id: "suspend-tenant", tag: tagPortals, need: manages, summary: "Close a portal",
		about: "It answers only that it is suspended, and support visits in it end. On a suspended one the reason is changed.", fails: faults{tenant.ErrNotFound, tenant.ErrWrongStatus},
	}, func(ctx context.Context, in *suspendIn) (*tenantOut, error) {
		if _, err := s.Tenants.Suspend(ctx, in.Tenant, in.Body.Reason); err != nil {
			return nil, err
		}
		return a.tenantNow(ctx, in.Tenant)
	})
	on(a, operation{
		method: post, path: "/tenants/{tenant}/resume", id: "resume-tenant", tag: tagPortals, need: manages, summary: "Open a suspended portal again",
		about: "One that is open stays so.", fails: faults{tenant.ErrNotFound, tenant.ErrWrongStatus},
	}, func(ctx context.Context, in *TenantPath) (*tenantOut, error) {
		if _, err := s.Tenants.Resume(ctx, in.Tenant); err != nil {
			return nil, err
		}
		return a.tenantNow(ctx, in.Tenant)
	})
}

// tenantNow shows a portal by its name in addresses.
func (a *api) tenantNow(ctx context.Context, slug string) (*tenantOut, error) {
	s := a.console
	t, err := s.Tenants.Show(ctx, slug)
	if err != nil {
		return nil, err
	}
	at, err := s.Addresses.ForOperators().View(tenant.With(ctx, t))
	if err != nil {
		return nil, err
	}
	h, failures, err := s.Health.Of(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	steps, err := s.Tenants.Steps(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	plan, err := a.planOf(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	out := tenantShown{
		ID: t.ID, Slug: t.Slug, Name: t.Name, URL: s.Hosts.PortalURL(t), Status: string(t.Status), State: string(t.Life), SuspendedReason: t.SuspendedReason,
		SuspendedAt: utcOrNone(t.SuspendedAt), LeavesAt: utcOrNone(t.LeavesAt), PausedAt: utcOrNone(t.PausedAt), Contact: t.ContactEmail, Plan: plan, Former: listed(at.Old), Domains: []portalDomain{},
		SchemaVersion: t.SchemaVersion, SchemaNewest: s.Newest, Node: t.Node, Failures: []portalFailure{}, Steps: []lifeStep{},
		CreatedAt: utc(t.CreatedAt), ActivatedAt: utcOrNone(t.ActivatedAt),
	}
	for i := range at.Domains {
		out.Domains = append(out.Domains, showPortalDomain(&at.Domains[i]))
	}
	if h != nil {
		out.Health = showHealth(*h)
	}
	for _, f := range failures {
		out.Failures = append(out.Failures, portalFailure{string(f.Kind), f.What, f.Class, f.Count, utc(f.LastAt), f.RequestID})
	}
	for _, step := range steps {
		l := lifeStep{To: string(step.ToState), Why: step.Why, At: utc(step.At)}
		if step.FromState != nil {
			l.From = string(*step.FromState)
		}
		out.Steps = append(out.Steps, l)
	}
	return &tenantOut{out}, nil
}

// planOf is the code of a portal's plan; "" where it has none.
func (a *api) planOf(ctx context.Context, id uid.ID) (string, error) {
	account, err := a.console.Subscriptions.Look(ctx, id)
	switch {
	case err != nil && fault.Of(err).Kind == fault.KindNotFound, err == nil && account.Offer == nil:
		return "", nil
	case err != nil:
		return "", err
	}
	return account.Offer.Plan.Code, nil
}

func showTenantRow(r *vitals.Row) tenantRow {
	return tenantRow{
		ID: r.ID, Slug: r.Slug, Name: r.Name, Status: string(r.Status), State: string(r.Life), Plan: r.PlanCode, Health: string(r.Verdict), ActiveLearners: r.ActiveLearners,
		JobLag: r.JobLag, LastErrorAt: utcOrNone(r.LastErrorAt), SchemaVersion: r.SchemaVersion, Contact: r.ContactEmail, CreatedAt: utc(r.CreatedAt),
	}
}

func showHealth(h vitals.Health) *healthShown {
	out := healthShown{
		Verdict: string(h.Verdict), Reasons: []healthReason{}, ActiveLearners: h.ActiveLearners, JobLag: h.JobLag, JobsWaiting: h.JobsWaiting, JobsFailing: h.JobsFailing,
		EventLag: h.EventLag, RequestsFailed: h.RequestsFailed, MailsFailed: h.MailsFailed, SignOns: h.SignOns, SignOnsRefused: h.SignOnsRefused,
		StorageUsed: h.StorageUsed, StorageLimit: h.StorageLimit, CheckedAt: utc(h.CheckedAt),
	}
	for _, r := range h.Reasons {
		out.Reasons = append(out.Reasons, healthReason(r))
	}
	return &out
}

// addressBody is the wish for another address.
type addressBody struct {
	Slug    string `json:"slug" example:"acme-academy" doc:"3 to 40 small letters, digits and single hyphens."`
	Confirm string `json:"confirm" example:"acme" doc:"The portal's present name in addresses, to show that this one is meant."`
	Reason  string `json:"reason" example:"The company has another name now" doc:"Why; the owners get it by mail."`
}

type addressWishIn struct {
	TenantPath
	Body addressBody
}

func (a *api) consoleLeavingOperations() {
	s := a.console
	on(a, operation{
		method: put, path: "/tenants/{tenant}/address", id: "move-tenant", tag: tagPortals, need: manages, summary: "Give a portal another address",
		about: "The name before stays the portal's for good and leads to it, with every link below it; its owners are told by mail.", fails: faults{tenant.ErrNotFound, tenant.ErrSlugTaken, tenant.ErrLookAlike, address.ErrTooManyOld},
	}, func(ctx context.Context, in *addressWishIn) (*tenantOut, error) {
		t, err := s.Tenants.Show(ctx, in.Tenant)
		if err != nil {
			return nil, err
		}
		t, err = s.Addresses.ForOperators().Move(tenant.With(ctx, t), address.Move{Slug: in.Body.Slug, Typed: in.Body.Confirm, Reason: in.Body.Reason})
		if err != nil {
			return nil, ofFields(err, map[string]string{"typed": "confirm"})
		}
		return a.tenantNow(ctx, t.Slug)
	})
	on(a, operation{
		method: post, path: "/tenants/{tenant}/leaving", id: "erase-tenant", tag: tagPortals, need: deletes, summary: "Have a portal erased when the days to think again are over",
		about: "Until then it is read-only, everything can be taken out of it, and DELETE takes the wish back; all active owners are told by mail. Asking again changes nothing.",
		fails: faults{tenant.ErrNotFound},
	}, func(ctx context.Context, in *eraseIn) (*tenantOut, error) {
		if _, err := s.Leaving.Schedule(ctx, in.Tenant, in.Body.Confirm); err != nil {
			return nil, ofFields(err, map[string]string{"typed": "confirm"})
		}
		return a.tenantNow(ctx, in.Tenant)
	})
	on(a, operation{
		method: del, path: "/tenants/{tenant}/leaving", id: "keep-tenant", tag: tagPortals, need: manages, summary: "Keep a portal after all",
		fails: faults{tenant.ErrNotFound, leaving.ErrNotLeaving, leaving.ErrGoing},
	}, func(ctx context.Context, in *TenantPath) (*nothing, error) {
		return nil, s.Leaving.Restore(ctx, in.Tenant)
	})
}

type eraseIn struct {
	TenantPath
	Body leavingWish
}

// ofFields gives a failure with its fields' names as the operation has them.
func ofFields(err error, names map[string]string) error {
	f := fault.Of(err)
	if len(f.Fields) == 0 {
		return err
	}
	out := *f
	out.Fields = make(map[string]string, len(f.Fields))
	for field, text := range f.Fields {
		if name, ok := names[field]; ok {
			field = name
		}
		out.Fields[field] = text
	}
	return &out
}
