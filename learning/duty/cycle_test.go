package duty

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"lyceum/internal/uid"
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
	list := Cycles(terms, Facts{BeganAt: day("2027-03-20"), Done: Done(done...)})
	if len(list) != 2 || !list[1].ExpiresAt.Equal(day("2029-04-01")) || list[0].EndedAt == nil {
		t.Fatalf("%+v", list)
	}
	terms.KeepDay = false
	list = Cycles(terms, Facts{BeganAt: day("2027-03-20"), Done: Done(done...)})
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
		terms := Terms{ValidMonths: maybe(24), DueDays: maybe(90), GraceDays: r.IntN(40), RenewDays: r.IntN(28), KeepDay: r.IntN(2) == 0, FromHired: r.IntN(2) == 0, Certificate: r.IntN(2) == 0}
		facts := Facts{BeganAt: moment()}
		if r.IntN(2) == 0 {
			hired := moment()
			facts.HiredAt = &hired
		}
		courses := []uid.ID{{1}, {2}, {3}}
		if r.IntN(3) == 0 {
			facts.Path = Sections{{Need: 1 + r.IntN(2), Courses: courses[:2]}, {Need: 1, Courses: courses[2:]}}
			terms.Certificate = false
		}
		for range r.IntN(12) {
			one := Completion{At: moment(), Course: courses[r.IntN(3)]}
			if r.IntN(2) == 0 {
				until := one.At.Add(time.Duration(1+r.IntN(700*24)) * time.Hour)
				one.Until = &until
			}
			facts.Done = append(facts.Done, one)
		}
		list := Cycles(terms, facts)
		done := facts.Done
		r.Shuffle(len(done), func(i, j int) { done[i], done[j] = done[j], done[i] })
		facts.Done = append(done, done...)
		if again := Cycles(terms, facts); !reflect.DeepEqual(list, again) {
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
			if c.CompletedAt == nil && c.DueAt != nil && (c.DueAt.Before(c.BeganAt) || !terms.FromHired && c.DueAt.Sub(c.BeganAt) != time.Duration(*terms.DueDays)*24*time.Hour) {
				t.Fatalf("due date of %+v", c)
			}
			if c.ExpiresAt != nil && (c.RenewsAt.Before(*c.CompletedAt) || c.RenewsAt.After(*c.ExpiresAt) || c.GraceUntil.Before(*c.ExpiresAt)) {
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

func TestADutyCountsFromTheDayOfHiringWhereThatIsNotOver(t *testing.T) {
	t.Parallel()
	day := func(s string) *time.Time { d, _ := time.Parse(time.DateOnly, s); return &d }
	ninety := 90
	for _, c := range []struct {
		what        string
		hired, want *time.Time
	}{
		{"hired long ago: from the day it became a duty", day("2020-01-01"), day("2027-05-31")},
		{"hired two months ago: what is left", day("2027-01-02"), day("2027-04-02")},
		{"hired next month", day("2027-04-01"), day("2027-06-30")},
		{"nobody knows", nil, day("2027-05-31")},
	} {
		got := Cycles(Terms{DueDays: &ninety, FromHired: true}, Facts{BeganAt: *day("2027-03-02"), HiredAt: c.hired})[0].DueAt
		if !got.Equal(*c.want) {
			t.Errorf("%s: due %v, want %v", c.what, got, c.want)
		}
	}
}

func TestADutyIsValidUntilTheCertificateEnds(t *testing.T) {
	t.Parallel()
	day := func(s string) *time.Time { d, _ := time.Parse(time.DateOnly, s); return &d }
	year := 12
	terms := Terms{ValidMonths: &year, RenewDays: 30, GraceDays: 5, Certificate: true}
	facts := Facts{BeganAt: *day("2027-01-01"), Done: []Completion{{At: *day("2027-02-01"), Until: day("2027-08-01")}}}
	if c := Cycles(terms, facts)[0]; !c.ExpiresAt.Equal(*day("2027-08-01")) || !c.RenewsAt.Equal(*day("2027-07-02")) || !c.GraceUntil.Equal(*day("2027-08-06")) {
		t.Errorf("with a certificate: %+v", c)
	}
	facts.Done[0].Until = day("2027-02-10") // withdrawn ten days later: renewal is open since the completion
	if c := Cycles(terms, facts)[0]; !c.ExpiresAt.Equal(*day("2027-02-10")) || !c.RenewsAt.Equal(*day("2027-02-01")) || c.State(Waiver{}, true, *day("2027-02-16")) != StateNonCompliant {
		t.Errorf("withdrawn: %+v", c)
	}
	facts.Done[0].Until = nil
	if c := Cycles(terms, facts)[0]; !c.ExpiresAt.Equal(*day("2028-02-01")) {
		t.Errorf("without one, so many months: %+v", c)
	}
	terms.ValidMonths = nil
	if c := Cycles(terms, facts)[0]; c.ExpiresAt != nil {
		t.Errorf("without either, for good: %+v", c)
	}
}
