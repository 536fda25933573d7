package scim

import (
	"database/sql/driver"
	"strings"
)

// Texts is a column of several texts (text[]). It is written as PostgreSQL's array literal, which every protocol mode
// takes.
type Texts []string

// GormDataType names the column's type.
func (Texts) GormDataType() string { return "text[]" }

// Value gives the array literal; none is null.
func (t Texts) Value() (driver.Value, error) {
	if len(t) == 0 {
		return nil, nil //nolint:nilnil // null is the value
	}
	var b strings.Builder
	b.WriteByte('{')
	for i, s := range t {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s))
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String(), nil
}

// Scan passes the column over: it is written to be searched, and never read back.
func (*Texts) Scan(any) error { return nil }
