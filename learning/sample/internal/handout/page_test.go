package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// To renew the files after a change of a checklist: go generate ./learning/sample (or go run ./internal/handout there).
func TestTheHandOutsInTheCoursesAreWhatTheProgramDraws(t *testing.T) {
	t.Parallel()
	for _, s := range sheets {
		drawn, err := s.draw()
		if err != nil {
			t.Fatalf("%s: %v", s.file, err)
		}
		kept, err := os.ReadFile(filepath.Join("..", "..", s.course, s.file))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(drawn, kept) {
			t.Errorf("%s/%s is not what the program draws now", s.course, s.file)
		}
	}
}

func TestASheetWithTooManyBoxesIsRefused(t *testing.T) {
	t.Parallel()
	s := sheets[0]
	s.left = append(append([]block{}, s.left...), s.left...)
	if _, err := s.draw(); err == nil || !strings.Contains(err.Error(), "shorten the lists") {
		t.Errorf("got %v, want a refusal to draw boxes over the panel", err)
	}
}
