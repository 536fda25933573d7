package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// account is who PostgreSQL runs as. PostgreSQL refuses root, so root becomes somebody else for it.
type account struct {
	uid, gid   int
	name       string
	drop       bool // this process is root and sheds its rights for PostgreSQL
	lastResort bool // an account that strangers may share
}

// ownerOf decides who runs the cluster: this user; or, as root, whoever owns the cluster or its directory already, else
// the first system user of lyceum, postgres and nobody.
func ownerOf(p place) (account, error) {
	if uid := os.Geteuid(); uid != 0 {
		return account{uid: uid, gid: os.Getegid(), name: nameOf(uid)}, nil
	}
	for _, path := range []string{p.data, p.root} {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return account{}, fmt.Errorf("look at the owner of %s: %w", path, err)
		}
		if uid, gid := idsOf(info); uid != 0 {
			return account{uid: uid, gid: gid, name: nameOf(uid), drop: true}, nil
		}
	}
	for _, name := range []string{"lyceum", "postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.Atoi(u.Uid)
		gid, errGID := strconv.Atoi(u.Gid)
		if err := errors.Join(errUID, errGID); err != nil {
			return account{}, fmt.Errorf("read the ids of user %s: %w", name, err)
		}
		return account{uid: uid, gid: gid, name: name, drop: true, lastResort: name == "nobody"}, nil
	}
	return account{}, ErrForeignCluster.Saying("PostgreSQL does not run as root, and no unprivileged user was found. Create one with: useradd --system lyceum")
}

func idsOf(info fs.FileInfo) (uid, gid int) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0
	}
	return int(st.Uid), int(st.Gid)
}

func nameOf(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

// credential is what a child of this process must run with; nil when it is this very user.
func (a account) credential() *syscall.Credential {
	if !a.drop {
		return nil
	}
	return &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
}

// give hands a path to the account. Only root can, and only root needs to.
func (a account) give(path string) error {
	if !a.drop {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// blocked names the first directory on the way to path, and including it, that the account may not pass; empty when
// the way is free. It reads the mode bits as POSIX orders them: owner, else group, else others.
func (a account) blocked(path string) string {
	for i := range path {
		if path[i] != filepath.Separator && i != 0 {
			continue
		}
		dir := path[:max(i, 1)]
		if !a.passes(dir) {
			return dir
		}
	}
	if !a.passes(path) {
		return path
	}
	return ""
}

func (a account) passes(dir string) bool {
	info, err := os.Stat(dir)
	if err != nil {
		return true // what is not there blocks nobody; the next step will name it
	}
	if !info.IsDir() {
		return true
	}
	mode := info.Mode().Perm()
	uid, gid := idsOf(info)
	switch {
	case uid == a.uid:
		return mode&0o100 != 0
	case gid == a.gid:
		return mode&0o010 != 0
	}
	return mode&0o001 != 0
}

// checkWay refuses a path that root has but the account cannot reach.
func (a account) checkWay(path string) error {
	if !a.drop {
		return nil
	}
	dir := a.blocked(path)
	if dir == "" {
		return nil
	}
	return ErrUnreachable.Saying("PostgreSQL runs as user %s, who may not pass %s on the way to %s. Put the data under a directory open to others, such as %s (--data), or run: chmod o+x %s",
		a.name, dir, path, defaultRoot(runtime.GOOS, 0, "", ""), strings.TrimSuffix(dir, "/"))
}
