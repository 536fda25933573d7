package rest

import (
	"encoding/json"
	"io"
)

// writeJSON writes an answer. Nothing is written in place of a failure, which enter answers.
func writeJSON(w io.Writer, v any) error {
	if _, ok := v.(written); ok {
		return nil
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
