package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"lyceum/api"
	"lyceum/internal/uid"
)

// serveCmd serves the platform and every portal.
type serveCmd struct {
	Listen         string        `default:":8080" help:"Address to serve on."`
	MetricsListen  string        `name:"metrics-listen" placeholder:"ADDR" help:"Serve Prometheus metrics at /metrics on this address, apart from the portals."`
	NoWorker       bool          `name:"no-worker" help:"Run no jobs here; start lyceum worker beside."`
	Workers        int           `default:"8" help:"Jobs at once."`
	Spares         int           `default:"5" help:"Prepared schemas kept ready for sign-ups."`
	TrustedProxies []string      `name:"trusted-proxies" placeholder:"CIDR" help:"Reverse proxies whose X-Forwarded-For, X-Forwarded-Proto and X-Request-ID are believed."`
	RateLimit      int           `name:"rate-limit" default:"1200" help:"API requests a minute and key."`
	PortalRate     int           `name:"portal-rate" default:"300" help:"Requests a second of one portal in this process, whoever asks; beyond it they are paced, then refused. 0: no limit."`
	PortalAtOnce   int           `name:"portal-at-once" default:"256" help:"Requests that one portal may have under way in this process."`
	UploadMemory   size          `name:"upload-memory" default:"512MB" help:"How much memory the bodies of uploads may take together."`
	DrainTimeout   time.Duration `name:"drain-timeout" default:"20s" help:"How long running requests may take to end after SIGTERM."`
	Secure         tlsOptions    `embed:"" group:"TLS"`
	NoMigrate      bool          `name:"no-migrate" help:"Do not migrate at start; run lyceum migrate up yourself."`
}

// Run serves until it is told to stop, then lets running requests and jobs end.
func (cmd *serveCmd) Run(ctx context.Context, c *Config) error {
	a, err := newApp(ctx, c, cmd.Listen, !cmd.NoMigrate, false)
	if err != nil {
		return err
	}
	defer a.close()
	if a.db.shared {
		return fmt.Errorf("another lyceum serves from %s already: stop it, or give --data or --database-url", c.dataDir())
	}
	ln, err := net.Listen("tcp", cmd.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w (choose another with --listen)", cmd.Listen, err)
	}
	return a.serve(ctx, ln, *cmd, func() {
		a.log.Info("serving", slog.String("address", ln.Addr().String()), slog.String("platform", a.hosts.PlatformURL()))
	})
}

// serve answers on ln until ctx ends; started is called when it does. Order of stopping: no new requests, running ones
// end, jobs end, then the caller closes the database.
func (a *app) serve(ctx context.Context, ln net.Listener, cmd serveCmd, started func()) error {
	m := newMetrics(a)
	stopMetrics, err := m.serve(cmd.MetricsListen, a.log)
	if err != nil {
		return err
	}
	defer stopMetrics()
	defer a.gatherUsage(ctx)()
	defer a.flushStatus(ctx)()
	defer a.rollOut(ctx)()
	srv, err := a.newServer(cmd, m)
	if err != nil {
		return err
	}
	stopPlain := func() {}
	if cmd.Secure.TLS != "" && cmd.Secure.TLS != "off" {
		if ln, stopPlain, err = a.secured(ctx, ln, cmd.Secure); err != nil {
			return err
		}
	}
	defer func() { stopPlain() }()
	var stopJobs func() error
	if cmd.NoWorker {
		stopLine, stopHealth := a.startLine(ctx, func(uid.ID) {}), a.noteFailures(ctx)
		stopJobs = func() error { stopLine(); stopHealth(); return nil }
	} else if stopJobs, err = a.startJobs(ctx, m, cmd.Workers, cmd.Spares); err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Listener(ln) }()
	started()
	select {
	case <-ctx.Done():
		a.log.Info("stopping: running requests may end")
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), cmd.DrainTimeout)
		defer cancel()
		if err = srv.Shutdown(drain); err != nil {
			err = fmt.Errorf("requests did not end within %s: %w", cmd.DrainTimeout, err)
		}
		err = errors.Join(err, <-failed)
	case err = <-failed:
	}
	return errors.Join(err, stopJobs())
}

// newServer hands the services to the API.
func (a *app) newServer(cmd serveCmd, m *metrics) (*api.Server, error) {
	return api.New(a.apiOptions(cmd, m))
}
