// Command lyceum is the whole product: server, worker, demo and the tools that operate them. This package is the only
// place where things are put together; what each part does is in its own room.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	_ "time/tzdata" // people choose time zones; a small image has none of its own

	"github.com/alecthomas/kong"

	"lyceum/internal/acme"
	"lyceum/internal/fault"
)

// version is set when a release is built.
var version = "development"

// commandLine is the whole of it; `lyceum --help` is its reference. Every flag is also LYCEUM_… in the environment.
type commandLine struct {
	Config

	Serve            serveCmd            `cmd:"" help:"Serve the platform and every portal, with a worker inside."`
	Worker           workerCmd           `cmd:"" help:"Run jobs only: beside servers that were started with --no-worker."`
	Demo             demoCmd             `cmd:"" help:"Start everything on this machine, with two filled organizations to look at."`
	Migrate          migrateCmd          `cmd:"" help:"Bring the database to this release's shape, or show how far it is."`
	Tenant           tenantCmd           `cmd:"" help:"Make, list, show, suspend, resume and delete organizations."`
	Domain           domainCmd           `cmd:"" help:"Rename portals, and keep domains of their own."`
	Operator         operatorCmd         `cmd:"" help:"Make accounts for those who run the platform."`
	Usage            usageCmd            `cmd:"" help:"Work out anew what the ledger of usage sums to."`
	Search           searchCmd           `cmd:"" help:"Build anew what can be found."`
	Billing          billingCmd          `cmd:"" help:"Keep plans, and have the payment service match them."`
	Audit            auditCmd            `cmd:"" help:"Check an exported audit log."`
	Verify           verifyCmd           `cmd:"" help:"Check an Open Badge, without a database."`
	Doctor           doctorCmd           `cmd:"" help:"Check database, migrations, storage, mail and clock, and say how to mend each."`
	Bench            benchCmd            `cmd:"" help:"Measure, side by side in one run, and print ratios."`
	Yardstick        yardstickCmd        `cmd:"" hidden:""`
	PageYardstick    pageYardstickCmd    `cmd:"" name:"page-yardstick" hidden:""`
	DrawCertificates drawCertificatesCmd `cmd:"" name:"draw-certificates" hidden:""`

	ReportYardstick reportYardstickCmd `cmd:"" name:"report-yardstick" hidden:""`

	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	var c commandLine
	parser := kong.Must(&c,
		kong.Name("lyceum"),
		kong.Description("A learning platform for many organizations: each with its own portal, people, courses and bill."),
		kong.DefaultEnvars("LYCEUM"),
		kong.Vars{"version": version, "acme_directory": acme.LetsEncrypt},
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	run, err := parser.Parse(os.Args[1:])
	parser.FatalIfErrorf(err)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run.BindTo(ctx, (*context.Context)(nil))
	if err := run.Run(&c.Config); err != nil && !errors.Is(err, context.Canceled) {
		stop()
		fmt.Fprintln(os.Stderr, "lyceum:", sentence(err))
		os.Exit(1)
	}
}

// sentence says a failure to the person at the terminal: every field's message of a declared one, else the whole chain.
func sentence(err error) string {
	var f *fault.Fault
	if !errors.As(err, &f) || f.Kind == fault.KindInternal {
		return err.Error()
	}
	out := f.Text
	for field, text := range f.Fields {
		out += fmt.Sprintf("\n  %s: %s", field, text)
	}
	return out
}
