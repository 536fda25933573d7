package scim

import (
	"context"
	"net/http"

	"lyceum/auth"
	"lyceum/internal/uid"
)

// scanMax bounds what is held against a filter that the store cannot ask in full, or sorted by what it cannot sort by.
const scanMax = 50_000

// source is where a list's resources come from: people or groups.
type source[T any] struct {
	rt    *ResourceType
	count func(context.Context, uid.ID, Condition) (int, error)
	read  func(context.Context, Span) ([]T, error)
	show  func(context.Context, []T, Selection) ([]Resource, error)
}

// listUsers answers GET /Users and POST /Users/.search (RFC 7644 §3.4.2, §3.4.3).
func (w *work) listUsers(ctx context.Context, q Query) (Response, error) {
	return list(ctx, w, q, source[Record]{Users, w.keep.CountRecords, w.keep.Records, w.showUsers})
}

// listGroups answers GET /Groups and POST /Groups/.search.
func (w *work) listGroups(ctx context.Context, q Query) (Response, error) {
	return list(ctx, w, q, source[auth.Group]{Groups, w.keep.CountGroups, w.keep.DirectoryGroups, w.showGroups})
}

func list[T any](ctx context.Context, w *work, q Query, from source[T]) (Response, error) {
	where, exact := Translate(from.rt, q.Filter)
	by, sortable := sortField(q.SortBy)
	var out List
	var err error
	if exact && sortable {
		out, err = asked(ctx, w, q, from, where, by)
	} else {
		out, err = scanned(ctx, w, q, from, where, exact)
	}
	if err != nil {
		return Response{}, err
	}
	out.Schemas, out.ItemsPerPage = []string{MessageList}, len(out.Resources)
	if !q.Cursored {
		out.StartIndex = q.StartIndex
	}
	for i, r := range out.Resources {
		out.Resources[i] = q.Select.Apply(from.rt, r)
	}
	if out.Resources == nil {
		out.Resources = []Resource{}
	}
	return answered(http.StatusOK, out)
}

// sortField tells by what the store sorts; ok is false when it cannot.
func sortField(by Path) (f Field, ok bool) {
	if by.Attr == nil {
		return FieldID, true
	}
	if by.Schema != nil {
		return "", false
	}
	switch f := Field(by.String()); f {
	case FieldID, FieldUserName, FieldCreated, FieldLastModified:
		return f, true
	}
	return "", false
}

// asked is a page that the store gives as it is.
func asked[T any](ctx context.Context, w *work, q Query, from source[T], where Condition, by Field) (out List, err error) {
	span := Span{Directory: w.d.ID, Where: where, By: by, Descending: q.Descending, After: q.After, Limit: q.Count}
	if q.Cursored {
		span.Limit++
	} else {
		span.Skip = q.StartIndex - 1
	}
	var rows []T
	if q.Count > 0 {
		if rows, err = from.read(ctx, span); err != nil {
			return out, err
		}
	}
	if q.After.ID == "" && span.Skip == 0 && len(rows) < q.Count {
		out.TotalResults = len(rows) // that was all: directories mostly ask for one person
	} else if out.TotalResults, err = from.count(ctx, w.d.ID, where); err != nil {
		return out, err
	}
	more := len(rows) > q.Count
	rows = rows[:min(len(rows), q.Count)]
	if out.Resources, err = from.show(ctx, rows, q.Select); err != nil {
		return out, err
	}
	if q.Cursored && more {
		out.NextCursor = q.Next(cursorOf(out.Resources[len(rows)-1], q.SortBy))
	}
	return out, nil
}

// cursorOf names the place behind a resource.
func cursorOf(r Resource, by Path) Cursor {
	id, _ := r["id"].(string)
	key, _ := SortKey(r, by)
	return Cursor{Key: key, ID: id}
}

// scanned reads what may match in pieces, keeps what does, and sorts and pages that; ErrTooMany beyond scanMax.
func scanned[T any](ctx context.Context, w *work, q Query, from source[T], where Condition, exact bool) (out List, err error) {
	var found []Resource
	seen := 0
	for after := (Cursor{}); ; {
		rows, err := from.read(ctx, Span{Directory: w.d.ID, Where: where, By: FieldID, After: after, Limit: chunk})
		if err != nil {
			return out, err
		}
		if seen += len(rows); seen > scanMax {
			return out, ErrTooMany
		}
		resources, err := from.show(ctx, rows, Selection{})
		if err != nil {
			return out, err
		}
		for _, r := range resources {
			if exact || Matches(q.Filter, r) {
				found = append(found, r)
			}
		}
		if len(rows) < chunk {
			break
		}
		after = cursorOf(resources[len(resources)-1], Path{})
	}
	out.TotalResults = len(found)
	if q.SortBy.Attr != nil || q.Descending {
		Sort(found, q.SortBy, q.Descending)
	}
	found = behind(found, q)
	more := len(found) > q.Count
	out.Resources = found[:min(len(found), q.Count)]
	if q.Cursored && more && q.Count > 0 {
		out.NextCursor = q.Next(cursorOf(out.Resources[q.Count-1], q.SortBy))
	}
	return out, nil
}

// behind gives what stands from the page's beginning on.
func behind(found []Resource, q Query) []Resource {
	if !q.Cursored {
		return found[min(q.StartIndex-1, len(found)):]
	}
	if q.After.ID == "" {
		return found
	}
	for i, r := range found {
		if passed(r, q) {
			return found[i:]
		}
	}
	return nil
}

// passed tells whether a resource stands behind the cursor.
func passed(r Resource, q Query) bool {
	at := cursorOf(r, q.SortBy)
	_, has := SortKey(r, q.SortBy)
	last := q.SortBy.Attr != nil && q.After.Key == "" // the cursor stands among those without a value
	c := 0
	switch {
	case q.SortBy.Attr != nil && has == last: // one has a value and the other has none, which stands last
		if c = -1; !has {
			c = 1
		}
	case at.Key != q.After.Key:
		c = compareTexts(at.Key, q.After.Key)
	default:
		c = compareTexts(at.ID, q.After.ID)
	}
	if q.Descending {
		return c < 0
	}
	return c > 0
}

func compareTexts(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
