package rest

import (
	"context"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/oidc"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
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
		method: post, path: "/connections", id: "create-connection", tag: tagConnections, need: need, fresh: true, status: 201,
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
		method: patch, path: "/connections/{connection}", id: "update-connection", tag: tagConnections, need: need, fresh: true,
		summary: "Change a connection", about: "What is left out stays as it is. Where an owner is linked to the connection, only owners change its settings, metadata and secret.",
		fails: faults{signon.ErrConnectionNotFound, signon.ErrStaleRevision, signon.ErrIncomplete, signon.ErrSettingsUnreadable, signon.ErrOwnersTrust, auth.ErrRoleExceeds},
	}, a.changeConnection)
	on(a, operation{
		method: put, path: "/connections/{connection}/status", id: "switch-connection", tag: tagConnections, need: need, fresh: true,
		summary: "Switch a connection on, off or to a dry run", about: "A dry run checks real answers, shows whom they would sign in, and signs nobody in. Off signs everybody out whom it had signed in, but who asks.",
		fails: faults{signon.ErrConnectionNotFound, signon.ErrStaleRevision, signon.ErrIncomplete, signon.ErrConnectionRequired},
	}, a.switchConnection)
	on(a, operation{
		method: del, path: "/connections/{connection}", id: "delete-connection", tag: tagConnections, need: need, fresh: true,
		summary: "Delete a connection", about: "People and what they learned stay; their link to it, its trace and the sessions that it opened go.",
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
		method: post, path: "/connections/{connection}/metadata", id: "take-metadata", tag: tagConnections, need: need, fresh: true,
		summary: "Take SAML metadata over, or look at what it would change",
		fails: faults{signon.ErrConnectionNotFound, signon.ErrStaleRevision, signon.ErrOwnersTrust, saml.ErrMetadataBroken, saml.ErrMetadataEntity, saml.ErrMetadataExpired,
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
	return &switchedConnectionOut{switchedConnection{Connection: shown, Unproven: out.Unproven, SignedOut: out.SignedOut}}, nil
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
