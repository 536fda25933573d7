package status

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"lyceum/internal/clock"
	"lyceum/internal/uid"
)

// Adder is where a meter's counts go.
type Adder interface {
	InControl(ctx context.Context, fn func(context.Context) error) error
	// AddStatus adds counts to those that are kept, of portals and of the platform. Portals that are gone are left out.
	AddStatus(ctx context.Context, portals, platform []Count) error
}

// Meter counts in the memory of a process. What it has counted since the last Flush goes with a process that is killed.
type Meter struct {
	now clock.Clock
	mu  sync.Mutex
	by  map[key]Count
}

type key struct {
	tenant uid.ID
	part   Part
	slot   int64
}

// most bounds what is held between two flushes; beyond it only the platform is counted.
const most = 100_000

// NewMeter begins at nothing.
func NewMeter(now clock.Clock) *Meter { return &Meter{now: now, by: map[key]Count{}} }

// Note counts one use of a part by a portal (uid.Nil: by none) and how long it waited.
func (m *Meter) Note(tenant uid.ID, part Part, good bool, waited time.Duration) {
	if m == nil {
		return
	}
	slot := m.now().UTC().Truncate(SlotLength)
	c := Count{Part: part, Slot: slot, WorstMS: max(waited, 0).Milliseconds()}
	if good {
		c.Good = 1
	} else {
		c.Bad = 1
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(uid.Nil, c)
	if tenant != uid.Nil && len(m.by) < most {
		m.add(tenant, c)
	}
}

func (m *Meter) add(of uid.ID, c Count) {
	k := key{of, c.Part, c.Slot.Unix()}
	held, ok := m.by[k]
	if !ok {
		held = Count{TenantID: of, Part: c.Part, Slot: c.Slot}
	}
	m.by[k] = held.plus(c)
}

// Flush hands over what was counted. What could not be handed over is kept for the next time.
func (m *Meter) Flush(ctx context.Context, to Adder) error {
	m.mu.Lock()
	taken := m.by
	m.by = map[key]Count{}
	m.mu.Unlock()
	if len(taken) == 0 {
		return nil
	}
	var portals, platform []Count
	for k, c := range taken {
		if k.tenant == uid.Nil {
			platform = append(platform, c)
		} else {
			portals = append(portals, c)
		}
	}
	// In one order, so that two processes never wait for each other's rows.
	slices.SortFunc(portals, func(a, b Count) int {
		return cmp.Or(strings.Compare(a.TenantID.String(), b.TenantID.String()), cmp.Compare(a.Part, b.Part), a.Slot.Compare(b.Slot))
	})
	slices.SortFunc(platform, func(a, b Count) int { return cmp.Or(cmp.Compare(a.Part, b.Part), a.Slot.Compare(b.Slot)) })
	err := to.InControl(ctx, func(ctx context.Context) error { return to.AddStatus(ctx, portals, platform) })
	if err != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
		for k, c := range taken {
			if held, ok := m.by[k]; ok {
				c = held.plus(c)
			}
			m.by[k] = c
		}
	}
	return err
}
