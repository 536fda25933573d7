package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"lyceum/learning/certificate"
	"lyceum/tenant"
)

// drawCertificatesCmd draws certificates; only the benchmark starts it, so that the memory is that of drawing alone.
type drawCertificatesCmd struct {
	Many   int  `default:"1000" help:"How many."`
	Design bool `help:"In a design with a logo and a signature."`
}

// drawn is what it prints.
type drawn struct {
	Seconds float64 `json:"seconds"`
	Bytes   int64   `json:"bytes"`
}

// Run draws them on all processors, each for another person, and prints how long it took.
func (cmd *drawCertificatesCmd) Run(ctx context.Context) error {
	s := certificate.New(certificate.Options{})
	look := certificate.Look{Brand: tenant.DefaultBrand("Benchmark"), VerifyURL: "https://portal.example/verify/00000samp1e000000000"}
	if cmd.Design {
		l := certificate.StartLayout()
		l.Background, l.SignedBy = certificate.BackgroundWaves, "Somebody Else"
		look.Layout, look.LogoPNG, look.Signature = &l, benchPicture(800, 200), benchPicture(600, 150)
	}
	sizes := make([]int64, cmd.Many)
	began := time.Now()
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range cmd.Many {
		g.Go(func() error {
			c := certificate.Sample("Person "+strconv.Itoa(i)+" von und zu Beispiel", began)
			c.CourseTitle = "Information security awareness"
			pdf, err := s.PDF(ctx, c, look)
			sizes[i] = int64(len(pdf))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	out := drawn{Seconds: time.Since(began).Seconds()}
	for _, n := range sizes {
		out.Bytes += n
	}
	return json.NewEncoder(os.Stdout).Encode(out)
}

func benchPicture(w, h int) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, color.NRGBA{uint8(x), uint8(y), uint8(x * y), 255})
		}
	}
	var out bytes.Buffer
	_ = png.Encode(&out, img)
	return out.Bytes()
}

// measureCertificates prints how long 1,000 certificates take as PDF, and the memory of the process that draws them.
func (b *bench) measureCertificates(ctx context.Context) error {
	for _, one := range []struct {
		what string
		args []string
	}{{"1,000 certificates as PDF", nil}, {"  in a design with logo and signature", []string{"--design"}}} {
		var seconds []float64
		var kept drawn
		peak := int64(0)
		for range b.cmd.Rounds {
			cmd := exec.CommandContext(ctx, b.exe, append([]string{"draw-certificates"}, one.args...)...) //nolint:gosec // this program
			cmd.Stderr = os.Stderr
			raw, err := cmd.Output()
			if err != nil {
				return fmt.Errorf("draw certificates: %w", err)
			}
			if err = json.Unmarshal(raw, &kept); err != nil {
				return fmt.Errorf("draw certificates: %w", err)
			}
			seconds = append(seconds, kept.Seconds)
			if used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
				peak = max(peak, used.Maxrss>>10)
			}
		}
		low, median, high := spread(seconds)
		b.note(one.what, "%.1f s (%.1f–%.1f), at most %d MB, %d KB each", median, low, high, peak, kept.Bytes/1000/1024)
	}
	return nil
}
