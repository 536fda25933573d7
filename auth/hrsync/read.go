package hrsync

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/bulk"
	"lyceum/auth/org"
	"lyceum/internal/fault"
)

// Fields of a list of people, beside auth's and the portal's own (custom.<code>).
const (
	FieldExternalID     = "external_id"
	FieldDepartment     = "department" // by code, path or name
	FieldDepartmentCode = "department_code"
	FieldLocation       = "location"
	FieldLocationCode   = "location_code"
	FieldPosition       = "position"
	FieldPositionCode   = "position_code"
	FieldManager        = "manager" // by external id or e-mail
	FieldFunctional     = "functional"
	FieldMentor         = "mentor"
	FieldHireDate       = "hire_date"
	FieldEndDate        = "end_date" // the last day
	FieldLeft           = "left"
	FieldEffective      = "effective" // the day from which a row counts
	FieldGivenName      = "given_name"
	FieldFamilyName     = "family_name"
)

// Fields of a list of units.
const (
	FieldKind   = "kind"
	FieldCode   = "code"
	FieldParent = "parent" // its code
	FieldClosed = "closed"
)

// customPrefix is in front of the code of a field of the portal's own.
const customPrefix = "custom."

// placed are the fields that name a unit, with what names it by its code.
var placed = []struct {
	field, code string
	kind        org.UnitKind
}{{FieldDepartment, FieldDepartmentCode, org.Department}, {FieldLocation, FieldLocationCode, org.Location}, {FieldPosition, FieldPositionCode, org.Position}}

// managed are the fields that name somebody above or beside.
var managed = []string{FieldManager, FieldFunctional, FieldMentor}

// attributes are those of auth that a list fills as they are written.
var attributes = []string{FieldGivenName, FieldFamilyName, "division", "organization", "cost_center", "employee_number", "user_type", "phone", FieldHireDate}

// Fields lists what a column can be, in the order in which it is offered.
func Fields(kind Kind, own []org.Field) []string {
	if kind == KindUnits {
		return []string{FieldCode, auth.FieldName, FieldKind, FieldParent, FieldClosed}
	}
	out := []string{FieldExternalID, auth.FieldEmail, auth.FieldName}
	for _, p := range placed {
		out = append(out, p.field, p.code)
	}
	out = append(append(out, managed...), FieldEndDate, FieldLeft, FieldEffective, auth.FieldLocale, auth.FieldTimeZone)
	out = append(out, attributes...)
	for _, f := range own {
		out = append(out, customPrefix+f.Code)
	}
	return out
}

// usual are what columns are usually called, in the languages of the product and by other systems' exports.
var usual = map[Kind]map[string]string{
	KindPeople: turned(map[string]string{
		FieldExternalID:     "externalid employeeid personid personnelnumber personnelno personalnummer mitarbeiternummer mitarbeiterid workerid id",
		auth.FieldEmail:     "email mail emailaddress emailadresse workemail primaryemail",
		auth.FieldName:      "name fullname displayname vollername anzeigename",
		FieldGivenName:      "givenname firstname vorname",
		FieldFamilyName:     "familyname lastname surname nachname",
		FieldDepartment:     "department departmentpath abteilung orgunit organisationseinheit",
		FieldDepartmentCode: "departmentcode departmentid abteilungskürzel abteilungsnummer",
		FieldLocation:       "location site standort",
		FieldLocationCode:   "locationcode locationid standortkürzel",
		FieldPosition:       "position jobtitle title stelle stellenbezeichnung",
		FieldPositionCode:   "positioncode positionid jobcode stellenkürzel",
		FieldManager:        "manager managerid manageremail supervisor supervisorid vorgesetzter vorgesetzte linemanager reportsto",
		FieldFunctional:     "functional functionalmanager fachvorgesetzter fachvorgesetzte dottedlinemanager",
		FieldMentor:         "mentor mentorid mentoremail",
		FieldHireDate:       "hiredate startdate eintritt eintrittsdatum",
		FieldEndDate:        "enddate terminationdate austritt austrittsdatum lastday",
		FieldLeft:           "left terminated ausgetreten",
		FieldEffective:      "effective effectivedate validfrom gültigab",
		auth.FieldLocale:    "language locale sprache preferredlanguage",
		auth.FieldTimeZone:  "timezone zeitzone",
		"division":          "division bereich", "organization": "organization organisation company firma unternehmen", "cost_center": "costcenter costcentre kostenstelle",
		"employee_number": "employeenumber", "user_type": "usertype employmenttype beschäftigungsart", "phone": "phone phonenumber telefon telefonnummer",
	}),
	KindUnits: turned(map[string]string{
		FieldKind: "kind type art", FieldCode: "code id kürzel unitcode departmentcode abteilungskürzel", auth.FieldName: "name bezeichnung unit department abteilung",
		FieldParent: "parent parentcode parentid übergeordnet above", FieldClosed: "closed inactive geschlossen",
	}),
}

func turned(names map[string]string) map[string]string {
	out := map[string]string{}
	for field, all := range names {
		for _, n := range strings.Fields(all) {
			out[n] = field
		}
		out[plain(field)] = field
	}
	return out
}

// plain brings a heading down to its letters and digits.
func plain(heading string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// fieldOf says what a heading means in a source's lists; "" for nothing.
func (src Source) fieldOf(heading string, own []org.Field) string {
	at := plain(heading)
	for field, called := range src.Columns {
		if plain(called) == at {
			return field
		}
	}
	if code, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(heading)), customPrefix); ok {
		for _, f := range own {
			if f.Code == code {
				return customPrefix + code
			}
		}
	}
	field := usual[src.Kind][at]
	if _, otherwise := src.Columns[field]; otherwise {
		return ""
	}
	return field
}

// entry is a line of a list: what it says of each field. A field that it says nothing of is not there; "" takes away.
type entry struct {
	line int
	said map[string]string
}

func (e entry) get(field string) string { return e.said[field] }

func (e entry) says(field string) bool { _, ok := e.said[field]; return ok }

const valueMax = 500 // characters

func bad(text string, args ...any) error {
	return fault.Invalid(map[string]string{"list": fmt.Sprintf(text, args...)})
}

// read takes a list apart: CSV with a heading, or a JSON object a line (or an array of them), in UTF-8, UTF-16 or Windows-1252. columns says
// what each heading was taken for. Faults at the field list.
func (src Source) read(raw []byte, own []org.Field) (entries []entry, columns map[string]string, err error) {
	switch {
	case len(raw) > MaxBytes:
		return nil, nil, bad("This list is too large. Use at most 32 MB.")
	case len(bytes.TrimSpace(raw)) == 0:
		return nil, nil, bad("This list is empty.")
	}
	if start := bytes.TrimSpace(bytes.TrimPrefix(raw, []byte("\ufeff"))); start[0] == '{' || start[0] == '[' {
		entries, columns, err = src.readJSON(start, own)
	} else {
		entries, columns, err = src.readCSV(raw, own)
	}
	if err == nil && len(entries) == 0 {
		err = bad("This list is empty.")
	}
	if err == nil {
		err = src.needed(columns)
	}
	return entries, columns, err
}

// needed is a fault where a list cannot be understood without a column.
func (src Source) needed(columns map[string]string) error {
	has := map[string]bool{}
	for heading, field := range columns {
		if field == "" {
			continue
		}
		if has[field] {
			return bad("Two columns are the same: the one called “%s” too. Say in the settings of the source which counts.", heading)
		}
		has[field] = true
	}
	key := FieldExternalID
	if src.Kind == KindUnits {
		key = FieldCode
	}
	if !has[key] {
		heading := src.Columns[key]
		if heading == "" {
			heading = key
		}
		return bad("No column is called “%s”. Name it so, or say in the settings of the source what it is called.", heading)
	}
	return nil
}

func (src Source) readCSV(raw []byte, own []org.Field) (entries []entry, columns map[string]string, err error) {
	rows, err := bulk.Rows(raw, MaxBytes, MaxRows+1)
	if err != nil || len(rows) == 0 {
		return nil, nil, err
	}
	head := make([]string, len(rows[0].Cells))
	columns = map[string]string{}
	for i, heading := range rows[0].Cells {
		head[i] = src.fieldOf(heading, own)
		if heading != "" {
			columns[heading] = head[i]
		}
	}
	entries = make([]entry, 0, len(rows)-1)
	for _, r := range rows[1:] {
		e := entry{r.Number, make(map[string]string, len(head))}
		for i, field := range head {
			if field == "" {
				continue
			}
			e.said[field] = ""
			if i < len(r.Cells) {
				e.said[field] = kept(r.Cells[i])
			}
		}
		entries = append(entries, e)
	}
	return entries, columns, nil
}

func (src Source) readJSON(raw []byte, own []org.Field) (entries []entry, columns map[string]string, err error) {
	columns = map[string]string{}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if raw[0] == '[' {
		_, _ = d.Token()
	}
	for n := 1; raw[0] != '[' || d.More(); n++ {
		var said map[string]any
		err := d.Decode(&said)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, bad("Entry %d cannot be read. Write one JSON object a line.", n)
		}
		if n > MaxRows {
			return nil, nil, bad("This list has too many lines. Use at most %s.", "100,000")
		}
		e := entry{n, make(map[string]string, len(said))}
		for _, heading := range slices.Sorted(maps.Keys(said)) {
			if _, known := columns[heading]; !known {
				if len(columns) > 200 {
					return nil, nil, bad("This list has too many columns. Use at most 50.")
				}
				columns[heading] = src.fieldOf(heading, own)
			}
			if field := columns[heading]; field != "" {
				text, ok := textOf(said[heading])
				if !ok {
					return nil, nil, bad("Entry %d cannot be read: %s is no text, number or boolean.", n, heading)
				}
				e.said[field] = kept(text)
			}
		}
		entries = append(entries, e)
	}
	return entries, columns, nil
}

func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// kept is a cell without what surrounds it; what cannot be kept of it is left out.
func kept(text string) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, "�"))
	if strings.ContainsFunc(text, unicode.IsControl) {
		text = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return ' '
			}
			return r
		}, text)
	}
	if utf8.RuneCountInString(text) > valueMax {
		text = string([]rune(text)[:valueMax])
	}
	return text
}

// yes tells whether a cell says so.
func yes(text string) bool {
	switch strings.ToLower(text) {
	case "1", "true", "yes", "y", "x", "ja", "left", "terminated", "inactive", "closed", "ausgetreten", "geschlossen":
		return true
	}
	return false
}

// day reads a day as 2026-03-31, with a time behind it or not, or as 31.03.2026.
func day(text string) (org.Day, bool) {
	if d, ok := org.ParseDay(text[:min(len(text), 10)]); ok {
		return d, len(text) == 10 || text[10] == 'T' || text[10] == ' '
	}
	parts := strings.Split(text, ".")
	if len(parts) != 3 || len(parts[2]) != 4 || len(parts[0]) > 2 || len(parts[1]) > 2 {
		return org.Day{}, false
	}
	two := func(s string) string { return strings.Repeat("0", 2-len(s)) + s }
	return org.ParseDay(parts[2] + "-" + two(parts[1]) + "-" + two(parts[0]))
}
