package themes

import (
	"fmt"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// Step is a lesson in an outline as a learner sees it, drawn by parts/outline.html.
type Step struct {
	catalog.Lesson
	Href  string // "" when it cannot be opened from here
	State string // new, started, completed
	Here  bool
}

// Chapter is a module of an outline with its steps.
type Chapter struct {
	Number      int
	Title       string
	Steps       []Step
	Done        int
	Minutes     int
	HereWithin  bool
	AllFinished bool
}

// chapters joins an outline with progress. slug is "" when lessons are not to be opened.
func chapters(o catalog.Outline, progress map[uid.ID]enrolment.Progress, slug string, here uid.ID) []Chapter {
	var out []Chapter
	for i, m := range o.Modules {
		c := Chapter{Number: i + 1, Title: m.Title}
		for _, l := range m.Lessons {
			s := Step{Lesson: l, State: "new", Here: l.ID == here}
			if p, ok := progress[l.ID]; ok {
				s.State = string(p.Status)
			}
			if slug != "" {
				s.Href = fmt.Sprintf("/learn/%s/%s", slug, l.ID)
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
	return chapters(p.Outline, p.Progress, slug, uid.Nil)
}

// Inside tells whether the person is in the course.
func (p CoursePage) Inside() bool {
	return p.Enrolment != nil && p.Enrolment.Status != enrolment.StatusWithdrawn
}

// Started tells whether the person has opened a lesson.
func (p CoursePage) Started() bool { return p.Inside() && p.Enrolment.StartedAt != nil }

// Completed tells whether the person is through.
func (p CoursePage) Completed() bool {
	return p.Enrolment != nil && p.Enrolment.Status == enrolment.StatusCompleted
}

// Lessons counts the course's lessons.
func (p CoursePage) Lessons() int { return len(p.Outline.Lessons()) }

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
	for i, l := range p.Player.Outline.Lessons() {
		if l.ID == p.Player.Lesson.ID {
			return i + 1
		}
	}
	return 0
}

// Lessons counts the course's lessons.
func (p PlayerPage) Lessons() int { return len(p.Player.Outline.Lessons()) }

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

// WatchedPercent is how much of the video was really played, 0 when its length is unknown.
func (p PlayerPage) WatchedPercent() int {
	if p.File == nil || p.File.Seconds <= 0 {
		return 0
	}
	var sum float64
	for _, i := range p.Progress().Watched {
		sum += i[1] - i[0]
	}
	return min(100, int(sum/p.File.Seconds*100))
}

// CanConfirm tells whether the lesson is completed by confirming it: text and PDF, until it is.
func (p PlayerPage) CanConfirm() bool {
	k := p.Player.Lesson.Kind
	return (k == catalog.LessonText || k == catalog.LessonPDF) && !p.Done()
}

// Chapters is the outline with every lesson completed, to look at again.
func (p CompletedPage) Chapters() []Chapter {
	done := map[uid.ID]enrolment.Progress{}
	for _, l := range p.Outline.Lessons() {
		done[l.ID] = enrolment.Progress{Status: enrolment.ProgressCompleted}
	}
	return chapters(p.Outline, done, p.Outline.Course.Slug, uid.Nil)
}
