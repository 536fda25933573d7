package media

import (
	"io"
	"time"
)

// longest is the longest recording that is believed.
const longest = 1000 * time.Hour

// Length reads how long a film or a sound of a media type that Sniff gave is. ok is false when the file does not say, or
// says what cannot be believed. Only headers are read, so the size does not matter.
func Length(r io.ReaderAt, size int64, mediaType string) (d time.Duration, ok bool) {
	switch mediaType {
	case "video/mp4", "audio/mp4":
		return MP4Duration(r, size)
	case "video/webm", "audio/webm":
		return webMLength(r, size)
	case "audio/mpeg":
		return mp3Length(r, size)
	case "audio/ogg":
		return oggLength(r, size)
	case "audio/wav":
		return wavLength(r, size)
	case "audio/flac":
		return flacLength(r)
	}
	return 0, false
}

// spell is units of which there are rate in a second.
func spell(units, rate uint64) (time.Duration, bool) {
	if rate == 0 || units == 0 || units/rate >= uint64(longest/time.Second) || rate > 1<<40 {
		return 0, false
	}
	// In two steps: units times 10⁹ would not fit.
	return time.Duration(units/rate)*time.Second + time.Duration(float64(units%rate)/float64(rate)*float64(time.Second)), true
}

// head reads up to n bytes at a place; fewer where the file ends.
func head(r io.ReaderAt, at int64, n int) []byte {
	b := make([]byte, n)
	got, err := r.ReadAt(b, at)
	if err != nil && err != io.EOF {
		return nil
	}
	return b[:got]
}
