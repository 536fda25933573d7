package media_test

import (
	"errors"
	"strings"
	"testing"

	"lyceum/internal/fault"
	"lyceum/internal/media"
)

func TestCaptionsAsPeopleExportThemPass(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"plain":               "WEBVTT\n\n00:00.000 --> 00:02.500\nHello.\n\n00:02.500 --> 01:00:00.000\nGood <b>day</b>.\nTwo lines.\n",
		"all there is":        "\ufeffWEBVTT - Fire safety\r\nKind: captions\r\n\r\nNOTE made by hand\r\nover two lines\r\n\r\nSTYLE\r\n::cue { color: lime }\r\n\r\nREGION\r\nid:a\r\n\r\nfirst\r\n00:00:01.000 --> 00:00:04.000 line:0 align:start\r\nGrüße\r\n\r\n2\r\n00:00:04.000\t-->\t00:00:05.000\tline:0\r\n– Ja.\r\n",
		"old line ends":       "WEBVTT\r\r00:00.000 --> 00:01.000\rx\r",
		"no end of last line": "WEBVTT\n\n00:00.000 --> 00:01.000\nx",
		"starts together":     "WEBVTT\n\n00:00.000 --> 00:05.000\na\n\n00:00.000 --> 00:01.000\nb\n",
		"more empty lines":    "WEBVTT\n\n\n\n00:00.000 --> 00:01.000\na\n\n\n",
		"a cue without words": "WEBVTT\n\n00:00.000 --> 00:01.000\n",
		"more than 100 hours": "WEBVTT\n\n100:00:00.000 --> 100:00:01.000\na\n",
		"note with a tab":     "WEBVTT\n\nNOTE\tx\n\n00:00.000 --> 00:01.000\na\n",
	} {
		if err := media.CheckVTT([]byte(in)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCaptionsABrowserWouldDropAreRefusedByTheLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, says string }{
		"nothing":              {"", "WEBVTT"},
		"SubRip":               {"1\n00:00:01,000 --> 00:00:02,000\nx\n", "WEBVTT"},
		"signature run on":     {"WEBVTTX\n\n00:00.000 --> 00:01.000\nx", "WEBVTT"},
		"no captions":          {"WEBVTT\n\nNOTE nothing\n", "no captions"},
		"comma in the times":   {"WEBVTT\n\n00:00:01,000 --> 00:00:02,000\nx", "line 3"},
		"identifier, then bad": {"WEBVTT\n\none\n1 --> 2\nx", "line 4"},
		"ends before":          {"WEBVTT\n\n00:02.000 --> 00:01.000\nx", "line 3 of this caption file ends before"},
		"ends at its start":    {"WEBVTT\n\n00:02.000 --> 00:02.000\nx", "ends before"},
		"out of order":         {"WEBVTT\n\n00:05.000 --> 00:06.000\na\n\n00:01.000 --> 00:02.000\nb", "line 6 of this caption file starts before"},
		"text without times":   {"WEBVTT\n\nhello\nworld\n", "Line 4"},
		"identifier alone":     {"WEBVTT\n\nhello\n\n00:01.000 --> 00:02.000\nx", "Line 4"},
		"blanks alone":         {"WEBVTT\n\n  \n\n00:01.000 --> 00:02.000\nx", "Line 4"},
		"cues run together":    {"WEBVTT\n\n00:01.000 --> 00:02.000\nx\n00:02.000 --> 00:03.000\ny", "above line 5"},
		"sixty seconds":        {"WEBVTT\n\n00:60.000 --> 01:01.000\nx", "line 3"},
		"two milliseconds":     {"WEBVTT\n\n00:00.00 --> 00:01.00\nx", "line 3"},
		"one digit":            {"WEBVTT\n\n0:00.000 --> 0:01.000\nx", "line 3"},
		"sign":                 {"WEBVTT\n\n-1:00.000 --> 00:01.000\nx", "line 3"},
		"empty times":          {"WEBVTT\n\n-->\nx", "line 3"},
		"endless hours":        {"WEBVTT\n\n99999999999999999999:00:00.000 --> 00:01.000\nx", "line 3"},
		"Latin-1":              {"WEBVTT\n\n00:00.000 --> 00:01.000\ngr\xfc\xdfe", "UTF-8"},
		"zero byte":            {"WEBVTT\n\n00:00.000 --> 00:01.000\na\x00b", "binary"},
	} {
		if err := media.CheckVTT([]byte(c.in)); !errors.Is(err, media.ErrVTT) || !strings.Contains(fault.Of(err).Text, c.says) {
			t.Errorf("%s: got %v, want %q", name, err, c.says)
		}
	}
	large := "WEBVTT\n\n00:00.000 --> 00:01.000\n" + strings.Repeat("x", media.MaxVTT)
	if err := media.CheckVTT([]byte(large)); fault.Of(err).Kind != fault.KindTooLarge {
		t.Errorf("too large: %v", err)
	}
}
