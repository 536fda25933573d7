package assessment

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
)

// Limits of settings.
const (
	MaxSections  = 50
	MaxQuestions = 500 // of a test
	MaxTitle     = 200
	MaxMarks     = 100
	MaxSeconds   = 7 * 24 * 60 * 60
	MaxAttempts  = 100
	MaxReason    = 2_000
	MaxCode      = 60
)

// Section is a part of a test: fixed questions, and then what is drawn from pools.
type Section struct {
	Title   string      `json:"title,omitempty"`
	Fixed   []bank.Ref  `json:"fixed,omitempty"`
	Pools   []bank.Pool `json:"pools,omitempty"`
	Shuffle bool        `json:"shuffle,omitempty"` // its questions
	Marks   int         `json:"marks"`             // of each question
	Seconds int         `json:"seconds,omitempty"` // its own time; 0: as long as the test lasts
}

// When is when the learner is told how each answer was marked. The score itself is told once it is there.
type When string

const (
	// WhenEnded tells it once the attempt is graded.
	WhenEnded When = ""
	// WhenAnswered lets the learner have each answer looked at, which then stays as it is.
	WhenAnswered When = "answered"
	// WhenClosed tells it once the test is closed.
	WhenClosed When = "closed"
	// WhenNever keeps it from the learner.
	WhenNever When = "never"
)

// Key names it where an empty name cannot stand.
func (w When) Key() string {
	if w == WhenEnded {
		return "ended"
	}
	return string(w)
}

// Whens are all of them in the order in which they are offered.
var Whens = []When{WhenEnded, WhenAnswered, WhenClosed, WhenNever}

// Feedback is what the learner is told of each answer, and when.
type Feedback struct {
	When  When `json:"when,omitempty"`
	Marks bool `json:"marks,omitempty"` // right, partly or wrong, and the marks
	Right bool `json:"right,omitempty"` // the right answers
	Texts bool `json:"texts,omitempty"` // what the author wrote for it
}

// Settings are the rules of a test. They are kept in versions; an attempt runs by the one it began under.
type Settings struct {
	Sections []Section  `json:"sections"`
	Seconds  int        `json:"seconds,omitempty"`   // 0: no time limit
	Attempts int        `json:"attempts,omitempty"`  // 0: as often as wished
	CoolDown int        `json:"cool_down,omitempty"` // seconds from one attempt's end to the next one
	Pass     int        `json:"pass"`                // percent
	Whole    bool       `json:"whole,omitempty"`     // nothing for what is right in part
	Negative bool       `json:"negative,omitempty"`  // wrong answers take marks away, where the question says so
	OpensAt  *time.Time `json:"opens_at,omitempty"`
	ClosesAt *time.Time `json:"closes_at,omitempty"` // ends running attempts too
	Code     string     `json:"code,omitempty"`      // asked for to begin; "": none
	Feedback Feedback   `json:"feedback"`

	Anonymous  bool `json:"anonymous,omitempty"`   // who marks does not see whose answer it is
	TwoMarkers bool `json:"two_markers,omitempty"` // a second person marks what a person has to mark
	Apart      int  `json:"apart,omitempty"`       // percent of a question's marks between two marks above which a third or an agreement is needed
	AppealDays int  `json:"appeal_days,omitempty"` // in which a learner may object to a mark they were told; 0: not at all
}

// Timed tells whether sections have times of their own: then they are taken one after the other.
func (s Settings) Timed() bool {
	for _, sec := range s.Sections {
		if sec.Seconds > 0 {
			return true
		}
	}
	return false
}

// Questions is how many questions an attempt asks.
func (s Settings) Questions() (n int) {
	for _, sec := range s.Sections {
		n += len(sec.Fixed)
		for _, p := range sec.Pools {
			n += p.Count
		}
	}
	return n
}

// Most is how many marks an attempt can reach.
func (s Settings) Most() (n int) {
	for _, sec := range s.Sections {
		one := len(sec.Fixed)
		for _, p := range sec.Pools {
			one += p.Count
		}
		n += one * sec.Marks
	}
	return n
}

// Lasts is how long an attempt may take with so much more time in percent, in seconds; 0: as long as wished.
func (s Settings) Lasts(more int) int {
	sum := 0
	for _, sec := range s.Sections {
		sum += sec.Seconds
	}
	if s.Seconds > 0 && (sum == 0 || s.Seconds < sum) {
		sum = s.Seconds
	}
	return sum * (100 + more) / 100
}

// Validate gathers what an author has to mend. Fields: sections, sections.0.marks and so on, seconds, attempts,
// cool_down, pass, closes_at, code, feedback.
func (s Settings) Validate() error {
	f := fault.Fields{}
	n, seen := 0, map[uid.ID]bool{}
	for i, sec := range s.Sections {
		at := fmt.Sprintf("sections.%d.", i)
		f.Check(utf8.RuneCountInString(sec.Title) <= MaxTitle, at+"title", fmt.Sprintf("Use at most %d characters.", MaxTitle))
		f.Check(sec.Marks >= 1 && sec.Marks <= MaxMarks, at+"marks", fmt.Sprintf("Give each question 1 to %d marks.", MaxMarks))
		f.Check(len(sec.Fixed)+len(sec.Pools) > 0, at+"fixed", "Choose questions for this section.")
		for _, r := range sec.Fixed {
			f.Check(!seen[r.Question], at+"fixed", "A question stands twice in this test. Take one of them out.")
			seen[r.Question] = true
		}
		for _, p := range sec.Pools {
			f.Check(p.Count >= 1 && p.Count <= MaxQuestions, at+"pools", "Say how many questions are drawn, at least one.")
			n += p.Count
		}
		n += len(sec.Fixed)
		f.Check(sec.Seconds == 0 || sec.Seconds >= 30 && sec.Seconds <= MaxSeconds, at+"seconds", "Give at least half a minute and at most a week, or no limit.")
		f.Check(!s.Timed() || sec.Seconds > 0, at+"seconds", "Give every section a time, or none.")
	}
	f.Check(utf8.RuneCountInString(s.Code) <= MaxCode, "code", fmt.Sprintf("Use at most %d characters.", MaxCode))
	f.Check(slices.Contains(Whens, s.Feedback.When), "feedback", "Choose when answers are told of.")
	f.Check(s.Feedback.When != WhenClosed || s.ClosesAt != nil, "closes_at", "Say when the test closes, or tell of answers at another time.")
	f.Check(len(s.Sections) >= 1 && len(s.Sections) <= MaxSections, "sections", fmt.Sprintf("Give the test 1 to %d sections.", MaxSections))
	f.Check(n <= MaxQuestions, "sections", fmt.Sprintf("A test asks at most %d questions.", MaxQuestions))
	f.Check(s.Seconds == 0 || s.Seconds >= 30 && s.Seconds <= MaxSeconds, "seconds", "Give at least half a minute and at most a week, or no limit.")
	f.Check(s.Attempts >= 0 && s.Attempts <= MaxAttempts, "attempts", fmt.Sprintf("Allow at most %d attempts, or any number.", MaxAttempts))
	f.Check(s.CoolDown >= 0 && s.CoolDown <= 365*24*60*60, "cool_down", "Wait at most a year.")
	f.Check(s.Pass >= 0 && s.Pass <= 100, "pass", "Choose 0 to 100 percent.")
	f.Check(s.Apart >= 0 && s.Apart <= 100, "apart", "Choose 0 to 100 percent.")
	f.Check(s.AppealDays >= 0 && s.AppealDays <= 365, "appeal_days", "Enter days from 0 to 365.")
	f.Check(s.AppealDays == 0 || s.Feedback.When != WhenNever, "appeal_days", "Learners object to marks that they were told. Tell of answers, or take no objections.")
	f.Check(s.OpensAt == nil || s.ClosesAt == nil || s.ClosesAt.After(*s.OpensAt), "closes_at", "Let the test close after it opens.")
	return f.Err()
}

// ends is when an attempt that begins at a moment has no time left; nil: never.
func (s Settings) ends(at time.Time, a Allowance) (end *time.Time) {
	if n := s.Lasts(a.MorePercent); n > 0 {
		t := at.Add(time.Duration(n) * time.Second)
		end = &t
	}
	if s.ClosesAt != nil && (end == nil || s.ClosesAt.Before(*end)) {
		end = s.ClosesAt
	}
	return end
}

// halted tells whether the time of an attempt that begins at a moment would run while nothing can be answered.
func (s Settings) halted(at time.Time, a Allowance, halts []Halt) bool {
	ends := s.ends(at, a)
	return s.Lasts(a.MorePercent) > 0 && slices.ContainsFunc(halts, func(h Halt) bool { return h.From.Before(*ends) && at.Before(h.Until) })
}

// refuses says why no attempt may begin at a moment; earlier are those there were, the newest first.
func (s Settings) refuses(at time.Time, earlier []Attempt, a Allowance) error {
	switch {
	case s.OpensAt != nil && at.Before(*s.OpensAt):
		return ErrNotOpen
	case s.ClosesAt != nil && !at.Before(*s.ClosesAt):
		return ErrClosed
	case s.Attempts > 0 && len(earlier) >= s.Attempts+a.MoreTries:
		return ErrNoTryLeft
	case len(earlier) > 0 && earlier[0].EndedAt != nil && at.Before(earlier[0].EndedAt.Add(time.Duration(s.CoolDown)*time.Second)):
		return ErrTooSoon
	}
	return nil
}

// opens tells whether a code that was typed is the one asked for; case and spaces at its ends do not count.
func (s Settings) opens(code string) bool {
	return s.Code == "" || strings.EqualFold(strings.TrimSpace(code), strings.TrimSpace(s.Code))
}

// left is how many attempts may still begin; -1: any number.
func (s Settings) left(earlier []Attempt, a Allowance) int {
	if s.Attempts == 0 {
		return -1
	}
	return max(0, s.Attempts+a.MoreTries-len(earlier))
}
