package enrolment

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"lyceum/internal/uid"
)

// Difference is where what is kept is not what the log says.
type Difference struct {
	Enrolment uid.ID
	Lesson    uid.ID // uid.Nil: the enrolment itself
	Kept      string
	Derived   string
}

// Replayed is what Replay found.
type Replayed struct {
	Enrolments  int
	Facts       int
	Differences []Difference
	Mended      int // enrolments
}

// maxDifferences bounds how many a replay lists; it goes on counting and mending.
const maxDifferences = 1_000

// Replay works the progress of everyone in the tenant out anew from the log, compares it with what is kept, and with mend
// writes what the log says. It is for who runs the platform: it asks for no permission, takes one enrolment after the
// other and may be stopped anywhere. Mending tells no events: what happened was told when it happened.
func (s *Service) Replay(ctx context.Context, mend bool) (out Replayed, err error) {
	books := map[uid.ID]Book{}
	for after := uid.Nil; ; {
		var list []Enrolment
		err = s.keep.InTenant(ctx, func(ctx context.Context) error {
			list, err = s.keep.EnrolmentsAfter(ctx, after, 200)
			return err
		})
		if err != nil || len(list) == 0 {
			return out, err
		}
		for _, e := range list {
			after = e.ID
			if err = s.replayOne(ctx, e.ID, books, mend, &out); err != nil {
				return out, fmt.Errorf("replay enrolment %s: %w", e.ID, err)
			}
		}
	}
}

func (s *Service) replayOne(ctx context.Context, id uid.ID, books map[uid.ID]Book, mend bool, out *Replayed) error {
	var facts int
	var found []Difference
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.keep.LockEnrolment(ctx, id)
		if err != nil {
			return err
		}
		book, known := books[e.CourseID]
		if _, current := book[e.VersionID]; !known || !current {
			rules, err := s.keep.RulesOf(ctx, e.CourseID)
			if err != nil {
				return err
			}
			book = NewBook(rules)
			books[e.CourseID] = book
		}
		log, err := s.keep.FactsOf(ctx, id)
		if err != nil {
			return err
		}
		kept, err := s.progress(ctx, id)
		if err != nil {
			return err
		}
		facts = len(log)
		derived, progress := Derive(e, log, book)
		if found = differences(e, derived, kept, progress); len(found) == 0 || !mend {
			return nil
		}
		return s.mend(ctx, derived, progress)
	})
	if err != nil {
		return err
	}
	out.Enrolments++
	out.Facts += facts
	if mend && len(found) > 0 {
		out.Mended++
	}
	out.Differences = append(out.Differences, found[:min(len(found), max(0, maxDifferences-len(out.Differences)))]...)
	return nil
}

func (s *Service) mend(ctx context.Context, e Enrolment, progress map[uid.ID]Progress) error {
	for _, p := range progress {
		if err := s.keep.PutProgress(ctx, p); err != nil {
			return err
		}
	}
	return s.keep.UpdateEnrolment(ctx, e)
}

// differences compares what is kept with what the log says. Progress without any fact is a difference that mending
// leaves: nothing that people did is ever taken away.
func differences(e, derived Enrolment, kept, progress map[uid.ID]Progress) (out []Difference) {
	if a, b := e.learned(), derived.learned(); a != b {
		out = append(out, Difference{Enrolment: e.ID, Kept: a, Derived: b})
	}
	all := maps.Clone(kept)
	maps.Copy(all, progress)
	lessons := slices.SortedFunc(maps.Keys(all), func(a, b uid.ID) int { return slices.Compare(a[:], b[:]) })
	for _, l := range lessons {
		if a, b := kept[l].plain(), progress[l].plain(); !reflect.DeepEqual(a, b) {
			out = append(out, Difference{Enrolment: e.ID, Lesson: l, Kept: fmt.Sprintf("%+v", a), Derived: fmt.Sprintf("%+v", b)})
		}
	}
	return out
}

// learned is what of an enrolment follows from learning, to be compared and read.
func (e Enrolment) learned() string {
	text := fmt.Sprintf("%s %d %%", e.Status, e.Percent)
	if e.LastLessonID != nil {
		text += " in " + e.LastLessonID.String()
	}
	if e.StartedAt != nil {
		text += " started " + e.StartedAt.UTC().String()
	}
	if e.CompletedAt != nil {
		text += " completed " + e.CompletedAt.UTC().String()
	}
	return text
}

// plain is progress as it is compared: times in UTC, no intervals as nil.
func (p Progress) plain() Progress {
	if p.StartedAt, p.UpdatedAt = p.StartedAt.UTC(), p.UpdatedAt.UTC(); p.CompletedAt != nil {
		at := p.CompletedAt.UTC()
		p.CompletedAt = &at
	}
	if len(p.Watched) == 0 {
		p.Watched = nil
	}
	if len(p.Seen) == 0 {
		p.Seen = nil
	}
	return p
}
