package embedded

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestACommitOutlivesAKilledServer(t *testing.T) {
	t.Parallel()
	o := options(newRoot(t))
	o.Fsync = true // a commit without it is still on its way when the server is killed
	s := start(t, o)
	runSQL(t, s, "create table kept (n int); insert into kept values (1)")
	must(t, syscall.Kill(s.proc.cmd.Process.Pid, syscall.SIGKILL))
	<-s.Done()
	if _, err := os.Stat(filepath.Join(s.place.data, "postmaster.pid")); err != nil {
		t.Fatalf("the killed server left no stale pid file to test with: %v", err)
	}
	if err := s.Stop(); err == nil {
		t.Error("Stop does not tell that the server had died")
	}
	again := start(t, o)
	if got := ask[int](t, again, "select n from kept"); got != 1 {
		t.Errorf("kept %d, want 1", got)
	}
	must(t, again.Stop())
}

func TestAStalePidFileThatNamesAStrangerIsNotObeyed(t *testing.T) {
	t.Parallel()
	stranger := start(t, options(newRoot(t)))
	o := options(newRoot(t))
	s := start(t, o)
	must(t, s.Stop())
	// The number in the files of a killed server now belongs to another process of the same user.
	pid := stranger.proc.cmd.Process.Pid
	for _, name := range []string{filepath.Join(s.place.data, "postmaster.pid"), filepath.Join(s.socketDir, socketName+".lock")} {
		must(t, os.WriteFile(name, fmt.Appendf(nil, "%d\n%s\n1700000000\n5432\n", pid, s.place.data), 0o600))
		must(t, s.place.owner.give(name))
	}
	again := start(t, o)
	if got := ask[int](t, again, "select 1"); got != 1 {
		t.Error("the cluster does not answer")
	}
	if got := ask[int](t, stranger, "select 1"); got != 1 {
		t.Error("the stranger was ended")
	}
}

func TestAServerLeftByItsLauncherIsEndedAndStartedAgain(t *testing.T) {
	t.Parallel()
	o := options(newRoot(t))
	orphan := start(t, o)
	runSQL(t, orphan, "create table kept (n int); insert into kept values (1)")
	busy := connect(t, orphan) // an open session must not hold the shutdown up
	defer busy.Close(context.Background())
	must(t, orphan.lock.Close())

	s := start(t, o)
	<-orphan.Done()
	if s.Shared() {
		t.Error("the orphan was shared, though nobody owns it")
	}
	if got := ask[int](t, s, "select n from kept"); got != 1 {
		t.Errorf("kept %d, want 1", got)
	}
}

func TestBackendsThatOutliveTheirPostmasterAreEnded(t *testing.T) {
	t.Parallel()
	o := options(newRoot(t))
	s := start(t, o)
	busy := connect(t, s)
	defer busy.Close(context.Background())
	_, err := busy.Exec(context.Background(), `create function spin() returns void language plpgsql as 'begin loop null; end loop; end'`)
	must(t, err)
	pid := int(busy.PgConn().PID())
	done := make(chan error)
	go func() {
		_, err := busy.Exec(context.Background(), "select spin()") // never looks whether the postmaster lives
		done <- err
	}()
	for ask[string](t, s, fmt.Sprintf("select coalesce(query, '') from pg_stat_activity where pid = %d", pid)) != "select spin()" {
		continue // each round asks the server: it tells when the loop runs
	}
	must(t, syscall.Kill(s.proc.cmd.Process.Pid, syscall.SIGKILL))
	<-s.Done()
	must(t, s.lock.Close())

	again := start(t, o)
	if err := <-done; err == nil {
		t.Error("the endless query ended by itself")
	}
	if got := ask[int](t, again, "select 1"); got != 1 {
		t.Error("the cluster does not answer")
	}
}

func TestAKilledLauncherTakesNoCommitWithIt(t *testing.T) {
	t.Parallel()
	o := options(newRoot(t))
	o.Fsync = true
	l := startLauncher(t, o.Root)
	if got := l.became(t); got != "owner" {
		t.Fatalf("the launcher became %q", got)
	}
	watcher := start(t, o)
	if !watcher.Shared() {
		t.Fatal("two owners")
	}
	runSQL(t, watcher, "create table kept (n int); insert into kept values (1)")
	must(t, l.cmd.Process.Kill())
	if err := l.cmd.Wait(); err == nil {
		t.Fatal("the launcher was not killed")
	}
	s := start(t, o)
	if s.Shared() {
		t.Error("the dead launcher's server was shared")
	}
	if got := ask[int](t, s, "select n from kept"); got != 1 {
		t.Errorf("kept %d, want 1", got)
	}
}

func TestAHalfMadeClusterIsMadeAnew(t *testing.T) {
	t.Parallel()
	o := options(newRoot(t))
	half := filepath.Join(o.Root, "data.new")
	must(t, os.MkdirAll(filepath.Join(half, "base"), 0o700))
	must(t, os.Chmod(o.Root, 0o755))
	must(t, os.WriteFile(filepath.Join(half, "PG_VERSION"), []byte("15\n"), 0o600))
	s := start(t, o)
	if got := ask[int](t, s, "select 1"); got != 1 {
		t.Error("the cluster does not answer")
	}
	if _, err := os.Stat(half); err == nil {
		t.Error("the half-made cluster is still there")
	}
}

func TestFilesInThePlaceOfADatabaseAreNotTouched(t *testing.T) {
	t.Parallel()
	o := options(newRoot(t))
	thesis := filepath.Join(o.Root, "data", "thesis.txt")
	must(t, os.MkdirAll(filepath.Dir(thesis), 0o755))
	must(t, os.Chmod(o.Root, 0o755))
	must(t, os.WriteFile(thesis, []byte("ten years"), 0o600))
	if _, err := Start(context.Background(), o); err == nil || !strings.Contains(err.Error(), "Move them away") {
		t.Errorf("got %v", err)
	}
	if kept, err := os.ReadFile(thesis); err != nil || string(kept) != "ten years" {
		t.Errorf("the file reads %q, %v", kept, err)
	}
}

func TestOfSimultaneousFirstStartersOneOwnsAndTheOthersShare(t *testing.T) {
	t.Parallel()
	root := newRoot(t)
	launchers := []*launcher{startLauncher(t, root), startLauncher(t, root), startLauncher(t, root)}
	var owner *launcher
	for _, l := range launchers {
		switch got := l.became(t); {
		case got == "owner" && owner == nil:
			owner = l
		case got != "shared":
			t.Fatalf("a launcher became %q", got)
		}
	}
	if owner == nil {
		t.Fatal("nobody owns the server")
	}
	for _, l := range launchers {
		if l != owner {
			l.finish(t)
		}
	}
	owner.finish(t)
}
