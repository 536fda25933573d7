package duty

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

func TestMonthsEndWhereTheMonthEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from string
		n    int
		want string
	}{{"2027-01-31", 1, "2027-02-28"}, {"2028-01-31", 1, "2028-02-29"}, {"2028-02-29", 12, "2029-02-28"}, {"2027-10-31", 13, "2028-11-30"}, {"2027-05-10", 24, "2029-05-10"}} {
		from, _ := time.Parse(time.DateOnly, c.from)
		if got := Months(from, c.n).Format(time.DateOnly); got != c.want {
			t.Errorf("%s and %d months: %s, want %s", c.from, c.n, got, c.want)
		}
	}
}

func TestAnEarlyRenewalKeepsTheDayWhereAsked(t *testing.T) {
	t.Parallel()
	day := func(s string) time.Time { d, _ := time.Parse(time.DateOnly, s); return d }
	year, soon := 12, 30
	terms := Terms{ValidMonths: &year, DueDays: &soon, GraceDays: 7, RenewDays: 60, KeepDay: true}
	done := []time.Time{day("2028-02-15"), day("2027-04-01"), day("2027-06-01")} // the one in June comes before renewal opens
	list := Cycles(terms, day("2027-03-20"), done)
	if len(list) != 2 || !list[1].ExpiresAt.Equal(day("2029-04-01")) || list[0].EndedAt == nil {
		t.Fatalf("%+v", list)
	}
	terms.KeepDay = false
	list = Cycles(terms, day("2027-03-20"), done)
	if !list[1].ExpiresAt.Equal(day("2029-02-15")) {
		t.Errorf("%v", list[1].ExpiresAt)
	}
	for at, want := range map[string]State{"2028-02-20": StateCompliant, "2028-12-25": StateExpiring, "2029-02-15": StateInGrace, "2029-02-22": StateNonCompliant} {
		if got := list[1].State(Waiver{}, false, day(at)); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
}

// Whatever comes in whatever order: one live cycle, numbers without gaps, dates that do not contradict, and a state for every moment.
func TestCyclesHoldTogetherForAnyFactsInAnyOrder(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(8, 3)) //nolint:gosec // a test
	base := time.Date(2027, 1, 31, 9, 0, 0, 0, time.UTC)
	maybe := func(n int) *int {
		if r.IntN(3) == 0 {
			return nil
		}
		v := 1 + r.IntN(n)
		return &v
	}
	moment := func() time.Time { return base.Add(time.Duration(r.IntN(6*365*24)) * time.Hour) }
	for range 3000 {
		terms := Terms{ValidMonths: maybe(24), DueDays: maybe(90), GraceDays: r.IntN(40), RenewDays: r.IntN(28), KeepDay: r.IntN(2) == 0}
		began := moment()
		var done []time.Time
		for range r.IntN(8) {
			done = append(done, moment())
		}
		list := Cycles(terms, began, done)
		r.Shuffle(len(done), func(i, j int) { done[i], done[j] = done[j], done[i] })
		if again := Cycles(terms, began, append(done, done...)); !reflect.DeepEqual(list, again) {
			t.Fatalf("told twice and in another order: %+v, was %+v", again, list)
		}
		live := 0
		for i, c := range list {
			if c.EndedAt == nil {
				live++
			}
			if c.Number != i+1 || i > 0 && (c.CompletedAt == nil || list[i-1].EndedAt == nil || !c.CompletedAt.Equal(*list[i-1].EndedAt)) {
				t.Fatalf("cycle %d: %+v", i, list)
			}
			if c.ExpiresAt != nil && (c.RenewsAt.After(*c.ExpiresAt) || c.GraceUntil.Before(*c.ExpiresAt)) {
				t.Fatalf("dates of %+v", c)
			}
		}
		if live != 1 {
			t.Fatalf("%d live cycles: %+v", live, list)
		}
		c, now := list[len(list)-1], moment()
		for _, begun := range []bool{false, true} {
			s := c.State(Waiver{}, begun, now)
			if !s.Known() || c.CompletedAt == nil && (s == StateCompliant || s == StateExpiring) || c.CompletedAt != nil && (s == StateNotStarted || s == StateInProgress) {
				t.Fatalf("%s of %+v at %v", s, c, now)
			}
			if got := c.State(Waiver{At: &base}, begun, now); got != StateWaived {
				t.Fatalf("waived: %s", got)
			}
		}
	}
}
