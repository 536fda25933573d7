package transcript

import (
	"math"

	"lyceum/learning/enrolment"
)

// Words are the texts of a transcript in its language.
type Words struct {
	Title, Courses, Completed, TimeSpent, IssuedOn    string
	Course, Status, Result, Nothing, Everything, Page string
	Version, Enrolled, Started, CompletedOn           string // within a line, before a number or a date
	Certificate, ValidUntil, Number, Verify           string
	Between                                           func(from, until string) string
	Since, UpTo                                       func(day string) string
	Statuses                                          func(s enrolment.Status, started bool) string
}

var english = Words{
	Title: "Transcript of learning", Courses: "Courses", Completed: "Completed", TimeSpent: "Time spent", IssuedOn: "Issued on",
	Course: "Course", Status: "Status", Result: "Result", Nothing: "No courses in this period.", Everything: "Everything up to today", Page: "Page",
	Version: "Version", Enrolled: "enrolled", Started: "started", CompletedOn: "completed",
	Certificate: "certificate", ValidUntil: "valid until", Number: "Number", Verify: "Verify this transcript",
	Between: func(from, until string) string { return from + " – " + until },
	Since:   func(day string) string { return "Since " + day },
	UpTo:    func(day string) string { return "Up to " + day },
	Statuses: func(s enrolment.Status, started bool) string {
		switch {
		case s == enrolment.StatusCompleted:
			return "Completed"
		case s == enrolment.StatusWithdrawn:
			return "Withdrawn"
		case started:
			return "In progress"
		}
		return "Not started"
	},
}

var german = Words{
	Title: "Lernnachweis", Courses: "Kurse", Completed: "Abgeschlossen", TimeSpent: "Lernzeit", IssuedOn: "Ausgestellt am",
	Course: "Kurs", Status: "Stand", Result: "Ergebnis", Nothing: "Keine Kurse in diesem Zeitraum.", Everything: "Alles bis heute", Page: "Seite",
	Version: "Version", Enrolled: "eingeschrieben", Started: "begonnen", CompletedOn: "abgeschlossen",
	Certificate: "Zertifikat", ValidUntil: "gültig bis", Number: "Nummer", Verify: "Diesen Nachweis prüfen",
	Between: func(from, until string) string { return from + " – " + until },
	Since:   func(day string) string { return "Seit " + day },
	UpTo:    func(day string) string { return "Bis " + day },
	Statuses: func(s enrolment.Status, started bool) string {
		switch {
		case s == enrolment.StatusCompleted:
			return "Abgeschlossen"
		case s == enrolment.StatusWithdrawn:
			return "Ausgetragen"
		case started:
			return "In Arbeit"
		}
		return "Nicht begonnen"
	},
}

// wordsIn gives the words of a certificate's language.
func wordsIn(language string) Words {
	if language == "de" {
		return german
	}
	return english
}

// wave is a sine of turns.
func wave(turns float64) float64 { return math.Sin(2 * math.Pi * turns) }
