package media

import (
	"io"
	"time"

	"lyceum/internal/fault"
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

// ErrUnplayable is a recording that no player begins: cut off before what it needs, or its beginning alone.
var ErrUnplayable = fault.New(fault.KindInvalid, "recording_unplayable", "This recording is damaged or cut off. Please export it again and upload the new file.")

// CheckPlayable refuses films and sounds that lack what a player must have: the index of an MP4, one frame of an MP3, the
// data of a WAV. Others may be cut off and still play to where they end.
func CheckPlayable(r io.ReaderAt, size int64, mediaType string) error {
	ok := true
	switch mediaType {
	case "video/mp4", "audio/mp4":
		_, _, ok = findBox(r, 0, size, "moov")
	case "audio/mpeg":
		_, ok = mp3Length(r, size)
	case "audio/wav":
		_, ok = wavLength(r, size)
	}
	if !ok {
		return ErrUnplayable
	}
	return nil
}
