package store

import (
	"database/sql"
	"reflect"
	"slices"
	"strings"
	"sync"

	"gorm.io/gorm/schema"
)

// columns are a domain struct's columns, for queries that do not go through GORM: those of pages that ask several things in
// one message. The names come from where GORM takes them, so a field that is added is read here too.
type columns []*schema.Field

// columnsOf reads the columns of a struct but those named.
func columnsOf[T any](but ...string) (c columns) {
	var zero T
	s, err := schema.Parse(&zero, &sync.Map{}, schema.NamingStrategy{})
	if err != nil {
		panic(err) // a struct that GORM cannot read fails every test
	}
	for _, f := range s.Fields {
		if f.DBName != "" && f.Readable && !slices.Contains(but, f.DBName) {
			c = append(c, f)
		}
	}
	return c
}

// from lists them as a select does; null is the zero value, as GORM reads it.
func (c columns) from(table string) string {
	parts := make([]string, len(c))
	for i, f := range c {
		parts[i] = table + "." + f.DBName
		if zero := zeroOf(f.FieldType); zero != "" {
			parts[i] = "coalesce(" + parts[i] + ", " + zero + ")"
		}
	}
	return strings.Join(parts, ", ")
}

var scanner = reflect.TypeFor[sql.Scanner]()

// zeroOf is a type's zero value in SQL; "" for one that takes null itself, and for those whose columns are never null.
func zeroOf(t reflect.Type) string {
	scans := reflect.PointerTo(t).Implements(scanner)
	switch t.Kind() {
	case reflect.Slice:
		if scans {
			return "'[]'"
		}
	case reflect.Struct, reflect.Map:
		if scans {
			return "'{}'"
		}
	case reflect.String:
		return "''"
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Float64:
		return "0"
	case reflect.Bool:
		return "false"
	}
	return ""
}

// into gives where a row's values go.
func (c columns) into(row any) []any {
	v := reflect.ValueOf(row).Elem()
	to := make([]any, len(c))
	for i, f := range c {
		to[i] = v.FieldByIndex(f.StructField.Index).Addr().Interface()
	}
	return to
}
