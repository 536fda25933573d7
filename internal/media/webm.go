package media

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"time"
)

// Elements of Matroska that say how long a recording is (RFC 9559 §5).
const (
	ebmlHeader    = 0x1A45DFA3
	ebmlSegment   = 0x18538067
	ebmlInfo      = 0x1549A966
	ebmlScale     = 0x2AD7B1
	ebmlDuration  = 0x4489
	ebmlCluster   = 0x1F43B675
	ebmlTimestamp = 0xE7
	ebmlSimple    = 0xA3
	ebmlGroup     = 0xA0
	ebmlBlock     = 0xA1
)

// webMTail is how much of the end is searched for the last cluster when the duration is not told.
const webMTail = 8 << 20

// element is where the content of an element lies. One of unknown size (RFC 8794 §6.2) reaches to the end of its parent.
type element struct {
	id       uint32
	from, to int64
}

// readElement reads the head of the element at a place of what ends at end.
func readElement(r io.ReaderAt, at, end int64) (e element, ok bool) {
	h := head(r, at, int(max(0, min(12, end-at))))
	if len(h) < 2 || h[0] == 0 {
		return e, false
	}
	n := 1
	for h[0]<<(n-1)&0x80 == 0 {
		n++
	}
	if n > 4 || len(h) <= n {
		return e, false
	}
	for _, b := range h[:n] {
		e.id = e.id<<8 | uint32(b)
	}
	size, w, unknown := vint(h[n:])
	if w == 0 {
		return e, false
	}
	e.from = at + int64(n+w)
	if unknown {
		e.to = end
		return e, e.from <= end
	}
	if size > uint64(end-e.from) {
		return e, false
	}
	e.to = e.from + int64(size)
	return e, true
}

// vint reads a variable-size integer (RFC 8794 §4); width is 0 when there is none.
func vint(b []byte) (value uint64, width int, unknown bool) {
	if len(b) == 0 || b[0] == 0 {
		return 0, 0, false
	}
	w := 1
	for b[0]<<(w-1)&0x80 == 0 {
		w++
	}
	if len(b) < w {
		return 0, 0, false
	}
	value = uint64(b[0]) & (1<<(8-w) - 1)
	for _, c := range b[1:w] {
		value = value<<8 | uint64(c)
	}
	return value, w, value == 1<<(7*w)-1
}

// number reads an unsigned integer of up to eight bytes.
func (e element) number(r io.ReaderAt) (n uint64, ok bool) {
	if e.to-e.from > 8 {
		return 0, false
	}
	for _, b := range head(r, e.from, int(e.to-e.from)) {
		n = n<<8 | uint64(b)
	}
	return n, true
}

// webMLength reads the duration that the file tells, else the time of its last block: what browsers record tells none.
func webMLength(r io.ReaderAt, size int64) (time.Duration, bool) {
	h, ok := readElement(r, 0, size)
	if !ok || h.id != ebmlHeader {
		return 0, false
	}
	segment, ok := readElement(r, h.to, size)
	if !ok || segment.id != ebmlSegment {
		return 0, false
	}
	at := segment.from
	for range maxBoxes {
		e, ok := readElement(r, at, segment.to)
		if !ok || e.id == ebmlCluster {
			return 0, false // the description comes before what it describes
		}
		if e.id == ebmlInfo {
			scale, units := webMInfo(r, e)
			if units == 0 {
				units = lastBlock(r, e.to, segment.to)
			}
			return ticks(units, scale)
		}
		at = e.to
	}
	return 0, false
}

// ticks is a time in units of so many nanoseconds.
func ticks(units float64, scale uint64) (time.Duration, bool) {
	d := units * float64(scale)
	if !(d > 0) || d >= float64(longest) {
		return 0, false
	}
	return time.Duration(d), true
}

// webMInfo reads the scale, in nanoseconds, and the duration in its units, 0 when it is not told.
func webMInfo(r io.ReaderAt, info element) (scale uint64, units float64) {
	scale = 1_000_000 // RFC 9559 §5.1.2.9
	at := info.from
	for range maxBoxes {
		e, ok := readElement(r, at, info.to)
		if !ok {
			break
		}
		switch e.id {
		case ebmlScale:
			if n, ok := e.number(r); ok && n > 0 {
				scale = n
			}
		case ebmlDuration:
			switch b := head(r, e.from, int(min(8, e.to-e.from))); len(b) {
			case 4:
				units = float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
			case 8:
				units = math.Float64frombits(binary.BigEndian.Uint64(b))
			}
		}
		at = e.to
	}
	if math.IsNaN(units) || math.IsInf(units, 0) || units < 0 {
		units = 0
	}
	return scale, units
}

// lastBlock gives the time of the last block of the last cluster that stands between two places, in units; 0 for none.
func lastBlock(r io.ReaderAt, from, end int64) float64 {
	start := max(from, end-webMTail)
	tail := head(r, start, int(max(0, end-start)))
	for till := len(tail); ; {
		i := bytes.LastIndex(tail[:till], []byte{0x1F, 0x43, 0xB6, 0x75})
		if i < 0 {
			return 0
		}
		till = i
		cluster, ok := readElement(r, start+int64(i), end)
		if !ok {
			continue // these bytes may stand in a picture
		}
		if stamp, ok := readElement(r, cluster.from, cluster.to); ok && stamp.id == ebmlTimestamp {
			if began, ok := stamp.number(r); ok {
				return float64(began) + float64(blocksEnd(r, stamp.to, cluster.to))
			}
		}
	}
}

// blocksEnd gives the greatest time of a cluster's blocks, in units from its beginning.
func blocksEnd(r io.ReaderAt, at, end int64) (last int16) {
	for range maxBoxes {
		e, ok := readElement(r, at, end)
		if !ok {
			return last
		}
		block := e
		if e.id == ebmlGroup {
			block, ok = readElement(r, e.from, e.to)
		}
		if ok && (block.id == ebmlSimple || block.id == ebmlBlock) {
			b := head(r, block.from, int(min(11, block.to-block.from)))
			if _, w, _ := vint(b); w > 0 && len(b) >= w+2 { // the track's number, then the time
				last = max(last, int16(binary.BigEndian.Uint16(b[w:])))
			}
		}
		at = e.to
	}
	return last
}
