package scim

import (
	"slices"
	"strings"
)

// SortKey is the text by which a resource is sorted: the value of the attribute, of several the primary or else the
// first (RFC 7644 §3.4.2.3), without regard to case unless the schema says so. ok is false without a value.
func SortKey(r Resource, by Path) (key string, ok bool) {
	if by.Attr == nil {
		return "", false
	}
	found := values(r, by)
	if by.Sub != nil && by.Attr.Multi {
		for _, v := range values(r, Path{Schema: by.Schema, Attr: by.Attr}) {
			if m, isMap := v.(map[string]any); isMap && m["primary"] == true && m[by.Sub.Name] != nil {
				found = []any{m[by.Sub.Name]}
			}
		}
	}
	if len(found) == 0 {
		return "", false
	}
	switch v := found[0].(type) {
	case string:
		if !by.leaf().CaseExact && by.leaf().Type != TypeDateTime {
			v = fold(v)
		}
		return v, true
	case bool:
		if v {
			return "1", true
		}
		return "0", true
	}
	return "", false
}

// Sort orders resources by an attribute, those with the same value by id. What has no value comes last, with Descending
// first.
func Sort(list []Resource, by Path, descending bool) {
	slices.SortStableFunc(list, func(a, b Resource) int {
		c := compareKeys(a, b, by)
		if descending {
			return -c
		}
		return c
	})
}

func compareKeys(a, b Resource, by Path) int {
	ka, okA := SortKey(a, by)
	kb, okB := SortKey(b, by)
	switch {
	case okA && !okB:
		return -1
	case okB && !okA:
		return 1
	}
	if c := strings.Compare(ka, kb); c != 0 {
		return c
	}
	idA, _ := a["id"].(string)
	idB, _ := b["id"].(string)
	return strings.Compare(idA, idB)
}
