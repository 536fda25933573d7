package themes

import (
	"html/template"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
)

// NewCourseForm is what was typed.
type NewCourseForm struct{ Title, Language, Template string }

// StudioPage is GET /studio?q=&status=&review=&after=: the courses as authors see them. It posts title, language, and
// template (a course to copy) to /studio/courses.
type StudioPage struct {
	Query     string
	Status    catalog.Status // "" is all
	Review    catalog.Review // "" is all
	Templates []catalog.Card
	Cards     page.Of[catalog.Card]
	Form      NewCourseForm
	Problem   *fault.Fault
}

func (p StudioPage) in(c *Chrome) (string, any) { return "studio", framed[StudioPage]{c, p} }

// CourseForm is what was typed about a course.
type CourseForm struct {
	Title, Slug, Summary, Language, Minutes string
	CoverFileID                             string
}

// CourseEditPage is GET /studio/:course?open=: open names modules that are shown with their lessons where there are many;
// "all" is every one. Every form carries revision. It posts title, slug, summary, language,
// estimated_minutes, cover (a picture, multipart), cover_file_id, remove_cover to /studio/:course; and, for the
// outline, to /studio/:course/modules (title), …/modules/:module (title), …/modules/:module/move (position),
// …/modules/:module/delete, …/modules/:module/lessons (kind, title), …/lessons/:lesson/move (module, position),
// …/lessons/:lesson/delete; and to …/archive, …/restore.
type CourseEditPage struct {
	Outline        catalog.Outline
	Form           CourseForm
	Problem        *fault.Fault // of the details form
	OutlineProblem *fault.Fault // of a change to modules or lessons
	Open           []string
}

func (p CourseEditPage) in(c *Chrome) (string, any) {
	return "course_edit", framed[CourseEditPage]{c, p}
}

// LessonEditPage is GET /studio/:course/lessons/:lesson. It posts revision, title, minutes, body, file_id, file
// (multipart, at most 8 MiB), captions_file_id, captions, remove_captions, pass_percent and for a quiz
// questions.<i>.… to its own address: ReadLessonForm reads them all but the files. The pressed button is `do`: save;
// preview; add_picture (picture, a file, and picture_alt: store it, then LessonForm.AddPicture); and those that
// LessonForm.Apply knows (add_question, add_option.<i>, remove_question.<i>, remove_option.<i>.<j>, up.<i>, down.<i>).
// All but save answer this page again with the form changed and nothing kept.
type LessonEditPage struct {
	Outline  catalog.Outline
	Lesson   catalog.Lesson
	Form     LessonForm
	Preview  template.HTML // the Markdown of Form.Body through the sanitiser
	File     *content.File
	Captions *content.File
	Problem  *fault.Fault // fields title, minutes, body, file_id or file, captions_file_id or captions, picture, picture_alt, pass_percent, questions.<i>…
}

func (p LessonEditPage) in(c *Chrome) (string, any) {
	return "lesson_edit", framed[LessonEditPage]{c, p}
}

// PublishPage is GET and POST /studio/:course/publish (revision). Missing holds what must be done before, with a
// sentence per field; nil when nothing is missing.
type PublishPage struct {
	Outline catalog.Outline
	Missing *fault.Fault
	Unread  bool         // somebody else has to approve the draft before
	Problem *fault.Fault // any other failure of publishing
	// Standings are who is on which version now; it also posts move, a stage each, of those to take along.
	Standings []enrolment.VersionStages
}

func (p PublishPage) in(c *Chrome) (string, any) { return "publish", framed[PublishPage]{c, p} }

// RosterPage is GET /studio/:course/people?find=&group=&after=: who is in the course. It posts person (an id) and due_on
// (2026-03-31 or nothing) to /studio/:course/people, due_on to …/people/:enrolment/due, and to …/people/:enrolment/withdraw.
type RosterPage struct {
	Outline catalog.Outline
	People  page.Of[enrolment.Roster]
	Find    string        // name or e-mail searched for, "" before a search
	Found   []auth.Person // active people that match Find
	Inside  map[uid.ID]enrolment.Status
	Due     string        // the day typed beside who is to be enrolled
	Groups  []group.Group // to narrow the list by
	Group   uid.ID        // uid.Nil: everyone
	Problem *fault.Fault
}

// Chosen is the id of the group that the list is narrowed by, "" for none.
func (p RosterPage) Chosen() string {
	if p.Group == uid.Nil {
		return ""
	}
	return p.Group.String()
}

func (p RosterPage) in(c *Chrome) (string, any) { return "roster", framed[RosterPage]{c, p} }
