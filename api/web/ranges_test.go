package web

import (
	"testing"
	"time"
)

func TestARangeIsReadAsRFC9110Says(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		header string
		size   int64
		want   span
		open   bool
		how    wish
	}{
		{"bytes=0-0", 1000, span{0, 1}, false, wishSpan},
		{"bytes=0-499", 1000, span{0, 500}, false, wishSpan},
		{"bytes=500-", 1000, span{500, 500}, true, wishSpan},
		{"bytes=0-", 1000, span{0, 1000}, true, wishSpan},
		{"bytes=900-5000", 1000, span{900, 100}, false, wishSpan},
		{"bytes=-300", 1000, span{700, 300}, false, wishSpan},
		{"bytes=-3000", 1000, span{0, 1000}, false, wishSpan},
		{"bytes=1000-", 1000, span{}, false, wishNone},
		{"bytes=1000-1001", 1000, span{}, false, wishNone},
		{"bytes=-0", 1000, span{}, false, wishNone},
		{"bytes=-1", 0, span{}, false, wishNone},
		{"bytes=0-", 0, span{}, false, wishNone},
		{"", 1000, span{}, false, wishWhole},
		{"bytes=", 1000, span{}, false, wishWhole},
		{"bytes=-", 1000, span{}, false, wishWhole},
		{"bytes=5-4", 1000, span{}, false, wishWhole},
		{"bytes=+5-6", 1000, span{}, false, wishWhole},
		{"bytes=0-1,5-6", 1000, span{}, false, wishWhole},
		{"items=0-1", 1000, span{}, false, wishWhole},
		{"bytes=99999999999999999999-", 1000, span{}, false, wishWhole},
	} {
		got, open, how := readRange(c.header, c.size)
		if got != c.want || open != c.open || how != c.how {
			t.Errorf("%q of %d: %v %v %v, want %v %v %v", c.header, c.size, got, open, how, c.want, c.open, c.how)
		}
	}
}

func TestATagMatchesByWeakComparison(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		`"a"`: true, `W/"a"`: true, `"b", "a"`: true, `*`: true, `"b"`: false, ``: false, `a`: false,
	} {
		if got := matches(header, `"a"`); got != want {
			t.Errorf("%s: %v, want %v", header, got, want)
		}
	}
}

func TestIfRangeHoldsOnlyForTheSameFile(t *testing.T) {
	t.Parallel()
	changed := time.Date(2026, 3, 4, 9, 0, 0, 5000, time.UTC)
	for header, want := range map[string]bool{
		``: true, `"a"`: true, `W/"a"`: false, `"b"`: false,
		`Wed, 04 Mar 2026 09:00:00 GMT`: true, `Wed, 04 Mar 2026 09:00:01 GMT`: false, `yesterday`: false,
	} {
		if got := unchanged(header, `"a"`, changed); got != want {
			t.Errorf("%s: %v, want %v", header, got, want)
		}
	}
}
