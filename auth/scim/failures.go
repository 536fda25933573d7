package scim

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"lyceum/internal/fault"
)

// Failures of the protocol (RFC 7644 §3.12, RFC 9865 §3). The sentence is the error's detail; Answer gives status and
// scimType.
var (
	ErrInvalidFilter = fault.New(fault.KindInvalid, "scim_invalid_filter", "This filter cannot be read.")
	ErrTooMany       = fault.New(fault.KindInvalid, "scim_too_many", "This filter would have to look at too many resources. Filter by userName, externalId, id, emails or displayName.")
	ErrUniqueness    = fault.New(fault.KindConflict, "scim_uniqueness", "Another resource has this value already.")
	ErrMutability    = fault.New(fault.KindInvalid, "scim_mutability", "This attribute cannot be changed.")
	ErrInvalidSyntax = fault.New(fault.KindInvalid, "scim_invalid_syntax", "The body is not what this request needs.")
	ErrInvalidPath   = fault.New(fault.KindInvalid, "scim_invalid_path", "This path names no attribute.")
	ErrNoTarget      = fault.New(fault.KindInvalid, "scim_no_target", "The path matches no value that could be changed.")
	ErrInvalidValue  = fault.New(fault.KindInvalid, "scim_invalid_value", "A required value is missing or a value is not of its attribute's type.")
	ErrInvalidCursor = fault.New(fault.KindInvalid, "scim_invalid_cursor", "This cursor is not one that this list gave. Begin again with an empty cursor.")
	ErrInvalidCount  = fault.New(fault.KindInvalid, "scim_invalid_count", "The count is not a number that this list can give.")
	ErrVersion       = fault.New(fault.KindConflict, "scim_version", "The resource has changed since this version. Read it again, then repeat the change.")
	ErrNotFound      = fault.New(fault.KindNotFound, "scim_not_found", "There is no such resource in this directory.")
	ErrNotSupported  = fault.New(fault.KindInvalid, "scim_not_supported", "This service does not do that.")
	ErrTooLarge      = fault.New(fault.KindTooLarge, "scim_too_large", "This is more than one request may hold. Send it in parts.")
	ErrUnauthorised  = fault.New(fault.KindUnauthenticated, "scim_token_invalid", "This bearer token is unknown, expired or revoked. Make a new one on the directory's page in the portal.")
)

// answer is how a failure of this package looks on the wire.
type answer struct {
	status   int
	scimType string
}

var answers = map[string]answer{
	ErrInvalidFilter.Code: {http.StatusBadRequest, "invalidFilter"},
	ErrTooMany.Code:       {http.StatusBadRequest, "tooMany"},
	ErrUniqueness.Code:    {http.StatusConflict, "uniqueness"},
	ErrMutability.Code:    {http.StatusBadRequest, "mutability"},
	ErrInvalidSyntax.Code: {http.StatusBadRequest, "invalidSyntax"},
	ErrInvalidPath.Code:   {http.StatusBadRequest, "invalidPath"},
	ErrNoTarget.Code:      {http.StatusBadRequest, "noTarget"},
	ErrInvalidValue.Code:  {http.StatusBadRequest, "invalidValue"},
	ErrInvalidCursor.Code: {http.StatusBadRequest, "invalidCursor"},
	ErrInvalidCount.Code:  {http.StatusBadRequest, "invalidCount"},
	ErrVersion.Code:       {http.StatusPreconditionFailed, ""},
	ErrNotSupported.Code:  {http.StatusNotImplemented, ""},
	errMethod.Code:        {http.StatusMethodNotAllowed, ""},
}

// kinds is the status of a failure that another room declared.
var kinds = map[fault.Kind]int{
	fault.KindInvalid:         http.StatusBadRequest,
	fault.KindNotFound:        http.StatusNotFound,
	fault.KindConflict:        http.StatusConflict,
	fault.KindForbidden:       http.StatusForbidden,
	fault.KindUnauthenticated: http.StatusUnauthorized,
	fault.KindTooMany:         http.StatusTooManyRequests,
	fault.KindTooLarge:        http.StatusRequestEntityTooLarge,
	fault.KindUnavailable:     http.StatusServiceUnavailable,
}

// Failure is an error response (RFC 7644 §3.12). Status is a string there.
type Failure struct {
	Schemas  []string `json:"schemas"`
	Status   string   `json:"status"`
	ScimType string   `json:"scimType,omitempty"`
	Detail   string   `json:"detail"`
}

// NewFailure makes the error response of a failure that no schema knows.
func NewFailure(status int, detail string) Failure {
	return Failure{Schemas: []string{MessageError}, Status: strconv.Itoa(status), Detail: detail}
}

// Answer turns any error into its status and its body. The text of what is not a fault of ours is never shown.
func Answer(err error) (status int, body Failure) {
	f := fault.Of(err)
	a, ok := answers[f.Code]
	if !ok {
		a.status = kinds[f.Kind]
	}
	if f.Kind == fault.KindInvalid && !ok {
		a.scimType = "invalidValue"
	}
	detail := f.Text
	if a.status == 0 { // internal
		a.status = http.StatusInternalServerError
		detail = fault.Of(nil).Text
		if errors.Is(err, context.DeadlineExceeded) {
			a.status, detail = http.StatusServiceUnavailable, "This took longer than is allowed. Send it again, in smaller parts."
		}
	}
	for _, field := range sortedKeys(f.Fields) {
		detail += " " + field + ": " + f.Fields[field]
	}
	return a.status, Failure{Schemas: []string{MessageError}, Status: strconv.Itoa(a.status), ScimType: a.scimType, Detail: detail}
}
