package paper

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font/sfnt"
)

// further are fonts for letters that the embedded ones lack, in the order of preference.
var further struct {
	sync.Mutex
	list []furtherFont
}

// furtherFont is one of them: one style, which stands for all.
type furtherFont struct {
	name string // within a document
	ttf  []byte
	font *sfnt.Font
}

// errNoOutlines refuses what a PDF cannot be given letter by letter.
var errNoOutlines = errors.New("not a TrueType font with outlines of its own: give a .ttf file, no collection (.ttc) and no CFF font (.otf)")

// AddFont has documents that begin from now on draw letters which the embedded fonts and those added before lack. A word that needs one is drawn
// in it as a whole, if it has all its letters. Only what is used goes into a document.
func AddFont(ttf []byte) error {
	font, err := sfnt.Parse(ttf)
	if err != nil {
		return fmt.Errorf("read the font: %w", err)
	}
	if len(ttf) < 4 || string(ttf[:4]) != "\x00\x01\x00\x00" && string(ttf[:4]) != "true" {
		return errNoOutlines
	}
	further.Lock()
	defer further.Unlock()
	further.list = append(further.list[:len(further.list):len(further.list)], furtherFont{name: "further" + strconv.Itoa(len(further.list)), ttf: ttf, font: font})
	return nil
}

// added are the further fonts now.
func added() []furtherFont {
	further.Lock()
	defer further.Unlock()
	return further.list
}

// joined are scripts whose letters change by their neighbours, stack, or run from right to left: letter by letter they would be wrong, which is
// worse than a box.
var joined = []*unicode.RangeTable{
	unicode.Adlam, unicode.Arabic, unicode.Balinese, unicode.Bengali, unicode.Devanagari, unicode.Gujarati, unicode.Gurmukhi, unicode.Hebrew, unicode.Javanese, unicode.Kannada, unicode.Khmer,
	unicode.Lao, unicode.Malayalam, unicode.Mongolian, unicode.Myanmar, unicode.Nko, unicode.Oriya, unicode.Sinhala, unicode.Syriac, unicode.Tamil, unicode.Telugu, unicode.Thaana, unicode.Thai, unicode.Tibetan,
}

// builtIn is the embedded fonts in a run; nothing is none.
const (
	builtIn = -1
	nothing = -2
)

// of is the font that draws a letter. PDF strings of fpdf end at U+FFFF.
func (f *faces) of(r rune) int {
	if r > 0xffff {
		return nothing
	}
	var b sfnt.Buffer
	if i, err := f.regular.GlyphIndex(&b, r); err == nil && i != 0 {
		return builtIn
	}
	if unicode.In(r, joined...) {
		return nothing
	}
	for n, one := range f.further {
		if i, err := one.font.GlyphIndex(&b, r); err == nil && i != 0 {
			return n
		}
	}
	return nothing
}

// run is a piece of a text in one font.
type run struct {
	font int
	text string
}

// runs takes a text apart by font: a word in one, if one has all of it.
func (f *faces) runs(s string) (list []run) {
	if len(f.further) == 0 {
		return []run{{builtIn, s}}
	}
	add := func(font int, text string) {
		if n := len(list); n > 0 && list[n-1].font == font {
			list[n-1].text += text
		} else if text != "" {
			list = append(list, run{font, text})
		}
	}
	for word := range strings.SplitAfterSeq(s, " ") {
		whole := builtIn
		for _, r := range word {
			if n := f.of(r); n >= 0 {
				whole = n
				break
			}
		}
		if whole != builtIn && f.hasAll(whole, word) {
			add(whole, strings.TrimSuffix(word, " "))
			add(builtIn, word[len(strings.TrimSuffix(word, " ")):])
			continue
		}
		for _, r := range word {
			add(max(f.of(r), builtIn), string(r))
		}
	}
	return list
}

func (f *faces) hasAll(n int, word string) bool {
	var b sfnt.Buffer
	for _, r := range strings.TrimSuffix(word, " ") {
		if i, err := f.further[n].font.GlyphIndex(&b, r); err != nil || i == 0 {
			return false
		}
	}
	return true
}

// in does something with the font of a run in place of the one in use.
func (p *Sheet) in(font int, do func()) {
	if font == builtIn {
		do()
		return
	}
	one := p.fonts.further[font]
	p.AddUTF8FontFromBytes(one.name, "", one.ttf) // the first time; then it is there
	p.SetFont(one.name, "", p.size)
	do()
	p.SetFont(family, p.style, p.size)
}

// GetStringWidth is fpdf's, over all fonts.
func (p *Sheet) GetStringWidth(s string) (width float64) {
	for _, r := range p.fonts.runs(s) {
		p.in(r.font, func() { width += p.Fpdf.GetStringWidth(r.text) })
	}
	return width
}
