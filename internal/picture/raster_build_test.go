package picture_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

func pngOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// gifOf makes a GIF of two frames: a red one at the place given, then a blue one over all.
func gifOf(t testing.TB, screen, frame image.Rectangle) []byte {
	t.Helper()
	palette := color.Palette{color.NRGBA{}, red, blue}
	first, second := image.NewPaletted(frame, palette), image.NewPaletted(screen, palette)
	for i := range first.Pix {
		first.Pix[i] = 1
	}
	for i := range second.Pix {
		second.Pix[i] = 2
	}
	var b bytes.Buffer
	g := &gif.GIF{Image: []*image.Paletted{first, second}, Delay: []int{1, 1}, Config: image.Config{ColorModel: palette, Width: screen.Dx(), Height: screen.Dy()}}
	if err := gif.EncodeAll(&b, g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// firstFrame cuts a GIF of two frames where the second begins.
func firstFrame(file []byte) []byte {
	return file[:bytes.LastIndex(file, []byte("\x21\xf9\x04"))]
}

func withChunk(file []byte, name string, data []byte) []byte {
	return insert(file, 33, chunk(name, data)) // behind signature and IHDR
}

func chunk(name string, data []byte) string {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, name...), data...)
	return string(binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:])))
}

// bombPNG is a header that claims a size, and nothing behind it.
func bombPNG(w, h uint32) []byte {
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	header = append(header, 8, 6, 0, 0, 0)
	return []byte("\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + chunk("IDAT", []byte("x")) + chunk("IEND", nil))
}

// resized makes a JPEG's frame header lie about its size.
func resized(file []byte, w, h uint16) []byte {
	i := bytes.Index(file, []byte("\xff\xc0"))
	binary.BigEndian.PutUint16(file[i+5:], h)
	binary.BigEndian.PutUint16(file[i+7:], w)
	return file
}

func withOrientation(file []byte, order binary.AppendByteOrder, orientation int) []byte {
	mark := "II"
	if order.String() == binary.BigEndian.String() {
		mark = "MM"
	}
	tiff := order.AppendUint32(order.AppendUint16([]byte(mark), 42), 8)
	tiff = order.AppendUint16(tiff, 2)
	for _, e := range [][3]uint16{{271, 2, 0}, {274, 3, uint16(orientation)}} {
		tiff = order.AppendUint32(order.AppendUint16(order.AppendUint16(tiff, e[0]), e[1]), 1)
		tiff = order.AppendUint16(order.AppendUint16(tiff, e[2]), 0)
	}
	segment := "Exif\x00\x00" + string(tiff)
	return insert(file, 2, fmt.Sprintf("\xff\xe1%s%s", binary.BigEndian.AppendUint16(nil, uint16(len(segment)+2)), segment))
}

func insert(file []byte, at int, what string) []byte {
	return append(append(append([]byte{}, file[:at]...), what...), file[at:]...)
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func decode(t *testing.T, b []byte) image.Image {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func fill(img *image.NRGBA, r image.Rectangle, c color.NRGBA) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			img.SetNRGBA(x, y, c)
		}
	}
}

func nrgba(c color.Color) color.NRGBA { return color.NRGBAModel.Convert(c).(color.NRGBA) }

func near(a, b color.NRGBA, by int) bool {
	for _, d := range []int{int(a.R) - int(b.R), int(a.G) - int(b.G), int(a.B) - int(b.B), int(a.A) - int(b.A)} {
		if d > by || -d > by {
			return false
		}
	}
	return true
}
