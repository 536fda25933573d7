package enrolment

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

const (
	// MaxReports is how many reports may be brought at once: what a browser could not send for a while.
	MaxReports = 200
	// MaxAgo is how long ago, in seconds, something may have been seen that is reported only now.
	MaxAgo = 7 * 24 * 60 * 60
)

// Report is what a browser tells of a few seconds of learning. Its id is made by the browser: one that arrives again
// changes nothing.
type Report struct {
	ID       uid.ID
	Position *float64  // second of the recording; nil for lessons without
	Played   Intervals // seconds of the recording really played
	// Seen is when the lesson was in front of the person, or playing, in seconds ago: [[12.5, 2.5]]. What lies before the
	// lesson was first opened, or ahead of us, does not count.
	Seen Intervals
	// SinceLast says instead of Seen that the lesson was in front of them since the report before.
	SinceLast bool
}

// ReportInput is reports of a lesson, the oldest first.
type ReportInput struct {
	Enrolment uid.ID
	Lesson    uid.ID
	Reports   []Report
}

// validate notes what is wrong for a recording of this duration: fields reports, reports.0.id, reports.0.position and
// so on.
func (in ReportInput) validate(seconds float64) error {
	f := fault.Fields{}
	f.Check(len(in.Reports) > 0 && len(in.Reports) <= MaxReports, "reports", fmt.Sprintf("Bring 1 to %d reports.", MaxReports))
	for i, r := range in.Reports {
		at := fmt.Sprintf("reports.%d.", i)
		f.Check(r.ID != uid.Nil, at+"id", "Give each report an id of its own.")
		if r.Position != nil {
			ok := finite(*r.Position) && *r.Position >= 0 && *r.Position <= videoEnd(seconds)
			f.Check(ok, at+"position", "Report a position in seconds within the video.")
		}
		r.Played.check(f, at+"played", seconds)
		f.Check(len(r.Seen) <= MaxIntervals, at+"seen", fmt.Sprintf("Report at most %d stretches at once.", MaxIntervals))
		for _, part := range r.Seen {
			ok := finite(part[0]) && finite(part[1]) && part[0] >= part[1] && part[0] <= MaxAgo
			f.Check(ok, at+"seen", "Report when the lesson was seen as [from, to] in seconds ago, from not less than to, within the last seven days.")
		}
	}
	return f.Err()
}

// fact is what the log keeps of a report that arrives at a moment of a lesson's progress; last is when the lesson was heard of
// before.
func (r Report) fact(p Progress, last, at time.Time) FactData {
	now := at.Sub(p.StartedAt).Seconds()
	d := FactData{Watched: Intervals{}.Merge(r.Played.rounded()), Moment: hundredth(max(0, now))}
	seen := Intervals{}
	for _, part := range r.Seen {
		if from, to := max(0, now-part[0]), min(now, now-part[1]); from < to {
			seen = append(seen, [2]float64{from, to})
		}
	}
	if from := last.Sub(p.StartedAt).Seconds(); r.SinceLast && from < now {
		seen = Intervals{{max(0, from), now}}
	}
	if d.Seen = (Intervals{}).union(seen.rounded(), seenGap); len(d.Seen) > 0 {
		d.Moment = d.Seen[len(d.Seen)-1][1]
	}
	if r.Position != nil {
		position := hundredth(*r.Position)
		d.Position = &position
	}
	return d
}

// tooFast tells whether more was played of a recording than the time in which it was in front of the person allows.
func (p Progress) tooFast() bool {
	return p.Watched.Seconds() > p.Seen.Seconds()*playbackSlack+playbackGrace
}

// Sitting is a lesson as a report finds it: held, so that reports of one lesson come one after the other.
type Sitting struct {
	Enrolment Enrolment
	Progress  Progress
	Known     []uid.ID // reports of those brought that are kept already
}

// ruleKey is a lesson of a version. Whoever is enrolled is on a published one, which never changes.
type ruleKey struct{ version, lesson uid.ID }

const (
	rulesKept = 20_000
	rulesFor  = time.Hour
)

// errMore says that a report does more than add to a lesson's progress: it completes it, begins it, is the first of
// its day, or the first of its lesson in this process, which does not know the rules yet. Then it is an act like any other.
var errMore = errors.New("enrolment: the report is an act")

// Report takes in what a browser tells of a lesson: what was seen and played of it, and where to go on. Reports may come
// late, in any order and more than once: each counts once. What is played counts as far as the lesson was in front of
// the person for as long, at 2.2 times the speed, and 15 seconds; beyond that it is ErrWatchedTooFast and nothing of it
// is kept. What that completes is completed. It needs enrolment:self.
func (s *Service) Report(ctx context.Context, in ReportInput) (Progress, Rules, error) {
	who, err := acts(ctx)
	if err != nil {
		return Progress{}, Rules{}, err
	}
	var out Progress
	var rules Rules
	var facts []Fact
	found, err := s.keep.Sit(ctx, in, func(now Sitting) ([]Fact, Progress, error) {
		st := &step{Service: s, who: who, at: s.moment(now.Progress), last: now.Progress.UpdatedAt, e: now.Enrolment, p: now.Progress}
		if st.e.PersonID != who.PersonID {
			return nil, Progress{}, ErrEnrolmentNotFound
		}
		if err := open(st.e); err != nil {
			return nil, Progress{}, err
		}
		known := false
		if st.rules, known = s.rules.Peek(ruleKey{st.e.VersionID, in.Lesson}); !known || day(now.Progress.UpdatedAt) != day(st.at) {
			return nil, Progress{}, errMore
		}
		if err := st.report(in, now.Known); err != nil {
			return nil, Progress{}, err
		}
		if st.completed {
			return nil, Progress{}, errMore
		}
		out, rules, facts = st.p, st.rules, st.facts
		return st.facts, st.p, nil
	})
	if err == nil && found {
		s.tellPlayed(ctx, out, facts)
		return out, rules, nil
	}
	if err != nil && !errors.Is(err, errMore) {
		return Progress{}, Rules{}, err
	}
	return s.reportSlowly(ctx, in)
}

// reportSlowly is Report as an act: it holds the enrolment.
func (s *Service) reportSlowly(ctx context.Context, in ReportInput) (Progress, Rules, error) {
	st, err := s.act(ctx, in.Enrolment, in.Lesson, func(ctx context.Context, st *step) error {
		ids := make([]uid.ID, len(in.Reports))
		for i, r := range in.Reports {
			ids[i] = r.ID
		}
		known, err := s.keep.KnownFacts(ctx, in.Enrolment, in.Lesson, ids)
		if err != nil {
			return err
		}
		return st.report(in, known)
	})
	if err != nil {
		return Progress{}, Rules{}, err
	}
	s.rules.Put(ruleKey{st.e.VersionID, in.Lesson}, st.rules)
	s.tellPlayed(ctx, st.p, st.facts)
	return st.p, st.rules, nil
}

// Playback is a stretch of a recording that was played.
type Playback struct {
	Enrolment, Lesson uid.ID
	Report            uid.ID  // which tells of it
	From, To          float64 // seconds of the recording
	At                time.Time
}

// tellPlayed tells of what the reports among some facts say was played, each at the moment at which it was.
func (s *Service) tellPlayed(ctx context.Context, p Progress, facts []Fact) {
	if s.playedTo == nil {
		return
	}
	for _, f := range facts {
		at := p.StartedAt.Add(time.Duration(f.Data.Moment * float64(time.Second)))
		for _, part := range f.Data.Watched {
			s.playedTo(ctx, Playback{f.EnrolmentID, f.LessonID, f.ID, part[0], part[1], at})
		}
	}
}

// report notes reports that are not known yet.
func (st *step) report(in ReportInput, known []uid.ID) error {
	if err := in.validate(st.rules.Seconds); err != nil {
		return err
	}
	seen := make(map[uid.ID]bool, len(known)+len(in.Reports))
	for _, id := range known {
		seen[id] = true
	}
	for _, r := range in.Reports {
		if seen[r.ID] {
			continue
		}
		seen[r.ID] = true
		if len(r.Played) > 0 && !st.rules.Kind.Recorded() {
			return ErrNotAVideo
		}
		st.noteAs(r.ID, FactReported, r.fact(st.p, st.last, st.at))
		st.last = st.p.UpdatedAt
		if len(r.Played) > 0 && st.p.tooFast() {
			return ErrWatchedTooFast
		}
	}
	if len(st.p.Watched) > 2*MaxIntervals || len(st.p.Seen) > 10*MaxIntervals {
		return fault.Fields{"reports": fmt.Sprintf("More than %d separate stretches were played.", 2*MaxIntervals)}.Err()
	}
	return nil
}

// WatchInput is one report of a player that keeps no time: where it stands, and the seconds really played since the last
// report (earlier ones may be repeated). The duration is the file's own; what a player says of it would complete anything.
type WatchInput struct {
	Enrolment uid.ID
	Lesson    uid.ID
	Position  float64
	Played    Intervals
}

// Watch is Report for a player that keeps no time: the lesson is taken to have been in front of the person since the last
// report. Fields: position, played. A lesson without recording is ErrNotAVideo.
func (s *Service) Watch(ctx context.Context, in WatchInput) (Progress, error) {
	r := Report{ID: uid.New(), Position: &in.Position, Played: in.Played, SinceLast: true}
	p, rules, err := s.Report(ctx, ReportInput{Enrolment: in.Enrolment, Lesson: in.Lesson, Reports: []Report{r}})
	if err != nil {
		return Progress{}, plainFields(err)
	}
	if !rules.Kind.Recorded() {
		return Progress{}, ErrNotAVideo
	}
	return p, nil
}

// plainFields gives the fields of the only report without its number.
func plainFields(err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) || len(f.Fields) == 0 {
		return err
	}
	out := *f
	out.Fields = map[string]string{}
	for field, text := range f.Fields {
		out.Fields[strings.TrimPrefix(field, "reports.0.")] = text
	}
	return &out
}
