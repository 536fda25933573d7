// Package page is keyset paging: a list answers a bounded piece and a cursor that names where the next one begins.
// It never counts and never skips rows, so a list stays fast and loses nothing while rows come and go.
package page

import (
	"encoding/base64"
	"encoding/json"

	"lyceum/internal/fault"
)

// Limits of one page, in items.
const (
	DefaultLimit = 50
	MaxLimit     = 200
)

// Request asks for a piece: After is a cursor from Of.Next ("" is the beginning).
type Request struct {
	After string
	Limit int
}

// Bounded gives the limit to use: 1 to MaxLimit, DefaultLimit when none was given.
func (r Request) Bounded() int {
	switch {
	case r.Limit <= 0:
		return DefaultLimit
	case r.Limit > MaxLimit:
		return MaxLimit
	}
	return r.Limit
}

// Of is a piece of a list. Next is "" at the end.
type Of[T any] struct {
	Items []T
	Next  string
}

// ErrCursor is a cursor that no list of ours gave.
var ErrCursor = fault.New(fault.KindInvalid, "bad_cursor", "This page marker is not valid. Begin again with the first page.")

// Cursor packs the sort key of a piece's last row.
func Cursor(parts ...string) string {
	b, err := json.Marshal(parts)
	if err != nil {
		panic(err) // unreachable: strings always marshal
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// Parts unpacks a cursor of exactly n parts.
func Parts(cursor string, n int) ([]string, error) {
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, ErrCursor
	}
	var parts []string
	if json.Unmarshal(b, &parts) != nil || len(parts) != n {
		return nil, ErrCursor
	}
	return parts, nil
}

// Cut takes rows of a query that asked for one more than the limit, and makes the piece.
func Cut[T any](rows []T, limit int, key func(T) []string) Of[T] {
	if len(rows) <= limit {
		return Of[T]{Items: rows}
	}
	rows = rows[:limit]
	return Of[T]{Items: rows, Next: Cursor(key(rows[limit-1])...)}
}
