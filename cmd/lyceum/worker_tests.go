package main

import (
	"context"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/notice"
	"lyceum/store/queue"
)

// testChores hands in tests whose time is over when nobody comes back to them, and goes on with grading tests anew.
func (a *app) testChores() []queue.Chore {
	return []queue.Chore{{Name: "end_overdue_tests", Every: time.Minute, Do: func(ctx context.Context) error {
		return a.everywhere(ctx, "overdue tests", func(ctx context.Context) error {
			for {
				n, err := a.tests.EndOverdue(ctx, overdueAtOnce)
				if err != nil || n < overdueAtOnce {
					return err
				}
			}
		})
	}}, {Name: "regrade_tests", Every: time.Minute, Do: func(ctx context.Context) error {
		return a.everywhere(ctx, "tests to grade anew", func(ctx context.Context) error {
			for {
				if n, err := a.tests.RegradePending(ctx); n == 0 || err != nil {
					return err
				}
			}
		})
	}}}
}

// overdueAtOnce is how many attempts are read at a time.
const overdueAtOnce = 200

// testMarker is who marks, where a test that was handed in waits for that.
func testMarker(ctx context.Context, a *app, f newsFacts) ([]uid.ID, error) {
	if !f.ToMark {
		return nil, nil
	}
	return theMarker(ctx, a, f)
}

func testHandedData(f newsFacts) notice.Data {
	if f.Anonymous || f.By == "" { // time may have ended it, with nobody there
		return notice.Data{"as": "hidden"}
	}
	return nil
}

func toTestMarking(f newsFacts) string {
	return toStudio(f) + "/lessons/" + f.LessonID.String() + "/test/attempts?status=to_mark"
}

// markedByOthers is the learner, where somebody else's mark gave the test its outcome: what grades itself is on the page
// that they look at.
func markedByOthers(ctx context.Context, a *app, f newsFacts) ([]uid.ID, error) {
	if by := f.Event.ActorID; by == nil || *by == f.PersonID {
		return nil, nil
	}
	return theLearner(ctx, a, f)
}
