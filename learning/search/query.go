package search

import (
	"strings"
	"unicode/utf8"
)

// Limits of a question.
const (
	queryMax = 200 // characters; what is beyond is not looked at
	termsMax = 8
)

// term is one word of a question, or a run of characters of a script without spaces.
type term struct {
	words []string // alternatives that a text's words may begin with; of a run its pairs in order
	stems []string // the word's stems in the portal's languages
	run   bool
}

// parse takes a question apart; nothing is left of one that is too short to mean something.
func parse(query string) (terms []term) {
	if runes := []rune(query); len(runes) > queryMax {
		query = string(runes[:queryMax])
	}
	seen := map[string]bool{}
	last := -1 // where the last token of a run ended to begin
	for _, t := range tokens(strings.ToValidUTF8(query, " ")) {
		if len(terms) == termsMax && !t.dense {
			break
		}
		if t.dense {
			if last >= 0 && t.from < last { // it overlaps the pair before: the same run
				if utf8.RuneCountInString(t.word) > 1 {
					terms[len(terms)-1].words = append(terms[len(terms)-1].words, t.word)
				}
			} else if len(terms) < termsMax {
				terms = append(terms, term{words: []string{t.word}, run: true})
			} else {
				break
			}
			last = t.to
			continue
		}
		last = -1
		if seen[t.word] {
			continue
		}
		seen[t.word] = true
		one := term{words: []string{t.word}}
		if t.other != "" {
			one.words = append(one.words, t.other)
		}
		terms = append(terms, one)
	}
	if len(terms) == 1 && !terms[0].run && utf8.RuneCountInString(terms[0].words[0]) < 2 {
		return nil
	}
	return terms
}

// asked is a question in PostgreSQL's terms.
type asked struct {
	All   string // every term somewhere
	Title string // every term in the title
	Exact string // every term as it was typed, not as a beginning
	Own   string // some term in what is the entry's own, not around it
}

// ask writes terms as PostgreSQL reads them. The words hold letters, digits and marks only, so nothing of a question can
// become an operator; they are quoted all the same.
func ask(terms []term) asked {
	var all, title, exact, own []string
	for _, t := range terms {
		if t.run {
			run, inTitle, ofIts := make([]string, len(t.words)), make([]string, len(t.words)), make([]string, len(t.words))
			for i, w := range t.words {
				suffix := ""
				if utf8.RuneCountInString(w) == 1 {
					suffix = ":*"
				}
				run[i], inTitle[i], ofIts[i] = quoted(w)+suffix, quoted(w)+weighted(suffix, "A"), quoted(w)+weighted(suffix, "AD")
			}
			all, title, exact = append(all, "("+strings.Join(run, " <-> ")+")"), append(title, "("+strings.Join(inTitle, " <-> ")+")"), append(exact, "("+strings.Join(run, " <-> ")+")")
			own = append(own, "("+strings.Join(ofIts, " <-> ")+")")
			continue
		}
		var begins, inTitle, whole []string
		for _, w := range t.words {
			begins, inTitle, whole = append(begins, quoted(w)+":*"), append(inTitle, quoted(w)+":*A"), append(whole, quoted(w))
		}
		for _, w := range t.stems {
			begins, inTitle = append(begins, quoted(w)), append(inTitle, quoted(w)+":A")
		}
		for _, w := range t.words {
			own = append(own, quoted(w)+":*AD")
		}
		for _, w := range t.stems {
			own = append(own, quoted(w)+":AD")
		}
		all, title, exact = append(all, "("+strings.Join(begins, " | ")+")"), append(title, "("+strings.Join(inTitle, " | ")+")"), append(exact, "("+strings.Join(whole, " | ")+")")
	}
	return asked{All: strings.Join(all, " & "), Title: strings.Join(title, " & "), Exact: strings.Join(exact, " & "), Own: strings.Join(own, " | ")}
}

func weighted(suffix, weights string) string {
	if suffix == "" {
		return ":" + weights
	}
	return suffix + weights
}

func quoted(word string) string {
	return "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(word) + "'"
}
