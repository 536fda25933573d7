package path

import (
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// StepState is where a person is with one course of a path.
type StepState string

const (
	// StepDone is completed.
	StepDone StepState = "done"
	// StepUnderway is one they are in.
	StepUnderway StepState = "underway"
	// StepOpen is one they can begin now.
	StepOpen StepState = "open"
	// StepLocked is one that opens later or that they cannot get into; the reason says which.
	StepLocked StepState = "locked"
	// StepPassed is an archived course that they are not in: it is passed over.
	StepPassed StepState = "passed"
)

// Reason is why a course is not open.
type Reason string

const (
	// ReasonSection waits for an earlier section.
	ReasonSection Reason = "section"
	// ReasonCourse waits for an earlier course of the section.
	ReasonCourse Reason = "course"
	// ReasonNeeds asks for something first that the person lacks.
	ReasonNeeds Reason = "needs"
	// ReasonWithdrawn is a course they were taken out of.
	ReasonWithdrawn Reason = "withdrawn"
	// ReasonLeft is a course they left by themselves: the path does not put them back, its page lets them in again.
	ReasonLeft Reason = "left"
	// ReasonHidden is a course that is for others.
	ReasonHidden Reason = "hidden"
	// ReasonRequest has places on request.
	ReasonRequest Reason = "request"
	// ReasonAsked has an open request of theirs.
	ReasonAsked Reason = "asked"
	// ReasonClosed takes nobody who enrols themselves.
	ReasonClosed Reason = "closed"
	// ReasonFull has no place left.
	ReasonFull Reason = "full"
)

// Step is a course of a path for one person.
type Step struct {
	Course Course
	State  StepState
	Reason Reason // of StepLocked
}

// Part is a section of a path for one person.
type Part struct {
	Section  Section
	Steps    []Step
	Need     int // how many courses must be completed, without those passed over
	Done     int // how many are; never more than Need
	Open     bool
	Complete bool
}

// Standing is how far one person is in a path. It is worked out, never kept.
type Standing struct {
	Parts    []Part
	Need     int
	Done     int
	Complete bool
}

// Percent is the share of the courses needed that are completed, rounded down; 100 only when the path is complete.
func (s Standing) Percent() int {
	if s.Need == 0 {
		return 0
	}
	return s.Done * 100 / s.Need
}

// Stand works out how far a person is. A course that nobody may begin any more and that they are not in is passed over:
// it counts neither as needed nor as standing before another. Assigned says that one who manages enrolments put them on
// the path: then requests, closed self-enrolment and visibility do not stand in the way.
func Stand(p Path, courses map[uid.ID]Course, assigned bool) Standing {
	out := Standing{Parts: make([]Part, len(p.Sections))}
	open := true
	for i, s := range p.Sections {
		part := standIn(s, courses, open, assigned)
		out.Need, out.Done = out.Need+part.Need, out.Done+part.Done
		if p.Ordered && !part.Complete {
			open = false
		}
		out.Parts[i] = part
	}
	out.Complete = out.Need > 0 && out.Done == out.Need
	return out
}

func standIn(s Section, courses map[uid.ID]Course, open, assigned bool) Part {
	part := Part{Section: s, Open: open, Steps: make([]Step, len(s.Courses))}
	counted := 0
	for i, id := range s.Courses {
		c := courses[id]
		c.ID = id
		step := Step{Course: c}
		switch {
		case c.Done:
			step.State = StepDone
			part.Done++
			counted++
		case c.Enrolment == enrolment.StatusActive:
			step.State = StepUnderway
			counted++
		case c.Status != catalog.StatusPublished:
			step.State = StepPassed
		default:
			step.State = StepOpen
			counted++
		}
		part.Steps[i] = step
	}
	part.Need = counted
	if s.Need > 0 {
		part.Need = min(s.Need, counted)
	}
	part.Complete = part.Done >= part.Need
	part.Done = min(part.Done, part.Need)
	before := false // a course before this one is not done
	for i := range part.Steps {
		step := &part.Steps[i]
		if step.State == StepOpen {
			switch {
			case !open:
				step.Reason = ReasonSection
			case s.Ordered && before && !part.Complete:
				step.Reason = ReasonCourse
			default:
				step.Reason = step.Course.shut(assigned)
			}
			if step.Reason != "" {
				step.State = StepLocked
			}
		}
		before = before || step.State != StepDone && step.State != StepPassed
	}
	return part
}

// shut is why a person cannot get into a course, "" when they can.
func (c Course) shut(assigned bool) Reason {
	switch {
	case c.LeftIt:
		return ReasonLeft
	case c.Enrolment == enrolment.StatusWithdrawn:
		return ReasonWithdrawn
	case !assigned && !c.Visible:
		return ReasonHidden
	case c.Unmet > 0:
		return ReasonNeeds
	case assigned:
	case c.Visibility == catalog.VisibleOnRequest && c.Asked:
		return ReasonAsked
	case c.Visibility == catalog.VisibleOnRequest:
		return ReasonRequest
	case !c.SelfEnrol:
		return ReasonClosed
	}
	switch {
	case c.Capacity > 0 && c.Taken >= c.Capacity && c.Asked:
		return ReasonAsked
	case c.Capacity > 0 && c.Taken >= c.Capacity:
		return ReasonFull
	}
	return ""
}

// ToEnrol are the open courses that the path itself puts a person into: where all are needed, and where they come one
// after the other. Where some of several are needed in any order, the person chooses.
func (s Standing) ToEnrol() (list []Course) {
	for _, part := range s.Parts {
		counted := 0
		for _, step := range part.Steps {
			if step.State != StepPassed {
				counted++
			}
		}
		if part.Complete || !part.Section.Ordered && part.Need < counted {
			continue
		}
		for _, step := range part.Steps {
			if step.State == StepOpen {
				list = append(list, step.Course)
			}
		}
	}
	return list
}

// Next is the course to go on with: the first under way, else the first open one in a section that is not complete; nil
// when there is none.
func (s Standing) Next() *Course {
	for _, state := range []StepState{StepUnderway, StepOpen} {
		for _, part := range s.Parts {
			for i, step := range part.Steps {
				if step.State == state && !part.Complete && part.Open {
					return &part.Steps[i].Course
				}
			}
		}
	}
	return nil
}
