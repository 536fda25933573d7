package embedded

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"lyceum/internal/fault"
)

// socketName is the file that PostgreSQL makes in its socket directory.
const socketName = ".s.PGSQL.5432"

// place is the directory of a cluster and who runs it.
type place struct {
	root  string // absolute, without symlinks: /proc tells real paths
	data  string
	run   string // the socket directory, or a link to a shorter one
	owner account
}

// settle makes the root directory and decides on the owner. As root, the directory stays root's, so that the
// unprivileged account cannot plant links for root to follow; only what is PostgreSQL's is given away.
func settle(root string) (place, error) {
	mode := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o755
	}
	if err := makeDirs(root, mode); err != nil {
		return place{}, err
	}
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return place{}, fmt.Errorf("resolve %s: %w", root, err)
	}
	p := place{root: real, data: filepath.Join(real, "data"), run: filepath.Join(real, "run")}
	if p.owner, err = ownerOf(p); err != nil {
		return place{}, err
	}
	return p, p.owner.checkWay(p.root)
}

// makeDirs is os.MkdirAll with a mode that the umask does not narrow.
func makeDirs(path string, mode fs.FileMode) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if parent := filepath.Dir(path); parent != path {
		if err := makeDirs(parent, mode); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, mode); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil // a simultaneous starter was first, or the next step says that it is a file
		}
		return err
	}
	return os.Chmod(path, mode)
}

// join waits until either the lock is this process's, which it returns, or another owner's server answers, which it
// tells by nil. An owner that fails while we wait leaves the lock to us.
func (p place) join(ctx context.Context) (*os.File, error) {
	f, err := p.open("lock", os.O_CREATE|os.O_RDWR)
	if err != nil {
		return nil, err
	}
	claimed := false
	err = await(ctx, nil, func(ctx context.Context) error {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			claimed = true
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return fatal{fmt.Errorf("lock %s: %w", f.Name(), err)}
		}
		return ping(ctx, p.socketDir())
	})
	if claimed {
		return f, nil
	}
	_ = f.Close() // never locked, never written
	if err != nil && ctx.Err() == nil {
		return nil, ErrInUse.Saying("Another Lyceum process holds the database at %s, but it does not answer. Stop that process, or look into %s.",
			p.root, filepath.Join(p.root, "postgres.log")).Because(err)
	}
	return nil, err
}

// open opens a file of ours in the root directory, never through a link, and gives it to the owner, so that root and
// the owner can both start the cluster.
func (p place) open(name string, flags int) (*os.File, error) {
	path := filepath.Join(p.root, name)
	f, err := os.OpenFile(path, flags|syscall.O_NOFOLLOW, 0o600)
	if errors.Is(err, fs.ErrPermission) {
		return nil, p.foreign(path).Because(err)
	}
	if err != nil {
		return nil, err
	}
	if p.owner.drop {
		if err := f.Chown(p.owner.uid, p.owner.gid); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	return f, nil
}

func (p place) foreign(path string) *fault.Fault {
	return ErrForeignCluster.Saying("User %s may not use %s: the database was made by another user. Start Lyceum as that user or as root, or choose another --data directory.",
		p.owner.name, path)
}

// socketDir is where the running server's socket is: run, or what run links to.
func (p place) socketDir() string {
	if dir, err := os.Readlink(p.run); err == nil {
		return dir
	}
	return p.run
}

// openSocketDir makes the private directory of the socket. It is Root/run, unless that path is too long for a socket
// address (103 bytes on macOS, 107 on Linux) or holds a comma, which PostgreSQL and its drivers read as a list: then
// it is a directory in temp, named after the root's hash, and Root/run is a link to it, so that every process finds it.
func (p place) openSocketDir(temp string) (string, error) {
	if socketFits(p.run) {
		if info, err := os.Lstat(p.run); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			if err := os.Remove(p.run); err != nil {
				return "", fmt.Errorf("replace the link %s: %w", p.run, err)
			}
		}
		return p.run, p.privateDir(p.run)
	}
	dir := filepath.Join(temp, "lyceum-"+hashOf(p.root))
	if !socketFits(dir) {
		return "", ErrSocketDir.Saying("The path %s is too long for a Unix socket, and so is %s. Choose a shorter --data directory.", p.run, dir)
	}
	if err := p.owner.checkWay(temp); err != nil {
		return "", err
	}
	if err := p.privateDir(dir); err != nil {
		return "", err
	}
	if target, err := os.Readlink(p.run); err == nil && target == dir {
		return dir, nil
	}
	if err := os.RemoveAll(p.run); err != nil {
		return "", fmt.Errorf("clear %s: %w", p.run, err)
	}
	if err := os.Symlink(dir, p.run); err != nil {
		return "", fmt.Errorf("link the socket directory: %w", err)
	}
	return dir, nil
}

// closeSocketDir takes a directory outside the root away again; the one inside stays.
func (p place) closeSocketDir(dir string) {
	if dir != p.run {
		_ = os.Remove(dir) // only when empty; a leftover is found again by its name
	}
}

// hashOf is a short name that belongs to one path.
func hashOf(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:8])
}

func socketFits(dir string) bool {
	limit := 107
	if runtime.GOOS == "darwin" {
		limit = 103
	}
	return len(dir)+1+len(socketName) <= limit && !strings.Contains(dir, ",")
}

// privateDir makes a directory of mode 0700 that is the owner's, or sees that an existing one is.
func (p place) privateDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		return p.owner.give(dir)
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the socket directory: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("look at the socket directory: %w", err)
	}
	if uid, _ := idsOf(info); !info.IsDir() || uid != p.owner.uid {
		return ErrSocketDir.Saying("%s should be a directory of user %s, but it is not. Remove it, or choose another --data directory.", dir, p.owner.name)
	}
	if info.Mode().Perm() == 0o700 {
		return nil
	}
	return os.Chmod(dir, 0o700)
}

// clusterMajor is the major version that made the cluster, 0 when there is none yet.
func (p place) clusterMajor() (int, error) {
	raw, err := os.ReadFile(filepath.Join(p.data, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if errors.Is(err, fs.ErrPermission) {
		return 0, p.foreign(p.data).Because(err)
	}
	if err != nil {
		return 0, fmt.Errorf("read the cluster's version: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0, fmt.Errorf("read the cluster's version: %w", err)
	}
	return major, nil
}

// pause waits a moment, or less when ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
