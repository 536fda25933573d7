package certificate

import (
	"fmt"
	"time"

	"golang.org/x/text/language"
)

// Words are the texts of a certificate in its language.
type Words struct {
	Language      string // BCP 47, for the document's metadata
	Title         string
	Certifies     string // above the name
	Completed     string // between name and course
	CompletedOn   string
	Result        string
	LearningTime  string
	CourseVersion string
	Hours         string // unit after a number of hours
	Minutes       string // unit after a number of minutes
	Verify        string
	Number        string
	IssuedOn      string // before a date
	ValidUntil    string
	Sample        string // a course that there is not, for previews
	Expired       string // instead of ValidUntil, for one that is no longer valid
	Date          func(time.Time) string
}

// English are the words in English.
func English() Words {
	return Words{
		Language: "en", Title: "Certificate of completion", Certifies: "This is to certify that", Completed: "has successfully completed the course",
		CompletedOn: "Completed on", Result: "Result", LearningTime: "Learning time", CourseVersion: "Course version", Hours: "h", Minutes: "min",
		Verify: "Verify this certificate", Number: "Certificate number", IssuedOn: "Issued on", ValidUntil: "Valid until", Sample: "A course of yours", Expired: "Expired on",
		Date: func(t time.Time) string { return t.Format("2 January 2006") },
	}
}

// German are the words in German.
func German() Words {
	months := [...]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}
	return Words{
		Language: "de", Title: "Abschlusszertifikat", Certifies: "Hiermit wird bestätigt, dass", Completed: "den folgenden Kurs erfolgreich abgeschlossen hat",
		CompletedOn: "Abgeschlossen am", Result: "Ergebnis", LearningTime: "Lernzeit", CourseVersion: "Kursversion", Hours: "Std.", Minutes: "Min.",
		Verify: "Dieses Zertifikat prüfen", Number: "Zertifikatsnummer", IssuedOn: "Ausgestellt am", ValidUntil: "Gültig bis", Sample: "Ein Kurs von Ihnen", Expired: "Abgelaufen am",
		Date: func(t time.Time) string { return fmt.Sprintf("%d. %s %d", t.Day(), months[t.Month()-1], t.Year()) },
	}
}

// languages are those that a certificate speaks, the fallback first.
var languages = []struct {
	tag   language.Tag
	words func() Words
}{{language.English, English}, {language.German, German}}

// WordsIn gives the words for the first wish that we speak the language of, else those in English. A wish is a language
// tag (BCP 47), an Accept-Language header (RFC 9110 §12.5.4), or "" for none.
func WordsIn(wishes ...string) Words {
	tags := make([]language.Tag, len(languages))
	for i, l := range languages {
		tags[i] = l.tag
	}
	_, i := language.MatchStrings(language.NewMatcher(tags), wishes...)
	return languages[i].words()
}
