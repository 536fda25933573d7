package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"

	"lyceum/migrations"
	"lyceum/store/fleet"
)

type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" help:"Migrate the control schema and every tenant that is behind. Stopped anywhere, the next run goes on."`
	Status migrateStatusCmd `cmd:"" help:"Show how far the fleet is."`
}

type migrateUpCmd struct{}

// Run migrates and shows progress on a line of its own.
func (migrateUpCmd) Run(ctx context.Context, c *Config) error {
	return withAdmin(ctx, c, func(db database, admin *fleet.Admin) error {
		p, hardened, err := admin.Migrate(ctx, db.pass, func(p migrations.Progress) {
			if p.Done%50 == 0 || p.Done == p.Total || p.Err != nil {
				fmt.Fprintf(os.Stderr, "\r%d of %d schemas, %d failed", p.Done, p.Total, p.Failed)
			}
		})
		if p.Total > 0 {
			fmt.Fprintln(os.Stderr)
		}
		if err != nil {
			return fmt.Errorf("%d of %d schemas could not be migrated; run this again when the cause is mended: %w", p.Failed, p.Total, err)
		}
		fmt.Printf("The database has this release's shape (%d schemas migrated).\n", p.Done)
		if !hardened {
			fmt.Println("Note: this database does not let us take set_config from tenants' roles; see `lyceum doctor`.")
		}
		return nil
	})
}

type migrateStatusCmd struct{}

// Run shows the versions of the fleet.
func (migrateStatusCmd) Run(ctx context.Context, c *Config) error {
	return withAdmin(ctx, c, func(_ database, admin *fleet.Admin) error {
		s, err := admin.Status(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintf(w, "control schema\t%d of %d\n", s.ControlVersion, s.ControlLatest)
		for _, v := range s.Versions {
			note := ""
			if v.Version < s.TenantLatest {
				note = "behind: run lyceum migrate up"
			}
			if v.Version == 0 {
				note = "being provisioned"
			}
			fmt.Fprintf(w, "tenants at version %d of %d\t%d\t%s\n", v.Version, s.TenantLatest, v.Tenants, note)
		}
		fmt.Fprintf(w, "spare schemas ready\t%d\n", s.Spares)
		return w.Flush()
	})
}

// withAdmin opens the database as administrator.
func withAdmin(ctx context.Context, c *Config, fn func(database, *fleet.Admin) error) error {
	log := c.logger()
	db, err := c.openDatabase(ctx, log)
	if err != nil {
		return err
	}
	defer db.stop() //nolint:errcheck // the command's own outcome is what counts
	admin, err := fleet.Open(ctx, fleet.Options{URL: db.admin, Log: log})
	if err != nil {
		return err
	}
	defer admin.Close()
	return fn(db, admin)
}
