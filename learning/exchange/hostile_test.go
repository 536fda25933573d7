package exchange_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"lyceum/internal/fault"
	"lyceum/internal/media"
	"lyceum/learning/exchange"
)

// raw is a package whose entries say of themselves what the test wants.
func raw(t testing.TB, headers ...*zip.FileHeader) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, h := range headers {
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = io.WriteString(w, h.Comment)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func plain(name, text string) *zip.FileHeader {
	return &zip.FileHeader{Name: name, Comment: text, Method: zip.Deflate}
}

// bomb is an entry of zeros.
func bomb(t testing.TB, name string, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	w, err := z.Create(name)
	if err == nil {
		_, err = io.CopyN(w, zeros{}, size)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// hostile are packages that must be refused, each with what is said of it: the place, and words of the sentence.
func hostile(t testing.TB) map[string]struct {
	data        []byte
	place, says string
} {
	link := plain("a.md", "/etc/passwd")
	link.SetMode(fs.ModeSymlink | 0o777)
	many := make([]*zip.FileHeader, 5001)
	for i := range many {
		many[i] = plain(fmt.Sprintf("m/%d.md", i), "x")
	}
	page := `<resource identifier="p" type="webcontent" href="p.html"><file href="p.html"/></resource>`
	item := `<item identifier="i" identifierref="p"><title>P</title></item>`
	cc := func(m string, more ...entry) []byte {
		return packed(t, append([]entry{{"imsmanifest.xml", m}}, more...)...)
	}
	fine := manifest(item, page)
	deep := strings.Repeat("<item>", 80) + strings.Repeat("</item>", 80)
	jpeg := "\xff\xd8\xff\xe0\x00\x10JFIF" + strings.Repeat("\x00", 600)
	quiz := "---\nkind: quiz\n---\n\n## Q?\n\n"
	return map[string]struct {
		data        []byte
		place, says string
	}{
		"a path above":                    {raw(t, plain("../a.md", "x")), "", "“../a.md” is not a path"},
		"an absolute path":                {raw(t, plain("/etc/a.md", "x")), "", "is not a path"},
		"a backslash":                     {raw(t, plain(`m\..\a.md`, "x")), "", "is not a path"},
		"a drive":                         {raw(t, plain("C:/a.md", "x")), "", "is not a path"},
		"a link":                          {raw(t, link), "", "“a.md” is a link"},
		"two names but for their case":    {raw(t, plain("m/a.md", "x"), plain("M/A.md", "y")), "", "is in this ZIP file twice"},
		"a file that is a folder":         {raw(t, plain("m", "x"), plain("m/a.md", "y")), "", "lies within another file"},
		"too many entries":                {raw(t, many...), "", "more than 5000 files"},
		"a bomb":                          {bomb(t, "m/a.md", 60<<20), "", "times its size, as zip bombs do"},
		"no package":                      {[]byte("PK\x03\x04 nothing"), "", "not a complete ZIP file"},
		"no lessons":                      {packed(t, entry{"a.txt", "x"}), "", "neither a Common Cartridge nor"},
		"broken UTF-8":                    {packed(t, entry{"m/a.md", "one\ntwo \xff three"}), "m/a.md:2", "not UTF-8"},
		"an open head":                    {packed(t, entry{"m/a.md", "---\ntitle: x\n"}), "m/a.md:1", "is not closed"},
		"a head that is none":             {packed(t, entry{"m/a.md", "---\ntitle: x\nnonsense\n---\n"}), "m/a.md:3", "key: value"},
		"a number that is none":           {packed(t, entry{"m/a.md", "---\nminutes: soon\n---\n"}), "m/a.md:2", "must be a number"},
		"an unknown kind":                 {packed(t, entry{"m/a.md", "---\ntitle: x\nkind: spell\n---\n"}), "m/a.md:3", "no kind of lesson called “spell”"},
		"a picture that is not there":     {packed(t, entry{"m/a.md", "# T\n\ntext\n\n![x](gone.png)"}), "m/a.md:5", "“gone.png” is not in the package"},
		"a picture from above":            {packed(t, entry{"m/a.md", "![x](../../../etc/passwd)"}), "m/a.md:1", "is not in the package"},
		"a picture from the top":          {packed(t, entry{"m/a.md", "![x](/etc/passwd)"}), "m/a.md:1", "is not in the package"},
		"a file that is not there":        {packed(t, entry{"m/a.md", "---\nfile: gone.pdf\n---\n"}), "m/a.md:2", "is not in the package"},
		"a picture that is a page":        {packed(t, entry{"m/a.md", "![x](a.png)"}, entry{"m/a.png", "<!doctype html><script>alert(1)</script>"}), "m/a.png", "is not a picture"},
		"a picture that is broken":        {packed(t, entry{"m/a.md", "![x](a.jpg)"}, entry{"m/a.jpg", jpeg}), "m/a.jpg", "damaged"},
		"a film that is a picture":        {packed(t, entry{"m/a.md", "---\nkind: video\nfile: a.mp4\n---\n"}, entry{"m/a.mp4", pngFile(t)}), "m/a.mp4", "is not a video"},
		"captions that are none":          {packed(t, entry{"m/a.md", "---\nkind: video\nfile: a.mp4\ncaptions: a.vtt\n---\n"}, entry{"m/a.mp4", mp4File}, entry{"m/a.vtt", "hello"}), "m/a.vtt", "caption file"},
		"a quiz without questions":        {packed(t, entry{"m/a.md", "---\nkind: quiz\n---\nx"}), "m/a.md", "has no questions"},
		"a question without a right one":  {packed(t, entry{"m/a.md", quiz + "- [ ] a\n- [ ] b"}), "m/a.md:5", "Tick at least one"},
		"a question with one answer":      {packed(t, entry{"m/a.md", quiz + "- [x] a"}), "m/a.md:5", "fewer than two answers"},
		"a line that is no answer":        {packed(t, entry{"m/a.md", quiz + "- [x] a\n- [ ] b\nwhat?"}), "m/a.md:9", "neither an answer"},
		"a text beyond measure":           {packed(t, entry{"m/a.md", strings.Repeat("word ", 20000)}), "m/a.md", "longer than 64 KB"},
		"a document type":                 {cc(strings.Replace(fine, "<manifest", "<!DOCTYPE manifest [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><manifest", 1), entry{"p.html", "x"}), "imsmanifest.xml:2", "document type"},
		"an entity of one's own":          {cc(strings.Replace(fine, "Ladders", "&x;", 1), entry{"p.html", "x"}), "imsmanifest.xml:3", "not well-formed"},
		"a manifest without end":          {cc(fine[:len(fine)-20], entry{"p.html", "x"}), "imsmanifest.xml:5", "not well-formed"},
		"a manifest too deep":             {cc(manifest(deep, page), entry{"p.html", "x"}), "imsmanifest.xml:4", "stand inside one another"},
		"a root that is no manifest":      {cc("<x/>"), "imsmanifest.xml:1", "not the manifest"},
		"a resource without its file":     {cc(fine), "imsmanifest.xml:5", "“p.html” is not in the package"},
		"a resource from above":           {cc(manifest(item, strings.ReplaceAll(page, "p.html", "../../p.html")), entry{"p.html", "x"}), "imsmanifest.xml:5", "is not in the package"},
		"two resources of one name":       {cc(manifest(item, page+page), entry{"p.html", "x"}), "imsmanifest.xml:5", "are called “p”"},
		"a page's picture is not there":   {cc(fine, entry{"p.html", `<img src="gone.png" alt="x">`}), "p.html", "“gone.png” is not in the package"},
		"a page that names its own place": {cc(fine, entry{"p.html", `<img src="package:../../x" alt="x">`}), "p.html", "is not in the package"},
		"a link that runs":                {cc(manifest(item, `<resource identifier="p" type="imswl_xmlv1p3"><file href="l.xml"/></resource>`), entry{"l.xml", `<webLink><title>x</title><url href="javascript:alert(1)"/></webLink>`}), "l.xml:1", "leads nowhere a browser may go"},
		"a quiz that is none":             {cc(manifest(item, `<resource identifier="p" type="imsqti_xmlv1p2/imscc_xmlv1p3/assessment"><file href="q.xml"/></resource>`), entry{"q.xml", `<x/>`}), "q.xml:1", "no assessment"},
		"a page of broken UTF-8":          {cc(fine, entry{"p.html", "\n\n<p>\xc3\x28</p>"}), "p.html:3", "not UTF-8"},
	}
}

func TestAHostilePackageIsRefusedByItsPlaceAndLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range hostile(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := setup(t)
			f := h.refused(t, c.data)
			said := f.Text
			if c.place != "" {
				said = f.Fields[c.place]
			}
			if !strings.Contains(said, c.says) {
				t.Errorf("at %q %q is said, want %q; all: %s %v", c.place, said, c.says, f.Text, f.Fields)
			}
		})
	}
}

// One fault late in a package undoes what came before it: files that were kept already too.
func TestAFaultAtTheEndLeavesNothingOfTheBeginning(t *testing.T) {
	t.Parallel()
	h := setup(t)
	entries := []entry{}
	for i := range 5 {
		entries = append(entries, entry{fmt.Sprintf("m/%d.md", i), fmt.Sprintf("![x](%d.png)", i)}, entry{fmt.Sprintf("m/%d.png", i), pngFile(t)})
	}
	broken := strings.Replace(pngFile(t), "IDAT", "IDXX", 1) // looks like a picture until it is read
	f := h.refused(t, packed(t, append(entries, entry{"m/9.md", "![x](9.png)"}, entry{"m/9.png", broken})...))
	if f.Fields["m/9.png"] == "" {
		t.Errorf("refused by %v", f.Fields)
	}
}

func TestAnEntryLargerThanItSaysIsNotBelieved(t *testing.T) {
	t.Parallel()
	h := setup(t)
	data := packed(t, entry{"m/a.md", strings.Repeat("text ", 1000)})
	at := bytes.LastIndex(data, []byte("PK\x01\x02"))
	copy(data[at+24:], []byte{10, 0, 0, 0}) // ten bytes, says the directory
	_, _, err := h.exchange.Import(h.author, bytes.NewReader(data), int64(len(data)))
	if err == nil || fault.Of(err).Kind == fault.KindInternal {
		t.Errorf("got %v", err)
	}
}

func TestAPackageIsNeverHalfRead(t *testing.T) {
	t.Parallel()
	h := setup(t)
	data := packed(t, entry{"m/a.md", "text"}, entry{"m/b.md", "more"})
	for cut := range len(data) {
		if _, err := h.exchange.Inspect(h.author, bytes.NewReader(data[:cut]), int64(cut)); err == nil {
			t.Fatalf("%d of %d bytes are taken for a package", cut, len(data))
		} else if f := fault.Of(err); f.Kind == fault.KindInternal || !errors.Is(err, media.ErrZipUnsound) && !errors.Is(err, exchange.ErrFormat) && !errors.Is(err, media.ErrZipUnsafe) {
			t.Fatalf("%d bytes: %v", cut, err)
		}
	}
}
