package themes

import (
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// PlacesPage is GET /studio/:course/places?status=&after=: who asks for a place, who waits, who is on which version. It
// posts decision (grant, refuse) and answer to …/places/:request, and move (a stage each) to …/places/move.
type PlacesPage struct {
	Outline   catalog.Outline
	Places    enrolment.Places
	Status    enrolment.RequestStatus // open, or "" for all
	Requests  page.Of[enrolment.PlaceAsked]
	Standings []enrolment.VersionStages // the newest version first
	Problem   *fault.Fault
}

func (p PlacesPage) in(c *Chrome) (string, any) { return "places", framed[PlacesPage]{c, p} }

// Behind counts the people of each stage who are not on the newest version, in the order of the stages.
func (p PlacesPage) Behind() []StageCount { return behind(p.Standings) }

// Moveable tells whether anybody is on an older version.
func (p PlacesPage) Moveable() bool { return anyone(p.Behind()) }

// StageCount is how many people of a stage are on older versions.
type StageCount struct {
	Stage enrolment.Stage
	Count int
}

func behind(list []enrolment.VersionStages) []StageCount {
	counts := map[enrolment.Stage]int{}
	for i, v := range list {
		if i > 0 {
			counts[enrolment.StageNotStarted] += v.NotStarted
			counts[enrolment.StageInProgress] += v.InProgress
			counts[enrolment.StageDone] += v.Done
		}
	}
	return stageCounts(counts)
}

func stageCounts(counts map[enrolment.Stage]int) []StageCount {
	var out []StageCount
	for _, s := range enrolment.Stages() {
		out = append(out, StageCount{s, counts[s]})
	}
	return out
}

func anyone(list []StageCount) bool {
	for _, c := range list {
		if c.Count > 0 {
			return true
		}
	}
	return false
}

// Moving counts who publishing could move besides those who have not started: under way, and done.
func (p PublishPage) Moving() []StageCount {
	counts := map[enrolment.Stage]int{}
	for _, v := range p.Standings {
		counts[enrolment.StageInProgress] += v.InProgress
		counts[enrolment.StageDone] += v.Done
	}
	return stageCounts(counts)[1:]
}

// AnyMoving tells whether anyone has started the course.
func (p PublishPage) AnyMoving() bool { return anyone(p.Moving()) }

// PlaceMail tells a person what became of their request for a place.
type PlaceMail struct {
	Name        string
	CourseTitle string
	Granted     bool
	Answer      string // of who decided; "" for none
	Link        string
}

func (m PlaceMail) letter(c *MailChrome) (string, any) { return "place", enveloped[PlaceMail]{c, m} }
