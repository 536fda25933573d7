package embedded

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"lyceum/internal/fault"
)

// entry is one member of an archive; a plain file of mode 0644 unless said otherwise.
type entry struct {
	name, content string
	mode          int64
	kind          byte
}

func pack(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	w := tar.NewWriter(zipped)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(e.content))}
		if e.mode != 0 {
			h.Mode = e.mode
		}
		if e.kind != 0 {
			h.Typeflag, h.Linkname, h.Size = e.kind, e.content, 0
		}
		must(t, w.WriteHeader(h))
		if h.Size > 0 {
			_, err := w.Write([]byte(e.content))
			must(t, err)
		}
	}
	must(t, w.Close())
	must(t, zipped.Close())
	return out.Bytes()
}

// postgresEntries are an archive whose programs tell version 17 through a library that only a link reaches.
func postgresEntries() []entry {
	script := "#!/bin/sh\ncat \"$(dirname \"$0\")/../lib/version.so\"\n"
	return []entry{
		{name: "package/package.json", content: "{}"},
		{name: "package/native/bin/initdb", content: script, mode: 0o755},
		{name: "package/native/bin/postgres", content: script, mode: 0o700},
		{name: "package/native/lib/version.so.17", content: "postgres (PostgreSQL) 17.10\n", mode: 0o600},
		{name: "package/native/pg-symlinks.json", content: `[{"source":"native/lib/version.so.17","target":"native/lib/version.so"}]`},
	}
}

func pinOf(raw []byte) pin {
	sum := sha512.Sum512(raw)
	return pin{name: "@embedded-postgres/test", version: "17.0.0", integrity: "sha512-" + base64.StdEncoding.EncodeToString(sum[:])}
}

func TestAnArchiveIsUnpackedWithItsLinksForAnotherAccountToRun(t *testing.T) {
	t.Parallel()
	p := clusterOf(t, 0)
	o := Options{Root: p.root}
	must(t, o.complete())
	raw := pack(t, postgresEntries()...)
	n := pinOf(raw)
	for range 2 { // the second finds a broken one in its way and replaces it
		b, err := installArchive(context.Background(), o, p, n, raw)
		must(t, err)
		if b.major != 17 || b.dir != n.binDir(o.CacheDir) {
			t.Fatalf("got %+v", b)
		}
		must(t, os.Remove(filepath.Join(b.dir, "postgres")))
	}
	if _, err := os.Stat(filepath.Join(n.home(o.CacheDir), "package.json")); err == nil {
		t.Error("the package's papers were unpacked")
	}
	if left, err := filepath.Glob(filepath.Join(o.CacheDir, "unpack-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestAnArchiveThatLeavesItsDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	links := func(source, target string) entry {
		return entry{name: "package/native/pg-symlinks.json", content: fmt.Sprintf(`[{"source":%q,"target":%q}]`, source, target)}
	}
	for what, entries := range map[string][]entry{
		"parent":                     {{name: "../evil", content: "x"}},
		"hidden parent":              {{name: "package/native/../../../evil", content: "x"}},
		"absolute":                   {{name: "/evil", content: "x"}},
		"backslash":                  {{name: `package/native\..\..\evil`, content: "x"}},
		"symbolic link":              {{name: "package/native/lib", content: "/", kind: tar.TypeSymlink}},
		"hard link":                  {{name: "package/native/passwd", content: "/etc/passwd", kind: tar.TypeLink}},
		"device":                     {{name: "package/native/null", kind: tar.TypeChar}},
		"twice the same":             {{name: "package/native/a", content: "x"}, {name: "package/native/a", content: "y"}},
		"listed link out":            {links("../../evil", "native/a")},
		"listed link from":           {links("native/a", "/evil")},
		"file through a listed path": {{name: "package/native/a", content: "x"}, {name: "package/native/a/b", content: "y"}},
	} {
		top := t.TempDir()
		dir := filepath.Join(top, "a", "b")
		must(t, os.MkdirAll(dir, 0o755))
		if err := unpack(pack(t, entries...), dir); err == nil {
			t.Errorf("%s: unpacked", what)
		}
		if _, err := os.Lstat(filepath.Join(top, "evil")); err == nil {
			t.Errorf("%s: a file was written outside", what)
		}
	}
}

func TestADamagedArchiveIsRefused(t *testing.T) {
	t.Parallel()
	whole := pack(t, postgresEntries()...)
	for what, raw := range map[string][]byte{"no gzip": []byte("hello"), "cut off": whole[:len(whole)/2], "empty": nil} {
		if err := unpack(raw, t.TempDir()); !errors.Is(err, ErrArchive) {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func TestATamperedArchiveIsRefusedBeforeItIsUnpacked(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "postgres.tgz")
	must(t, os.WriteFile(file, pack(t, postgresEntries()...), 0o600))
	o := Options{Root: newRoot(t), Archive: file}
	_, err := Start(context.Background(), o)
	if !errors.Is(err, ErrArchive) || !strings.Contains(fault.Of(err).Text, "SHA-512") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(o.Root, "cache")); err == nil {
		t.Error("something was unpacked")
	}
	o.Archive = filepath.Join(t.TempDir(), "missing.tgz")
	if _, err := Start(context.Background(), o); !errors.Is(err, ErrArchive) {
		t.Errorf("a missing archive: got %v", err)
	}
}

// npmThat is a stand-in for npm's client with a given body; $dir is the directory that the archive must go to.
func npmThat(t *testing.T, body string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "npm")
	script := "#!/bin/sh\n[ \"$1\" = pack ] && [ \"$3\" = --ignore-scripts ] || exit 9\nfor dir; do :; done\n" + body + "\n"
	must(t, os.WriteFile(file, []byte(script), 0o755))
	return file
}

func TestWhatNpmFetchesIsChecked(t *testing.T) {
	t.Parallel()
	raw := pack(t, postgresEntries()...)
	file := filepath.Join(t.TempDir(), "served.tgz")
	must(t, os.WriteFile(file, raw, 0o600))
	serves := "cp '" + file + "' \"$dir/served.tgz\""
	for what, c := range map[string]struct {
		npm  string
		pin  pin
		want error
	}{
		"the right archive": {serves, pinOf(raw), nil},
		"another archive":   {serves, pinOf([]byte("other")), ErrArchive},
		"no network":        {"echo 'getaddrinfo EAI_AGAIN' >&2; exit 1", pinOf(raw), ErrDownload},
		"nothing":           {"exit 0", pinOf(raw), ErrDownload},
	} {
		cache := filepath.Join(t.TempDir(), "cache")
		got, err := fetch(context.Background(), cache, npmThat(t, c.npm), c.pin)
		if !errors.Is(err, c.want) || (c.want == nil && !bytes.Equal(got, raw)) {
			t.Errorf("%s: got %d bytes, %v", what, len(got), err)
		}
		if what == "no network" && !strings.Contains(fault.Of(err).Text, "EAI_AGAIN") {
			t.Errorf("npm's reason is not passed on: %v", err)
		}
		if left, err := os.ReadDir(cache); err != nil || len(left) > 0 {
			t.Errorf("%s: left behind %v, %v", what, left, err)
		}
	}
}

func TestEveryPlatformHasItsOwnPin(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, platform := range []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"} {
		goos, goarch, _ := strings.Cut(platform, "/")
		n, ok := pinFor(goos, goarch)
		sum, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(n.integrity, "sha512-"))
		if !ok || err != nil || len(sum) != sha512.Size {
			t.Errorf("%s: %+v, %v", platform, n, err)
		}
		if before, twice := seen[n.integrity]; twice {
			t.Errorf("%s has the checksum of %s", platform, before)
		}
		seen[n.integrity] = platform
		if !strings.HasPrefix(n.version, fmt.Sprintf("%d.", pinnedMajor)) {
			t.Errorf("%s is not of major %d", n.spec(), pinnedMajor)
		}
	}
	if _, ok := pinFor("plan9", runtime.GOARCH); ok {
		t.Error("plan9 has a pin")
	}
}
