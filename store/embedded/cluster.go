package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// command is one of PostgreSQL's programs, run as the owner, in a process group of its own (so that Ctrl-C reaches
// only us and the HTTP drain ends before the database does) and with nothing of our environment but what it needs.
func (p place) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // the program was found by find, never named by a request
	cmd.Dir = p.root
	cmd.Env = []string{"PATH=/usr/bin:/bin", "TZ=UTC", "LC_ALL=" + systemLocale()}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.owner.credential(), Setpgid: true}
	cmd.Cancel = func() error { return signal(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// systemLocale is the C library's locale with UTF-8 character classes. macOS has no C.UTF-8.
func systemLocale() string {
	if runtime.GOOS == "darwin" {
		return "en_US.UTF-8"
	}
	return "C.UTF-8"
}

// initArgs are initdb's arguments. Locale C is a trap: lower('É') stays as it is and trigrams drop accented letters.
// From 17 on the builtin provider gives C.UTF-8 independently of the C library; its locale still rules the
// full-text parser, hence both.
func initArgs(dir string, major int, fsync bool) []string {
	args := []string{"-D", dir, "-U", superuser, "-E", "UTF8", "--locale=" + systemLocale(), "-A", "trust", "-k", "--no-instructions"}
	if major >= 17 {
		args = append(args, "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
	}
	if !fsync {
		args = append(args, "--no-sync")
	}
	return args
}

// initialise makes the cluster unless it is there. It is made aside and renamed: what is called data is whole.
func (p place) initialise(ctx context.Context, bins binaries, o Options) error {
	if major, err := p.clusterMajor(); err != nil || major != 0 {
		return err
	}
	if entries, err := os.ReadDir(p.data); err == nil && len(entries) > 0 {
		return ErrInit.Saying("%s holds files, but no database. Move them away, or choose another --data directory.", p.data)
	}
	o.Say("Creating the database in " + p.data)
	aside := p.data + ".new"
	if err := os.RemoveAll(aside); err != nil {
		return fmt.Errorf("remove a half-made cluster: %w", err)
	}
	if err := os.Mkdir(aside, 0o700); err != nil {
		return fmt.Errorf("make the cluster's directory: %w", err)
	}
	if err := p.owner.give(aside); err != nil {
		return fmt.Errorf("give the cluster's directory to %s: %w", p.owner.name, err)
	}
	out, err := p.command(ctx, filepath.Join(bins.dir, "initdb"), initArgs(aside, bins.major, o.Fsync)...).CombinedOutput()
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return ErrInit.Saying("PostgreSQL's initdb could not create the database in %s: %s", aside, lastLines(string(out), 5)).Because(err)
	}
	if err := os.Rename(aside, p.data); err != nil {
		return fmt.Errorf("put the new cluster in place: %w", err)
	}
	return nil
}

// clearStale ends what a killed launcher left running and takes away what a killed server left lying. It runs under
// our lock. postmaster.pid and the socket's lock file may name a zombie or a stranger that took the number, and
// postgres would obey them; which processes really work in the data directory is what usersOf tells.
func (p place) clearStale(ctx context.Context, socketDir string, log *slog.Logger) error {
	pidFile := filepath.Join(p.data, "postmaster.pid")
	raw, err := os.ReadFile(pidFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", pidFile, err)
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	master, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		master = 0 // a torn file names nobody
	}
	if err := p.endUsers(ctx, master, log); err != nil {
		return err
	}
	for _, stale := range []string{pidFile, filepath.Join(socketDir, socketName), filepath.Join(socketDir, socketName+".lock")} {
		if err := os.Remove(stale); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the stale %s: %w", stale, err)
		}
	}
	return nil
}

// endUsers asks an orphaned postmaster for a fast shutdown and, when it takes 20 s, for an immediate one. Backends
// without a postmaster are told to quit at once: nobody else will tell them. It returns when none is left.
func (p place) endUsers(ctx context.Context, master int, log *slog.Logger) error {
	var asked time.Time
	for {
		pids, err := usersOf(ctx, p.data, master)
		if err != nil {
			return fmt.Errorf("look for a server left behind: %w", err)
		}
		if len(pids) == 0 {
			return nil
		}
		first := asked.IsZero()
		if first {
			log.Info("ending a database server that lost its launcher", "data", p.data, "pids", pids)
			asked = time.Now()
		}
		var targets []int
		sig := syscall.SIGQUIT
		switch waited := time.Since(asked); {
		case waited > 2*stopPatience:
			return ErrInUse.Saying("The processes %v still work in %s and do not end. Stop them, then start again.", pids, p.data)
		case !slices.Contains(pids, master) || waited > stopPatience:
			targets = pids
		case first:
			sig, targets = syscall.SIGINT, []int{master}
		}
		for _, pid := range targets {
			if err := signal(pid, sig); err != nil {
				return ErrInUse.Saying("Process %d still works in %s. Stop it, then start again.", pid, p.data).Because(err)
			}
		}
		if err := pause(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// lastLines is the end of a program's output, on one line for a message.
func lastLines(out string, n int) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	lines = lines[max(0, len(lines)-n):]
	return strings.Join(lines, " | ")
}
