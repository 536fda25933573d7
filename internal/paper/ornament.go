package paper

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"math"
	"strconv"

	"codeberg.org/go-pdf/fpdf"
	qrcode "github.com/skip2/go-qrcode"

	"lyceum/internal/colour"
)

// Fill sets the colour of areas.
func (p *Sheet) Fill(c colour.Colour) {
	r, g, b := c.Channels()
	p.SetFillColor(int(r), int(g), int(b))
	if p.svg != nil {
		p.svg.fill = c.String()
	}
}

// Stroke sets colour and width of lines.
func (p *Sheet) Stroke(c colour.Colour, width float64) {
	r, g, b := c.Channels()
	p.SetDrawColor(int(r), int(g), int(b))
	p.SetLineWidth(width)
	if p.svg != nil {
		p.svg.stroke, p.svg.line = c.String(), width
	}
}

// Blend mixes two colours; share 0 is a, 1 is b.
func Blend(a, b colour.Colour, share float64) colour.Colour {
	ar, ag, ab := a.Channels()
	br, bg, bb := b.Channels()
	mix := func(x, y uint8) uint8 { return uint8(math.Round(float64(x)*(1-share) + float64(y)*share)) }
	return colour.RGB(mix(ar, br), mix(ag, bg), mix(ab, bb))
}

// Curve draws a line through points of a function of 0 to 1.
func (p *Sheet) Curve(steps int, at func(t float64) (x, y float64)) {
	p.MoveTo(at(0))
	for i := 1; i <= steps; i++ {
		p.LineTo(at(float64(i) / float64(steps)))
	}
	p.DrawPath("D")
}

// Diamond draws a square on its corner.
func (p *Sheet) Diamond(x, y, r float64) {
	p.Polygon([]fpdf.PointType{{X: x, Y: y - r}, {X: x + r, Y: y}, {X: x, Y: y + r}, {X: x - r, Y: y}}, "F")
}

// Seal draws a rosette with a check mark.
func (p *Sheet) Seal(x, y, r float64) {
	p.Stroke(Blend(p.Brand, colour.White, 0.45), 0.13)
	for i := range 4 {
		phase := math.Pi / 2 * float64(i)
		p.Curve(240, func(t float64) (float64, float64) {
			a := 2 * math.Pi * t
			rr := r * (0.86 + 0.14*math.Cos(18*a+phase))
			return x + rr*math.Cos(a), y + rr*math.Sin(a)
		})
	}
	p.Stroke(Blend(p.Brand, colour.White, 0.25), 0.25)
	p.Circle(x, y, r*0.70, "D")
	p.Fill(p.Brand)
	p.Circle(x, y, r*0.63, "F")
	p.Stroke(colour.OnColour(p.Brand), 1.1)
	p.SetLineCapStyle("round")
	p.SetLineJoinStyle("round")
	p.MoveTo(x-r*0.28, y+r*0.02)
	p.LineTo(x-r*0.07, y+r*0.23)
	p.LineTo(x+r*0.29, y-r*0.20)
	p.DrawPath("D")
	p.SetLineCapStyle("butt")
}

// QR draws a text as a QR code of squares, with the quiet zone of four modules that ISO/IEC 18004 §6.3.8 asks for as
// part of the side. Squares of a row that touch are one rectangle.
func (p *Sheet) QR(text string, x, y, side float64) error {
	code, err := qrcode.New(text, qrcode.Medium)
	if err != nil {
		return fmt.Errorf("QR code: %w", err)
	}
	rows := code.Bitmap() // with the quiet zone
	module := side / float64(len(rows))
	p.Fill(Ink)
	for i, row := range rows {
		for from := 0; from < len(row); from++ {
			if !row[from] {
				continue
			}
			to := from
			for to < len(row) && row[to] {
				to++
			}
			// A hair more than a module each way, or viewers show seams between the squares.
			p.Rect(x+float64(from)*module, y+float64(i)*module, float64(to-from)*module+0.01, module+0.01, "F")
			from = to
		}
	}
	return nil
}

// maxPixels is the largest picture drawn.
const maxPixels = 16_000_000

// Logo draws a picture (PNG) within a box centred on x, in the middle of its height; it is false when there is none that can be
// drawn.
func (p *Sheet) Logo(data []byte, x, y, width, height float64) bool {
	return p.Picture(data, Box{X: x - width/2, Y: y, Width: width, Height: height, Across: 0.5, Down: 0.5})
}

// Box is where a picture may be, and where in it: 0 is at its left or top, 1 at its right or bottom.
type Box struct{ X, Y, Width, Height, Across, Down float64 }

// Picture draws a picture (PNG) as large as a box allows, in its shape; it is false when there is none that can be drawn. One
// that is not plain is written anew: fpdf does not read every kind. A document may have any number of them.
func (p *Sheet) Picture(data []byte, in Box) bool {
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil || config.Width*config.Height > maxPixels || config.Width == 0 || config.Height == 0 {
		return false
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return false
	}
	if !plain(data) {
		flat := image.NewNRGBA(image.Rect(0, 0, config.Width, config.Height))
		draw.Draw(flat, flat.Bounds(), img, img.Bounds().Min, draw.Src)
		var again bytes.Buffer
		if err = png.Encode(&again, flat); err != nil {
			return false
		}
		data = again.Bytes()
	}
	w, h := in.Width, in.Width*float64(config.Height)/float64(config.Width)
	if h > in.Height {
		w, h = in.Height*float64(config.Width)/float64(config.Height), in.Height
	}
	x, y := in.X+(in.Width-w)*in.Across, in.Y+(in.Height-h)*in.Down
	if p.svg != nil {
		p.svg.image(data, x, y, w, h)
	}
	p.pictures++
	name, options := "picture"+strconv.Itoa(p.pictures), fpdf.ImageOptions{ImageType: "PNG"}
	p.RegisterImageOptionsReader(name, options, bytes.NewReader(data))
	p.ImageOptions(name, x, y, w, h, false, options, 0, "")
	return p.Ok()
}

// plain tells of a sound PNG whether it is of the kind that fpdf reads, and has nothing in it that would change its look:
// 8 bits a channel in colours, with or without transparency, not interlaced, and no chunk but the pixels (PNG, 3rd edition,
// §11.2.1).
func plain(data []byte) bool {
	const head = 33 // signature and IHDR
	if len(data) < head+12 || data[24] != 8 || data[25] != 2 && data[25] != 6 || data[28] != 0 {
		return false
	}
	for at := head; at+8 <= len(data); {
		if kind := string(data[at+4 : at+8]); kind != "IDAT" && kind != "IEND" {
			return false
		}
		at += 12 + int(binary.BigEndian.Uint32(data[at:]))
	}
	return true
}
