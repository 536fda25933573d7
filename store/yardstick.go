package store

import (
	"strconv"
	"strings"
)

// EnrolmentsSQL is the statement behind EnrolmentsOf with $1 for the person and $2 for the limit, for the benchmark's
// yardstick: both run the same.
func EnrolmentsSQL() string {
	var b strings.Builder
	n := 0
	for _, r := range mineFirst {
		if r == '?' {
			n++
			b.WriteString("$" + strconv.Itoa(n))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
