package stripe

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// short keeps what is at most n characters long, and replaces what is longer by a digest of it.
func short(text string, n int) string {
	if len(text) <= n {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func unix(at time.Time) *int64 {
	n := at.Unix()
	return &n
}

// moment reads a time; 0 is none.
func moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

func some(n int64) *time.Time {
	if n == 0 {
		return nil
	}
	at := moment(n)
	return &at
}
