package signon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

const (
	connectionsMax    = 100
	connectionNameMax = 80
)

type onlyKey struct{}

// Only narrows who looks after connections: whoever sets one up by a link. Everything else is not there, and what is the
// portal's own to decide (who is let in, which roles groups give, what is deleted) is refused with ErrPortalDecides.
type Only struct {
	Connection uid.ID        // the one; Nil: none yet, and one may be made
	Kind       auth.Protocol // of the one to be made; empty: any
}

// WithOnly narrows what follows under ctx.
func WithOnly(ctx context.Context, o Only) context.Context {
	return context.WithValue(ctx, onlyKey{}, o)
}

// OnlyFrom tells whether ctx is narrowed, and to what.
func OnlyFrom(ctx context.Context) (o Only, ok bool) {
	o, ok = ctx.Value(onlyKey{}).(Only)
	return o, ok
}

// may is nil when who asks may look after this connection: with connection:manage, and within WithOnly.
func (s *Service) may(ctx context.Context, connection uid.ID) error {
	if err := auth.Require(ctx, policy.ConnectionManage); err != nil {
		return err
	}
	if only, ok := OnlyFrom(ctx); ok && (only.Connection != connection || connection == uid.Nil) {
		return ErrConnectionNotFound
	}
	return nil
}

// decides is may for what only the portal's own administrators decide.
func (s *Service) decides(ctx context.Context) error {
	if err := auth.Require(ctx, policy.ConnectionManage); err != nil {
		return err
	}
	if _, ok := OnlyFrom(ctx); ok {
		return ErrPortalDecides
	}
	return nil
}

// within runs fn in the tenant when who asks may look after the connection.
func (s *Service) within(ctx context.Context, connection uid.ID, fn func(ctx context.Context) error) error {
	if err := s.may(ctx, connection); err != nil {
		return err
	}
	return s.Keep.InTenant(ctx, fn)
}

// Connections lists all connections in their order. It needs connection:manage.
func (s *Service) Connections(ctx context.Context) (list []Connection, err error) {
	if err := auth.Require(ctx, policy.ConnectionManage); err != nil {
		return nil, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.Keep.SignOnConnections(ctx)
		return err
	})
	if only, ok := OnlyFrom(ctx); ok {
		list = slices.DeleteFunc(list, func(c Connection) bool { return c.ID != only.Connection })
	}
	return list, err
}

// Connection gives one. It needs connection:manage; ErrConnectionNotFound.
func (s *Service) Connection(ctx context.Context, id uid.ID) (c Connection, err error) {
	err = s.within(ctx, id, func(ctx context.Context) error {
		c, err = s.Keep.ConnectionByID(ctx, id)
		return err
	})
	return c, err
}

// ConnectionInput is a connection to be made. What is not said in it is the product's preset.
type ConnectionInput struct {
	Kind    auth.Protocol
	Product Product // whose guide is followed; default ProductOther
	Name    string
	// Settings are the protocol's, as JSON; empty: the preset's, to be completed later.
	Settings Raw
	Secret   string
	Mapping  auth.Mapping // empty: the preset's
}

// CreateConnection adds a connection, switched off, behind the others. It needs connection:manage. Settings need not be
// complete yet, but what is there must be right. Event connection.created.
func (s *Service) CreateConnection(ctx context.Context, in ConnectionInput) (c Connection, err error) {
	if err := auth.Require(ctx, policy.ConnectionManage); err != nil {
		return c, err
	}
	if only, ok := OnlyFrom(ctx); ok && (only.Connection != uid.Nil || only.Kind != "" && only.Kind != in.Kind) {
		return c, ErrPortalDecides
	}
	if c, err = s.newConnection(ctx, in); err != nil {
		return c, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.Keep.LockConnections(ctx); err != nil {
			return err
		}
		all, err := s.Keep.SignOnConnections(ctx)
		if err != nil {
			return err
		}
		if len(all) >= connectionsMax {
			return ErrTooManyConnections
		}
		if err := nameFree(all, c); err != nil {
			return err
		}
		if len(all) > 0 {
			c.Position = all[len(all)-1].Position + 1
		}
		if err := s.Keep.InsertConnection(ctx, c); err != nil {
			return err
		}
		return s.tell(ctx, "connection.created", "connection", c.ID, facts(c, nil))
	})
	return c, err
}

// newConnection makes one of what was typed, with the preset of its product.
func (s *Service) newConnection(ctx context.Context, in ConnectionInput) (c Connection, err error) {
	f, now := fault.Fields{}, s.Now()
	if in.Product == "" {
		in.Product = ProductOther
	}
	guide, ok := GuideFor(in.Kind, in.Product)
	f.Check(ok, "kind", "Choose one of the kinds on offer.")
	c = Connection{
		ID: uid.New(), Kind: in.Kind, Product: in.Product, Name: checkName(f, in.Name), Status: StatusOff, Settings: guide.Settings,
		Mapping: JSON[auth.Mapping]{guide.Mapping}, Admission: JSON[Admission]{NewAdmission()}, Revision: 1, CreatedAt: now, UpdatedAt: now,
	}
	if err := f.Err(); err != nil {
		return c, err
	}
	if len(in.Mapping) > 0 {
		if err := in.Mapping.Validate(); err != nil {
			return c, err
		}
		c.Mapping.V = in.Mapping
	}
	if len(in.Settings) > 0 {
		if c.Settings, err = tidy(in.Kind, in.Settings); err != nil {
			return c, err
		}
	}
	if in.Secret != "" {
		if c.Secrets, err = s.seal(ctx, in.Secret); err != nil {
			return c, err
		}
	}
	return s.withKey(ctx, c)
}

// checkName tidies the name of a connection; it stands on a button.
func checkName(f fault.Fields, name string) string {
	name = strings.Join(strings.Fields(name), " ")
	f.Check(name != "" && utf8.RuneCountInString(name) <= connectionNameMax, "name",
		fmt.Sprintf("Give a name of up to %d characters: people see it on the button that leads to their sign-in.", connectionNameMax))
	return name
}

// nameFree refuses a name that another connection has: two buttons that read the same.
func nameFree(all []Connection, c Connection) error {
	if slices.ContainsFunc(all, func(o Connection) bool { return o.ID != c.ID && strings.EqualFold(o.Name, c.Name) }) {
		return fault.Invalid(map[string]string{"name": "Another connection has this name. People could not tell their buttons apart."})
	}
	return nil
}

// Change is what to change of a connection; what is nil stays.
type Change struct {
	Name     *string
	Product  *Product // another guide; the mapping stays unless it is given too
	Settings Raw
	// Secret takes the place of the kept one; empty takes it away. It must be given where settings change who gets it.
	Secret  *string
	Mapping auth.Mapping
	// What follows only the portal's own administrators change.
	Rules     *auth.RoleRules
	Admission *Admission
}

// ChangeConnection changes a connection that still has the revision. It needs connection:manage; to change role rules also
// the right to give every role that a new or changed rule names (auth.ErrRoleExceeds, auth.ErrOwnersOnly). ErrStaleRevision
// when someone else was quicker; ErrOwnersTrust where an owner is linked and who asks is none; ErrConnectionLive for who sets it up by a link while it is on; ErrSecretAgain where the settings would send the kept secret to somebody else. A connection that is on must stay complete. Event connection.changed with the names of the
// fields that changed; none is no write.
func (s *Service) ChangeConnection(ctx context.Context, id uid.ID, revision int, in Change) (c Connection, err error) {
	if in.Rules != nil || in.Admission != nil {
		if err := s.decides(ctx); err != nil {
			return c, err
		}
	}
	if in.Rules != nil {
		if err := s.checkRules(ctx, id, *in.Rules); err != nil {
			return c, err
		}
	}
	var fields []string
	err = s.within(ctx, id, func(ctx context.Context) error {
		was, err := s.Keep.ConnectionByID(ctx, id)
		if err != nil {
			return err
		}
		if was.Revision != revision {
			return ErrStaleRevision
		}
		if _, narrow := OnlyFrom(ctx); narrow && was.Status == StatusOn {
			return ErrConnectionLive
		}
		if c, err = s.changed(ctx, was, in); err != nil {
			return err
		}
		fields = differences(was, c)
		if !bytes.Equal(was.Secrets, c.Secrets) {
			fields = append(fields, "secret")
		}
		if trusts(c, fields) {
			if err := s.mayTrust(ctx, id); err != nil {
				return err
			}
		}
		return s.save(ctx, was, &c, fields)
	})
	if errors.Is(err, ErrOwnersTrust) {
		err = errors.Join(err, s.tellTrustRefused(ctx, c, fields))
	}
	return c, err
}

// changed lays what was typed over a connection.
func (s *Service) changed(ctx context.Context, c Connection, in Change) (Connection, error) {
	f := fault.Fields{}
	if in.Name != nil {
		c.Name = checkName(f, *in.Name)
	}
	if in.Product != nil {
		_, ok := GuideFor(c.Kind, *in.Product)
		f.Check(ok, "product", "Choose one of the guides on offer.")
		c.Product = *in.Product
	}
	if err := f.Err(); err != nil {
		return c, err
	}
	if in.Mapping != nil {
		if err := in.Mapping.Validate(); err != nil {
			return c, err
		}
		c.Mapping.V = in.Mapping
	}
	if in.Rules != nil {
		c.RoleRules.V = *in.Rules
	}
	if in.Admission != nil {
		if err := in.Admission.Validate(); err != nil {
			return c, err
		}
		c.Admission.V = *in.Admission
	}
	var err error
	if in.Secret != nil {
		if c.Secrets = nil; *in.Secret != "" {
			if c.Secrets, err = s.seal(ctx, *in.Secret); err != nil {
				return c, err
			}
		}
	}
	if len(in.Settings) > 0 {
		was := c
		if c.Settings, err = tidy(c.Kind, in.Settings); err != nil {
			return c, err
		}
		if in.Secret == nil && c.HasSecret() {
			same, err := sameRecipient(was, c)
			if err == nil && !same && !c.byKey() {
				err = ErrSecretAgain
			}
			if err != nil {
				return c, err
			}
			if !same { // who is told another key's public half knows nothing of this one
				c.Secrets = nil
			}
		}
	}
	if c, err = s.withKey(ctx, c); err != nil {
		return c, err
	}
	if c.Status == StatusOn {
		return c, c.Complete()
	}
	return c, nil
}

// save writes a changed connection and tells; when no field changed it does neither. The name is looked at last, in the
// same transaction.
func (s *Service) save(ctx context.Context, was Connection, c *Connection, fields []string) error {
	if len(fields) == 0 {
		return nil
	}
	if was.Name != c.Name {
		if err := s.Keep.LockConnections(ctx); err != nil {
			return err
		}
		all, err := s.Keep.SignOnConnections(ctx)
		if err != nil {
			return err
		}
		if err := nameFree(all, *c); err != nil {
			return err
		}
	}
	c.Revision, c.UpdatedAt = was.Revision+1, s.Now()
	if err := s.Keep.SetConnection(ctx, *c, was.Revision); err != nil {
		return err
	}
	return s.tell(ctx, "connection.changed", "connection", c.ID, facts(*c, fields))
}

// facts is what an event tells of a connection.
func facts(c Connection, changed []string) map[string]any {
	out := map[string]any{"connection_id": c.ID, "kind": c.Kind, "name": c.Name}
	if changed != nil {
		out["changed"] = changed
	}
	return out
}

// seal closes a connection's secret.
func (s *Service) seal(ctx context.Context, secret string) ([]byte, error) {
	t, _ := tenant.From(ctx)
	sealed, err := s.Seal.Seal(t.ID, "connection", []byte(secret))
	if err != nil {
		return nil, fmt.Errorf("seal a connection's secret: %w", err)
	}
	return sealed, nil
}

// Secret opens a connection's secret: a client secret or key, a bind password; "" where there is none. It asks nobody's
// permission and must reach nobody's page.
func (s *Service) Secret(ctx context.Context, c Connection) (string, error) {
	if !c.HasSecret() {
		return "", nil
	}
	t, _ := tenant.From(ctx)
	secret, err := s.Seal.Open(t.ID, "connection", c.Secrets)
	if err != nil {
		return "", fmt.Errorf("open the secret of connection %s: %w", c.ID, err)
	}
	return string(secret), nil
}

// Failures of looking after connections.
var (
	ErrTooManyConnections = fault.New(fault.KindConflict, "too_many_connections", "A portal has at most 100 connections. Delete one that is no longer used.")
	ErrConnectionRequired = fault.New(fault.KindConflict, "connection_required", "People must use this connection, and could not sign in without it. Make it optional for them first.")
	// ErrConnectionLive is a change through a set-up link that would count at once: whoever may name the identity provider
	// of a connection that is on signs in as everybody.
	ErrConnectionLive = fault.New(fault.KindForbidden, "connection_live", "This connection is switched on by now, so a change would count at once. Ask an administrator of the portal to make it, or to switch the connection to dry run first.")
	ErrPortalDecides  = fault.New(fault.KindForbidden, "portal_decides", "An administrator of the portal decides this. Tell them that the set-up is ready.")
)
