package certificate_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"lyceum/learning/certificate"
)

func TestTheWordsAreThoseOfTheFirstWishThatIsSpoken(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		wishes []string
		want   string
	}{
		{nil, "en"}, {[]string{""}, "en"}, {[]string{"de"}, "de"}, {[]string{"de-AT"}, "de"}, {[]string{"en-GB", "de"}, "en"},
		{[]string{"", "fr-CH, de;q=0.9, en;q=0.8"}, "de"}, {[]string{"fr"}, "en"}, {[]string{"fr", "de"}, "de"}, {[]string{"no tag\x00", "de"}, "de"},
	} {
		if got := certificate.WordsIn(c.wishes...).Language; got != c.want {
			t.Errorf("%q gives %s, want %s", c.wishes, got, c.want)
		}
	}
}

func TestACertificateIsDrawnInTheReadersLanguageAndTimeZone(t *testing.T) {
	t.Parallel()
	c, look := sample() // completed at half past eleven at night, UTC
	c.Minutes = 75
	pdf := draw(t, c, look.For("Europe/Berlin", "de-DE"))
	got := words(texts(t, pageContent(t, pdf)))
	for _, want := range []string{"Hiermit wird bestätigt, dass", "den folgenden Kurs erfolgreich abgeschlossen hat", "5. März 2026", "Ausgestellt am 5. März 2026", "1 Std. 15 Min."} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if !strings.Contains(strings.Join(got, ""), "ABSCHLUSSZERTIFIKAT") || !bytes.Contains(pdf, []byte("/Lang (de)")) {
		t.Errorf("not German: %q", got)
	}
	for _, english := range words(texts(t, pageContent(t, draw(t, c, look)))) {
		if len(english) > 5 && slices.Contains(got, english) && !strings.Contains(strings.Join([]string{c.PersonName, c.CourseTitle, look.Brand.Name, c.Spaced(), look.VerifyURL}, "|"), english) {
			t.Errorf("%q stayed English", english)
		}
	}
	for _, zone := range []string{"", "Mars/Olympus"} {
		if !bytes.Equal(draw(t, c, look.For(zone, "en")), draw(t, c, look)) {
			t.Errorf("zone %q is not UTC", zone)
		}
	}
}
