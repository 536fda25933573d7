package rubric

import (
	"fmt"
	"strconv"
	"strings"
)

// Points are hundredths of a point, so that sums are exact. In JSON and in text they are written as points: 2.5.
type Points int64

// One is a whole point.
const One Points = 100

// MaxPoints is the most that one level, or a piece of work marked by points, is worth.
const MaxPoints = 1_000 * One

// String writes points with a dot and without zeros that say nothing.
func (p Points) String() string {
	sign := ""
	if p < 0 {
		sign, p = "-", -p
	}
	s := fmt.Sprintf("%s%d.%02d", sign, p/One, p%One)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// ParsePoints reads 7, 7.5 or 7,25; false for anything else, for what is negative and for more than MaxPoints.
func ParsePoints(s string) (Points, bool) {
	whole, part, cut := strings.Cut(strings.ReplaceAll(strings.TrimSpace(s), ",", "."), ".")
	if cut && (part == "" || len(part) > 2) || !digits(whole) || !digits(part) && cut || len(whole) > 4 {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+(part + "00")[:2], 10, 64)
	return Points(n), err == nil && Points(n) <= MaxPoints
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// MarshalJSON writes a number of points.
func (p Points) MarshalJSON() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalJSON reads a number of points.
func (p *Points) UnmarshalJSON(b []byte) error {
	n, ok := ParsePoints(string(b))
	if !ok {
		return fmt.Errorf("%s is no number of points from 0 to %s with at most two decimals", b, MaxPoints)
	}
	*p = n
	return nil
}

// Percent is a share of the most points, rounded to the nearest whole percent, a half up; 0 when nothing can be reached.
func Percent(got, most Points) int {
	if most <= 0 {
		return 0
	}
	return int((2*100*max(0, got) + most) / (2 * most))
}
