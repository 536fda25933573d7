package rest

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
)

// written is the answer to a request whose failure enter will answer: nothing.
type written struct{}

// refuse takes huma's own failures out of its hands: they would carry the rejected values back, a password too.
func refuse(h huma.Context, _ string, v any) (any, error) {
	refused, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	behind(h.Context()).failed = refusal(refused)
	return written{}, nil
}

// refusal is huma's failure as ours: sentences by field, without any value.
func refusal(e *huma.ErrorModel) error {
	switch e.Status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
	case http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
		return fiber.NewError(e.Status)
	default:
		return errors.New("huma: " + e.Detail)
	}
	f := fault.Fields{}
	for _, d := range e.Errors {
		field, text := told(d.Location, d.Message)
		f.Add(field, text)
	}
	f.Check(len(f) > 0, "body", "Send a JSON object as the body.")
	return f.Err()
}

// numbers find places in a location: questions[0].prompt.
var places = regexp.MustCompile(`\[(\d+)\]`)

// goField finds the field in what encoding/json says of a value that does not fit.
var goField = regexp.MustCompile(`Go struct field \w+\.([\w.]+) of type`)

// told gives the field that a location of huma names, as faults of the domain name fields, and a sentence for what
// huma says of it.
func told(location, message string) (field, text string) {
	for _, in := range []string{"body.", "query.", "path.", "header."} {
		location = strings.TrimPrefix(location, in)
	}
	field = short(places.ReplaceAllString(location, ".$1"))
	if missing, ok := strings.CutPrefix(message, "expected required property "); ok {
		missing, _, _ = strings.Cut(missing, " ")
		if location == "body" {
			return missing, required
		}
		return field + "." + missing, required
	}
	if fits := goField.FindStringSubmatch(message); fits != nil {
		return fits[1], unfit
	}
	return field, sentence(message)
}

const (
	required = "This is required."
	unfit    = "This value does not fit here."
	badID    = "This is not an id: use the 36 characters that you were given."
)

// sentences says in words what huma says in its own. Nothing of huma's text is passed on but the numbers and choices of
// our own schemas, so no rejected value comes back. The first that begins a message holds.
var sentences = []struct{ begins, text string }{
	{"unexpected property", "There is no such field here. Check its name."},
	{"required ", required},
	{"invalid value: invalid UUID", badID},
	{"invalid UUID", badID},
	{"expected string to be RFC 4122 uuid", badID},
	{"expected length >= 36", badID},
	{"expected length <= 36", badID},
	{"expected length >= 1", "Enter a value."},
	{"expected array length", "Use a list of as many values as the documentation says."},
	{"expected string to be RFC 3339", "Use a time such as 2026-03-01T08:00:00Z."},
	{"expected number >= ", "Use at least $."},
	{"expected number <= ", "Use at most $."},
	{"expected value to be one of ", "Choose one of $."},
	{"expected boolean", "Use true or false."},
	{"invalid boolean", "Use true or false."},
	{"expected integer", "Use a whole number."},
	{"invalid integer", "Use a whole number."},
	{"expected number", "Use a number."},
	{"invalid float", "Use a number."},
	{"expected string", "Use a text."},
	{"expected array", "Use a list."},
	{"expected object", "Use an object."},
	{"invalid character", "This is not JSON. Check its commas, quotes and brackets."},
	{"unexpected end of JSON", "This is not JSON: it ends too early."},
}

func sentence(message string) string {
	for _, s := range sentences {
		if rest, ok := strings.CutPrefix(message, s.begins); ok {
			return strings.ReplaceAll(s.text, "$", strings.ReplaceAll(rest, `"`, ""))
		}
	}
	return unfit
}
