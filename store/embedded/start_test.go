package embedded

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

// childRoot and programsDir are how a test tells a copy of this test binary to be a launcher.
const (
	childRoot   = "LYCEUM_EMBEDDED_TEST_ROOT"
	programsDir = "LYCEUM_EMBEDDED_TEST_BIN"
)

// TestMain is a launcher when the environment says so. Else it finds PostgreSQL once for all tests, by the way a
// person's first start would, and runs them.
func TestMain(m *testing.M) {
	if root := os.Getenv(childRoot); root != "" {
		os.Exit(beLauncher(root))
	}
	home, bins, err := programs()
	if err == nil {
		err = os.Setenv(programsDir, bins.dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "no PostgreSQL for the tests:", err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := os.RemoveAll(home); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(code)
	}))
}

func programs() (string, binaries, error) {
	home, err := openDir()
	if err != nil {
		return "", binaries{}, err
	}
	o := Options{Root: home, Say: func(line string) { fmt.Fprintln(os.Stderr, line) }}
	if err := o.complete(); err != nil {
		return home, binaries{}, err
	}
	p, err := settle(home)
	if err != nil {
		return home, binaries{}, err
	}
	bins, err := find(context.Background(), o, p, installed())
	return home, bins, err
}

// beLauncher starts the cluster, says what it became, and stops when its input ends.
func beLauncher(root string) int {
	s, err := Start(context.Background(), Options{Root: root, BinDir: os.Getenv(programsDir)})
	if err != nil {
		fmt.Println("failed:", err)
		return 1
	}
	if s.Shared() {
		fmt.Println("shared")
	} else {
		fmt.Println("owner")
	}
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return 1
	}
	if s.Stop() != nil {
		return 1
	}
	return 0
}

// launcher is such a copy.
type launcher struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	output *bufio.Reader
}

func startLauncher(t *testing.T, root string) *launcher {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childRoot+"="+root)
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	return &launcher{cmd: cmd, stdin: stdin, output: bufio.NewReader(stdout)}
}

// became waits for the launcher's one line.
func (l *launcher) became(t *testing.T) string {
	t.Helper()
	line, err := l.output.ReadString('\n')
	must(t, err)
	return strings.TrimSpace(line)
}

func (l *launcher) finish(t *testing.T) {
	t.Helper()
	must(t, l.stdin.Close())
	must(t, l.cmd.Wait())
}

// openDir is a directory that PostgreSQL's account may pass; t.TempDir is closed to it when the tests run as root.
func openDir() (string, error) {
	dir, err := os.MkdirTemp("", "lyceum-embedded-")
	if err != nil {
		return "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}

func newRoot(t *testing.T) string {
	t.Helper()
	dir, err := openDir()
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	return filepath.Join(dir, "pg")
}

func options(root string) Options { return Options{Root: root, BinDir: os.Getenv(programsDir)} }

// start starts and stops at the end of the test, where the answer of Stop is part of the test unless it was asked before.
func start(t *testing.T, o Options) *Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := Start(ctx, o)
	must(t, err)
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// run executes statements in the database postgres.
func runSQL(t *testing.T, s *Server, sql string) {
	t.Helper()
	conn := connect(t, s)
	defer conn.Close(context.Background())
	_, err := conn.Exec(context.Background(), sql)
	must(t, err)
}

func connect(t *testing.T, s *Server) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), s.AdminURL("postgres"))
	must(t, err)
	return conn
}

// ask gives the one value of a query.
func ask[T any](t *testing.T, s *Server, sql string) T {
	t.Helper()
	conn := connect(t, s)
	defer conn.Close(context.Background())
	var v T
	must(t, conn.QueryRow(context.Background(), sql).Scan(&v))
	return v
}
