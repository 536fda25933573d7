package scim

import (
	"strings"
	"time"
)

// Version is a resource's weak entity tag (RFC 7644 §3.14). It moves with every change, to the microsecond that the store
// keeps.
func Version(changed time.Time, revision int) string {
	return `W/"` + base36(changed.UnixMicro()) + "-" + base36(int64(revision)) + `"`
}

func base36(n int64) string {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	if n <= 0 {
		return "0"
	}
	var out []byte
	for ; n > 0; n /= 36 {
		out = append([]byte{digits[n%36]}, out...)
	}
	return string(out)
}

// Fulfils tells whether a version is one of a header's If-Match or If-None-Match: a list of tags, or "*". Tags are
// compared weakly (RFC 9110 §8.8.3.2): SCIM has no other.
func Fulfils(header, version string) bool {
	if strings.TrimSpace(header) == "*" {
		return true
	}
	for _, tag := range strings.Split(header, ",") {
		if opaque(tag) == opaque(version) {
			return true
		}
	}
	return false
}

func opaque(tag string) string { return strings.TrimPrefix(strings.TrimSpace(tag), "W/") }
