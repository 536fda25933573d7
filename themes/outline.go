package themes

import (
	"encoding/json"
	"slices"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// Step is a lesson in an outline as a learner sees it, drawn by parts/outline.html.
type Step struct {
	ID      uid.ID
	Title   string
	Kind    catalog.LessonKind
	Minutes int
	Href    string // "" when it cannot be opened from here
	State   string // new, started, completed
	Here    bool
	Tongue  string // the language of its title where that is not the language of the rest, else ""
}

// Chapter is a module of an outline with its steps.
type Chapter struct {
	ID          uid.ID
	Number      int
	Title       string
	Steps       []Step
	Done        int
	Minutes     int
	HereWithin  bool
	AllFinished bool
	Shut        bool // its lessons are not shown
}

// chapters joins an outline with progress. slug is "" when lessons are not to be opened.
func chapters(o catalog.Outline, progress map[uid.ID]enrolment.Progress, slug string, here uid.ID) []Chapter {
	out := make([]Chapter, 0, len(o.Modules))
	for i, m := range o.Modules {
		c := Chapter{ID: m.ID, Number: i + 1, Title: m.Title, Steps: make([]Step, 0, len(m.Lessons))}
		for j := range m.Lessons {
			l := &m.Lessons[j]
			s := Step{ID: l.ID, Title: l.Title, Kind: l.Kind, Minutes: l.Minutes, State: "new", Here: l.ID == here}
			if o.Untranslated[l.ID] {
				s.Tongue = o.Version.Language
			}
			if p, ok := progress[l.ID]; ok {
				s.State = string(p.Status)
			}
			if slug != "" {
				s.Href = "/learn/" + slug + "/" + l.ID.String()
			}
			if s.State == string(enrolment.ProgressCompleted) {
				c.Done++
			}
			c.Minutes += l.Minutes
			c.HereWithin = c.HereWithin || s.Here
			c.Steps = append(c.Steps, s)
		}
		c.AllFinished = len(c.Steps) > 0 && c.Done == len(c.Steps)
		out = append(out, c)
	}
	return out
}

// Chapters is the outline with the person's progress.
func (p CoursePage) Chapters() []Chapter {
	slug := ""
	if p.Inside() {
		slug = p.Outline.Course.Slug
	}
	here := uid.Nil
	if p.Enrolment != nil && p.Enrolment.LastLessonID != nil {
		here = *p.Enrolment.LastLessonID
	}
	list := chapters(p.Outline, p.Progress, slug, here)
	for i := range list {
		c := &list[i]
		c.Shut = p.Large() && !c.HereWithin && (i > 0 || here != uid.Nil) && !slices.Contains(p.Open, c.ID.String()) && !slices.Contains(p.Open, "all")
		for j := range c.Steps {
			c.Steps[j].Here = false // nobody is in a lesson on this page
		}
	}
	return list
}

// Large tells whether a course has so many lessons that only some modules are shown with theirs.
func (p CoursePage) Large() bool { return p.Outline.Count() > Small }

// Opening is the address of the page with a module open.
func (p CoursePage) Opening(module uid.ID) string {
	return "/courses/" + p.Outline.Course.Slug + "?open=" + module.String() + "#module-" + module.String()
}

// Inside tells whether the person is in the course.
func (p CoursePage) Inside() bool {
	return p.Enrolment != nil && p.Enrolment.Status != enrolment.StatusWithdrawn
}

// MayLeave tells whether the person may leave the course by themselves.
func (p CoursePage) MayLeave() bool { return p.Inside() && p.Enrolment.MayLeave() }

// Started tells whether the person has opened a lesson.
func (p CoursePage) Started() bool { return p.Inside() && p.Enrolment.StartedAt != nil }

// Completed tells whether the person is through.
func (p CoursePage) Completed() bool {
	return p.Enrolment != nil && p.Enrolment.Status == enrolment.StatusCompleted
}

// Lessons counts the course's lessons.
func (p CoursePage) Lessons() int { return p.Outline.Count() }

// Large tells whether the outline beside a lesson shows only the lessons of the module that one is in.
func (p PlayerPage) Large() bool { return p.Player.Outline.Count() > Small }

// First leads to a chapter's first lesson, "" when it has none.
func (c Chapter) First() string {
	if len(c.Steps) == 0 {
		return ""
	}
	return c.Steps[0].Href
}

// Chapters is the outline with the person's progress and the lesson shown.
func (p PlayerPage) Chapters() []Chapter {
	out := chapters(p.Player.Outline, p.Player.Progress, p.Player.Outline.Course.Slug, p.Player.Lesson.ID)
	if p.Preview {
		for _, c := range out {
			for i := range c.Steps {
				c.Steps[i].Href = p.At(c.Steps[i].ID)
			}
		}
	}
	return out
}

// Base is the address below which the lessons are, and where what is left is told.
func (p PlayerPage) Base() string {
	if p.Preview {
		return "/studio/" + p.Player.Outline.Course.ID.String() + "/preview"
	}
	return "/learn/" + p.Player.Outline.Course.Slug
}

// Studio is where a draft that is looked at is written.
func (p PlayerPage) Studio() string { return "/studio/" + p.Player.Outline.Course.ID.String() }

// Number is the place of the lesson shown among all, from 1.
func (p PlayerPage) Number() int {
	n := 0
	for _, m := range p.Player.Outline.Modules {
		for i := range m.Lessons {
			if n++; m.Lessons[i].ID == p.Player.Lesson.ID {
				return n
			}
		}
	}
	return 0
}

// Lessons counts the course's lessons.
func (p PlayerPage) Lessons() int { return p.Player.Outline.Count() }

// Module is the title of the module that holds the lesson shown.
func (p PlayerPage) Module() string {
	for _, m := range p.Player.Outline.Modules {
		if m.ID == p.Player.Lesson.ModuleID {
			return m.Title
		}
	}
	return ""
}

// Here is the address of the lesson shown.
func (p PlayerPage) Here() string {
	return p.At(p.Player.Lesson.ID)
}

// At is the address of another lesson of the course.
func (p PlayerPage) At(lesson uid.ID) string {
	return p.Base() + "/" + lesson.String()
}

// Progress is the person's progress in the lesson shown; the zero value when there is none.
func (p PlayerPage) Progress() enrolment.Progress { return p.Player.Progress[p.Player.Lesson.ID] }

// Done tells whether the lesson shown is completed.
func (p PlayerPage) Done() bool { return p.Progress().Status == enrolment.ProgressCompleted }

// Finished tells whether the whole course is completed.
func (p PlayerPage) Finished() bool { return p.Player.Enrolment.Status == enrolment.StatusCompleted }

// WatchedPercent is how much of the recording counts as played, 0 when its length is unknown.
func (p PlayerPage) WatchedPercent() int { return p.Progress().WatchedPercent(p.Player.Rules()) }

// CanConfirm tells whether the lesson is completed by confirming it, until it is.
func (p PlayerPage) CanConfirm() bool { return p.Player.ByContinue() && !p.Done() }

// Scripted tells whether the page has something to count or to enhance: a recording, a lesson that must be looked at for
// a while, a long outline.
func (p PlayerPage) Scripted() bool {
	return p.Player.Lesson.Kind.Recorded() && p.File != nil || p.Player.Left() > 0
}

// Played is what was played of the recording, as the script reads it.
func (p PlayerPage) Played() string {
	text, err := json.Marshal(p.Progress().Counted(p.Player.Lesson.NoSkip))
	if err != nil || p.Progress().Watched == nil {
		return "[]"
	}
	return string(text)
}

// Chapters is the outline with every lesson completed, to look at again.
func (p CompletedPage) Chapters() []Chapter {
	done := map[uid.ID]enrolment.Progress{}
	for _, l := range p.Outline.Lessons() {
		done[l.ID] = enrolment.Progress{Status: enrolment.ProgressCompleted}
	}
	return chapters(p.Outline, done, p.Outline.Course.Slug, uid.Nil)
}
