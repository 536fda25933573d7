package tenant

import (
	"context"
	"fmt"
	"time"

	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/recall"
	"lyceum/internal/uid"
)

// BrandKeeper is what Brands needs kept.
type BrandKeeper interface {
	InTenant(ctx context.Context, fn func(context.Context) error) error
	AppendEvents(ctx context.Context, events ...event.Event) error
	Announce(ctx context.Context, tenantID uid.ID)
	BrandOf(ctx context.Context) (Brand, error)
	SaveBrand(ctx context.Context, b Brand, at time.Time) error
}

// ErrBrandChanged is a save of a look that someone else changed meanwhile.
var ErrBrandChanged = fault.New(fault.KindConflict, "brand_changed", "Someone else changed the look meanwhile. Reload to see theirs, then save again.")

// Brands keeps the look of each tenant at hand: it is on every page.
type Brands struct {
	keep  BrandKeeper
	now   clock.Clock
	known *recall.Cache[uid.ID, Brand]
}

// NewBrands makes the cache: 5,000 tenants, a minute at most (announced changes drop it at once).
func NewBrands(keep BrandKeeper, now clock.Clock) *Brands {
	return &Brands{keep: keep, now: now, known: recall.New[uid.ID, Brand](5000, time.Minute, now)}
}

// Get gives the look of the tenant of ctx.
func (b *Brands) Get(ctx context.Context) (Brand, error) {
	t, ok := From(ctx)
	if !ok {
		return Brand{}, fault.Of(ErrNotFound)
	}
	brand, err := b.known.Get(ctx, t.ID, func(ctx context.Context) (brand Brand, err error) {
		err = b.keep.InTenant(ctx, func(ctx context.Context) (err error) {
			brand, err = b.keep.BrandOf(ctx)
			return err
		})
		return brand, err
	})
	if err != nil {
		return Brand{}, fmt.Errorf("look of %s: %w", t.Slug, err)
	}
	return brand, nil
}

// Save changes the look. b.Revision must be the one it was read with, else ErrBrandChanged. Who may is asked by the
// caller (brand:edit): this room knows no people.
func (b *Brands) Save(ctx context.Context, brand Brand) (Brand, error) {
	t, ok := From(ctx)
	if !ok {
		return Brand{}, fault.Of(ErrNotFound)
	}
	brand.Normalise()
	if err := brand.Validate(); err != nil {
		return Brand{}, err
	}
	err := b.keep.InTenant(ctx, func(ctx context.Context) error {
		current, err := b.keep.BrandOf(ctx)
		if err != nil {
			return err
		}
		if current.Revision != brand.Revision {
			return ErrBrandChanged
		}
		saved := brand
		saved.Revision++
		if err := b.keep.SaveBrand(ctx, saved, b.now()); err != nil {
			return err
		}
		e, err := event.New(ctx, b.now(), "brand.changed", "tenant", t.ID, map[string]any{"name": saved.Name, "colour": saved.Colour, "theme": saved.Theme, "revision": saved.Revision})
		if err != nil {
			return err
		}
		return b.keep.AppendEvents(ctx, e)
	})
	if err != nil {
		return Brand{}, err
	}
	brand.Revision++
	b.Drop(t.ID)
	b.keep.Announce(ctx, t.ID)
	return brand, nil
}

// Drop forgets a tenant's look (uid.Nil: all).
func (b *Brands) Drop(id uid.ID) {
	if id == uid.Nil {
		b.known.Drop(nil)
		return
	}
	b.known.Drop(func(key uid.ID, _ Brand) bool { return key == id })
}
