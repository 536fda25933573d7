// Package picture checks and prepares uploaded pictures: it decides by content what a file is, refuses bombs before
// they are decoded, strips metadata by encoding anew, draws icons, and reduces an SVG to shapes that can do nothing
// but be seen. It stores nothing and serves nothing; a sanitised SVG is still best served as an image of its own
// (<img>), under a Content-Security-Policy without scripts.
package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"

	"golang.org/x/image/webp"

	"lyceum/internal/fault"
	"lyceum/internal/media"
)

const (
	// MaxBytes is the largest raster file taken.
	MaxBytes = 20 << 20
	// MaxPixels is the largest area decoded, 40 megapixels: about 160 MB of memory for the moment of decoding, so a
	// server decodes few at a time.
	MaxPixels = 40_000_000
	// MaxSide is the longest side decoded.
	MaxSide = 12_000
)

var (
	// ErrTooLarge is a file beyond MaxBytes, or an SVG beyond MaxSVGBytes.
	ErrTooLarge = fault.New(fault.KindTooLarge, "picture_too_large", "This picture's file is too large.")
	// ErrTooManyPixels is a picture beyond MaxPixels or MaxSide.
	ErrTooManyPixels = fault.New(fault.KindInvalid, "picture_too_many_pixels", "This picture has too many pixels.")
	// ErrUnknownFormat is a file that is none of the formats taken, whatever its name says.
	ErrUnknownFormat = fault.New(fault.KindInvalid, "picture_format_unknown", "This file is not a picture we can read. Please upload a PNG, JPEG, GIF, WebP or SVG file.")
	// ErrAnimated is a moving WebP, whose frames cannot be read.
	ErrAnimated = fault.New(fault.KindInvalid, "picture_animated", "This WebP picture moves. Please save a single frame as PNG or JPEG and upload that.")
	// ErrDamaged is a picture that ends early or contradicts itself.
	ErrDamaged = fault.New(fault.KindInvalid, "picture_damaged", "This picture is damaged or cut off. Please export it again and upload the new file.")
)

// codec reads one raster format.
type codec struct {
	name   string
	config func(data []byte) (image.Config, error)
	decode func(data []byte) (image.Image, error)
}

func codecFor(mediaType string) (codec, bool) {
	switch mediaType {
	case "image/png":
		return codec{"PNG",
			func(d []byte) (image.Config, error) { return png.DecodeConfig(bytes.NewReader(d)) },
			func(d []byte) (image.Image, error) { return png.Decode(bytes.NewReader(d)) }}, true
	case "image/jpeg":
		return codec{"JPEG",
			func(d []byte) (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(d)) },
			func(d []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(d)) }}, true
	case "image/gif":
		return codec{"GIF",
			func(d []byte) (image.Config, error) { return gif.DecodeConfig(bytes.NewReader(d)) },
			func(d []byte) (image.Image, error) { return gif.Decode(bytes.NewReader(d)) }}, true
	case "image/webp":
		return codec{"WebP",
			func(d []byte) (image.Config, error) { return webp.DecodeConfig(bytes.NewReader(d)) },
			func(d []byte) (image.Image, error) { return webp.Decode(bytes.NewReader(d)) }}, true
	}
	return codec{}, false
}

// raster is a decoded picture, turned the way its maker held the camera once it is drawn by upright.
type raster struct {
	image.Image
	mediaType   string
	orientation int // 1 to 8, as in TIFF tag 274
}

// open decodes a raster file after everything that can be known beforehand was checked.
func open(data []byte) (raster, error) {
	if len(data) > MaxBytes {
		return raster{}, ErrTooLarge.Saying("This picture's file has %d MB; at most %d MB are allowed.", (len(data)+1<<20-1)>>20, MaxBytes>>20)
	}
	mediaType, _ := media.Sniff(data)
	c, ok := codecFor(mediaType)
	if !ok {
		return raster{}, ErrUnknownFormat
	}
	if animatedWebP(mediaType, data) {
		return raster{}, ErrAnimated
	}
	config, err := c.config(data)
	if err != nil {
		return raster{}, damaged(c, err)
	}
	if err := checkSize(config.Width, config.Height); err != nil {
		return raster{}, err
	}
	img, err := c.decode(data)
	if err != nil {
		return raster{}, damaged(c, err)
	}
	r := raster{Image: img, mediaType: mediaType, orientation: 1}
	switch mediaType {
	case "image/jpeg":
		r.orientation = exifOrientation(data)
	case "image/gif":
		r.Image = onScreen(img, config)
	case "image/webp":
		switch img := img.(type) {
		case *image.YCbCr:
			fullRange(img)
		case *image.NYCbCrA:
			fullRange(&img.YCbCr)
		}
	}
	return r, nil
}

func checkSize(w, h int) error {
	switch {
	case w < 1 || h < 1:
		return ErrDamaged.Saying("This picture has no area (%d by %d pixels). Please export it again.", w, h)
	case w > MaxSide || h > MaxSide:
		return ErrTooManyPixels.Saying("This picture is %d by %d pixels; at most %d on a side are allowed. Please make it smaller.", w, h, MaxSide)
	case w*h > MaxPixels:
		return ErrTooManyPixels.Saying("This picture has %d megapixels; at most %d are allowed. Please make it smaller.", (w*h+999_999)/1_000_000, MaxPixels/1_000_000)
	}
	return nil
}

func damaged(c codec, err error) error {
	return ErrDamaged.Saying("This %s file is damaged or cut off. Please export it again and upload the new file.", c.name).
		Because(fmt.Errorf("decode %s: %w", c.name, err))
}

// animatedWebP reads the animation flag of the extended header (WebP container, "Extended File Format").
func animatedWebP(mediaType string, data []byte) bool {
	return mediaType == "image/webp" && len(data) > 20 && string(data[12:16]) == "VP8X" && data[20]&0x02 != 0
}

// onScreen puts the first frame of a GIF where it belongs on its screen, which may be larger than the frame.
func onScreen(frame image.Image, config image.Config) image.Image {
	screen := image.Rect(0, 0, config.Width, config.Height)
	p, ok := frame.(*image.Paletted)
	if !ok || p.Rect == screen {
		return frame
	}
	out := image.NewNRGBA(screen)
	for y := p.Rect.Min.Y; y < p.Rect.Max.Y; y++ {
		for x := p.Rect.Min.X; x < p.Rect.Max.X; x++ {
			out.Set(x, y, p.At(x, y))
		}
	}
	return out
}

// fullRange widens the colours of a lossy WebP: VP8 keeps them in the narrow range of television (RFC 6386 §9.2, ITU-R
// BT.601), Go's YCbCr means the full range of JPEG. Without this a red of 255 comes out as 238.
func fullRange(img *image.YCbCr) {
	widen(img.Y, 16, 0, 219)
	widen(img.Cb, 128, 128, 224)
	widen(img.Cr, 128, 128, 224)
}

// widen maps a span of levels to 255, with the level from becoming the level to.
func widen(plane []uint8, from, to, span float64) {
	var table [256]uint8
	for v := range table {
		table[v] = uint8(math.Round(min(255, max(0, (float64(v)-from)*255/span+to))))
	}
	for i, v := range plane {
		plane[i] = table[v]
	}
}
