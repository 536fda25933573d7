package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lyceum/internal/fault"
)

// programsOf is a directory with programs that tell a version and can do nothing else.
func programsOf(t *testing.T, version string) string {
	t.Helper()
	dir := newRoot(t)
	must(t, os.Mkdir(dir, 0o755))
	must(t, os.Chmod(dir, 0o755))
	for _, name := range []string{"initdb", "postgres"} {
		script := fmt.Sprintf("#!/bin/sh\necho '%s (PostgreSQL) %s'\n", name, version)
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755))
		must(t, os.Chmod(filepath.Join(dir, name), 0o755))
	}
	return dir
}

// clusterOf is a place whose cluster claims to be of a major version; 0 for none.
func clusterOf(t *testing.T, major int) place {
	t.Helper()
	p, err := settle(newRoot(t))
	must(t, err)
	if major != 0 {
		must(t, os.Mkdir(p.data, 0o700))
		must(t, os.WriteFile(filepath.Join(p.data, "PG_VERSION"), fmt.Appendln(nil, major), 0o600))
	}
	return p
}

func findIn(t *testing.T, p place, o Options, dirs ...string) (binaries, error) {
	t.Helper()
	o.Root, o.NoDownload = p.root, true
	must(t, o.complete())
	return find(context.Background(), o, p, dirs)
}

func TestTheFirstProgramsThatFitAreTaken(t *testing.T) {
	t.Parallel()
	old, fine, newer := programsOf(t, "14.9"), programsOf(t, "15.20 (Debian 15.20-0+deb12u1)"), programsOf(t, "18beta1")
	broken := filepath.Join(t.TempDir(), "nothing")
	for _, c := range []struct {
		cluster int
		dirs    []string
		want    string
	}{
		{0, []string{broken, old, fine, newer}, fine},
		{0, []string{newer, fine}, newer},
		{15, []string{newer, fine}, fine},
		{18, []string{fine, newer}, newer},
	} {
		got, err := findIn(t, clusterOf(t, c.cluster), Options{}, c.dirs...)
		if err != nil || got.dir != c.want {
			t.Errorf("cluster of %d: got %+v, %v", c.cluster, got, err)
		}
	}
}

func TestAClusterOfAnotherMajorVersionIsRefusedWithBothNamed(t *testing.T) {
	t.Parallel()
	other := programsOf(t, "18.1")
	p := clusterOf(t, 15)
	for what, o := range map[string]Options{"found": {}, "named": {BinDir: other}, "archive": {Archive: filepath.Join(other, "x.tgz")}} {
		_, err := findIn(t, p, o, other)
		text := fault.Of(err).Text
		if !errors.Is(err, ErrMajorMismatch) || !strings.Contains(text, "PostgreSQL 15") || !strings.Contains(text, " in "+other) {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func TestANamedDirectoryMustHoldWorkingPrograms(t *testing.T) {
	t.Parallel()
	onlyInit := programsOf(t, "17.1")
	must(t, os.Remove(filepath.Join(onlyInit, "postgres")))
	mute := programsOf(t, "17.1")
	must(t, os.WriteFile(filepath.Join(mute, "postgres"), []byte("#!/bin/sh\necho hello\n"), 0o755))
	empty := newRoot(t)
	must(t, os.Mkdir(empty, 0o755))
	must(t, os.Chmod(empty, 0o755))
	for what, dir := range map[string]string{
		"not there": filepath.Join(empty, "bin"), "empty": empty, "without postgres": onlyInit, "not PostgreSQL": mute, "too old": programsOf(t, "13.2"),
	} {
		_, err := Start(context.Background(), Options{Root: newRoot(t), BinDir: dir})
		if !errors.Is(err, ErrBinDir) || !strings.Contains(fault.Of(err).Text, "LYCEUM_PG_BIN is "+dir) {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func TestWithoutAnyProgramsThePersonIsToldThreeWaysOut(t *testing.T) {
	t.Parallel()
	_, err := findIn(t, clusterOf(t, 0), Options{}, programsOf(t, "9.6"))
	if !errors.Is(err, ErrNoPostgres) {
		t.Fatalf("got %v", err)
	}
	for _, way := range []string{"apt install postgresql", "brew install postgresql@17", "--database-url", "LYCEUM_PG_ARCHIVE"} {
		if !strings.Contains(fault.Of(err).Text, way) {
			t.Errorf("%q is missing in: %s", way, fault.Of(err).Text)
		}
	}
}

func TestTheSearchListNamesNoDirectoryTwice(t *testing.T) {
	t.Parallel()
	dirs := installed()
	for i, dir := range dirs {
		if !filepath.IsAbs(dir) || slices.Contains(dirs[:i], dir) {
			t.Errorf("%s in %v", dir, dirs)
		}
	}
	if numberIn("/usr/lib/postgresql/15/bin") != 15 || numberIn("/usr/pgsql-17/bin") != 17 || numberIn("/usr/local/pgsql/bin") != 0 {
		t.Error("the versions in paths are misread")
	}
}

func TestTheLocaleFitsTheVersion(t *testing.T) {
	t.Parallel()
	old, recent := strings.Join(initArgs("d", 16, true), " "), strings.Join(initArgs("d", 17, false), " ")
	if strings.Contains(old, "builtin") || strings.Contains(old, "no-sync") {
		t.Errorf("16 is given %s", old)
	}
	if !strings.Contains(recent, "--locale-provider=builtin --builtin-locale=C.UTF-8 --no-sync") {
		t.Errorf("17 is given %s", recent)
	}
}
