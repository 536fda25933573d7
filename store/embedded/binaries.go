package embedded

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// oldestMajor is the oldest PostgreSQL that the product's SQL is written for.
const oldestMajor = 15

// binaries is a directory with a working initdb and postgres.
type binaries struct {
	dir   string
	major int
}

// find chooses the programs. What a person named comes first and must fit; then what is installed; then the pinned
// archive, unpacked before or fetched now. A cluster can be run only by the major version that made it.
func find(ctx context.Context, o Options, p place, dirs []string) (binaries, error) {
	need, err := p.clusterMajor()
	if err != nil {
		return binaries{}, err
	}
	switch {
	case o.BinDir != "":
		return named(ctx, o.BinDir, p, need)
	case o.Archive != "":
		return fromArchive(ctx, o, p, need)
	}
	var others []string
	for _, dir := range dirs {
		b, err := probe(ctx, dir, p)
		if ctx.Err() != nil {
			return binaries{}, ctx.Err()
		}
		if err != nil {
			o.Log.Debug("programs passed over", "dir", dir, "err", err)
			continue
		}
		if b.major >= oldestMajor && (need == 0 || b.major == need) {
			return b, nil
		}
		others = append(others, fmt.Sprintf("%d in %s", b.major, b.dir))
	}
	if need == 0 || need == pinnedMajor {
		return pinned(ctx, o, p)
	}
	return binaries{}, mismatch(p, need, others)
}

// mismatch tells which version the cluster needs and what there was instead.
func mismatch(p place, need int, others []string) error {
	found := "no other version"
	if len(others) > 0 {
		found = strings.Join(others, ", ")
	}
	return ErrMajorMismatch.Saying("The database in %s was made by PostgreSQL %d, which was not found (found: %s). Install PostgreSQL %d or name its programs in LYCEUM_PG_BIN; to begin anew, choose another --data directory.",
		p.data, need, found, need)
}

// named takes the directory that a person gave, or says what is wrong with it.
func named(ctx context.Context, dir string, p place, need int) (binaries, error) {
	if err := p.owner.checkWay(dir); err != nil {
		return binaries{}, err
	}
	b, err := probe(ctx, dir, p)
	if err != nil {
		return binaries{}, ErrBinDir.Saying("LYCEUM_PG_BIN is %s, but there is no working PostgreSQL in it. It must be the directory with initdb and postgres.", dir).Because(err)
	}
	if b.major < oldestMajor {
		return binaries{}, ErrBinDir.Saying("LYCEUM_PG_BIN is %s with PostgreSQL %d; Lyceum needs %d or newer.", dir, b.major, oldestMajor)
	}
	if need != 0 && b.major != need {
		return binaries{}, mismatch(p, need, []string{fmt.Sprintf("%d in %s", b.major, b.dir)})
	}
	return b, nil
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// probe asks the programs for their version, as the account that will run them.
func probe(ctx context.Context, dir string, p place) (binaries, error) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return binaries{}, err
	}
	out, err := p.command(ctx, filepath.Join(dir, "postgres"), "--version").CombinedOutput()
	if err != nil {
		return binaries{}, fmt.Errorf("run postgres --version in %s: %w: %s", dir, err, lastLines(string(out), 3))
	}
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return binaries{}, fmt.Errorf("postgres in %s does not tell its version but %q", dir, lastLines(string(out), 1))
	}
	major, err := strconv.Atoi(string(m[1]))
	if err != nil {
		return binaries{}, fmt.Errorf("read the version of postgres in %s: %w", dir, err)
	}
	return binaries{dir: dir, major: major}, nil
}

// installed lists where PostgreSQL may be: first what PATH names (a link in PATH leads to the directory that holds
// all programs), then where systems and installers put it, the newest version first.
func installed() []string {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
		"/usr/pgsql-*/bin",                                   // PostgreSQL's own packages for Red Hat
		"/opt/homebrew/opt/postgresql@*/bin",                 // brew, Apple silicon
		"/usr/local/opt/postgresql@*/bin",                    // brew, Intel
		"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",    // brew, Linux
		"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
		"/usr/local/pgsql/bin",                               // built from source
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			continue // only a malformed pattern errs, and a test globs these
		}
		slices.SortFunc(found, func(a, b string) int { return numberIn(b) - numberIn(a) })
		dirs = append(dirs, found...)
	}
	return distinct(dirs)
}

var digits = regexp.MustCompile(`\d+`)

// numberIn is the last whole number in a path's last part but one: the version in …/postgresql/15/bin.
func numberIn(dir string) int {
	all := digits.FindAllString(filepath.Base(filepath.Dir(dir)), -1)
	if len(all) == 0 {
		return 0
	}
	n, err := strconv.Atoi(all[0])
	if err != nil {
		return 0
	}
	return n
}

func distinct(in []string) []string {
	var out []string
	for _, s := range in {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
