// Package media says what an uploaded file is by looking into it, never by its name or by what the browser claims,
// and checks the formats that can do harm: archives, captions, file names. It decodes no picture (see picture) and
// keeps nothing (see blob).
package media

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// Kind groups media types by what a person does with them.
type Kind string

const (
	// KindUnknown is everything this package does not recognise.
	KindUnknown Kind = "unknown"
	// KindVideo is a film.
	KindVideo Kind = "video"
	// KindAudio is a sound.
	KindAudio Kind = "audio"
	// KindPicture is a raster picture or an SVG.
	KindPicture Kind = "picture"
	// KindDocument is a PDF or an office document.
	KindDocument Kind = "document"
	// KindCaptions is a WebVTT track.
	KindCaptions Kind = "captions"
	// KindArchive is a ZIP that is not an office document.
	KindArchive Kind = "archive"
)

// Unknown is the media type of what is not recognised. A server hands it out for download only.
const Unknown = "application/octet-stream"

// SniffLength is how many bytes from the start Sniff wants to see; more are not looked at.
const SniffLength = 8 << 10

// Allowed says whether a file of this kind may be attached to a lesson. An archive may not: it comes in through the
// import of a package, which looks inside (CheckZip).
func Allowed(kind Kind) bool {
	switch kind {
	case KindVideo, KindAudio, KindPicture, KindDocument, KindCaptions:
		return true
	case KindArchive, KindUnknown:
		return false
	}
	return false
}

// Sniff names the media type of a file by its first bytes (SniffLength of them, or the whole file when shorter).
// HTML, scripts and programs are KindUnknown like any other stranger.
func Sniff(head []byte) (mediaType string, kind Kind) {
	if len(head) > SniffLength {
		head = head[:SniffLength]
	}
	for _, s := range []struct {
		magic, mediaType string
		kind             Kind
	}{
		{"\x89PNG\r\n\x1a\n", "image/png", KindPicture},
		{"\xff\xd8\xff", "image/jpeg", KindPicture},
		{"GIF87a", "image/gif", KindPicture},
		{"GIF89a", "image/gif", KindPicture},
		{"%PDF-", "application/pdf", KindDocument},
		{"ID3", "audio/mpeg", KindAudio},
		{"fLaC", "audio/flac", KindAudio},
	} {
		if strings.HasPrefix(string(head), s.magic) {
			return s.mediaType, s.kind
		}
	}
	switch {
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return "image/webp", KindPicture
	case len(head) >= 12 && (string(head[:4]) == "RIFF" || string(head[:4]) == "RF64") && string(head[8:12]) == "WAVE":
		return "audio/wav", KindAudio
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		return sniffISO(head)
	case bytes.HasPrefix(head, []byte("\x1aE\xdf\xa3")):
		return sniffMatroska(head)
	case bytes.HasPrefix(head, []byte("OggS")):
		return sniffOgg(head)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return sniffZip(head)
	case isMP3(head):
		return "audio/mpeg", KindAudio
	case isVTT(head):
		return "text/vtt", KindCaptions
	case isSVG(head):
		return "image/svg+xml", KindPicture
	}
	return Unknown, KindUnknown
}

// sniffISO tells films, sounds and strangers (HEIC, AVIF, QuickTime) apart by the brands of the file type box
// (ISO/IEC 14496-12 §4.3).
func sniffISO(head []byte) (string, Kind) {
	size := min(int(binary.BigEndian.Uint32(head)), len(head))
	brands := string(head[8:min(12, len(head))])
	if size > 16 {
		brands += string(head[16 : size-size%4])
	}
	major := brands[:4]
	switch major {
	case "M4A ", "M4B ":
		return "audio/mp4", KindAudio
	case "heic", "heix", "mif1", "msf1", "avif", "avis", "qt  ", "crx ":
		return Unknown, KindUnknown
	}
	for i := 0; i+4 <= len(brands); i += 4 {
		switch brands[i : i+4] {
		case "isom", "iso2", "iso3", "iso4", "iso5", "iso6", "mp41", "mp42", "avc1", "M4V ", "dash":
			return "video/mp4", KindVideo
		}
	}
	return Unknown, KindUnknown
}

// sniffMatroska accepts WebM only: browsers do not play other Matroska files. The DocType (RFC 8794 §11.2.7) stands
// within the first few dozen bytes.
func sniffMatroska(head []byte) (string, Kind) {
	window := head[:min(len(head), 128)]
	if i := bytes.Index(window, []byte("\x42\x82")); i >= 0 && len(window) > i+3 {
		size := int(window[i+2] & 0x7f)
		if doc := window[i+3:]; len(doc) >= size && string(bytes.TrimRight(doc[:size], "\x00")) == "webm" {
			return "video/webm", KindVideo
		}
	}
	return Unknown, KindUnknown
}

// sniffOgg looks at the first packets of the streams (RFC 3533 §4): one Theora stream makes it a film.
func sniffOgg(head []byte) (string, Kind) {
	switch {
	case bytes.Contains(head, []byte("\x80theora")):
		return "video/ogg", KindVideo
	case bytes.Contains(head, []byte("OpusHead")), bytes.Contains(head, []byte("\x01vorbis")), bytes.Contains(head, []byte("\x7fFLAC")):
		return "audio/ogg", KindAudio
	}
	return Unknown, KindUnknown
}

// isMP3 finds an MPEG audio layer III frame header (ISO/IEC 11172-3 §2.4.1.3) and, where the head reaches that far,
// the next one behind it: a lone header turns up in random bytes too often.
func isMP3(head []byte) bool {
	first := mp3Frame(head)
	if first == 0 {
		return false
	}
	return len(head) < first+4 || mp3Frame(head[first:]) != 0
}

// mp3Frame gives the length of the frame that starts here, 0 when none does.
func mp3Frame(b []byte) int {
	if len(b) < 4 || b[0] != 0xff || b[1]&0xe0 != 0xe0 || b[1]>>1&3 != 1 {
		return 0
	}
	version, bitrate, rate := b[1]>>3&3, int(b[2]>>4), int(b[2]>>2&3)
	if version == 1 || bitrate == 0 || bitrate == 15 || rate == 3 {
		return 0
	}
	kbps := [15]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}[bitrate]
	hertz, samples := [3]int{44100, 48000, 32000}[rate], 144
	if version != 3 { // MPEG 2 and 2.5: other bit rates, half or a quarter of the sampling rate, half the samples
		kbps = [15]int{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}[bitrate]
		hertz, samples = hertz/2, 72
		if version == 0 {
			hertz /= 2
		}
	}
	return samples*kbps*1000/hertz + int(b[2]>>1&1)
}

// sniffZip tells office documents from other archives by the names of their first entries: OOXML (ECMA-376 part 2)
// and OpenDocument (part 2 §3.3: the first entry is `mimetype`, stored).
func sniffZip(head []byte) (string, Kind) {
	content := false
	for at := 0; ; {
		i := bytes.Index(head[at:], []byte("PK\x03\x04"))
		if i < 0 || len(head) < at+i+30 {
			break
		}
		entry := head[at+i:]
		end := 30 + int(binary.LittleEndian.Uint16(entry[26:]))
		if len(entry) < end {
			break
		}
		name := string(entry[30:end])
		if at == 0 && name == "mimetype" {
			if t, ok := startsOpenDocument(entry[end:]); ok {
				return t, KindDocument
			}
		}
		content = content || name == "[Content_Types].xml"
		for prefix, t := range map[string]string{"word/": "wordprocessingml.document", "xl/": "spreadsheetml.sheet", "ppt/": "presentationml.presentation"} {
			if content && strings.HasPrefix(name, prefix) {
				return ooxml + t, KindDocument
			}
		}
		at += i + 4
	}
	return "application/zip", KindArchive
}

func startsOpenDocument(body []byte) (string, bool) {
	const prefix = openDocument
	for _, t := range []string{"text", "spreadsheet", "presentation"} {
		if bytes.HasPrefix(body, []byte(prefix+t+"PK")) || string(body) == prefix+t {
			return prefix + t, true
		}
	}
	return "", false
}

// isVTT checks the signature (WebVTT §4.1): WEBVTT and then nothing, a space, a tab or a line end.
func isVTT(head []byte) bool {
	head = bytes.TrimPrefix(head, []byte("\ufeff"))
	rest, ok := bytes.CutPrefix(head, []byte("WEBVTT"))
	return ok && (len(rest) == 0 || strings.ContainsRune(" \t\r\n", rune(rest[0])))
}

// isSVG looks for an <svg> root behind an XML declaration, comments and a document type. Whether the file is sound
// is for picture.SanitiseSVG to say.
func isSVG(head []byte) bool {
	s := strings.TrimPrefix(string(head), "\ufeff")
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		closing := ""
		switch {
		case strings.HasPrefix(s, "<?xml"):
			closing = "?>"
		case strings.HasPrefix(s, "<!--"):
			closing = "-->"
		case strings.HasPrefix(s, "<!DOCTYPE svg"):
			closing = ">"
		default:
			rest, ok := strings.CutPrefix(s, "<svg:svg")
			if !ok {
				rest, ok = strings.CutPrefix(s, "<svg")
			}
			return ok && rest != "" && strings.ContainsRune(" \t\r\n>/", rune(rest[0]))
		}
		i := strings.Index(s, closing)
		if i < 0 {
			return false
		}
		s = s[i+len(closing):]
	}
}
