package broadcast

import (
	"context"
	"time"

	"lyceum/internal/uid"
)

// Listed is what operators look at.
type Listed struct {
	Banners []Banner
	Windows []Window
	Slugs   map[uid.ID]string // of the chosen portals that are there
}

// shownPast bounds what is listed.
const shownPast = 100

// List gives banners and windows, the last to end first.
func (s *Service) List(ctx context.Context) (out Listed, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		if out.Banners, err = s.Keep.Banners(ctx, time.Time{}, shownPast); err != nil {
			return err
		}
		if out.Windows, err = s.Keep.Windows(ctx, time.Time{}, shownPast); err != nil {
			return err
		}
		var ids []uid.ID
		for _, b := range out.Banners {
			ids = append(ids, b.Tenants...)
		}
		for _, w := range out.Windows {
			ids = append(ids, w.Tenants...)
		}
		out.Slugs, err = s.Keep.TenantSlugs(ctx, ids)
		return err
	})
	return out, err
}

// Banner gives one with the slugs of its portals; ErrNotFound.
func (s *Service) Banner(ctx context.Context, id uid.ID) (b Banner, slugs []string, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		if b, err = s.Keep.BannerByID(ctx, id); err != nil {
			return err
		}
		slugs, err = s.slugs(ctx, b.Audience)
		return err
	})
	return b, slugs, err
}

// Check tells what is wrong with a banner and keeps nothing: for a preview.
func (s *Service) Check(b Banner) (Banner, error) { return b, b.check(s.Now(), s.Languages) }

// AddBanner says something from now on or from its time on. Field faults. Act banner.created.
func (s *Service) AddBanner(ctx context.Context, b Banner) (Banner, error) {
	if err := b.check(s.Now(), s.Languages); err != nil {
		return b, err
	}
	b.ID, b.Revision, b.CreatedAt, b.EndedAt = uid.New(), 1, s.Now(), nil
	return b, s.changed(ctx, "banner.created", bannerFacts(b), func(ctx context.Context) error { return s.Keep.InsertBanner(ctx, b) })
}

// ChangeBanner writes over the revision that b carries. Field faults, ErrChanged, ErrOver, ErrNotFound. Act banner.changed.
func (s *Service) ChangeBanner(ctx context.Context, b Banner) (Banner, error) {
	if err := b.check(s.Now(), s.Languages); err != nil {
		return b, err
	}
	err := s.changed(ctx, "banner.changed", bannerFacts(b), func(ctx context.Context) error {
		old, err := s.Keep.BannerByID(ctx, b.ID)
		if err != nil {
			return err
		}
		if st := old.State(s.Now()); st == Over || st == Cancelled {
			return ErrOver
		}
		b.Revision, b.CreatedAt, b.ByName, b.EndedAt = b.Revision+1, old.CreatedAt, old.ByName, nil
		return s.Keep.SaveBanner(ctx, b)
	})
	return b, err
}

// EndBanner takes a banner down at once. One that is over stays so. Act banner.ended.
func (s *Service) EndBanner(ctx context.Context, id uid.ID) error {
	return s.end(ctx, "banner.ended", func(ctx context.Context) (map[string]string, error) {
		b, err := s.Keep.BannerByID(ctx, id)
		if err != nil {
			return nil, err
		}
		if st := b.State(s.Now()); st == Over || st == Cancelled {
			return nil, ErrOver
		}
		at := s.Now()
		b.EndedAt, b.Revision = &at, b.Revision+1
		return bannerFacts(b), s.Keep.SaveBanner(ctx, b)
	})
}

func bannerFacts(b Banner) map[string]string {
	return map[string]string{
		"id": b.ID.String(), "kind": string(b.Kind), "text": b.Texts.In(""), "readers": string(b.Readers), "from": b.FromAt.UTC().Format(time.RFC3339), "until": b.UntilAt.UTC().Format(time.RFC3339), "to": b.Audience.facts(),
	}
}
