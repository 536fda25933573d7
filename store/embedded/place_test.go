package embedded

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lyceum/internal/fault"
)

func TestALongRootGetsAShortSocketDirectory(t *testing.T) {
	t.Parallel()
	root := filepath.Join(newRoot(t), strings.Repeat("long-", 20))
	s := start(t, options(root))
	if !socketFits(s.socketDir) || strings.HasPrefix(s.socketDir, root) {
		t.Fatalf("the socket is in %s", s.socketDir)
	}
	info, err := os.Lstat(s.socketDir)
	must(t, err)
	if uid, _ := idsOf(info); info.Mode().Perm() != 0o700 || uid != s.place.owner.uid {
		t.Errorf("the socket directory has mode %v and owner %d", info.Mode(), uid)
	}
	sharer := start(t, options(root))
	if got := ask[int](t, sharer, "select 1"); got != 1 || !sharer.Shared() {
		t.Errorf("a second process does not find the server: shared %v", sharer.Shared())
	}
	must(t, s.Stop())
	if _, err := os.Stat(s.socketDir); err == nil {
		t.Error("the socket directory stayed behind")
	}
	again := start(t, options(root))
	if again.socketDir != s.socketDir {
		t.Errorf("the directory is %s now, and was %s", again.socketDir, s.socketDir)
	}
}

func TestARootWithACommaIsNotReadAsAList(t *testing.T) {
	t.Parallel()
	s := start(t, options(filepath.Join(newRoot(t), "Meyer, Ada & Co")))
	if got := ask[int](t, s, "select 1"); got != 1 {
		t.Error("the cluster does not answer")
	}
}

func TestASocketDirectoryPreparedByAStrangerIsRefused(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	p := place{root: "/" + strings.Repeat("x", 120), owner: account{uid: os.Geteuid(), gid: os.Getegid(), name: "me"}}
	p.run = filepath.Join(p.root, "run")
	elsewhere := t.TempDir()
	hash := "lyceum-" + hashOf(p.root)
	for what, prepare := range map[string]func(string) error{
		"a link": func(path string) error { return os.Symlink(elsewhere, path) },
		"a file": func(path string) error { return os.WriteFile(path, nil, 0o600) },
	} {
		must(t, prepare(filepath.Join(temp, hash)))
		if _, err := p.openSocketDir(temp); !errors.Is(err, ErrSocketDir) {
			t.Errorf("%s: got %v", what, err)
		}
		must(t, os.Remove(filepath.Join(temp, hash)))
	}
	must(t, os.Mkdir(filepath.Join(temp, hash), 0o700))
	p.owner.uid++
	if _, err := p.openSocketDir(temp); !errors.Is(err, ErrSocketDir) {
		t.Errorf("another user's directory: got %v", err)
	}
}

func TestNoShortSocketDirectoryAnywhereIsSaid(t *testing.T) {
	t.Parallel()
	p := place{root: "/" + strings.Repeat("x", 120), run: "/" + strings.Repeat("x", 120) + "/run"}
	_, err := p.openSocketDir("/" + strings.Repeat("y", 120))
	if !errors.Is(err, ErrSocketDir) || !strings.Contains(fault.Of(err).Text, "shorter --data") {
		t.Errorf("got %v", err)
	}
}

func TestALinkInPlaceOfTheLockIsNotFollowed(t *testing.T) {
	t.Parallel()
	root := newRoot(t)
	must(t, os.Mkdir(root, 0o755))
	must(t, os.Chmod(root, 0o755))
	target := filepath.Join(t.TempDir(), "target")
	must(t, os.Symlink(target, filepath.Join(root, "lock")))
	if _, err := Start(context.Background(), options(root)); err == nil {
		t.Error("started")
	}
	if _, err := os.Stat(target); err == nil {
		t.Error("the link's target was made")
	}
}

func TestADirectoryThatTheAccountMayNotPassIsNamed(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	closed := filepath.Join(top, "closed")
	inner := filepath.Join(closed, "inner")
	must(t, os.MkdirAll(inner, 0o755))
	me := account{uid: os.Geteuid(), gid: os.Getegid()}
	stranger := account{uid: me.uid + 1, gid: me.gid + 1}
	mate := account{uid: me.uid + 1, gid: me.gid}
	for _, c := range []struct {
		who    account
		mode   os.FileMode
		blocks bool
	}{
		{me, 0o700, false}, {me, 0o077, true},
		{mate, 0o710, false}, {mate, 0o701, true},
		{stranger, 0o701, false}, {stranger, 0o770, true},
	} {
		must(t, os.Chmod(closed, c.mode))
		if got := !c.who.passes(closed); got != c.blocks {
			t.Errorf("%+v with mode %o: blocked %v", c.who, c.mode, got)
		}
	}
	must(t, os.Chmod(closed, 0o755))
	must(t, os.Chmod(top, 0o755))
	must(t, os.Chmod(filepath.Dir(top), 0o755))
	must(t, os.Chmod(inner, 0o700))
	stranger.drop = true
	if got := stranger.blocked(inner); got != inner {
		t.Errorf("named %q, want %q", got, inner)
	}
	err := stranger.checkWay(inner)
	if !errors.Is(err, ErrUnreachable) || !strings.Contains(fault.Of(err).Text, "chmod o+x "+inner) {
		t.Errorf("got %v", err)
	}
	if err := me.checkWay(inner); err != nil {
		t.Errorf("one's own directory: %v", err)
	}
}

func TestARootBehindAClosedDirectoryIsRefusedBeforeAnythingRuns(t *testing.T) {
	t.Parallel()
	closed := newRoot(t)
	must(t, os.Mkdir(closed, 0o700))
	o := options(filepath.Join(closed, "pg"))
	s, err := Start(context.Background(), o)
	if os.Geteuid() != 0 {
		// Nobody else runs PostgreSQL for an ordinary user: its own closed directory is as good as any.
		must(t, err)
		must(t, s.Stop())
		return
	}
	if !errors.Is(err, ErrUnreachable) || !strings.Contains(fault.Of(err).Text, closed) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(o.Root, "data.new")); err == nil {
		t.Error("a cluster was begun")
	}
}

func TestAClusterKeepsItsOwner(t *testing.T) {
	t.Parallel()
	p := place{root: t.TempDir()}
	p.data = filepath.Join(p.root, "data")
	must(t, os.Mkdir(p.data, 0o700))
	want := os.Geteuid()
	if want == 0 {
		want = 4711 // as root the data's owner is taken, whoever it is
		must(t, os.Chown(p.data, want, want))
	}
	got, err := ownerOf(p)
	must(t, err)
	if got.uid != want || got.drop != (os.Geteuid() == 0) {
		t.Errorf("the owner is %+v, want %d", got, want)
	}
}
