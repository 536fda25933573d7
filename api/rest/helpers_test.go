package rest_test

import (
	"bytes"
	"image"
	stdpng "image/png"
	"strconv"
	"testing"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/store/storetest"
)

func itoa(n int) string { return strconv.Itoa(n) }

func parse(t testing.TB, s string) uid.ID {
	t.Helper()
	id, ok := uid.Parse(s)
	if !ok {
		t.Fatalf("%q is no id", s)
	}
	return id
}

// png is a small picture.
func png(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := stdpng.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 32, 32))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// complete has a new learner complete a small course, and gives the enrolment.
func (s *site) complete(t testing.TB, course catalog.Outline) uid.ID {
	t.Helper()
	ctx, e := storetest.EnrolledLearner(t, s.ctx, s.World, course)
	read, quiz := course.Modules[0].Lessons[0], course.Modules[0].Lessons[1]
	if _, err := s.services.Enrolment.Continue(ctx, e.ID, read.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.services.Enrolment.Submit(ctx, e.ID, quiz.ID, storetest.RightAnswers(quiz.Questions)); err != nil {
		t.Fatal(err)
	}
	return e.ID
}
