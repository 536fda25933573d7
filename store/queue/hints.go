package queue

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"lyceum/internal/uid"
)

// Hints gathers the tenants whose transactions appended events and tells the relays of all processes, many in one
// message. Losing one costs time, never an event: the sweep finds it.
type Hints struct {
	send func(ctx context.Context, tenantIDs []uid.ID) error
	log  *slog.Logger
	mu   sync.Mutex
	ids  map[uid.ID]struct{}
	wake chan struct{}
}

// NewHints makes the gatherer; send is store.Hint.
func NewHints(send func(ctx context.Context, tenantIDs []uid.ID) error, log *slog.Logger) *Hints {
	return &Hints{send: send, log: log, ids: map[uid.ID]struct{}{}, wake: make(chan struct{}, 1)}
}

// Add notes a tenant. It never blocks.
func (h *Hints) Add(tenantID uid.ID) {
	h.mu.Lock()
	h.ids[tenantID] = struct{}{}
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// Run sends hints until ctx ends; what is noted then is still sent.
func (h *Hints) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			h.flush(context.WithoutCancel(ctx))
			return
		case <-h.wake:
			h.flush(ctx)
		}
	}
}

func (h *Hints) flush(ctx context.Context) {
	h.mu.Lock()
	ids := make([]uid.ID, 0, len(h.ids))
	for id := range h.ids {
		ids = append(ids, id)
	}
	clear(h.ids)
	h.mu.Unlock()
	if len(ids) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := h.send(ctx, ids); err != nil {
		h.log.WarnContext(ctx, "hint at events; the sweep will find them", slog.Any("err", err))
	}
}
