package embedded

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"lyceum/internal/fault"
)

func TestAFirstStartMakesAClusterThatTheNextStartFindsAgain(t *testing.T) {
	t.Parallel()
	var said []string
	o := options(newRoot(t))
	o.Say = func(line string) { said = append(said, line) }
	o.Settings = map[string]string{"work_mem": "7MB"}

	s := start(t, o)
	if s.Shared() {
		t.Error("the first starter does not own the server")
	}
	if len(said) != 1 || !strings.Contains(said[0], filepath.Join(o.Root, "data")) {
		t.Errorf("the person was told %q", said)
	}
	for setting, want := range map[string]string{
		"listen_addresses": "", "unix_socket_permissions": "0700", "max_connections": "80", "jit": "off", "fsync": "off",
		"max_locks_per_transaction": "256", "shared_buffers": "64MB", "work_mem": "7MB", "server_encoding": "UTF8",
		"TimeZone": "UTC",
	} {
		if got := ask[string](t, s, "show "+setting); !strings.HasSuffix(got, want) || (want == "" && got != "") {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	if group, err := syscall.Getpgid(s.proc.cmd.Process.Pid); err != nil || group == syscall.Getpgrp() {
		t.Errorf("the server is in our process group (%d, %v): Ctrl-C would reach it before us", group, err)
	}
	runSQL(t, s, "create table kept (n int); insert into kept values (42)")
	must(t, s.Stop())
	must(t, s.Stop())

	again := start(t, o)
	if got := ask[int](t, again, "select n from kept"); got != 42 {
		t.Errorf("kept %d, want 42", got)
	}
	must(t, again.Stop())
	if len(said) != 1 {
		t.Errorf("a warm start told the person %q", said[1:])
	}
}

func TestWordsWithAccentsAreFoldedAndFound(t *testing.T) {
	t.Parallel()
	s := start(t, options(newRoot(t)))
	for question, sql := range map[string]string{
		"lower case of capitals":           "select lower('ÉÀ') = 'éà'",
		"search without case":              "select 'ÉCOLE' ilike 'école'",
		"full text":                        "select to_tsvector('french', 'Économie') @@ to_tsquery('french', 'économies')",
		"order is that of the code points": "select 'B' < 'a' and 'z' < 'é'",
	} {
		if !ask[bool](t, s, sql) {
			t.Errorf("%s fails: %s", question, sql)
		}
	}
}

func TestOnlyTheOwnerPassesToTheSocket(t *testing.T) {
	t.Parallel()
	s := start(t, options(newRoot(t)))
	info, err := os.Stat(s.socketDir)
	must(t, err)
	if uid, _ := idsOf(info); info.Mode().Perm() != 0o700 || uid != s.place.owner.uid {
		t.Errorf("the socket directory has mode %v and owner %d", info.Mode(), uid)
	}
	if os.Geteuid() == 0 {
		root, err := os.Stat(s.place.root)
		must(t, err)
		if uid, _ := idsOf(root); uid != 0 {
			t.Errorf("root's directory was given to %d, who could plant links in it", uid)
		}
		if got := s.place.owner.uid; got == 0 {
			t.Error("PostgreSQL runs as root")
		}
	}
}

func TestASecondStartSharesTheFirstOnesServer(t *testing.T) {
	t.Parallel()
	root := newRoot(t)
	first := start(t, options(root))
	second := start(t, options(root))
	if !second.Shared() || first.Shared() {
		t.Fatalf("first shared %v, second shared %v", first.Shared(), second.Shared())
	}
	if second.AdminURL("postgres") != first.AdminURL("postgres") {
		t.Errorf("two addresses for one server: %s and %s", first.AdminURL("postgres"), second.AdminURL("postgres"))
	}
	must(t, second.Stop())
	if got := ask[int](t, first, "select 1"); got != 1 {
		t.Error("the sharer's Stop ended the owner's server")
	}
	must(t, first.Stop())
	third := start(t, options(root))
	if third.Shared() {
		t.Error("after the owner stopped, the next starter does not own the server")
	}
}

func TestAStarterThatWaitsForAHeldLockEndsWithItsContext(t *testing.T) {
	t.Parallel()
	root := newRoot(t)
	p, err := settle(root)
	must(t, err)
	lock, err := p.join(context.Background())
	must(t, err)
	defer lock.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := Start(ctx, options(root)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
}

func TestAServerThatCannotStartTellsWhyAndFreesTheCluster(t *testing.T) {
	t.Parallel()
	o := options(newRoot(t))
	o.Settings = map[string]string{"work_mem": "a lot"}
	_, err := Start(context.Background(), o)
	if !errors.Is(err, ErrNotStarted) || !strings.Contains(fault.Of(err).Text, "work_mem") {
		t.Fatalf("got %v", err)
	}
	o.Settings = nil
	if s := start(t, o); s.Shared() {
		t.Error("the failed starter kept the cluster")
	}
}

func TestSettingsThatKeepStrangersOutCannotBeChanged(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"listen_addresses", "Port", "unix_socket_permissions", "unix_socket_directories", "hba_file"} {
		o := options(filepath.Join(t.TempDir(), "never"))
		o.Settings = map[string]string{name: "x"}
		if _, err := Start(context.Background(), o); !errors.Is(err, ErrSetting) {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := os.Stat(o.Root); err == nil {
			t.Errorf("%s: the directory was made nevertheless", name)
		}
	}
}

func TestDefaultRootFollowsTheSystem(t *testing.T) {
	t.Parallel()
	home := filepath.Join(string(filepath.Separator), "home", "ada")
	for _, c := range []struct {
		goos      string
		uid       int
		home, xdg string
		want      string
	}{
		{"linux", 0, home, "", "/var/lib/lyceum"},
		{"linux", 1000, home, "", home + "/.local/share/lyceum"},
		{"linux", 1000, home, "/mnt/data", "/mnt/data/lyceum"},
		{"linux", 1000, home, "relative/is/ignored", home + "/.local/share/lyceum"},
		{"darwin", 501, home, "", home + "/Library/Application Support/lyceum"},
		{"linux", 1000, "", "", "lyceum-data"},
	} {
		if got := defaultRoot(c.goos, c.uid, c.home, c.xdg); got != c.want {
			t.Errorf("%+v: got %s", c, got)
		}
	}
}

func TestAddressesSurviveOddNames(t *testing.T) {
	t.Parallel()
	got := socketURL("/srv/Application Support/run", "t_1&sslmode=require", "my db?")
	want := "postgres:///my%20db%3F?host=%2Fsrv%2FApplication+Support%2Frun&port=5432&sslmode=disable&user=t_1%26sslmode%3Drequire"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
