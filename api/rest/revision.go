package rest

import (
	"strconv"
	"strings"

	"lyceum/internal/fault"
)

// AtRevision names the revision a change was made on: the ETag of the answer it was read from (RFC 9110 §13.1.1).
// Bodies may name it as revision instead. A revision that is not the latest is answered with 409, and nothing changes.
type AtRevision struct {
	IfMatch string `header:"If-Match" doc:"The ETag of what the change was made on, for example \"7\". A body may name it as revision instead."`
}

// revision gives the revision named by header or body; naming none, or two that differ, is a fault.
func (a AtRevision) revision(body *int) (int, error) {
	f := fault.Fields{}
	if a.IfMatch == "" {
		if body == nil {
			f.Add("revision", "Say which revision this change was made on: its ETag as If-Match, or revision in the body.")
			return 0, f.Err()
		}
		return *body, nil
	}
	n, err := strconv.Atoi(strings.Trim(a.IfMatch, `"`))
	f.Check(err == nil && n >= 0, "If-Match", "Give one ETag as it came, for example \"7\".")
	f.Check(body == nil || *body == n, "revision", "If-Match and revision name different revisions. Name one.")
	return n, f.Err()
}

// etag is a revision as an entity tag.
func etag(revision int) string { return strconv.Quote(strconv.Itoa(revision)) }
