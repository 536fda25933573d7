package billing_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/billing"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/store"
	"lyceum/store/storetest"
)

// lossy loses the answers of the first writes, after they were made or before.
type lossy struct {
	*store.Store
	mu     sync.Mutex
	before int // so many are lost before they are written
	after  int // and so many after
}

var errLost = errors.New("the answer was lost")

func (l *lossy) RecordUsage(ctx context.Context, entries ...billing.UsageEvent) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.before > 0 {
		l.before--
		return 0, errLost
	}
	n, err := l.Store.RecordUsage(ctx, entries...)
	if l.after > 0 && err == nil {
		l.after--
		return 0, errLost
	}
	return n, err
}

func used(t *testing.T, s *billing.Service, ctx context.Context, m billing.Meter, at time.Time) billing.Usage {
	t.Helper()
	u, err := s.Usage(owner(ctx), m, billing.PeriodOf(at), page.Request{Limit: page.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestCallsAreWrittenExactlyOnceWhateverAnswersAreLost(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	keep := &lossy{Store: w.Store, before: 2, after: 3}
	s := billing.New(keep, w.Now.Now)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				s.Called(mine)
			}
			s.Called(other)
			_ = s.Flush(context.Background()) // some are lost
		})
	}
	wg.Wait()
	for range 10 {
		s.Called(mine)
		_ = s.Flush(t.Context())
	}
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := used(t, s, mine, billing.MeterAPICalls, w.Now.Now()); got.Total != 410 {
		t.Errorf("%d calls, want 410", got.Total)
	}
	if got := used(t, s, other, billing.MeterAPICalls, w.Now.Now()); got.Total != 8 {
		t.Errorf("the other tenant has %d calls, want 8", got.Total)
	}
	// Another process has subjects of its own.
	second := billing.New(w.Store, w.Now.Now)
	second.Called(mine)
	if err := second.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := used(t, s, mine, billing.MeterAPICalls, w.Now.Now()); got.Total != 411 {
		t.Errorf("%d calls with a second process, want 411", got.Total)
	}
	s.Called(context.Background()) // nobody's
}

func TestCallsOfTwoMonthsAreCountedInEach(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	s := billing.New(w.Store, w.Now.Now)
	end := billing.PeriodOf(w.Now.Now()).End()
	w.Now.Advance(end.Sub(w.Now.Now()) - time.Microsecond)
	s.Called(ctx)
	s.Called(ctx)
	w.Now.Advance(time.Second)
	s.Called(ctx)
	if err := s.Flush(t.Context()); err != nil { // after the month's end
		t.Fatal(err)
	}
	if a, b := used(t, s, ctx, billing.MeterAPICalls, end.Add(-time.Hour)).Total, used(t, s, ctx, billing.MeterAPICalls, end).Total; a != 2 || b != 1 {
		t.Errorf("%d and %d calls, want 2 and 1", a, b)
	}
}

func TestWhatIsGatheredIsWrittenWhenTheProcessIsStopped(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	keep := &lossy{Store: w.Store, before: 1}
	s := billing.New(keep, w.Now.Now)
	running, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	failed := 0
	go func() { defer close(done); s.Gather(running, func(error) { failed++ }) }()
	s.Called(ctx)
	_ = s.Flush(ctx) // is lost
	s.Called(ctx)
	stop()
	<-done
	if got := used(t, s, ctx, billing.MeterAPICalls, w.Now.Now()).Total; got != 2 {
		t.Errorf("%d calls after the stop, want 2", got)
	}
}

// watcher is a learner with a film of ten minutes open, in a session.
func watcher(t *testing.T, w *storetest.World, ctx context.Context, s *billing.Service) (play func(session uid.ID, from, to float64, ago time.Duration) error) {
	t.Helper()
	film := storetest.File(t, ctx, w, content.FileVideo, "video/mp4", 600)
	o := storetest.PublishedCourse(t, ctx, w, catalog.ImportCourse{
		CourseInput: catalog.CourseInput{Title: "Film", SelfEnrol: true},
		Modules:     []catalog.ImportModule{{Title: "All", Lessons: []catalog.LessonInput{{Kind: catalog.LessonVideo, Title: "Film", FileID: &film.ID}}}},
	})
	learn := enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Now, Played: func(ctx context.Context, p enrolment.Playback) { s.Played(ctx, billing.Played(p)) }})
	learner, e := storetest.EnrolledLearner(t, ctx, w, o)
	if _, err := learn.Open(learner, o.Course.Slug, nil); err != nil {
		t.Fatal(err)
	}
	w.Now.Advance(time.Hour) // it may have been in front of them for so long
	return func(session uid.ID, from, to float64, ago time.Duration) error {
		who, _ := auth.PrincipalFrom(learner)
		who.SessionID = session
		in := auth.WithPrincipal(learner, who)
		end := ago.Seconds()
		_, _, err := learn.Report(in, enrolment.ReportInput{Enrolment: e.ID, Lesson: o.Lessons()[0].ID, Reports: []enrolment.Report{
			{ID: uid.New(), Position: &to, Played: enrolment.Intervals{{from, to}}, Seen: enrolment.Intervals{{end + to - from, end}}},
		}})
		return err
	}
}

func TestAMinuteOfASittingCountsOnceAndAStartedOneAsAWhole(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	s, second := billing.New(w.Store, w.Now.Now), billing.New(w.Store, w.Now.Now)
	play := watcher(t, w, ctx, s)
	morning, other := uid.New(), uid.New()
	minutes := func() int64 {
		t.Helper()
		if err := errors.Join(s.Flush(t.Context()), second.Flush(t.Context())); err != nil {
			t.Fatal(err)
		}
		return used(t, s, ctx, billing.MeterVideo, w.Now.Now()).Total
	}
	for _, c := range []struct {
		what     string
		session  uid.ID
		from, to float64
		want     int64
	}{
		{"five seconds", morning, 0, 5, 1},
		{"more of the same minute", morning, 5, 59, 1},
		{"up to its end exactly", morning, 59, 60, 1},
		{"into the next", morning, 58, 61, 2},
		{"the same again", morning, 0, 61, 2},
		{"a part further on", morning, 300, 421, 5},
		{"all of it", morning, 0, 600, 10},
		{"another sign-in", other, 0, 61, 12},
	} {
		if err := play(c.session, c.from, c.to, 0); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		if got := minutes(); got != c.want {
			t.Errorf("after %s: %d minutes, want %d", c.what, got, c.want)
		}
		w.Now.Advance(10 * time.Minute)
	}
	w.Now.Advance(24 * time.Hour)
	if err := play(morning, 0, 30, 0); err != nil {
		t.Fatal(err)
	}
	if got := minutes(); got != 13 {
		t.Errorf("on another day: %d minutes, want 13", got)
	}
	// Told late, it counts on the day on which it was played: as a minute that was counted then.
	w.Now.Advance(2 * time.Hour)
	if err := play(morning, 0, 30, 24*time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := minutes(); got != 13 {
		t.Errorf("told a day late: %d minutes, want 13", got)
	}
	if u := used(t, s, ctx, billing.MeterVideo, w.Now.Now()); u.Rows[0].EventID == uid.Nil || u.Rows[0].SubjectName == "" {
		t.Errorf("an entry does not name its report: %+v", u.Rows[0])
	}
}

func TestTwoServersThatHearOfOneSittingCountItOnce(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	one, two := billing.New(w.Store, w.Now.Now), billing.New(w.Store, w.Now.Now)
	who := auth.Principal{PersonID: uid.New(), SessionID: uid.New(), Name: "Ada"}
	in := event.WithActor(auth.WithPrincipal(ctx, who), event.Actor{ID: who.PersonID, Kind: "person"})
	p := billing.Played{Enrolment: uid.New(), Lesson: uid.New(), Report: uid.New(), From: 0, To: 119, At: w.Now.Now()}
	one.Played(in, p)
	p.To = 121
	two.Played(in, p)
	for _, nothing := range []context.Context{ // on behalf of somebody, by nobody, nowhere
		event.WithActor(in, event.Actor{ID: uid.New(), Kind: "operator"}), ctx, context.Background(),
	} {
		one.Played(nothing, billing.Played{Lesson: uid.New(), To: 50, At: w.Now.Now()})
	}
	if err := errors.Join(one.Flush(t.Context()), two.Flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	if got := used(t, one, ctx, billing.MeterVideo, w.Now.Now()).Total; got != 3 {
		t.Errorf("%d minutes, want 3", got)
	}
}

func TestTokensAreCountedOnceAUse(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	s := billing.New(w.Store, w.Now.Now)
	use := billing.Tokens{ID: uid.New(), Quantity: 1200, At: w.Now.Now()}
	for range 3 {
		if err := s.RecordTokens(ctx, use); err != nil {
			t.Fatal(err)
		}
	}
	if got := used(t, s, ctx, billing.MeterAITokens, use.At).Total; got != 1200 {
		t.Errorf("%d tokens, want 1200", got)
	}
	for _, bad := range []billing.Tokens{{Quantity: 1, At: use.At}, {ID: uid.New(), At: use.At}, {ID: uid.New(), Quantity: -5, At: use.At}} {
		if err := s.RecordTokens(ctx, bad); !errors.Is(err, billing.ErrNoTokens) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if err := s.RecordTokens(context.Background(), use); !errors.Is(err, billing.ErrNoTokens) {
		t.Errorf("for nobody: %v", err)
	}
}
