package auth

import (
	"context"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// LineMax is how many managers may stand above one another.
const LineMax = 100

// Failures of reporting lines.
var (
	// ErrLoop is a manager who reports to the person themselves, directly or through others.
	ErrLoop = fault.New(fault.KindConflict, "reporting_loop", "This person reports to whom you chose as the manager, directly or through others. Choose another manager.")
	// ErrLineLong is a line beyond LineMax.
	ErrLineLong = fault.New(fault.KindConflict, "reporting_line_long", "At most 100 managers may stand above one another. Choose another manager.")
)

// LineKeeper is what reporting lines need kept. Who changes managers of several people in one transaction holds the lines
// first: two that held each other's people would wait for ever.
type LineKeeper interface {
	// HoldLines holds the tenant's lines until the transaction ends.
	HoldLines(ctx context.Context) error
	// MayReport fails with ErrLoop, which names the loop, or ErrLineLong unless the person may report to the manager. It holds
	// the lines.
	MayReport(ctx context.Context, person, manager uid.ID) error
	// KeepLines brings the lines of these people, and of everybody below them, to the managers that they have now. It holds the
	// lines; ErrLoop, ErrLineLong: the transaction must not be kept then.
	KeepLines(ctx context.Context, people ...uid.ID) error
}
