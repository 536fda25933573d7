package api

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
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

// silent are the connections that have sent nothing yet: browsers open some ahead of their person. fasthttp takes them for busy for
// as long as a request may take, and a server that stops would wait for them.
type silent struct {
	mu   sync.Mutex
	set  map[*patient]struct{}
	over bool
}

// add notes one; false when the server stops and it should be closed.
func (s *silent) add(p *patient) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	if s.set == nil {
		s.set = map[*patient]struct{}{}
	}
	s.set[p] = struct{}{}
	return true
}

func (s *silent) drop(p *patient) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.set, p)
}

// hang closes them all, and those that come after.
func (s *silent) hang() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for p := range s.set {
		_ = p.Conn.Close()
	}
	s.set = nil
}

// lingering hands out connections that can linger.
type lingering struct {
	net.Listener
	silent *silent
}

// Accept waits for the next connection.
func (l lingering) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	p := &patient{Conn: c, silent: l.silent}
	if !l.silent.add(p) {
		_ = c.Close() // what is read of it ends at once
	}
	if t, ok := c.(*tls.Conn); ok {
		return &patientTLS{p, t}, nil
	}
	return p, nil
}

// patientTLS tells fasthttp that it is TLS; a wrapped connection would hide it.
type patientTLS struct {
	*patient
	tls *tls.Conn
}

// Handshake runs the handshake unless it was run.
func (p *patientTLS) Handshake() error { return p.tls.Handshake() }

// ConnectionState describes the connection.
func (p *patientTLS) ConnectionState() tls.ConnectionState { return p.tls.ConnectionState() }

func (p *patient) stay() { p.linger.Store(true) }

// patient is a connection that drains what is left before it is closed, when told so.
type patient struct {
	net.Conn
	linger atomic.Bool
	silent *silent
	heard  atomic.Bool
}

// Read reads, and notes that something came.
func (p *patient) Read(b []byte) (n int, err error) {
	n, err = p.Conn.Read(b)
	if !p.heard.Load() && (n > 0 || err != nil) && !p.heard.Swap(true) {
		p.silent.drop(p)
	}
	return n, err
}

// ReadFrom lets the kernel copy a file to the socket (sendfile): fasthttp and bufio look for it, and a wrapped connection
// would hide it. Over TLS it copies.
func (p *patient) ReadFrom(r io.Reader) (int64, error) {
	if to, ok := p.Conn.(io.ReaderFrom); ok {
		return to.ReadFrom(r)
	}
	borrowed := copyBuffers.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer copyBuffers.Put(borrowed)
	return io.CopyBuffer(struct{ io.Writer }{p.Conn}, struct{ io.Reader }{r}, *borrowed)
}

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// Close closes.
func (p *patient) Close() error {
	if !p.heard.Swap(true) {
		p.silent.drop(p)
	}
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
	if p, ok := c.Context().Conn().(interface{ stay() }); ok {
		p.stay()
	}
}
