package certificate_test

import (
	"context"
	"errors"
	"testing"

	"lyceum/internal/fault"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// house is a tenant whose completions are certified.
type house struct {
	w            *storetest.World
	learn        *enrolment.Service
	certificates *certificate.Service
	tenant       context.Context // nobody asks
}

func setup(t *testing.T) house {
	t.Helper()
	w := storetest.New(t)
	return house{
		w: w, tenant: w.Tenant(t),
		learn:        enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()}),
		certificates: certificate.New(certificate.Options{Keep: w.Store, Now: w.Now.Clock()}),
	}
}

// completed takes a course by a new learner to its end: texts are read, quizzes passed.
func (h house) completed(t *testing.T, o catalog.Outline) (context.Context, enrolment.Enrolment) {
	t.Helper()
	learner, e := storetest.EnrolledLearner(t, h.tenant, h.w, o)
	for _, l := range o.Lessons() {
		var err error
		if l.Kind == catalog.LessonQuiz {
			_, err = h.learn.Submit(learner, e.ID, l.ID, storetest.RightAnswers(l.Questions))
		} else {
			e, err = h.learn.Continue(learner, e.ID, l.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return learner, e
}

func wantFault(t *testing.T, err error, want *fault.Fault) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %s", err, want.Code)
	}
}
