package enrolment_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

// device is a browser that reports: at once, late, twice.
type device struct {
	queue []enrolment.Report
	sent  []enrolment.Report
}

// pupil is a person who learns on two devices, in a course that its author goes on changing.
type pupil struct {
	house
	r       *rand.Rand
	ctx     context.Context
	e       enrolment.Enrolment
	film    uid.ID // the file of every recording: 60 seconds
	devices map[uid.ID]*[2]device
	percent int
	version uid.ID
}

func (h house) pupil(t *testing.T, seed int) *pupil {
	t.Helper()
	film := storetest.File(t, h.tenant, h.w, content.FileVideo, "video/mp4", 60).ID
	p := &pupil{house: h, r: rand.New(rand.NewPCG(uint64(seed), 9)), film: film, devices: map[uid.ID]*[2]device{}}
	in := storetest.SmallCourse(fmt.Sprint("Changing ", seed))
	in.Modules[0].Lessons = append(in.Modules[0].Lessons, p.lessons()...)
	o := storetest.PublishedCourse(t, h.tenant, h.w, in)
	p.ctx, p.e = h.enrolled(t, o)
	p.version = p.e.VersionID
	return p
}

func (p *pupil) lessons() []catalog.LessonInput {
	return []catalog.LessonInput{
		{Kind: catalog.LessonVideo, Title: "Film", FileID: &p.film, Completion: catalog.Completion{Rule: catalog.RuleWatched, Percent: 40 + p.r.IntN(60)}, NoSkip: p.r.IntN(2) == 0},
		{Kind: catalog.LessonText, Title: "Reading", Body: "Read.", Completion: catalog.Completion{Rule: catalog.RuleViewed, Seconds: p.r.IntN(20)}},
		{Kind: catalog.LessonSubmission, Title: "Task", Body: "Do.", Completion: catalog.Completion{Rule: catalog.RuleMarked}},
		{Kind: catalog.LessonLink, Title: "Elsewhere", URL: "https://example.org/"},
	}
}

// shrug lets through what the rules refuse: people press what they see.
func shrug(t *testing.T, what string, err error) {
	t.Helper()
	if k := fault.Of(err).Kind; err != nil && k != fault.KindConflict && k != fault.KindNotFound {
		t.Fatalf("%s: %v", what, err)
	}
}

func (p *pupil) act(t *testing.T, o catalog.Outline) {
	t.Helper()
	lessons := o.Lessons()
	l := lessons[p.r.IntN(len(lessons))]
	switch p.r.IntN(9) {
	case 0, 1:
		_, err := p.learn.Open(p.ctx, o.Course.Slug, &l.ID)
		shrug(t, "open", err)
	case 2:
		_, err := p.learn.Continue(p.ctx, p.e.ID, l.ID)
		shrug(t, "continue", err)
	case 3:
		if whole, err := p.learn.Open(p.ctx, o.Course.Slug, &l.ID); err == nil && l.Kind == catalog.LessonQuiz {
			answers := storetest.WrongAnswers(whole.Lesson.Questions)
			if q := p.r.IntN(2); q == 0 {
				answers = p.right(t, o, l.ID)
			}
			_, err = p.learn.Submit(p.ctx, p.e.ID, l.ID, answers)
			shrug(t, "submit", err)
		}
	case 4:
		if l.Kind == catalog.LessonSubmission {
			_, err := p.learn.HandIn(p.ctx, enrolment.HandInInput{Enrolment: p.e.ID, Lesson: l.ID, Text: "Here."})
			shrug(t, "hand in", err)
		}
	case 5:
		list, err := p.learn.Submissions(p.manager, enrolment.HandedFilter{})
		shrug(t, "list", err)
		for _, h := range list.Items {
			_, err = p.learn.Mark(p.manager, enrolment.MarkInput{Submission: h.ID, Accept: p.r.IntN(2) == 0, Comment: "Well."})
			shrug(t, "mark", err)
		}
	default:
		p.report(t, l)
	}
}

func (p *pupil) right(t *testing.T, o catalog.Outline, lesson uid.ID) enrolment.Answers {
	t.Helper()
	draft, err := p.catalog.Edit(p.manager, o.Course.ID)
	if err != nil {
		t.Fatal(err)
	}
	l, _ := draft.Lesson(lesson)
	return storetest.RightAnswers(l.Questions)
}

// report lets a device note some seconds, and sends what it has: now, later, again, from both devices at once.
func (p *pupil) report(t *testing.T, l catalog.Lesson) {
	t.Helper()
	if p.devices[l.ID] == nil {
		p.devices[l.ID] = &[2]device{}
	}
	both := p.devices[l.ID]
	d := &both[p.r.IntN(2)]
	from := float64(p.r.IntN(50))
	long := float64(1 + p.r.IntN(10))
	r := enrolment.Report{ID: uid.New(), Seen: enrolment.Intervals{{long, 0}}}
	if l.Kind == catalog.LessonVideo {
		position := from + long
		r.Played, r.Position = enrolment.Intervals{{from, from + long}}, &position
	}
	p.w.Now.Advance(time.Duration(long) * time.Second)
	if d.queue = append(d.queue, r); p.r.IntN(3) == 0 {
		return // no connection
	}
	var wait sync.WaitGroup
	for i := range both {
		batch := both[i].queue
		for range p.r.IntN(3) {
			if n := len(both[i].sent); n > 0 {
				batch = append(batch, both[i].sent[p.r.IntN(n)]) // its answer was lost
			}
		}
		if len(batch) == 0 {
			continue
		}
		wait.Go(func() {
			_, _, err := p.learn.Report(p.ctx, enrolment.ReportInput{Enrolment: p.e.ID, Lesson: l.ID, Reports: batch})
			if err == nil {
				both[i].sent, both[i].queue = append(both[i].sent, batch...), nil
			} else if k := fault.Of(err).Kind; k != fault.KindConflict && k != fault.KindNotFound {
				t.Errorf("report: %v", err)
			}
		})
	}
	wait.Wait()
}

// change publishes another version: a lesson more, one less.
func (p *pupil) change(t *testing.T, o catalog.Outline) {
	t.Helper()
	draft, err := p.catalog.Edit(p.manager, o.Course.ID)
	if err != nil {
		t.Fatal(err)
	}
	draft, _, err = p.catalog.AddLesson(p.manager, o.Course.ID, draft.Course.Revision, draft.Modules[0].ID, p.lessons()[p.r.IntN(4)])
	if err != nil {
		t.Fatal(err)
	}
	lessons := draft.Lessons()
	if draft, err = p.catalog.DeleteLesson(p.manager, o.Course.ID, draft.Course.Revision, lessons[p.r.IntN(len(lessons))].ID); err != nil {
		t.Fatal(err)
	}
	if _, err = p.catalog.Publish(p.manager, o.Course.ID, draft.Course.Revision); err != nil {
		if errors.Is(err, catalog.ErrNothingToTeach) {
			return // a module was emptied
		}
		t.Fatal(err)
	}
	if _, err = p.learn.MoveAll(p.tenant, o.Course.ID, enrolment.Stages(), nil); err != nil {
		t.Fatal(err)
	}
}

// check holds what is kept against what must be so after anything that people do.
func (p *pupil) check(t *testing.T, shown enrolment.Shown) {
	t.Helper()
	if shown.Percent < p.percent && shown.VersionID == p.version {
		t.Fatalf("percent fell from %d to %d", p.percent, shown.Percent)
	}
	p.percent, p.version = shown.Percent, shown.VersionID
	for lesson, both := range p.devices {
		kept := shown.Progress[lesson]
		for _, d := range both {
			for _, r := range d.sent {
				for _, part := range r.Played {
					if !covers(kept.Watched, part) {
						t.Fatalf("%v was reported and is lost of %v", part, kept.Watched)
					}
				}
			}
		}
		if elapsed := p.w.Now.Now().Sub(kept.StartedAt).Seconds(); kept.Seen.Seconds() > elapsed+0.1 {
			t.Fatalf("%v seconds were seen in %v", kept.Seen.Seconds(), elapsed)
		}
	}
}

func covers(in enrolment.Intervals, part [2]float64) bool {
	for _, c := range in {
		if c[0] <= part[0] && part[1] <= c[1] {
			return true
		}
	}
	return false
}

func TestWhateverPeopleDoAReplayFindsWhatIsKept(t *testing.T) {
	t.Parallel()
	h := setup(t)
	var all []*pupil
	for seed := range 8 {
		p := h.pupil(t, seed)
		all = append(all, p)
		for range 60 {
			shown, err := h.learn.Show(h.manager, p.e.ID)
			if err != nil {
				t.Fatal(err)
			}
			p.check(t, shown)
			if p.r.IntN(25) == 0 {
				p.change(t, shown.Outline)
				continue
			}
			p.w.Now.Advance(time.Duration(p.r.IntN(3000)) * time.Millisecond)
			p.act(t, shown.Outline)
		}
	}
	got, err := h.learn.Replay(h.tenant, false)
	if err != nil || got.Enrolments != len(all) || got.Facts < 100 {
		t.Errorf("replayed %+v, %v", got, err)
	}
	for _, d := range got.Differences {
		t.Errorf("enrolment %s, lesson %s:\nkept    %s\nderived %s", d.Enrolment, d.Lesson, d.Kept, d.Derived)
	}
}

func TestAReplayMendsWhatWasSpoiled(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.film(t, "Spoiled", 60)
	learner, e := h.enrolled(t, o)
	h.open(t, learner, "spoiled", nil)
	h.w.Now.Advance(time.Minute)
	if _, err := h.learn.Watch(learner, enrolment.WatchInput{Enrolment: e.ID, Lesson: o.Lessons()[0].ID, Position: 60, Played: enrolment.Intervals{{0, 60}}}); err != nil {
		t.Fatal(err)
	}
	right := h.show(t, learner, e.ID)
	err := h.w.Store.InTenant(h.tenant, func(ctx context.Context) error {
		bad := right.Enrolment
		bad.Percent, bad.Status, bad.CompletedAt = 7, enrolment.StatusActive, nil
		if err := h.w.Store.UpdateEnrolment(ctx, bad); err != nil {
			return err
		}
		p := right.Progress[o.Lessons()[0].ID]
		p.Watched = nil
		return h.w.Store.PutProgress(ctx, p)
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := h.learn.Replay(h.tenant, false)
	if err != nil || len(found.Differences) != 2 || found.Mended != 0 || h.show(t, learner, e.ID).Percent != 7 {
		t.Errorf("a look found %+v, %v", found, err)
	}
	if found, err = h.learn.Replay(h.tenant, true); err != nil || found.Mended != 1 {
		t.Errorf("mended %+v, %v", found, err)
	}
	if got := h.show(t, learner, e.ID); got.Percent != 100 || got.Status != enrolment.StatusCompleted || got.Progress[o.Lessons()[0].ID].Watched.Seconds() != 60 {
		t.Errorf("mended to %+v", got)
	}
	if found, err = h.learn.Replay(h.tenant, true); err != nil || len(found.Differences) != 0 {
		t.Errorf("found again %+v, %v", found, err)
	}
}

func TestAReportThatComesAgainCountsOnce(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.film(t, "Again", 100)
	learner, e := h.enrolled(t, o)
	h.open(t, learner, "again", nil)
	h.w.Now.Advance(time.Minute)
	position := 10.0
	in := enrolment.ReportInput{Enrolment: e.ID, Lesson: o.Lessons()[0].ID, Reports: []enrolment.Report{
		{ID: uid.New(), Position: &position, Played: enrolment.Intervals{{0, 10}}, Seen: enrolment.Intervals{{20, 10}}},
	}}
	report := func() enrolment.Progress {
		t.Helper()
		p, _, err := h.learn.Report(learner, in)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := report()
	h.w.Now.Advance(3 * time.Second) // told in seconds ago, the same report is of three seconds later now
	if p := report(); p.Seen.Seconds() != 10 || p.Watched.Seconds() != 10 || !p.UpdatedAt.Equal(first.UpdatedAt) {
		t.Errorf("counted twice: %+v", p)
	}
	var wait sync.WaitGroup
	in.Reports[0] = enrolment.Report{ID: uid.New(), Seen: enrolment.Intervals{{5, 0}}}
	for range 8 {
		wait.Go(func() {
			if _, _, err := h.learn.Report(learner, in); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if p := h.show(t, learner, e.ID).Progress[in.Lesson]; p.Seen.Seconds() != 15 {
		t.Errorf("many at once: %+v", p.Seen)
	}
}

func TestAReportIsForTheEnrolmentsOwnPersonAndItsOwnPortal(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.film(t, "Whose report", 100)
	learner, e := h.enrolled(t, o)
	colleague, _ := h.enrolled(t, o)
	h.open(t, learner, "whose-report", nil)
	abroad := auth.WithPrincipal(h.w.Tenant(t), auth.Principal{PersonID: e.PersonID, May: policy.Set{policy.EnrolmentSelf: {}}})
	in := enrolment.ReportInput{Enrolment: e.ID, Lesson: o.Lessons()[0].ID, Reports: []enrolment.Report{{ID: uid.New(), Seen: enrolment.Intervals{{1, 0}}}}}
	for name, as := range map[string]context.Context{"a colleague": colleague, "another portal": abroad} {
		if _, _, err := h.learn.Report(as, in); !errors.Is(err, enrolment.ErrEnrolmentNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := h.learn.Report(h.tenant, in); !errors.Is(err, auth.ErrSignInFirst) {
		t.Errorf("a stranger: %v", err)
	}
	wrong := in
	wrong.Reports = []enrolment.Report{{Seen: enrolment.Intervals{{1, 2}}, Played: enrolment.Intervals{{5, 3}}}, {ID: uid.New(), Seen: enrolment.Intervals{{enrolment.MaxAgo + 1, 0}}}}
	_, _, err := h.learn.Report(learner, wrong)
	wantFields(t, err, "reports.0.id", "reports.0.played", "reports.0.seen", "reports.1.seen")
	_, _, err = h.learn.Report(learner, enrolment.ReportInput{Enrolment: e.ID, Lesson: in.Lesson})
	wantFields(t, err, "reports")
	if _, _, err = h.learn.Report(learner, in); err != nil {
		t.Error(err)
	}
}

func TestALessonMustBeLookedAtForAsLongAsItAsks(t *testing.T) {
	t.Parallel()
	h := setup(t)
	in := storetest.SmallCourse("Look")
	in.Modules[0].Lessons = []catalog.LessonInput{{Kind: catalog.LessonText, Title: "Read this", Body: "Long.", Completion: catalog.Completion{Rule: catalog.RuleViewed, Seconds: 60}}}
	o := storetest.PublishedCourse(t, h.tenant, h.w, in)
	learner, e := h.enrolled(t, o)
	lesson := o.Lessons()[0].ID
	if p := h.open(t, learner, "look", nil); p.Left() != 60 || !p.ByContinue() {
		t.Errorf("left %d", p.Left())
	}
	h.w.Now.Advance(10 * time.Second)
	report := func(seen ...[2]float64) {
		t.Helper()
		if _, _, err := h.learn.Report(learner, enrolment.ReportInput{Enrolment: e.ID, Lesson: lesson, Reports: []enrolment.Report{{ID: uid.New(), Seen: seen}}}); err != nil {
			t.Fatal(err)
		}
	}
	report([2]float64{600, 0}) // only ten seconds have passed since it was opened
	_, err := h.learn.Continue(learner, e.ID, lesson)
	wantFault(t, err, enrolment.ErrTooSoon)
	if p := h.open(t, learner, "look", nil); p.Left() != 50 || p.Reached() != 16 {
		t.Errorf("left %d, reached %d", p.Left(), p.Reached())
	}
	h.w.Now.Advance(100 * time.Second)
	report([2]float64{30, 0})
	report([2]float64{30, 0}) // the same half minute in a second tab
	_, err = h.learn.Continue(learner, e.ID, lesson)
	wantFault(t, err, enrolment.ErrTooSoon)
	report([2]float64{60, 40})
	got, err := h.learn.Continue(learner, e.ID, lesson)
	if err != nil || got.Status != enrolment.StatusCompleted {
		t.Fatalf("%+v, %v", got, err)
	}
	p := h.show(t, learner, e.ID).Progress[lesson]
	if p.Evidence.Rule != catalog.RuleViewed || p.Evidence.Seconds != 60 || p.Evidence.Needed != 60 || p.Evidence.EventID == nil {
		t.Errorf("evidence %+v", p.Evidence)
	}
}
