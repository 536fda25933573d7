package tenant

import (
	"context"
	"errors"
	"time"

	"lyceum/internal/clock"
	"lyceum/internal/recall"
	"lyceum/internal/uid"
)

// DirectoryKeeper is where the directory reads on a miss.
type DirectoryKeeper interface {
	TenantBySlug(ctx context.Context, slug string) (Tenant, error)
	TenantByDomain(ctx context.Context, host string) (Tenant, error)
}

// Cache bounds: a known host is trusted for a minute at most (announced changes drop it at once), an unknown one for
// five seconds, so that a guessing stranger costs one look-up a name.
const (
	directorySize = 20_000
	knownFor      = time.Minute
	unknownFor    = 5 * time.Second
)

// Directory finds the tenant of a host. It is safe for many goroutines.
type Directory struct {
	hosts   Hosts
	keep    DirectoryKeeper
	oldest  int
	known   *recall.Cache[string, Tenant]
	unknown *recall.Cache[string, struct{}]
}

// NewDirectory makes a directory. oldest is the lowest schema version this release can read; a tenant below it is
// refused with ErrSchemaVersion until it is migrated.
func NewDirectory(hosts Hosts, keep DirectoryKeeper, oldest int, now clock.Clock) *Directory {
	return &Directory{
		hosts: hosts, keep: keep, oldest: oldest,
		known:   recall.New[string, Tenant](directorySize, knownFor, now),
		unknown: recall.New[string, struct{}](directorySize, unknownFor, now),
	}
}

// Hosts tells the shape of addresses.
func (d *Directory) Hosts() Hosts { return d.hosts }

// ByHost tells what a host leads to. For a portal it gives the tenant, with ErrSuspended, ErrProvisioning or
// ErrSchemaVersion (and the tenant still filled, for the page that says so) when it cannot be entered; ErrNotFound for
// a host that is no portal's.
func (d *Directory) ByHost(ctx context.Context, host string) (Place, Tenant, error) {
	place, slug, normal := d.hosts.Resolve(host)
	if place != PlaceTenant {
		if place == PlaceUnknown {
			return place, Tenant{}, ErrNotFound
		}
		return place, Tenant{}, nil
	}
	t, err := d.lookUp(ctx, slug, normal)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			return PlaceUnknown, Tenant{}, ErrNotFound
		}
		return PlaceUnknown, Tenant{}, err
	}
	return PlaceTenant, t, d.entry(t)
}

func (d *Directory) entry(t Tenant) error {
	switch {
	case t.Status == StatusSuspended:
		return ErrSuspended
	case t.Status == StatusProvisioning:
		return ErrProvisioning
	case t.Status == StatusDeleting:
		return ErrNotFound
	case t.SchemaVersion < d.oldest:
		return ErrSchemaVersion
	}
	return nil
}

func (d *Directory) lookUp(ctx context.Context, slug, host string) (Tenant, error) {
	if _, ok := d.unknown.Peek(host); ok {
		return Tenant{}, ErrNotFound
	}
	t, err := d.known.Get(ctx, host, func(ctx context.Context) (Tenant, error) {
		if slug != "" {
			return d.keep.TenantBySlug(ctx, slug)
		}
		return d.keep.TenantByDomain(ctx, host)
	})
	if errors.Is(err, ErrNotFound) {
		d.unknown.Put(host, struct{}{})
	}
	return t, err
}

// Drop forgets a tenant (uid.Nil: all of them), and what was unknown: it may exist now.
func (d *Directory) Drop(id uid.ID) {
	d.unknown.Drop(nil)
	if id == uid.Nil {
		d.known.Drop(nil)
		return
	}
	d.known.Drop(func(_ string, t Tenant) bool { return t.ID == id })
}
