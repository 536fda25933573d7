package qti

import (
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"lyceum/learning/bank/format"
	"lyceum/learning/question"
)

// rules are how an item marks its responses.
type rules struct {
	there    bool
	mapped   map[string]bool // by their mapping; every other one by its correct response
	numbers  map[string][]numbered
	wholly   bool // less than all marks are none
	foreign  bool // written out, and not in a form that is known to mean the same
	withheld bool // SCORE is set by no rule
}

// numbered is a number that a rule compares with, and what it gives.
type numbered struct {
	value string
	question.Range
	points float64
}

// plainly are the elements of rules that are read as they are meant.
var plainly = map[string]bool{"responseProcessing": true, "responseCondition": true, "responseIf": true, "responseElse": true, "responseElseIf": true, "match": true, "variable": true, "correct": true, "setOutcomeValue": true, "baseValue": true, "mapResponse": true, "mapResponsePoint": true, "isNull": true, "sum": true, "not": true}

// rulesOf reads the response processing of an item (QTI 2.1 Information Model, 8).
func rulesOf(n *format.Node, ours bool) rules {
	r := rules{mapped: map[string]bool{}, numbers: map[string][]numbered{}}
	if n == nil {
		return r
	}
	r.there = true
	switch name := strings.TrimSuffix(path.Base(n.Attr["template"]), ".xml"); name {
	case "map_response", "map_response_point", "CC2_map_response":
		r.mapped["RESPONSE"] = true
	case "match_correct", "CC2_match", "CC2_match_basic", ".":
	default:
		r.foreign = n.Find("setOutcomeValue") == nil
	}
	ways, odd := 0, false
	n.Walk(func(x *format.Node) {
		switch x.Name {
		case "mapResponse", "mapResponsePoint":
			r.mapped[x.Attr["identifier"]] = true
			ways++
		case "match":
			ways++
		case "responseCondition":
			r.condition(x)
		}
		odd = odd || !plainly[x.Name]
	})
	if !ours && (odd && len(r.numbers) == 0 || ways > 1) {
		r.foreign = true
	}
	return r
}

// condition reads a chain that compares a number, or takes marks away that are not all.
func (r *rules) condition(n *format.Node) {
	for _, k := range n.Kids {
		if k.Name != "responseIf" && k.Name != "responseElseIf" {
			continue
		}
		given, ok := 0.0, false
		if set := k.Kid("setOutcomeValue"); set != nil {
			given, ok = decimal(set.Kid("baseValue").Words())
		}
		if lt := k.Kid("lt"); lt != nil && ok && given == 0 && lt.Kid("variable") != nil && lt.Kid("variable").Attr["identifier"] == "SCORE" {
			r.wholly = true
		}
		eq := k.Kid("equal")
		if eq == nil || eq.Kid("variable") == nil || !ok {
			continue
		}
		x := numbered{points: given, value: eq.Kid("baseValue").Words()}
		low, high, _ := strings.Cut(strings.TrimSpace(eq.Attr["tolerance"]), " ")
		if high = strings.TrimSpace(high); high == "" {
			high = low
		}
		switch mode := eq.Attr["toleranceMode"]; {
		case mode == "absolute" && low == high:
			x.Tolerance = low
		case mode == "relative" && low == high:
			if p, ok := decimal(low); ok {
				x.Tolerance, x.Relative = strconv.FormatFloat(p/100, 'f', -1, 64), true
			}
		case mode == "absolute" || mode == "relative":
			r.foreign = true
			x.Tolerance = low
		}
		if z, ok := decimal(x.Tolerance); ok && z == 0 {
			x.Tolerance = ""
		}
		id := eq.Kid("variable").Attr["identifier"]
		r.numbers[id] = append(r.numbers[id], x)
	}
}

func decimal(s string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) && math.Abs(v) < 1e12
}

// mark is what a response gives.
type mark struct {
	key       string
	points    float64
	sensitive bool
}

// marks are what the responses to one interaction give.
type marks struct {
	right        []string // the correct response, in its order
	list         []mark   // the mapping
	mapped       bool
	fallback     float64
	lower, upper *float64
}

func (r *reader) marks(id string) (m marks) {
	d := r.declared[id]
	for _, v := range d.Kid("correctResponse").All("value") {
		m.right = append(m.right, strings.Join(strings.Fields(v.Words()), " "))
	}
	mapping := d.Kid("mapping")
	if mapping == nil {
		if r.rules.mapped[id] {
			r.it.Note("Points for answers are missing: the correct response counts.")
		}
		return m
	}
	if m.mapped = r.rules.mapped[id] || !r.rules.there && len(m.right) == 0; !m.mapped {
		return m
	}
	m.fallback, _ = decimal(mapping.Attr["defaultValue"])
	m.lower, m.upper = bound(mapping, "lowerBound"), bound(mapping, "upperBound")
	for _, e := range mapping.All("mapEntry") {
		v, _ := decimal(e.Attr["mappedValue"])
		m.list = append(m.list, mark{strings.Join(strings.Fields(e.Attr["mapKey"]), " "), v, e.Attr["caseSensitive"] != "false"})
	}
	return m
}

func bound(n *format.Node, name string) *float64 {
	if v, ok := decimal(n.Attr[name]); ok {
		return &v
	}
	return nil
}

// worth is what a choice gives.
func (m marks) worth(key string) float64 {
	if !m.mapped {
		if slices.Contains(m.right, key) {
			return 1
		}
		return 0
	}
	for _, x := range m.list {
		if x.key == key {
			return x.points
		}
	}
	return m.fallback
}

func (m marks) floored() bool { return m.lower != nil && *m.lower >= 0 }

func share(v, all float64) question.Share {
	return question.Share(math.Round(min(max(v/all, -1), 1) * float64(question.Whole)))
}

// shares are what choices give of a question's marks, and how they add up.
func (r *reader) shares(keys []string, m marks, several bool) (out []question.Share, scoring question.Scoring) {
	var best, sum, least float64
	values := make([]float64, len(keys))
	rights, even := 0.0, true
	for i, k := range keys {
		v := m.worth(k)
		values[i] = v
		best, sum, least = max(best, v), sum+max(v, 0), min(least, v)
		if v > 0 {
			rights++
		}
	}
	for _, v := range values {
		even = even && math.Abs(math.Abs(v)-best) < 1e-9
	}
	all := best
	if several {
		all = sum
	}
	if m.mapped && m.upper != nil && *m.upper > 0 && *m.upper < all || all > 0 && m.upper != nil && math.Abs(*m.upper-all)/all < 1e-4 {
		all = *m.upper
	}
	if all <= 0 {
		r.it.Refuse("The file does not say what is right.")
		all = 1
	}
	simple := true
	for _, v := range values {
		out = append(out, share(v, all))
		simple = simple && (v == 0 || v == best)
	}
	switch {
	case !m.mapped && several:
		for i, v := range values {
			out[i] = share(v, 1)
		}
		return out, question.AllOrNothing
	case !several && (simple || m.floored() && least < 0 && onlyBest(values, best)):
		for i := range out {
			out[i] = max(out[i], 0)
		}
		return out, ""
	case several && even && m.floored() && math.Abs(all-sum) < 1e-9 && rights > 0:
		for i, v := range values {
			out[i] = 0
			if v > 0 {
				out[i] = question.Whole
			}
		}
		return out, ""
	}
	if m.floored() && least < 0 {
		if several {
			r.it.Note("Marks can go below nothing here; in the file they cannot.")
		} else {
			for i := range out {
				out[i] = max(out[i], 0)
			}
		}
	}
	return out, question.Weighted
}

func onlyBest(values []float64, best float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return v > 0 && v != best })
}
