package main

import (
	"context"
	"fmt"

	"lyceum/internal/uid"
	"lyceum/tenant"
)

// tenantProgressCmd derives progress anew from the learning log.
type tenantProgressCmd struct {
	Slug  string `arg:"" help:"Subdomain."`
	Check bool   `help:"Only say where what is kept is not what the log says; change nothing."`
}

// Run compares what is kept with what the learning log says, and mends it. It fails when a check finds a difference.
func (cmd *tenantProgressCmd) Run(ctx context.Context, c *Config) error {
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		t, err := a.tenants.Show(ctx, cmd.Slug)
		if err != nil {
			return err
		}
		got, err := a.enrolment.Replay(tenant.With(ctx, t), !cmd.Check)
		for _, d := range got.Differences {
			what := "enrolment " + d.Enrolment.String()
			if d.Lesson != uid.Nil {
				what += ", lesson " + d.Lesson.String()
			}
			fmt.Printf("%s\n  kept      %s\n  the log   %s\n", what, d.Kept, d.Derived)
		}
		fmt.Printf("%d enrolments, %d facts, %d differences, %d enrolments mended\n", got.Enrolments, got.Facts, len(got.Differences), got.Mended)
		if err == nil && cmd.Check && len(got.Differences) > 0 {
			err = fmt.Errorf("%d differences: run it without --check to mend them", len(got.Differences))
		}
		return err
	})
}
