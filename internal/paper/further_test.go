package paper

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
)

// fontOf is Go Regular with a table of letters of its own: each is drawn as another one.
func fontOf(t *testing.T, letters map[rune]rune) []byte {
	t.Helper()
	base, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		t.Fatal(err)
	}
	var order []rune
	for r := range letters {
		order = append(order, r)
	}
	slices.Sort(order)
	order = append(order, 0xffff)
	var ends, starts, deltas, ranges []uint16
	for _, r := range order {
		glyph := sfnt.GlyphIndex(0)
		if r != 0xffff {
			if glyph, err = base.GlyphIndex(nil, letters[r]); err != nil {
				t.Fatal(err)
			}
		}
		ends, starts, deltas, ranges = append(ends, uint16(r)), append(starts, uint16(r)), append(deltas, uint16(glyph)-uint16(r)), append(ranges, 0)
	}
	n := uint16(len(order))
	var cmap bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			if err := binary.Write(&cmap, binary.BigEndian, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	put([]uint16{0, 1, 3, 1}, uint32(12), []uint16{4, 16 + 8*n, 0, 2 * n, 2, 0, 0}, ends, uint16(0), starts, deltas, ranges)
	ttf := append(slices.Clone(goregular.TTF), make([]byte, 3-(len(goregular.TTF)+3)%4)...)
	for i := range int(binary.BigEndian.Uint16(ttf[4:])) {
		if entry := ttf[12+16*i:]; string(entry[:4]) == "cmap" {
			binary.BigEndian.PutUint32(entry[8:], uint32(len(ttf)))
			binary.BigEndian.PutUint32(entry[12:], uint32(cmap.Len()))
		}
	}
	return append(ttf, cmap.Bytes()...)
}

// drawn is a page with a line on it: as PDF, as SVG, and how wide the line is.
func drawn(t *testing.T, text string) (pdf, svg string, width float64) {
	t.Helper()
	p, err := New("L", "#336699", Facts{Title: "Test", Language: "en", At: time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	p.SetCompression(false)
	p.Record()
	p.AddPage()
	p.From(text, Fit("B", 20, 8), 10, 20, 250, Ink)
	width = p.GetStringWidth(text)
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		t.Fatal(err)
	}
	return out.String(), string(p.SVG()), width
}

// inPDF is a text as fpdf writes it.
func inPDF(text string) string {
	var b strings.Builder
	b.WriteByte('(')
	for _, u := range utf16.Encode([]rune(text)) {
		for _, c := range []byte{byte(u >> 8), byte(u)} {
			if strings.ContainsRune(`()\`, rune(c)) || c == '\r' {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		}
	}
	b.WriteByte(')')
	return b.String()
}

func TestAFurtherFontDrawsWhatTheEmbeddedOnesLack(t *testing.T) {
	if pdf, _, _ := drawn(t, "王芳 Ana"); !strings.Contains(pdf, inPDF("□□ Ana")) {
		t.Error("without a further font there are no boxes")
	}
	if AddFont([]byte("OTTO nonsense")) == nil || AddFont(append([]byte("OTTO"), goregular.TTF[4:]...)) == nil {
		t.Error("what is no TrueType font is taken")
	}
	before := added()
	if err := AddFont(fontOf(t, map[rune]rune{'王': 'W', '芳': 'F', 'N': 'N', 'g': 'g', 'ễ': 'e', 'א': 'X'})); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { further.list = before })
	pdf, svg, width := drawn(t, "王芳 Ana")
	if !strings.Contains(pdf, inPDF("王芳")) || !strings.Contains(pdf, inPDF(" Ana")) || strings.Contains(pdf, inPDF("□□ Ana")) {
		t.Error("the name is not drawn in two fonts")
	}
	if n := strings.Count(svg, "<use "); n != 5 {
		t.Errorf("the preview has %d letters", n)
	}
	_, _, first := drawn(t, "王芳")
	_, _, rest := drawn(t, " Ana")
	if first == 0 || math.Abs(width-first-rest) > 0.01 {
		t.Errorf("%.2f wide, its parts %.2f and %.2f", width, first, rest)
	}
	// A word is drawn in the further font as a whole where it has all of it, and letter by letter where not.
	f := &faces{further: added()}
	known, err := readFaces()
	if err != nil {
		t.Fatal(err)
	}
	f.regular = known.regular
	for text, want := range map[string][]run{
		"Ng王 Ana": {{0, "Ng王"}, {builtIn, " Ana"}},
		"Nguyễn":  {{builtIn, "Nguy"}, {0, "ễ"}, {builtIn, "n"}},
		"Ana":     {{builtIn, "Ana"}},
	} {
		if got := f.runs(text); !slices.Equal(got, want) {
			t.Errorf("%q: %v", text, got)
		}
	}
	if f.drawable("אN") != "□N" {
		t.Error("letters that run from right to left are drawn one by one")
	}
	// What needs none holds none.
	plain, _, _ := drawn(t, "Ana")
	if strings.Count(plain, "/FontFile2") != strings.Count(pdf, "/FontFile2")-1 {
		t.Errorf("%d and %d fonts", strings.Count(plain, "/FontFile2"), strings.Count(pdf, "/FontFile2"))
	}
}
