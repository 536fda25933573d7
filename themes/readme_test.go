package themes_test

import (
	"strings"
	"testing"
	"time"

	"lyceum/auth/privacy"
	"lyceum/auth/privacy/access"
)

func TestTheReadmeOfACopySpeaksThePersonsLanguageAndShowsNamesAsText(t *testing.T) {
	t.Parallel()
	s := newSet(t)
	r := access.Readme{Person: "<b>Zora</b>", Email: "zora@acme.example", Made: now.UTC().Format(time.RFC3339), Files: 2, Topics: []access.Explained{
		{Topic: privacy.TopicCourses, Classes: []privacy.Class{privacy.Learning}, Fates: []privacy.Fate{privacy.Deleted}, Rows: 1204, Files: []string{"json/courses.json"}},
		{Topic: privacy.TopicDuties, Classes: []privacy.Class{privacy.Compliance}, Whys: []privacy.Why{privacy.WhyDuty}, Rows: 3, Files: []string{"json/duties.json"}},
	}}
	for locale, words := range map[string][]string{
		"en": {`<html lang="en">`, "Courses and progress", "1,204", "2 files that you handed in", "supervisory authority", "Art. 17(3)(b)", access.AnotherPerson},
		"de": {`<html lang="de">`, "1.204", "2 Dateien, die Sie abgegeben haben", "Aufsichtsbehörde", "Art. 17 Abs. 3"},
	} {
		r.Request.Locale = locale
		text, err := s.DataReadme(r, "Acme <Tools>", "https://acme.example")
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range words {
			if !strings.Contains(text, word) {
				t.Errorf("%s: it does not say %q", locale, word)
			}
		}
		for _, bad := range []string{"<b>Zora", "<Tools>", "copy.readme", "copy_source", "<script"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s: it says %q", locale, bad)
			}
		}
	}
}
