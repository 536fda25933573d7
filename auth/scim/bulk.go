package scim

import (
	"net/http"
	"strings"

	"lyceum/internal/fault"
)

// ErrBulkReference is a bulkId that the request does not create, or several that wait for each other.
var ErrBulkReference = fault.New(fault.KindConflict, "scim_bulk_reference", "A bulkId that this operation names is not created by this request.")

// Bulk is a bulk request (RFC 7644 §3.7).
type Bulk struct {
	FailOnErrors int // how many failures end it; 0: none does
	Operations   []BulkOperation
}

// BulkOperation is one request within a bulk.
type BulkOperation struct {
	Method  string // POST, PUT, PATCH, DELETE
	Path    string // "/Users", "/Users/<id>", "/Groups/bulkId:x"
	BulkID  string
	Version string // If-Match
	Data    map[string]any
}

// BulkResult is what became of one.
type BulkResult struct {
	Method   string `json:"method"`
	BulkID   string `json:"bulkId,omitempty"`
	Version  string `json:"version,omitempty"`
	Location string `json:"location,omitempty"`
	Status   string `json:"status"`
	Response any    `json:"response,omitempty"`
}

// BulkAnswer is a bulk response.
type BulkAnswer struct {
	Schemas    []string     `json:"schemas"`
	Operations []BulkResult `json:"Operations"`
}

// ParseBulk reads a bulk request. ErrTooLarge beyond BulkOperationsMax operations; ErrInvalidSyntax.
func ParseBulk(body map[string]any, q Quirks) (out Bulk, err error) {
	c := cleaner{q: q}
	if err := c.schemas(body, MessageBulkRequest); err != nil {
		return out, err
	}
	if v, ok := valueOf(body, "failOnErrors"); ok && v != nil {
		n, ok := v.(float64)
		if !ok || n < 0 || n != float64(int(n)) {
			return out, ErrInvalidSyntax.Saying("failOnErrors is no number of failures.")
		}
		out.FailOnErrors = int(n)
	}
	v, _ := valueOf(body, "Operations")
	list, ok := v.([]any)
	switch {
	case !ok || len(list) == 0:
		return out, ErrInvalidSyntax.Saying("Operations is missing or empty.")
	case len(list) > BulkOperationsMax:
		return out, ErrTooLarge.Saying("A bulk request holds at most %d operations.", BulkOperationsMax)
	}
	known := map[string]bool{}
	for i, one := range list {
		op, err := parseBulkOperation(one, i+1)
		if err != nil {
			return out, err
		}
		if op.BulkID != "" && known[op.BulkID] {
			return out, ErrInvalidSyntax.Saying("The bulkId %q stands there twice.", short(op.BulkID))
		}
		known[op.BulkID] = true
		out.Operations = append(out.Operations, op)
	}
	return out, nil
}

func parseBulkOperation(raw any, n int) (op BulkOperation, err error) {
	m, ok := raw.(map[string]any)
	if !ok {
		return op, ErrInvalidSyntax.Saying("Operation %d is not an object.", n)
	}
	for name, into := range map[string]*string{"method": &op.Method, "path": &op.Path, "bulkId": &op.BulkID, "version": &op.Version} {
		v, _ := valueOf(m, name)
		if *into, ok = v.(string); !ok && v != nil {
			return op, ErrInvalidSyntax.Saying("Operation %d: %s is not a text.", n, name)
		}
	}
	data, _ := valueOf(m, "data")
	op.Data, _ = data.(map[string]any)
	op.Method = strings.ToUpper(op.Method)
	switch op.Method {
	case http.MethodPost:
		if op.BulkID == "" {
			return op, ErrInvalidSyntax.Saying("Operation %d: a POST needs a bulkId.", n)
		}
	case http.MethodPut, http.MethodPatch, http.MethodDelete:
	default:
		return op, ErrInvalidSyntax.Saying("Operation %d: the method is POST, PUT, PATCH or DELETE.", n)
	}
	if op.Method != http.MethodDelete && op.Data == nil {
		return op, ErrInvalidSyntax.Saying("Operation %d: data is missing.", n)
	}
	if _, _, ok := op.target(); !ok {
		return op, ErrInvalidSyntax.Saying("Operation %d: the path is /Users or /Groups, with an id behind it for anything but POST.", n)
	}
	return op, nil
}

// target gives the resource type and the id of an operation's path.
func (op BulkOperation) target() (rt *ResourceType, id string, ok bool) {
	kind, id, named := strings.Cut(strings.TrimPrefix(op.Path, "/"), "/")
	for _, rt := range allTypes {
		if strings.EqualFold("/"+kind, rt.Endpoint) {
			return rt, id, named == (op.Method != http.MethodPost) && !strings.Contains(id, "/") && (id != "") == named
		}
	}
	return nil, "", false
}

const bulkPrefix = "bulkId:"

// references lists the bulkIds that an operation names, in its data and in its path.
func (op BulkOperation) references() []string {
	var out []string
	var look func(v any)
	look = func(v any) {
		switch v := v.(type) {
		case string:
			if id, ok := strings.CutPrefix(v, bulkPrefix); ok {
				out = append(out, id)
			}
		case []any:
			for _, one := range v {
				look(one)
			}
		case map[string]any:
			for _, name := range sortedKeys(v) {
				look(v[name])
			}
		}
	}
	look(op.Data)
	if _, id, _ := op.target(); strings.HasPrefix(id, bulkPrefix) {
		out = append(out, strings.TrimPrefix(id, bulkPrefix))
	}
	return out
}

// resolved gives the operation with the ids that were created for bulkIds.
func (op BulkOperation) resolved(ids map[string]string) BulkOperation {
	var put func(v any) any
	put = func(v any) any {
		switch v := v.(type) {
		case string:
			if id, ok := strings.CutPrefix(v, bulkPrefix); ok && ids[id] != "" {
				return ids[id]
			}
		case []any:
			out := make([]any, len(v))
			for i, one := range v {
				out[i] = put(one)
			}
			return out
		case map[string]any:
			out := make(map[string]any, len(v))
			for k, one := range v {
				out[k] = put(one)
			}
			return out
		}
		return v
	}
	if op.Data != nil {
		op.Data = put(op.Data).(map[string]any)
	}
	if i := strings.Index(op.Path, bulkPrefix); i >= 0 {
		if id := ids[op.Path[i+len(bulkPrefix):]]; id != "" {
			op.Path = op.Path[:i] + id
		}
	}
	return op
}

// ordered gives the operations in the order in which they can be done: as they stand, but each behind those whose ids it
// needs. stuck are those that wait for an id nobody creates, or for each other (RFC 7644 §3.7.1).
func (b Bulk) ordered() (order []int, stuck []int) {
	creates := map[string]int{}
	for i, op := range b.Operations {
		if op.Method == http.MethodPost {
			creates[op.BulkID] = i
		}
	}
	const (
		unseen = iota
		open
		done
		failed
	)
	state := make([]int, len(b.Operations))
	var visit func(i int) bool
	visit = func(i int) bool {
		switch state[i] {
		case done:
			return true
		case open, failed:
			return false
		}
		state[i] = open
		for _, ref := range b.Operations[i].references() {
			at, ok := creates[ref]
			if !ok || !visit(at) {
				state[i] = failed
				stuck = append(stuck, i)
				return false
			}
		}
		state[i] = done
		order = append(order, i)
		return true
	}
	for i := range b.Operations {
		visit(i)
	}
	return order, stuck
}
