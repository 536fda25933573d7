package media

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/internal/fault"
)

// MaxVTT is the longest caption file taken, in bytes.
const MaxVTT = 2 << 20

// ErrVTT is a caption file that a browser would not show in full.
var ErrVTT = fault.New(fault.KindInvalid, "captions_unsound", "This is not a WebVTT caption file. Its first line must be WEBVTT.")

// CheckVTT checks a WebVTT file (W3C WebVTT §4): its signature, UTF-8, at least one cue, and for each cue times that
// can be read, an end behind its start, and a start not before the one before it. The errors are ErrVTT and name the
// line.
func CheckVTT(data []byte) error {
	switch {
	case len(data) > MaxVTT:
		return fault.New(fault.KindTooLarge, "captions_too_large", "This caption file is too large; at most 2 MB are allowed.")
	case !isVTT(data):
		return ErrVTT
	case !utf8.Valid(data):
		return ErrVTT.Saying("This caption file is not written in UTF-8. Please save it as UTF-8 and upload it again.")
	case bytes.ContainsRune(data, 0):
		return ErrVTT.Saying("This caption file holds binary data. Please export it again as WebVTT.")
	}
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(data))
	cues, last := 0, time.Duration(0)
	for number, block := range blocks(text) {
		start, found, err := checkCue(number, block)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		if start < last {
			return ErrVTT.Saying("The cue in line %d of this caption file starts before the one above it. Please put the cues in order.", number)
		}
		cues, last = cues+1, start
	}
	if cues == 0 {
		return ErrVTT.Saying("This caption file holds no captions. A cue is a line such as 00:01.000 --> 00:04.000 with its text below.")
	}
	return nil
}

// blocks goes through what stands between empty lines, the header left out, with the number of the first line.
func blocks(text string) func(yield func(int, []string) bool) {
	return func(yield func(int, []string) bool) {
		lines := strings.Split(text, "\n")
		for i := 0; i < len(lines); i++ {
			from := i
			for i < len(lines) && lines[i] != "" {
				i++
			}
			if from > 0 && i > from && !yield(from+1, lines[from:i]) {
				return
			}
		}
	}
}

// checkCue reads a block; found is false for a note, a style or a region.
func checkCue(number int, block []string) (start time.Duration, found bool, err error) {
	switch first, _, _ := strings.Cut(strings.ReplaceAll(block[0], "\t", " "), " "); first {
	case "NOTE", "STYLE", "REGION":
		return 0, false, nil
	}
	at := 0
	if !strings.Contains(block[0], "-->") { // an identifier stands above the times
		at = 1
	}
	if len(block) <= at || !strings.Contains(block[at], "-->") {
		return 0, false, ErrVTT.Saying("Line %d of this caption file should hold the times of a cue, such as 00:01.000 --> 00:04.000.", number+at)
	}
	from, to, _ := strings.Cut(block[at], "-->")
	to, _, _ = strings.Cut(strings.TrimSpace(strings.ReplaceAll(to, "\t", " ")), " ") // settings follow
	start, okStart := vttTime(strings.TrimSpace(from))
	end, okEnd := vttTime(strings.TrimSpace(to))
	switch {
	case !okStart || !okEnd:
		return 0, false, ErrVTT.Saying("The times in line %d of this caption file cannot be read. They look like 00:01.000 --> 00:04.000.", number+at)
	case end <= start:
		return 0, false, ErrVTT.Saying("The cue in line %d of this caption file ends before it starts.", number+at)
	}
	for i, line := range block[at+1:] {
		if strings.Contains(line, "-->") {
			return 0, false, ErrVTT.Saying("An empty line is missing above line %d of this caption file.", number+at+1+i)
		}
	}
	return start, true, nil
}

// vttTime reads "mm:ss.ttt" or "hh:mm:ss.ttt" (§4.1, "WebVTT timestamp").
func vttTime(s string) (time.Duration, bool) {
	clock, milli, ok := strings.Cut(s, ".")
	parts := strings.Split(clock, ":")
	if !ok || len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	total := time.Duration(0)
	for i, p := range parts {
		hours := len(parts) == 3 && i == 0
		v, good := digits(p)
		if !good || hours && (len(p) < 2 || len(p) > 4) || !hours && (len(p) != 2 || v > 59) {
			return 0, false
		}
		total = total*60 + time.Duration(v)*time.Second
	}
	v, good := digits(milli)
	return total + time.Duration(v)*time.Millisecond, good && len(milli) == 3
}

func digits(s string) (int, bool) {
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	v, err := strconv.Atoi(s)
	return v, err == nil
}
