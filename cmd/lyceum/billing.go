package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"lyceum/billing/offer"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
)

// billingCmd is what an operator does with the bill at a terminal.
type billingCmd struct {
	Plans billingPlansCmd `cmd:"" help:"List plans, and carry them from one installation to another."`
	Seed  billingSeedCmd  `cmd:"" help:"Make three plans to begin with: Starter, Team and Business. Plans that are there stay as they are."`
	Sync  billingSyncCmd  `cmd:"" help:"Have the payment service's products and prices match the plans that are on sale."`

	Endpoint billingEndpointCmd `cmd:"" help:"Have Stripe send its messages here. Prints the signing secret of an endpoint that it made: Stripe tells it once."`
	Report   billingReportCmd   `cmd:"" help:"Tell the payment service of usage now, compare with what it has, and fail where that is different."`
}

type billingPlansCmd struct {
	List   billingListCmd   `cmd:"" default:"1" help:"List plans and their versions."`
	Export billingExportCmd `cmd:"" help:"Write the plans that are on sale to a file."`
	Import billingImportCmd `cmd:"" help:"Read plans from a file: what differs is published as a new version. Running subscriptions stay as they are."`
}

type billingListCmd struct {
	All bool `help:"Show archived plans and retired versions too."`
}

// Run lists them.
func (cmd *billingListCmd) Run(ctx context.Context, c *Config) error {
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		plans, err := a.offers.List(ctx)
		if err != nil {
			return err
		}
		return listPlans(os.Stdout, plans, cmd.All)
	})
}

func listPlans(out io.Writer, plans []offer.Listed, all bool) error {
	if len(plans) == 0 {
		fmt.Fprintln(out, "There are no plans. `lyceum billing seed` makes three to begin with.")
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "PLAN\tNAME\tVERSION\tSTATUS\tPRICED\tTRIAL\tON IT\tFOR")
	for _, p := range plans {
		if p.ArchivedAt != nil && !all {
			continue
		}
		whom := map[bool]string{true: "everybody", false: "chosen customers"}[p.Public]
		if p.SignUp {
			whom += ", sign-ups"
		}
		if p.ArchivedAt != nil {
			whom = "archived"
		}
		for _, v := range p.Versions {
			if v.Status == plan.StatusRetired && !all {
				continue
			}
			fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s a %s\t%d days\t%d\t%s\n", p.Code, p.Name, v.Number, v.Status, v.Currency, v.Interval, v.TrialDays, p.Subscribers[v.ID], whom)
		}
	}
	return w.Flush()
}

type billingExportCmd struct {
	File string `arg:"" help:"The file to write, or - for standard output."`
}

// Run writes the file; one that is there is not overwritten.
func (cmd *billingExportCmd) Run(ctx context.Context, c *Config) error {
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		data, err := a.offers.Export(ctx)
		if err != nil {
			return err
		}
		if cmd.File == "-" {
			_, err = os.Stdout.Write(data)
			return err
		}
		f, err := os.OpenFile(cmd.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return fmt.Errorf("write the plans: %w", err)
		}
		_, err = f.Write(data)
		return errors.Join(err, f.Close())
	})
}

type billingImportCmd struct {
	File  string `arg:"" help:"The file to read, or - for standard input."`
	Check bool   `help:"Only say what is wrong with the file."`
}

// Run reads the file, all of it or nothing.
func (cmd *billingImportCmd) Run(ctx context.Context, c *Config) error {
	data, err := readAll(cmd.File)
	if err != nil {
		return fmt.Errorf("read the plans: %w", err)
	}
	f, err := offer.ReadFile(data)
	if err != nil {
		return err
	}
	if cmd.Check {
		fmt.Printf("The file is good: %d plans.\n", len(f.Plans))
		return nil
	}
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		done, err := a.offers.Import(ctx, f)
		if err != nil {
			return err
		}
		return tellDone(os.Stdout, done)
	})
}

func readAll(file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(file)
}

func tellDone(out io.Writer, done []offer.Done) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "DONE\tPLAN\tVERSION")
	for _, d := range done {
		fmt.Fprintf(w, "%s\t%s\t%s\n", d.Verb, d.Plan, d.Kind)
	}
	return w.Flush()
}

type billingSeedCmd struct{}

// Run makes them.
func (cmd *billingSeedCmd) Run(ctx context.Context, c *Config) error {
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		done, err := a.offers.Seed(ctx)
		if err != nil {
			return err
		}
		return tellDone(os.Stdout, done)
	})
}

type billingSyncCmd struct {
	DryRun bool `help:"Only say what would change; fails when something would."`
}

// Run tells the payment service what is on sale.
func (cmd *billingSyncCmd) Run(ctx context.Context, c *Config) error {
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		name := ""
		if p := a.newProvider(); p != nil {
			name = p.Name()
		}
		changes, err := a.offers.Sync(ctx, cmd.DryRun)
		if err != nil {
			return err
		}
		return tellChanges(os.Stdout, name, changes, cmd.DryRun)
	})
}

// tellChanges prints what was, or would be, changed. A dry run that finds something to do is a failure, so that a script can
// ask.
func tellChanges(out io.Writer, name string, changes []provider.Change, dry bool) error {
	if name == "" {
		fmt.Fprintln(out, "No payment service is configured: there is nothing to match. Plans are priced and shown, and nothing is charged.")
		return nil
	}
	todo := 0
	for _, ch := range changes {
		if ch.Verb != "keep" {
			todo++
		}
	}
	if len(changes) > 0 {
		w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, strings.ToUpper(map[bool]string{true: "would", false: "did"}[dry])+"\tWHAT\tNAME\tREFERENCE")
		for _, ch := range changes {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", ch.Verb, ch.Kind, ch.Name, ch.Ref)
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	switch {
	case todo == 0:
		fmt.Fprintf(out, "%s matches the plans.\n", name)
	case dry:
		return fmt.Errorf("%s is behind by %d changes: run `lyceum billing sync`", name, todo)
	}
	return nil
}

type billingEndpointCmd struct{}

// Run makes the endpoint, or puts it right.
func (cmd *billingEndpointCmd) Run(ctx context.Context, c *Config) error {
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		s, err := a.stripeOf()
		if err != nil {
			return err
		}
		address := a.hosts.PlatformURL() + "/webhooks/" + s.Name()
		secret, err := s.EnsureEndpoint(ctx, address)
		if err != nil {
			return err
		}
		if secret == "" {
			fmt.Printf("Stripe sends its messages to %s already. Its secret was told when the endpoint was made.\n", address)
			return nil
		}
		fmt.Printf("Stripe sends its messages to %s from now on. Start with\n\n  --stripe-webhook-secret %s\n", address, secret)
		return nil
	})
}

type billingReportCmd struct{}

// errDifferent is a payment service that has something else than it was told.
var errDifferent = errors.New("the payment service has other usage than it was told: /operator/payments/usage says where")

// Run tells and compares.
func (cmd *billingReportCmd) Run(ctx context.Context, c *Config) error {
	return operate(ctx, c, func(ctx context.Context, a *app) error {
		if err := errors.Join(a.reports.Collect(ctx), a.reports.Send(ctx), a.reports.Reconcile(ctx)); err != nil {
			return err
		}
		st, err := a.reports.Standing(ctx)
		if err != nil {
			return err
		}
		fmt.Printf("%s: %d to be told, %d refused; compared %d, different %d\n", st.Provider, st.Waiting, st.Parked, st.Compared, st.Off)
		if st.Off > 0 || st.Parked > 0 {
			return errDifferent
		}
		return nil
	})
}
