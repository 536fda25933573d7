package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lyceum/tenant"
)

// demoPassword opens every demo account.
const demoPassword = "lyceum-demo" //nolint:gosec // it is printed for everyone

// The demo's operator, and the key of their app: /dev/authenticator shows its code.
const (
	demoOperator    = "operator@lyceum.example"
	demoOperatorKey = "NR4WGZLVNUWWIZLNN4WW64DFOJQXI33S" //nolint:gosec // it is printed for everyone
)

// demoCmd starts everything on this machine.
type demoCmd struct {
	Listen         string `default:"127.0.0.1:8080" help:"Address to serve on."`
	MetricsListen  string `name:"metrics-listen" placeholder:"ADDR" help:"Serve Prometheus metrics at /metrics on this address."`
	Reset          bool   `help:"Throw the demo's data away and fill it anew."`
	MonthInAMinute bool   `name:"month-in-a-minute" help:"Begin anew and let the last months pass, one in about a minute, on a clock of the bill's own: trial, payment, bills, a card that fails."`
	Describe       bool   `help:"Print addresses and accounts as JSON, beside a running demo with the same flags."`
}

// Run fills what is missing and serves until it is told to stop.
func (cmd *demoCmd) Run(ctx context.Context, c *Config) error {
	if c.Data == "" {
		c.Data = filepath.Join(c.dataDir(), map[bool]string{false: "demo", true: "demo-months"}[cmd.MonthInAMinute])
	}
	if cmd.Describe {
		return describeDemo(os.Stdout, c)
	}
	if c.LogLevel == "info" {
		c.LogLevel = "warn" // the terminal is for the person
	}
	started := time.Now()
	ln, err := net.Listen("tcp", cmd.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w (another demo may be running; choose another address with --listen)", cmd.Listen, err)
	}
	defer ln.Close()
	if cmd.Reset || cmd.MonthInAMinute {
		if err := resetDemo(ctx, c); err != nil {
			return err
		}
	}
	a, err := newApp(ctx, c, ln.Addr().String(), true, true)
	if err != nil {
		return err
	}
	defer a.close()
	if cmd.MonthInAMinute {
		a.months = newMonthPlay(a, os.Stdout)
	}
	if a.db.shared {
		return fmt.Errorf("another lyceum serves from %s already: stop it, or give another --data", c.dataDir())
	}
	d, err := a.fillDemo(ctx, filepath.Join(c.dataDir(), "demo.json"))
	if err != nil {
		return fmt.Errorf("fill the demo: %w", err)
	}
	options := serveCmd{MetricsListen: cmd.MetricsListen, Workers: 8, Spares: 2, RateLimit: 1200, PortalRate: 300, DrainTimeout: 10 * time.Second}
	return a.serve(ctx, ln, options, func() {
		d.announce(os.Stdout, time.Since(started))
		if a.months != nil {
			go a.months.run(ctx)
		}
	})
}

// description is what `lyceum demo --describe` prints.
type description struct {
	Platform platformDescription `json:"platform"`
	Tenants  []tenantDescription `json:"tenants"`
}

type platformDescription struct {
	URL           string          `json:"url"`
	Operator      operatorAccount `json:"operator"`
	Authenticator string          `json:"authenticator"` // shows the operator's present code
}

// operatorAccount has a second factor beside the password: the key of an app (base32, RFC 6238).
type operatorAccount struct {
	account
	TOTPSecret string `json:"totp_secret"`
}

type tenantDescription struct {
	Slug     string             `json:"slug"`
	SignOn   string             `json:"sign_on"` // the button that leads to the played identity provider
	URL      string             `json:"url"`
	APIKey   string             `json:"api_key"`
	Accounts map[string]account `json:"accounts"`
}

type account struct {
	Email    string `json:"email"`
	Password string `json:"password"`
}

// announce tells the person where to look.
func (d description) announce(w io.Writer, took time.Duration) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	say("")
	say("Lyceum is ready after %.1f s. Every password is %q.", took.Seconds(), demoPassword)
	say("")
	say("  %-34s sign up, or run the platform as %s (%s/operator)", d.Platform.URL, d.Platform.Operator.Email, d.Platform.URL)
	say("  %-34s the code that operators sign in with beside the password: %s", "", d.Platform.Authenticator)
	for _, t := range d.Tenants {
		say("")
		say("  %-34s sign in as", t.URL)
		for _, role := range []string{"owner", "instructor", "manager", "learner"} {
			say("  %-34s %-11s %s", "", role, t.Accounts[role].Email)
		}
		say("  %-34s or choose “%s”: no password, this demo plays the identity provider", "", t.SignOn)
	}
	say("")
	say("  Mail:  %s/dev/mail", d.Platform.URL)
	say("  API:   %s/api/v1/docs   (keys: lyceum demo --describe)", d.Tenants[0].URL)
	say("")
	say("Ctrl-C stops it. Nothing is lost: the next start goes on from here.")
}

func describeDemo(w io.Writer, c *Config) error {
	raw, err := os.ReadFile(filepath.Join(c.dataDir(), "demo.json"))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no demo in %s yet: start `lyceum demo` first, with the same flags", c.dataDir())
	}
	if err != nil {
		return fmt.Errorf("describe the demo: %w", err)
	}
	_, err = w.Write(raw)
	return err
}

// save keeps the description: API keys are shown once and cannot be read from the database again.
func (d description) save(file string) error {
	raw, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return fmt.Errorf("describe the demo: %w", err)
	}
	part := file + ".part"
	if err := os.WriteFile(part, append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("describe the demo: %w", err)
	}
	return os.Rename(part, file)
}

// resetDemo drops every schema of ours and the files beside the database.
func resetDemo(ctx context.Context, c *Config) error {
	log := c.logger()
	db, err := c.openDatabase(ctx, log)
	if err != nil {
		return err
	}
	defer func() {
		if err := db.stop(); err != nil {
			log.Error("stop the database", slog.Any("err", err))
		}
	}()
	if db.shared {
		return fmt.Errorf("a lyceum is running on %s: stop it before --reset", c.dataDir())
	}
	if c.DatabaseURL != "" {
		return errors.New("--reset only empties the embedded database; drop another by hand")
	}
	if err := wipe(ctx, db.admin); err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	for _, name := range []string{"files", "mail", "demo.json", "demo-idp.json"} {
		if err := os.RemoveAll(filepath.Join(c.dataDir(), name)); err != nil {
			return fmt.Errorf("reset: %w", err)
		}
	}
	return nil
}

// organization is one of the demo's tenants.
type organization struct {
	slug, name, colour, logo, domain, login string
	theme                                   tenant.Theme
}

// account names the connection to the organization's played identity provider.
func (o organization) account() string {
	first, _, _ := strings.Cut(o.name, " ")
	return first + " account (demo)"
}

func organizations() []organization {
	return []organization{
		{
			slug: "acme", name: "Acme Industries", colour: "#b4431f", logo: "acme", domain: "acme.example", theme: tenant.ThemeAtrium,
			login: "Welcome to **Acme Academy**. Sign in with your Acme account to go on with your training.",
		},
		{
			slug: "globex", name: "Globex Health", colour: "#0f6b6b", logo: "globex", domain: "globex.example", theme: tenant.ThemeCampus,
			login: "**Globex Health** keeps people safe — patients and colleagues alike. Sign in to see what is due.",
		},
	}
}
