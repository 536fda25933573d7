package store

import (
	"strings"

	"gorm.io/gorm"

	"lyceum/auth"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// afterName begins a list that is ordered by a name in any case, and by id among equals, behind a cursor of byName.
// where compares the two with what stands in the cursor; page.ErrCursor.
func afterName(q *gorm.DB, where, cursor string) (*gorm.DB, error) {
	if cursor == "" {
		return q, nil
	}
	after, err := page.Parts(cursor, 2)
	if err != nil {
		return q, err
	}
	id, ok := uid.Parse(after[1])
	if !ok || strings.ContainsRune(after[0], 0) {
		return q, page.ErrCursor
	}
	return q.Where(where, after[0], id), nil
}

// byName makes the piece of such a list out of rows of a query that asked for one more than the limit: key gives a row's
// name as it is ordered and its id, one what the list holds.
func byName[R, T any](rows []R, limit int, key func(R) (string, uid.ID), one func(R) T) (out page.Of[T]) {
	piece := page.Cut(rows, limit, func(r R) []string {
		name, id := key(r)
		return []string{name, id.String()}
	})
	out.Next = piece.Next
	for _, r := range piece.Items {
		out.Items = append(out.Items, one(r))
	}
	return out
}

// afterPerson is afterName for people p.
func afterPerson(q *gorm.DB, cursor string) (*gorm.DB, error) {
	return afterName(q, "(lower(p.name), p.id) > (?, ?)", cursor)
}

// peopleByName is byName for people.
func peopleByName(rows []personRow, limit int) page.Of[auth.Person] {
	return byName(rows, limit, func(r personRow) (string, uid.ID) { return r.SortName, r.ID }, personRow.person)
}
