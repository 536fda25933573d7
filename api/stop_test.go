package api_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"testing"
	"time"
)

// Browsers open connections ahead of their person: a server that stops waits for requests, not for those.
func TestAServerThatStopsDoesNotWaitForConnectionsOnWhichNothingCame(t *testing.T) {
	t.Parallel()
	h := setup(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- h.srv.Listener(ln) }()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	ahead, kept := dial(), dial()
	if _, err := kept.Write([]byte("GET /healthz HTTP/1.1\r\nHost: " + h.host + "\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(kept), nil)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%+v (%v)", res, err)
	}
	_ = res.Body.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // less than a request may take
	defer cancel()
	if err := h.srv.Shutdown(ctx); err != nil {
		t.Errorf("it waits: %v", err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if _, err := ahead.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is still open")
	}
}
