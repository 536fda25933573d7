package media

import (
	"bytes"
	"encoding/binary"
	"io"
	"time"
)

// wavLength reads the rate of the format chunk and the size of the data chunk (RIFF, Multimedia Programming Interface 1.0).
// A recorder that was cut off leaves the size 0 or the largest there is: then the data reach to the end of the file.
func wavLength(r io.ReaderAt, size int64) (time.Duration, bool) {
	var rate uint64 // bytes a second
	at := int64(12)
	for range maxBoxes {
		h := head(r, at, 24)
		if len(h) < 8 {
			return 0, false
		}
		length := int64(binary.LittleEndian.Uint32(h[4:]))
		switch string(h[:4]) {
		case "fmt ":
			if len(h) < 20 {
				return 0, false
			}
			rate = uint64(binary.LittleEndian.Uint32(h[16:]))
		case "data":
			left := max(0, size-at-8)
			if length == 0 || length > left {
				length = left
			}
			return spell(uint64(length), rate)
		}
		at += 8 + length + length&1
	}
	return 0, false
}

// flacLength reads STREAMINFO, which is the first block (RFC 9639 §8.2). No samples means that their number is not known.
func flacLength(r io.ReaderAt) (time.Duration, bool) {
	h := head(r, 0, 42)
	if len(h) < 42 || string(h[:4]) != "fLaC" || h[4]&0x7f != 0 {
		return 0, false
	}
	packed := binary.BigEndian.Uint64(h[18:]) // 20 bits rate, 3 channels, 5 depth, 36 samples
	return spell(packed&(1<<36-1), packed>>44)
}

// oggTail is how much of the end is searched for the last page: a page has at most 65,307 bytes (RFC 3533 §6).
const oggTail = 128 << 10

// oggLength reads the granule position of the last page of the first stream: samples of Vorbis at its own rate (Vorbis I
// §A.2), of Opus at 48,000 a second less what is skipped at the beginning (RFC 7845 §4).
func oggLength(r io.ReaderAt, size int64) (time.Duration, bool) {
	first := head(r, 0, 128)
	if len(first) < 28 || string(first[:4]) != "OggS" {
		return 0, false
	}
	serial, body := first[14:18], first[min(len(first), 27+int(first[26])):]
	var rate, skip uint64
	switch {
	case bytes.HasPrefix(body, []byte("\x01vorbis")) && len(body) >= 16:
		rate = uint64(binary.LittleEndian.Uint32(body[12:]))
	case bytes.HasPrefix(body, []byte("OpusHead")) && len(body) >= 12:
		rate, skip = 48000, uint64(binary.LittleEndian.Uint16(body[10:]))
	default:
		return 0, false
	}
	tail := head(r, max(0, size-oggTail), oggTail)
	for end := len(tail); ; {
		i := bytes.LastIndex(tail[:end], []byte("OggS"))
		if i < 0 {
			return 0, false
		}
		end = i
		page := tail[i:]
		if len(page) < 27 || page[4] != 0 || !bytes.Equal(page[14:18], serial) {
			continue
		}
		granule := binary.LittleEndian.Uint64(page[6:])
		if granule == 1<<64-1 || granule <= skip { // no packet ends on this page
			continue
		}
		return spell(granule-skip, rate)
	}
}

// mp3Length counts frames where the first one says how many there are (the Xing and Info headers of LAME, the VBRI header
// of Fraunhofer), and takes the file for one of constant bit rate otherwise.
func mp3Length(r io.ReaderAt, size int64) (time.Duration, bool) {
	at := int64(0)
	if h := head(r, 0, 10); len(h) == 10 && string(h[:3]) == "ID3" { // ID3v2.4 §3.1: the size in four times seven bits
		at = 10 + int64(h[6]&0x7f)<<21 + int64(h[7]&0x7f)<<14 + int64(h[8]&0x7f)<<7 + int64(h[9]&0x7f)
		if h[5]&0x10 != 0 {
			at += 10
		}
	}
	window := head(r, at, 16<<10)
	i, frame := firstFrame(window)
	if frame == 0 {
		return 0, false
	}
	b := window[i:]
	samples, hertz := uint64(1152), mp3Rate(b)
	if b[1]>>3&3 != 3 {
		samples = 576
	}
	if frames, ok := vbrFrames(b[:min(len(b), frame)]); ok {
		return spell(frames*samples, hertz)
	}
	end := size
	if tag := head(r, max(0, size-128), 3); string(tag) == "TAG" { // ID3v1
		end -= 128
	}
	return spell(uint64(max(0, end-at-int64(i)))*samples, uint64(frame)*hertz)
}

// firstFrame finds a frame that another follows.
func firstFrame(b []byte) (at, length int) {
	for i := range b {
		if n := mp3Frame(b[i:]); n > 0 && (i+n >= len(b) || mp3Frame(b[i+n:]) > 0) {
			return i, n
		}
	}
	return 0, 0
}

func mp3Rate(b []byte) uint64 {
	rate := [4]uint64{44100, 48000, 32000, 0}[b[2]>>2&3]
	switch b[1] >> 3 & 3 {
	case 2:
		rate /= 2
	case 0:
		rate /= 4
	}
	return rate
}

func vbrFrames(frame []byte) (n uint64, ok bool) {
	for _, name := range []string{"Xing", "Info"} {
		if i := bytes.Index(frame, []byte(name)); i > 0 && len(frame) >= i+12 && frame[i+7]&1 != 0 {
			return uint64(binary.BigEndian.Uint32(frame[i+8:])), true
		}
	}
	if i := bytes.Index(frame, []byte("VBRI")); i > 0 && len(frame) >= i+18 {
		return uint64(binary.BigEndian.Uint32(frame[i+14:])), true
	}
	return 0, false
}
