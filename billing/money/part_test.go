package money

import "testing"

func TestAShareIsRoundedHalfAwayFromZero(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ minor, part, whole, want int64 }{
		{100, 1, 3, 33}, {100, 2, 3, 67}, {5, 1, 2, 3}, {-5, 1, 2, -3}, {5, -1, 2, -3}, {100, 0, 3, 0}, {100, 3, 3, 100}, {100, 1, 0, 0},
		{9_000_000_000_000_000, 2_678_399, 2_678_400, 8_999_996_639_784_946},
	} {
		if got := (Money{c.minor, "EUR"}).Part(c.part, c.whole); got != (Money{c.want, "EUR"}) {
			t.Errorf("%d × %d/%d: %d instead of %d", c.minor, c.part, c.whole, got.Minor, c.want)
		}
	}
}
