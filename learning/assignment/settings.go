package assignment

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/rubric"
)

// DueBy is what a due date is reckoned from.
type DueBy string

const (
	// DueNever is no due date.
	DueNever DueBy = ""
	// DueOn is a moment, the same for all.
	DueOn DueBy = "date"
	// DueAfter is a number of days after enrolling, at the end of that day where the learner is.
	DueAfter DueBy = "days"
	// DueWithCourse is the date by which the person is to be done with the course.
	DueWithCourse DueBy = "course"
)

// DueBys are all, in the order in which they are offered.
var DueBys = []DueBy{DueNever, DueOn, DueAfter, DueWithCourse}

// Settings are the rules of one assignment. The zero value is a hand-in as it always was: a text, a file, or both;
// accepted or returned, as often as it takes.
type Settings struct {
	NoText   bool     `json:"no_text,omitempty"`   // a text is not asked for
	NoFiles  bool     `json:"no_files,omitempty"`  // files are not taken
	Files    int      `json:"files,omitempty"`     // how many at most; 0: MaxFiles
	Types    []string `json:"types,omitempty"`     // name endings taken, such as .pdf; none: whatever files the portal takes
	FileMB   int      `json:"file_mb,omitempty"`   // of one file; 0: the portal's own limit
	MinWords int      `json:"min_words,omitempty"` // of the text
	MaxWords int      `json:"max_words,omitempty"` // 0: as many as fit
	Template string   `json:"template,omitempty"`  // what learners begin with, Markdown; it is not counted as alike

	Due      DueBy      `json:"due,omitempty"`
	DueAt    *time.Time `json:"due_at,omitempty"`
	DueDays  int        `json:"due_days,omitempty"`
	LateDays int        `json:"late_days,omitempty"` // accepted for so many days more
	LateOff  int        `json:"late_off,omitempty"`  // percent taken off for each begun day
	Floor    int        `json:"floor,omitempty"`     // percent below which being late takes no mark

	Attempts   int        `json:"attempts,omitempty"`    // 0: as often as it is returned
	AgainUntil *time.Time `json:"again_until,omitempty"` // no attempt after the first is taken later

	Groups []uid.ID `json:"groups,omitempty"` // who is in one of these hands in with it; the first that fits counts

	Scheme     rubric.Scheme `json:"scheme,omitzero"`
	Anonymous  bool          `json:"anonymous,omitempty"`   // names are hidden from markers until release
	TwoMarkers bool          `json:"two_markers,omitempty"` // a second person marks too
	Apart      int           `json:"apart,omitempty"`       // percent between two marks above which a third or an agreement is needed
	Together   bool          `json:"together,omitempty"`    // marks are released when somebody says so, else each at once
	AppealDays int           `json:"appeal_days,omitempty"` // in which a mark may be objected to; 0: not at all
	Alike      bool          `json:"alike,omitempty"`       // texts are compared within the cohort
}

// MaxFileCount is how many files one may hand in.
func (s Settings) MaxFileCount() int {
	switch {
	case s.NoFiles:
		return 0
	case s.Files == 0:
		return MaxFiles
	}
	return s.Files
}

// Clean trims settings, leaves out what is not used and says what is wrong.
func (s Settings) Clean() (Settings, error) {
	f := fault.Fields{}
	f.Check(!s.NoText || !s.NoFiles, "no_text", "Take a text, files, or both.")
	f.Check(s.Files >= 0 && s.Files <= MaxFiles, "files", fmt.Sprintf("Enter a number from 1 to %d.", MaxFiles))
	f.Check(s.FileMB >= 0 && s.FileMB <= 1024, "file_mb", "Enter megabytes from 1 to 1024, or nothing.")
	f.Check(s.MinWords >= 0 && s.MinWords <= 20_000, "min_words", "Enter a number of words up to 20000.")
	f.Check(s.MaxWords >= 0 && s.MaxWords <= 20_000 && (s.MaxWords == 0 || s.MaxWords >= s.MinWords), "max_words", "Enter a number of words that is not below the least.")
	s.Template = tidyText(s.Template)
	f.Check(utf8.RuneCountInString(s.Template) <= MaxText, "template", fmt.Sprintf("Use at most %d characters.", MaxText))
	var wrong string
	if s.Types, wrong = endings(s.Types); wrong != "" {
		f.Check(false, "types", fmt.Sprintf("“%s” is no ending of a file's name. Write endings such as .pdf or .docx.", wrong))
	}
	s.cleanDates(f)
	f.Check(s.Attempts >= 0 && s.Attempts <= 100, "attempts", "Enter a number from 1 to 100, or nothing.")
	f.Check(len(s.Groups) <= 200, "groups", "Choose at most 200 groups.")
	f.Check(s.Apart >= 0 && s.Apart <= 100, "apart", "Enter a number from 0 to 100.")
	f.Check(s.AppealDays >= 0 && s.AppealDays <= 365, "appeal_days", "Enter days from 0 to 365.")
	if !s.TwoMarkers {
		s.Apart = 0
	}
	scheme, err := s.Scheme.Clean()
	for field, text := range fault.Of(err).Fields {
		f.Check(false, field, text)
	}
	s.Scheme = scheme
	return s, f.Err()
}

func (s *Settings) cleanDates(f fault.Fields) {
	f.Check(slices.Contains(DueBys, s.Due), "due", "Choose when this is due.")
	f.Check(s.Due != DueOn || s.DueAt != nil, "due_at", "Enter the date and time.")
	f.Check(s.Due != DueAfter || s.DueDays >= 1 && s.DueDays <= 1000, "due_days", "Enter days from 1 to 1000.")
	f.Check(s.LateDays >= 0 && s.LateDays <= 365, "late_days", "Enter days from 0 to 365.")
	f.Check(s.LateOff >= 0 && s.LateOff <= 100, "late_off", "Enter a number from 0 to 100.")
	f.Check(s.Floor >= 0 && s.Floor <= 100, "floor", "Enter a number from 0 to 100.")
	if s.Due != DueOn {
		s.DueAt = nil
	}
	if s.Due != DueAfter {
		s.DueDays = 0
	}
	if s.Due == DueNever {
		s.LateDays = 0
	}
	if s.LateDays == 0 {
		s.LateOff, s.Floor = 0, 0
	}
}

// endings makes name endings of what was typed; wrong is the first that is none.
func endings(typed []string) (out []string, wrong string) {
	for _, t := range typed {
		t = strings.ToLower(strings.TrimSpace(t))
		if t == "" {
			continue
		}
		if !strings.HasPrefix(t, ".") {
			t = "." + t
		}
		if len(t) < 2 || len(t) > 12 || strings.Trim(t[1:], "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return out, t
		}
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out, ""
}

// Takes tells whether a file's name has an ending that is taken.
func (s Settings) Takes(name string) bool {
	return len(s.Types) == 0 || slices.Contains(s.Types, strings.ToLower(path.Ext(name)))
}

// Words counts the words of a text: what has a letter or a digit between blanks.
func Words(text string) (n int) {
	for _, w := range strings.Fields(text) {
		if strings.IndexFunc(w, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0 {
			n++
		}
	}
	return n
}

// Whose is what a due date depends on beside the rules.
type Whose struct {
	EnrolledAt time.Time
	CourseDue  *time.Time     // of the enrolment
	Place      *time.Location // where the learner's days end
	Extended   *time.Time     // the newest extension
}

// DueFor is when the work is due for a person, nil for never. An extension stands in place of every other date.
func (s Settings) DueFor(w Whose) *time.Time {
	if w.Extended != nil {
		return w.Extended
	}
	switch s.Due {
	case DueOn:
		return s.DueAt
	case DueAfter:
		at := w.EnrolledAt.In(w.Place)
		end := time.Date(at.Year(), at.Month(), at.Day()+s.DueDays+1, 0, 0, 0, 0, w.Place).Add(-time.Second).UTC()
		return &end
	case DueWithCourse:
		return w.CourseDue
	case DueNever:
	}
	return nil
}

// Closes is when nothing is taken any more, nil for never.
func (s Settings) Closes(due *time.Time) *time.Time {
	if due == nil {
		return nil
	}
	end := due.AddDate(0, 0, s.LateDays)
	return &end
}

// DaysLate counts the begun days between the due date and a moment.
func DaysLate(due *time.Time, at time.Time) int {
	if due == nil || !at.After(*due) {
		return 0
	}
	const d = 24 * time.Hour
	return int((at.Sub(*due) + d - 1) / d)
}

// Off is how many percent being so many days late takes off.
func (s Settings) Off(days int) int { return min(100, days*s.LateOff) }

func tidyText(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
	return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n"))
}
