package reminder_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/reminder"
)

func TestAStepIsToldOnItsDayWhereTheReaderIs(t *testing.T) {
	t.Parallel()
	r := reminder.Default()
	r.OnDay = true
	at := func(text string) time.Time {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	auckland, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		t.Fatal(err)
	}
	sent := func(n int) *int { return &n }
	opens := at("2026-05-20T00:00:00Z")
	me, boss := uid.ID{1}, uid.ID{2}
	due := reminder.Fact{RecipientID: me, AboutID: me, Kind: reminder.KindDuty, Anchor: at("2026-05-20T09:59:59Z")} // the 20th in Auckland, until its end less two hours
	with := func(edit func(*reminder.Fact)) reminder.Fact { f := due; edit(&f); return f }
	for name, c := range map[string]struct {
		fact  reminder.Fact
		now   string
		place *time.Location
		want  int
		ok    bool
	}{
		"long before":                                   {due, "2026-05-01T09:00:00Z", time.UTC, 0, false},
		"a week before":                                 {due, "2026-05-13T00:00:00Z", time.UTC, -7, true},
		"a week before in Auckland":                     {due, "2026-05-12T12:30:00Z", auckland, -7, true},
		"not yet a week in UTC":                         {due, "2026-05-12T12:30:00Z", time.UTC, 0, false},
		"a week, told":                                  {with(func(f *reminder.Fact) { f.Sent = sent(-7) }), "2026-05-18T00:00:00Z", time.UTC, 0, false},
		"a day, though the week was told":               {with(func(f *reminder.Fact) { f.Sent = sent(-7) }), "2026-05-19T00:00:00Z", time.UTC, -1, true},
		"only the latest":                               {due, "2026-05-19T00:00:00Z", time.UTC, -1, true},
		"the day itself":                                {due, "2026-05-20T00:00:00Z", time.UTC, 0, true},
		"the day after":                                 {with(func(f *reminder.Fact) { f.Sent = sent(0) }), "2026-05-21T00:00:00Z", time.UTC, 1, true},
		"a week after that":                             {with(func(f *reminder.Fact) { f.Sent = sent(1) }), "2026-05-28T08:00:00Z", time.UTC, 8, true},
		"after the last":                                {with(func(f *reminder.Fact) { f.Sent = sent(22) }), "2026-07-28T08:00:00Z", time.UTC, 0, false},
		"switched on when it is long over":              {due, "2026-07-28T08:00:00Z", time.UTC, 0, false},
		"a step before it began":                        {with(func(f *reminder.Fact) { f.BeganAt = at("2026-05-14T00:00:00Z") }), "2026-05-15T00:00:00Z", time.UTC, 0, false},
		"a renewal that is not open":                    {with(func(f *reminder.Fact) { f.Kind, f.OpensAt = reminder.KindRenewal, &opens }), "2026-05-14T00:00:00Z", time.UTC, 0, false},
		"the end of a certificate is the same day":      {with(func(f *reminder.Fact) { f.Kind, f.Anchor = reminder.KindCertificate, at("2026-05-20T23:59:59Z") }), "2026-05-12T12:30:00Z", auckland, -7, true},
		"a certificate that ended is told of once":      {with(func(f *reminder.Fact) { f.Kind, f.Sent = reminder.KindCertificate, sent(1) }), "2026-05-28T08:00:00Z", time.UTC, 0, false},
		"the manager hears of nothing before":           {with(func(f *reminder.Fact) { f.RecipientID = boss }), "2026-05-21T08:00:00Z", time.UTC, 0, false},
		"the manager hears of it after a week":          {with(func(f *reminder.Fact) { f.RecipientID = boss }), "2026-05-27T08:00:00Z", time.UTC, 7, true},
		"the manager hears of it once":                  {with(func(f *reminder.Fact) { f.RecipientID, f.Sent = boss, sent(7) }), "2026-05-30T08:00:00Z", time.UTC, 0, false},
		"the manager hears nothing of ended certificat": {with(func(f *reminder.Fact) { f.RecipientID, f.Kind = boss, reminder.KindCertificate }), "2026-05-27T08:00:00Z", time.UTC, 0, false},
	} {
		step, ok := r.Step(c.fact, at(c.now), c.place)
		if step != c.want || ok != c.ok {
			t.Errorf("%s: %d, %v; want %d, %v", name, step, ok, c.want, c.ok)
		}
	}
	r.On = false
	if _, ok := r.Step(due, at("2026-05-19T00:00:00Z"), time.UTC); ok {
		t.Error("reminded though it is off")
	}
}

// However the clock runs, and whatever the rules are: steps only go up, so none is told twice.
func TestStepsOnlyGoUpWhateverTheClockDoes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(8, 4))
	start := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	for range 500 {
		rules := reminder.Default()
		rules.BeforeDue = []int{1 + r.IntN(40), 1 + r.IntN(40), 1 + r.IntN(10)}
		rules.OverdueEvery, rules.OverdueTimes, rules.OnDay = 1+r.IntN(9), r.IntN(6), r.IntN(2) == 0
		f := reminder.Fact{RecipientID: uid.ID{1}, AboutID: uid.ID{1}, Kind: reminder.KindCourse, Anchor: start.Add(time.Duration(r.IntN(60*24)) * time.Hour)}
		place := time.FixedZone("somewhere", (r.IntN(26)-12)*3600)
		days := map[string]bool{}
		for now := start; now.Before(start.AddDate(0, 4, 0)); now = now.Add(time.Duration(r.IntN(40*60)) * time.Minute) {
			step, ok := rules.Step(f, now, place)
			if !ok {
				continue
			}
			if f.Sent != nil && step <= *f.Sent {
				t.Fatalf("step %d after %d", step, *f.Sent)
			}
			on := now.In(place).Format(time.DateOnly)
			if days[on] {
				t.Fatalf("two steps on %s", on)
			}
			days[on], f.Sent = true, &step
		}
	}
}
