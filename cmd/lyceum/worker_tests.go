package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
	"lyceum/store/queue"
	"lyceum/tenant"
)

// testConsequences goes on with grading a test anew as soon as somebody wished it.
func (a *app) testConsequences() []queue.Consequence {
	return []queue.Consequence{{When: "test.mended", Name: "regrade_test", Long: true, Do: func(ctx context.Context, _ event.Event) error { return a.regradeAll(ctx) }}}
}

// testChores hands in tests whose time is over when nobody comes back to them (as of the moment when it was), and goes on
// with regrades that were cut short.
func (a *app) testChores() []queue.Chore {
	return []queue.Chore{{Name: "sweep_tests", Every: 10 * time.Minute, Timeout: time.Hour, Do: func(ctx context.Context) error {
		return a.everywhere(ctx, "tests", func(ctx context.Context) error {
			err := a.endOverdue(ctx)
			if errors.Is(err, tenant.ErrSchemaVersion) { // it is being updated: next time
				return nil
			}
			return errors.Join(err, a.regradeAll(ctx))
		})
	}}}
}

func (a *app) endOverdue(ctx context.Context) error {
	for {
		if n, err := a.tests.EndOverdue(ctx, overdueAtOnce); err != nil || n < overdueAtOnce {
			return err
		}
	}
}

func (a *app) regradeAll(ctx context.Context) error {
	for {
		if n, err := a.tests.RegradePending(ctx); n == 0 || err != nil {
			return err
		}
	}
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
	at := toStudio(f) + "/lessons/" + f.LessonID.String() + "/test/attempts"
	if f.Event.Type == "test.appealed" {
		return at + "/" + f.AttemptID.String()
	}
	return at + "?status=to_mark"
}

// markedByOthers is the learner, where somebody else's mark gave the test its outcome: what grades itself is on the page
// that they look at.
func markedByOthers(ctx context.Context, a *app, f newsFacts) ([]uid.ID, error) {
	if by := f.Event.ActorID; by == nil || *by == f.PersonID {
		return nil, nil
	}
	return theLearner(ctx, a, f)
}

// otherMarkers are all who may mark but who just did, where a second or third person has to mark a test.
func otherMarkers(ctx context.Context, a *app, f newsFacts) ([]uid.ID, error) {
	all, err := whoMay(policy.EnrolmentMark)(ctx, a, f)
	return slices.DeleteFunc(all, func(id uid.ID) bool {
		return id == f.PersonID || f.Event.ActorID != nil && id == *f.Event.ActorID
	}), err
}
