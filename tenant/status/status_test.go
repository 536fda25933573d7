package status_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"lyceum/internal/uid"
	"lyceum/tenant"
	"lyceum/tenant/status"
)

func TestWhatIsWorkingDisturbedAndDown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		count status.Count
		want  status.Verdict
	}{
		"nothing was used":                         {status.Count{Part: status.Pages}, status.Working},
		"all well":                                 {status.Count{Part: status.Pages, Good: 900}, status.Working},
		"one failure of few":                       {status.Count{Part: status.Pages, Good: 4, Bad: 1}, status.Working},
		"one in twenty":                            {status.Count{Part: status.Pages, Good: 95, Bad: 5}, status.Disturbed},
		"a third":                                  {status.Count{Part: status.Pages, Good: 66, Bad: 34}, status.Down},
		"mistyped passwords":                       {status.Count{Part: status.SignIns, Good: 50, Bad: 50}, status.Working},
		"most sign-ins refused":                    {status.Count{Part: status.SignIns, Good: 3, Bad: 9}, status.Disturbed},
		"no sign-in succeeds":                      {status.Count{Part: status.SignIns, Bad: 10}, status.Down},
		"nobody but one who forgot the password":   {status.Count{Part: status.SignIns, Bad: 9}, status.Working},
		"some mail bounces":                        {status.Count{Part: status.Mails, Good: 8, Bad: 2}, status.Disturbed},
		"the mail server is away":                  {status.Count{Part: status.Mails, Bad: 5}, status.Down},
		"a job waited four minutes":                {status.Count{Part: status.Jobs, Good: 1, WorstMS: 240_000}, status.Working},
		"a job waited five minutes":                {status.Count{Part: status.Jobs, Good: 1, WorstMS: 300_000}, status.Disturbed},
		"a job waits for an hour":                  {status.Count{Part: status.Jobs, WorstMS: 3_600_000}, status.Down},
		"events wait":                              {status.Count{Part: status.Handing, Good: 9, WorstMS: 301_000}, status.Disturbed},
		"jobs fail and do not wait":                {status.Count{Part: status.Jobs, Good: 7, Bad: 3}, status.Disturbed},
		"failing and late: the worse of the two":   {status.Count{Part: status.Jobs, Good: 0, Bad: 30, WorstMS: 300_000}, status.Down},
		"late and a little failing stays the same": {status.Count{Part: status.Jobs, Good: 70, Bad: 30, WorstMS: 300_000}, status.Disturbed},
	} {
		if got := status.Judge(c.count); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// shelf keeps counts in memory.
type shelf struct {
	portals, platform []status.Count
	oldest            time.Time
	fails             error
}

func (s *shelf) InControl(ctx context.Context, fn func(context.Context) error) error {
	if s.fails != nil {
		return s.fails
	}
	return fn(ctx)
}

func (s *shelf) AddStatus(_ context.Context, portals, platform []status.Count) error {
	s.portals, s.platform = append(s.portals, portals...), append(s.platform, platform...)
	return nil
}

func (s *shelf) StatusCounts(_ context.Context, of uid.ID, since time.Time) (list []status.Count, err error) {
	from := s.portals
	if of == uid.Nil {
		from = s.platform
	}
	for _, c := range from {
		if c.TenantID == of && !c.Slot.Before(since) {
			list = append(list, c)
		}
	}
	return list, nil
}

func (s *shelf) OldestJob(context.Context, uid.ID) (time.Time, error) { return s.oldest, nil }

func (s *shelf) PruneStatus(context.Context, time.Time, time.Time) error { return nil }

func TestAPortalsReportSaysWhatIsNowAndWhatWasByTheHour(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 9, 20, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	mine, other := tenant.Tenant{ID: uid.New()}, tenant.Tenant{ID: uid.New()}
	m, s := status.NewMeter(clock), &shelf{}
	note := func(of uid.ID, part status.Part, good, bad int) {
		for range good {
			m.Note(of, part, true, 0)
		}
		for range bad {
			m.Note(of, part, false, 0)
		}
	}
	note(mine.ID, status.Mails, 0, 10) // at nine the mail server is away
	now = now.Add(3 * time.Hour)
	note(mine.ID, status.Mails, 10, 0) // at noon it is back
	note(other.ID, status.Pages, 50, 50)
	note(uid.Nil, status.Pages, 1, 0)
	if err := m.Flush(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	service := status.New(s, clock)
	r, err := service.Portal(tenant.With(t.Context(), mine))
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != status.Working || len(r.Parts) != 5 || r.Parts[2].Count.Good != 10 || len(r.Parts[2].Past) != 24 {
		t.Errorf("%+v", r)
	}
	past := r.Parts[2].Past
	if past[23].Verdict != status.Working || past[23].Good != 10 || past[20].Verdict != status.Down || past[20].Bad != 10 || !past[20].Begin.Equal(time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("the past of mail: %+v", past[20:])
	}
	if r.Parts[0].Day().All() != 0 {
		t.Error("another portal's pages stand in this one's report")
	}
	if p := service.Platform(t.Context()); p.Verdict != status.Down || p.Parts[0].Count.All() != 101 || len(p.Parts[0].Past) != 90 {
		t.Errorf("the platform: %+v", p.Parts[0].Count)
	}
	s.oldest = now.Add(-6 * time.Minute)
	now = now.Add(time.Minute) // a report is shown again for a while
	if r, _ = service.Portal(tenant.With(t.Context(), mine)); r.Parts[3].Verdict != status.Disturbed {
		t.Errorf("a job that waits for seven minutes: %+v", r.Parts[3])
	}
}

func TestWhatCouldNotBeHandedOverIsKept(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 9, 20, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	m, s, of := status.NewMeter(clock), &shelf{fails: errors.New("the database is away")}, uid.New()
	m.Note(of, status.Jobs, true, time.Second)
	if err := m.Flush(t.Context(), s); err == nil {
		t.Fatal("no error")
	}
	if p := status.New(s, clock).Platform(t.Context()); p.Verdict != status.Down || p.Parts[0].Verdict != status.Down {
		t.Errorf("while the database is away: %s", p.Verdict)
	}
	m.Note(of, status.Jobs, false, 2*time.Second)
	s.fails = nil
	if err := m.Flush(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	want := status.Count{TenantID: of, Part: status.Jobs, Slot: now.Truncate(status.SlotLength), Good: 1, Bad: 1, WorstMS: 2000}
	if len(s.portals) != 1 || s.portals[0] != want || len(s.platform) != 1 {
		t.Errorf("got %+v, want %+v", s.portals, want)
	}
	if err := m.Flush(t.Context(), s); err != nil || len(s.portals) != 1 {
		t.Errorf("handed over twice: %+v, %v", s.portals, err)
	}
}
