// Package logs makes the logger that everything else is handed: slog as text for people or JSON for machines, with
// secrets taken out by the name of their key. It keeps no log and sends none anywhere. It cannot know a secret by its
// looks: what stands in a message or in an error's text is written as it is.
package logs

import (
	"io"
	"log/slog"
	"net/url"
	"reflect"
	"strings"
)

// The formats that New writes.
const (
	FormatText = "text"
	FormatJSON = "json"
)

// Redacted stands in place of a secret.
const Redacted = "[redacted]"

// New makes a logger. Format is FormatText or FormatJSON; anything else means text. A nil level is slog.LevelInfo; a
// *slog.LevelVar can be turned while the program runs. The value of an attribute whose key names a secret (Secret) is
// replaced by Redacted, in groups, maps, structs and slices as well.
func New(w io.Writer, format string, level slog.Leveler) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: redact}
	if format == FormatJSON {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// Secret says whether a key names a secret: when it contains password, passwd, secret, token, authorization, cookie,
// api key, private key or credential, in any case, with or without hyphens and low lines.
func Secret(key string) bool {
	key = strings.Map(func(r rune) rune {
		switch {
		case r == '_' || r == '-' || r == ' ' || r == '.':
			return -1
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, key)
	for _, word := range [...]string{"password", "passwd", "passphrase", "secret", "token", "authorization", "cookie", "apikey", "privatekey", "credential"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

// redact is called by slog for each attribute that is not a group, and for those in groups with the groups' names.
func redact(groups []string, a slog.Attr) slog.Attr {
	if Secret(a.Key) {
		return slog.String(a.Key, Redacted)
	}
	for _, g := range groups {
		if Secret(g) {
			return slog.String(a.Key, Redacted)
		}
	}
	if a.Value.Kind() == slog.KindAny {
		if v := a.Value.Any(); holdsSecret(reflect.ValueOf(v), maxDepth) {
			return slog.Any(a.Key, without(reflect.ValueOf(v), maxDepth))
		}
	}
	return a
}

// maxDepth is how deep values are looked into. What lies deeper within a value that holds a secret is left out.
const maxDepth = 8

// holdsSecret looks for a secret's key, or an address with a password, in a value. Values that write themselves
// (errors, times) are looked into all the same: it costs a little and finds what a %+v would show.
func holdsSecret(v reflect.Value, depth int) bool {
	if !v.IsValid() {
		return false
	}
	if depth == 0 { // not looked into, so held for secret if it can hold anything
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice, reflect.Array, reflect.Struct:
			return true
		default:
			return false
		}
	}
	if u, ok := address(v); ok {
		return hasSecretPart(u)
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return !v.IsNil() && holdsSecret(v.Elem(), depth-1)
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if it.Key().Kind() == reflect.String && Secret(it.Key().String()) || holdsSecret(it.Value(), depth-1) {
				return true
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return false
		}
		for i := range v.Len() {
			if holdsSecret(v.Index(i), depth-1) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); Secret(f.Name) || Secret(nameOf(f)) || holdsSecret(v.Field(i), depth-1) {
				return true
			}
		}
	default:
	}
	return false
}

// without copies a value into maps and slices, secrets replaced.
func without(v reflect.Value, depth int) any {
	if !v.IsValid() {
		return nil
	}
	if depth == 0 {
		return Redacted
	}
	if u, ok := address(v); ok {
		return cleanURL(u)
	}
	if !holdsSecret(v, depth) && v.CanInterface() {
		return v.Interface()
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return without(v.Elem(), depth-1)
	case reflect.Map:
		out := map[string]any{}
		for it := v.MapRange(); it.Next(); {
			key := it.Key().String()
			out[key] = valueOf(Secret(key), it.Value(), depth)
		}
		return out
	case reflect.Slice, reflect.Array:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = without(v.Index(i), depth-1)
		}
		return out
	case reflect.Struct:
		out := map[string]any{}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				out[nameOf(f)] = valueOf(Secret(f.Name) || Secret(nameOf(f)), v.Field(i), depth)
			}
		}
		return out
	default:
		return Redacted // a field that cannot be read
	}
}

func valueOf(secret bool, v reflect.Value, depth int) any {
	if secret {
		return Redacted
	}
	return without(v, depth-1)
}

// nameOf is the name under which JSON knows a field.
func nameOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" || name == "-" {
		return f.Name
	}
	return name
}

// address finds a URL in a value.
func address(v reflect.Value) (*url.URL, bool) {
	if !v.CanInterface() {
		return nil, false
	}
	switch u := v.Interface().(type) {
	case *url.URL:
		return u, u != nil
	case url.URL:
		return &u, true
	}
	return nil, false
}

func hasSecretPart(u *url.URL) bool {
	if _, has := u.User.Password(); has {
		return true
	}
	for key := range u.Query() {
		if Secret(key) {
			return true
		}
	}
	return false
}

// cleanURL writes an address without its password and without what its query keeps secret.
func cleanURL(u *url.URL) string {
	c := *u
	if _, has := u.User.Password(); has {
		c.User = url.UserPassword(u.User.Username(), "redacted")
	}
	query := u.Query()
	for key := range query {
		if Secret(key) {
			query.Set(key, "redacted")
			c.RawQuery = ""
		}
	}
	if c.RawQuery == "" {
		c.RawQuery = query.Encode()
	}
	return c.String()
}
