package hold

import (
	"context"
	"encoding/json"
	"time"

	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Row is something of somebody under a hold that was removed in everyday life, by them or by others: they left a path, ended a session. It is a
// row of held_rows.
type Row struct {
	ID        uid.ID
	PersonID  uid.ID
	Place     string          // the table, as the register names it
	Data      json.RawMessage // as it was, without keys and what leads to one
	RemovedAt time.Time

	Name  string `gorm:"->"`
	Email string `gorm:"->"`
}

// Rows gives one with what was set aside of those whom it covers, the newest first. It needs privacy:read; ErrNotFound. A hold that was released
// has none.
func (s *Service) Rows(ctx context.Context, id uid.ID, p page.Request) (h Hold, rows page.Of[Row], err error) {
	err = s.read(ctx, func(ctx context.Context) error {
		if h, err = s.keep.FindHold(ctx, id); err != nil || !h.Open() {
			return err
		}
		rows, err = s.keep.HeldRows(ctx, h, p)
		return err
	})
	return h, rows, err
}

// Aside counts what was set aside of those whom a hold covers. It needs privacy:read; ErrNotFound.
func (s *Service) Aside(ctx context.Context, id uid.ID) (n int64, err error) {
	err = s.read(ctx, func(ctx context.Context) error {
		h, err := s.keep.FindHold(ctx, id)
		if err != nil || !h.Open() {
			return err
		}
		n, err = s.keep.CountHeldRows(ctx, h)
		return err
	})
	return n, err
}
