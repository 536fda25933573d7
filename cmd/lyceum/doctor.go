package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"lyceum/internal/blob"
	"lyceum/internal/mail"
	"lyceum/store/fleet"
)

type doctorCmd struct{}

// finding is what one check says. Mend is empty when all is well; a note is no fault.
type finding struct {
	what, state, mend string
	note              bool
}

// Run checks each part and says how to mend it; it fails when something must be mended.
func (doctorCmd) Run(ctx context.Context, c *Config) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	findings := examine(ctx, c)
	if sick := tellFindings(os.Stdout, findings); sick > 0 {
		return fmt.Errorf("%d of %d checks need you", sick, len(findings))
	}
	return nil
}

func tellFindings(w io.Writer, findings []finding) (sick int) {
	for _, f := range findings {
		mark := "ok  "
		switch {
		case f.mend != "" && f.note:
			mark = "note"
		case f.mend != "":
			mark = "MEND"
			sick++
		}
		_, _ = fmt.Fprintf(w, "%s  %-12s %s\n", mark, f.what, f.state)
		if f.mend != "" {
			_, _ = fmt.Fprintf(w, "      %-12s → %s\n", "", f.mend)
		}
	}
	return sick
}

func examine(ctx context.Context, c *Config) []finding {
	var out []finding
	db, err := c.openDatabase(ctx, c.logger())
	if err != nil {
		out = append(out, finding{what: "database", state: sentence(err), mend: "start PostgreSQL, or correct --database-url; without it the embedded one is used"})
	} else {
		defer db.stop() //nolint:errcheck // the findings are what counts
		out = append(out, examineDatabase(ctx, db)...)
	}
	return append(out, examineFiles(ctx, c), examineMail(ctx, c))
}

func examineDatabase(ctx context.Context, db database) []finding {
	conn, err := pgx.Connect(ctx, db.admin)
	if err != nil {
		return []finding{{what: "database", state: err.Error(), mend: "check address, user and password in --database-url"}}
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var version int
	var name string
	var there time.Time
	if err := conn.QueryRow(ctx, "select current_setting('server_version_num')::int, current_setting('server_version'), clock_timestamp()").Scan(&version, &name, &there); err != nil {
		return []finding{{what: "database", state: err.Error(), mend: "the server answers but not as PostgreSQL does"}}
	}
	out := []finding{{what: "database", state: "PostgreSQL " + name}}
	if version < 150000 {
		out[0].mend = "Lyceum needs PostgreSQL 15 or newer"
	}
	clocks := finding{what: "clock", state: "this machine and the database agree"}
	if off := time.Since(there).Abs(); off > 5*time.Second {
		clocks.state = fmt.Sprintf("this machine and the database differ by %s", off.Round(time.Second))
		clocks.mend = "synchronise both with NTP: sign-in links and sessions depend on it"
	}
	return append(append(out, clocks), examineFleet(ctx, db)...)
}

func examineFleet(ctx context.Context, db database) []finding {
	admin, err := fleet.Open(ctx, fleet.Options{URL: db.admin})
	if err != nil {
		return []finding{{what: "migrations", state: err.Error(), mend: "correct --database-url"}}
	}
	defer admin.Close()
	s, err := admin.Status(ctx)
	if err != nil {
		return []finding{{what: "migrations", state: err.Error(), mend: "the login must be the database's administrator"}}
	}
	behind, total := 0, 0
	for _, v := range s.Versions {
		total += v.Tenants
		if v.Version > 0 && v.Version < s.TenantLatest { // at 0 it is being provisioned
			behind += v.Tenants
		}
	}
	m := finding{what: "migrations", state: fmt.Sprintf("control schema %d of %d; %d of %d tenants behind", s.ControlVersion, s.ControlLatest, behind, total)}
	if s.ControlVersion < s.ControlLatest || behind > 0 {
		m.mend = "run lyceum migrate up"
	}
	if s.ControlVersion == 0 {
		return []finding{m}
	}
	spares := finding{what: "spares", state: fmt.Sprintf("%d prepared schemas", s.Spares)}
	if s.Spares == 0 {
		spares.note, spares.mend = true, "sign-ups take longer until a worker has prepared some"
	}
	wall := finding{what: "isolation", state: "a tenant's role cannot become another's"}
	if hardened, err := admin.Hardened(ctx); err != nil || !hardened {
		wall.state, wall.note = "set_config is open to tenants' roles", true
		wall.mend = "as a superuser of this database: revoke execute on function pg_catalog.set_config(text, text, boolean) from public; " +
			"grant execute on function pg_catalog.set_config(text, text, boolean) to lyceum_app, lyceum_owner; revoke update on pg_catalog.pg_settings from public"
	}
	app := finding{what: "login", state: "lyceum_app can sign in"}
	if conn, err := pgx.Connect(ctx, db.app); err != nil {
		app.state, app.mend = err.Error(), "run lyceum migrate up: it makes the login and sets its password"
	} else {
		_ = conn.Close(ctx)
	}
	return []finding{m, app, spares, wall}
}

func examineFiles(ctx context.Context, c *Config) finding {
	f := finding{what: "storage", state: c.filesURL() + " can be written, read and emptied"}
	b, err := blob.Open(ctx, c.filesURL())
	if err == nil {
		err = errors.Join(b.Check(ctx), b.Close())
	}
	if err != nil {
		f.state, f.mend = sentence(err), "make the folder or bucket and let this account write it, or correct --files-url"
	}
	return f
}

func examineMail(ctx context.Context, c *Config) finding {
	if c.SMTPURL == "" {
		return finding{what: "mail", state: "no server is configured: invitations and password resets wait", mend: "set --smtp-url", note: true}
	}
	f := finding{what: "mail", state: "the server answers"}
	sender, err := mail.NewSMTP(mail.Config{URL: c.SMTPURL, From: c.MailFrom})
	if err == nil {
		err = sender.Check(ctx)
	}
	if err != nil {
		f.state, f.mend = sentence(err), "check host, port, user and password in --smtp-url"
	}
	return f
}
