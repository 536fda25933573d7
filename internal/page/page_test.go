package page_test

import (
	"errors"
	"slices"
	"testing"

	"lyceum/internal/page"
)

func TestALimitIsBoundedAndHasADefault(t *testing.T) {
	t.Parallel()
	for in, want := range map[int]int{-1: page.DefaultLimit, 0: page.DefaultLimit, 1: 1, page.MaxLimit: page.MaxLimit, page.MaxLimit + 1: page.MaxLimit} {
		if got := (page.Request{Limit: in}).Bounded(); got != want {
			t.Errorf("limit %d gives %d, want %d", in, got, want)
		}
	}
}

func TestACursorGivesBackItsPartsAndNothingElseIsACursor(t *testing.T) {
	t.Parallel()
	parts := []string{"2026-03-04T09:00:00Z", "a \"quoted\" / ünïcode"}
	got, err := page.Parts(page.Cursor(parts...), 2)
	if err != nil || !slices.Equal(got, parts) {
		t.Fatalf("got %q, %v", got, err)
	}
	for _, forged := range []string{"", "x", "!!", page.Cursor("one"), page.Cursor("1", "2", "3")} {
		if _, err := page.Parts(forged, 2); !errors.Is(err, page.ErrCursor) {
			t.Errorf("%q is taken for a cursor of two parts: %v", forged, err)
		}
	}
}

func TestAPieceEndsWhereItsLimitSaysAndTheLastHasNoNext(t *testing.T) {
	t.Parallel()
	key := func(s string) []string { return []string{s} }
	full := page.Cut([]string{"a", "b", "c"}, 2, key) // one more than the limit was asked for
	if !slices.Equal(full.Items, []string{"a", "b"}) || full.Next != page.Cursor("b") {
		t.Errorf("got %+v", full)
	}
	if last := page.Cut([]string{"c"}, 2, key); last.Next != "" || len(last.Items) != 1 {
		t.Errorf("got %+v", last)
	}
	if none := page.Cut([]string(nil), 2, key); none.Next != "" || len(none.Items) != 0 {
		t.Errorf("got %+v", none)
	}
}
