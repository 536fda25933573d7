package question

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"lyceum/internal/uid"
)

// Asked is what who is asked may see of a question: nothing of it tells the solution.
type Asked struct {
	Kind      Kind       `json:"kind"`
	Prompt    string     `json:"prompt"` // Markdown; of Blanks: with {{id}} where a gap is
	Picture   *uid.ID    `json:"picture,omitempty"`
	PictureOf string     `json:"picture_of,omitempty"`
	Options   []Shown    `json:"options,omitempty"`  // Single, Multiple, TrueFalse, Ordering
	Items     []Shown    `json:"items,omitempty"`    // Matching: what gets a partner, by pair id
	Partners  []Shown    `json:"partners,omitempty"` // Matching: every text once
	Gaps      []AskedGap `json:"gaps,omitempty"`     // Blanks, in the order of the text
	Units     []string   `json:"units,omitempty"`    // Numeric
	Areas     []Shown    `json:"areas,omitempty"`    // HotSpot: labels to choose, for who does not point
	Pick      int        `json:"pick,omitempty"`     // HotSpot: how many places are asked for
	MinWords  int        `json:"min_words,omitempty"`
	MaxWords  int        `json:"max_words,omitempty"`
	Template  string     `json:"template,omitempty"`
	MaxFiles  int        `json:"max_files,omitempty"`
	Accept    []string   `json:"accept,omitempty"`
}

// Shown is something to choose.
type Shown struct {
	ID   string `json:"id"`
	Text string `json:"text"` // Markdown
}

// AskedGap is a gap to fill in: with a text, with a number, or by choosing.
type AskedGap struct {
	ID      string  `json:"id"`
	Number  bool    `json:"number,omitempty"`
	Options []Shown `json:"options,omitempty"`
}

// Ask gives what may be shown. What can be shuffled stands in an order that the seed decides: the same seed, the same
// order, whenever and wherever it is asked again.
func Ask(q Question, seed uint64) Asked {
	a := Asked{Kind: q.Kind, Prompt: q.Prompt, Picture: q.Picture, PictureOf: q.PictureOf}
	shuffle := func(name string, list []Shown, keep bool) []Shown {
		if keep {
			return list
		}
		// The order written says something where it is the solution, so shuffling begins with the order of the ids.
		slices.SortStableFunc(list, func(a, b Shown) int { return compare(a.ID, b.ID) })
		h := fnv.New64a()
		h.Write([]byte(name))
		rand.New(rand.NewPCG(seed, h.Sum64())).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		return list
	}
	switch q.Kind {
	case Single, Multiple:
		a.Options = shuffle("options", shown(q.Options), q.Keep)
	case TrueFalse:
		a.Options = shown(q.Options)
	case Ordering:
		a.Options = shuffle("options", shown(q.Options), false)
	case Matching:
		for _, p := range q.Pairs {
			a.Items = append(a.Items, Shown{ID: p.ID, Text: p.Item})
		}
		a.Items = shuffle("items", a.Items, q.Keep)
		a.Partners = shuffle("partners", shown(q.partners()), false)
	case Numeric:
		if q.Numbers != nil {
			for _, u := range q.Numbers.Units {
				a.Units = append(a.Units, u.Name)
			}
		}
	case Blanks:
		for _, g := range q.Gaps {
			a.Gaps = append(a.Gaps, AskedGap{ID: g.ID, Number: g.Numbers != nil, Options: shuffle("gap "+g.ID, shown(g.Options), q.Keep)})
		}
	case HotSpot:
		for _, area := range q.Areas {
			a.Areas = append(a.Areas, Shown{ID: area.ID, Text: area.Label})
			if area.Right {
				a.Pick++
			}
		}
		a.Areas = shuffle("areas", a.Areas, q.Keep)
	case Essay, File:
		if h := q.Hand; h != nil {
			a.MinWords, a.MaxWords, a.Template, a.Accept = h.MinWords, h.MaxWords, h.Template, slices.Clone(h.Accept)
			a.MaxFiles = h.MaxFiles
		}
		if q.Kind == File {
			a.MaxFiles = min(max(a.MaxFiles, 1), MaxFiles)
		} else {
			a.MaxFiles = 0
		}
	}
	return a
}

func shown(options []Option) (out []Shown) {
	for _, o := range options {
		out = append(out, Shown{ID: o.ID, Text: o.Text})
	}
	return out
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
