package main

import (
	"context"
	"time"

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
