package broadcast

import (
	"context"
	"slices"
	"time"

	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Said is what a page of a portal says.
type Said struct {
	Banners []Banner
	Windows []Window // that are announced or running, the next first
}

// For gives what a page of a portal says to a reader. It asks the database only for what was forgotten, and for nothing where
// nothing is said.
func (s *Service) For(ctx context.Context, t tenant.Tenant, who Reader) (out Said) {
	st, now := s.now(ctx), s.Now()
	p := st.portal(t)
	asks := false
	for _, b := range st.banners {
		if b.State(now) == Running && b.Reaches(p) && b.Readers.Sees(who) {
			out.Banners = append(out.Banners, b)
			asks = asks || b.Dismissible
		}
	}
	if asks && who.Person != uid.Nil {
		away := s.dismissed(ctx, t.ID, who.Person)
		out.Banners = slices.DeleteFunc(out.Banners, func(b Banner) bool { return b.Dismissible && slices.Contains(away, b.ID) })
	}
	out.Windows = s.announced(st, p, now)
	return out
}

func (s *Service) announced(st standing, p Portal, now time.Time) (list []Window) {
	for _, w := range st.windows {
		if w.Announced(now) && w.Reaches(p) {
			list = append(list, w)
		}
	}
	return list
}

// WindowsOf lists the windows of a portal that are announced or running; of all portals where the tenant is none.
func (s *Service) WindowsOf(ctx context.Context, t tenant.Tenant) (list []Window) {
	st, now := s.now(ctx), s.Now()
	if t.ID != uid.Nil {
		return s.announced(st, st.portal(t), now)
	}
	for _, w := range st.windows {
		if w.All() && w.Announced(now) {
			list = append(list, w)
		}
	}
	return list
}

// Running gives the window that a portal is in, the strictest of several; ok is false outside.
func (s *Service) Running(ctx context.Context, t tenant.Tenant) (found Window, ok bool) {
	st, now := s.now(ctx), s.Now()
	p := st.portal(t)
	for _, w := range st.windows {
		if w.State(now) == Running && w.Reaches(p) && (!ok || w.Mode == Closed && found.Mode != Closed || w.Mode == found.Mode && w.UntilAt.After(found.UntilAt)) {
			found, ok = w, true
		}
	}
	return found, ok
}

// Coming lists the windows of a portal that are planned or running, announced or not.
func (s *Service) Coming(ctx context.Context, t tenant.Tenant) (list []Window) {
	st, now := s.now(ctx), s.Now()
	p := st.portal(t)
	for _, w := range st.windows {
		if state := w.State(now); (state == Planned || state == Running) && w.Reaches(p) {
			list = append(list, w)
		}
	}
	return list
}

// Holds is how long background work of a portal still waits; 0: it does not.
func (s *Service) Holds(ctx context.Context, t tenant.Tenant) (left time.Duration) {
	st, now := s.now(ctx), s.Now()
	p := st.portal(t)
	for _, w := range st.windows {
		if w.HoldsJobs && w.State(now) == Running && w.Reaches(p) {
			left = max(left, w.UntilAt.Sub(now))
		}
	}
	return left
}

func (s *Service) dismissed(ctx context.Context, tenantID, person uid.ID) []uid.ID {
	list, err := s.put.Get(ctx, whose{tenantID, person}, func(ctx context.Context) (list []uid.ID, err error) {
		err = s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
			list, err = s.Keep.Dismissed(ctx, tenantID, person)
			return err
		})
		return list, err
	})
	if err != nil { // a banner too many harms nobody
		s.Log.WarnContext(ctx, "what was put away was not read", "err", err)
	}
	return list
}

// Dismiss puts a banner away for the reader. ErrNotFound for one that they do not see, ErrStays for one that stays. Twice is once.
func (s *Service) Dismiss(ctx context.Context, t tenant.Tenant, who Reader, id uid.ID) error {
	st, now := s.now(ctx), s.Now()
	i := slices.IndexFunc(st.banners, func(b Banner) bool {
		return b.ID == id && b.State(now) == Running && b.Reaches(st.portal(t)) && b.Readers.Sees(who)
	})
	if i < 0 || who.Person == uid.Nil {
		return ErrNotFound
	}
	if !st.banners[i].Dismissible {
		return ErrStays
	}
	err := s.Keep.InControl(ctx, func(ctx context.Context) error { return s.Keep.Dismiss(ctx, id, t.ID, who.Person, now) })
	if err != nil {
		return err
	}
	s.ForgetReader(t.ID, who.Person)
	s.Keep.AnnounceNotices(ctx, t.ID, []uid.ID{who.Person})
	return nil
}
