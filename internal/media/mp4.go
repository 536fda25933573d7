package media

import (
	"encoding/binary"
	"io"
	"time"
)

// maxBoxes is how many boxes are looked at on one level before the film is held for hostile.
const maxBoxes = 4096

// MP4Duration reads how long a film or sound in an MP4 file is from its movie header (ISO/IEC 14496-12 §8.2.2). ok is
// false when there is no header that can be believed; nothing but box headers is read, so the size does not matter.
func MP4Duration(r io.ReaderAt, size int64) (d time.Duration, ok bool) {
	start, end, ok := findBox(r, 0, size, "moov")
	if !ok {
		return 0, false
	}
	start, end, ok = findBox(r, start, end, "mvhd")
	if !ok {
		return 0, false
	}
	header := make([]byte, min(32, end-start))
	if _, err := r.ReadAt(header, start); err != nil || len(header) < 20 {
		return 0, false
	}
	var scale, units uint64
	switch header[0] {
	case 0: // version, flags, created, modified: 4 bytes each
		scale, units = uint64(binary.BigEndian.Uint32(header[12:])), uint64(binary.BigEndian.Uint32(header[16:]))
		if units == 1<<32-1 {
			return 0, false // "unknown"
		}
	case 1:
		if len(header) < 32 {
			return 0, false
		}
		scale, units = uint64(binary.BigEndian.Uint32(header[20:])), binary.BigEndian.Uint64(header[24:])
	default:
		return 0, false
	}
	return spell(units, scale)
}

// findBox looks through the boxes between start and end for the first of a type, and gives where its content lies.
func findBox(r io.ReaderAt, start, end int64, typ string) (from, to int64, ok bool) {
	var header [16]byte
	for range maxBoxes {
		if end-start < 8 {
			return 0, 0, false
		}
		if _, err := r.ReadAt(header[:8], start); err != nil {
			return 0, 0, false
		}
		length, content := int64(binary.BigEndian.Uint32(header[:])), int64(8)
		switch length {
		case 0: // up to the end
			length = end - start
		case 1: // 64-bit length behind the type
			if _, err := r.ReadAt(header[8:], start+8); err != nil {
				return 0, 0, false
			}
			length, content = int64(binary.BigEndian.Uint64(header[8:])), 16
		}
		if length < content || length > end-start {
			return 0, 0, false
		}
		if string(header[4:8]) == typ {
			return start + content, start + length, true
		}
		start += length
	}
	return 0, 0, false
}

// LateIndex tells whether an MP4 film has its index (moov) behind its pictures (mdat): a browser must then fetch the end
// before it can begin, and some play nothing until all has come.
func LateIndex(r io.ReaderAt, size int64) bool {
	index, _, ok := findBox(r, 0, size, "moov")
	if !ok {
		return false
	}
	pictures, _, ok := findBox(r, 0, size, "mdat")
	return ok && pictures < index
}
