package bulk

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	enc "golang.org/x/text/encoding/unicode"

	"lyceum/auth"
	"lyceum/internal/fault"
)

// Limits of a list.
const (
	MaxLines   = 5000
	MaxBytes   = 4 << 20
	maxColumns = 50
	cellMax    = 300 // characters
)

// Fields that a column can be beside auth.MappedFields; "" is passed over.
const FieldRoles = "roles"

// Fields lists what a column can be, in the order in which it is offered.
func Fields() []string {
	return append([]string{auth.FieldEmail, auth.FieldName, FieldRoles, auth.FieldGroups, auth.FieldLocale, auth.FieldTimeZone}, auth.AttributeNames()...)
}

// sheet is a list as it was read.
type sheet struct {
	header []string // what the columns are called; "" where nothing does
	rows   []row
}

type row struct {
	number int // of the line, from 1
	cells  []string
}

// Row is a line of a list, taken apart.
type Row struct {
	Number int // of the line, from 1
	Cells  []string
}

// Rows takes a text apart into at most so many lines: separated by tabs, semicolons or commas, in UTF-8, UTF-16 or Windows-1252. Lines in
// which nothing stands are left out. Faults at the field list.
func Rows(raw []byte, maxBytes, maxLines int) (rows []Row, err error) {
	bad := func(format string, args ...any) ([]Row, error) {
		return nil, fault.Invalid(map[string]string{"list": fmt.Sprintf(format, args...)})
	}
	if len(raw) > maxBytes {
		return bad("This list is too large. Use at most %d MB.", maxBytes>>20)
	}
	if bytes.HasPrefix(raw, []byte("PK\x03\x04")) {
		return bad("This is a workbook. Save it as CSV, then choose that file.")
	}
	text := strings.ReplaceAll(strings.ReplaceAll(decoded(raw), "\r\n", "\n"), "\r", "\n")
	if strings.ContainsRune(text, 0) {
		return bad("This is no list. Choose a CSV or text file with one person a line.")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace = separator(text), -1, true, true
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		line, _ := r.FieldPos(0)
		if err != nil {
			return bad("Line %d cannot be read. Look for a quotation mark that is not closed.", line)
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if !slices.ContainsFunc(cells, func(c string) bool { return c != "" }) {
			continue
		}
		if len(cells) > maxColumns {
			return bad("This list has too many columns. Use at most 50.")
		}
		rows = append(rows, Row{line, cells})
		if len(rows) > maxLines {
			return bad("This list has too many lines. Use at most %s.", thousands(maxLines))
		}
	}
}

// thousands writes how many lines a list with a heading may have.
func thousands(lines int) string {
	text := strconv.Itoa(lines - lines%10)
	return text[:len(text)-3] + "," + text[len(text)-3:]
}

// read takes a list apart, with a heading or without. A line may be an address as mail programs write it. Faults at the field list.
func read(raw []byte) (s sheet, err error) {
	rows, err := Rows(raw, MaxBytes, MaxLines+1)
	if err != nil {
		return s, err
	}
	for _, r := range rows {
		s.rows = append(s.rows, row{r.Number, asAddress(r.Cells)})
	}
	s.headed()
	bad := func(text string) (sheet, error) { return sheet{}, fault.Invalid(map[string]string{"list": text}) }
	switch {
	case len(s.rows) == 0:
		return bad("Enter at least one e-mail address.")
	case len(s.rows) > MaxLines:
		return bad("This list has too many lines. Use at most 5,000.")
	}
	return s, nil
}

// headed takes the first row for a heading unless it holds an address, and gives all rows as many columns.
func (s *sheet) headed() {
	if len(s.rows) > 0 && !slices.ContainsFunc(s.rows[0].cells, func(c string) bool { return strings.Contains(c, "@") }) && len(s.rows) > 1 {
		s.header, s.rows = s.rows[0].cells, s.rows[1:]
	}
	wide := len(s.header)
	for _, r := range s.rows {
		wide = max(wide, len(r.cells))
	}
	fill := func(cells []string) []string { return append(cells, make([]string, wide-len(cells))...) }
	s.header = fill(s.header)
	for i := range s.rows {
		s.rows[i].cells = fill(s.rows[i].cells)
	}
}

func decoded(raw []byte) string {
	if bytes.HasPrefix(raw, []byte{0xff, 0xfe}) || bytes.HasPrefix(raw, []byte{0xfe, 0xff}) {
		if out, err := enc.UTF16(enc.LittleEndian, enc.UseBOM).NewDecoder().Bytes(raw); err == nil {
			return string(out)
		}
	}
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	if utf8.Valid(raw) {
		return string(raw)
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(raw)
	if err != nil {
		return strings.ToValidUTF8(string(raw), "�")
	}
	return string(out)
}

// separator is what the first lines are separated by most; a comma where nothing is.
func separator(text string) rune {
	head := text[:min(len(text), 4000)]
	best, most := ',', 0
	for _, s := range "\t;," {
		if n := strings.Count(head, string(s)); n > most {
			best, most = s, n
		}
	}
	return best
}

// asAddress takes “Anna Berg <anna@example.com>”, alone in a line, apart.
func asAddress(cells []string) []string {
	if len(cells) == 1 && strings.Contains(cells[0], "<") {
		if a, err := mail.ParseAddress(cells[0]); err == nil {
			return []string{a.Address, a.Name}
		}
	}
	return cells
}

// guess says what each column is: by its heading, else by what stands in it.
func (s *sheet) guess() []string {
	out, taken := make([]string, len(s.header)), map[string]bool{}
	take := func(i int, field string) {
		if field != "" && out[i] == "" && !taken[field] {
			out[i], taken[field] = field, true
		}
	}
	for i, h := range s.header {
		take(i, headings[plain(h)])
	}
	for i := range s.header {
		mails, words := 0, 0
		for _, r := range s.rows[:min(len(s.rows), 50)] {
			switch {
			case strings.Contains(r.cells[i], "@"):
				mails++
			case strings.ContainsFunc(r.cells[i], unicode.IsLetter):
				words++
			}
		}
		if mails > 0 && mails >= words {
			take(i, auth.FieldEmail)
		} else if s.header[i] == "" && words > 0 && !taken["given_name"] {
			take(i, auth.FieldName)
		}
	}
	return out
}

// plain brings a heading down to its letters and digits.
func plain(h string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, h)
}

// headings are what columns are usually called, in the languages of the product and by other systems' exports.
var headings = func() map[string]string {
	out := map[string]string{}
	for field, names := range map[string]string{
		auth.FieldEmail:    "email mail emailaddress mailaddress emailadresse mailadresse useremail workemail userprincipalname upn primaryemail login benutzername username",
		auth.FieldName:     "name fullname displayname vollername vollständigername anzeigename employeename mitarbeiter person",
		"given_name":       "givenname firstname forename vorname first",
		"family_name":      "familyname lastname surname nachname familienname last",
		FieldRoles:         "role roles rolle rollen usertype berechtigung",
		auth.FieldGroups:   "group groups gruppe gruppen team teams cohort cohort1 kohorte branch",
		auth.FieldLocale:   "locale language lang preferredlanguage sprache",
		auth.FieldTimeZone: "timezone zeitzone",
		"title":            "title jobtitle position stelle funktion jobbezeichnung",
		"department":       "department abteilung dept",
		"division":         "division bereich",
		"organization":     "organization organisation company firma unternehmen",
		"cost_center":      "costcenter costcentre kostenstelle",
		"employee_number":  "employeenumber employeeid personnelnumber personalnummer mitarbeiternummer idnumber",
		"phone":            "phone phonenumber telephone mobile telefon telefonnummer",
		"location":         "location office site city standort ort",
		"hire_date":        "hiredate startdate eintritt eintrittsdatum",
	} {
		for _, n := range strings.Fields(names) {
			out[n] = field
		}
	}
	return out
}()
