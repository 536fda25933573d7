package picture_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"lyceum/internal/colour"
	"lyceum/internal/picture"
)

func TestALogosColoursAreThoseThatStandOut(t *testing.T) {
	t.Parallel()
	img := image.NewRGBA(image.Rect(0, 0, 100, 100))
	for y := range 100 {
		for x := range 100 {
			c := color.RGBA{255, 255, 255, 255}
			switch {
			case x < 10:
				c = color.RGBA{20, 20, 20, 255} // ink
			case x < 40:
				c = color.RGBA{200, 30, 40, 255}
			case x < 50:
				c = color.RGBA{20, 90, 200, 255}
			case x < 60:
				c = color.RGBA{}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		t.Fatal(err)
	}
	got := picture.Palette(file.Bytes(), 3)
	if len(got) < 2 || !close(got[0], 0xc81e28) || !close(got[1], 0x145ac8) {
		t.Errorf("%v", got)
	}
	svg := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><path fill="#1A7F5A" d="M0 0h1v1z"/><path fill="#1a7f5a" d="M0 0h1v1z"/><path fill="#e0b000" d="M0 0h1v1z"/><path fill="#ffffff" d="M0 0h1v1z"/></svg>`
	if got := picture.Palette([]byte(svg), 2); len(got) != 2 || got[0] != 0x1a7f5a || got[1] != 0xe0b000 {
		t.Errorf("of an SVG: %v", got)
	}
	for what, data := range map[string]string{"nothing": "", "text": "hello", "grey": `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path fill="#808080" d="M0 0h1v1z"/></svg>`} {
		if got := picture.Palette([]byte(data), 3); len(got) != 0 {
			t.Errorf("%s has %v", what, got)
		}
	}
}

func close(a, b colour.Colour) bool {
	for _, shift := range []int{16, 8, 0} {
		d := int(a>>shift)&255 - int(b>>shift)&255
		if d < -20 || d > 20 {
			return false
		}
	}
	return true
}

func TestAPaletteReadsTheWaysInWhichSVGWritesColours(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{`fill="#07c"`: "#0077cc", `fill="#C02942"`: "#c02942", `fill="rgb(20, 140, 60)"`: "#148c3c", `fill="rgb(300, 0, 0)"`: "", `fill="#333"`: ""} {
		svg := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><rect width="10" height="10" ` + text + `/></svg>`
		got := ""
		for _, c := range picture.Palette([]byte(svg), 3) {
			got += c.String()
		}
		if got != want {
			t.Errorf("%s has %q, want %q", text, got, want)
		}
	}
}
