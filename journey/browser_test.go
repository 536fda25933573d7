package journey

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// demo is a running `lyceum demo` with a folder of its own.
type demo struct {
	port string
	said string
}

func (d demo) portal(slug string) string { return "http://" + slug + ".localhost:" + d.port }
func (d demo) platform() string          { return d.portal("lyceum") }

var portIn = regexp.MustCompile(`http://lyceum\.localhost:(\d+)`)

// hear takes a line that the demo prints.
func (d *demo) hear(line string) {
	d.said += line + "\n"
	if m := portIn.FindStringSubmatch(line); m != nil {
		d.port = m[1]
	}
}

// build makes the program once for all tests of the package.
func build(t *testing.T) string {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "lyceum")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", exe, "lyceum/cmd/lyceum").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return exe
}

// start runs the demo until the test ends and waits for the line that says it is ready.
func start(t *testing.T, exe, data string) demo {
	t.Helper()
	cmd := exec.Command(exe, "demo", "--listen", "127.0.0.1:0", "--data", data)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the demo did not stop cleanly: %v", err)
		}
	})
	var d demo
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		d.hear(lines.Text())
		if strings.Contains(lines.Text(), "Ctrl-C") {
			go func() {
				for lines.Scan() { //nolint:revive // read on, so that the demo never waits for us
				}
			}()
			return d
		}
	}
	t.Fatalf("the demo ended before it was ready:\n%s", d.said)
	return d
}

// folder is a place for data that PostgreSQL's own account may enter.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lyceum-journey-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// browser is one person's browser.
type browser struct {
	t   *testing.T
	ctx context.Context
	dir string
	n   int
}

// open starts Chromium with an empty profile.
func open(t *testing.T, name string) *browser {
	t.Helper()
	path := chromium()
	if path == "" {
		t.Fatal("no Chromium on this machine: `make setup` says how to get it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("no-first-run", true), chromedp.Flag("autoplay-policy", "no-user-gesture-required"), chromedp.WindowSize(1280, 900))
	alloc, stop := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() { cancel(); stop() })
	dir, err := filepath.Abs(filepath.Join("..", "artifacts", "journey"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, ctx: ctx, dir: filepath.Join(dir, name)}
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil { // the browser lives as long as this call's context
		t.Fatal(err)
	}
	thrown := chromedp.Events(ctx, runtime.ExceptionThrown)
	go func() {
		for e, err := range thrown {
			if err != nil {
				return // the browser was closed
			}
			what := e.ExceptionDetails.Text
			if e.ExceptionDetails.Exception != nil {
				what += " " + e.ExceptionDetails.Exception.Description
			}
			if strings.Contains(what, "Transition was") {
				continue // a headless browser skips the fade between pages
			}
			t.Errorf("a script failed: %s at %s", what, e.ExceptionDetails.URL)
		}
	}()
	return b
}

func chromium() string {
	for _, name := range []string{"headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	for _, path := range []string{"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome", "/Applications/Chromium.app/Contents/MacOS/Chromium", "/snap/bin/chromium"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// patience is how long a page may take; machines that build beside it are slow.
const patience = 40 * time.Second

// act is a step that answers nothing.
type act = chromedp.Action[chromedp.Void]

// js runs an expression and ignores what it gives.
func js(expression string) act { return chromedp.Evaluate[chromedp.Void](expression) }

func (b *browser) do(actions ...act) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.shoot("failed")
		b.t.Fatalf("%v\nat %s\n%s", err, b.value("location.href"), b.text())
	}
}

// visit goes to an address and waits for the page.
func (b *browser) visit(url string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url))
}

func (b *browser) value(expression string) string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	s, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("String("+expression+")"))
	return s
}

// text is what is read on the page.
func (b *browser) text() string { return b.value("document.body ? document.body.innerText : ''") }

// sees waits until a text is on the page, whatever its case: style sheets change it.
func (b *browser) sees(texts ...string) {
	b.t.Helper()
	for _, text := range texts {
		want, _ := json.Marshal(strings.ToLower(text))
		b.waits(fmt.Sprintf("document.readyState === 'complete' && document.body.innerText.toLowerCase().includes(%s)", want), "sees "+text)
	}
}

// waits until an expression is true.
func (b *browser) waits(expression, what string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")")); err == nil && ok {
			return
		}
		select {
		case <-ctx.Done():
			b.shoot("failed")
			b.t.Fatalf("never %s; at %s:\n%s", what, b.value("location.href"), b.text())
		case <-tick.C:
		}
	}
}

// at waits until the address has a path.
func (b *browser) at(path string) {
	b.t.Helper()
	want, _ := json.Marshal(path)
	b.waits(fmt.Sprintf("document.readyState === 'complete' && location.pathname.startsWith(%s)", want), "comes to "+path)
}

// types fills fields by name, as a person would: key by key, after emptying what is there.
func (b *browser) types(fields map[string]string) {
	b.t.Helper()
	for name, value := range fields {
		field := fmt.Sprintf(`[name=%q]:not([type=hidden])`, name)
		b.waits(fmt.Sprintf("document.querySelector(%q) && document.querySelector(%q).checkVisibility()", field, field), "finds the field "+name)
		b.do(js(fmt.Sprintf("(e => { e.focus(); e.select() })(document.querySelector(%q))", field)), chromedp.KeyEvent(kb.Delete), chromedp.SendKeys(chromedp.CSS(field), value))
	}
}

// presses clicks the button, link or summary with exactly this text, or else the first that contains it.
func (b *browser) presses(text string) {
	b.t.Helper()
	want, _ := json.Marshal(strings.ToLower(text))
	find := fmt.Sprintf(`(() => {
		const all = [...document.querySelectorAll('main button, main a, main summary, dialog button, header a, header button, form button, nav a')]
			.filter(e => e.checkVisibility() && e.getAttribute('aria-hidden') !== 'true');
		const say = e => (e.innerText || '').trim().replace(/\s+/g, ' ').toLowerCase();
		return all.find(e => say(e) === %s) || all.find(e => say(e).includes(%s));
	})()`, want, want)
	b.waits(find, "finds a button or link "+text)
	b.do(js(`(e => { e.scrollIntoView({block: 'center', behavior: 'instant'}); e.click(); })(` + find + `)`))
}

// submits sends the form that has a field.
func (b *browser) submits(field string) {
	b.t.Helper()
	b.do(js(fmt.Sprintf(`document.querySelector('main [name=%q], form [name=%q]').form.requestSubmit()`, field, field)))
}

// shoot keeps a picture of the whole page.
func (b *browser) shoot(name string) {
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Logf("no picture of %s: %v", name, err)
		return
	}
	b.n++
	file := fmt.Sprintf("%s-%02d-%s.png", b.dir, b.n, name)
	if err := os.WriteFile(file, png, 0o644); err != nil {
		b.t.Logf("no picture of %s: %v", name, err)
	}
}

// narrow makes the browser a phone of 360 px and checks that nothing is wider than it.
func (b *browser) narrow(url, name string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(360, 780, chromedp.EmulateMobile), chromedp.Navigate(url))
	b.waits("document.readyState === 'complete'", "loads")
	if over := b.value("document.documentElement.scrollWidth - document.documentElement.clientWidth"); over != "0" {
		b.t.Errorf("%s is %s px wider than a phone of 360 px", name, over)
	}
	b.shoot(name + "-360")
	b.do(chromedp.EmulateReset())
}
