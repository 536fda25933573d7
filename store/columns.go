package store

import (
	"database/sql"
	"reflect"
	"strings"
	"sync"

	"gorm.io/gorm/schema"
)

// columns are a domain struct's columns, for queries that do not go through GORM: those of pages that ask several things in
// one message. The names come from where GORM takes them, so a field that is added is read here too.
type columns struct {
	fields []*schema.Field
}

var (
	parsedSchemas sync.Map
	scanner       = reflect.TypeFor[sql.Scanner]()
)

// columnsOf reads the columns of a struct but those named.
func columnsOf[T any](but ...string) columns {
	var zero T
	s, err := schema.Parse(&zero, &parsedSchemas, schema.NamingStrategy{})
	if err != nil {
		panic(err) // a struct that GORM cannot read fails every test
	}
	var c columns
	for _, f := range s.Fields {
		if f.DBName == "" || !f.Readable || contains(but, f.DBName) {
			continue
		}
		c.fields = append(c.fields, f)
	}
	return c
}

func contains(list []string, name string) bool {
	for _, one := range list {
		if one == name {
			return true
		}
	}
	return false
}

// from lists them as a select does; null is the zero value, as GORM reads it.
func (c columns) from(table string) string {
	parts := make([]string, len(c.fields))
	for i, f := range c.fields {
		name := table + "." + f.DBName
		switch zero := zeroOf(f.FieldType); zero {
		case "":
			parts[i] = name
		default:
			parts[i] = "coalesce(" + name + ", " + zero + ")"
		}
	}
	return strings.Join(parts, ", ")
}

// zeroOf is a type's zero value in SQL, "" for one that takes null, and for one whose columns have none.
func zeroOf(t reflect.Type) string {
	if reflect.PointerTo(t).Implements(scanner) {
		switch t.Kind() {
		case reflect.Slice:
			return "'[]'"
		case reflect.Struct:
			return "'{}'"
		}
		return ""
	}
	switch t.Kind() {
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
	to := make([]any, len(c.fields))
	for i, f := range c.fields {
		to[i] = v.FieldByIndex(f.StructField.Index).Addr().Interface()
	}
	return to
}
