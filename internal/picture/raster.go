package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"image/png"
)

// jpegQuality is the quality of encoded JPEGs.
const jpegQuality = 85

// Normalise checks a raster picture and encodes it anew, so that nothing of the upload but its pixels remains: no
// metadata, no place of taking, nothing appended. A picture with a side longer than maxSide is scaled down; 0 keeps
// the size. JPEG stays JPEG, turned as its EXIF orientation says; PNG stays PNG with its transparency; the first
// frame of a GIF and a lossless or transparent WebP become PNG, any other WebP JPEG. Colour profiles are dropped:
// pixels are taken for sRGB. Errors are the package's faults; an SVG is ErrUnknownFormat here.
func Normalise(data []byte, maxSide int) (out []byte, mediaType string, w, h int, err error) {
	r, err := open(data)
	if err != nil {
		return nil, "", 0, 0, err
	}
	img := r.Image
	if size := r.Bounds().Size(); maxSide > 0 && max(size.X, size.Y) > maxSide {
		img = scale(img, fit(size, maxSide))
	}
	img = upright(img, r.orientation)
	mediaType = "image/png"
	if _, lossy := r.Image.(*image.YCbCr); r.mediaType == "image/jpeg" || r.mediaType == "image/webp" && lossy {
		mediaType = "image/jpeg"
	}
	out, err = encode(img, mediaType)
	if err != nil {
		return nil, "", 0, 0, fmt.Errorf("encode %s: %w", mediaType, err)
	}
	return out, mediaType, img.Bounds().Dx(), img.Bounds().Dy(), nil
}

// Icon draws a raster picture into the middle of a transparent square of size by size pixels (16 to 1024), as PNG.
// An SVG needs no icon: browsers take the SVG itself.
func Icon(data []byte, size int) ([]byte, error) {
	if size < 16 || size > 1024 {
		return nil, fmt.Errorf("icon of %d pixels: the size must be 16 to 1024", size)
	}
	r, err := open(data)
	if err != nil {
		return nil, err
	}
	img := upright(scale(r.Image, fit(r.Bounds().Size(), size)), r.orientation)
	square := image.NewRGBA(image.Rect(0, 0, size, size))
	at := image.Pt((size-img.Bounds().Dx())/2, (size-img.Bounds().Dy())/2)
	draw.Draw(square, img.Bounds().Sub(img.Bounds().Min).Add(at), img, img.Bounds().Min, draw.Src)
	out, err := encode(square, "image/png")
	if err != nil {
		return nil, fmt.Errorf("encode icon: %w", err)
	}
	return out, nil
}

// Smaller is a picture drawn smaller.
type Smaller struct {
	Width, Height int
	MediaType     string
	Data          []byte
}

// Scale draws a raster picture in several widths, each below its own: it is decoded once. Types, orientation and errors
// are those of Normalise; a width that is not below the picture's is left out.
func Scale(data []byte, widths []int) ([]Smaller, error) {
	r, err := open(data)
	if err != nil {
		return nil, err
	}
	img := upright(r.Image, r.orientation)
	mediaType := "image/png"
	if _, lossy := r.Image.(*image.YCbCr); r.mediaType == "image/jpeg" || r.mediaType == "image/webp" && lossy {
		mediaType = "image/jpeg"
	}
	var out []Smaller
	for _, w := range widths {
		size := img.Bounds().Size()
		if w < 1 || w >= size.X {
			continue
		}
		small := scale(img, image.Pt(w, max(1, (size.Y*w+size.X/2)/size.X)))
		b, err := encode(small, mediaType)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", mediaType, err)
		}
		out = append(out, Smaller{Width: w, Height: small.Bounds().Dy(), MediaType: mediaType, Data: b})
	}
	return out, nil
}

func encode(img image.Image, mediaType string) ([]byte, error) {
	var b bytes.Buffer
	if mediaType == "image/jpeg" {
		err := jpeg.Encode(&b, img, &jpeg.Options{Quality: jpegQuality})
		return b.Bytes(), err
	}
	err := png.Encode(&b, img)
	return b.Bytes(), err
}

// fit gives the size of the same shape whose longer side is side.
func fit(size image.Point, side int) image.Point {
	long := max(size.X, size.Y)
	return image.Pt(max(1, (size.X*side+long/2)/long), max(1, (size.Y*side+long/2)/long))
}

// upright turns and mirrors a picture by its orientation (TIFF 6.0, tag 274; 1 is upright).
func upright(img image.Image, orientation int) image.Image {
	if orientation < 2 || orientation > 8 {
		return img
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	src := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(src, src.Rect, img, b.Min, draw.Src)
	outW, outH := w, h
	if orientation >= 5 {
		outW, outH = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, outW, outH))
	for y := range outH {
		for x := range outW {
			sx, sy := source(orientation, x, y, w, h)
			copy(out.Pix[y*out.Stride+4*x:][:4], src.Pix[sy*src.Stride+4*sx:][:4])
		}
	}
	return out
}

// source tells which stored pixel (of w by h) belongs at x, y of the upright picture.
func source(orientation, x, y, w, h int) (sx, sy int) {
	switch orientation {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return y, h - 1 - x
	case 7:
		return w - 1 - y, h - 1 - x
	default:
		return w - 1 - y, x
	}
}
