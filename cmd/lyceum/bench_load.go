package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/textproto"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// shot is a request ready to be written, and how likely it is drawn.
type shot []byte

func get(host, path, bearer string) shot {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nAccept: application/json\r\n\r\n", path, host, bearer)
}

// volley is what a load brought.
type volley struct {
	Requests, Failed int64
	Took             time.Duration
	latencies        []time.Duration
}

// Rate is requests a second.
func (v volley) Rate() float64 { return float64(v.Requests) / v.Took.Seconds() }

// Median is the middle latency.
func (v volley) Median() time.Duration { return quantile(v.latencies, 0.5) }

// P95 is the latency that 95 of 100 stay below.
func (v volley) P95() time.Duration { return quantile(v.latencies, 0.95) }

func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// fire sends shots over clients connections at once, each waiting for its answer before the next, drawn by Zipf
// (s = 1.1) over the list, for a time. The client is plain sockets: what it costs is the same for both sides.
func fire(ctx context.Context, address string, shots []shot, clients int, d time.Duration) (volley, error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var v volley
	var mu sync.Mutex
	var wg sync.WaitGroup
	var failed atomic.Int64
	var firstErr error
	started := time.Now()
	for i := range clients {
		wg.Go(func() {
			lat, bad, err := shooter(ctx, address, shots, uint64(i))
			failed.Add(bad)
			mu.Lock()
			defer mu.Unlock()
			v.latencies = append(v.latencies, lat...)
			if err != nil && firstErr == nil {
				firstErr = err
			}
		})
	}
	wg.Wait()
	v.Took, v.Requests, v.Failed = time.Since(started), int64(len(v.latencies)), failed.Load()
	slices.Sort(v.latencies)
	return v, firstErr
}

func shooter(ctx context.Context, address string, shots []shot, seed uint64) (lat []time.Duration, failed int64, err error) {
	rnd := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // no secret: a draw that repeats
	zipf := rand.NewZipf(rnd, 1.1, 1, uint64(len(shots)-1))
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, 0, fmt.Errorf("load: %w", err)
	}
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 64<<10)
	for ctx.Err() == nil {
		shot := shots[zipf.Uint64()]
		started := time.Now()
		_ = conn.SetDeadline(started.Add(30 * time.Second))
		if _, err := conn.Write(shot); err != nil {
			return lat, failed + 1, fmt.Errorf("load: %w", err)
		}
		status, err := answer(r)
		if err != nil {
			return lat, failed + 1, fmt.Errorf("load: %w", err)
		}
		lat = append(lat, time.Since(started))
		if status != 200 && status != 206 {
			failed++
		}
	}
	return lat, failed, nil
}

// answer reads one response to its end and gives its status.
func answer(r *bufio.Reader) (status int, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, errors.New("no status line")
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, fmt.Errorf("status line %q", line)
	}
	length := -1
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if key, value, ok := bytes.Cut(line, []byte(":")); ok && textproto.CanonicalMIMEHeaderKey(string(key)) == "Content-Length" {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, fmt.Errorf("length %q", value)
			}
		}
	}
	if length < 0 {
		return 0, errors.New("an answer without a length")
	}
	_, err = io.CopyN(io.Discard, r, int64(length))
	return status, err
}
