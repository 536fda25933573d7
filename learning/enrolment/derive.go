package enrolment

import (
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// The one rule set. What a person has done is a log of facts; how far they are follows from it by the functions of this
// file and from nothing else: they are run once when a fact happens, and again for all facts by Derive. Reports of
// several devices may come in any order and more than once: stretches are united, never added up.

// after is the progress after a fact under the rules of its version; completed tells that the fact completed the lesson.
func (p Progress) after(f Fact, r Rules) (next Progress, completed bool) {
	if p.Status == "" {
		p = Progress{EnrolmentID: f.EnrolmentID, LessonID: f.LessonID, Status: ProgressStarted, StartedAt: f.At}
	}
	p.UpdatedAt = f.At
	d := f.Data
	if d.Carried != nil {
		return p.carried(f), false
	}
	p.Seen, p.Watched = p.Seen.union(d.Seen, seenGap), p.Watched.union(d.Watched, joinGap)
	if d.Position != nil && d.Moment >= p.PositionAt {
		p.Position, p.PositionAt = *d.Position, d.Moment
	}
	if p.Status == ProgressCompleted {
		return p, false
	}
	why, met := p.met(f, r)
	if !met {
		return p, false
	}
	at := f.At
	why.EventID, why.SessionID = &f.ID, f.SessionID
	p.Status, p.CompletedAt, p.Evidence = ProgressCompleted, &at, why
	return p, true
}

// met tells whether a fact meets the lesson's rule, and why.
func (p Progress) met(f Fact, r Rules) (why Evidence, met bool) {
	c := r.Completes()
	why = Evidence{Rule: c.Rule}
	switch c.Rule {
	case catalog.RuleViewed:
		why.Seconds, why.Needed = int(p.Seen.Seconds()), c.Seconds
		return why, f.Kind == FactConfirmed && p.seenEnough(c)
	case catalog.RuleWatched:
		why.Percent, why.Needed = p.WatchedPercent(r), c.Percent
		return why, why.Percent >= c.Percent
	case catalog.RulePassed:
		why.AttemptID, why.Percent, why.Needed = f.Data.Of, f.Data.Percent, c.Percent
		return why, f.Kind == FactAttempted && f.Data.Passed
	case catalog.RuleSubmitted:
		why.SubmissionID = f.Data.Of
		return why, f.Kind == FactSubmitted || f.Kind == FactAccepted
	case catalog.RuleMarked:
		why.SubmissionID, why.Percent = f.Data.Of, f.Data.Percent
		return why, f.Kind == FactAccepted
	}
	return Evidence{}, false
}

// seenEnough tells whether a lesson was in front of the person for as long as its rule asks. A lesson that was looked at
// for all but a fraction of the last second counts: browsers' clocks tick as they like.
func (p Progress) seenEnough(c catalog.Completion) bool {
	return p.Seen.Seconds()+0.5 >= float64(c.Seconds)
}

// Counted is what counts as watched: where skipping is not offered, only what was played on from the beginning.
func (p Progress) Counted(noSkip bool) Intervals {
	if !noSkip {
		return p.Watched
	}
	if len(p.Watched) == 0 || p.Watched[0][0] > skipGap {
		return nil
	}
	out := Intervals{p.Watched[0]}
	for _, part := range p.Watched[1:] {
		if part[0] > out[0][1]+skipGap {
			break
		}
		out[0][1] = part[1]
	}
	return out
}

// WatchedPercent is the share of the recording that counts as watched, rounded down, 0 when its duration is unknown.
func (p Progress) WatchedPercent(r Rules) int { return p.Counted(r.NoSkip).Percent(r.Seconds) }

func (p Progress) carried(f Fact) Progress {
	c := f.Data.Carried
	p.Status, p.Position, p.Watched, p.Evidence = c.Status, c.Position, c.Watched, c.Evidence
	p.StartedAt, p.CompletedAt = c.StartedAt, c.CompletedAt
	return p
}

// opens tells whether a fact makes its lesson the one the person is in.
func (f Fact) opens() bool {
	switch f.Kind {
	case FactReported, FactAccepted, FactReturned, FactMoved: // a late report does not lead back to its lesson
		return false
	case FactOpened, FactConfirmed, FactAttempted, FactSubmitted, FactCarried:
	}
	return true
}

// begin notes that a person does something in a lesson: the first time the course begins, and while it lasts the lesson
// is where they go on.
func (e *Enrolment) begin(f Fact) (started, changed bool) {
	if !f.opens() {
		return false, false
	}
	if e.StartedAt == nil {
		at := f.At
		e.StartedAt, started, changed = &at, true, true
	}
	if e.Status == StatusActive && (e.LastLessonID == nil || *e.LastLessonID != f.LessonID) {
		lesson := f.LessonID
		e.LastLessonID, changed = &lesson, true
	}
	return started, changed
}

// count notes how many of the version's lessons are completed; finished tells that the course is completed by it, which
// it stays: what comes later is not counted any more.
func (e *Enrolment) count(done, all int, at time.Time) (finished bool) {
	if e.Status != StatusActive || all == 0 {
		return false
	}
	e.Percent = 100 * done / all
	if done < all {
		return false
	}
	e.Status, e.CompletedAt = StatusCompleted, &at
	return true
}

// Book is the rules of the versions that facts speak of.
type Book map[uid.ID]map[uid.ID]Rules

// NewBook orders rules by version and lesson.
func NewBook(rules []Rules) Book {
	b := Book{}
	for _, r := range rules {
		if b[r.VersionID] == nil {
			b[r.VersionID] = map[uid.ID]Rules{}
		}
		b[r.VersionID][r.LessonID] = r
	}
	return b
}

// done counts the lessons of a version, and those of them that are completed.
func (b Book) done(version uid.ID, progress map[uid.ID]Progress) (done, all int) {
	for lesson := range b[version] {
		all++
		if progress[lesson].Status == ProgressCompleted {
			done++
		}
	}
	return done, all
}

// Derive works out from the log of an enrolment how far its person is: the enrolment with its beginning, place, percent
// and completion, and the progress of each lesson. Of the enrolment as given it takes who, what and the version; whether
// someone was taken out of the course is not a matter of learning and stays. Facts may be given in any order.
func Derive(e Enrolment, facts []Fact, book Book) (Enrolment, map[uid.ID]Progress) {
	out := e
	out.Status, out.Percent, out.LastLessonID, out.StartedAt, out.CompletedAt = StatusActive, 0, nil, nil, nil
	progress := map[uid.ID]Progress{}
	seen := map[[2]uid.ID]bool{}
	for _, f := range inOrder(facts) {
		if key := [2]uid.ID{f.LessonID, f.ID}; seen[key] {
			continue
		} else {
			seen[key] = true
		}
		if f.Kind == FactMoved {
			done, all := book.done(f.VersionID, progress)
			out.moved(done, all, f.At)
			continue
		}
		out.begin(f)
		p, completed := progress[f.LessonID].after(f, book[f.VersionID][f.LessonID])
		progress[f.LessonID] = p
		if f.Kind == FactCarried {
			if out.StartedAt.After(p.StartedAt) {
				out.StartedAt = &p.StartedAt
			}
			completed = p.Status == ProgressCompleted
		}
		if completed {
			done, all := book.done(f.VersionID, progress)
			out.count(done, all, f.At)
		}
	}
	if out.Status == StatusActive {
		done, all := book.done(e.VersionID, progress)
		if all > 0 {
			out.Percent = 100 * done / all
		}
	}
	if e.Status == StatusWithdrawn {
		out.Status = StatusWithdrawn
	}
	return out, progress
}

// moved counts an enrolment anew after it was put onto another version: what that asks for beyond the old one is open
// again, and what it asks for no longer is not missed. finished tells that nothing is left to do where something was.
func (e *Enrolment) moved(done, all int, at time.Time) (finished bool) {
	if all > 0 {
		e.Percent = 100 * done / all
	}
	switch {
	case done < all:
		e.Status, e.CompletedAt = StatusActive, nil
	case e.Status != StatusCompleted && done > 0:
		e.Status, e.CompletedAt = StatusCompleted, &at
		return true
	}
	return false
}
