package throttle_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lyceum/internal/throttle"
)

// hand is a clock that the test moves.
type hand struct{ ns atomic.Int64 }

func (h *hand) now() time.Time          { return time.Unix(0, h.ns.Load()).UTC() }
func (h *hand) advance(d time.Duration) { h.ns.Add(int64(d)) }

func TestABurstIsAllowedAtOnceAndThenTheSteadyRate(t *testing.T) {
	t.Parallel()
	var h hand
	l := throttle.New(h.now, 6, time.Minute, 3)
	for i := range 3 {
		if ok, _, left := l.Allow("a"); !ok || left != 2-i {
			t.Fatalf("number %d: %v, %d left", i, ok, left)
		}
	}
	ok, wait, _ := l.Allow("a")
	if ok || wait != 10*time.Second {
		t.Fatalf("the fourth: %v, wait %s", ok, wait)
	}
	if ok, _, _ := l.Allow("b"); !ok {
		t.Fatal("another key pays for the first")
	}
	h.advance(10*time.Second - 1)
	if ok, _, _ := l.Allow("a"); ok {
		t.Fatal("allowed too early")
	}
	h.advance(1)
	if ok, _, _ := l.Allow("a"); !ok {
		t.Fatal("refused although its time has come")
	}
	h.advance(time.Hour)
	if _, _, left := l.Allow("a"); left != 2 {
		t.Fatalf("after an hour %d are left, want the burst's 2 and no more", left)
	}
}

func TestOverAnyTimeNoMoreThanBurstAndRatePass(t *testing.T) {
	t.Parallel()
	for n := 1; n <= 7; n++ {
		for burst := 1; burst <= 5; burst++ {
			t.Run(fmt.Sprintf("%d per minute, burst %d", n, burst), func(t *testing.T) {
				t.Parallel()
				var h hand
				l := throttle.New(h.now, n, time.Minute, burst)
				passed := 0
				for range 600 { // ten minutes, a try each second
					if ok, _, _ := l.Allow("a"); ok {
						passed++
					}
					h.advance(time.Second)
				}
				if limit := burst + 10*n; passed > limit || passed < 10*n-n {
					t.Errorf("%d passed, the limit is %d", passed, limit)
				}
			})
		}
	}
}

func TestManyAtOnceTakeExactlyTheBurst(t *testing.T) {
	t.Parallel()
	var h hand
	l := throttle.New(h.now, 1, time.Hour, 50)
	var passed atomic.Int32
	var wg sync.WaitGroup
	for range 500 {
		wg.Go(func() {
			if ok, _, _ := l.Allow("a"); ok {
				passed.Add(1)
			}
		})
	}
	wg.Wait()
	if passed.Load() != 50 {
		t.Fatalf("%d passed", passed.Load())
	}
}

func TestKeysAreBounded(t *testing.T) {
	t.Parallel()
	var h hand
	l := throttle.Sized(h.now, 1, time.Hour, 1, 2)
	for _, key := range []string{"a", "b", "c"} {
		l.Allow(key)
	}
	if ok, _, _ := l.Allow("a"); !ok {
		t.Fatal("the oldest key was kept beyond the bound")
	}
	if ok, _, _ := l.Allow("c"); ok {
		t.Fatal("the newest key was forgotten")
	}
}
