package enrolment_test

import (
	"math"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

func TestAVideoIsCompletedByWatchingNineTenthsOfIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.film(t, "Film", 100)
	learner, e := h.enrolled(t, o)
	lesson := o.Lessons()[0].ID
	if p := h.open(t, learner, "film", nil); p.Seconds != 100 || p.ByContinue() {
		t.Errorf("player %+v", p)
	}
	_, err := h.learn.Continue(learner, e.ID, lesson)
	wantFault(t, err, enrolment.ErrNotByContinue)

	watch := func(after time.Duration, position float64, played ...[2]float64) enrolment.Progress {
		t.Helper()
		h.w.Now.Advance(after)
		p, err := h.learn.Watch(learner, enrolment.WatchInput{Enrolment: e.ID, Lesson: lesson, Position: position, Played: played})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	watch(30*time.Second, 30, [2]float64{0, 30})
	watch(10*time.Second, 90, [2]float64{80, 90}) // skipped ahead
	p := watch(time.Second, 90, [2]float64{0, 30}, [2]float64{80, 90})
	if diff := cmp.Diff(enrolment.Intervals{{0, 30}, {80, 90}}, p.Watched); diff != "" || p.Status != enrolment.ProgressStarted {
		t.Errorf("watched %+v: %s", p, diff)
	}
	if got := h.open(t, learner, "film", nil).Progress[lesson]; got.Position != 90 || !cmp.Equal(got.Watched, p.Watched) {
		t.Errorf("kept %+v", got)
	}
	if p = watch(30*time.Second, 89, [2]float64{30, 79}); p.Status != enrolment.ProgressStarted { // 89 of 100 seconds
		t.Errorf("completed too early: %+v", p)
	}
	p = watch(5*time.Second, 80, [2]float64{78, 80})
	if p.Status != enrolment.ProgressCompleted || p.Evidence.Rule != catalog.RuleWatched || p.Evidence.Needed != 90 || p.Evidence.Percent != 90 {
		t.Errorf("not completed: %+v", p)
	}
	if got := h.read(t, e.ID); got.Status != enrolment.StatusCompleted || got.Percent != 100 {
		t.Errorf("enrolment %+v", got)
	}
	watch(time.Minute, 12, [2]float64{90, 101}) // goes on; containers round
	h.wantEvents(t, e.ID, "enrolment.created", "enrolment.started", "lesson.started", "lesson.completed", "enrolment.completed")
	h.w.Now.Advance(24 * time.Hour)
	watch(0, 13)
	watch(time.Minute, 14)
	h.wantEvents(t, e.ID, "enrolment.created", "enrolment.started", "lesson.started", "lesson.completed", "enrolment.completed", "lesson.progressed")
}

func TestAReportOfMoreThanCanHaveBeenPlayedIsRefused(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.film(t, "Forged", 600)
	learner, e := h.enrolled(t, o)
	lesson := o.Lessons()[0].ID
	report := func(to float64) error {
		_, err := h.learn.Watch(learner, enrolment.WatchInput{Enrolment: e.ID, Lesson: lesson, Position: to, Played: enrolment.Intervals{{0, to}}})
		return err
	}
	wantFault(t, report(600), enrolment.ErrWatchedTooFast) // at once, without opening
	h.open(t, learner, "forged", nil)
	wantFault(t, report(600), enrolment.ErrWatchedTooFast)
	wantFault(t, report(16), enrolment.ErrWatchedTooFast)
	if err := report(15); err != nil { // the grace for clocks and networks
		t.Error(err)
	}
	h.w.Now.Advance(100 * time.Second)
	wantFault(t, report(15+221+15), enrolment.ErrWatchedTooFast)
	if got := h.open(t, learner, "forged", nil).Progress[lesson]; got.Watched.Seconds() != 15 || got.Position != 15 {
		t.Errorf("a refused report left %+v", got)
	}
	if err := report(15 + 220); err != nil { // double speed, with some slack
		t.Error(err)
	}
	h.w.Now.Advance(-time.Hour) // a clock set back counts as no time
	wantFault(t, report(15+230), enrolment.ErrWatchedTooFast)
	wantFault(t, report(600), enrolment.ErrWatchedTooFast)
}

func TestAReportThatCannotBeOfThisVideoIsRefused(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.film(t, "Bounds", 100)
	learner, e := h.enrolled(t, o)
	many := make(enrolment.Intervals, 501)
	for i := range many {
		many[i] = [2]float64{float64(i) / 10, float64(i)/10 + 0.05}
	}
	nan, inf := math.NaN(), math.Inf(1)
	for name, c := range map[string]struct {
		position float64
		played   enrolment.Intervals
		fields   []string
	}{
		"before the beginning":  {-1, enrolment.Intervals{{-1, 5}}, []string{"position", "played"}},
		"after the end":         {102, enrolment.Intervals{{0, 101.5}}, []string{"position", "played"}},
		"backwards":             {0, enrolment.Intervals{{5, 3}}, []string{"played"}},
		"of no length":          {0, enrolment.Intervals{{5, 5}}, []string{"played"}},
		"not a number":          {nan, enrolment.Intervals{{0, nan}}, []string{"position", "played"}},
		"without end":           {inf, enrolment.Intervals{{0, inf}}, []string{"position", "played"}},
		"from minus infinity":   {0, enrolment.Intervals{{math.Inf(-1), 1}}, []string{"played"}},
		"in too many stretches": {0, many, []string{"played"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.learn.Watch(learner, enrolment.WatchInput{Enrolment: e.ID, Lesson: o.Lessons()[0].ID, Position: c.position, Played: c.played})
			wantFields(t, err, c.fields...)
		})
	}
	text := h.course(t, "No film")
	learner, e = h.enrolled(t, text)
	_, err := h.learn.Watch(learner, enrolment.WatchInput{Enrolment: e.ID, Lesson: text.Lessons()[0].ID})
	wantFault(t, err, enrolment.ErrNotAVideo)
}

func TestAVideoOfUnknownDurationIsCompletedByGoingOn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.film(t, "Unknown", 0)
	learner, e := h.enrolled(t, o)
	lesson := o.Lessons()[0].ID
	if p := h.open(t, learner, "unknown", nil); !p.ByContinue() {
		t.Error("the player offers no way on")
	}
	h.w.Now.Advance(time.Hour)
	p, err := h.learn.Watch(learner, enrolment.WatchInput{Enrolment: e.ID, Lesson: lesson, Position: 3000, Played: enrolment.Intervals{{0, 3000}}})
	if err != nil || p.Status != enrolment.ProgressStarted || p.Position != 3000 {
		t.Errorf("watched %+v, %v", p, err)
	}
	got, err := h.learn.Continue(learner, e.ID, lesson)
	if err != nil || got.Status != enrolment.StatusCompleted {
		t.Errorf("went on: %+v, %v", got, err)
	}
}

func TestReportsFromManyTabsLoseNoSecond(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.film(t, "Tabs", 100)
	learner, e := h.enrolled(t, o)
	lesson := o.Lessons()[0].ID
	h.open(t, learner, "tabs", nil)
	h.w.Now.Advance(10 * time.Minute)
	var wait sync.WaitGroup
	for i := range 10 { // at one moment each brings ten seconds; the first may bring much, the others fit the grace
		wait.Go(func() {
			from := float64(i * 10)
			if _, err := h.learn.Watch(learner, enrolment.WatchInput{Enrolment: e.ID, Lesson: lesson, Position: from, Played: enrolment.Intervals{{from, from + 10}}}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	got := h.open(t, learner, "tabs", nil).Progress[lesson]
	if diff := cmp.Diff(enrolment.Intervals{{0, 100}}, got.Watched); diff != "" || got.Status != enrolment.ProgressCompleted {
		t.Errorf("%s: %+v", diff, got)
	}
	if n := count(storetest.EventTypes(t, h.tenant, h.w, e.ID), "enrolment.completed"); n != 1 {
		t.Errorf("completed %d times", n)
	}
}

func TestMidnightTakesNothingFromWhatWasWatched(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.film(t, "Late show", 600)
	learner, e := h.enrolled(t, o)
	now := h.w.Now.Now().UTC()
	h.w.Now.Advance(time.Date(now.Year(), now.Month(), now.Day(), 23, 58, 0, 0, time.UTC).Sub(now))
	h.open(t, learner, "late-show", nil)
	h.w.Now.Advance(5 * time.Minute)
	p, err := h.learn.Watch(learner, enrolment.WatchInput{Enrolment: e.ID, Lesson: o.Lessons()[0].ID, Position: 300, Played: enrolment.Intervals{{0, 300}}})
	if err != nil || p.Watched.Seconds() != 300 {
		t.Errorf("%+v, %v", p, err)
	}
}
