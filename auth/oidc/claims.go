package oidc

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
)

// claims is the payload of a token, its names taken exactly as they are written (the standard library's structs would take
// SUB for sub as well).
type claims map[string]any

var (
	errClaims      = errors.New("the claims are no JSON object")
	errClaimsBound = errors.New("the claims are more, longer or deeper than we read")
)

const (
	claimsDepth  = 8
	claimsValues = 10_000
	claimsName   = 512
)

// parseClaims reads a payload. Numbers keep their digits.
func parseClaims(payload []byte) (claims, error) {
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	var c claims
	if err := d.Decode(&c); err != nil || c == nil {
		return nil, errClaims
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errClaims
	}
	return c, nil
}

func (c claims) has(name string) bool { _, ok := c[name]; return ok }

// text gives a claim that is a string; anything else is "".
func (c claims) text(name string) string {
	s, _ := c[name].(string)
	return s
}

// list gives a claim that is a string or an array of strings (RFC 7519 §4.1.3); ok is false for anything else.
func (c claims) list(name string) (list []string, ok bool) {
	switch v := c[name].(type) {
	case string:
		return []string{v}, true
	case []any:
		for _, e := range v {
			s, ok := e.(string)
			if !ok {
				return nil, false
			}
			list = append(list, s)
		}
		return list, true
	}
	return nil, false
}

// date gives a claim that is a NumericDate (RFC 7519 §2) between 1970 and 9999; ok is false for anything else.
func (c claims) date(name string) (t time.Time, ok bool) {
	n, isNumber := c[name].(json.Number)
	if !isNumber {
		return t, false
	}
	seconds, err := n.Float64()
	if err != nil || !(seconds >= 0 && seconds < 253402300800) {
		return t, false
	}
	return time.Unix(int64(seconds), 0).UTC(), true
}

// yes gives a boolean claim; some providers write it as a string (Amazon Cognito, Apple). nil: the claim says nothing.
func (c claims) yes(name string) *bool {
	var b bool
	switch c[name] {
	case true, "true":
		b = true
	case false, "false":
	default:
		return nil
	}
	return &b
}

// ownWorking are claims that belong to the protocol's own working and say nothing of the person. The sources of distributed
// claims can hold access tokens.
var ownWorking = []string{"nonce", "at_hash", "c_hash", "s_hash", "_claim_names", "_claim_sources"}

// flatten gives the claims in one level: nested names are joined with dots (address.country), an array gives several
// values, an array of objects the values of each. An empty array stays: it says that there is none. A literal name with
// dots goes before a nested one that would read the same, so that no nested text can pose as a claim of the top.
func (c claims) flatten() (map[string][]string, error) {
	f := flattening{out: make(map[string][]string, len(c)), from: map[string]string{}}
	for name := range c {
		if !slices.Contains(ownWorking, name) {
			f.queue = append(f.queue, branch{name: name, path: name, value: c[name]})
		}
	}
	// Breadth first: what is nearer to the top has the name. Within a level the order is the names', not the map's.
	for len(f.queue) > 0 {
		level := f.queue
		f.queue = nil
		slices.SortStableFunc(level, func(a, b branch) int { return strings.Compare(a.path, b.path) })
		for _, b := range level {
			f.take(b)
		}
		if f.err != nil {
			return nil, f.err
		}
	}
	return f.out, nil
}

type branch struct {
	name, path string // path has the same parts as name, joined with what no name can hold
	depth      int
	value      any
}

type flattening struct {
	out   map[string][]string
	from  map[string]string // name → the path that has it
	queue []branch
	count int
	err   error
}

func (f *flattening) take(b branch) {
	if b.depth > claimsDepth || len(b.name) > claimsName || f.count > claimsValues {
		f.err = errClaimsBound
		return
	}
	switch v := b.value.(type) {
	case map[string]any:
		for _, name := range sortedNames(v) {
			f.queue = append(f.queue, branch{name: b.name + "." + name, path: b.path + "\x00" + name, depth: b.depth + 1, value: v[name]})
		}
		f.count += len(v)
	case []any:
		if len(v) == 0 {
			f.put(b)
		}
		for _, e := range v {
			if f.take(branch{name: b.name, path: b.path, depth: b.depth + 1, value: e}); f.err != nil {
				return
			}
		}
	case string:
		f.put(b, strings.ReplaceAll(v, "\x00", "\ufffd")) // PostgreSQL keeps no NUL
	case json.Number:
		f.put(b, v.String())
	case bool:
		if v {
			f.put(b, "true")
		} else {
			f.put(b, "false")
		}
	}
}

func (f *flattening) put(b branch, values ...string) {
	name := strings.ReplaceAll(b.name, "\x00", "\ufffd")
	if owner, ok := f.from[name]; ok && owner != b.path {
		return
	}
	f.from[name] = b.path
	if f.out[name] = append(f.out[name], values...); f.out[name] == nil {
		f.out[name] = []string{}
	}
	f.count += max(len(values), 1)
}

func sortedNames(m map[string]any) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
