// Package format is what the ways in and out of a bank have in common: a sheet of questions as they were read from a file,
// with what came of each line. It reads no format itself (gift, moodlexml, qti do) and keeps nothing.
package format

import (
	"fmt"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/question"
)

// Limits of a file.
const (
	MaxFile      = 20 << 20 // bytes
	MaxQuestions = 1_000
	MaxNotes     = 20 // of one question
)

// Item is one question of a file.
type Item struct {
	Line       int    `json:"line"`           // where it begins, from 1
	File       string `json:"file,omitempty"` // which one of a package
	Name       string `json:"name"`           // what the file calls it
	Folder     string `json:"folder,omitempty"`
	Tags       []string
	Difficulty int
	Body       question.Question
	Notes      []string `json:"notes,omitempty"`   // what is changed, one sentence each
	Refused    string   `json:"refused,omitempty"` // why it cannot come; "" when it can
	// Image is the picture of the question where the file holds it: when it is read, the body's Picture only stands for it
	// until it is kept.
	Image *Image `json:"-"`
}

// Image is a picture within a file.
type Image struct {
	Name string
	Data []byte
}

// Note says once that something is changed.
func (i *Item) Note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, n := range i.Notes {
		if n == text {
			return
		}
	}
	if len(i.Notes) < MaxNotes {
		i.Notes = append(i.Notes, text)
	}
}

// Refuse says why the question cannot come; the first reason stays.
func (i *Item) Refuse(format string, args ...any) {
	if i.Refused == "" {
		i.Refused = fmt.Sprintf(format, args...)
	}
}

// Sheet is a file as it was read.
type Sheet struct {
	Format string `json:"format"`
	Items  []Item `json:"items"`
}

// Settle tidies what was read and refuses what an author could not have saved either.
func (s *Sheet) Settle() {
	for i := range s.Items {
		it := &s.Items[i]
		if it.Refused != "" {
			continue
		}
		if it.Body.Title == "" {
			it.Body.Title = Title(it.Body.Prompt)
		}
		if n := []rune(it.Body.Title); len(n) > question.MaxTitle {
			it.Body.Title = string(n[:question.MaxTitle])
			it.Note("The title is cut to %d characters.", question.MaxTitle)
		}
		if it.Image != nil && it.Body.Picture == nil {
			standing := uid.New()
			it.Body.Picture = &standing
		}
		it.Body = question.Tidy(it.Body)
		if err := question.Check(it.Body); err != nil {
			fields := fault.Of(err).Fields
			first := ""
			for field := range fields {
				if first == "" || field < first {
					first = field
				}
			}
			it.Refuse("%s", fields[first])
		}
	}
}

// Counts are how many questions come as they are, come changed, and cannot come.
func (s Sheet) Counts() (plain, changed, refused int) {
	for _, it := range s.Items {
		switch {
		case it.Refused != "":
			refused++
		case len(it.Notes) > 0:
			changed++
		default:
			plain++
		}
	}
	return plain, changed, refused
}

// Left is a question that a format cannot hold, or not all of it, and why.
type Left struct {
	Title string `json:"title"`
	Why   string `json:"why"`
	Kept  bool   `json:"kept"` // it is in the file, without what Why tells of
}

// Failures of reading a file as a whole.
var (
	ErrTooLarge = fault.New(fault.KindTooLarge, "question_file_too_large", "A file of questions may have at most 20 MB. Please split it.")
	ErrTooMany  = fault.New(fault.KindTooLarge, "question_file_too_many", "A file may bring at most 1,000 questions. Please split it.")
	ErrNothing  = fault.New(fault.KindInvalid, "question_file_empty", "No question was found in this file. Please check that it is in the format that you chose.")
	ErrUnread   = fault.New(fault.KindInvalid, "question_file_unread", "This file cannot be read.")
)

// At is ErrUnread with the line and the reason.
func At(line int, format string, args ...any) error {
	return ErrUnread.Saying("Line %d: %s", line, fmt.Sprintf(format, args...))
}

// Silent says once of each question what a format leaves out of it.
type Silent struct {
	Left  []Left
	title string
}

// Of begins the next question.
func (s *Silent) Of(title string) { s.title = title }

// Refuse says why the question is not in the file.
func (s *Silent) Refuse(why string) { s.Left = append(s.Left, Left{Title: s.title, Why: why}) }

// Note says what of the question is not in the file.
func (s *Silent) Note(missing bool, why string) {
	if missing {
		s.Left = append(s.Left, Left{Title: s.title, Why: why, Kept: true})
	}
}
