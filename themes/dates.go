package themes

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
)

// dateForms are how a language writes dates. Months are filled in by name.
type dateForms struct {
	months, short [12]string
	day           func(d int, month string, year int) string
	clock         string
}

var dates = map[string]dateForms{
	"en": {
		months: [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
		short:  [12]string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
		day:    func(d int, month string, year int) string { return fmt.Sprintf("%d %s %d", d, month, year) },
		clock:  "15:04",
	},
	"de": {
		months: [12]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
		short:  [12]string{"Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."},
		day:    func(d int, month string, year int) string { return fmt.Sprintf("%d. %s %d", d, month, year) },
		clock:  "15:04",
	},
}

// LongDate writes a day in words, "21 November 2026", without markup: for sentences and mails.
func (t talk) LongDate(at time.Time) string {
	at = at.In(t.zone)
	f := dates[t.locale]
	return f.day(at.Day(), f.months[at.Month()-1], at.Year())
}

// Date is a day as a time element.
func (t talk) Date(at time.Time) template.HTML {
	l := at.In(t.zone)
	f := dates[t.locale]
	return timeElement(l.Format(time.DateOnly), f.day(l.Day(), f.short[l.Month()-1], l.Year()))
}

// DateTime is a moment as a time element, to the minute, in the reader's zone.
func (t talk) DateTime(at time.Time) template.HTML {
	l := at.In(t.zone)
	f := dates[t.locale]
	return timeElement(l.Format(time.RFC3339), f.day(l.Day(), f.short[l.Month()-1], l.Year())+", "+l.Format(f.clock))
}

// LongDateTime writes a moment with its zone, for mails.
func (t talk) LongDateTime(at time.Time) string {
	return t.LongDate(at) + ", " + at.In(t.zone).Format(dates[t.locale].clock+" MST")
}

// Month names a month with its year.
func (t talk) Month(at time.Time) string {
	return dates[t.locale].months[at.Month()-1] + " " + strconv.Itoa(at.Year())
}

// Ago is how long ago a moment was, in the largest fitting unit; after a week the date. The exact moment stands in the
// time element.
func (t talk) Ago(at time.Time) (template.HTML, error) {
	d := t.now.Sub(at)
	var text string
	var err error
	switch {
	case d < time.Minute:
		text, err = t.T("ago.now")
	case d < time.Hour:
		text, err = t.N("ago.minutes", int(d/time.Minute))
	case d < 24*time.Hour:
		text, err = t.N("ago.hours", int(d/time.Hour))
	case d < 7*24*time.Hour:
		text, err = t.N("ago.days", int(d/(24*time.Hour)))
	default:
		return t.Date(at), nil
	}
	return timeElement(at.In(t.zone).Format(time.RFC3339), text), err
}

func timeElement(machine, person string) template.HTML {
	return template.HTML(`<time datetime="` + machine + `">` + template.HTMLEscapeString(person) + `</time>`) //nolint:gosec // machine is a formatted time
}

// Minutes writes a length of time given in minutes.
func (t talk) Minutes(m int) (string, error) {
	h := m / 60
	switch {
	case h == 0:
		return t.N("time.minutes", m)
	case m%60 == 0:
		return t.N("time.hours", h)
	}
	return t.T("time.hours_minutes", "Hours", h, "Minutes", m%60)
}

// Number groups the digits of a whole number.
func (t talk) Number(n any) string {
	s := fmt.Sprint(n)
	sign, digits := "", s
	if strings.HasPrefix(s, "-") {
		sign, digits = "-", s[1:]
	}
	sep := ","
	if t.locale == "de" {
		sep = "."
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + sep + digits[i:]
	}
	return sign + digits
}

// Percent writes a whole percentage.
func (t talk) Percent(n int) string {
	if t.locale == "de" {
		return strconv.Itoa(n) + "\u00a0%"
	}
	return strconv.Itoa(n) + "%"
}

// Bytes writes a size with one decimal at most, in units of 1024.
func (t talk) Bytes(n int64) string {
	units := []string{"B", "KB", "MB", "GB"}
	v, u := float64(n), 0
	for v >= 1024 && u < len(units)-1 {
		v, u = v/1024, u+1
	}
	s := strconv.FormatFloat(v, 'f', 1, 64)
	s = strings.TrimSuffix(s, ".0")
	if t.locale == "de" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s + "\u00a0" + units[u]
}

// Days writes a length of time given in days, as a form keeps it.
func (t talk) Days(days string) (string, error) {
	n, err := strconv.Atoi(days)
	if err != nil {
		return days, nil
	}
	return t.N("time.days", n)
}
