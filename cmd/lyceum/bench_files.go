package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/content"
	"lyceum/store"
	"lyceum/tenant"
)

const (
	filmSize  = 64 << 20
	rangeSize = 1 << 20 // what a browser asks of a film at once
	viewers   = 200
)

// film is a file of the first tenant, a session that may read it, and where its bytes lie.
type film struct {
	path, cookie, host string
	bytes              string // on the disk
}

// makeFilm puts a film into the first tenant, and opens a session for whose it is.
func (b *bench) makeFilm(ctx context.Context) (f film, err error) {
	t := b.fleet[0]
	noise := make([]byte, filmSize)
	_, _ = rand.Read(noise) // never fails
	sum := sha256.Sum256(noise)
	hash := hex.EncodeToString(sum[:])
	key := t.SchemaName + "/" + hash
	if _, _, err = b.app.blobs.Put(ctx, key, "video/mp4", strings.NewReader(string(noise))); err != nil {
		return f, err
	}
	now := time.Now().UTC()
	file := content.File{ID: uid.New(), Name: "film.mp4", Kind: content.FileVideo, MediaType: "video/mp4", Size: filmSize, SHA256: hash, Seconds: 60, CreatedBy: &t.person, CreatedAt: now}
	secret, held := uid.Secret()
	err = b.app.store.InTenant(tenant.With(ctx, t.Tenant), func(ctx context.Context) error {
		if err := errors.Join(b.app.store.TouchBytes(ctx, hash, filmSize, now), b.app.store.AddFile(ctx, file)); err != nil {
			return err
		}
		_, err := store.Pgx(ctx).Exec(ctx, `insert into sessions (id, hash, person_id, created_at, seen_at, expires_at, ip, user_agent) values ($1, $2, $3, $4, $4, $5, '', 'bench')`,
			uid.New(), held, t.person, now, now.Add(time.Hour))
		return err
	})
	return film{path: "/files/" + file.ID.String() + "/film.mp4", cookie: secret, host: t.Slug + ".localhost", bytes: filepath.Join(b.config.Data, "files", filepath.FromSlash(key))}, err
}

// ranges asks for the film in stretches, as players do that seek.
func ranges(host, path, cookie string) (shots []shot) {
	for from := 0; from < filmSize; from += rangeSize {
		shots = append(shots, fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: lyceum=%s\r\nRange: bytes=%d-%d\r\n\r\n", path, host, cookie, from, from+rangeSize-1))
	}
	return shots
}

// measureFiles takes the product and nginx in turn: the same bytes from the same disk, in the same ranges, to the same
// client. Then people watch slowly, and the product's memory is looked at.
func (b *bench) measureFiles(ctx context.Context) error {
	f, err := b.makeFilm(ctx)
	if err != nil {
		return err
	}
	product, err := b.product(ctx)
	if err != nil {
		return err
	}
	defer product.stop()
	idle, err := product.rss()
	if err != nil {
		return err
	}
	const what = "film in ranges of 1 MiB, bytes/s of nginx's with the same file"
	nginx, err := b.nginx(ctx, filepath.Dir(f.bytes))
	switch {
	case errors.Is(err, exec.ErrNotFound):
		b.note(what, "SKIPPED: no nginx on this machine (apt install nginx-light)")
	case err != nil:
		return err
	default:
		defer nginx.stop()
		if err := b.againstNginx(ctx, what, product, nginx, f); err != nil {
			return err
		}
	}
	return b.watch(ctx, product, f, idle)
}

func (b *bench) againstNginx(ctx context.Context, what string, product, nginx *child, f film) error {
	ours, theirs := ranges(f.host, f.path, f.cookie), ranges("localhost", "/"+filepath.Base(f.bytes), "none")
	for _, clients := range []int{8, 32} {
		var ratios, rates, bareRates []float64
		for round := -1; round < b.cmd.Rounds; round++ {
			p, err := fire(ctx, product.address, ours, clients, b.cmd.Round)
			if err != nil {
				return err
			}
			n, err := fire(ctx, nginx.address, theirs, clients, b.cmd.Round)
			if err != nil {
				return err
			}
			if p.Failed+n.Failed > 0 {
				return fmt.Errorf("%d of ours and %d of nginx's requests failed", p.Failed, n.Failed)
			}
			if round >= 0 {
				ratios, rates, bareRates = append(ratios, p.Rate()/n.Rate()), append(rates, p.Rate()), append(bareRates, n.Rate())
			}
		}
		low, median, high := spread(ratios)
		_, rate, _ := spread(rates)
		_, bare, _ := spread(bareRates)
		b.judge(fmt.Sprintf("%s, %d clients", what, clients), median >= 0.5, "≥ 0.5", "%.2f (%.2f–%.2f); %.0f of %.0f MB/s", median, low, high, rate*rangeSize/1e6, bare*rangeSize/1e6)
	}
	return nil
}

// nginx serves a folder; exec.ErrNotFound when it is not installed.
func (b *bench) nginx(ctx context.Context, root string) (*child, error) {
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx"
		if _, err := os.Stat(program); err != nil {
			return nil, exec.ErrNotFound
		}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	address := ln.Addr().String()
	_ = ln.Close()
	dir := filepath.Join(b.config.Data, "nginx")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("nginx: %w", err)
	}
	user := ""
	if os.Getuid() == 0 {
		user = "user root;" // the folder is for its owner alone
	}
	conf := fmt.Sprintf(`%s daemon off; worker_processes auto; pid %[2]s/pid; error_log stderr warn;
events { worker_connections 1024; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; default_type video/mp4;
client_body_temp_path %[2]s/b; proxy_temp_path %[2]s/p; fastcgi_temp_path %[2]s/f; uwsgi_temp_path %[2]s/u; scgi_temp_path %[2]s/s;
server { listen %s; root %s; } }`, user, dir, address, root)
	if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(conf), 0o600); err != nil {
		return nil, fmt.Errorf("nginx: %w", err)
	}
	c := &child{exec.CommandContext(ctx, program, "-c", filepath.Join(dir, "conf"), "-p", dir), address} //nolint:gosec // a program we looked for
	c.Stderr = os.Stderr
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("start nginx: %w", err)
	}
	return c, c.listens()
}

// watch has people watch the film at their own pace, each on a connection of its own, and judges by how much the memory
// grows: what is sent must not be held.
func (b *bench) watch(ctx context.Context, product *child, f film, idle int64) error {
	if _, err := fire(ctx, product.address, ranges(f.host, f.path, f.cookie), viewers, time.Second); err != nil { // every connection's own buffers are there
		return err
	}
	before, err := product.rss()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	seen := make([]int64, viewers)
	failed := make(chan error, viewers)
	for i := range viewers {
		wg.Go(func() {
			var err error
			if seen[i], err = view(ctx, product.address, f); err != nil {
				failed <- err
			}
		})
	}
	peak := before
	for sample := time.NewTicker(200 * time.Millisecond); ctx.Err() == nil; {
		select {
		case <-sample.C:
			now, err := product.rss()
			if err != nil {
				return err
			}
			peak = max(peak, now)
		case <-ctx.Done():
			sample.Stop()
		}
	}
	wg.Wait()
	close(failed)
	if err := <-failed; err != nil {
		return err
	}
	var sent int64
	for _, n := range seen {
		sent += n
	}
	const most = 32 << 20 // an eighth of a buffer of 1 MiB for each
	b.judge(fmt.Sprintf("memory (RSS) while %d people watch", viewers), peak-before <= most, "grows ≤ 32 MB", "%+.1f MB on %.0f MB (%.0f MB when started), %.0f MB sent", float64(peak-before)/1e6, float64(before)/1e6, float64(idle)/1e6, float64(sent)/1e6)
	return nil
}

// view asks for the film from a place to its end, again and again, and takes it in small sips.
func view(ctx context.Context, address string, f film) (seen int64, err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return 0, fmt.Errorf("watch: %w", err)
	}
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 32<<10)
	sip := time.NewTicker(50 * time.Millisecond)
	defer sip.Stop()
	for from := int64(0); ; from = (from + 4<<20) % filmSize {
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: lyceum=%s\r\nRange: bytes=%d-\r\n\r\n", f.path, f.host, f.cookie, from); err != nil {
			return seen, fmt.Errorf("watch: %w", err)
		}
		left, err := head(r)
		if err != nil {
			return seen, err
		}
		for left > 0 {
			select {
			case <-ctx.Done():
				return seen, nil
			case <-sip.C:
			}
			n, err := io.CopyN(io.Discard, r, min(left, 32<<10))
			seen, left = seen+n, left-n
			if err != nil {
				return seen, fmt.Errorf("watch: %w", err)
			}
		}
	}
}

// head reads the header of a part of a file, and gives how long the part is.
func head(r *bufio.Reader) (length int64, err error) {
	for first := true; ; first = false {
		line, err := r.ReadString('\n')
		if err != nil {
			return 0, fmt.Errorf("watch: %w", err)
		}
		line = strings.TrimRight(line, "\r\n")
		if first && !strings.Contains(line, " 206 ") {
			return 0, fmt.Errorf("watch: answered %q", line)
		}
		if line == "" {
			return length, nil
		}
		if name, value, _ := strings.Cut(line, ":"); strings.EqualFold(name, "Content-Length") {
			if length, err = strconv.ParseInt(strings.TrimSpace(value), 10, 64); err != nil {
				return 0, fmt.Errorf("watch: length %q", value)
			}
		}
	}
}

// rss is how much memory the process holds, in bytes (Linux).
func (c *child) rss() (int64, error) {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", c.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read its memory: %w", err)
	}
	fields := strings.Fields(string(statm))
	if len(fields) < 2 {
		return 0, fmt.Errorf("read its memory: %q", statm)
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}
