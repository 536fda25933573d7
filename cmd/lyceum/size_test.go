package main

import "testing"

func TestASizeIsReadAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]size{"0": 0, "1024": 1024, "500MB": 500 << 20, "1.5gb": 3 << 29, "2 TB": 2 << 40, "7B": 7, "10kb": 10 << 10} {
		var got size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "GB", "-1", "1e99", "NaN", "ten", "5XB", "99999999TB"} {
		var got size
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
	for n, want := range map[size]string{0: "0 B", 1536: "1.5 KB", 50 << 30: "50 GB"} {
		if n.String() != want {
			t.Errorf("%d: %s", n, n)
		}
	}
}
