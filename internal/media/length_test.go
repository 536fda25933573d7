package media_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lyceum/internal/media"
)

func TestTheLengthOfARealRecordingIsRead(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]time.Duration{
		"film.mp4": 2 * time.Second, "film.webm": 2 * time.Second, "sound.m4a": time.Second, "sound.ogg": time.Second, "sound.mp3": time.Second, "sound-id3.mp3": time.Second,
	} {
		b := testdata(t, file)
		mediaType, _ := media.Sniff(b)
		got, ok := media.Length(bytes.NewReader(b), int64(len(b)), mediaType)
		if diff := got - want; !ok || diff.Abs() > 150*time.Millisecond {
			t.Errorf("%s (%s): %v, %v; want %v", file, mediaType, got, ok, want)
		}
	}
}

func le32(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }

func wav(rate, data uint32, have int) string {
	format := "\x01\x00\x02\x00" + le32(44100) + le32(rate) + "\x04\x00\x10\x00"
	return "RIFF" + le32(999) + "WAVE" + "LIST" + le32(3) + "abc\x00" + "fmt " + le32(16) + format + "data" + le32(data) + strings.Repeat("x", have)
}

func flac(rate, samples uint64) string {
	info := strings.Repeat("\x00", 10) + string(binary.BigEndian.AppendUint64(nil, rate<<44|1<<41|15<<36|samples)) + strings.Repeat("\x00", 16)
	return "fLaC\x80\x00\x00\x22" + info
}

func oggPage(serial, body string, granule uint64) string {
	return "OggS\x00\x02" + string(binary.LittleEndian.AppendUint64(nil, granule)) + serial + strings.Repeat("\x00", 8) + "\x01" + string(rune(len(body))) + body
}

func opus(granule uint64) string {
	return oggPage("abcd", "OpusHead\x01\x02\x38\x01"+le32(48000)+"\x00\x00\x00", 0) + oggPage("abcd", "sound", granule) + oggPage("other"[:4], "sound", 1<<40) + oggPage("abcd", "more", 1<<64-1)
}

// el is an element of EBML with a size of eight bytes; unknown leaves its size open.
func el(id, body string) string {
	return id + string(binary.BigEndian.AppendUint64(nil, 1<<56|uint64(len(body)))) + body
}

func unknown(id, body string) string { return id + "\x01\xff\xff\xff\xff\xff\xff\xff" + body }

const (
	docType   = "\x42\x82\x84webm"
	idHeader  = "\x1a\x45\xdf\xa3"
	idSegment = "\x18\x53\x80\x67"
	idInfo    = "\x15\x49\xa9\x66"
	idCluster = "\x1f\x43\xb6\x75"
)

func webm(info string, clusters ...string) string {
	return el(idHeader, docType) + unknown(idSegment, el("\xec", "void")+el(idInfo, info)+strings.Join(clusters, ""))
}

func cluster(at uint16, blocks ...uint16) string {
	body := el("\xe7", string(binary.BigEndian.AppendUint16(nil, at)))
	for _, b := range blocks {
		body += el("\xa3", "\x81"+string(binary.BigEndian.AppendUint16(nil, b))+"\x00picture "+idCluster+"\xff")
	}
	return unknown(idCluster, body)
}

func TestTheLengthIsReadFromWhatEachFormatSays(t *testing.T) {
	t.Parallel()
	duration := func(d float64) string {
		return el("\x2a\xd7\xb1", "\x0f\x42\x40") + el("\x44\x89", string(binary.BigEndian.AppendUint64(nil, math.Float64bits(d))))
	}
	for name, c := range map[string]struct {
		in   string
		want time.Duration
	}{
		"WAV": {wav(1000, 2500, 2500), 2500 * time.Millisecond}, "WAV cut off while recording": {wav(1000, math.MaxUint32, 4000), 4 * time.Second}, "WAV with an open size": {wav(1000, 0, 1000), time.Second}, "WAV that promises more": {wav(1000, 9000, 1000), time.Second},
		"WAV of silence without a rate": {wav(0, 1000, 1000), 0}, "WAV without data": {wav(1000, 0, 0), 0}, "WAV without format": {"RIFF" + le32(99) + "WAVEdata" + le32(9) + "123456789", 0},
		"FLAC": {flac(44100, 44100*90), 90 * time.Second}, "FLAC that does not know": {flac(44100, 0), 0}, "FLAC without a rate": {flac(0, 99), 0}, "FLAC cut off": {flac(44100, 44100)[:30], 0}, "FLAC of years": {flac(1, 1<<36-1), 0},
		"Opus": {opus(48000*3 + 312), 3 * time.Second}, "Opus without an end": {opus(0), 0}, "Ogg of something else": {oggPage("abcd", "Speex   ", 5) + oggPage("abcd", "x", 99), 0},
		"WebM": {webm(duration(90500)), 90500 * time.Millisecond}, "WebM as browsers record": {webm(el("\x2a\xd7\xb1", "\x0f\x42\x40"), cluster(0, 0, 900), cluster(5000, 0, 40, 1234)), 6234 * time.Millisecond},
		"WebM of no length": {webm(duration(0), cluster(0)), 0}, "WebM of less than none": {webm(duration(-5), cluster(7000)), 7 * time.Second}, "WebM of not a number": {webm(duration(math.NaN())), 0}, "WebM of years": {webm(duration(1e18)), 0},
		"WebM without a description": {el(idHeader, docType) + unknown(idSegment, cluster(5, 6)), 0}, "WebM cut off": {webm(duration(5000))[:60], 0},
	} {
		mediaType, _ := media.Sniff([]byte(c.in))
		got, ok := media.Length(strings.NewReader(c.in), int64(len(c.in)), mediaType)
		if ok != (c.want > 0) || (got-c.want).Abs() > time.Millisecond {
			t.Errorf("%s (%s): %v, %v; want %v", name, mediaType, got, ok, c.want)
		}
	}
}

func TestTheLengthOfAnMP3IsCountedOrEstimated(t *testing.T) {
	t.Parallel()
	frame := "\xff\xfb\x90\x00" + strings.Repeat("\x00", 413) // MPEG 1 layer III, 128 kbit/s, 44.1 kHz
	frames := func(n int) string { return strings.Repeat(frame, n) }
	xing := frame[:36] + "Xing\x00\x00\x00\x01\x00\x00\x10\x00" + frame[48:]
	for name, c := range map[string]struct {
		in   string
		want time.Duration
	}{
		"constant rate": {frames(383), 10 * time.Second}, "with a tag at the end": {frames(383) + "TAG" + strings.Repeat("\x00", 125), 10 * time.Second},
		"with a tag in front": {"ID3\x04\x00\x00\x00\x00\x01\x00" + strings.Repeat("\x00", 128) + frames(383), 10 * time.Second}, "variable rate": {xing + frames(3), 107 * time.Second},
		"a tag longer than the file": {"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + frames(9), 0}, "no sound": {"ID3\x04\x00\x00\x00\x00\x00\x00hello", 0},
	} {
		got, ok := media.Length(strings.NewReader(c.in), int64(len(c.in)), "audio/mpeg")
		if ok != (c.want > 0) || (got-c.want).Abs() > 100*time.Millisecond {
			t.Errorf("%s: %v, %v; want %v", name, got, ok, c.want)
		}
	}
}

func TestAFilmThatMustBeFetchedWholeIsNoticed(t *testing.T) {
	t.Parallel()
	for file, late := range map[string]bool{"film.mp4": true, "film-faststart.mp4": false, "film.webm": false} {
		b := testdata(t, file)
		if got := media.LateIndex(bytes.NewReader(b), int64(len(b))); got != late {
			t.Errorf("%s: %v", file, got)
		}
	}
}

func TestARecordingThatNoPlayerBeginsIsRefused(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"film.mp4", "film.webm", "sound.m4a", "sound.mp3", "sound.ogg"} {
		b := testdata(t, file)
		mediaType, _ := media.Sniff(b)
		if err := media.CheckPlayable(bytes.NewReader(b), int64(len(b)), mediaType); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	film := testdata(t, "film.mp4") // its index stands at the end
	for name, c := range map[string][2]string{"half a film": {string(film[:len(film)/2]), "video/mp4"}, "a tag alone": {"ID3\x04\x00" + strings.Repeat("\x00", 100), "audio/mpeg"}, "a WAV without data": {wav(1000, 0, 0), "audio/wav"}} {
		if err := media.CheckPlayable(strings.NewReader(c[0]), int64(len(c[0])), c[1]); !errors.Is(err, media.ErrUnplayable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzLengthNeverPanicsNorLies(f *testing.F) {
	names, err := filepath.Glob("testdata/*.*")
	if err != nil || len(names) == 0 {
		f.Fatal(err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, s := range []string{wav(1000, 2500, 9), flac(44100, 9), opus(99999), webm("", cluster(1, 2, 3)), "\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		for _, mediaType := range []string{"video/mp4", "video/webm", "audio/mpeg", "audio/ogg", "audio/wav", "audio/flac"} {
			if d, ok := media.Length(bytes.NewReader(in), int64(len(in)), mediaType); ok && (d <= 0 || d > 1001*time.Hour) {
				t.Fatalf("%s of %v", mediaType, d)
			}
		}
		media.LateIndex(bytes.NewReader(in), int64(len(in)))
	})
}
