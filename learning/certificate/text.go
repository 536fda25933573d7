package certificate

import (
	"fmt"
	"strings"
	"sync"
	"unicode"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"

	"lyceum/internal/colour"
)

const family = "go"

// faces are the embedded fonts; the regular one tells which letters they have (all three have the same).
type faces struct{ regular *sfnt.Font }

var readFaces = sync.OnceValues(func() (*faces, error) {
	f, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("read the certificate's font: %w", err)
	}
	return &faces{regular: f}, nil
})

func (*faces) embed(p *fpdf.Fpdf) {
	for style, ttf := range map[string][]byte{"": goregular.TTF, "B": gobold.TTF, "I": goitalic.TTF} {
		p.AddUTF8FontFromBytes(family, style, ttf)
	}
}

// has tells whether the fonts can draw a letter. PDF strings of fpdf end at U+FFFF.
func (f *faces) has(r rune) bool {
	var b sfnt.Buffer
	i, err := f.regular.GlyphIndex(&b, r)
	return err == nil && i != 0 && r <= 0xffff
}

// drawable gives a text in letters that the fonts have: one that they lack keeps as many of its marks as can be drawn,
// and becomes a box when not even its base letter can.
func (f *faces) drawable(s string) string {
	const box = '□'
	var out strings.Builder
	for _, r := range norm.NFC.String(strings.Join(strings.Fields(s), " ")) {
		if unicode.In(r, unicode.Cc, unicode.Cf) { // soft hyphens, direction marks: seen by no reader
			continue
		}
		if f.has(r) {
			out.WriteRune(r)
			continue
		}
		parts := []rune(norm.NFD.String(string(r)))
		best := box
		for n := len(parts) - 1; n > 0; n-- {
			if c := []rune(norm.NFC.String(string(parts[:n]))); len(c) == 1 && f.has(c[0]) {
				best = c[0]
				break
			}
		}
		out.WriteRune(best)
	}
	return out.String()
}

// face is a style with the size wanted and the least size to shrink to, in points.
type face struct {
	style         string
	size, atLeast float64
}

func (p *sheet) use(style string, size float64, c colour.Colour) {
	p.SetFont(family, style, size)
	r, g, b := c.Channels()
	p.SetTextColor(int(r), int(g), int(b))
}

func (p *sheet) width(s, style string, size float64) float64 {
	p.SetFont(family, style, size)
	return p.GetStringWidth(s)
}

// shrunk is the largest size at which a text fits a width, the face's least when none does.
func (p *sheet) shrunk(s string, f face, width float64) float64 {
	w := p.width(s, f.style, f.size)
	if w <= width {
		return f.size
	}
	return max(f.atLeast, f.size*width/w)
}

// at draws a line centred on x, shrunk to a width and cut with an ellipsis where that is not enough.
func (p *sheet) at(s string, f face, x, y, width float64, c colour.Colour) {
	s = p.fonts.drawable(s)
	size := p.shrunk(s, f, width)
	s = p.cut(s, f.style, size, width)
	p.use(f.style, size, c)
	p.Text(x-p.GetStringWidth(s)/2, y, s)
}

// fitted draws a line in the middle of the page.
func (p *sheet) fitted(s string, f face, y, width float64, c colour.Colour) {
	p.at(s, f, centre, y, width, c)
}

// from draws a line that begins at x.
func (p *sheet) from(s string, f face, x, y, width float64, c colour.Colour) {
	s = p.fonts.drawable(s)
	size := p.shrunk(s, f, width)
	p.use(f.style, size, c)
	p.Text(x, y, p.cut(s, f.style, size, width))
}

// wrapFrom draws up to two lines that begin at x: an address, broken behind a slash if that will do, else anywhere.
func (p *sheet) wrapFrom(s string, f face, x, y, width float64, c colour.Colour) {
	s = p.fonts.drawable(s)
	size := p.shrunk(s, face{f.style, f.size, f.atLeast}, 2*width*0.97)
	first := p.prefix(s, f.style, size, width)
	if slash := strings.LastIndexByte(first, '/') + 1; first != s && slash > 0 && p.width(s[slash:], f.style, size) <= width {
		first = s[:slash]
	}
	p.use(f.style, size, c)
	p.Text(x, y, first)
	if rest := s[len(first):]; rest != "" {
		p.Text(x, y+size*pointToMM*1.2, p.cut(rest, f.style, size, width))
	}
}

// spaced draws a line of capitals with space between the letters, in the middle of the page.
func (p *sheet) spaced(s string, f face, y, gap float64, c colour.Colour) {
	s = strings.ToUpper(p.fonts.drawable(s))
	letters := []rune(s)
	gaps := gap * float64(len(letters)-1)
	size := p.shrunk(s, f, textWidth-gaps)
	p.use(f.style, size, c)
	x := centre - (p.GetStringWidth(s)+gaps)/2
	for _, l := range letters {
		p.Text(x, y, string(l))
		x += p.GetStringWidth(string(l)) + gap
	}
}

// place is where a block of lines stands: centred on x, the base of a single line at y, more lines around it. It
// shrinks to fit `few` lines and takes up to `most` at its least size.
type place struct {
	x, y, width float64
	few, most   int
}

// block draws a text in lines of about the same length.
func (p *sheet) block(s string, f face, at place, c colour.Colour) {
	s = p.fonts.drawable(s)
	size := f.size
	lines := p.wrap(s, f.style, size, at.width)
	for len(lines) > at.few && size > f.atLeast {
		size = max(f.atLeast, size-0.5)
		lines = p.wrap(s, f.style, size, at.width)
	}
	if len(lines) > at.most {
		rest := strings.Join(lines[at.most-1:], " ")
		lines = append(lines[:at.most-1], p.cut(rest, f.style, size, at.width))
	} else {
		lines = p.balanced(s, f.style, size, at.width, lines)
	}
	leading := size * pointToMM * 1.18
	y := at.y - leading*float64(len(lines)-1)/2
	p.use(f.style, size, c)
	for _, line := range lines {
		p.Text(at.x-p.GetStringWidth(line)/2, y, line)
		y += leading
	}
}

// wrap breaks a text between words into lines of at most a width; a word that is wider is broken.
func (p *sheet) wrap(s, style string, size, width float64) (lines []string) {
	line := ""
	for word := range strings.SplitSeq(s, " ") {
		joined := strings.TrimPrefix(line+" "+word, " ")
		if p.width(joined, style, size) <= width {
			line = joined
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for p.width(word, style, size) > width {
			piece := p.prefix(word, style, size, width)
			lines, word = append(lines, piece), word[len(piece):]
		}
		line = word
	}
	return append(lines, line)
}

// balanced breaks a text into as many lines, of about the same length.
func (p *sheet) balanced(s, style string, size, width float64, lines []string) []string {
	for width -= 4; width > 40; width -= 4 {
		tighter := p.wrap(s, style, size, width)
		if len(tighter) > len(lines) {
			break
		}
		lines = tighter
	}
	return lines
}

// prefix is as much of a text as fits a width, at least one letter.
func (p *sheet) prefix(s, style string, size, width float64) string {
	end := 0
	for i, r := range s {
		next := i + len(string(r))
		if end > 0 && p.width(s[:next], style, size) > width {
			break
		}
		end = next
	}
	return s[:end]
}

// cut is a text that fits a width, with an ellipsis in place of what does not.
func (p *sheet) cut(s, style string, size, width float64) string {
	if p.width(s, style, size) <= width+0.01 {
		return s
	}
	return strings.TrimRight(p.prefix(s, style, size, width-p.width("…", style, size)), " ") + "…"
}
