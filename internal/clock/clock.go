// Package clock hands time in, so that a rule about time can be tested at any time. It is not a scheduler.
package clock

import "time"

// Clock tells the time. Production uses Real; a test moves its own.
type Clock func() time.Time

// Real is the machine's clock in UTC, in microseconds: what PostgreSQL keeps, so that a value read back is equal.
func Real() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// At is a clock that stands still.
func At(t time.Time) Clock {
	t = t.UTC().Truncate(time.Microsecond)
	return func() time.Time { return t }
}
