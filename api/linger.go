package api

import (
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
)

// A server that answers before the whole request has arrived, and closes, makes the kernel throw the answer away: the
// client sees a broken connection instead of "too large". So such a connection is closed in two steps: we stop
// writing, and drain what still comes for a moment.
const (
	lingerFor   = 3 * time.Second
	lingerBytes = 64 << 20
)

// lingering hands out connections that can linger.
type lingering struct{ net.Listener }

// Accept waits for the next connection.
func (l lingering) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &patient{Conn: c}, nil
}

// patient is a connection that drains what is left before it is closed, when told so.
type patient struct {
	net.Conn
	linger atomic.Bool
}

// Close closes.
func (p *patient) Close() error {
	half, ok := p.Conn.(interface{ CloseWrite() error })
	if !ok || !p.linger.Swap(false) || half.CloseWrite() != nil {
		return p.Conn.Close()
	}
	if p.SetReadDeadline(time.Now().Add(lingerFor)) == nil {
		_, _ = io.CopyN(io.Discard, p.Conn, lingerBytes) // what comes, and how it ends, is of no interest
	}
	return p.Conn.Close()
}

// lingerOn has the request's connection linger when it is closed.
func lingerOn(c *fiber.Ctx) {
	conn := c.Context().Conn()
	for {
		if p, ok := conn.(*patient); ok {
			p.linger.Store(true)
			return
		}
		inner, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			return
		}
		conn = inner.NetConn()
	}
}
