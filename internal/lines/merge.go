package lines

import (
	"slices"
	"strings"
)

// Origin is who a stretch of a merged text comes from.
type Origin string

const (
	// Neither changed it.
	Neither Origin = "neither"
	// Mine was changed by me alone.
	Mine Origin = "mine"
	// Theirs was changed by them alone.
	Theirs Origin = "theirs"
	// Agreed was changed by both alike.
	Agreed Origin = "agreed"
	// Clash was changed by both, each otherwise.
	Clash Origin = "clash"
)

// Part is a stretch of two people's work on one text: what stood there, and what each made of it.
type Part struct {
	Origin             Origin
	Base, Mine, Theirs []string
}

// Lines is what the merged text says there. Of a clash both stay, mine first.
func (p Part) Lines() []string {
	switch p.Origin {
	case Theirs:
		return p.Theirs
	case Clash:
		return slices.Concat(p.Mine, p.Theirs)
	}
	return p.Mine
}

// Merged is what two people made of the same text, put together.
type Merged []Part

// Text is the merged text. Nothing that either wrote is left out of it.
func (m Merged) Text() string {
	var all []string
	for _, p := range m {
		all = append(all, p.Lines()...)
	}
	return strings.Join(all, "\n")
}

// Clashes are the stretches that both changed, each otherwise.
func (m Merged) Clashes() []Part {
	return slices.DeleteFunc(slices.Clone([]Part(m)), func(p Part) bool { return p.Origin != Clash })
}

// Merge puts together what two people made of base (diff3: a stretch that one of them left as it was becomes what the
// other made of it). Base must be a text that both began from; an older one than the last they shared will do.
func Merge(base, mine, theirs string) Merged {
	b, m, t := Split(base), Split(mine), Split(theirs)
	inMine, inTheirs := make([]int, len(b)), make([]int, len(b))
	for _, side := range []struct {
		at    []int
		found []pair
	}{{inMine, matches(b, m)}, {inTheirs, matches(b, t)}} {
		for i := range side.at {
			side.at[i] = -1
		}
		for _, p := range side.found {
			side.at[p.a] = p.b
		}
	}
	var out Merged
	add := func(p Part) {
		if len(p.Base)+len(p.Mine)+len(p.Theirs) == 0 {
			return
		}
		if n := len(out); n > 0 && out[n-1].Origin == Neither && p.Origin == Neither {
			out[n-1].Base, out[n-1].Mine, out[n-1].Theirs = append(out[n-1].Base, p.Base...), append(out[n-1].Mine, p.Mine...), append(out[n-1].Theirs, p.Theirs...)
			return
		}
		out = append(out, p)
	}
	i, j, k := 0, 0, 0 // the next line of base, mine and theirs
	for at := 0; at <= len(b); at++ {
		if at < len(b) && (inMine[at] < 0 || inTheirs[at] < 0) {
			continue
		}
		toMine, toTheirs := len(m), len(t)
		if at < len(b) {
			toMine, toTheirs = inMine[at], inTheirs[at]
		}
		add(settled(b[i:at], m[j:toMine], t[k:toTheirs]))
		if at < len(b) {
			add(Part{Neither, slices.Clone(b[at : at+1]), slices.Clone(m[toMine : toMine+1]), slices.Clone(t[toTheirs : toTheirs+1])})
		}
		i, j, k = at+1, toMine+1, toTheirs+1
	}
	return out
}

// settled says whose a stretch is.
func settled(base, mine, theirs []string) Part {
	p := Part{Clash, slices.Clone(base), slices.Clone(mine), slices.Clone(theirs)}
	switch {
	case slices.Equal(mine, theirs) && slices.Equal(base, mine):
		p.Origin = Neither
	case slices.Equal(mine, theirs):
		p.Origin = Agreed
	case slices.Equal(base, mine):
		p.Origin = Theirs
	case slices.Equal(base, theirs):
		p.Origin = Mine
	}
	return p
}
