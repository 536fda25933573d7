package certificate_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	qrcode "github.com/skip2/go-qrcode"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"

	"lyceum/internal/uid"
	"lyceum/learning/certificate"
	"lyceum/tenant"
)

const verifyURL = "https://acme.lyceum.example/verify/a1b2c3d4e5f6g7h8i9j0"

func sample() (certificate.Certificate, certificate.Look) {
	percent, at := 92, time.Date(2026, 3, 4, 23, 30, 0, 0, time.UTC)
	return certificate.Certificate{
			ID: uid.New(), Code: "a1b2c3d4e5f6g7h8i9j0", PersonName: "Amélie Dvořák", CourseTitle: "Information security awareness",
			VersionNumber: 3, Percent: &percent, Minutes: 45, CompletedAt: at, IssuedAt: at,
		}, certificate.Look{
			Brand: tenant.Brand{Name: "Acme Industries", Colour: "#3b4cc0"}, VerifyURL: verifyURL,
		}
}

func draw(t *testing.T, c certificate.Certificate, look certificate.Look) []byte {
	t.Helper()
	pdf, err := certificate.New(certificate.Options{}).PDF(context.Background(), c, look)
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

// shown is a text on the page with the place where it begins and its size, in points.
type shown struct {
	text       string
	x, y, size float64
}

var (
	streamRE = regexp.MustCompile(`(?s)stream\n(.*?)\nendstream`)
	fontRE   = regexp.MustCompile(`/F\w+ ([\d.]+) Tf`)
	textRE   = regexp.MustCompile(`(?s)BT ([\d.-]+) ([\d.-]+) Td \((.*?[^\\]|)\)\s*Tj`)
	rectRE   = regexp.MustCompile(`([\d.-]+) ([\d.-]+) ([\d.-]+) ([\d.-]+) re f`)
)

// pageContent is the page's own stream, inflated.
func pageContent(t *testing.T, pdf []byte) string {
	t.Helper()
	for _, m := range streamRE.FindAllSubmatch(pdf, -1) {
		z, err := zlib.NewReader(bytes.NewReader(m[1]))
		if err != nil {
			continue
		}
		if content, _ := io.ReadAll(z); bytes.Contains(content, []byte(" Tj")) || bytes.Contains(content, []byte(")Tj")) {
			return string(content)
		}
	}
	t.Fatal("the page has no text")
	return ""
}

// texts are what the page shows, in the order of drawing: strings are UTF-16BE (ISO 32000-1 §9.4.3, Identity-H).
func texts(t *testing.T, content string) (list []shown) {
	t.Helper()
	number := func(s string) float64 {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	size := 0.0
	both := regexp.MustCompile(fontRE.String() + "|" + textRE.String())
	for _, m := range both.FindAllStringSubmatch(content, -1) {
		if m[1] != "" {
			size = number(m[1])
			continue
		}
		raw := strings.NewReplacer(`\\`, `\`, `\(`, `(`, `\)`, `)`, `\r`, "\r").Replace(m[4])
		units := make([]uint16, len(raw)/2)
		for i := range units {
			units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
		}
		list = append(list, shown{string(utf16.Decode(units)), number(m[2]), number(m[3]), size})
	}
	return list
}

func words(list []shown) (words []string) {
	for _, s := range list {
		words = append(words, s.text)
	}
	return words
}

func TestACertificateSaysWhoDidWhatWhenAndHowToCheckIt(t *testing.T) {
	t.Parallel()
	c, look := sample()
	pdf := draw(t, c, look)
	list := texts(t, pageContent(t, pdf))
	got := words(list)
	for _, want := range []string{"Amélie Dvořák", "Information security awareness", "4 March 2026", "92 %", "45 min", "3", "Acme Industries",
		"Issued on 4 March 2026", "a1b2c-3d4e5-f6g7h-8i9j0", "https://acme.lyceum.example/verify/", "a1b2c3d4e5f6g7h8i9j0"} {
		if !slices.Contains(got, want) {
			t.Errorf("the page does not say %q: %q", want, got)
		}
	}
	if title := strings.Join(got, ""); !strings.Contains(title, "CERTIFICATE OF COMPLETION") {
		t.Errorf("no title in %q", title)
	}
	for _, want := range []string{"/Count 1", "841.89 595.28", "/Lang (en)", "/CreationDate (D:20260304233000", "/ModDate (D:20260304233000"} {
		if !bytes.Contains(pdf, []byte(want)) {
			t.Errorf("the file lacks %s", want)
		}
	}
	for _, want := range []string{"Certificate of completion: Information security awareness – Amélie Dvořák", "Acme Industries"} {
		if !bytes.Contains(pdf, utf16BE(want)) {
			t.Errorf("the metadata lack %q", want)
		}
	}
	if n := bytes.Count(pdf, []byte("/FontFile2")); n != 3 {
		t.Errorf("%d fonts are embedded", n)
	}
	if len(pdf) > 120<<10 {
		t.Errorf("%d bytes", len(pdf))
	}
}

func utf16BE(s string) []byte {
	out := []byte("\xfe\xff")
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u>>8), byte(u))
	}
	return out
}

func TestTheSameCertificateGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	c, look := sample()
	look.LogoPNG = logo(t)
	first := draw(t, c, look)
	for range 5 {
		if !bytes.Equal(first, draw(t, c, look)) {
			t.Fatal("the bytes differ")
		}
	}
	c.PersonName = "Another"
	if bytes.Equal(first, draw(t, c, look)) {
		t.Error("another name gives the same bytes")
	}
}

func logo(t *testing.T) []byte {
	t.Helper()
	img := image.NewNRGBA64(image.Rect(0, 0, 300, 80)) // 16 bits a channel, with transparency
	for x := range 300 {
		for y := range 80 {
			img.Set(x, y, color.NRGBA{R: uint8(x), G: 90, B: 160, A: uint8(3 * y)})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// width is how wide a text is in the boldest of the fonts, in points: none of the three is wider.
func width(t *testing.T, s string, size float64) float64 {
	t.Helper()
	f, err := opentype.Parse(gobold.TTF)
	if err != nil {
		t.Fatal(err)
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		t.Fatal(err)
	}
	defer face.Close()
	return float64(font.MeasureString(face, s)) / 64
}

func TestEveryTextStaysWithinTheFrameAndApart(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*certificate.Certificate, *certificate.Look){
		"usual": func(*certificate.Certificate, *certificate.Look) {},
		"a name of 60 characters and a title of 120": func(c *certificate.Certificate, _ *certificate.Look) {
			c.PersonName = "Maximiliana Konstantinopoulou-Wolkenstein von und zu Hohenfe"
			c.CourseTitle = "Working safely at height, in confined spaces and near moving machinery: the annual refresher for maintenance field teams"
		},
		"wide letters without a space": func(c *certificate.Certificate, l *certificate.Look) {
			c.PersonName, c.CourseTitle = strings.Repeat("W", 60), strings.Repeat("M", 120)
			l.Brand.Name = strings.Repeat("W", 80)
			l.VerifyURL = "https://" + strings.Repeat("w", 60) + ".example/verify/" + c.Code
		},
		"texts beyond all bounds": func(c *certificate.Certificate, l *certificate.Look) {
			c.PersonName, c.CourseTitle = strings.Repeat("Wolfgang ", 40), strings.Repeat("Management ", 60)
			l.VerifyURL = "https://" + strings.Repeat("w", 200) + ".example/"
			c.Minutes = 5999
		},
		"German": func(_ *certificate.Certificate, l *certificate.Look) { l.Words = certificate.German() },
		"accents, Greek, Cyrillic": func(c *certificate.Certificate, _ *certificate.Look) {
			c.PersonName, c.CourseTitle = "Łukasz Ωμέγα Иванов-Çelebi", "Überprüfung der Maßnahmen – première année"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, look := sample()
			change(&c, &look)
			const mm = 72 / 25.4
			left, right, bottom, top := 28*mm, 289*mm, 8*mm, 202*mm
			list := texts(t, pageContent(t, draw(t, c, look)))
			for _, s := range list {
				if s.x < left || s.x+width(t, s.text, s.size) > right || s.y < bottom || s.y+s.size > top {
					t.Errorf("%q at %.0f,%.0f with %.1f points leaves the frame", s.text, s.x, s.y, s.size)
				}
			}
			for i, a := range list {
				for _, b := range list[i+1:] {
					overlap := a.x < b.x+width(t, b.text, b.size)*0.9 && b.x < a.x+width(t, a.text, a.size)*0.9
					if gap := math.Abs(a.y - b.y); overlap && gap > 0.1 && gap < 0.72*math.Max(a.size, b.size) && len(a.text) > 1 && len(b.text) > 1 {
						t.Errorf("%q and %q are only %.1f points apart", a.text, b.text, gap)
					}
				}
			}
		})
	}
}

func TestLongTextsAreNotCutWhenTheyCanBeWrapped(t *testing.T) {
	t.Parallel()
	c, look := sample()
	c.PersonName = "Maximiliana Konstantinopoulou-Wolkenstein von und zu Hohenfe"
	c.CourseTitle = "Working safely at height, in confined spaces and near moving machinery: the annual refresher for maintenance field teams"
	if len(c.PersonName) != 60 || len(c.CourseTitle) != 120 {
		t.Fatalf("%d and %d characters", len(c.PersonName), len(c.CourseTitle))
	}
	got := words(texts(t, pageContent(t, draw(t, c, look))))
	if !slices.Contains(got, c.PersonName) {
		t.Errorf("the name is not on one line: %q", got)
	}
	if !strings.Contains(strings.Join(got, " "), c.CourseTitle) {
		t.Errorf("the title is not whole: %q", got)
	}
}

func TestLettersThatTheFontsLackKeepWhatCanBeDrawn(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Nguyễn Thị Hạnh": "Nguyên Thi Hanh", "Sø\u00adren": "Søren", "e\u0301mile": "émile", "李 Ana": "□ Ana", "😀": "□", "a\u200fb": "ab",
	} {
		c, look := sample()
		c.PersonName = name
		if got := words(texts(t, pageContent(t, draw(t, c, look)))); !slices.Contains(got, want) {
			t.Errorf("%q is drawn as %q, want %q", name, got, want)
		}
	}
}

func TestTheQRCodeHoldsTheAddress(t *testing.T) {
	t.Parallel()
	c, look := sample()
	content := pageContent(t, draw(t, c, look))
	code, err := qrcode.New(verifyURL, qrcode.Medium)
	if err != nil {
		t.Fatal(err)
	}
	want := code.Bitmap()
	side := len(want)
	const mm = 72 / 25.4
	module, x0, y0 := 26*mm/float64(side), 42*mm, (210-167)*mm
	got := make([][]bool, side)
	for i := range got {
		got[i] = make([]bool, side)
	}
	for _, m := range rectRE.FindAllStringSubmatch(content, -1) {
		var r [4]float64
		for i := range r {
			if r[i], err = strconv.ParseFloat(m[i+1], 64); err != nil {
				t.Fatal(err)
			}
		}
		col, row, n := int(math.Round((r[0]-x0)/module)), int(math.Round((y0-r[1])/module)), int(math.Round(r[2]/module))
		if r[0] < x0-1 || row < 0 || row >= side || col+n > side || math.Abs(math.Abs(r[3])-module) > 0.1 {
			continue // the band and the rules
		}
		for i := range n {
			got[row][col+i] = true
		}
	}
	if diff := cmp.Diff(picture(want), picture(got)); diff != "" {
		t.Error(diff)
	}
}

func picture(bits [][]bool) (lines []string) {
	for _, row := range bits {
		line := ""
		for _, dark := range row {
			line += map[bool]string{true: "#", false: "."}[dark]
		}
		lines = append(lines, line)
	}
	return lines
}

func TestTheLogoStandsInPlaceOfTheNameWhenItCanBeDrawn(t *testing.T) {
	t.Parallel()
	c, look := sample()
	bomb := logo(t)
	copy(bomb[16:24], []byte{0, 0, 0x7f, 0xff, 0, 0, 0x7f, 0xff}) // a header that claims 32767 × 32767
	for name, want := range map[string]struct {
		png   []byte
		drawn bool
	}{"a logo": {logo(t), true}, "none": {nil, false}, "half a logo": {logo(t)[:200], false}, "no picture": {[]byte("GIF89a"), false}, "a bomb": {bomb, false}} {
		look.LogoPNG = want.png
		pdf := draw(t, c, look)
		names := 0
		for _, s := range words(texts(t, pageContent(t, pdf))) {
			if s == "Acme Industries" {
				names++
			}
		}
		if drawn := bytes.Contains(pdf, []byte("/Subtype /Image")); drawn != want.drawn || names != map[bool]int{true: 1, false: 2}[want.drawn] {
			t.Errorf("%s: drawn is %v, the name stands %d times", name, drawn, names)
		}
	}
}

func TestDatesAreThoseOfThePortalAndOtherWordsMayBeGiven(t *testing.T) {
	t.Parallel()
	c, look := sample()
	look.Location = time.FixedZone("east", 2*3600) // half past one on the next day
	look.Words = certificate.English()
	look.Words.Language, look.Words.IssuedOn, look.Words.Hours = "de", "Ausgestellt am", "Std."
	look.Words.Date = func(t time.Time) string { return fmt.Sprintf("%d.%d.%d", t.Day(), t.Month(), t.Year()) }
	c.Minutes, c.Percent = 120, nil
	pdf := draw(t, c, look)
	got := words(texts(t, pageContent(t, pdf)))
	for _, want := range []string{"Ausgestellt am 5.3.2026", "2 Std."} {
		if !slices.Contains(got, want) {
			t.Errorf("no %q in %q", want, got)
		}
	}
	if slices.Contains(got, "Result") || !bytes.Contains(pdf, []byte("/Lang (de)")) {
		t.Errorf("a result without a score, or another language: %q", got)
	}
}

func TestARevokedCertificateIsNotDrawn(t *testing.T) {
	t.Parallel()
	c, look := sample()
	c.RevokedAt = &c.IssuedAt
	_, err := certificate.New(certificate.Options{}).PDF(context.Background(), c, look)
	wantFault(t, err, certificate.ErrRevoked)
	c.RevokedAt, look.Brand.Colour = nil, "red"
	if _, err = certificate.New(certificate.Options{}).PDF(context.Background(), c, look); err == nil {
		t.Error("drawn in no colour")
	}
}
