package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"lyceum/internal/fault"
)

func TestADeclaredFaultIsFoundBehindWrappingAndDetail(t *testing.T) {
	t.Parallel()
	taken := fault.New(fault.KindConflict, "slug_taken", "Choose another name.")
	cause := errors.New("unique violation")
	err := fmt.Errorf("create course: %w", taken.Because(cause).With("slug", "taken"))

	if !errors.Is(err, taken) || !errors.Is(err, cause) {
		t.Fatalf("neither fault nor cause found in %v", err)
	}
	got := fault.Of(err)
	if got.Kind != fault.KindConflict || got.Fields["slug"] != "taken" {
		t.Fatalf("got %+v", got)
	}
	if taken.Fields != nil {
		t.Fatal("With changed the declared fault")
	}
}

func TestAnUnknownErrorIsInternalAndKeepsItsTextToItself(t *testing.T) {
	t.Parallel()
	got := fault.Of(errors.New("password=secret"))
	if got.Kind != fault.KindInternal || got.Text == "" {
		t.Fatalf("got %+v", got)
	}
	if s := got.Text; errors.Is(got, errors.New(s)) || s == "password=secret" {
		t.Fatalf("the cause's text became the person's text: %q", s)
	}
}

func TestFieldsKeepTheFirstMessageAndGatherAll(t *testing.T) {
	t.Parallel()
	f := fault.Fields{}
	if f.Err() != nil {
		t.Fatal("nothing noted, yet an error")
	}
	f.Check(false, "name", "first")
	f.Add("name", "second")
	f.Check(true, "email", "never")
	f.Add("slug", "bad")
	got := fault.Of(f.Err())
	if len(got.Fields) != 2 || got.Fields["name"] != "first" {
		t.Fatalf("got %v", got.Fields)
	}
}
