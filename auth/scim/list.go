package scim

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
)

// Sizes of a page of a list.
const (
	PageDefault = 100
	PageMax     = 500
)

// Query is what a list is asked for, by parameters or by the body of a .search (RFC 7644 §3.4.2, §3.4.3, RFC 9865).
type Query struct {
	Filter     Filter // nil is everything
	SortBy     Path   // no Attr: by age
	Descending bool
	StartIndex int    // from 1; index paging
	Count      int    // 0 asks for the number alone
	Cursored   bool   // cursor paging
	After      Cursor // where the page begins; zero at the beginning
	Select     Selection
	print      string // what filter and order the cursor belongs to
}

// Cursor is where the next page of a list begins: behind the resource with this sort key and id.
type Cursor struct {
	Key string `json:"k"`
	ID  string `json:"i"`
}

// wire is a cursor as the client sees it, with what it belongs to.
type wire struct {
	Cursor
	Print string `json:"p"`
}

// Parameters are a list's, as texts; a name that was not given is absent.
type Parameters map[string]string

// ParseQuery reads a list's parameters; names in the standard's own spelling. Failures are ErrInvalidFilter,
// ErrInvalidPath (sortBy), ErrInvalidValue, ErrInvalidCursor and ErrInvalidCount.
func ParseQuery(rt *ResourceType, in Parameters, q Quirks) (out Query, err error) {
	if text := in["filter"]; strings.TrimSpace(text) != "" {
		if out.Filter, err = ParseFilter(rt, text, q); err != nil {
			return out, err
		}
	}
	if err = out.order(rt, in, q); err != nil {
		return out, err
	}
	if err = out.page(in); err != nil {
		return out, err
	}
	out.Select, err = ParseSelection(rt, in["attributes"], in["excludedAttributes"])
	return out, err
}

func (o *Query) order(rt *ResourceType, in Parameters, q Quirks) error {
	if by := in["sortBy"]; by != "" {
		path := scope{rt: rt}.resolve(by)
		switch {
		case path.Unknown != "" && q.PassUnknown:
			path = Path{}
		case path.Unknown != "" || path.Attr == nil:
			return ErrInvalidPath.Saying("sortBy: %q is no attribute of a %s.", short(by), rt.Name)
		case path.leaf().Type == TypeComplex:
			if path.Sub = path.Attr.sub("value"); path.Sub == nil {
				return ErrInvalidPath.Saying("sortBy: %s has parts: name the one to sort by.", path.Attr.Name)
			}
		}
		o.SortBy = path
	}
	switch fold(in["sortOrder"]) {
	case "", "ascending":
	case "descending":
		o.Descending = true
	default:
		return ErrInvalidValue.Saying("sortOrder is ascending or descending.")
	}
	return nil
}

func (o *Query) page(in Parameters) error {
	o.print = imprint(in["filter"], in["sortBy"], in["sortOrder"])
	cursor, cursored := in["cursor"]
	o.Cursored = cursored
	o.StartIndex, o.Count = 1, PageDefault
	if text, ok := in["startIndex"]; ok {
		n, err := strconv.Atoi(text)
		if err != nil {
			return ErrInvalidValue.Saying("startIndex is not a number.")
		}
		o.StartIndex = max(n, 1)
	}
	if text, ok := in["count"]; ok {
		n, err := strconv.Atoi(text)
		switch {
		case cursored && (err != nil || n < 1 || n > PageMax):
			return ErrInvalidCount.Saying("With a cursor, count is 1 to %d.", PageMax)
		case err != nil:
			return ErrInvalidValue.Saying("count is not a number.")
		}
		o.Count = min(max(n, 0), PageMax)
	}
	if cursor == "" {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	var w wire
	if err != nil || json.Unmarshal(raw, &w) != nil || w.Print != o.print || w.ID == "" || strings.ContainsRune(w.Key, 0) {
		return ErrInvalidCursor
	}
	o.After = w.Cursor
	return nil
}

// Next makes the cursor behind a resource.
func (o Query) Next(c Cursor) string {
	raw, err := json.Marshal(wire{c, o.print})
	if err != nil {
		return "" // unreachable: texts always marshal
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// imprint is what a cursor is bound to: it opens no other list.
func imprint(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

// List is a list response (RFC 7644 §3.4.2). Resources is never absent: Entra reads it unasked.
type List struct {
	Schemas      []string   `json:"schemas"`
	TotalResults int        `json:"totalResults"`
	ItemsPerPage int        `json:"itemsPerPage"`
	StartIndex   int        `json:"startIndex,omitempty"`
	NextCursor   string     `json:"nextCursor,omitempty"`
	Resources    []Resource `json:"Resources"`
}

// ParseSearch turns the body of a .search into a list's parameters (RFC 7644 §3.4.3); ErrInvalidSyntax.
func ParseSearch(body map[string]any, q Quirks) (Parameters, error) {
	c := cleaner{q: q}
	if err := c.schemas(body, MessageSearch); err != nil {
		return nil, err
	}
	out := Parameters{}
	for _, name := range parameterNames {
		v, ok := valueOf(body, name)
		if !ok || v == nil {
			continue
		}
		switch v := v.(type) {
		case string:
			out[name] = v
		case float64:
			out[name] = strconv.FormatFloat(v, 'f', -1, 64)
		case []any:
			var names []string
			for _, one := range v {
				s, ok := one.(string)
				if !ok {
					return nil, ErrInvalidSyntax.Saying("%s is a list of names.", name)
				}
				names = append(names, s)
			}
			out[name] = strings.Join(names, ",")
		default:
			return nil, ErrInvalidSyntax.Saying("%s is not of the type it has to be.", name)
		}
	}
	return out, nil
}
