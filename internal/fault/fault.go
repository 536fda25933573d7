// Package fault is the one vocabulary for failures. A domain package declares its failures with New; the API maps
// the kind to a status in one place (api/problem). It is not a logger and knows nothing of HTTP.
package fault

import (
	"errors"
	"fmt"
	"maps"
)

// Kind says what sort of failure this is and so who can mend it.
type Kind string

const (
	// KindInvalid is input that breaks a rule; Fields says which.
	KindInvalid Kind = "invalid"
	// KindNotFound is something that is not there, or that the asker may not know of.
	KindNotFound Kind = "not_found"
	// KindConflict is a state that forbids the wish: taken, already done, changed by another.
	KindConflict Kind = "conflict"
	// KindForbidden is a wish beyond the asker's permissions.
	KindForbidden Kind = "forbidden"
	// KindUnauthenticated is a wish that needs a signed-in person or a valid key.
	KindUnauthenticated Kind = "unauthenticated"
	// KindTooMany is a wish refused for now because there were too many.
	KindTooMany Kind = "too_many"
	// KindTooLarge is a body, file or page beyond its limit.
	KindTooLarge Kind = "too_large"
	// KindUnavailable is a part that is down for now; trying again later may work.
	KindUnavailable Kind = "unavailable"
	// KindInternal is our own mistake. Its text never reaches a client.
	KindInternal Kind = "internal"
)

// Fault is a failure that a person may read. Text is a sentence that says what to do next. Code is stable: clients
// and translations key on it.
type Fault struct {
	Kind   Kind
	Code   string
	Text   string
	Fields map[string]string // field name → what is wrong with it and what would be right
	cause  error
}

// New declares a failure. Code is snake_case and never changes once released.
func New(kind Kind, code, text string) *Fault { return &Fault{Kind: kind, Code: code, Text: text} }

// Invalid declares a failure of input with a message per field.
func Invalid(fields map[string]string) *Fault {
	return &Fault{Kind: KindInvalid, Code: "invalid_input", Text: "Some fields need your attention.", Fields: fields}
}

// Error joins the sentence and the cause, for logs.
func (f *Fault) Error() string {
	if f.cause != nil {
		return fmt.Sprintf("%s: %s: %v", f.Code, f.Text, f.cause)
	}
	return f.Code + ": " + f.Text
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.cause }

// Is holds two faults for the same when their codes agree, so that errors.Is finds a declared failure behind With
// and Because.
func (f *Fault) Is(target error) bool {
	t, ok := target.(*Fault)
	return ok && t.Code == f.Code
}

// Because returns a copy with the cause attached.
func (f *Fault) Because(cause error) *Fault {
	c := *f
	c.cause = cause
	return &c
}

// With returns a copy with a message for one field.
func (f *Fault) With(field, text string) *Fault {
	c := *f
	c.Fields = maps.Clone(f.Fields)
	if c.Fields == nil {
		c.Fields = map[string]string{}
	}
	c.Fields[field] = text
	return &c
}

// Saying returns a copy with another sentence, for a text that names what was met.
func (f *Fault) Saying(format string, args ...any) *Fault {
	c := *f
	c.Text = fmt.Sprintf(format, args...)
	return &c
}

// Of finds the fault in an error chain. Anything else is Internal.
func Of(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return &Fault{Kind: KindInternal, Code: "internal", Text: "Something went wrong on our side. Please try again; if it stays, send us the request number.", cause: err}
}

// Fields gathers messages per field while an input is checked.
type Fields map[string]string

// Add notes a message unless the field has one already: the first is the one to mend first.
func (f Fields) Add(field, text string) {
	if _, ok := f[field]; !ok {
		f[field] = text
	}
}

// Check notes the message when ok is false.
func (f Fields) Check(ok bool, field, text string) {
	if !ok {
		f.Add(field, text)
	}
}

// Err is nil when nothing was noted, else the fault with every message.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	return Invalid(f)
}
