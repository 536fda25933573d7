package rest

import (
	"time"

	"lyceum/internal/uid"
)

// nothing is the input of an operation without parameters, and the output of one that answers 204.
type nothing struct{}

// utc gives a time as it is shown: in UTC.
func utc(t time.Time) time.Time { return t.UTC() }

// utcOrNone is utc for a time that may not have come.
func utcOrNone(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// listed gives a list that is [] in JSON where there is none.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// unlessNil gives an id where there is one.
func unlessNil(id uid.ID) *uid.ID {
	if id == uid.Nil {
		return nil
	}
	return &id
}
