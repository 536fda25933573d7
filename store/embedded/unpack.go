package embedded

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Limits of what an archive may unpack to. The real one has 60 MB in about 1,000 files.
const (
	unpackedLimit = 512 << 20
	entriesLimit  = 20_000
)

// unpack writes the archive's native/ tree below dir. It takes plain files only (npm packs nothing else), refuses any
// name that leaves the directory, and makes the links that npm cannot carry and the programs need.
func unpack(raw []byte, dir string) error {
	root, err := os.OpenRoot(dir) // a second guard: no link or name leads out of it
	if err != nil {
		return err
	}
	defer root.Close() // nothing is written through it any more
	packed, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return ErrArchive.Saying("The archive is not gzip.").Because(err)
	}
	entries, size := tar.NewReader(io.LimitReader(packed, unpackedLimit)), int64(0)
	for count := 0; ; count++ {
		h, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return link(root)
		}
		if err != nil {
			return ErrArchive.Saying("The archive is damaged.").Because(err)
		}
		if size += h.Size; size > unpackedLimit || count > entriesLimit {
			return ErrArchive.Saying("The archive is too large to be the right one.")
		}
		if err := unpackEntry(root, h, entries); err != nil {
			return err
		}
	}
}

func unpackEntry(root *os.Root, h *tar.Header, content io.Reader) error {
	if !filepath.IsLocal(h.Name) || strings.Contains(h.Name, `\`) {
		return ErrArchive.Saying("The archive holds the name %q, which leads out of its directory.", h.Name)
	}
	if h.Typeflag == tar.TypeDir {
		return nil
	}
	if h.Typeflag != tar.TypeReg {
		return ErrArchive.Saying("The archive holds %q, which is not a plain file.", h.Name)
	}
	name, ours := strings.CutPrefix(path.Clean(h.Name), "package/")
	if !ours || !strings.HasPrefix(name, "native/") {
		return nil // the package's papers
	}
	if err := openDirs(root, path.Dir(name)); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if h.Mode&0o111 != 0 {
		mode = 0o755
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return ErrArchive.Saying("The archive's file %q cannot be written.", name).Because(err)
	}
	if _, err := io.Copy(f, content); err != nil {
		return errors.Join(ErrArchive.Saying("The archive's file %q is damaged or cannot be written.", name).Because(err), f.Close())
	}
	return errors.Join(f.Chmod(mode), f.Sync(), f.Close())
}

// openDirs makes a file's directories, readable for PostgreSQL's account whatever the umask.
func openDirs(root *os.Root, dir string) error {
	for i := range dir + "/" {
		if i < len(dir) && dir[i] != '/' {
			continue
		}
		err := root.Mkdir(dir[:i], 0o755)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err := errors.Join(err, root.Chmod(dir[:i], 0o755)); err != nil {
			return err
		}
	}
	return nil
}

// link makes the links that native/pg-symlinks.json lists: libraries under the names that the programs ask for.
func link(root *os.Root) error {
	raw, err := root.ReadFile("native/pg-symlinks.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var links []struct {
		Source string `json:"source"`
		Target string `json:"target"`
	}
	if err := json.Unmarshal(raw, &links); err != nil {
		return ErrArchive.Saying("The archive's list of links cannot be read.").Because(err)
	}
	for _, l := range links {
		if !filepath.IsLocal(l.Source) || !filepath.IsLocal(l.Target) {
			return ErrArchive.Saying("The archive's link %q to %q leads out of its directory.", l.Target, l.Source)
		}
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return err
		}
		if err := root.Symlink(to, l.Target); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("link %s: %w", l.Target, err)
		}
	}
	return nil
}
