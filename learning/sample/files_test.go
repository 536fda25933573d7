package sample

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// everyFile gives all embedded files by path.
func everyFile(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		all[name], err = fs.ReadFile(files, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryFileIsWhatItsNameSays(t *testing.T) {
	t.Parallel()
	begins := map[string]func([]byte) bool{
		".svg":  func(b []byte) bool { return bytes.HasPrefix(b, []byte("<svg ")) },
		".mp4":  func(b []byte) bool { return len(b) > 8 && string(b[4:8]) == "ftyp" },
		".pdf":  func(b []byte) bool { return bytes.HasPrefix(b, []byte("%PDF-")) },
		".vtt":  func(b []byte) bool { return bytes.HasPrefix(b, []byte("WEBVTT\n")) },
		".md":   func(b []byte) bool { return bytes.HasSuffix(b, []byte("\n")) },
		".json": func(b []byte) bool { return bytes.HasPrefix(b, []byte("{")) },
	}
	for name, data := range everyFile(t) {
		is, ok := begins[path.Ext(name)]
		if !ok || !is(data) {
			t.Errorf("%s: its bytes are not of its type", name)
		}
	}
}

func TestTheBinaryGrowsByNoMoreThanFourMegabytes(t *testing.T) {
	t.Parallel()
	limits := map[string]int{".mp4": 700 << 10, ".pdf": 120 << 10, ".svg": 40 << 10}
	total := 0
	for name, data := range everyFile(t) {
		total += len(data)
		if limit, ok := limits[path.Ext(name)]; ok && len(data) > limit {
			t.Errorf("%s has %d bytes, want at most %d", name, len(data), limit)
		}
	}
	if total > 4<<20 {
		t.Errorf("all files together have %d bytes, want at most 4 MiB", total)
	}
}

// pictureFaults lists what makes an SVG unfit to be served: what is not drawing, or reaches outside the file.
func pictureFaults(data []byte) (faults []string) {
	drawing := map[string]bool{"svg": true, "title": true, "desc": true, "g": true, "path": true, "rect": true, "circle": true, "ellipse": true, "text": true}
	titled, top := false, ""
	dec := xml.NewDecoder(bytes.NewReader(data))
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return append(faults, err.Error())
		}
		switch e := tok.(type) {
		case xml.Directive, xml.ProcInst:
			faults = append(faults, "a directive or processing instruction")
		case xml.StartElement:
			if !drawing[e.Name.Local] {
				faults = append(faults, "element "+e.Name.Local)
			}
			titled = titled || e.Name.Local == "title"
			for _, a := range e.Attr {
				if top == "" && a.Name.Local == "viewBox" {
					top = a.Value
				}
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" || a.Name.Local == "style" || strings.Contains(a.Value, "url(") {
					faults = append(faults, "attribute "+a.Name.Local)
				}
			}
		}
	}
	if !titled {
		faults = append(faults, "no title")
	}
	if len(strings.Fields(top)) != 4 {
		faults = append(faults, "no viewBox")
	}
	return faults
}

func TestPicturesAreDrawingsAndNothingElse(t *testing.T) {
	t.Parallel()
	seen := 0
	for name, data := range everyFile(t) {
		if path.Ext(name) != ".svg" {
			continue
		}
		seen++
		for _, f := range pictureFaults(data) {
			t.Errorf("%s: %s", name, f)
		}
		if strings.Contains(string(data), "NaN") {
			t.Errorf("%s: a coordinate is not a number", name)
		}
		if path.Base(name) == "cover.svg" && !strings.Contains(string(data), `viewBox="0 0 1280 720"`) {
			t.Errorf("%s is not 16:9", name)
		}
	}
	if seen < 10 {
		t.Errorf("only %d pictures were looked at", seen)
	}
}

func TestTheCheckOfPicturesSeesWhatItLooksFor(t *testing.T) {
	t.Parallel()
	for what, svg := range map[string]string{
		"script":         `<svg viewBox="0 0 1 1"><title>t</title><script>1</script></svg>`,
		"event handler":  `<svg viewBox="0 0 1 1" onload="x()"><title>t</title></svg>`,
		"reference":      `<svg viewBox="0 0 1 1"><title>t</title><image href="http://x.example/a.png"/></svg>`,
		"style":          `<svg viewBox="0 0 1 1"><title>t</title><g style="fill:red"/></svg>`,
		"paint from url": `<svg viewBox="0 0 1 1"><title>t</title><g fill="url(http://x.example)"/></svg>`,
		"no title":       `<svg viewBox="0 0 1 1"></svg>`,
		"no viewBox":     `<svg><title>t</title></svg>`,
		"broken XML":     `<svg viewBox="0 0 1 1"><title>t</svg>`,
		"entity":         `<!DOCTYPE svg [<!ENTITY a "b">]><svg viewBox="0 0 1 1"><title>t</title></svg>`,
	} {
		if len(pictureFaults([]byte(svg))) == 0 {
			t.Errorf("%s went unnoticed", what)
		}
	}
}

// boxes walks one level of an MP4 (ISO/IEC 14496-12, 4.2) and gives its boxes' bodies with their order.
func boxes(data []byte) (bodies map[string][]byte, order []string) {
	bodies = map[string][]byte{}
	for len(data) >= 8 {
		size := int(binary.BigEndian.Uint32(data))
		if size < 8 || size > len(data) {
			break
		}
		kind := string(data[4:8])
		bodies[kind] = data[8:size]
		order = append(order, kind)
		data = data[size:]
	}
	return bodies, order
}

func film(t *testing.T, c Course) Lesson {
	t.Helper()
	for _, m := range c.Modules {
		for _, l := range m.Lessons {
			if l.Kind == KindVideo {
				return l
			}
		}
	}
	t.Fatalf("%s has no film", c.Slug)
	return Lesson{}
}

// seconds reads a film's length from its movie header (mvhd version 0: time scale at 12, duration at 16).
func seconds(t *testing.T, mp4 []byte) float64 {
	t.Helper()
	top, order := boxes(mp4)
	if joined := strings.Join(order, " "); !strings.Contains(joined, "moov") || strings.Index(joined, "mdat") < strings.Index(joined, "moov") {
		t.Fatalf("boxes are %q: the index must stand before the pictures, so that playing begins at once", joined)
	}
	inside, _ := boxes(top["moov"])
	head := inside["mvhd"]
	if len(head) < 20 || head[0] != 0 {
		t.Fatal("no movie header of version 0")
	}
	return float64(binary.BigEndian.Uint32(head[16:])) / float64(binary.BigEndian.Uint32(head[12:]))
}

func TestFilmsPlayEverywhereAndAreShort(t *testing.T) {
	t.Parallel()
	for _, c := range courses(t) {
		data := film(t, c).File.Data
		if s := seconds(t, data); s < 20 || s > 40 {
			t.Errorf("%s: the film runs for %.1f s, want 20 to 40", c.Slug, s)
		}
		// avcC, ISO/IEC 14496-15, 5.3.3: version 1, then the profile; 66 is baseline, 77 main.
		i := bytes.Index(data, []byte("avcC"))
		if i < 0 || data[i+4] != 1 || (data[i+5] != 66 && data[i+5] != 77) {
			t.Errorf("%s: the film is not H.264 of baseline or main profile", c.Slug)
			continue
		}
		// avc1 carries width and height 24 bytes into its body.
		j := bytes.Index(data[:i], []byte("avc1\x00\x00\x00\x00\x00\x00\x00\x01"))
		if j < 0 || binary.BigEndian.Uint16(data[j+28:]) != 960 || binary.BigEndian.Uint16(data[j+30:]) != 540 {
			t.Errorf("%s: the film is not 960 by 540", c.Slug)
		}
	}
}

func TestCaptionsFollowOneAnotherWithinTheFilm(t *testing.T) {
	t.Parallel()
	cue := regexp.MustCompile(`(?m)^(\d\d):(\d\d):(\d\d\.\d{3}) --> (\d\d):(\d\d):(\d\d\.\d{3})( line:\S+)?\n(\S.*)$`)
	at := func(h, m, s string) float64 {
		hours, _ := strconv.Atoi(h)
		minutes, _ := strconv.Atoi(m)
		rest, _ := strconv.ParseFloat(s, 64)
		return float64(hours*3600+minutes*60) + rest
	}
	for _, c := range courses(t) {
		l := film(t, c)
		cues, end := cue.FindAllStringSubmatch(string(l.Captions.Data), -1), 0.0
		for _, q := range cues {
			from, until := at(q[1], q[2], q[3]), at(q[4], q[5], q[6])
			if from < end || until-from < 1.5 {
				t.Errorf("%s: %q stands from %.1f to %.1f s, too short or over the one before", c.Slug, q[8], from, until)
			}
			if n := len(q[8]); n > 60 {
				t.Errorf("%s: %q has %d characters, too many for a line", c.Slug, q[8], n)
			}
			end = until
		}
		if length := seconds(t, l.File.Data); len(cues) < 5 || end > length {
			t.Errorf("%s: %d captions end at %.1f s of %.1f", c.Slug, len(cues), end, length)
		}
	}
}

func TestHandOutsAreOnePage(t *testing.T) {
	t.Parallel()
	for _, c := range courses(t) {
		for _, m := range c.Modules {
			for _, l := range m.Lessons {
				if l.Kind == KindPDF && bytes.Count(l.File.Data, []byte("/Type /Page\n")) != 1 {
					t.Errorf("%s/%s has %d pages, want 1", c.Slug, l.File.Name, bytes.Count(l.File.Data, []byte("/Type /Page\n")))
				}
			}
		}
	}
}
