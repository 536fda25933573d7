package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"lyceum/internal/uid"
)

// measureDemo starts the demo cold and warm, and weighs the learner's home page.
func (b *bench) measureDemo(ctx context.Context) error {
	data := filepath.Join(b.config.Data, "demo")
	cold, err := b.startDemo(ctx, data)
	if err != nil {
		return err
	}
	took := cold.ready
	weight, err := weighHome(ctx, cold.address)
	rss := residentMB(cold.Process.Pid)
	var portals []time.Duration
	for range 3 { // more would meet the limit of sign-ups from one address
		var first time.Duration
		if err == nil {
			first, err = firstPortal(ctx, cold.address)
			portals = append(portals, first)
		}
	}
	cold.stop()
	if err != nil {
		return err
	}
	warm, err := b.startDemo(ctx, data)
	if err != nil {
		return err
	}
	warm.stop()
	b.judge("learner's home page: HTML, CSS and JS, compressed", weight <= 80<<10, "≤ 80 KB", "%.1f KB", float64(weight)/1024)
	b.judge("  server's resident memory after it", rss <= 150, "≤ 150 MB", "%.0f MB", rss)
	low, median, high := spreadOf(portals)
	b.judge("sign-up over HTTP, from the form to the owner's first page", high <= time.Minute, "≤ 1 min", "%.0f ms (%.0f–%.0f)", ms(median), ms(low), ms(high))
	b.note("demo ready, cold (new database, two organizations filled)", "%.1f s", took.Seconds())
	b.note("demo ready, warm", "%.1f s", warm.ready.Seconds())
	return nil
}

type demoChild struct {
	*exec.Cmd
	address string
	ready   time.Duration
}

func (d *demoChild) stop() {
	_ = d.Process.Signal(syscall.SIGTERM)
	_ = d.Wait()
}

// startDemo starts the demo and waits for the line that says it is ready.
func (b *bench) startDemo(ctx context.Context, data string) (*demoChild, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	d := &demoChild{address: ln.Addr().String()}
	_ = ln.Close()
	d.Cmd = exec.CommandContext(ctx, b.exe, "demo", "--listen", d.address, "--data", data) //nolint:gosec // this program
	d.Stderr = os.Stderr
	out, err := d.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	started := time.Now()
	if err := d.Start(); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	sc := bufio.NewScanner(out)
	for sc.Scan() {
		if strings.Contains(sc.Text(), "is ready") {
			d.ready = time.Since(started)
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return d, nil
		}
	}
	d.stop()
	return nil, errors.New("the demo ended before it was ready")
}

var (
	csrfRE   = regexp.MustCompile(`name="csrf"\s+value="([^"]+)"`)
	linkRE   = regexp.MustCompile(`<(?:link[^>]+rel="(?:stylesheet|modulepreload)"[^>]+href|script[^>]+src)="([^"]+)"`)
	importRE = regexp.MustCompile(`(?:from|import)\s*\(?["'](\.?/[^"']+)["']`)
)

// visitor is a browser's way to a demo: it keeps cookies and goes where it is led.
type visitor struct {
	*http.Client
	port string
}

func newVisitor(address string) (visitor, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return visitor{}, err
	}
	dialer := &net.Dialer{}
	_, port, _ := net.SplitHostPort(address)
	return visitor{port: port, Client: &http.Client{Jar: jar, Transport: &http.Transport{
		DisableCompression: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, address) // *.localhost is not in every resolver
		},
	}}}, nil
}

// at is the origin of a portal, or of the platform.
func (v visitor) at(name string) string { return "http://" + name + ".localhost:" + v.port }

// fetch gives how many bytes came over the wire, and the page.
func (v visitor) fetch(ctx context.Context, method, origin, path string, form url.Values) (raw int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, origin+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("Accept", "text/html")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", origin)
	}
	res, err := v.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	wire, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return 0, nil, errors.Join(err, fmt.Errorf("%s %s: %s", method, path, res.Status))
	}
	body = wire
	if res.Header.Get("Content-Encoding") == "gzip" {
		zr, err := gzip.NewReader(strings.NewReader(string(wire)))
		if err != nil {
			return 0, nil, err
		}
		if body, err = io.ReadAll(zr); err != nil {
			return 0, nil, err
		}
	}
	return len(wire), body, nil
}

// firstPortal signs an organization up as its owner does, with a form, and gives how long it took from sending it to the first page
// of the new portal, drawn for the owner who is signed in there.
func firstPortal(ctx context.Context, address string) (time.Duration, error) {
	v, err := newVisitor(address)
	if err != nil {
		return 0, err
	}
	defer v.CloseIdleConnections()
	_, page, err := v.fetch(ctx, http.MethodGet, v.at("lyceum"), "/signup", nil)
	if err != nil {
		return 0, err
	}
	token := csrfRE.FindSubmatch(page)
	if token == nil {
		return 0, errors.New("the sign-up form has no csrf field")
	}
	slug := "s" + uid.Opaque(12)
	started := time.Now()
	_, page, err = v.fetch(ctx, http.MethodPost, v.at("lyceum"), "/signup", url.Values{
		"csrf": {string(token[1])}, "organization": {"Bench"}, "slug": {slug}, "name": {"Olga Owner"}, "email": {"owner@bench.example"}, "password": {"correct horse battery"},
	})
	if err != nil {
		return 0, err
	}
	if !strings.Contains(string(page), "/signout") {
		return 0, errors.New("signing up did not lead into the portal")
	}
	return time.Since(started), nil
}

// weighHome signs in as the learner and adds up what the browser fetches for the home page, compressed, images aside.
func weighHome(ctx context.Context, address string) (int, error) {
	v, err := newVisitor(address)
	if err != nil {
		return 0, err
	}
	defer v.CloseIdleConnections()
	fetch := func(method, path string, form url.Values) (int, []byte, error) {
		return v.fetch(ctx, method, v.at("acme"), path, form)
	}
	_, page, err := fetch(http.MethodGet, "/signin", nil)
	if err != nil {
		return 0, err
	}
	token := csrfRE.FindSubmatch(page)
	if token == nil {
		return 0, errors.New("the sign-in form has no csrf field")
	}
	total, page, err := fetch(http.MethodPost, "/signin", url.Values{"csrf": {string(token[1])}, "email": {"learner@acme.example"}, "password": {demoPassword}})
	if err != nil {
		return 0, err
	}
	if !strings.Contains(string(page), "/signout") {
		return 0, errors.New("signing in did not lead to the home page")
	}
	seen := map[string]bool{}
	todo := linkRE.FindAllSubmatch(page, -1)
	for len(todo) > 0 {
		path := string(todo[0][1])
		todo = todo[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		n, body, err := fetch(http.MethodGet, path, nil)
		if err != nil {
			return 0, err
		}
		total += n
		if strings.HasSuffix(path, ".js") {
			for _, m := range importRE.FindAllSubmatch(body, -1) {
				ref, err := url.Parse(path)
				if err != nil {
					return 0, err
				}
				next, err := ref.Parse(string(m[1]))
				if err != nil {
					return 0, err
				}
				todo = append(todo, [][]byte{nil, []byte(next.Path)})
			}
		}
	}
	return total, nil
}
