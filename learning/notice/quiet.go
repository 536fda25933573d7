package notice

import "time"

// Quiet are full hours of the day, 0 to 23, from one to the other, in which nobody is disturbed; equal ones are none.
type Quiet struct{ From, To int }

// At tells whether an hour lies in them.
func (q Quiet) At(hour int) bool {
	if q.From <= q.To {
		return hour >= q.From && hour < q.To
	}
	return hour >= q.From || hour < q.To
}

// Until is when they end for who is in a place, where a moment lies in them; else that moment.
func (q Quiet) Until(now time.Time, place *time.Location) time.Time {
	local := now.In(place)
	if !q.At(local.Hour()) {
		return now
	}
	end := time.Date(local.Year(), local.Month(), local.Day(), q.To, 0, 0, 0, place)
	if !end.After(now) {
		end = time.Date(local.Year(), local.Month(), local.Day()+1, q.To, 0, 0, 0, place)
	}
	return end
}
