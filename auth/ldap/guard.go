package ldap

import (
	"bufio"
	"errors"
	"io"
	"net"
	"sync"
)

// What a directory may answer. The library keeps a packet's bytes once a level and some hundred bytes for each element,
// so that a few megabytes of nothing would fill a machine; these bounds are kept before it sees a byte.
const (
	messageMax  = 8 << 20  // bytes of one message: a group of some 100,000 members
	answerMax   = 32 << 20 // bytes of all messages to one question
	elementsMax = 400_000  // elements of all messages to one question: 1,000 people with 100 values each
	controlsMax = 64 << 10 // bytes of a message's controls: a cookie has some hundred
	depthMax    = 12       // elements within elements: a search entry has 6
	partsMax    = 4        // parts of a message: three, and what early Active Directory puts behind them
)

var (
	errTooLong   = errors.New("the directory's answer is longer than we read: choose a smaller page size, or fewer attributes")
	errMalformed = errors.New("the server does not speak LDAP as RFC 4511 §5.1 has it")
)

// guard hands only whole messages on, each measured before (RFC 4511 §5.1: definite lengths only). What is written
// begins a new question and gives its answer the whole room again.
type guard struct {
	net.Conn
	in      *bufio.Reader
	message []byte // what is left of the message that is being read

	mu              sync.Mutex
	bytes, elements int // what was read since the last question
	failed          error
}

func newGuard(c net.Conn) *guard { return &guard{Conn: c, in: bufio.NewReaderSize(c, 32<<10)} }

// Write begins a question.
func (g *guard) Write(p []byte) (int, error) {
	g.mu.Lock()
	g.bytes, g.elements = 0, 0
	g.mu.Unlock()
	return g.Conn.Write(p)
}

// Read gives the next bytes of measured messages.
func (g *guard) Read(p []byte) (int, error) {
	if len(g.message) == 0 {
		m, err := g.next()
		if err != nil {
			return 0, err
		}
		g.message = m
	}
	n := copy(p, g.message)
	g.message = g.message[n:]
	return n, nil
}

// failure is why the guard refused to read on, nil while it did not.
func (g *guard) failure() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.failed
}

func (g *guard) next() ([]byte, error) {
	m, err := readMessage(g.in)
	if err == nil {
		err = g.count(m)
	}
	if errors.Is(err, errTooLong) || errors.Is(err, errMalformed) {
		g.mu.Lock()
		g.failed = err
		g.mu.Unlock()
	}
	return m, err
}

func (g *guard) count(m []byte) error {
	n, err := measure(m)
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.bytes += len(m); g.bytes > answerMax {
		return errTooLong
	}
	if g.elements += n; g.elements > elementsMax {
		return errTooLong
	}
	return nil
}

// readMessage reads one LDAPMessage with its header. It takes memory as bytes come, not as the header claims.
func readMessage(in *bufio.Reader) ([]byte, error) {
	head := make([]byte, 0, 6)
	for len(head) < 2 || head[1] > 0x80 && len(head) < 2+int(head[1]&0x7f) {
		b, err := in.ReadByte()
		if err != nil {
			return nil, err
		}
		if head = append(head, b); len(head) == 1 && b != 0x30 || len(head) == 2 && (b == 0x80 || b > 0x84) {
			return nil, errMalformed
		}
	}
	_, length, size, _ := header(head, messageMax)
	if size == 0 {
		return nil, errTooLong
	}
	m := head
	for len(m) < size+length {
		piece := make([]byte, min(size+length-len(m), 64<<10))
		n, err := io.ReadFull(in, piece)
		if err != nil {
			return nil, err
		}
		m = append(m, piece[:n]...)
	}
	return m, nil
}

// header reads an element's identifier and length (X.690 §8.1). size is the header's own length, 0 where it cannot be
// read, is indefinite, has a tag that LDAP does not use, or says more than limit.
func header(b []byte, limit int) (constructed bool, length, size int, tag byte) {
	if len(b) < 2 || b[0]&0x1f == 0x1f {
		return false, 0, 0, 0
	}
	length, size = int(b[1]), 2
	if b[1] >= 0x80 {
		n := int(b[1] & 0x7f)
		if n == 0 || n > 4 || len(b) < 2+n {
			return false, 0, 0, 0
		}
		length, size = 0, 2+n
		for _, c := range b[2:size] {
			length = length<<8 | int(c)
		}
	}
	if length < 0 || length > limit {
		return false, 0, 0, 0
	}
	return b[0]&0x20 != 0, length, size, b[0]
}

// measure counts the elements of a whole message and keeps the bounds of depth and controls.
func measure(m []byte) (elements int, err error) {
	_, _, size, _ := header(m, len(m))
	if size == 0 {
		return 0, errMalformed
	}
	part := 0
	for rest := m[size:]; len(rest) > 0; part++ {
		constructed, length, size, tag := header(rest, len(rest))
		if size == 0 || size+length > len(rest) || part == 0 && tag != 0x02 || part > partsMax {
			return 0, errMalformed
		}
		if part >= 2 && length > controlsMax {
			return 0, errTooLong
		}
		n := 1
		if constructed {
			if n, err = measureWithin(rest[size:size+length], 1); err != nil {
				return 0, err
			}
		}
		elements += n
		rest = rest[size+length:]
	}
	if part < 2 {
		return 0, errMalformed
	}
	return elements + 1, nil
}

func measureWithin(b []byte, depth int) (elements int, err error) {
	if depth > depthMax {
		return 0, errMalformed
	}
	elements = 1
	for len(b) > 0 {
		constructed, length, size, _ := header(b, len(b))
		if size == 0 || size+length > len(b) {
			return 0, errMalformed
		}
		n := 1
		if constructed {
			if n, err = measureWithin(b[size:size+length], depth+1); err != nil {
				return 0, err
			}
		}
		elements += n
		b = b[size+length:]
	}
	return elements, nil
}
