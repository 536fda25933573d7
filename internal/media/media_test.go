package media_test

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"lyceum/internal/media"
)

// The files under testdata were made with ffmpeg from `color=c=blue:s=16x16:d=2:r=5` (libx264, libvpx, libtheora) and
// `sine=frequency=440:duration=1:sample_rate=22050` (libvorbis, libmp3lame, aac).
func TestRealFilesAreKnownByTheirContent(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]struct {
		mediaType string
		kind      media.Kind
	}{
		"film.mp4": {"video/mp4", media.KindVideo}, "film-faststart.mp4": {"video/mp4", media.KindVideo}, "film.webm": {"video/webm", media.KindVideo}, "film.ogv": {"video/ogg", media.KindVideo},
		"sound.ogg": {"audio/ogg", media.KindAudio}, "sound.mp3": {"audio/mpeg", media.KindAudio}, "sound-id3.mp3": {"audio/mpeg", media.KindAudio}, "sound.m4a": {"audio/mp4", media.KindAudio},
		"film.mkv": {media.Unknown, media.KindUnknown}, "film.mov": {media.Unknown, media.KindUnknown},
	} {
		mediaType, kind := media.Sniff(testdata(t, file))
		if mediaType != want.mediaType || kind != want.kind {
			t.Errorf("%s is %s (%s), want %s (%s)", file, mediaType, kind, want.mediaType, want.kind)
		}
	}
}

func TestOtherFormatsAreKnownByTheirFirstBytes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		head      string
		mediaType string
	}{
		"PNG": {"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR", "image/png"}, "JPEG": {"\xff\xd8\xff\xe0\x00\x10JFIF", "image/jpeg"}, "GIF": {"GIF89a\x01\x00", "image/gif"}, "old GIF": {"GIF87a\x01\x00", "image/gif"},
		"WebP": {"RIFF\x24\x00\x00\x00WEBPVP8 ", "image/webp"}, "PDF": {"%PDF-1.7\n", "application/pdf"},
		"SVG": {`<svg xmlns="http://www.w3.org/2000/svg">`, "image/svg+xml"}, "SVG with all in front": {"\ufeff<?xml version=\"1.0\"?>\n<!-- c --><!DOCTYPE svg PUBLIC \"x\">\n<svg\n>", "image/svg+xml"}, "SVG with a prefix": {"<svg:svg >", "image/svg+xml"},
		"captions": {"WEBVTT\n\n", "text/vtt"}, "captions with a title": {"\ufeffWEBVTT - Title\r\n", "text/vtt"}, "captions alone": {"WEBVTT", "text/vtt"},
		"ZIP": {zipped(t, "a.txt"), "application/zip"}, "empty ZIP": {"PK\x05\x06" + strings.Repeat("\x00", 18), "application/zip"},
		"Word":       {zipped(t, "[Content_Types].xml", "_rels/.rels", "word/document.xml"), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		"Excel":      {zipped(t, "[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
		"PowerPoint": {zipped(t, "[Content_Types].xml", "ppt/presentation.xml"), "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
		"Writer":     {openDocument(t, "application/vnd.oasis.opendocument.text"), "application/vnd.oasis.opendocument.text"}, "Calc": {openDocument(t, "application/vnd.oasis.opendocument.spreadsheet"), "application/vnd.oasis.opendocument.spreadsheet"}, "Impress": {openDocument(t, "application/vnd.oasis.opendocument.presentation"), "application/vnd.oasis.opendocument.presentation"},
		"EPUB is a ZIP": {openDocument(t, "application/epub+zip"), "application/zip"}, "a folder called word": {zipped(t, "word/document.xml"), "application/zip"},
		"nothing": {"", media.Unknown}, "text": {"hello", media.Unknown}, "HTML": {"<!DOCTYPE html><html>", media.Unknown}, "HTML with an SVG in it": {"<html><svg>", media.Unknown}, "HTML behind a comment": {"<!-- <svg > --><script>", media.Unknown}, "tag that begins like SVG": {"<svgx>", media.Unknown}, "script": {"#!/bin/sh\n", media.Unknown},
		"program": {"\x7fELF\x02", media.Unknown}, "Windows program": {"MZ\x90\x00", media.Unknown}, "HEIC": {"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", media.Unknown}, "AVIF": {"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf", media.Unknown}, "sound in RIFF": {"RIFF\x24\x00\x00\x00WAVEfmt ", "audio/wav"}, "FLAC": {"fLaC\x00\x00\x00\x22", "audio/flac"}, "RIFF of something else": {"RIFF\x24\x00\x00\x00AVI LIST", media.Unknown},
		"file type box cut off": {"\x00\x00\x00\x18ftypis", media.Unknown}, "file type box too long": {"\xff\xff\xff\xffftypxxxx\x00\x00\x00\x00isom", "video/mp4"}, "file type box too short": {"\x00\x00\x00\x08ftypxxxx", media.Unknown}, "captions misspelt": {"WEBVTTX\n", media.Unknown}, "lone frame sync": {"\xff\xfb" + strings.Repeat("\x00", 4000), media.Unknown}, "half a frame sync": {"\xff\xfb\x90", media.Unknown},
	} {
		if got, _ := media.Sniff([]byte(c.head)); got != c.mediaType {
			t.Errorf("%s is %s, want %s", name, got, c.mediaType)
		}
	}
}

func TestALessonTakesWhatItCanShow(t *testing.T) {
	t.Parallel()
	for kind, want := range map[media.Kind]bool{
		media.KindVideo: true, media.KindAudio: true, media.KindPicture: true, media.KindDocument: true, media.KindCaptions: true,
		media.KindArchive: false, media.KindUnknown: false, "": false, "program": false,
	} {
		if media.Allowed(kind) != want {
			t.Errorf("Allowed(%q) = %v", kind, !want)
		}
	}
}

func TestAFileNameLosesItsTricksAndKeepsItsLetters(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"report.pdf": "report.pdf", "Über uns – Größe 漢字.docx": "Über uns – Größe 漢字.docx", "../../etc/passwd": "passwd", `C:\Users\Ada\plan.pdf`: "plan.pdf", "/etc/": "file", "..": "file", ".": "file", "": "file", "   ": "file", ".htaccess": "htaccess", "...x...": "x",
		"a\x00b\r\nc.txt": "ab c.txt", "a\tb   c.txt": "a b c.txt", "invoice\u202efdp.exe": "invoicefdp.exe", "a\ufeff\u200bb.txt": "ab.txt", `a"b<c>d|e?f*g:h.txt`: "a_b_c_d_e_f_g_h.txt", "bad\xffutf8\xc3.txt": "badutf8.txt",
		"Cafe\u0301.png": "Café.png", "می\u200cخواهم.txt": "می\u200cخواهم.txt", "x.tar.gz ": "x.tar.gz", "name\u2028two": "name two",
	} {
		if got := media.CleanName(in); got != want {
			t.Errorf("CleanName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestALongFileNameIsCutAndKeepsItsExtension(t *testing.T) {
	t.Parallel()
	for in, end := range map[string]string{
		strings.Repeat("ä", 300) + ".pdf": "ä.pdf", strings.Repeat("a ", 200) + ".webm": "a.webm", "a." + strings.Repeat("b", 300): "b", strings.Repeat("x", 121): "x",
	} {
		got := media.CleanName(in)
		if n := utf8.RuneCountInString(got); n > media.MaxName || n < media.MaxName-2 || !strings.HasSuffix(got, end) {
			t.Errorf("%.20q… became %q of %d characters", in, got, n)
		}
	}
}

func FuzzCleanNameIsCleanAndSettled(f *testing.F) {
	for _, s := range []string{"a.pdf", "../x", "\u202e", strings.Repeat(". ", 100), "e\u0301", "A\x00\u0301", `\\server\share`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := media.CleanName(s)
		if got == "" || !utf8.ValidString(got) || utf8.RuneCountInString(got) > media.MaxName || strings.ContainsAny(got, "/\\\x00\r\n\"<>:|?*\u202e") || strings.Trim(got, ". ") != got {
			t.Fatalf("%q became %q", s, got)
		}
		if again := media.CleanName(got); again != got {
			t.Fatalf("%q became %q at first and %q then", s, got, again)
		}
	})
}

func TestTheLengthOfAFilmIsReadFromItsHeader(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]time.Duration{"film.mp4": 2 * time.Second, "film-faststart.mp4": 2 * time.Second, "film.mov": 2 * time.Second, "sound.m4a": time.Second} {
		b := testdata(t, file)
		got, ok := media.MP4Duration(bytes.NewReader(b), int64(len(b)))
		if diff := got - want; !ok || diff < 0 || diff > 100*time.Millisecond {
			t.Errorf("%s: %v, %v; want %v", file, got, ok, want)
		}
	}
	long := box("ftyp", "isom") + "\x00\x00\x00\x01mdat\x00\x00\x00\x00\x00\x00\x00\x14abcd" +
		box("moov", box("free", "xx")+box("mvhd", "\x01\x00\x00\x00"+strings.Repeat("\x00", 16)+"\x00\x00\x03\xe8"+"\x00\x00\x00\x00\x00\x36\xee\x80"))
	if got, ok := media.MP4Duration(strings.NewReader(long), int64(len(long))); !ok || got != time.Hour {
		t.Errorf("64-bit boxes: %v, %v; want 1h", got, ok)
	}
}

func TestAFilmWhoseHeaderCannotBeBelievedHasNoLength(t *testing.T) {
	t.Parallel()
	header := func(scale, units string) string {
		return box("moov", box("mvhd", strings.Repeat("\x00", 12)+scale+units))
	}
	for name, in := range map[string]string{
		"nothing": "", "no movie": box("ftyp", "isom"), "movie without header": box("moov", box("trak", "")), "box of length 2": "\x00\x00\x00\x02moov", "box beyond the end": "\x00\x00\x10\x00moov", "length below zero": "\x00\x00\x00\x01moov\xff\xff\xff\xff\xff\xff\xff\xff",
		"inner box beyond the outer": box("moov", "\x00\x00\x00\xffmvhd"+strings.Repeat("\x00", 20)) + strings.Repeat("x", 300), "header cut off": box("moov", box("mvhd", "\x00\x00\x00\x00")), "version 1 cut off": box("moov", box("mvhd", "\x01"+strings.Repeat("\x00", 22))), "version 9": box("moov", box("mvhd", "\x09"+strings.Repeat("\x01", 40))),
		"scale of zero": header("\x00\x00\x00\x00", "\x00\x00\x00\x09"), "length unknown": header("\x00\x00\x00\x01", "\xff\xff\xff\xff"), "a lie of years": header("\x00\x00\x00\x01", "\xf0\x00\x00\x00"), "length of zero": header("\x00\x00\x03\xe8", "\x00\x00\x00\x00"), "empty boxes without end": strings.Repeat("\x00\x00\x00\x08free", 5000) + header("\x00\x00\x00\x01", "\x00\x00\x00\x01"), "too long for 64 bits": box("moov", box("mvhd", "\x01"+strings.Repeat("\x00", 22)+"\x01"+strings.Repeat("\xff", 8))),
	} {
		if got, ok := media.MP4Duration(strings.NewReader(in), int64(len(in))); ok {
			t.Errorf("%s: %v", name, got)
		}
	}
	film := testdata(t, "film.mp4")
	if _, ok := media.MP4Duration(bytes.NewReader(film[:100]), int64(len(film))); ok {
		t.Error("a reader shorter than its size was believed")
	}
}

func FuzzMP4DurationNeverPanics(f *testing.F) {
	for _, file := range []string{"film.mp4", "film-faststart.mp4", "sound.m4a"} {
		b, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("\x00\x00\x00\x01moov\x7f\xff\xff\xff\xff\xff\xff\xff"))
	f.Add([]byte(box("moov", box("mvhd", strings.Repeat("\x00", 12)+"\x00\x00\x03\xe8\x00\x00\x03\xe8"))))
	f.Fuzz(func(t *testing.T, in []byte) {
		if d, ok := media.MP4Duration(bytes.NewReader(in), int64(len(in))); ok && (d < 0 || d > 1000*time.Hour) {
			t.Fatalf("a film of %v", d)
		}
		media.Sniff(in)
	})
}

func box(typ, content string) string {
	n := len(content) + 8
	return string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + typ + content
}

func testdata(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func zipped(t *testing.T, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("<x/>")); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func openDocument(t *testing.T, mimetype string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "mimetype", Method: zip.Store, CompressedSize64: uint64(len(mimetype)), UncompressedSize64: uint64(len(mimetype))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(mimetype)); err != nil {
		t.Fatal(err)
	}
	if _, err := z.Create("content.xml"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
