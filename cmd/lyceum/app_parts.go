package main

import (
	"context"
	"net"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/calendar"
	"lyceum/store"
	"lyceum/tenant"
	"lyceum/tenant/address"
)

// dates lists where the items of people's calendars come from.
func (a *app) dates() []calendar.Source {
	return []calendar.Source{
		store.DueDates{Store: a.store},
	}
}

// resolver asks the DNS; in the demo it also knows the demo's own domains.
func (a *app) resolver() signon.Resolver {
	if a.dns != nil {
		return a.dns
	}
	return net.DefaultResolver
}

// addressResolver asks the DNS about portals' own domains.
func (a *app) addressResolver() address.Resolver {
	if a.dns != nil {
		return a.dns
	}
	return net.DefaultResolver
}

// owners makes a tenant's first account.
type owners struct{ auth *auth.Service }

// HashPassword hashes.
func (o owners) HashPassword(ctx context.Context, password string) (string, error) {
	return o.auth.HashPassword(ctx, password)
}

// MakeOwner writes the owner, who may be there already.
func (o owners) MakeOwner(ctx context.Context, email, name, passwordHash string) error {
	_, err := o.auth.CreateOwner(ctx, email, name, passwordHash)
	return err
}

// tenantFiles removes what a tenant has beside its schema: in the object store, where everything is under the schema's name, and
// domains with their certificates.
type tenantFiles struct{ app *app }

// RemoveTenantFiles removes them.
func (f tenantFiles) RemoveTenantFiles(ctx context.Context, t tenant.Tenant) error {
	if err := f.app.addresses.RemoveAll(ctx, t); err != nil {
		return err
	}
	_, err := f.app.blobs.DeleteBelow(ctx, t.SchemaName)
	return err
}

// forget drops what this process remembers about a tenant (uid.Nil: about all).
func (a *app) forget(id uid.ID) {
	a.directory.Drop(id)
	a.brands.Drop(id)
	a.gate.Drop(id)
	a.subscriptions.Drop(id)
	a.auth.Drop(id) // and with it the policy
}

// signUp fills in auth's rules.
func signUp(in tenant.SignUp) tenant.SignUp {
	in.CheckEmail, in.CheckPassword = auth.NormaliseEmail, auth.CheckPassword
	return in
}

// eventLog reads a tenant's event log.
type eventLog struct{ store *store.Store }

// Read lists events, newest first. It needs audit:read.
func (l eventLog) Read(ctx context.Context, f event.Filter) (out page.Of[event.Event], err error) {
	if err := auth.Require(ctx, policy.AuditRead); err != nil {
		return out, err
	}
	err = l.store.InTenant(ctx, func(ctx context.Context) (err error) {
		out, err = l.store.Events(ctx, f)
		return err
	})
	return out, err
}
