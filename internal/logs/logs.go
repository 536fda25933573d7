// Package logs sets up slog: text for people, JSON for machines, and secrets blotted out wherever they stand. It decides
// no level and writes nothing by itself.
package logs

import (
	"io"
	"log/slog"
	"strings"
)

// blotted stands for a secret.
const blotted = "[redacted]"

// secret words: an attribute whose key contains one of them is never written, at any depth of groups.
func secret(key string) bool {
	key = strings.ToLower(key)
	for _, word := range []string{"password", "token", "secret", "authorization", "cookie", "api_key", "apikey"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

// New makes a logger that writes "json" or text lines from a level up.
func New(w io.Writer, format string, level slog.Level) *slog.Logger {
	o := &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if secret(a.Key) {
			return slog.String(a.Key, blotted)
		}
		return a
	}}
	if format == "json" {
		return slog.New(blot{slog.NewJSONHandler(w, o)})
	}
	return slog.New(blot{slog.NewTextHandler(w, o)})
}
