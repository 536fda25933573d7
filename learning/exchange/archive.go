package exchange

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"lyceum/internal/fault"
	"lyceum/internal/media"
)

// archive is a package that is sound to unpack.
type archive struct {
	files map[string]*zip.File // by path
	lower map[string]string    // the path by itself in lower case: others write names in other cases than they link
	names []string             // in natural order
	root  string               // what all paths begin with, taken off
}

// openArchive opens a package; one that would harm is refused by the name of its entry.
func openArchive(r io.ReaderAt, size int64) (*archive, error) {
	if size > MaxPackage {
		return nil, fault.New(fault.KindTooLarge, "package_too_large", fmt.Sprintf("A package may have at most %d MB; this one has %d.", MaxPackage>>20, size>>20))
	}
	if err := media.CheckZip(r, size, limits); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, media.ErrZipUnsound.Because(err)
	}
	a := &archive{files: map[string]*zip.File{}, lower: map[string]string{}}
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, "/") && !rubbish(f.Name) {
			a.files[f.Name] = f
			a.names = append(a.names, f.Name)
		}
	}
	a.root = common(a.names)
	for i, name := range a.names {
		inner := strings.TrimPrefix(name, a.root)
		a.names[i] = inner
		f := a.files[name]
		delete(a.files, name)
		a.files[inner] = f
		a.lower[strings.ToLower(inner)] = inner
	}
	slices.SortFunc(a.names, natural)
	return a, nil
}

// rubbish is what systems leave in archives.
func rubbish(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(name, "__MACOSX/") || strings.HasPrefix(base, "._") || base == ".DS_Store" || base == "Thumbs.db" || base == "desktop.ini"
}

// common is the one folder that everything is in, "" for none: people pack the folder instead of what is in it.
func common(names []string) string {
	if len(names) == 0 {
		return ""
	}
	first, _, ok := strings.Cut(names[0], "/")
	if !ok {
		return ""
	}
	deeper := false
	for _, n := range names {
		if !strings.HasPrefix(n, first+"/") {
			return ""
		}
		rest := strings.TrimPrefix(n, first+"/")
		deeper = deeper || strings.Contains(rest, "/") || rest == manifestName || rest == courseName
	}
	if !deeper { // one folder of lessons is a module, not a wrapping
		return ""
	}
	return first + "/"
}

// has finds a file by its path, in any case of letters.
func (a *archive) has(name string) (string, bool) {
	if _, ok := a.files[name]; ok {
		return name, true
	}
	found, ok := a.lower[strings.ToLower(name)]
	return found, ok
}

// open reads a file of the package; it never gives more than the directory says.
func (a *archive) open(name string) (io.ReadCloser, int64, error) {
	f, ok := a.files[name]
	if !ok {
		return nil, 0, flawed(name, 0, "This file is not in the package.")
	}
	r, err := f.Open()
	if err != nil {
		return nil, 0, flawed(name, 0, "This file cannot be unpacked. Please pack it again.")
	}
	return r, int64(f.UncompressedSize64), nil
}

// read gives the bytes of a file of at most so many.
func (a *archive) read(name string, most int64) ([]byte, error) {
	r, size, err := a.open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if size > most {
		return nil, flawed(name, 0, "This file has %d KB; at most %d KB can be read of its kind.", size>>10, most>>10)
	}
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	switch {
	case errors.Is(err, zip.ErrChecksum), err != nil:
		return nil, flawed(name, 0, "This file is damaged. Please pack it again.")
	case int64(len(data)) != size:
		return nil, flawed(name, 0, "This file is not as long as the package says. Please pack it again.")
	}
	return data, nil
}

// text gives a file that must be UTF-8, without its mark and with line feeds alone.
func (a *archive) text(name string) (string, error) {
	data, err := a.read(name, maxText)
	if err != nil {
		return "", err
	}
	s := strings.TrimPrefix(string(data), "\ufeff")
	if !utf8.ValidString(s) {
		line := 1
		for i, r := range s {
			if r == utf8.RuneError {
				if _, width := utf8.DecodeRuneInString(s[i:]); width == 1 {
					break
				}
			}
			if r == '\n' {
				line++
			}
		}
		return "", flawed(name, line, "This is not UTF-8. Please save the file as UTF-8.")
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"), nil
}

// beside resolves an address written in a file of the package; "" for one that leads out of it.
func (a *archive) beside(from, to string) string {
	to, _, _ = strings.Cut(to, "#")
	to, _, _ = strings.Cut(to, "?")
	if to == "" || strings.HasPrefix(to, "/") || strings.ContainsAny(to, "\\\x00") {
		return ""
	}
	joined := path.Join(path.Dir(from), to)
	if joined == ".." || strings.HasPrefix(joined, "../") {
		return ""
	}
	return joined
}

// natural orders names as people number them: 2 before 10.
func natural(a, b string) int {
	for a != "" && b != "" {
		da, db := digits(a), digits(b)
		if da > 0 && db > 0 {
			na, nb := strings.TrimLeft(a[:da], "0"), strings.TrimLeft(b[:db], "0")
			if len(na) != len(nb) {
				return len(na) - len(nb)
			}
			if c := strings.Compare(na, nb); c != 0 {
				return c
			}
			a, b = a[da:], b[db:]
			continue
		}
		ra, wa := utf8.DecodeRuneInString(a)
		rb, wb := utf8.DecodeRuneInString(b)
		if ra != rb {
			if ra == '/' || rb == '/' { // what is in a folder comes behind its name
				return map[bool]int{true: -1, false: 1}[ra == '/']
			}
			if c := strings.Compare(strings.ToLower(string(ra)), strings.ToLower(string(rb))); c != 0 {
				return c
			}
		}
		a, b = a[wa:], b[wb:]
	}
	return len(a) - len(b)
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
