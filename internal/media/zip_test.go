package media_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"
	"testing"

	"lyceum/internal/fault"
	"lyceum/internal/media"
)

func TestAnOrdinaryZipPasses(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 2<<20)
	r := rand.NewChaCha8([32]byte{1})
	if _, err := r.Read(noise); err != nil {
		t.Fatal(err)
	}
	for name, entries := range map[string][]entry{
		"files and folders":          {{name: "imsmanifest.xml", body: "<manifest/>"}, {name: "content/"}, {name: "content/index.html", body: "<p>"}, {name: "Größe 漢字.txt", body: "x"}},
		"names with dots":            {{name: "a..b.txt", body: "x"}, {name: ".hidden", body: "x"}, {name: "v1.2/x", body: "y"}},
		"a large file":               {{name: "film.mp4", body: string(noise)}},
		"a small file packed small":  {{name: "zeros", body: strings.Repeat("0", 900<<10)}},
		"an empty file":              {{name: "empty", body: ""}},
		"stored, not packed":         {{name: "a", body: "abc", header: zip.FileHeader{Method: zip.Store}}},
		"a folder twice":             {{name: "a/"}, {name: "a/"}, {name: "a/b", body: "x"}},
		"a folder named by its file": {{name: "a/b/c", body: "x"}, {name: "a/b/"}, {name: "a/b/d", body: "x"}},
	} {
		b := pack(t, entries)
		if err := media.CheckZip(bytes.NewReader(b), int64(len(b)), media.Limits{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAZipThatHarmsIsRefusedByTheNameOfItsEntry(t *testing.T) {
	t.Parallel()
	link, device := zip.FileHeader{}, zip.FileHeader{}
	link.SetMode(fs.ModeSymlink | 0o777)
	device.SetMode(fs.ModeDevice | 0o666)
	for name, c := range map[string]struct {
		entries []entry
		is      *fault.Fault
		says    string
	}{
		"path above":           {[]entry{{name: "../evil.sh", body: "x"}}, media.ErrZipUnsafe, "“../evil.sh”"},
		"path above in middle": {[]entry{{name: "a/../../evil.sh", body: "x"}}, media.ErrZipUnsafe, "evil.sh"},
		"path from the root":   {[]entry{{name: "/etc/passwd", body: "x"}}, media.ErrZipUnsafe, "“/etc/passwd”"},
		"path of Windows":      {[]entry{{name: `..\evil.exe`, body: "x"}}, media.ErrZipUnsafe, "evil.exe"},
		"drive":                {[]entry{{name: "C:evil.exe", body: "x"}}, media.ErrZipUnsafe, "C:evil.exe"},
		"dot":                  {[]entry{{name: "./a", body: "x"}}, media.ErrZipUnsafe, "./a"},
		"double slash":         {[]entry{{name: "a//b", body: "x"}}, media.ErrZipUnsafe, "a//b"},
		"only a slash":         {[]entry{{name: "/"}}, media.ErrZipUnsafe, "“/”"},
		"no name":              {[]entry{{name: "", body: "x"}}, media.ErrZipUnsafe, "“”"},
		"zero byte":            {[]entry{{name: "a\x00.html", body: "x"}}, media.ErrZipUnsafe, "a·.html"},
		"line end":             {[]entry{{name: "a\r\nb", body: "x"}}, media.ErrZipUnsafe, "a··b"},
		"broken UTF-8":         {[]entry{{name: "a\xff", body: "x"}}, media.ErrZipUnsafe, "“a·”"},
		"endless name":         {[]entry{{name: strings.Repeat("a", 600), body: "x"}}, media.ErrZipUnsafe, "…”"},
		"deep folders":         {[]entry{{name: strings.Repeat("a/", 40) + "b", body: "x"}}, media.ErrZipUnsafe, "not a path"},
		"symbolic link":        {[]entry{{name: "link", body: "/etc", header: link}, {name: "link/passwd", body: "x"}}, media.ErrZipUnsafe, "“link” is a link"},
		"link as a folder":     {[]entry{{name: "link/", header: link}}, media.ErrZipUnsafe, "link or a device"},
		"device":               {[]entry{{name: "dev", body: "", header: device}}, media.ErrZipUnsafe, "“dev” is a link or a device"},
		"same name twice":      {[]entry{{name: "a", body: "1"}, {name: "a", body: "2"}}, media.ErrZipUnsafe, "twice"},
		"same but for case":    {[]entry{{name: "Index.html", body: "1"}, {name: "index.HTML", body: "2"}}, media.ErrZipUnsafe, "twice"},
		"file and folder":      {[]entry{{name: "a", body: "1"}, {name: "a/b", body: "2"}}, media.ErrZipUnsafe, "within another file"},
		"folder and file":      {[]entry{{name: "a/b", body: "1"}, {name: "A", body: "2"}}, media.ErrZipUnsafe, "twice"},
		"password":             {[]entry{{name: "a", body: "x", header: zip.FileHeader{Flags: 1}}}, media.ErrZipUnsafe, "password"},
		"ratio of a bomb":      {[]entry{{name: "zeros", body: strings.Repeat("\x00", 4<<20)}}, media.ErrZipUnsafe, "“zeros” unpacks to more than 100 times"},
		"too many":             {many(5001), media.ErrZipTooLarge, "more than 5000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := pack(t, c.entries)
			err := media.CheckZip(bytes.NewReader(b), int64(len(b)), media.Limits{})
			if !errors.Is(err, c.is) || !strings.Contains(fault.Of(err).Text, c.says) {
				t.Errorf("got %v, want %s saying %q", err, c.is.Code, c.says)
			}
		})
	}
}

func TestTheLimitsOfTheCallerHold(t *testing.T) {
	t.Parallel()
	b := pack(t, []entry{{name: "a", body: strings.Repeat("ab", 3<<20), header: zip.FileHeader{Method: zip.Store}}, {name: "b", body: strings.Repeat("ab", 3<<20), header: zip.FileHeader{Method: zip.Store}}})
	for name, c := range map[string]struct {
		limits media.Limits
		says   string
	}{
		"entries": {media.Limits{Entries: 1}, "more than 1 files"}, "total": {media.Limits{Total: 10 << 20}, "unpacks to 12 MB; at most 10 MB"}, "file": {media.Limits{File: 5 << 20}, "“a” unpacks to 6 MB; at most 5 MB"},
	} {
		if err := media.CheckZip(bytes.NewReader(b), int64(len(b)), c.limits); !errors.Is(err, media.ErrZipTooLarge) || !strings.Contains(fault.Of(err).Text, c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	packed := pack(t, []entry{{name: "a", body: strings.Repeat("abcdefgh", 1<<18)}})
	if err := media.CheckZip(bytes.NewReader(packed), int64(len(packed)), media.Limits{Ratio: 5000}); err != nil {
		t.Errorf("a ratio that is allowed: %v", err)
	}
}

func TestAZipThatContradictsItselfIsRefused(t *testing.T) {
	t.Parallel()
	good := pack(t, []entry{{name: "a", body: "hello"}, {name: "b", body: "world"}})
	edit := func(change func(b []byte)) []byte {
		b := bytes.Clone(good)
		change(b)
		return b
	}
	central := bytes.Index(good, []byte("PK\x01\x02"))
	second := bytes.LastIndex(good, []byte("PK\x01\x02"))
	end := bytes.LastIndex(good, []byte("PK\x05\x06"))
	for name, c := range map[string]struct {
		in []byte
		is *fault.Fault
	}{
		"nothing":                  {nil, media.ErrZipUnsound},
		"no ZIP":                   {[]byte(strings.Repeat("hello", 100)), media.ErrZipUnsound},
		"cut off":                  {good[:len(good)-5], media.ErrZipUnsound},
		"beginning lost":           {good[40:], media.ErrZipUnsound},
		"directory elsewhere":      {edit(func(b []byte) { binary.LittleEndian.PutUint32(b[end+16:], 7) }), media.ErrZipUnsound},
		"more entries than told":   {edit(func(b []byte) { binary.LittleEndian.PutUint16(b[end+10:], 1) }), media.ErrZipUnsound},
		"fewer entries than told":  {edit(func(b []byte) { binary.LittleEndian.PutUint16(b[end+10:], 9) }), media.ErrZipUnsound},
		"data beyond the end":      {edit(func(b []byte) { binary.LittleEndian.PutUint32(b[central+20:], 1<<30) }), media.ErrZipUnsound},
		"entry that is no header":  {edit(func(b []byte) { binary.LittleEndian.PutUint32(b[central+42:], 3) }), media.ErrZipUnsound},
		"entries on one place":     {edit(func(b []byte) { copy(b[second+42:second+46], b[central+42:central+46]) }), media.ErrZipUnsafe},
		"unknown method":           {edit(func(b []byte) { binary.LittleEndian.PutUint16(b[central+10:], 99) }), media.ErrZipUnsafe},
		"stored with two sizes":    {edit(func(b []byte) { binary.LittleEndian.PutUint16(b[central+10:], 0) }), media.ErrZipUnsound},
		"size of four gigabytes":   {edit(func(b []byte) { binary.LittleEndian.PutUint32(b[central+24:], 1<<32-2) }), media.ErrZipTooLarge},
		"ZIP64":                    {edit(func(b []byte) { binary.LittleEndian.PutUint16(b[end+10:], 1<<16-1) }), media.ErrZipTooLarge},
		"empty":                    {pack(t, nil), media.ErrZipUnsound},
		"65536 entries told as 0":  {edit(func(b []byte) { binary.LittleEndian.PutUint16(b[end+10:], 0) }), media.ErrZipUnsound},
		"directory without an end": {endlessDirectory(1 << 16), media.ErrZipTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := media.CheckZip(bytes.NewReader(c.in), int64(len(c.in)), media.Limits{}); !errors.Is(err, c.is) {
				t.Errorf("got %v, want %s", err, c.is.Code)
			}
		})
	}
}

func TestAReaderThatFailsIsNotTheUploadersFault(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	err := media.CheckZip(failing{broken}, 1000, media.Limits{})
	if !errors.Is(err, broken) || fault.Of(err).Kind != fault.KindInternal {
		t.Fatalf("got %v", err)
	}
}

func FuzzCheckZipKeepsItsPromise(f *testing.F) {
	link := zip.FileHeader{}
	link.SetMode(fs.ModeSymlink | 0o777)
	for _, entries := range [][]entry{
		{{name: "a/b.txt", body: "hello"}, {name: "c/"}}, {{name: "../x", body: "y"}}, {{name: "l", body: "/", header: link}}, {{name: "a", body: strings.Repeat("0", 5000), header: zip.FileHeader{Method: zip.Deflate}}},
	} {
		f.Add(pack(f, entries))
	}
	limits := media.Limits{Entries: 50, Total: 1 << 20, File: 1 << 19, Ratio: 100}
	f.Fuzz(func(t *testing.T, in []byte) {
		if media.CheckZip(bytes.NewReader(in), int64(len(in)), limits) != nil {
			return
		}
		z, err := zip.NewReader(bytes.NewReader(in), int64(len(in)))
		if err != nil {
			t.Fatal(err)
		}
		total := int64(0)
		for _, e := range z.File {
			if !fs.ValidPath(strings.TrimSuffix(e.Name, "/")) || e.Mode()&fs.ModeSymlink != 0 {
				t.Fatalf("passed with %q, %v", e.Name, e.Mode())
			}
			r, err := e.Open()
			if err != nil {
				continue
			}
			n, _ := io.Copy(io.Discard, r) // a broken body is told when it is unpacked
			total += n
		}
		if len(z.File) > limits.Entries || total > limits.Total {
			t.Fatalf("passed with %d entries of %d bytes", len(z.File), total)
		}
	})
}

type entry struct {
	name, body string
	header     zip.FileHeader
}

func many(n int) []entry {
	out := make([]entry, n)
	for i := range out {
		out[i] = entry{name: fmt.Sprint("f", i)}
	}
	return out
}

// pack writes the entries as they are told, however wrong.
func pack(t testing.TB, entries []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		h := e.header
		h.Name = e.name
		if h.Method == 0 && e.header.Flags == 0 && len(e.body) > 0 && h.Mode()&fs.ModeType == 0 && !stored(e) {
			h.Method = zip.Deflate
		}
		w, err := z.CreateHeader(&h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(e.body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// stored tells the bodies that shall not be packed: those that would be taken for a bomb by the wrong test.
func stored(e entry) bool { return strings.HasPrefix(e.body, "abab") || e.body == "abc" }

// endlessDirectory is a directory of more entries than its end record admits.
func endlessDirectory(extra int) []byte {
	record := make([]byte, 46+200)
	copy(record, "PK\x01\x02")
	binary.LittleEndian.PutUint16(record[28:], 200)
	b := bytes.Repeat(record, extra+1)
	length := len(b)
	b = append(b, "PK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(length))
	return append(b, 0, 0, 0, 0, 0, 0)
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }
