package media

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxName is the longest file name CleanName gives, in characters.
const MaxName = 120

// CleanName makes the name a person's file had safe to keep, to show and to offer for download: the last part of a
// path in either notation, in Unicode NFC, without control, formatting and direction characters, without what file
// systems forbid (<>:"|?*), with single spaces, without dots or spaces at its ends, at most MaxName characters with
// the extension kept. Where nothing is left it is "file".
func CleanName(s string) string {
	s = strings.ToValidUTF8(s, "")
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == '\u200c' || r == '\u200d': // joiners: Persian, Hindi and others spell with them
			return r
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs), r == utf8.RuneError:
			return -1
		case strings.ContainsRune(`<>:"|?*`, r):
			return '_'
		}
		return r
	}, s)
	s = trimEnds(strings.Join(strings.Fields(norm.NFC.String(s)), " ")) // composed last: what was between letters is gone
	if utf8.RuneCountInString(s) > MaxName {
		s = shorten(s)
	}
	if s == "" {
		return "file"
	}
	return s
}

func trimEnds(s string) string { return strings.Trim(s, ". ") }

// shorten cuts the stem of a name and leaves an extension of up to twelve characters.
func shorten(s string) string {
	runes, ext := []rune(s), []rune(path.Ext(s))
	if len(ext) > 12 {
		ext = nil
	}
	stem := trimEnds(string(runes[:MaxName-len(ext)]))
	return trimEnds(stem + string(ext))
}
