// Command film draws the silent films of the sample courses, frame by frame, and writes each as an MP4 (H.264 main
// profile, yuv420p, index in front) with a WebVTT caption file beside it.
//
// The drawings are the JavaScript files of this folder: kit.js (people and things), stage.js (easing, captions) and
// one file per film, which gives film.seconds, film.captions and film.draw(second) → SVG. A headless Chromium found
// on PATH renders them and ffmpeg encodes them. It is a tool for whoever changes a film; the portal never runs it.
//
//	go generate ./learning/sample
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/chromedp"
)

const (
	width, height = 960, 540
	perSecond     = 25
	renderLimit   = 20 * time.Minute
)

//go:embed page.html *.js
var drawings embed.FS

// films names each film's script and the course folder it belongs to.
var films = []struct{ script, course string }{
	{"five-seconds", "information-security-awareness"},
	{"lifting", "workplace-safety"},
}

func main() {
	out := flag.String("out", ".", "folder that holds the course folders")
	only := flag.String("only", "", "draw this film alone")
	flag.Parse()
	for _, f := range films {
		if *only != "" && *only != f.script {
			continue
		}
		if err := shoot(f.script, filepath.Join(*out, f.course)); err != nil {
			log.Fatalf("film %s: %v", f.script, err)
		}
	}
}

// caption is one line of the film; From and Until are seconds.
type caption struct {
	From  float64 `json:"from"`
	Until float64 `json:"until"`
	Text  string  `json:"text"`
}

// shoot renders one film into dir as SCRIPT.mp4 and SCRIPT.vtt.
func shoot(script, dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), renderLimit)
	defer cancel()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.DisableGPU, chromedp.NoSandbox)
	ctx, closeBrowser := chromedp.NewExecAllocator(ctx, options...)
	defer closeBrowser()
	ctx, closeTab := chromedp.NewContext(ctx)
	defer closeTab()

	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height)); err != nil {
		return fmt.Errorf("open a page: %w", err)
	}
	if err := stage(ctx, script); err != nil {
		return fmt.Errorf("set the stage: %w", err)
	}
	seconds, err := chromedp.Run(ctx, chromedp.Evaluate[float64](`film.seconds`))
	if err != nil {
		return fmt.Errorf("read the length: %w", err)
	}
	said, err := chromedp.Run(ctx, chromedp.Evaluate[[]caption](`film.captions.map(([from, until, text]) => ({from, until, text}))`))
	if err != nil {
		return fmt.Errorf("read the captions: %w", err)
	}
	if err := encode(ctx, filepath.Join(dir, script+".mp4"), int(seconds*perSecond)); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, script+".vtt"), []byte(webVTT(said)), 0o644)
}

// stage loads the empty picture and the scripts that draw into it.
func stage(ctx context.Context, script string) error {
	html, err := drawings.ReadFile("page.html")
	if err != nil {
		return err
	}
	steps := []chromedp.Action[chromedp.Void]{
		chromedp.Navigate("about:blank"),
		chromedp.Evaluate[chromedp.Void]("document.open(); document.write(" + strconv.Quote(string(html)) + "); document.close()"),
	}
	for _, name := range []string{"kit", "stage", script} {
		code, err := drawings.ReadFile(name + ".js")
		if err != nil {
			return err
		}
		steps = append(steps, chromedp.Evaluate[chromedp.Void](string(code)))
	}
	return chromedp.Do(ctx, steps...)
}

// encode draws every frame and hands it to ffmpeg.
func encode(ctx context.Context, file string, frames int) (err error) {
	//nolint:gosec // the file is named by who runs this tool
	ffmpeg := exec.CommandContext(ctx, "ffmpeg", "-loglevel", "error", "-y",
		"-f", "image2pipe", "-framerate", strconv.Itoa(perSecond), "-c:v", "png", "-i", "-",
		"-c:v", "libx264", "-profile:v", "main", "-preset", "veryslow", "-tune", "animation", "-crf", "25", "-pix_fmt", "yuv420p",
		"-g", strconv.Itoa(10*perSecond), "-map_metadata", "-1", "-movflags", "+faststart", file)
	ffmpeg.Stderr = os.Stderr
	in, err := ffmpeg.StdinPipe()
	if err != nil {
		return err
	}
	if err := ffmpeg.Start(); err != nil {
		return fmt.Errorf("start ffmpeg: %w", err)
	}
	err = render(ctx, in, frames)
	return errors.Join(err, in.Close(), ffmpeg.Wait())
}

func render(ctx context.Context, to io.Writer, frames int) error {
	for i := range frames {
		draw := fmt.Sprintf("document.getElementById('stage').innerHTML = film.draw(%d/%d)", i, perSecond)
		if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](draw)); err != nil {
			return fmt.Errorf("draw frame %d: %w", i, err)
		}
		picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		if err != nil {
			return fmt.Errorf("take frame %d: %w", i, err)
		}
		if _, err := to.Write(picture); err != nil {
			return fmt.Errorf("hand over frame %d: %w", i, err)
		}
	}
	return nil
}

// webVTT writes the captions. The film carries them in large letters at its foot, so the track's cues stand at the
// top: a viewer who turns them on reads both.
func webVTT(captions []caption) string {
	var b strings.Builder
	b.WriteString("WEBVTT\n\nNOTE The film is silent; these are the words it shows.\n")
	for i, c := range captions {
		fmt.Fprintf(&b, "\n%d\n%s --> %s line:4%%\n%s\n", i+1, stamp(c.From), stamp(c.Until), c.Text)
	}
	return b.String()
}

func stamp(seconds float64) string {
	ms := int(seconds*1000 + 0.5)
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3600000, ms/60000%60, ms/1000%60, ms%1000)
}
