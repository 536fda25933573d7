package paper

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

// family is what the embedded fonts are called within a document.
const family = "go"

// faces are the embedded fonts; the regular one tells which letters they have (all three have the same).
type faces struct {
	regular *sfnt.Font
	byStyle map[string]*sfnt.Font
	further []furtherFont
}

var readFaces = sync.OnceValues(func() (*faces, error) {
	f := &faces{byStyle: map[string]*sfnt.Font{}}
	for style, ttf := range files {
		font, err := sfnt.Parse(ttf)
		if err != nil {
			return nil, fmt.Errorf("read the font: %w", err)
		}
		f.byStyle[style] = font
	}
	f.regular = f.byStyle[""]
	return f, nil
})

// files are the fonts by style.
var files = map[string][]byte{"": goregular.TTF, "B": gobold.TTF, "I": goitalic.TTF}

func (*faces) embed(p *fpdf.Fpdf) {
	for style, ttf := range files {
		p.AddUTF8FontFromBytes(family, style, ttf)
	}
}

// has tells whether the fonts can draw a letter.
func (f *faces) has(r rune) bool { return f.of(r) != nothing }

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

// Face is a style ("", "B", "I") with the size wanted and the least size to shrink to, in points.
type Face struct {
	Style         string
	Size, AtLeast float64
}

// Fit is a face by its style, size and least size.
func Fit(style string, size, atLeast float64) Face {
	return Face{Style: style, Size: size, AtLeast: atLeast}
}

// Use sets font and colour of texts.
func (p *Sheet) Use(style string, size float64, c colour.Colour) {
	p.face(style, size)
	r, g, b := c.Channels()
	p.SetTextColor(int(r), int(g), int(b))
	if p.svg != nil {
		p.svg.ink, p.svg.style, p.svg.size = c.String(), style, size
	}
}

func (p *Sheet) face(style string, size float64) {
	p.style, p.size = style, size
	p.SetFont(family, style, size)
}

func (p *Sheet) width(s, style string, size float64) float64 {
	p.face(style, size)
	return p.GetStringWidth(s)
}

// shrunk is the largest size at which a text fits a width, the face's least when none does.
func (p *Sheet) shrunk(s string, f Face, width float64) float64 {
	w := p.width(s, f.Style, f.Size)
	if w <= width {
		return f.Size
	}
	return max(f.AtLeast, f.Size*width/w)
}

// At draws a line centred on x, shrunk to a width and cut with an ellipsis where that is not enough.
func (p *Sheet) At(s string, f Face, x, y, width float64, c colour.Colour) {
	s = p.fonts.drawable(s)
	size := p.shrunk(s, f, width)
	s = p.Cut(s, f.Style, size, width)
	p.Use(f.Style, size, c)
	p.Text(x-p.GetStringWidth(s)/2, y, s)
}

// From draws a line that begins at x.
func (p *Sheet) From(s string, f Face, x, y, width float64, c colour.Colour) {
	s = p.fonts.drawable(s)
	size := p.shrunk(s, f, width)
	p.Use(f.Style, size, c)
	p.Text(x, y, p.Cut(s, f.Style, size, width))
}

// WrapFrom draws up to two lines that begin at x: an address, broken behind a slash if that will do, else anywhere.
func (p *Sheet) WrapFrom(s string, f Face, x, y, width float64, c colour.Colour) {
	s = p.fonts.drawable(s)
	size := p.shrunk(s, f, 2*width*0.97)
	first := p.prefix(s, f.Style, size, width)
	if slash := strings.LastIndexByte(first, '/') + 1; first != s && slash > 0 && p.width(s[slash:], f.Style, size) <= width {
		first = s[:slash]
	}
	p.Use(f.Style, size, c)
	p.Text(x, y, first)
	if rest := s[len(first):]; rest != "" {
		p.Text(x, y+size*PointToMM*1.2, p.Cut(rest, f.Style, size, width))
	}
}

// SpacedFits tells whether Spaced can draw a text without leaving the width.
func (p *Sheet) SpacedFits(s string, f Face, width, gap float64) bool {
	s = strings.ToUpper(p.fonts.drawable(s))
	return p.width(s, f.Style, f.AtLeast)+gap*float64(len([]rune(s))-1) <= width
}

// Spaced draws a line of capitals with space between the letters, centred on x and shrunk to a width.
func (p *Sheet) Spaced(s string, f Face, x, y, width, gap float64, c colour.Colour) {
	s = strings.ToUpper(p.fonts.drawable(s))
	letters := []rune(s)
	gaps := gap * float64(len(letters)-1)
	size := p.shrunk(s, f, width-gaps)
	p.Use(f.Style, size, c)
	x -= (p.GetStringWidth(s) + gaps) / 2
	for _, l := range letters {
		p.Text(x, y, string(l))
		x += p.GetStringWidth(string(l)) + gap
	}
}

// Place is where a block of lines stands: centred on X, the base of a single line at Y, more lines around it. It
// shrinks to fit Few lines and takes up to Most at its least size.
type Place struct {
	X, Y, Width float64
	Few, Most   int
}

// Lines is a place for a block of lines.
func Lines(x, y, width float64, few, most int) Place {
	return Place{X: x, Y: y, Width: width, Few: few, Most: most}
}

// Block draws a text in lines of about the same length.
func (p *Sheet) Block(s string, f Face, at Place, c colour.Colour) {
	s = p.fonts.drawable(s)
	size := f.Size
	lines := p.wrap(s, f.Style, size, at.Width)
	for len(lines) > at.Few && size > f.AtLeast {
		size = max(f.AtLeast, size-0.5)
		lines = p.wrap(s, f.Style, size, at.Width)
	}
	if len(lines) > at.Most {
		rest := strings.Join(lines[at.Most-1:], " ")
		lines = append(lines[:at.Most-1], p.Cut(rest, f.Style, size, at.Width))
	} else {
		lines = p.balanced(s, f.Style, size, at.Width, lines)
	}
	leading := size * PointToMM * 1.18
	y := at.Y - leading*float64(len(lines)-1)/2
	p.Use(f.Style, size, c)
	for _, line := range lines {
		p.Text(at.X-p.GetStringWidth(line)/2, y, line)
		y += leading
	}
}

// wrap breaks a text between words into lines of at most a width; a word that is wider is broken.
func (p *Sheet) wrap(s, style string, size, width float64) (lines []string) {
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
func (p *Sheet) balanced(s, style string, size, width float64, lines []string) []string {
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
func (p *Sheet) prefix(s, style string, size, width float64) string {
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

// Cut is a text that fits a width, with an ellipsis in place of what does not.
func (p *Sheet) Cut(s, style string, size, width float64) string {
	if p.width(s, style, size) <= width+0.01 {
		return s
	}
	return strings.TrimRight(p.prefix(s, style, size, width-p.width("…", style, size)), " ") + "…"
}
