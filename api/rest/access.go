package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

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

// expiry is something that expires within 60 days, or has.
type expiry struct {
	Kind      string    `json:"kind" enum:"idp_certificate,idp_metadata,ldap_authority,ldap_sync_authority,ldap_server,ldap_sync_server,our_key,directory_token"`
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
