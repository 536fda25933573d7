package picture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"strings"
	"testing"

	"lyceum/internal/fault"
	"lyceum/internal/picture"
)

var (
	red   = color.NRGBA{R: 255, A: 255}
	green = color.NRGBA{G: 255, A: 255}
	blue  = color.NRGBA{B: 255, A: 255}
	clear = color.NRGBA{}
)

func TestAPNGStaysPNGWithItsTransparencyAndLosesItsMetadata(t *testing.T) {
	t.Parallel()
	img := image.NewNRGBA(image.Rect(0, 0, 4, 3))
	img.Set(1, 1, color.NRGBA{R: 200, G: 100, B: 50, A: 128})
	img.Set(3, 2, red)
	in := withChunk(pngOf(t, img), "tEXt", []byte("GPS\x00secret place"))

	out, mediaType, w, h, err := picture.Normalise(in, 0)
	if err != nil || mediaType != "image/png" || w != 4 || h != 3 {
		t.Fatalf("got %s %dx%d, %v", mediaType, w, h, err)
	}
	if bytes.Contains(out, []byte("secret")) {
		t.Error("the metadata is still there")
	}
	back := decode(t, out)
	for y := range 3 {
		for x := range 4 {
			if got, want := nrgba(back.At(x, y)), img.NRGBAAt(x, y); got != want {
				t.Errorf("pixel %d,%d is %v, want %v", x, y, got, want)
			}
		}
	}
}

func TestNothingAppendedToAPictureSurvives(t *testing.T) {
	t.Parallel()
	flat := image.NewNRGBA(image.Rect(0, 0, 8, 8))
	for name, in := range map[string][]byte{
		"PNG with a ZIP behind it":     append(pngOf(t, flat), "PK\x03\x04 evil payload"...),
		"JPEG with HTML behind it":     append(jpegOf(t, flat), "<script>evil payload</script>"...),
		"JPEG with HTML in a comment":  insert(jpegOf(t, flat), 2, "\xff\xfe\x00\x16<b>evil payload</b>"),
		"GIF with a script behind it":  append(gifOf(t, image.Rect(0, 0, 8, 8), image.Rect(0, 0, 8, 8)), "=1;evil payload"...),
		"PNG with text in front of it": withChunk(pngOf(t, flat), "iTXt", []byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00evil payload")),
	} {
		out, _, _, _, err := picture.Normalise(in, 0)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if bytes.Contains(out, []byte("evil payload")) || len(out) == 0 {
			t.Errorf("%s: the payload survived", name)
		}
	}
}

func TestAJPEGIsTurnedAsItsCameraWasHeld(t *testing.T) {
	t.Parallel()
	// The upright picture has red at the top left, green at the top right, blue at the bottom left. The table says
	// where the stored picture has the three corners for each orientation (TIFF 6.0, tag 274).
	type corner struct{ right, bottom bool }
	tl, tr, bl, br := corner{false, false}, corner{true, false}, corner{false, true}, corner{true, true}
	for orientation, at := range map[int][3]corner{
		1: {tl, tr, bl}, 2: {tr, tl, br}, 3: {br, bl, tr}, 4: {bl, br, tl},
		5: {tl, bl, tr}, 6: {bl, tl, br}, 7: {br, tr, bl}, 8: {tr, br, tl},
	} {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			w, h := 64, 32
			if orientation >= 5 {
				w, h = 32, 64
			}
			img := image.NewNRGBA(image.Rect(0, 0, w, h))
			for i, c := range []color.NRGBA{red, green, blue} {
				x, y := 0, 0
				if at[i].right {
					x = w - 16
				}
				if at[i].bottom {
					y = h - 16
				}
				fill(img, image.Rect(x, y, x+16, y+16), c)
			}
			out, mediaType, gotW, gotH, err := picture.Normalise(withOrientation(jpegOf(t, img), order, orientation), 0)
			if err != nil || mediaType != "image/jpeg" || gotW != 64 || gotH != 32 {
				t.Fatalf("orientation %d: %s %dx%d, %v", orientation, mediaType, gotW, gotH, err)
			}
			back := decode(t, out)
			for p, want := range map[image.Point]color.NRGBA{{8, 8}: red, {56, 8}: green, {8, 24}: blue} {
				if got := nrgba(back.At(p.X, p.Y)); !near(got, want, 40) {
					t.Errorf("orientation %d: pixel %v is %v, want %v", orientation, p, got, want)
				}
			}
			if bytes.Contains(out, []byte("Exif")) {
				t.Error("the EXIF segment is still there")
			}
		}
	}
}

func TestAnUnsoundEXIFSegmentMeansUpright(t *testing.T) {
	t.Parallel()
	plain := jpegOf(t, image.NewNRGBA(image.Rect(0, 0, 64, 32)))
	for name, tiff := range map[string]string{
		"no directory":           "II*\x00\xff\xff\xff\xff",
		"directory beyond":       "II*\x00\x08\x00\x00\x00\xff\xff",
		"entries cut off":        "II*\x00\x08\x00\x00\x00\x02\x00\x12\x01\x03\x00",
		"value out of range":     "II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x63\x00\x00\x00",
		"value of another type":  "II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x04\x00\x01\x00\x00\x00\x06\x00\x00\x00",
		"neither byte order":     "XX*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00",
		"directory at the brink": "MM\x00*\x00\x00\x00\x08\x00",
	} {
		segment := "Exif\x00\x00" + tiff
		in := insert(plain, 2, "\xff\xe1"+string(binary.BigEndian.AppendUint16(nil, uint16(len(segment)+2)))+segment)
		if _, _, w, h, err := picture.Normalise(in, 0); err != nil || w != 64 || h != 32 {
			t.Errorf("%s: %dx%d, %v", name, w, h, err)
		}
	}
}

func TestALargePictureIsScaledDownInShapeAndASmallOneStays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ w, h, side, wantW, wantH int }{
		{400, 200, 100, 100, 50}, {200, 400, 100, 50, 100}, {300, 300, 100, 100, 100}, {100, 50, 100, 100, 50}, {90, 10, 100, 90, 10}, {3000, 2, 100, 100, 1},
	} {
		img := image.NewNRGBA(image.Rect(0, 0, c.w, c.h))
		fill(img, img.Rect, color.NRGBA{R: 10, G: 120, B: 200, A: 255})
		out, _, w, h, err := picture.Normalise(pngOf(t, img), c.side)
		if err != nil || w != c.wantW || h != c.wantH {
			t.Fatalf("%dx%d to %d gave %dx%d, %v", c.w, c.h, c.side, w, h, err)
		}
		back := decode(t, out)
		for _, p := range []image.Point{{0, 0}, {w - 1, h - 1}, {w / 2, h / 2}} {
			if got := nrgba(back.At(p.X, p.Y)); !near(got, color.NRGBA{R: 10, G: 120, B: 200, A: 255}, 1) {
				t.Errorf("%dx%d: an even ground became %v at %v", c.w, c.h, got, p)
			}
		}
	}
}

func TestScalingKeepsHalvesWhereTheyWereAndTransparencyFromBleeding(t *testing.T) {
	t.Parallel()
	img := image.NewNRGBA(image.Rect(0, 0, 400, 400))
	fill(img, image.Rect(0, 0, 200, 400), red) // the right half is transparent black
	out, _, _, _, err := picture.Normalise(pngOf(t, img), 40)
	if err != nil {
		t.Fatal(err)
	}
	back := decode(t, out)
	if got := nrgba(back.At(5, 20)); got != red {
		t.Errorf("left is %v, want red", got)
	}
	if got := nrgba(back.At(35, 20)); got.A != 0 {
		t.Errorf("right is %v, want transparent", got)
	}
	for x := range 40 {
		if got := nrgba(back.At(x, 20)); got.A > 0 && (got.R < 250 || got.G > 3) {
			t.Errorf("at %d the edge is %v: black bled in", x, got)
		}
	}
}

func TestTheFirstFrameOfAGIFStandsWhereItBelongs(t *testing.T) {
	t.Parallel()
	out, mediaType, w, h, err := picture.Normalise(gifOf(t, image.Rect(0, 0, 20, 10), image.Rect(12, 4, 16, 8)), 0)
	if err != nil || mediaType != "image/png" || w != 20 || h != 10 {
		t.Fatalf("got %s %dx%d, %v", mediaType, w, h, err)
	}
	back := decode(t, out)
	if nrgba(back.At(13, 5)) != red || nrgba(back.At(2, 2)).A != 0 || nrgba(back.At(17, 5)).A != 0 {
		t.Errorf("got %v, %v, %v", back.At(13, 5), back.At(2, 2), back.At(17, 5))
	}
}

// The WebP files were made with ffmpeg: `-f lavfi -i color=c=red:s=16x8 -frames:v 1 -c:v libwebp -quality 60`,
// `color=c=0x00ff0080,format=rgba … -lossless 1`, `testsrc=s=16x8:r=3 … -c:v libwebp_anim`.
func TestWebPBecomesJPEGOrPNGByWhatItHolds(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]struct {
		mediaType string
		colour    color.NRGBA
	}{"lossy.webp": {"image/jpeg", red}, "alpha.webp": {"image/png", color.NRGBA{G: 255, A: 128}}} {
		out, mediaType, w, h, err := picture.Normalise(testdata(t, file), 0)
		if err != nil || mediaType != want.mediaType || w != 16 || h != 8 {
			t.Fatalf("%s: %s %dx%d, %v", file, mediaType, w, h, err)
		}
		if got := nrgba(decode(t, out).At(8, 4)); !near(got, want.colour, 3) {
			t.Errorf("%s: %v, want %v", file, got, want.colour)
		}
	}
	if _, _, _, _, err := picture.Normalise(testdata(t, "moving.webp"), 0); !errors.Is(err, picture.ErrAnimated) {
		t.Errorf("a moving WebP gave %v", err)
	}
}

func TestAPixelBombIsRefusedByItsSizeBeforeItIsDecoded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   []byte
		is   *fault.Fault
		says string
	}{
		"PNG of 30000 by 30000":   {bombPNG(30000, 30000), picture.ErrTooManyPixels, "30000 by 30000"},
		"PNG of 10000 by 8000":    {bombPNG(10000, 8000), picture.ErrTooManyPixels, "This picture has 80 megapixels; at most 40 are allowed."},
		"PNG of 12001 by 1":       {bombPNG(12001, 1), picture.ErrTooManyPixels, "at most 12000 on a side"},
		"PNG one row too many":    {bombPNG(10000, 4001), picture.ErrTooManyPixels, "41 megapixels"},
		"PNG of nothing":          {bombPNG(0, 10), picture.ErrDamaged, "PNG"},
		"GIF of 65535 by 65535":   {append([]byte("GIF89a\xff\xff\xff\xff\x80\x00\x00"), make([]byte, 64)...), picture.ErrTooManyPixels, "65535"},
		"JPEG of 65000 by 65000":  {resized(jpegOf(t, image.NewNRGBA(image.Rect(0, 0, 8, 8))), 65000, 65000), picture.ErrTooManyPixels, "65000"},
		"WebP of 16384 by 16384":  {[]byte("RIFF\x1a\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\xff\x3f\x00\xff\x3f\x00"), picture.ErrTooManyPixels, "16384"},
		"a file of many bytes":    {append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 21<<20)...), picture.ErrTooLarge, "22 MB; at most 20 MB"},
		"PNG with dimensions < 0": {bombPNG(0xffffffff, 0xffffffff), picture.ErrDamaged, "PNG"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, _, _, err := picture.Normalise(c.in, 100)
			if !errors.Is(err, c.is) || !strings.Contains(fault.Of(err).Text, c.says) {
				t.Errorf("Normalise gave %v, want %s saying %q", err, c.is.Code, c.says)
			}
			if _, err := picture.Icon(c.in, 32); !errors.Is(err, c.is) {
				t.Errorf("Icon gave %v, want %s", err, c.is.Code)
			}
		})
	}
}

func TestAPictureCutOffAnywhereIsDamagedNotAPanic(t *testing.T) {
	t.Parallel()
	img := image.NewNRGBA(image.Rect(0, 0, 24, 24))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * 37)
	}
	for name, whole := range map[string][]byte{
		"PNG": pngOf(t, img), "JPEG": jpegOf(t, img), "GIF": firstFrame(gifOf(t, image.Rect(0, 0, 24, 24), image.Rect(0, 0, 24, 24))), "WebP": testdata(t, "lossy.webp"),
	} {
		for n := 16; n < len(whole)-8; n += 1 + len(whole)/97 {
			_, _, _, _, err := picture.Normalise(whole[:n], 0)
			if name == "WebP" && err == nil {
				continue // VP8 fills up what is missing at the end of its last partition
			}
			if !errors.Is(err, picture.ErrDamaged) || !strings.Contains(fault.Of(err).Text, "This "+name+" file") {
				t.Fatalf("%s cut at %d of %d gave %v", name, n, len(whole), err)
			}
		}
	}
}

func TestWhatIsNoPictureIsToldSoWhateverItsName(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"nothing": "", "text": "hello", "HTML": "<!DOCTYPE html><script>alert(1)</script>", "PDF": "%PDF-1.7\n", "ZIP": "PK\x03\x04rest",
		"TIFF": "II*\x00\x08\x00\x00\x00", "BMP": "BM\x00\x00\x00\x00", "SVG": head + square + `</svg>`, "HTML with a picture's name inside": "<p>\x89PNG\r\n\x1a\n",
	} {
		if _, _, _, _, err := picture.Normalise([]byte(in), 0); !errors.Is(err, picture.ErrUnknownFormat) {
			t.Errorf("%s gave %v", name, err)
		}
	}
}

func TestAnIconIsASquareWithThePictureInItsMiddle(t *testing.T) {
	t.Parallel()
	img := image.NewNRGBA(image.Rect(0, 0, 200, 100))
	fill(img, img.Rect, green)
	for _, size := range []int{16, 32, 180, 512} {
		out, err := picture.Icon(pngOf(t, img), size)
		if err != nil {
			t.Fatal(err)
		}
		back := decode(t, out)
		if back.Bounds() != image.Rect(0, 0, size, size) {
			t.Fatalf("the icon is %v", back.Bounds())
		}
		for p, want := range map[image.Point]color.NRGBA{
			{size / 2, size / 2}: green, {0, size / 2}: green, {size - 1, size / 2}: green, {size / 2, 0}: clear, {size / 2, size - 1}: clear, {0, 0}: clear,
		} {
			if got := nrgba(back.At(p.X, p.Y)); got != want {
				t.Errorf("size %d: pixel %v is %v, want %v", size, p, got, want)
			}
		}
	}
	for _, size := range []int{0, -1, 15, 1025} {
		if _, err := picture.Icon(pngOf(t, img), size); err == nil {
			t.Errorf("a size of %d was taken", size)
		}
	}
}

func FuzzNormaliseNeverPanicsAndAlwaysGivesAPicture(f *testing.F) {
	img := image.NewNRGBA(image.Rect(0, 0, 6, 5))
	f.Add(pngOf(f, img))
	f.Add(withOrientation(jpegOf(f, img), binary.LittleEndian, 6))
	f.Add(gifOf(f, image.Rect(0, 0, 6, 5), image.Rect(1, 1, 3, 3)))
	f.Add(testdata(f, "lossy.webp"))
	f.Add(testdata(f, "alpha.webp"))
	f.Add(bombPNG(3000, 3000))
	f.Fuzz(func(t *testing.T, in []byte) {
		out, _, w, h, err := picture.Normalise(in, 64)
		if err != nil {
			if fault.Of(err).Kind == fault.KindInternal {
				t.Fatalf("an error that is no fault: %v", err)
			}
			return
		}
		if config, _, err := image.DecodeConfig(bytes.NewReader(out)); err != nil || config.Width != w || config.Height != h || max(w, h) > 64 {
			t.Fatalf("told %dx%d, is %dx%d, %v", w, h, config.Width, config.Height, err)
		}
	})
}
