package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"lyceum/billing"
)

// usageCmd is about the ledger of usage.
type usageCmd struct {
	Rebuild usageRebuildCmd `cmd:"" help:"Work the sums of days out anew from the ledger's entries, and put right those that differ. Usage is counted meanwhile."`
}

// usageRebuildCmd works sums out anew.
type usageRebuildCmd struct {
	Month string `arg:"" optional:"" placeholder:"YYYY-MM" help:"Only this month. Default: all that there are."`
}

// Run says for each month what it found.
func (cmd *usageRebuildCmd) Run(ctx context.Context, c *Config) error {
	var month *billing.Period
	if cmd.Month != "" {
		p, err := billing.ParsePeriod(cmd.Month, time.Time{})
		if err != nil {
			return err
		}
		month = &p
	}
	a, err := newApp(ctx, c, "", false, false)
	if err != nil {
		return err
	}
	defer a.close()
	return a.billing.Rebuild(ctx, month, func(r billing.Rebuilt) {
		said := "right"
		if r.Wrong > 0 {
			said = fmt.Sprintf("%d sums were wrong and are right now", r.Wrong)
		}
		fmt.Fprintf(os.Stdout, "%s: %s\n", r.Period.Start.Format("2006-01"), said)
	})
}
