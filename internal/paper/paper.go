// Package paper is what the documents we draw share: a sheet with the embedded fonts, texts that fit their place, and the
// ornaments of the house. It knows no certificate and no transcript: those have their own rooms.
package paper

import (
	"fmt"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"lyceum/internal/colour"
)

// PointToMM is a typographic point in millimetres.
const PointToMM = 25.4 / 72

// The colours of text and lines.
const (
	Ink   colour.Colour = 0x1f2430
	Faint colour.Colour = 0x5b6270
	Pale  colour.Colour = 0xc9cdd6
)

// Sheet is a document being drawn, in millimetres. Fonts are embedded (Go Regular, Bold, Italic: Latin, Greek, Cyrillic; a
// letter they lack is drawn in one of the fonts of AddFont, else without its marks, or as a box).
type Sheet struct {
	*fpdf.Fpdf
	Brand    colour.Colour
	fonts    *faces
	svg      *picture // nil: not recorded
	style    string   // of the font in use
	size     float64
	pictures int
}

// Facts are a document's metadata. The same facts and the same drawing give the same bytes.
type Facts struct {
	Title, Author, Subject, Keywords string
	Language                         string // BCP 47
	At                               time.Time
	Paper                            string // A4 or Letter; "" is A4
}

// New begins a document of A4 sheets, or of the paper that the facts name: orientation is "P" or "L", brand a colour as #rrggbb. It has no page yet.
func New(orientation, brand string, f Facts) (*Sheet, error) {
	c, err := colour.Parse(brand)
	if err != nil {
		return nil, fmt.Errorf("brand colour %q: %w", brand, err)
	}
	fonts, err := readFaces()
	if err != nil {
		return nil, err
	}
	size := f.Paper
	if size == "" {
		size = "A4"
	}
	p := &Sheet{Fpdf: fpdf.New(orientation, "mm", size, ""), Brand: c, fonts: &faces{regular: fonts.regular, byStyle: fonts.byStyle, further: added()}}
	p.SetCatalogSort(true)
	p.SetCreationDate(f.At.UTC())
	p.SetModificationDate(f.At.UTC())
	p.SetTitle(f.Title, true)
	p.SetAuthor(f.Author, true)
	p.SetSubject(f.Subject, true)
	p.SetKeywords(f.Keywords, true)
	p.SetCreator("Lyceum", true)
	p.SetProducer("Lyceum", true)
	p.SetLang(f.Language)
	p.fonts.embed(p.Fpdf)
	p.SetMargins(0, 0, 0)
	p.SetAutoPageBreak(false, 0)
	return p, nil
}
