// Package problem is the one place where a failure becomes an answer: a status, and a problem document for machines
// (RFC 9457) or a page for people. It declares no failures of the domain, and it is the only place that logs one.
package problem

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
)

// statuses is the mapping.
var statuses = map[fault.Kind]int{
	fault.KindInvalid:         http.StatusUnprocessableEntity,
	fault.KindNotFound:        http.StatusNotFound,
	fault.KindConflict:        http.StatusConflict,
	fault.KindForbidden:       http.StatusForbidden,
	fault.KindUnauthenticated: http.StatusUnauthorized,
	fault.KindTooMany:         http.StatusTooManyRequests,
	fault.KindTooLarge:        http.StatusRequestEntityTooLarge,
	fault.KindUnavailable:     http.StatusServiceUnavailable,
	fault.KindInternal:        http.StatusInternalServerError,
}

// Status gives the status of a kind; 500 for one that the table lacks.
func Status(k fault.Kind) int {
	if s, ok := statuses[k]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// Failures of the protocol, which no domain declares.
var (
	ErrNotFound    = fault.New(fault.KindNotFound, "page_not_found", "There is nothing at this address. Check it for typing errors, or start from the home page.")
	ErrMethod      = fault.New(fault.KindInvalid, "method_not_allowed", "This address does not take this kind of request.")
	ErrTooLarge    = fault.New(fault.KindTooLarge, "body_too_large", "This is more than can be taken at once. Files go up in parts of at most 8 MiB; a form may hold 1 MiB.")
	ErrHeaders     = fault.New(fault.KindTooLarge, "headers_too_large", "Your browser sent more about itself than can be taken. Delete this site's cookies and try again.")
	ErrBadRequest  = fault.New(fault.KindInvalid, "bad_request", "This request could not be understood.")
	ErrMediaType   = fault.New(fault.KindInvalid, "media_type", "This address does not take content of this type or encoding.")
	ErrPatience    = fault.New(fault.KindInvalid, "request_timeout", "Your request took too long to arrive. Check your connection and try again.")
	ErrTooSlow     = fault.New(fault.KindUnavailable, "too_slow", "This took longer than we allow. Please try again in a moment.")
	errOurs        = fault.New(fault.KindInternal, "internal", fault.Of(errors.New("")).Text)
	protocolFaults = map[int]*fault.Fault{
		http.StatusBadRequest:                  ErrBadRequest,
		http.StatusNotFound:                    ErrNotFound,
		http.StatusMethodNotAllowed:            ErrMethod,
		http.StatusRequestTimeout:              ErrPatience,
		http.StatusRequestEntityTooLarge:       ErrTooLarge,
		http.StatusUnsupportedMediaType:        ErrMediaType,
		http.StatusRequestHeaderFieldsTooLarge: ErrHeaders,
	}
)

// later is a failure that is known to be over after a while.
type later struct {
	error
	after time.Duration
}

func (l later) Unwrap() error { return l.error }

// After says when trying again may work. It stands in Retry-After (RFC 9110 §10.2.3), rounded up to seconds.
func After(err error, d time.Duration) error { return later{err, d} }

// How long to wait where nobody knows better.
const (
	retryTooMany     = time.Minute
	retryUnavailable = 5 * time.Second
)

// Found is a failure as it will be answered.
type Found struct {
	Status int
	Fault  *fault.Fault  // its text may be shown; of an internal failure it says only that
	Retry  time.Duration // 0 for failures that waiting does not mend
	Ours   bool          // our own mistake: to be logged
}

// Find turns any error into what is answered. fiber's own errors keep their status; what is neither a fault nor one of
// those is our mistake, and a deadline that was missed is answered as 503.
func Find(err error) Found {
	var declared *fault.Fault
	var protocol *fiber.Error
	out := Found{}
	switch {
	case errors.As(err, &declared):
		out.Status, out.Fault, out.Ours = Status(declared.Kind), declared, declared.Kind == fault.KindInternal
	case errors.As(err, &protocol):
		out.Status, out.Fault = protocol.Code, protocolFaults[protocol.Code]
		switch {
		case out.Fault != nil:
		case protocol.Code >= 400 && protocol.Code < 500:
			out.Fault = ErrBadRequest
		default:
			out.Status, out.Fault, out.Ours = http.StatusInternalServerError, errOurs, true
		}
	default:
		out.Status, out.Fault, out.Ours = http.StatusInternalServerError, errOurs, true
	}
	if out.Ours {
		out.Fault = errOurs
		if errors.Is(err, context.DeadlineExceeded) {
			out.Status, out.Fault = http.StatusServiceUnavailable, ErrTooSlow
		}
	}
	out.Retry = retryAfter(err, out.Fault.Kind)
	return out
}

func retryAfter(err error, k fault.Kind) time.Duration {
	var l later
	switch {
	case errors.As(err, &l):
		return l.after
	case k == fault.KindTooMany:
		return retryTooMany
	case k == fault.KindUnavailable:
		return retryUnavailable
	}
	return 0
}
