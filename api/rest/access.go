package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// emailDomain is an e-mail domain of the organization.
type emailDomain struct {
	Domain       string     `json:"domain" example:"acme.com" doc:"As it stands in the DNS, international labels in their ASCII form."`
	RecordName   string     `json:"record_name" example:"_lyceum-challenge.acme.com" doc:"Where a TXT record proves the domain. The domain itself is the second place where it is looked for."`
	RecordValue  string     `json:"record_value" doc:"What the TXT record holds."`
	ConnectionID *uid.ID    `json:"connection_id,omitempty" doc:"The connection to which people with an address there are led."`
	Require      string     `json:"require,omitempty" enum:"optional,required" doc:"The rule for people with an address there, over the portal's. Left out: the portal's holds."`
	From         *time.Time `json:"from,omitempty" doc:"From when the rule holds."`
	VerifiedAt   *time.Time `json:"verified_at,omitempty" doc:"Left out while the domain is not proven: it leads nobody anywhere then."`
	CheckedAt    *time.Time `json:"checked_at,omitempty" doc:"When the DNS last answered."`
	MissingSince *time.Time `json:"missing_since,omitempty" doc:"Since when the record of a proven domain is gone. After 14 days the domain is no longer proven."`
}

type emailDomainOut struct{ Body emailDomain }

type emailDomainIn struct {
	Domain string `path:"domain" doc:"The domain." example:"acme.com"`
}

// emailDomainWish names a domain to be added.
type emailDomainWish struct {
	Domain string `json:"domain" example:"acme.com" doc:"The part of e-mail addresses behind the @. A subdomain is a domain of its own."`
}

type emailDomainWishIn struct{ Body emailDomainWish }

// emailDomainChange is what is decided about a domain. All of it is given; what is left out becomes empty.
type emailDomainChange struct {
	ConnectionID *uid.ID    `json:"connection_id,omitempty"`
	Require      string     `json:"require,omitempty" enum:"optional,required"`
	From         *time.Time `json:"from,omitempty" doc:"Left out: at once."`
	Confirmed    bool       `json:"confirmed,omitempty" doc:"Says that the owners whom the rule locks out were looked at."`
}

type emailDomainChangeIn struct {
	Domain string `path:"domain" doc:"The domain." example:"acme.com"`
	Body   emailDomainChange
}

// signOnRule is whether a company account is required, and from when.
type signOnRule struct {
	Require string     `json:"require,omitempty" enum:"optional,required" doc:"Left out: nothing is said."`
	From    *time.Time `json:"from,omitempty" doc:"From when the rule holds. Left out: at once."`
}

// signOnGroupRule is the rule for people in a group.
type signOnGroupRule struct {
	GroupID uid.ID     `json:"group_id"`
	Require string     `json:"require" enum:"optional,required"`
	From    *time.Time `json:"from,omitempty"`
}

// signOnRules is who must use a company account. The closest rule that holds decides: a group's, the e-mail domain's, the
// portal's.
type signOnRules struct {
	Portal     signOnRule        `json:"portal"`
	Groups     []signOnGroupRule `json:"groups"`
	BreakGlass []uid.ID          `json:"break_glass" doc:"Owners of whom two together can open local sign-in in an emergency. Only an owner changes them."`
	Revision   *int              `json:"revision,omitempty" doc:"Counts the changes. A change names the revision it was made on, here or as If-Match."`
	Confirmed  bool              `json:"confirmed,omitempty" doc:"In a change: says that the owners whom the rules lock out were looked at."`
}

type signOnRulesOut struct {
	ETag string `header:"ETag" doc:"The revision, as If-Match takes it."`
	Body signOnRules
}

type signOnRulesIn struct {
	AtRevision
	Body signOnRules
}

// signOnPreview says whom rules would lock out.
type signOnPreview struct {
	Requires bool     `json:"requires" doc:"Whether anything is required of anybody, now or later."`
	Owners   []uid.ID `json:"owners" doc:"Owners who would be locked out."`
	You      bool     `json:"you" doc:"Whether you would be. Such rules are refused."`
	Proven   bool     `json:"proven" doc:"Whether an owner or administrator has signed in over a connection that is on."`
	Spare    bool     `json:"spare" doc:"Whether two owners who can open local sign-in are named."`
	Unlinked int      `json:"unlinked" doc:"Active people who have never signed in over a connection that is on."`
	All      int      `json:"all" doc:"Active people."`
}

type signOnPreviewOut struct{ Body signOnPreview }

type signOnRulesWishIn struct{ Body signOnRules }

// setupLink lets an IT person without an account set something up.
type setupLink struct {
	ID           uid.ID     `json:"id"`
	Kind         string     `json:"kind" enum:"any,saml,oidc,ldap,connection,domains"`
	ConnectionID *uid.ID    `json:"connection_id,omitempty"`
	Name         string     `json:"name" doc:"Whom it is for."`
	Email        string     `json:"email,omitempty"`
	State        string     `json:"state" enum:"waiting,opened,finished,revoked,expired"`
	CreatedBy    uid.ID     `json:"created_by"`
	CreatedAt    time.Time  `json:"created_at"`
	ExpiresAt    time.Time  `json:"expires_at"`
	OpenedAt     *time.Time `json:"opened_at,omitempty"`
	FinishedAt   *time.Time `json:"finished_at,omitempty"`
}

// setupLinkWish is a link to be made.
type setupLinkWish struct {
	Kind         string  `json:"kind" enum:"any,saml,oidc,ldap,connection,domains"`
	ConnectionID *uid.ID `json:"connection_id,omitempty" doc:"Of the kind connection."`
	Name         string  `json:"name"`
	Email        string  `json:"email,omitempty"`
	Hours        int     `json:"hours,omitempty" doc:"How long it lasts, 1 to 336. Left out means 72."`
	Mail         bool    `json:"mail,omitempty" doc:"Send it to the e-mail. Its address is not in the answer then."`
}

type setupLinkWishIn struct{ Body setupLinkWish }

// newSetupLink is a link with its address.
type newSetupLink struct {
	URL  string    `json:"url,omitempty" doc:"Shown this once. The first browser that opens it is the only one that can use it."`
	Link setupLink `json:"link"`
}

type newSetupLinkOut struct{ Body newSetupLink }

type setupLinkOut struct{ Body setupLink }

type setupLinkIn struct {
	ID uid.ID `path:"link" doc:"The link's id."`
}

// signingKey is one of the portal's keys towards SAML identity providers.
type signingKey struct {
	ID          uid.ID     `json:"id"`
	State       string     `json:"state" enum:"next,current,previous"`
	Fingerprint string     `json:"fingerprint" doc:"Of its certificate, SHA-256."`
	Certificate string     `json:"certificate" doc:"Base64 of the DER form."`
	CreatedAt   time.Time  `json:"created_at"`
	ExpiresAt   time.Time  `json:"expires_at"`
	RemovedAt   *time.Time `json:"removed_at,omitempty" doc:"When a previous key is removed."`
}

// emergency is one opening of local sign-in.
type emergency struct {
	ID          uid.ID     `json:"id"`
	State       string     `json:"state" enum:"waiting,lapsed,open,over"`
	Reason      string     `json:"reason"`
	RequestedBy uid.ID     `json:"requested_by"`
	RequestedAt time.Time  `json:"requested_at"`
	Minutes     int        `json:"minutes"`
	ApprovedBy  *uid.ID    `json:"approved_by,omitempty"`
	OpenUntil   *time.Time `json:"open_until,omitempty"`
	EndedBy     *uid.ID    `json:"ended_by,omitempty"`
	EndedAt     *time.Time `json:"ended_at,omitempty"`
}

type emergencyOut struct{ Body emergency }

// expiry is something that expires within 60 days, or has.
type expiry struct {
	Kind      string    `json:"kind" enum:"idp_certificate,idp_metadata,ldap_authority,our_key,directory_token"`
	Name      string    `json:"name,omitempty" doc:"Of the connection or directory."`
	ID        uid.ID    `json:"id" doc:"Of the connection, key or token."`
	ExpiresAt time.Time `json:"expires_at"`
}

func (a *api) accessOperations() {
	a.domainOperations()
	a.signOnRuleOperations()
	a.setupLinkOperations()
	a.signingKeyOperations()
}

func (a *api) domainOperations() {
	manage := route.For(policy.ConnectionManage)
	on(a, operation{
		method: get, path: "/sign-on/domains", id: "list-email-domains", tag: tagConnections, need: manage,
		summary: "The organization's e-mail domains, by name",
	}, func(ctx context.Context, _ *nothing) (*pageOut[emailDomain], error) {
		list, err := a.SignOn.Domains(ctx)
		if err != nil {
			return nil, err
		}
		return whole(ctx, list, showDomain), nil
	})
	on(a, operation{
		method: post, path: "/sign-on/domains", id: "add-email-domain", tag: tagConnections, need: manage, status: 201,
		summary: "Add an e-mail domain, to be proven by a TXT record",
		fails:   faults{signon.ErrDomainHere, signon.ErrTooManyDomains},
	}, func(ctx context.Context, in *emailDomainWishIn) (*emailDomainOut, error) {
		return domainOut(a.SignOn.AddDomain(ctx, in.Body.Domain))
	})
	on(a, operation{
		method: get, path: "/sign-on/domains/{domain}", id: "get-email-domain", tag: tagConnections, need: manage,
		summary: "One e-mail domain", fails: faults{signon.ErrDomainNotFound},
	}, func(ctx context.Context, in *emailDomainIn) (*emailDomainOut, error) {
		return domainOut(a.SignOn.Domain(ctx, in.Domain))
	})
	on(a, operation{
		method: put, path: "/sign-on/domains/{domain}", id: "update-email-domain", tag: tagConnections, need: manage, fresh: true,
		summary: "Set where a domain's people are led, and the rule for them",
		about:   "Another rule needs the permission `security:manage` too.",
		fails:   faults{signon.ErrDomainNotFound, signon.ErrLocksYouOut, signon.ErrNoProvenWay, signon.ErrLocksOwners},
	}, func(ctx context.Context, in *emailDomainChangeIn) (*emailDomainOut, error) {
		return domainOut(a.SignOn.ChangeDomain(ctx, in.Domain, signon.DomainInput{
			ConnectionID: in.Body.ConnectionID, Rule: signon.Rule{Require: signon.Requirement(in.Body.Require), From: in.Body.From}, Confirmed: in.Body.Confirmed,
		}))
	})
	on(a, operation{
		method: post, path: "/sign-on/domains/{domain}/verify", id: "verify-email-domain", tag: tagConnections, need: manage,
		summary: "Look for the domain's TXT record now",
		fails:   faults{signon.ErrDomainNotFound, signon.ErrDomainUnproven, signon.ErrDomainElsewhere, signon.ErrDNS},
	}, func(ctx context.Context, in *emailDomainIn) (*emailDomainOut, error) {
		return domainOut(a.SignOn.VerifyDomain(ctx, in.Domain))
	})
	on(a, operation{
		method: del, path: "/sign-on/domains/{domain}", id: "remove-email-domain", tag: tagConnections, need: manage, fresh: true,
		summary: "Take an e-mail domain off the list", fails: faults{signon.ErrDomainNotFound},
	}, func(ctx context.Context, in *emailDomainIn) (*nothing, error) {
		return nil, a.SignOn.RemoveDomain(ctx, in.Domain)
	})
}

func domainOut(d signon.Domain, err error) (*emailDomainOut, error) {
	if err != nil {
		return nil, err
	}
	return &emailDomainOut{showDomain(&d)}, nil
}

func showDomain(d *signon.Domain) emailDomain {
	return emailDomain{
		Domain: d.Domain, RecordName: d.RecordName(), RecordValue: d.RecordValue(), ConnectionID: d.ConnectionID, Require: string(d.Policy), From: utcOrNone(d.PolicyFrom),
		VerifiedAt: utcOrNone(d.VerifiedAt), CheckedAt: utcOrNone(d.CheckedAt), MissingSince: utcOrNone(d.MissingSince),
	}
}

func (a *api) signOnRuleOperations() {
	secure := route.For(policy.SecurityManage)
	on(a, operation{
		method: get, path: "/sign-on/rules", id: "get-sign-on-rules", tag: tagConnections, need: secure,
		summary: "Who must use a company account",
	}, func(ctx context.Context, _ *nothing) (*signOnRulesOut, error) {
		return signOnRulesAnswer(a.SignOn.Rules(ctx))
	})
	on(a, operation{
		method: put, path: "/sign-on/rules", id: "update-sign-on-rules", tag: tagConnections, need: secure, fresh: true,
		summary: "Set who must use a company account",
		about:   "All rules are given. Rules that would lock you out are refused; so are rules that require while no owner or administrator has signed in over a connection that is on, unless two owners are named for emergencies.",
		fails:   faults{signon.ErrRulesChanged, signon.ErrLocksYouOut, signon.ErrNoProvenWay, signon.ErrLocksOwners, auth.ErrOwnersOnly},
	}, func(ctx context.Context, in *signOnRulesIn) (*signOnRulesOut, error) {
		at, err := in.revision(in.Body.Revision)
		if err != nil {
			return nil, err
		}
		wish := in.Body.rules()
		wish.Revision = at
		return signOnRulesAnswer(a.SignOn.SetRules(ctx, signon.RulesInput{Rules: wish, Confirmed: in.Body.Confirmed}))
	})
	on(a, operation{
		method: post, path: "/sign-on/rules/preview", id: "preview-sign-on-rules", tag: tagConnections, need: secure,
		summary: "Whom rules would lock out; nothing is set",
	}, func(ctx context.Context, in *signOnRulesWishIn) (*signOnPreviewOut, error) {
		p, err := a.SignOn.PreviewSignOnRules(ctx, signon.RulesInput{Rules: in.Body.rules()})
		if err != nil {
			return nil, err
		}
		out := signOnPreview{Requires: p.Requires, Owners: []uid.ID{}, You: p.You, Proven: p.Proven, Spare: p.Spare, Unlinked: p.Unlinked, All: p.All}
		for _, owner := range p.Owners {
			out.Owners = append(out.Owners, owner.ID)
		}
		return &signOnPreviewOut{out}, nil
	})
	on(a, operation{
		method: get, path: "/sign-on/emergencies", id: "list-emergencies", tag: tagConnections, need: secure,
		summary: "The last openings of local sign-in in an emergency (break-glass), the newest first",
		about:   "Asking for one, and opening it, is for two people with their passwords: it is done in the portal at /break-glass.",
	}, func(ctx context.Context, _ *nothing) (*pageOut[emergency], error) {
		list, _, err := a.SignOn.Emergencies(ctx)
		if err != nil {
			return nil, err
		}
		now := a.Now()
		return whole(ctx, list, func(e *signon.Emergency) emergency { return showEmergency(e, now) }), nil
	})
	on(a, operation{
		method: post, path: "/sign-on/emergencies/end", id: "end-emergency", tag: tagConnections, need: secure,
		summary: "Close local sign-in again, and end the sessions that it let in",
		about:   "Only an owner may.",
		fails:   faults{signon.ErrEmergencyOver, signon.ErrEmergencyOwners},
	}, func(ctx context.Context, _ *nothing) (*emergencyOut, error) {
		e, err := a.SignOn.EndEmergency(ctx)
		if err != nil {
			return nil, err
		}
		return &emergencyOut{showEmergency(&e, a.Now())}, nil
	})
}

func (r signOnRules) rules() signon.Rules {
	out := signon.Rules{Portal: signon.Rule{Require: signon.Requirement(r.Portal.Require), From: r.Portal.From}, BreakGlass: r.BreakGlass}
	for _, g := range r.Groups {
		out.Groups = append(out.Groups, signon.GroupRule{GroupID: g.GroupID, Rule: signon.Rule{Require: signon.Requirement(g.Require), From: g.From}})
	}
	return out
}

func signOnRulesAnswer(r signon.Rules, err error) (*signOnRulesOut, error) {
	if err != nil {
		return nil, err
	}
	out := signOnRules{
		Portal: signOnRule{Require: string(r.Portal.Require), From: utcOrNone(r.Portal.From)}, Groups: []signOnGroupRule{}, BreakGlass: append([]uid.ID{}, r.BreakGlass...), Revision: &r.Revision,
	}
	for _, g := range r.Groups {
		out.Groups = append(out.Groups, signOnGroupRule{GroupID: g.GroupID, Require: string(g.Require), From: utcOrNone(g.From)})
	}
	return &signOnRulesOut{ETag: etag(r.Revision), Body: out}, nil
}

func showEmergency(e *signon.Emergency, now time.Time) emergency {
	return emergency{
		ID: e.ID, State: string(e.State(now)), Reason: e.Reason, RequestedBy: e.RequestedBy, RequestedAt: utc(e.RequestedAt), Minutes: e.Minutes,
		ApprovedBy: e.ApprovedBy, OpenUntil: utcOrNone(e.OpenUntil), EndedBy: e.EndedBy, EndedAt: utcOrNone(e.EndedAt),
	}
}

func (a *api) setupLinkOperations() {
	manage := route.For(policy.ConnectionManage)
	on(a, operation{
		method: get, path: "/sign-on/links", id: "list-setup-links", tag: tagConnections, need: manage,
		summary: "The last set-up links, the newest first",
	}, func(ctx context.Context, _ *nothing) (*pageOut[setupLink], error) {
		list, err := a.SignOn.SetupLinks(ctx)
		if err != nil {
			return nil, err
		}
		now := a.Now()
		return whole(ctx, list, func(l *signon.SetupLink) setupLink { return showLink(l, now) }), nil
	})
	on(a, operation{
		method: post, path: "/sign-on/links", id: "create-setup-link", tag: tagConnections, need: manage, fresh: true, status: 201,
		summary: "Make a link by which an IT person without an account sets something up",
		about:   "What they make stays off until an administrator switches it on.",
		fails:   faults{signon.ErrConnectionNotFound},
	}, func(ctx context.Context, in *setupLinkWishIn) (*newSetupLinkOut, error) {
		secret, l, err := a.SignOn.CreateSetupLink(ctx, signon.SetupInput{
			Kind: signon.SetupKind(in.Body.Kind), ConnectionID: in.Body.ConnectionID, Name: in.Body.Name, Email: in.Body.Email, Hours: in.Body.Hours, Mail: in.Body.Mail,
		})
		if err != nil {
			return nil, err
		}
		out := newSetupLink{Link: showLink(&l, a.Now())}
		if secret != "" {
			t, _ := tenant.From(ctx)
			out.URL = a.Hosts.PortalURL(t) + "/setup/" + secret
		}
		return &newSetupLinkOut{out}, nil
	})
	on(a, operation{
		method: post, path: "/sign-on/links/{link}/revoke", id: "revoke-setup-link", tag: tagConnections, need: manage,
		summary: "End a set-up link at once", fails: faults{signon.ErrSetupLinkNotFound},
	}, func(ctx context.Context, in *setupLinkIn) (*setupLinkOut, error) {
		l, err := a.SignOn.RevokeSetupLink(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &setupLinkOut{showLink(&l, a.Now())}, nil
	})
}

func showLink(l *signon.SetupLink, now time.Time) setupLink {
	return setupLink{
		ID: l.ID, Kind: string(l.Kind), ConnectionID: l.ConnectionID, Name: l.Name, Email: l.Email, State: string(l.State(now)), CreatedBy: l.CreatedBy,
		CreatedAt: utc(l.CreatedAt), ExpiresAt: utc(l.ExpiresAt), OpenedAt: utcOrNone(l.OpenedAt), FinishedAt: utcOrNone(l.FinishedAt),
	}
}

func (a *api) signingKeyOperations() {
	manage := route.For(policy.ConnectionManage)
	keys := func(ctx context.Context) (*pageOut[signingKey], error) {
		ring, err := a.SignOn.SigningKeys(ctx)
		if err != nil {
			return nil, err
		}
		list := []signon.SigningKey{ring.Current}
		if ring.Next != nil {
			list = append(list, *ring.Next)
		}
		return whole(ctx, append(list, ring.Previous...), showSigningKey), nil
	}
	on(a, operation{
		method: get, path: "/sign-on/keys", id: "list-signing-keys", tag: tagConnections, need: manage,
		summary: "The portal's keys towards SAML identity providers: the current one, the next, those before",
	}, func(ctx context.Context, _ *nothing) (*pageOut[signingKey], error) { return keys(ctx) })
	on(a, operation{
		method: post, path: "/sign-on/keys/publish", id: "publish-signing-key", tag: tagConnections, need: manage, fresh: true,
		summary: "Put the next key into the portal's metadata", about: "It is done by itself 90 days before the current key ends.", fails: faults{signon.ErrNextKeyThere},
	}, func(ctx context.Context, _ *nothing) (*pageOut[signingKey], error) {
		if err := a.SignOn.PublishNextKey(ctx); err != nil {
			return nil, err
		}
		return keys(ctx)
	})
	on(a, operation{
		method: post, path: "/sign-on/keys/switch", id: "switch-signing-key", tag: tagConnections, need: manage, fresh: true,
		summary: "Have the next key sign from now on", about: "It is done by itself 30 days before the current key ends.", fails: faults{signon.ErrNoNextKey},
	}, func(ctx context.Context, _ *nothing) (*pageOut[signingKey], error) {
		if err := a.SignOn.SwitchKey(ctx); err != nil {
			return nil, err
		}
		return keys(ctx)
	})
	on(a, operation{
		method: get, path: "/sign-on/expiring", id: "list-expiring", tag: tagConnections, need: manage,
		summary: "What expires within 60 days: certificates, keys, tokens", about: "The closest first.",
	}, func(ctx context.Context, _ *nothing) (*pageOut[expiry], error) {
		list, err := a.SignOn.Expiring(ctx)
		if err != nil {
			return nil, err
		}
		return whole(ctx, list, func(e *signon.Expiry) expiry {
			return expiry{Kind: string(e.Kind), Name: e.Name, ID: e.ID, ExpiresAt: utc(e.At)}
		}), nil
	})
}

func showSigningKey(k *signon.SigningKey) signingKey {
	out := signingKey{ID: k.ID, State: string(k.State()), Certificate: k.Certificate, CreatedAt: utc(k.CreatedAt), ExpiresAt: utc(k.ExpiresAt)}
	if described, err := k.Describe(); err == nil { // it was made by us
		out.Fingerprint = described.Fingerprint
	}
	if removed := k.RemovedAt(); !removed.IsZero() {
		out.RemovedAt = &removed
	}
	return out
}
