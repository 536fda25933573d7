package web

import (
	"strconv"
	"strings"
	"time"
)

// span is a stretch of a file, in bytes.
type span struct{ from, length int64 }

// wish is how a request's Range was read.
type wish int

const (
	wishWhole wish = iota // no range, or none that must be heeded: the whole file
	wishSpan              // one satisfiable range
	wishNone              // a range that the file does not have: 416
)

// maxSpan is the most that an open-ended range of a video is answered with, in bytes. A shorter answer than asked for
// is allowed (RFC 9110 §15.3.7: the sender may send a part of what was requested), players ask on, and no slow one
// holds a connection for the length of a film.
const maxSpan = 4 << 20

// readRange reads a Range header (RFC 9110 §14.2). One range of bytes is heeded; several, another unit and what cannot
// be read are ignored, as a server may. open tells that the range names no end.
func readRange(header string, size int64) (s span, open bool, w wish) {
	spec, ok := strings.CutPrefix(header, "bytes=")
	if !ok || strings.Contains(spec, ",") {
		return span{}, false, wishWhole
	}
	first, last, ok := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok {
		return span{}, false, wishWhole
	}
	if first == "" { // the last n bytes
		n, ok := digits(last)
		switch {
		case !ok:
			return span{}, false, wishWhole
		case n == 0 || size == 0:
			return span{}, false, wishNone
		}
		n = min(n, size)
		return span{size - n, n}, false, wishSpan
	}
	from, ok := digits(first)
	if !ok {
		return span{}, false, wishWhole
	}
	to := size - 1
	if last != "" {
		if to, ok = digits(last); !ok || to < from {
			return span{}, false, wishWhole
		}
		to = min(to, size-1)
	}
	if from >= size {
		return span{}, false, wishNone
	}
	return span{from, to - from + 1}, last == "", wishSpan
}

// digits reads a number that is digits only: ParseInt alone takes signs.
func digits(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// matches tells whether an If-None-Match header names the tag, by weak comparison (RFC 9110 §13.1.2).
func matches(header, etag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == etag {
			return true
		}
	}
	return false
}

// unchanged tells whether an If-Range header still holds, so that the range may be answered: the same strong tag, or
// exactly the date of the last change (RFC 9110 §13.1.5).
func unchanged(header, etag string, changed time.Time) bool {
	if header == "" || header == etag {
		return true
	}
	at, err := time.Parse(time.RFC1123, header)
	return err == nil && at.Equal(changed.UTC().Truncate(time.Second))
}
