package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// logLimit is the size in bytes from which the old postgres.log is put aside at a start; one old one is kept.
const logLimit = 16 << 20

// process is a running postmaster of ours.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when it has ended and was waited for
	err    error         // how it ended; read it after exited
}

// guarded names the settings on which the safety of password-free access or our own care rests.
func guarded(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains([]string{"listen_addresses", "port", "hba_file", "ident_file", "data_directory", "config_file"}, name) ||
		strings.HasPrefix(name, "unix_socket_")
}

// serverArgs are the postmaster's arguments: what the options ask for last, since the last one counts.
func serverArgs(o Options, p place, socketDir string) []string {
	settings := map[string]string{
		"max_connections": strconv.Itoa(o.MaxConnections),
		// Dropping one tenant takes over a thousand locks.
		"max_locks_per_transaction": "256",
		"shared_buffers":            "64MB",
		// Queries of a portal are short: compiling them costs more than it gives.
		"jit": "off",
	}
	maps.Copy(settings, quickCrashCare())
	if !o.Fsync {
		maps.Copy(settings, map[string]string{"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"})
	}
	maps.Copy(settings, o.Settings)
	args := []string{"-D", p.data, "-k", socketDir, "-p", strconv.Itoa(port),
		"-c", "listen_addresses=", "-c", "unix_socket_permissions=0700"}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

// errMemoryHeld: backends of a killed postmaster still hold its shared memory.
var errMemoryHeld = errors.New("shared memory of an earlier server is still in use")

// serve starts the postmaster and waits until it answers.
func serve(ctx context.Context, o Options, p place, bins binaries, socketDir string) (*process, error) {
	until := time.Now().Add(stopPatience)
	for {
		proc, err := serveOnce(ctx, o, p, bins, socketDir)
		if !errors.Is(err, errMemoryHeld) || time.Now().After(until) {
			return proc, err
		}
		if err := pause(ctx, 10*pollEvery); err != nil {
			return nil, err
		}
	}
}

func serveOnce(ctx context.Context, o Options, p place, bins binaries, socketDir string) (*process, error) {
	log, err := p.openLog()
	if err != nil {
		return nil, err
	}
	defer log.Close() // the server has its own descriptor
	begin, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, fmt.Errorf("find the end of %s: %w", log.Name(), err)
	}
	// The server outlives ctx, which bounds only the start; Stop ends it.
	cmd := p.command(context.WithoutCancel(ctx), filepath.Join(bins.dir, "postgres"), serverArgs(o, p, socketDir)...)
	cmd.Stdout, cmd.Stderr = log, log
	dieWithLauncher(cmd.SysProcAttr)
	proc, err := run(cmd)
	if err != nil {
		return nil, ErrNotStarted.Saying("PostgreSQL in %s could not be run as user %s.", bins.dir, p.owner.name).Because(err)
	}
	err = await(ctx, proc.exited, func(ctx context.Context) error { return ping(ctx, socketDir) })
	if err == nil {
		return proc, nil
	}
	stopErr := proc.stop(stopPatience)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	said := p.logSince(begin)
	if strings.Contains(said, "pre-existing shared memory block") {
		return nil, errMemoryHeld
	}
	return nil, ErrNotStarted.Saying("PostgreSQL did not start: %s (see %s)", lastLines(said, 5), log.Name()).Because(errors.Join(err, stopErr))
}

// run starts the command on a thread that it keeps until the command has ended: on Linux the server's death signal
// is bound to the thread.
func run(cmd *exec.Cmd) (*process, error) {
	proc := &process{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		proc.err = cmd.Wait()
		close(proc.exited)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return proc, nil
}

// stop asks for a fast shutdown, after patience for an immediate one, and waits for the end.
func (proc *process) stop(patience time.Duration) error {
	select {
	case <-proc.exited:
		return fmt.Errorf("postgres had ended before it was asked to: %w", proc.err)
	default:
	}
	if err := signal(proc.cmd.Process.Pid, syscall.SIGINT); err != nil {
		return err
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-proc.exited:
		if proc.err != nil {
			return fmt.Errorf("postgres did not end cleanly: %w", proc.err)
		}
		return nil
	case <-timer.C:
	}
	if err := signal(proc.cmd.Process.Pid, syscall.SIGQUIT); err != nil {
		return err
	}
	<-proc.exited
	return fmt.Errorf("postgres took more than %s to end and was cut off; the next start recovers", patience)
}

func (p place) openLog() (*os.File, error) {
	path := filepath.Join(p.root, "postgres.log")
	if info, err := os.Lstat(path); err == nil && info.Size() > logLimit {
		// The owner of a cluster in root's directory may not rename there: then the log grows on until root starts.
		if err := os.Rename(path, path+".1"); err != nil && !errors.Is(err, fs.ErrPermission) {
			return nil, fmt.Errorf("put the old log aside: %w", err)
		}
	}
	f, err := p.open("postgres.log", os.O_CREATE|os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return nil, fmt.Errorf("open the server's log: %w", err)
	}
	return f, nil
}

// logSince is what the server wrote from an offset on, for a message; empty when it cannot be read.
func (p place) logSince(offset int64) string {
	f, err := os.Open(filepath.Join(p.root, "postgres.log"))
	if err != nil {
		return ""
	}
	defer f.Close() // only read
	out, err := io.ReadAll(io.NewSectionReader(f, offset, 1<<20))
	if err != nil {
		return ""
	}
	return string(out)
}

// fatal marks an error that waiting does not mend.
type fatal struct{ error }

func (f fatal) Unwrap() error { return f.error }

// await repeats try until it succeeds, its error is fatal, gone is closed, ctx ends or the start budget is spent.
// A server that says it is starting up is working off its log: it gets a fresh budget each time it says so, since
// cutting a long recovery short would only make the next one start over.
func await(ctx context.Context, gone <-chan struct{}, try func(context.Context) error) error {
	deadline := time.Now().Add(startBudget)
	for {
		err := try(ctx)
		var stop fatal
		if err == nil || errors.As(err, &stop) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if answer := (*pgconn.PgError)(nil); errors.As(err, &answer) && answer.Code == "57P03" {
			deadline = time.Now().Add(startBudget)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no answer within %s: %w", startBudget, err)
		}
		timer := time.NewTimer(pollEvery)
		select {
		case <-gone:
			timer.Stop()
			return fmt.Errorf("postgres ended while it was starting: %w", err)
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// ping makes one connection. A missing socket is answered without a driver's round of attempts.
func ping(ctx context.Context, socketDir string) error {
	if _, err := os.Stat(filepath.Join(socketDir, socketName)); errors.Is(err, fs.ErrNotExist) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, socketURL(socketDir, superuser, "postgres"))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}
