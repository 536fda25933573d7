package search

import (
	"strings"
	"unicode/utf8"
)

// Piece is a part of a text as it is shown: plain words, to be escaped by whoever shows them, and whether they were asked
// for.
type Piece struct {
	Text string
	Hit  bool
}

// excerptLength is about how many bytes of a text are shown around what was found.
const excerptLength = 180

// hits gives where the words of a text fit a term.
func hits(text string, terms []term) (out []token) {
	for _, t := range tokens(text) {
		for _, term := range terms {
			if term.fits(t) {
				out = append(out, t)
				break
			}
		}
	}
	return out
}

func (t term) fits(tok token) bool {
	if t.run != tok.dense {
		return false
	}
	for _, w := range t.words {
		if t.run && (tok.word == w || utf8.RuneCountInString(w) == 1 && strings.HasPrefix(tok.word, w)) ||
			!t.run && (strings.HasPrefix(tok.word, w) || tok.other != "" && strings.HasPrefix(tok.other, w)) {
			return true
		}
	}
	for _, w := range t.stems {
		if utf8.RuneCountInString(w) > 2 && strings.HasPrefix(tok.word, w) {
			return true
		}
	}
	return false
}

// mark cuts a whole text into pieces.
func mark(text string, terms []term) []Piece { return cut(text, 0, len(text), hits(text, terms)) }

// excerpt shows a text around the first place where most of what was asked for stands together; nil where nothing does.
func excerpt(text string, terms []term) []Piece {
	found := hits(text, terms)
	if len(found) == 0 {
		return nil
	}
	best, most := 0, 0
	for i := range found {
		words := map[string]bool{}
		for _, h := range found[i:] {
			if h.to > found[i].from+excerptLength {
				break
			}
			words[h.word] = true
		}
		if len(words) > most {
			best, most = i, len(words)
		}
	}
	from := max(0, found[best].from-excerptLength/4)
	to := min(len(text), from+excerptLength)
	from, to = edge(text, from, -1), edge(text, to, 1)
	pieces := cut(text, from, to, found)
	if from > 0 {
		pieces = append([]Piece{{Text: "… "}}, pieces...)
	}
	if to < len(text) {
		pieces = append(pieces, Piece{Text: " …"})
	}
	return pieces
}

// edge moves a place to the next end of a word in a direction, by some bytes at most, and never into a character.
func edge(text string, at, step int) int {
	for range 24 {
		if at <= 0 || at >= len(text) || text[at-1] == ' ' || text[at-1] == '\n' {
			break
		}
		at += step
	}
	for at > 0 && at < len(text) && !utf8.RuneStart(text[at]) {
		at--
	}
	return min(max(at, 0), len(text))
}

func cut(text string, from, to int, found []token) (out []Piece) {
	plain := func(a, b int) {
		if a < b {
			out = append(out, Piece{Text: strings.Join(strings.FieldsFunc(text[a:b], func(r rune) bool { return r == '\n' || r == '\r' }), " ")})
		}
	}
	at := from
	for _, h := range found {
		if h.to <= at || h.from >= to {
			continue
		}
		a, b := max(h.from, at), min(h.to, to)
		plain(at, a)
		if n := len(out); n > 0 && out[n-1].Hit && a == at { // neighbours of a run
			out[n-1].Text += text[a:b]
		} else {
			out = append(out, Piece{Text: text[a:b], Hit: true})
		}
		at = b
	}
	plain(at, to)
	return out
}
