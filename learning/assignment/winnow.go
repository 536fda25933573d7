package assignment

import (
	"hash/fnv"
	"slices"
	"strings"
	"unicode"
)

// How alike two texts are is found by winnowing (Schleimer, Wilkerson, Aiken 2003): of the hashes of all runs of gram
// words, the least of every window is kept. So whatever stands in both in a run of gram+window-1 words is found, and what
// is shorter than gram never is.
const (
	gram   = 6
	window = 4
	// MinAlike is the percent below which nothing is told: phrases that everybody writes.
	MinAlike = 5
)

// word is a word of a text, folded, with where it stands in it.
type word struct {
	text     string
	from, to int
}

// wordsOf folds a text to its words: letters and digits in lower case. What stands between them does not count, so that
// other blanks, marks and line ends hide nothing.
func wordsOf(text string) (out []word) {
	from := -1
	end := func(to int) {
		if from >= 0 {
			out = append(out, word{strings.ToLower(text[from:to]), from, to})
			from = -1
		}
	}
	for i, r := range text {
		switch in := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r); {
		case in && from < 0:
			from = i
		case !in:
			end(i)
		}
	}
	end(len(text))
	return out
}

// grams are the hashes of all runs of gram words.
func grams(words []word) []uint64 {
	if len(words) < gram {
		return nil
	}
	out := make([]uint64, 0, len(words)-gram+1)
	for i := range len(words) - gram + 1 {
		h := fnv.New64a()
		for _, w := range words[i : i+gram] {
			_, _ = h.Write([]byte(w.text))
			_, _ = h.Write([]byte{0})
		}
		out = append(out, h.Sum64())
	}
	return out
}

// winnow keeps the least hash of each window, each once and sorted.
func winnow(hashes []uint64) (out []uint64) {
	for i := range max(1, len(hashes)-window+1) {
		if end := min(i+window, len(hashes)); i < end {
			out = append(out, slices.Min(hashes[i:end]))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Prints are the fingerprints of a text, without those of the template's.
func Prints(text, template string) []uint64 {
	given := map[uint64]bool{}
	for _, h := range grams(wordsOf(template)) {
		given[h] = true
	}
	return slices.DeleteFunc(winnow(grams(wordsOf(text))), func(h uint64) bool { return given[h] })
}

// Alike is how much of a stands in b, in percent of a's fingerprints, both sorted.
func Alike(a, b []uint64) int {
	if len(a) == 0 {
		return 0
	}
	n := 0
	for _, h := range a {
		if _, found := slices.BinarySearch(b, h); found {
			n++
		}
	}
	return 100 * n / len(a)
}

// Piece is a stretch of a text; Pair is that of the other text it is found in, numbered from 1, 0 for what is only here.
type Piece struct {
	Text string
	Pair int
}

// Passages cuts two texts into pieces: what stands in both, in a run of gram words or longer, has the same number in both.
// What the template has is in neither.
func Passages(a, b, template string) (inA, inB []Piece) {
	wa, wb := wordsOf(a), wordsOf(b)
	ga, gb := grams(wa), grams(wb)
	given := map[uint64]bool{}
	for _, h := range grams(wordsOf(template)) {
		given[h] = true
	}
	where := map[uint64]int{}
	for i, h := range slices.Backward(gb) {
		where[h] = i
	}
	markA, markB := make([]int, len(wa)), make([]int, len(wb))
	pair := 0
	for i := 0; i < len(ga); i++ {
		j, found := where[ga[i]]
		if !found || given[ga[i]] || markA[i] != 0 {
			continue
		}
		pair++
		for n := 0; i+n < len(wa) && j+n < len(wb) && wa[i+n].text == wb[j+n].text; n++ {
			markA[i+n] = pair
			if markB[j+n] == 0 {
				markB[j+n] = pair
			}
		}
	}
	return pieces(a, wa, markA), pieces(b, wb, markB)
}

// pieces cuts a text where the mark of its words changes; every byte of it is in one piece.
func pieces(text string, words []word, marks []int) (out []Piece) {
	from := 0
	for i := 0; i < len(words); {
		n := i
		for n < len(words) && marks[n] == marks[i] {
			n++
		}
		if marks[i] != 0 {
			if words[i].from > from {
				out = append(out, Piece{Text: text[from:words[i].from]})
			}
			from = words[n-1].to
			out = append(out, Piece{Text: text[words[i].from:from], Pair: marks[i]})
		}
		i = n
	}
	if from < len(text) {
		out = append(out, Piece{Text: text[from:]})
	}
	return out
}
