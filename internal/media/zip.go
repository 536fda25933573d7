package media

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"lyceum/internal/fault"
)

var (
	// ErrZipUnsound is a file that is no ZIP, or one that contradicts itself.
	ErrZipUnsound = fault.New(fault.KindInvalid, "zip_unsound", "This ZIP file is damaged. Please pack it again and upload the new file.")
	// ErrZipTooLarge is a ZIP with more, or larger, entries than allowed.
	ErrZipTooLarge = fault.New(fault.KindTooLarge, "zip_too_large", "This ZIP file unpacks to more than is allowed.")
	// ErrZipUnsafe is a ZIP with an entry that must not be unpacked.
	ErrZipUnsafe = fault.New(fault.KindInvalid, "zip_unsafe", "This ZIP file holds an entry that cannot be unpacked safely.")
)

// Limits bound what a ZIP may unpack to. A zero field means its default.
type Limits struct {
	Entries int   // files and folders; default 5,000, at most 60,000
	Total   int64 // bytes of all files unpacked; default 1 GiB
	File    int64 // bytes of one file unpacked; default 512 MiB
	Ratio   int64 // unpacked to packed size of a file beyond 1 MiB; default 100
}

func (l Limits) filled() Limits {
	fill := func(v *int64, standard int64) {
		if *v <= 0 {
			*v = standard
		}
	}
	if l.Entries <= 0 {
		l.Entries = 5000
	}
	l.Entries = min(l.Entries, 60_000)
	fill(&l.Total, 1<<30)
	fill(&l.File, 512<<20)
	fill(&l.Ratio, 100)
	return l
}

// CheckZip looks through a ZIP's directory, unpacking nothing, and refuses what harms who unpacks it: too many or too
// large entries, a compression beyond belief, entries that share their bytes, paths that lead elsewhere, two entries
// for one path, symbolic links, devices, encryption and unknown compression. archive/zip never gives more of an entry
// than its directory says, so what passes here unpacks to no more with it. Errors are ErrZipUnsound, ErrZipTooLarge
// and ErrZipUnsafe, and name the entry.
func CheckZip(r io.ReaderAt, size int64, limits Limits) error {
	l := limits.filled()
	if err := checkDirectoryEnd(r, size, l); err != nil {
		return err
	}
	directory := &budget{r: r, left: 1<<20 + int64(l.Entries)*1024}
	z, err := zip.NewReader(directory, size)
	switch {
	case directory.left < 0:
		return tooManyEntries(l)
	case err != nil && !errors.Is(err, zip.ErrInsecurePath): // paths are judged below, with a better sentence
		return ErrZipUnsound.Because(fmt.Errorf("read zip directory: %w", err))
	case len(z.File) > l.Entries:
		return tooManyEntries(l)
	case len(z.File) == 0:
		return ErrZipUnsound.Saying("This ZIP file is empty. Please pack it again with its files.")
	}
	if err := checkSizes(z.File, l); err != nil {
		return err
	}
	if err := checkNames(z.File); err != nil {
		return err
	}
	directory.left = 1<<20 + int64(l.Entries)*1024 // the entries' own headers are read now
	return checkPlaces(z.File, size)
}

func tooManyEntries(l Limits) error {
	return ErrZipTooLarge.Saying("This ZIP file holds more than %d files and folders. Please split it.", l.Entries)
}

// budget passes reads on until so many bytes were read.
type budget struct {
	r    io.ReaderAt
	left int64
}

func (b *budget) ReadAt(p []byte, at int64) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, errors.New("the directory is longer than its entries can make it")
	}
	return b.r.ReadAt(p, at)
}

// checkDirectoryEnd reads the number of entries from the end record (APPNOTE 4.3.16) before anything is allocated for
// them. ZIP64, meant for archives beyond 4 GB or 65,534 entries, is refused.
func checkDirectoryEnd(r io.ReaderAt, size int64, l Limits) error {
	tail := make([]byte, min(size, 22+20+1<<16))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read zip: %w", err)
	}
	i := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if i < 0 || len(tail) < i+22 {
		return ErrZipUnsound.Saying("This file is not a complete ZIP file. Please pack it again and upload the new file.")
	}
	end := tail[i:]
	entries, length, offset := binary.LittleEndian.Uint16(end[10:]), binary.LittleEndian.Uint32(end[12:]), binary.LittleEndian.Uint32(end[16:])
	if entries == 1<<16-1 || length == 1<<32-1 || offset == 1<<32-1 || i >= 20 && string(tail[i-20:i-16]) == "PK\x06\x07" {
		return ErrZipTooLarge.Saying("This ZIP file is of the kind for more than 65,000 files or 4 GB (ZIP64). Please pack fewer files.")
	}
	if int(entries) > l.Entries {
		return tooManyEntries(l)
	}
	return nil
}

func checkSizes(files []*zip.File, l Limits) error {
	var total uint64
	for _, f := range files {
		total += min(f.UncompressedSize64, 1<<62/uint64(len(files)))
		switch {
		case f.Method != zip.Store && f.Method != zip.Deflate:
			return ErrZipUnsafe.Saying("%s is packed by a method we cannot read. Please pack the ZIP file again with the usual compression.", quote(f.Name))
		case f.Flags&1 != 0:
			return ErrZipUnsafe.Saying("%s is protected by a password. Please pack the ZIP file again without one.", quote(f.Name))
		case f.UncompressedSize64 > uint64(l.File):
			return ErrZipTooLarge.Saying("%s unpacks to %d MB; at most %d MB are allowed for one file.", quote(f.Name), f.UncompressedSize64>>20, l.File>>20)
		case f.Method == zip.Store && f.CompressedSize64 != f.UncompressedSize64:
			return ErrZipUnsound.Saying("%s says two sizes. Please pack the ZIP file again.", quote(f.Name))
		case f.UncompressedSize64 > 1<<20 && f.UncompressedSize64/uint64(l.Ratio) > f.CompressedSize64:
			return ErrZipUnsafe.Saying("%s unpacks to more than %d times its size, as zip bombs do. Please leave it out.", quote(f.Name), l.Ratio)
		}
	}
	if total > uint64(l.Total) {
		return ErrZipTooLarge.Saying("This ZIP file unpacks to %d MB; at most %d MB are allowed.", total>>20, l.Total>>20)
	}
	return nil
}

// checkNames refuses paths that are not plainly below the folder they are unpacked to, everything that is no file or
// folder, and two entries for one path on a system that does not tell letters' cases apart.
func checkNames(files []*zip.File) error {
	folders := map[string]bool{} // by lower-case path: false for a file
	for _, f := range files {
		name, isFolder := strings.CutSuffix(f.Name, "/")
		if mode := f.Mode(); !isFolder && !mode.IsRegular() || mode&fs.ModeSymlink != 0 {
			return ErrZipUnsafe.Saying("%s is a link or a device, not a file. Please pack the ZIP file again without it.", quote(f.Name))
		}
		if !plainPath(name) {
			return ErrZipUnsafe.Saying("%s is not a path within the ZIP file. Please pack it again with plain names.", quote(f.Name))
		}
		key := strings.ToLower(name)
		was, known := folders[key]
		if known && !(was && isFolder) {
			return ErrZipUnsafe.Saying("%s is in this ZIP file twice. Please pack it again.", quote(f.Name))
		}
		folders[key] = isFolder
		for dir := path.Dir(key); dir != "."; dir = path.Dir(dir) {
			if isFolder, known := folders[dir]; known && !isFolder {
				return ErrZipUnsafe.Saying("%s lies within another file. Please pack the ZIP file again.", quote(f.Name))
			}
			folders[dir] = true
		}
	}
	return nil
}

func plainPath(name string) bool {
	if name == "" || len(name) > 512 || !utf8.ValidString(name) || !fs.ValidPath(name) || name == "." || strings.Count(name, "/") > 32 {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool { return r == '\\' || r == ':' || unicode.IsControl(r) })
}

// checkPlaces refuses entries that overlap: a bomb in which all entries share one kernel.
func checkPlaces(files []*zip.File, size int64) error {
	type span struct{ from, to int64 }
	spans := make([]span, 0, len(files))
	for _, f := range files {
		at, err := f.DataOffset()
		if err != nil || at > size || f.CompressedSize64 > uint64(size-at) {
			return ErrZipUnsound.Saying("%s lies beyond the end of this ZIP file. Please pack it again.", quote(f.Name))
		}
		spans = append(spans, span{at, at + int64(f.CompressedSize64)})
	}
	slices.SortFunc(spans, func(a, b span) int { return int(min(1, max(-1, a.from-b.from))) })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return ErrZipUnsafe.Saying("Entries of this ZIP file overlap, as in zip bombs. Please pack it again.")
		}
	}
	return nil
}

// quote puts a stranger's name into a sentence: cleaned and cut.
func quote(name string) string {
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, strings.ToValidUTF8(name, "·"))
	if r := []rune(name); len(r) > 60 {
		name = string(r[:60]) + "…"
	}
	return "“" + name + "”"
}
