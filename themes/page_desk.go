package themes

import (
	"fmt"
	"html/template"

	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/desk"
	"lyceum/learning/enrolment"
)

// FlashMessaged tells that a message was sent; Name is to how many.
const FlashMessaged FlashKey = "messaged"

// DeskPage is GET /studio/:course/desk?who=&after=: who is stuck where. It posts key, who and body to …/desk/messages.
type DeskPage struct {
	Outline catalog.Outline
	Desk    desk.Desk
	People  page.Of[desk.Person]
	Who     desk.Who
	Key     uid.ID // of the message, so that a second click sends nothing twice
	Body    string // what was typed
	Problem *fault.Fault
}

func (p DeskPage) in(c *Chrome) (string, any) { return "desk", framed[DeskPage]{c, p} }

// DeskGroup is a group of people with how many are in it.
type DeskGroup struct {
	Who   desk.Who
	Count int
	On    bool
}

// Groups are the groups that the list can be narrowed to.
func (p DeskPage) Groups() []DeskGroup {
	n := p.Desk.Counts
	out := []DeskGroup{{desk.Everyone, n.Active + n.Completed, false}, {desk.Behind, n.Behind, false}, {desk.Quiet, n.Quiet, false}, {desk.Unbegun, n.Unbegun, false}, {desk.Overdue, n.Overdue, false}}
	for i := range out {
		out[i].On = out[i].Who == p.Who
	}
	return out
}

// To is whom a message from this page goes to: the group that is shown.
func (p DeskPage) To() desk.Who { return p.Who }

// Reach is how many it would reach.
func (p DeskPage) Reach() int {
	for _, g := range p.Groups() {
		if g.On {
			if g.Who == desk.Everyone {
				return p.Desk.Counts.Active
			}
			return g.Count
		}
	}
	return 0
}

// All is how many people the lessons' bars are a share of.
func (p DeskPage) All() int { return p.Desk.Counts.Active + p.Desk.Counts.Completed }

// LessonName is the title of a lesson by its id, "" for one that is no longer in the course.
func (p DeskPage) LessonName(lesson *uid.ID) string {
	if lesson == nil {
		return ""
	}
	for _, l := range p.Desk.Lessons {
		if l.ID == *lesson {
			return l.Title
		}
	}
	return ""
}

// DeskName names a group of people.
func (c *Chrome) DeskName(w desk.Who) (string, error) {
	if w == desk.Everyone {
		w = "everyone"
	}
	return c.Named("desk_who", string(w))
}

// DesksPage is GET /studio/desk?whose=&who=&after=&people=: how all courses stand, and who is behind in any of them.
type DesksPage struct {
	Whose   desk.Whose
	Who     desk.Who // of the people; Behind or a part of it
	Totals  desk.Totals
	Courses page.Of[desk.Standing]
	People  page.Of[desk.Straggler]
}

func (p DesksPage) in(c *Chrome) (string, any) { return "desks", framed[DesksPage]{c, p} }

// Groups are the groups that the list of people can be narrowed to.
func (p DesksPage) Groups() []DeskGroup {
	n := p.Totals
	out := []DeskGroup{{desk.Behind, n.Behind, false}, {desk.Quiet, n.Quiet, false}, {desk.Unbegun, n.Unbegun, false}, {desk.Overdue, n.Overdue, false}}
	for i := range out {
		out[i].On = out[i].Who == p.Who
	}
	return out
}

// Whoses are whose courses it can be about.
func (DesksPage) Whoses() []desk.Whose { return []desk.Whose{desk.All, desk.Mine} }

// CourseBar draws how many of a course are through, on their way, and behind. What it shows stands beside it.
func (c *Chrome) CourseBar(n desk.Counts) template.HTML {
	all := max(n.Active+n.Completed, 1)
	return template.HTML(fmt.Sprintf(`<svg class="drop" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="ground" width="1000" height="10"/><rect class="done" width="%d" height="10"/><rect class="bad-text" fill="currentColor" x="%d" width="%d" height="10"/></svg>`, //nolint:gosec // numbers
		n.Completed*1000/all, 1000-n.Behind*1000/all, n.Behind*1000/all))
}

// CellOf is how far someone is in a lesson: completed, started or none.
func (p DeskPage) CellOf(who desk.Person, lesson uid.ID) string {
	if s, ok := who.Cells[lesson]; ok {
		return string(s)
	}
	return "none"
}

// Glyph says a cell of the map without a colour.
func (p DeskPage) Glyph(cell string) string {
	return map[string]string{string(enrolment.ProgressCompleted): "●", string(enrolment.ProgressStarted): "◐"}[cell]
}

// DropBar draws how many of all opened a lesson, and how many of them completed it.
func (c *Chrome) DropBar(l desk.Lesson, all int) template.HTML {
	all = max(all, 1)
	return template.HTML(fmt.Sprintf(`<svg class="drop" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" focusable="false"><rect class="ground" width="1000" height="10"/><rect class="begun" width="%d" height="10"/><rect class="done" width="%d" height="10"/></svg>`, //nolint:gosec // numbers
		min(l.Begun*1000/all, 1000), min(l.Done*1000/all, 1000)))
}
