package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"lyceum/internal/colour"
)

// Monogram draws one or two letters on a square of a colour, as PNG: the icon of an app that has no picture of its own. The letters stand
// within the middle 60 %, so that a device may cut the corners off (W3C App Manifest, maskable icons). Letters that the font has not
// are drawn as boxes.
func Monogram(letters string, ground colour.Colour, side int) ([]byte, error) {
	rgba := func(c colour.Colour) color.RGBA {
		r, g, b := c.Channels()
		return color.RGBA{r, g, b, 255}
	}
	out := image.NewRGBA(image.Rect(0, 0, side, side))
	draw.Draw(out, out.Bounds(), image.NewUniform(rgba(ground)), image.Point{}, draw.Src)
	parsed, err := opentype.Parse(gobold.TTF)
	if err != nil {
		return nil, fmt.Errorf("font of a monogram: %w", err)
	}
	size := float64(side) * 0.46
	if len([]rune(letters)) > 1 {
		size = float64(side) * 0.36
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return nil, fmt.Errorf("font of a monogram: %w", err)
	}
	defer face.Close()
	d := font.Drawer{Dst: out, Src: image.NewUniform(rgba(colour.OnColour(ground))), Face: face}
	box, wide := d.BoundString(letters)
	tall := box.Max.Y - box.Min.Y
	d.Dot = fixed.Point26_6{X: (fixed.I(side) - wide) / 2, Y: (fixed.I(side)-tall)/2 - box.Min.Y}
	d.DrawString(letters)
	var file bytes.Buffer
	err = png.Encode(&file, out)
	return file.Bytes(), err
}
