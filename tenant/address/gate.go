package address

import (
	"context"
	"errors"
	"time"

	"lyceum/internal/clock"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// How many certificates may be ordered in an hour: for one tenant, and in total. Issuers have limits of their own, which one
// tenant must not use up for all.
const (
	ordersEach  = 20
	ordersTotal = 200
	ordersSpan  = time.Hour
)

// Refusals of the gate.
var (
	ErrNoCertificate = fault.New(fault.KindNotFound, "no_certificate", "There is no portal at this host, so there is no certificate for it.")
	ErrOrders        = fault.New(fault.KindTooMany, "too_many_certificates", "Too many certificates were ordered in the last hour.")
)

// Orders counts certificates that were ordered.
type Orders interface {
	// OrderACME notes an order unless as many were made since a time as are allowed; uid.Nil is the platform.
	OrderACME(ctx context.Context, host string, tenantID uid.ID, at, since time.Time, each, total int) (ok bool, err error)
}

// Gate decides for which hosts a certificate may be had: the platform's own, subdomains that a tenant has or had, and domains that
// one has proven. It fails closed: while the database is away nothing new is ordered.
type Gate struct {
	Directory *tenant.Directory
	Orders    Orders
	Now       clock.Clock
}

// Ask is nil for a host that there may be a certificate for; else ErrNoCertificate, or why it cannot be known.
func (g Gate) Ask(ctx context.Context, host string) error {
	_, err := g.owner(ctx, host)
	return err
}

// owner is whose host it is; uid.Nil for the platform's own.
func (g Gate) owner(ctx context.Context, host string) (uid.ID, error) {
	if tenant.NormaliseHost(host) != host { // with port, dot or capitals: no name for a certificate
		return uid.Nil, ErrNoCertificate
	}
	place, t, err := g.Directory.ByHost(ctx, host)
	closed := errors.Is(err, tenant.ErrSuspended) || errors.Is(err, tenant.ErrProvisioning) || errors.Is(err, tenant.ErrSchemaVersion)
	switch {
	case errors.Is(err, tenant.ErrNotFound):
		return uid.Nil, ErrNoCertificate
	case err != nil && !closed:
		return uid.Nil, err
	case place == tenant.PlacePlatform:
		return uid.Nil, nil
	case place != tenant.PlaceTenant:
		return uid.Nil, ErrNoCertificate
	}
	return t.ID, nil
}

// Order is nil when a certificate for a host may be ordered now, and counts it; ErrOrders, and what Ask refuses.
func (g Gate) Order(ctx context.Context, host string) error {
	id, err := g.owner(ctx, host)
	if err != nil {
		return err
	}
	now := g.Now()
	ok, err := g.Orders.OrderACME(ctx, host, id, now, now.Add(-ordersSpan), ordersEach, ordersTotal)
	if err == nil && !ok {
		err = ErrOrders
	}
	return err
}
