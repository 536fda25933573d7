package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
)

// demoStorage is how much each portal of the demo may store.
const demoStorage = 2 << 30

// demoFiles gives a portal a limit, and files that nothing uses yet: a photo large enough to get smaller ones, and a sound.
func (a *app) demoFiles(ctx context.Context) error {
	st, err := a.content.StorageNow(ctx)
	if err != nil || st.Own { // once: whoever tries the demo may have set another
		return err
	}
	limit := int64(demoStorage)
	if _, err := a.content.SetLimit(ctx, &limit); err != nil {
		return err
	}
	photo, err := dusk(1600, 900)
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{"harbour-at-dusk.jpg": photo, "all-clear.wav": chime()} {
		if _, err := a.content.Put(ctx, name, data); err != nil {
			return fmt.Errorf("demo file %s: %w", name, err)
		}
	}
	return nil
}

// dusk draws an evening sky over water.
func dusk(w, h int) ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			depth := float64(y) / float64(h)
			wave := 6 * math.Sin(float64(x)/23+depth*40) * math.Sin(float64(y)/5)
			sun := 90 * math.Exp(-(math.Pow(float64(x-w*2/3), 2)+math.Pow(float64(y-h/2), 2))/float64(w*40))
			c := color.RGBA{R: level(90 + 120*depth + sun), G: level(70 + 60*depth + sun*0.7), B: level(150 - 70*depth + sun*0.2), A: 255}
			if y > h/2 {
				c = color.RGBA{R: level(60 + wave + sun*0.6), G: level(60 + wave + sun*0.4), B: level(100 - 40*depth + wave), A: 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 90})
	return b.Bytes(), err
}

func level(v float64) uint8 { return uint8(min(255, max(0, v))) }

// chime is two tones that fade, as a WAV of 8,000 samples of one byte a second.
func chime() []byte {
	const rate, seconds = 8000, 2
	head := "RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x40\x1f\x00\x00\x01\x00\x08\x00data\x80\x3e\x00\x00"
	out := append([]byte(nil), head...)
	for i := range rate * seconds {
		t := float64(i) / rate
		hertz := 660.0
		if t >= 1 {
			hertz = 880
		}
		out = append(out, level(128+100*math.Exp(-3*(t-math.Floor(t)))*math.Sin(2*math.Pi*hertz*t)))
	}
	return out
}
