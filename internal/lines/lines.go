// Package lines compares texts line by line: what changed from one to another, and what two people made of the same
// text, put together. It knows nothing of what the texts are.
package lines

import (
	"slices"
	"strings"
)

// Kind is what a stretch of a comparison is.
type Kind string

const (
	// Same stands in both texts.
	Same Kind = "same"
	// Added stands in the later text only.
	Added Kind = "added"
	// Removed stands in the earlier text only.
	Removed Kind = "removed"
)

// Change is a stretch of lines of one kind.
type Change struct {
	Kind  Kind
	Lines []string
}

// Split cuts a text into its lines, without their ends. An empty text has none.
func Split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
}

// Diff tells how the later text came of the earlier one: its stretches without Added are the earlier text, those without
// Removed the later.
func Diff(earlier, later string) []Change {
	a, b := Split(earlier), Split(later)
	var out []Change
	add := func(k Kind, lines []string) {
		if len(lines) == 0 {
			return
		}
		if n := len(out); n > 0 && out[n-1].Kind == k {
			out[n-1].Lines = append(out[n-1].Lines, lines...)
			return
		}
		out = append(out, Change{k, slices.Clone(lines)})
	}
	i, j := 0, 0
	for _, p := range append(matches(a, b), pair{len(a), len(b)}) {
		add(Removed, a[i:p.a])
		add(Added, b[j:p.b])
		if p.a < len(a) {
			add(Same, a[p.a:p.a+1])
		}
		i, j = p.a+1, p.b+1
	}
	return out
}

// Near leaves of a comparison what changed and up to n lines around it. A Same stretch that was cut says so with an empty
// line list in its place.
func Near(all []Change, n int) []Change {
	var out []Change
	for i, c := range all {
		if c.Kind != Same {
			out = append(out, c)
			continue
		}
		head, tail := n, n
		if i == 0 {
			head = 0
		}
		if i == len(all)-1 {
			tail = 0
		}
		if len(c.Lines) <= head+tail {
			out = append(out, c)
			continue
		}
		if head > 0 {
			out = append(out, Change{Same, c.Lines[:head]})
		}
		out = append(out, Change{Same, nil})
		if tail > 0 {
			out = append(out, Change{Same, c.Lines[len(c.Lines)-tail:]})
		}
	}
	return out
}

// pair says that line a of one text is line b of the other.
type pair struct{ a, b int }

// tableMost bounds the table that compares two stretches without a line of their own: beyond it they count as replaced.
const tableMost = 1 << 20

// matches pairs the lines two texts share, in order. Lines that stand once in both are paired first (patience), which
// keeps paragraphs together and time near n·log n.
func matches(a, b []string) []pair {
	var out []pair
	between(a, b, 0, 0, &out)
	return out
}

func between(a, b []string, fromA, fromB int, out *[]pair) {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		*out = append(*out, pair{fromA + head, fromB + head})
		head++
	}
	a, b, fromA, fromB = a[head:], b[head:], fromA+head, fromB+head
	tail := 0
	for tail < len(a) && tail < len(b) && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	middleA, middleB := a[:len(a)-tail], b[:len(b)-tail]
	if len(middleA) > 0 && len(middleB) > 0 {
		if anchors := increasing(unique(middleA, middleB)); len(anchors) > 0 {
			i, j := 0, 0
			for _, p := range anchors {
				between(middleA[i:p.a], middleB[j:p.b], fromA+i, fromB+j, out)
				*out = append(*out, pair{fromA + p.a, fromB + p.b})
				i, j = p.a+1, p.b+1
			}
			between(middleA[i:], middleB[j:], fromA+i, fromB+j, out)
		} else if len(middleA)*len(middleB) <= tableMost {
			longest(middleA, middleB, fromA, fromB, out)
		}
	}
	for k := tail; k > 0; k-- {
		*out = append(*out, pair{fromA + len(a) - k, fromB + len(b) - k})
	}
}

// unique pairs the lines that stand once in both, in the order of a.
func unique(a, b []string) []pair {
	type seen struct{ a, b, inA, inB int }
	at := map[string]*seen{}
	for i, l := range a {
		if at[l] == nil {
			at[l] = &seen{}
		}
		at[l].a, at[l].inA = i, at[l].inA+1
	}
	for j, l := range b {
		if s := at[l]; s != nil {
			s.b, s.inB = j, s.inB+1
		}
	}
	var out []pair
	for i, l := range a {
		if s := at[l]; s.inA == 1 && s.inB == 1 {
			out = append(out, pair{i, s.b})
		}
	}
	return out
}

// increasing keeps the most pairs that are in order in both texts: the longest increasing run, by patience.
func increasing(pairs []pair) []pair {
	var tops []int // index of the last pair of the best run of each length
	before := make([]int, len(pairs))
	for i, p := range pairs {
		n, _ := slices.BinarySearchFunc(tops, p.b, func(top, b int) int { return pairs[top].b - b })
		before[i] = -1
		if n > 0 {
			before[i] = tops[n-1]
		}
		if n == len(tops) {
			tops = append(tops, i)
		} else {
			tops[n] = i
		}
	}
	if len(tops) == 0 {
		return nil
	}
	out := make([]pair, len(tops))
	for i, k := tops[len(tops)-1], len(tops)-1; i >= 0; i, k = before[i], k-1 {
		out[k] = pairs[i]
	}
	return out
}

// longest pairs the longest common run by the table.
func longest(a, b []string, fromA, fromB int, out *[]pair) {
	width := len(b) + 1
	table := make([]int32, (len(a)+1)*width)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				table[i*width+j] = table[(i+1)*width+j+1] + 1
			} else {
				table[i*width+j] = max(table[(i+1)*width+j], table[i*width+j+1])
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			*out = append(*out, pair{fromA + i, fromB + j})
			i, j = i+1, j+1
		case table[(i+1)*width+j] >= table[i*width+j+1]:
			i++
		default:
			j++
		}
	}
}
