package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/oidc"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// connection is an identity provider, or a directory that checks passwords.
type connection struct {
	ID        uid.ID              `json:"id"`
	Kind      auth.Protocol       `json:"kind" enum:"saml,oidc,ldap"`
	Product   signon.Product      `json:"product" doc:"Whose guide is followed: entra, okta, google, keycloak, active_directory, openldap or other."`
	Name      string              `json:"name" doc:"On the button that leads there."`
	Status    signon.Status       `json:"status" enum:"off,dry_run,on"`
	Position  int                 `json:"position" doc:"Order of the buttons, from 0."`
	Settings  map[string]any      `json:"settings" doc:"Those of the kind. No secret is in them."`
	HasSecret bool                `json:"has_secret" doc:"A client secret or bind password is kept. It is never shown."`
	Mapping   []mappingRule       `json:"mapping"`
	RoleRules roleRules           `json:"role_rules"`
	Admission connectionAdmission `json:"admission"`
	Revision  int                 `json:"revision" doc:"Counts the changes. A change names the revision it was made on, here or as If-Match."`
	CheckedAt *time.Time          `json:"checked_at,omitempty" doc:"When metadata or discovery was last fetched."`
	Problem   string              `json:"problem,omitempty" doc:"Why the last fetch failed."`
	Health    health              `json:"health"`
	CreatedAt time.Time           `json:"created_at"`
	UpdatedAt time.Time           `json:"updated_at"`
}

// mappingRule says which claims fill a field.
type mappingRule struct {
	Field string   `json:"field" example:"email"`
	From  []string `json:"from" example:"email, mail" doc:"Claims in order: the first that holds something counts. A text with claims in braces joins them: {given_name} {family_name}."`
}

// roleRules give roles by group.
type roleRules struct {
	Rules   []roleRule  `json:"rules" doc:"From the top: the first whose group a person is in decides."`
	Default policy.Role `json:"default,omitempty" doc:"For who is in none. Left out, they get no role."`
}

// roleRule gives a role to who is in a group.
type roleRule struct {
	Group string      `json:"group" example:"LMS Administrators"`
	Role  policy.Role `json:"role" example:"admin"`
}

// connectionAdmission says who gets an account.
type connectionAdmission struct {
	AllowJIT               bool   `json:"allow_jit" doc:"Make an account at the first sign-in, at proven e-mail domains."`
	AllowUnverifiedDomains bool   `json:"allow_unverified_domains" doc:"At other domains too."`
	ExternalIDClaim        string `json:"external_id_claim,omitempty" doc:"The claim that a directory tied to this connection knows as externalId."`
	SubjectIsUserName      bool   `json:"subject_is_user_name" doc:"Compare the subject with the directory's userName too."`
	SingleLogout           bool   `json:"single_logout" doc:"Sign out at the identity provider too."`
	OwnEntity              bool   `json:"own_entity" doc:"SAML: an entity id of its own."`
}

// health is how a connection does.
type health struct {
	LastAdmitted *time.Time `json:"last_admitted,omitempty"`
	LastRefused  *time.Time `json:"last_refused,omitempty"`
	LastDryRun   *time.Time `json:"last_dry_run,omitempty"`
	EndsAt       *time.Time `json:"ends_at,omitempty" doc:"When the last of the certificates ends that it rests on."`
	Incomplete   bool       `json:"incomplete" doc:"The settings are not complete: it cannot be switched on."`
}

// connectionWish is a connection to be made.
type connectionWish struct {
	Kind     auth.Protocol  `json:"kind" enum:"saml,oidc,ldap"`
	Product  signon.Product `json:"product,omitempty" example:"entra" doc:"Its preset fills in what is left out."`
	Name     string         `json:"name" example:"Acme account"`
	Settings map[string]any `json:"settings,omitempty" doc:"Those of the kind; they may be completed later."`
	Secret   string         `json:"secret,omitempty" doc:"A client secret, a client's private key in PEM, or a bind password."`
	Mapping  []mappingRule  `json:"mapping,omitempty"`
}

// connectionChange is what to change; what is left out stays.
type connectionChange struct {
	Name      *string              `json:"name,omitempty"`
	Product   *signon.Product      `json:"product,omitempty"`
	Settings  map[string]any       `json:"settings,omitempty" doc:"All of them: what is left out of them becomes empty."`
	Secret    *string              `json:"secret,omitempty" doc:"Replaces the one that is kept; an empty one removes it."`
	Mapping   []mappingRule        `json:"mapping,omitempty"`
	RoleRules *roleRules           `json:"role_rules,omitempty" doc:"You can give only roles that may no more than you, and never owner."`
	Admission *connectionAdmission `json:"admission,omitempty"`
	Position  *int                 `json:"position,omitempty" doc:"Moves it in the order of the buttons. This is no change of its revision."`
	Revision  *int                 `json:"revision,omitempty"`
}

type connectionStatus struct {
	Status   signon.Status `json:"status" enum:"off,dry_run,on"`
	Revision *int          `json:"revision,omitempty"`
}

// switchedConnection is what switching a connection came to.
type switchedConnection struct {
	Connection connection `json:"connection"`
	Unproven   bool       `json:"unproven" doc:"It is on, and nobody has signed in or tried successfully over it yet."`
}

// signOnAttempt is an answer of an identity provider and what came of it.
type signOnAttempt struct {
	ID       uid.ID              `json:"id"`
	Number   string              `json:"number" doc:"Its short name, which people read out to their IT team."`
	Outcome  signon.Outcome      `json:"outcome" enum:"admitted,refused,dry_run"`
	Reason   string              `json:"reason,omitempty" doc:"The check that refused."`
	PersonID *uid.ID             `json:"person_id,omitempty"`
	Subject  string              `json:"subject,omitempty"`
	IP       string              `json:"ip,omitempty"`
	Checks   []check             `json:"checks"`
	Claims   map[string][]string `json:"claims" doc:"As they came, redacted."`
	Groups   []string            `json:"groups"`
	Role     policy.Role         `json:"role,omitempty" doc:"That the role rules give."`
	Effect   string              `json:"effect,omitempty" doc:"signed_in, linked, created or confirmation_needed; of a dry run, what would have been."`
	At       time.Time           `json:"at"`
}

// check is one thing that was looked at.
type check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"`
}

// mappingTrial is a mapping with role rules to try; what is left out is the connection's.
type mappingTrial struct {
	Mapping   []mappingRule       `json:"mapping,omitempty"`
	RoleRules *roleRules          `json:"role_rules,omitempty"`
	Claims    map[string][]string `json:"claims,omitempty" doc:"Left out, those of the last real answer."`
}

// mappingPreview is what they make of the claims, and what the rules would do to those who are linked.
type mappingPreview struct {
	Fields []mappedField `json:"fields"`
	Unused []string      `json:"unused" doc:"Claims that no rule looks at."`
	Role   policy.Role   `json:"role,omitempty"`
	Rule   int           `json:"rule,omitempty" doc:"Which rule decided, from 1. Left out, the default did, or none."`
	Effect ruleEffect    `json:"effect"`
}

// mappedField is what a mapping makes of one field.
type mappedField struct {
	Field string `json:"field"`
	From  string `json:"from,omitempty" doc:"The entry that filled it."`
	Value string `json:"value,omitempty"`
	Why   string `json:"why,omitempty" doc:"Why what was found was left out."`
}

// ruleEffect counts the people whom role rules would change at their next sign-in.
type ruleEffect struct {
	People  int `json:"people" doc:"Linked to the connection."`
	Unknown int `json:"unknown" doc:"Of whose groups nothing is known here."`
	Gain    int `json:"gain"`
	Lose    int `json:"lose"`
}

// finding is what a date means for one thing that ends.
type finding struct {
	Verdict signon.Prospect `json:"verdict" enum:"works,watch,breaks"`
	Code    string          `json:"code" example:"idp_no_successor"`
	Name    string          `json:"name,omitempty"`
	Until   *time.Time      `json:"until,omitempty"`
	Signed  bool            `json:"signed" doc:"It signed the last real answer."`
}

type metadataWish struct {
	URL      string `json:"url,omitempty" doc:"Fetched at once, and from then on by itself."`
	Metadata string `json:"metadata,omitempty" doc:"The XML itself, where there is no address."`
	EntityID string `json:"entity_id,omitempty" doc:"Which identity provider is meant, where the metadata names several."`
	DryRun   bool   `json:"dry_run,omitempty" doc:"Say what would change, and change nothing."`
	Revision *int   `json:"revision,omitempty"`
}

// metadataTaken is what metadata changed, or would.
type metadataTaken struct {
	Connection connection       `json:"connection"`
	Changes    []metadataChange `json:"changes"`
}

// metadataChange is one difference.
type metadataChange struct {
	Kind  saml.ChangeKind `json:"kind"`
	Field string          `json:"field"`
	From  string          `json:"from,omitempty"`
	To    string          `json:"to,omitempty"`
}

type (
	connectionIn struct {
		ID uid.ID `path:"connection" doc:"The connection's id."`
	}
	connectionOut struct {
		ETag string `header:"ETag" doc:"The revision, as If-Match takes it."`
		Body connection
	}
	createdConnectionOut struct {
		Location string `header:"Location"`
		ETag     string `header:"ETag"`
		Body     connection
	}
	connectionWishIn   struct{ Body connectionWish }
	connectionChangeIn struct {
		AtRevision
		ID   uid.ID `path:"connection" doc:"The connection's id."`
		Body connectionChange
	}
	connectionStatusIn struct {
		AtRevision
		ID   uid.ID `path:"connection" doc:"The connection's id."`
		Body connectionStatus
	}
	switchedConnectionOut struct{ Body switchedConnection }
	deleteConnectionIn    struct {
		ID   uid.ID `path:"connection" doc:"The connection's id."`
		Name string `query:"name" required:"true" doc:"The connection's name as it stands, so that none is deleted by mistake."`
	}
	attemptsIn struct {
		ID      uid.ID         `path:"connection" doc:"The connection's id."`
		Outcome signon.Outcome `query:"outcome" enum:"admitted,refused,dry_run" doc:"Only attempts that ended so."`
	}
	mappingTrialIn struct {
		ID   uid.ID `path:"connection" doc:"The connection's id."`
		Body mappingTrial
	}
	mappingPreviewOut struct{ Body mappingPreview }
	outlookIn         struct {
		ID uid.ID    `path:"connection" doc:"The connection's id."`
		At time.Time `query:"at" required:"true" doc:"The moment to look at."`
	}
	metadataIn struct {
		AtRevision
		ID   uid.ID `path:"connection" doc:"The connection's id."`
		Body metadataWish
	}
	metadataTakenOut struct{ Body metadataTaken }
)

func (a *api) connectionOperations() {
	need := route.For(policy.ConnectionManage)
	on(a, operation{
		method: get, path: "/connections", id: "list-connections", tag: tagConnections, need: need,
		summary: "List connections in the order of their buttons",
	}, func(ctx context.Context, _ *nothing) (*pageOut[connection], error) {
		list, err := a.SignOn.Connections(ctx)
		if err != nil {
			return nil, err
		}
		healths, err := a.SignOn.Healths(ctx)
		if err != nil {
			return nil, err
		}
		shown := make([]connection, len(list))
		for i, c := range list {
			if shown[i], err = showConnection(c, healths[c.ID]); err != nil {
				return nil, err
			}
		}
		return whole(ctx, shown, func(c *connection) connection { return *c }), nil
	})
	on(a, operation{
		method: post, path: "/connections", id: "create-connection", tag: tagConnections, need: need, status: 201,
		summary: "Add a connection",
		about:   "It begins switched off. The product's preset fills in mapping and settings that are left out.",
		fails:   faults{signon.ErrTooManyConnections, signon.ErrSettingsUnreadable},
	}, func(ctx context.Context, in *connectionWishIn) (*createdConnectionOut, error) {
		raw, err := packSettings(in.Body.Settings)
		if err != nil {
			return nil, err
		}
		c, err := a.SignOn.CreateConnection(ctx, signon.ConnectionInput{
			Kind: in.Body.Kind, Product: in.Body.Product, Name: in.Body.Name, Settings: raw, Secret: in.Body.Secret, Mapping: mappingOf(in.Body.Mapping),
		})
		if err != nil {
			return nil, err
		}
		shown, err := a.shownConnection(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		return &createdConnectionOut{Location: base + "/connections/" + c.ID.String(), ETag: etag(c.Revision), Body: shown}, nil
	})
	on(a, operation{
		method: get, path: "/connections/{connection}", id: "get-connection", tag: tagConnections, need: need,
		summary: "One connection", fails: faults{signon.ErrConnectionNotFound},
	}, func(ctx context.Context, in *connectionIn) (*connectionOut, error) {
		shown, err := a.shownConnection(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &connectionOut{ETag: etag(shown.Revision), Body: shown}, nil
	})
	on(a, operation{
		method: patch, path: "/connections/{connection}", id: "update-connection", tag: tagConnections, need: need,
		summary: "Change a connection", about: "What is left out stays as it is.",
		fails: faults{signon.ErrConnectionNotFound, signon.ErrStaleRevision, signon.ErrIncomplete, signon.ErrSettingsUnreadable, auth.ErrRoleExceeds},
	}, a.changeConnection)
	on(a, operation{
		method: put, path: "/connections/{connection}/status", id: "switch-connection", tag: tagConnections, need: need,
		summary: "Switch a connection on, off or to a dry run", about: "A dry run checks real answers, shows whom they would sign in, and signs nobody in.",
		fails: faults{signon.ErrConnectionNotFound, signon.ErrStaleRevision, signon.ErrIncomplete, signon.ErrConnectionRequired},
	}, a.switchConnection)
	on(a, operation{
		method: del, path: "/connections/{connection}", id: "delete-connection", tag: tagConnections, need: need,
		summary: "Delete a connection", about: "People and what they learned stay; their link to it and its trace go.",
		fails: faults{signon.ErrConnectionNotFound, signon.ErrConnectionRequired},
	}, func(ctx context.Context, in *deleteConnectionIn) (*nothing, error) {
		return nil, renamedField(a.SignOn.DeleteConnection(ctx, in.ID, in.Name), "confirm", "name")
	})
	a.connectionTrace(need)
	a.connectionTrials(need)
}

func (a *api) connectionTrace(need route.Need) {
	on(a, operation{
		method: get, path: "/connections/{connection}/attempts", id: "list-sign-on-attempts", tag: tagConnections, need: need,
		summary: "The last attempts over a connection, the newest first", about: "The last 50 are kept, with every check and without secrets.",
		fails: faults{signon.ErrConnectionNotFound},
	}, func(ctx context.Context, in *attemptsIn) (*pageOut[signOnAttempt], error) {
		t, err := a.SignOn.Attempts(ctx, signon.AttemptFilter{Connection: in.ID, Outcome: in.Outcome})
		if err != nil {
			return nil, err
		}
		return whole(ctx, t.Attempts, showSignOnAttempt), nil
	})
	on(a, operation{
		method: get, path: "/connections/{connection}/outlook", id: "get-connection-outlook", tag: tagConnections, need: need,
		summary: "What would work at a moment, and what not", about: "Everything of the connection that has a date is looked at as if it were then: certificates, keys, exceptions.",
		fails: faults{signon.ErrConnectionNotFound},
	}, func(ctx context.Context, in *outlookIn) (*pageOut[finding], error) {
		found, err := a.SignOn.OutlookOf(ctx, in.ID, in.At)
		if err != nil {
			return nil, err
		}
		return whole(ctx, found, showFinding), nil
	})
}

func (a *api) connectionTrials(need route.Need) {
	on(a, operation{
		method: post, path: "/connections/{connection}/mapping-preview", id: "preview-mapping", tag: tagConnections, need: need,
		summary: "Try a mapping and role rules, and change nothing",
		fails:   faults{signon.ErrConnectionNotFound},
	}, a.previewMapping)
	on(a, operation{
		method: post, path: "/connections/{connection}/metadata", id: "take-metadata", tag: tagConnections, need: need,
		summary: "Take SAML metadata over, or look at what it would change",
		fails: faults{signon.ErrConnectionNotFound, signon.ErrStaleRevision, saml.ErrMetadataBroken, saml.ErrMetadataEntity, saml.ErrMetadataExpired,
			saml.ErrMetadataNoIDP, saml.ErrMetadataTooLarge},
	}, a.takeMetadata)
	on(a, operation{
		method: post, path: "/connections/{connection}/refresh", id: "refresh-connection", tag: tagConnections, need: need, status: 200,
		summary: "Fetch metadata or discovery again", fails: faults{signon.ErrConnectionNotFound, signon.ErrNothingToRefresh, oidc.ErrIssuer, oidc.ErrUnreachable},
	}, func(ctx context.Context, in *connectionIn) (*metadataTakenOut, error) {
		out, err := a.SignOn.Refresh(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return a.taken(ctx, in.ID, out.Changes)
	})
}

func (a *api) changeConnection(ctx context.Context, in *connectionChangeIn) (*connectionOut, error) {
	change, err := in.Body.change()
	if err != nil {
		return nil, err
	}
	at, err := in.revision(in.Body.Revision)
	if err != nil {
		return nil, err
	}
	if _, err := a.SignOn.ChangeConnection(ctx, in.ID, at, change); err != nil {
		return nil, err
	}
	if in.Body.Position != nil {
		if err := a.SignOn.MoveConnection(ctx, in.ID, *in.Body.Position); err != nil {
			return nil, err
		}
	}
	shown, err := a.shownConnection(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &connectionOut{ETag: etag(shown.Revision), Body: shown}, nil
}

func (a *api) switchConnection(ctx context.Context, in *connectionStatusIn) (*switchedConnectionOut, error) {
	at, err := in.revision(in.Body.Revision)
	if err != nil {
		return nil, err
	}
	out, err := a.SignOn.SetStatus(ctx, in.ID, at, in.Body.Status)
	if err != nil {
		return nil, err
	}
	shown, err := a.shownConnection(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &switchedConnectionOut{switchedConnection{Connection: shown, Unproven: out.Unproven}}, nil
}

func (a *api) previewMapping(ctx context.Context, in *mappingTrialIn) (*mappingPreviewOut, error) {
	c, err := a.SignOn.Connection(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	m, rules, claims := c.Mapping.V, c.RoleRules.V, in.Body.Claims
	if in.Body.Mapping != nil {
		m = mappingOf(in.Body.Mapping)
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	if in.Body.RoleRules != nil {
		rules = in.Body.RoleRules.rules()
	}
	if claims == nil {
		seen, err := a.SignOn.Seen(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		if seen.Last != nil {
			claims = seen.Last.Claims.V
		}
	}
	p := signon.PreviewMapping(m, claims)
	e, err := a.SignOn.PreviewRules(ctx, in.ID, m, rules)
	if err != nil {
		return nil, err
	}
	out := mappingPreview{Unused: listed(p.Unused), Fields: make([]mappedField, len(p.Fields)), Effect: ruleEffect{People: e.People, Unknown: e.Unknown, Gain: e.Gain, Lose: e.Lose}}
	for i, f := range p.Fields {
		out.Fields[i] = mappedField{Field: f.Field, From: f.From, Value: f.Value, Why: f.Why}
	}
	out.Role, out.Rule, _ = rules.For(p.Mapped.Groups)
	return &mappingPreviewOut{out}, nil
}

func (a *api) takeMetadata(ctx context.Context, in *metadataIn) (*metadataTakenOut, error) {
	found, err := a.SignOn.LookAtMetadata(ctx, in.ID, signon.MetadataSource{URL: in.Body.URL, Text: []byte(in.Body.Metadata), EntityID: in.Body.EntityID})
	if err != nil {
		return nil, renamedField(err, "metadata_url", "url")
	}
	if in.Body.DryRun {
		return a.taken(ctx, in.ID, found.Changes)
	}
	at, err := in.revision(in.Body.Revision)
	if err != nil {
		return nil, err
	}
	_, changes, err := a.SignOn.TakeMetadata(ctx, in.ID, at, found.Metadata, in.Body.URL)
	if err != nil {
		return nil, err
	}
	return a.taken(ctx, in.ID, changes)
}

// taken shows a connection with what changed.
func (a *api) taken(ctx context.Context, id uid.ID, changes []saml.Change) (*metadataTakenOut, error) {
	shown, err := a.shownConnection(ctx, id)
	if err != nil {
		return nil, err
	}
	out := metadataTaken{Connection: shown, Changes: make([]metadataChange, len(changes))}
	for i, c := range changes {
		out.Changes[i] = metadataChange(c)
	}
	return &metadataTakenOut{out}, nil
}

// renamedField gives the failure with a field's name as the operation has it.
func renamedField(err error, from, to string) error {
	f := fault.Of(err)
	if err == nil || f.Fields[from] == "" {
		return err
	}
	out := *f
	out.Fields = map[string]string{}
	for field, text := range f.Fields {
		if field == from {
			field = to
		}
		out.Fields[field] = text
	}
	return &out
}
