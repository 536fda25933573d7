package broadcast

import (
	"context"
	"time"

	"lyceum/internal/uid"
)

// Window gives one with the slugs of its portals; ErrNotFound.
func (s *Service) Window(ctx context.Context, id uid.ID) (w Window, slugs []string, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		if w, err = s.Keep.WindowByID(ctx, id); err != nil {
			return err
		}
		slugs, err = s.slugs(ctx, w.Audience)
		return err
	})
	return w, slugs, err
}

// AddWindow plans maintenance. Field faults. Act maintenance.planned.
func (s *Service) AddWindow(ctx context.Context, w Window) (Window, error) {
	if err := w.check(s.Now(), s.Languages); err != nil {
		return w, err
	}
	w.ID, w.Revision, w.CreatedAt, w.EndedAt = uid.New(), 1, s.Now(), nil
	return w, s.changed(ctx, "maintenance.planned", windowFacts(w), func(ctx context.Context) error { return s.Keep.InsertWindow(ctx, w) })
}

// ChangeWindow writes over the revision that w carries. Of one that runs only the end and what is said change: nobody is closed
// out unannounced. Field faults, ErrChanged, ErrOver, ErrNotFound. Act maintenance.changed.
func (s *Service) ChangeWindow(ctx context.Context, w Window) (Window, error) {
	var old Window
	err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		old, err = s.Keep.WindowByID(ctx, w.ID)
		return err
	})
	if err != nil {
		return w, err
	}
	switch old.State(s.Now()) {
	case Over, Cancelled:
		return w, ErrOver
	case Running:
		w.Mode, w.Audience, w.FromAt, w.AnnounceAt, w.HoldsJobs, w.TellsOwners = old.Mode, old.Audience, old.FromAt, old.AnnounceAt, old.HoldsJobs, old.TellsOwners
	}
	if err := w.check(s.Now(), s.Languages); err != nil {
		return w, err
	}
	w.Revision, w.CreatedAt, w.ByName, w.EndedAt = w.Revision+1, old.CreatedAt, old.ByName, nil
	return w, s.changed(ctx, "maintenance.changed", windowFacts(w), func(ctx context.Context) error { return s.Keep.SaveWindow(ctx, w) })
}

// EndWindow ends a window that runs, and cancels one that comes. ErrOver, ErrNotFound. Act maintenance.ended or maintenance.cancelled.
func (s *Service) EndWindow(ctx context.Context, id uid.ID) error {
	at, act := s.Now(), "maintenance.ended"
	var w Window
	err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		w, err = s.Keep.WindowByID(ctx, id)
		return err
	})
	if err != nil {
		return err
	}
	switch w.State(at) {
	case Over, Cancelled:
		return ErrOver
	case Planned:
		act = "maintenance.cancelled"
	}
	w.EndedAt, w.Revision = &at, w.Revision+1
	return s.changed(ctx, act, windowFacts(w), func(ctx context.Context) error { return s.Keep.SaveWindow(ctx, w) })
}

func windowFacts(w Window) map[string]string {
	return map[string]string{
		"id": w.ID.String(), "mode": string(w.Mode), "text": w.Texts.In(""), "from": w.FromAt.UTC().Format(time.RFC3339), "until": w.UntilAt.UTC().Format(time.RFC3339), "to": w.Audience.facts(),
	}
}
