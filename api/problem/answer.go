package problem

import (
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth/scim"
	"lyceum/internal/fault"
)

// MediaType is that of a problem document (RFC 9457 §3).
const MediaType = "application/problem+json"

// Document is a failure as machines read it. Type is about:blank: Title is the status in words (RFC 9457 §4.2.1), and
// Code tells failures apart for good.
type Document struct {
	Type      string       `json:"type"`
	Title     string       `json:"title"`
	Status    int          `json:"status"`
	Detail    string       `json:"detail"`
	Code      string       `json:"code"`
	RequestID string       `json:"request_id"`
	Errors    []FieldError `json:"errors,omitempty"`
	// Current is what stands there now, where a change was made on an older state of it.
	Current any `json:"current,omitempty"`
}

// carrying is a failure with what stands there now.
type carrying struct {
	error
	current any
}

func (c *carrying) Unwrap() error { return c.error }

// Carrying gives a failure what machines are told with it, as current.
func Carrying(err error, current any) error { return &carrying{err, current} }

// FieldError is what is wrong with one field of the input.
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// NewDocument makes the document of a failure, its fields in the order of their names.
func NewDocument(f Found, requestID string) Document {
	d := Document{
		Type: "about:blank", Title: http.StatusText(f.Status), Status: f.Status, Detail: f.Fault.Text, Code: f.Fault.Code, RequestID: requestID,
	}
	for _, name := range slices.Sorted(maps.Keys(f.Fault.Fields)) {
		d.Errors = append(d.Errors, FieldError{name, f.Fault.Fields[name]})
	}
	return d
}

// Desk is what answering needs beside the failure.
type Desk struct {
	// Page shows a failure to a person, in the look of the site that was asked for.
	Page func(c *fiber.Ctx, f Found) error
	Log  *slog.Logger
	// Failed is told of our own mistakes; nil: nobody is.
	Failed func(c *fiber.Ctx, err error)
}

type deskKey struct{}

// With gives a request its desk.
func With(c *fiber.Ctx, d *Desk) { c.Locals(deskKey{}, d) }

// Answer answers a failure: with a document to machines, with a page to people. Our own mistakes are logged with the
// request's number, and nothing of their text is shown. What the handler had prepared (caching, a file's name) is taken
// back: a failure must not be kept in its place.
func Answer(c *fiber.Ctx, err error) error {
	f := Find(err)
	d, _ := c.Locals(deskKey{}).(*Desk)
	if f.Ours {
		Note(c, err)
		if d != nil && d.Failed != nil {
			d.Failed(c, err)
		}
	}
	for _, name := range []string{
		fiber.HeaderETag, fiber.HeaderLastModified, fiber.HeaderContentDisposition, fiber.HeaderContentRange, fiber.HeaderContentEncoding,
		fiber.HeaderAcceptRanges, fiber.HeaderLocation,
	} {
		c.Response().Header.Del(name)
	}
	c.Response().ResetBody()
	c.Set(fiber.HeaderCacheControl, "no-store")
	if f.Retry > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int((f.Retry+time.Second-1)/time.Second)))
	}
	if f.Status == http.StatusUnauthorized && (visit.API(c) || visit.SCIM(c)) {
		c.Set(fiber.HeaderWWWAuthenticate, `Bearer realm="Lyceum"`)
	}
	if visit.SCIM(c) {
		return failure(c, err, f)
	}
	c.Status(f.Status)
	if d == nil || visit.WantsJSON(c) {
		return document(c, f, err)
	}
	if err := d.Page(c, f); err != nil {
		d.Log.ErrorContext(c.UserContext(), "error page failed", slog.String("request_id", visit.Of(c).ID), slog.Any("err", err))
		c.Status(f.Status).Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
		return c.SendString(f.Fault.Text + "\n" + visit.Of(c).ID + "\n")
	}
	return nil
}

// Note logs one of our own mistakes with the request's number: Answer does, and a handler that can go on in spite of it.
func Note(c *fiber.Ctx, err error) {
	d, ok := c.Locals(deskKey{}).(*Desk)
	if !ok {
		return
	}
	v := visit.Of(c)
	d.Log.ErrorContext(c.UserContext(), "request failed",
		slog.String("request_id", v.ID), slog.String("tenant", v.Tenant.Slug), slog.String("method", c.Method()), slog.String("route", v.Route), slog.Any("err", err))
}

// failure answers a directory in SCIM's own words (RFC 7644 §3.12).
func failure(c *fiber.Ctx, err error, f Found) error {
	status, answer := f.Status, scim.NewFailure(f.Status, f.Fault.Text)
	if declared := (*fault.Fault)(nil); !f.Ours && errors.As(err, &declared) {
		status, answer = scim.Answer(err)
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	c.Status(status).Set(fiber.HeaderContentType, "application/scim+json")
	return c.Send(body)
}

func document(c *fiber.Ctx, f Found, failed error) error {
	d := NewDocument(f, visit.Of(c).ID)
	if with := (*carrying)(nil); errors.As(failed, &with) {
		d.Current = with.current
	}
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, MediaType)
	return c.Send(body)
}

// Shown gives the fault that a form may show beside what was typed; ok is false for failures that no typing mends: our
// own mistakes, and parts that are down.
func Shown(err error) (f *fault.Fault, ok bool) {
	found := Find(err)
	switch found.Fault.Kind {
	case fault.KindInternal, fault.KindUnavailable:
		return nil, false
	}
	return found.Fault, true
}
