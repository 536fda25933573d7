package search

import (
	"slices"
	"unicode/utf8"
)

// A mistyped word is found by what it shares with the right one once a letter or two are left out (as SymSpell does): for
// every word that is kept its beginning is kept without each letter, and without each two. A word that was typed is taken
// apart in the same way; what meets is compared letter by letter.

// begun is how many letters of a word are looked at for that.
const begun = 7

// slips is how many slips a word of so many letters may hold.
func slips(letters int) int {
	switch {
	case letters < 4:
		return 0
	case letters < 7:
		return 1
	}
	return 2
}

// Near gives the beginnings of a word without up to so many letters as its slips, the whole beginning too.
func Near(word string) []string {
	letters := []rune(word)
	n := slips(len(letters))
	if len(letters) > begun {
		letters = letters[:begun]
	}
	out := map[string]bool{string(letters): true}
	for edge := [][]rune{letters}; n > 0; n-- {
		var next [][]rune
		for _, w := range edge {
			for i := range w {
				less := slices.Delete(slices.Clone(w), i, i+1)
				if key := string(less); !out[key] {
					out[key] = true
					next = append(next, less)
				}
			}
		}
		edge = next
	}
	list := make([]string, 0, len(out))
	for w := range out {
		list = append(list, w)
	}
	slices.Sort(list)
	return list
}

// distance counts the slips between what was typed and a word, or with begins some beginning of it: letters that are
// missing, too many, wrong, or swapped with their neighbour.
func distance(typed, word string, begins bool) int {
	a, b := []rune(typed), []rune(word)
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	var earlier []int
	for j := range before {
		before[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(before[j+1]+1, row[j]+1, before[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], earlier[j-1]+1)
			}
		}
		earlier, before, row = before, row, make([]int, len(b)+1)
	}
	if begins {
		return slices.Min(before)
	}
	return before[len(b)]
}

// meant orders the words that a typed one may have meant, the nearest first, at most n.
func meant(typed string, candidates []string, begins bool, n int) []string {
	type scored struct {
		word string
		off  int
	}
	var fits []scored
	for _, w := range candidates {
		if off := distance(typed, w, begins); off > 0 && off <= slips(utf8.RuneCountInString(typed)) {
			fits = append(fits, scored{w, off*100 + utf8.RuneCountInString(w)})
		}
	}
	slices.SortFunc(fits, func(a, b scored) int {
		if a.off != b.off {
			return a.off - b.off
		}
		return slices.Compare([]rune(a.word), []rune(b.word))
	})
	var out []string
	for _, f := range fits[:min(n, len(fits))] {
		out = append(out, f.word)
	}
	return out
}
