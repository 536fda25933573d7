package rubric

import (
	"fmt"

	"lyceum/internal/fault"
)

// Kind is the form of a mark.
type Kind string

const (
	// ByRubric is a level for each criterion.
	ByRubric Kind = "rubric"
	// ByPoints is a number of points.
	ByPoints Kind = "points"
	// ByPass is passed or not.
	ByPass Kind = "pass"
)

// Kinds are all forms of a mark, in the order in which they are offered.
var Kinds = []Kind{ByPass, ByPoints, ByRubric}

// Scheme is how work is marked. The zero value is passed or not.
type Scheme struct {
	Kind   Kind   `json:"kind,omitempty"`
	Max    Points `json:"max,omitempty"`  // of ByPoints; a rubric has its own
	Pass   int    `json:"pass,omitempty"` // percent of the most points that passes; of ByPass there is none
	Rubric Rubric `json:"rubric,omitzero"`
}

// Given is what a marker says of a piece of work: what its scheme asks for is read, the rest is not.
type Given struct {
	Passed bool   `json:"passed,omitempty"`
	Points Points `json:"points,omitempty"`
	Picks  []Pick `json:"picks,omitempty"`
	// Percent is how good work that passed was found, where its scheme has no points: for the record, it decides nothing.
	Percent *int `json:"percent,omitempty"`
}

// Verdict is what comes of it.
type Verdict struct {
	Points  Points `json:"points"`
	Max     Points `json:"max"`
	Percent int    `json:"percent"`
	Passed  bool   `json:"passed"`
}

// Clean says what is wrong with a scheme and leaves out what its kind does not use.
func (s Scheme) Clean() (Scheme, error) {
	f := fault.Fields{}
	switch s.Kind {
	case "", ByPass:
		return Scheme{Kind: ByPass}, nil
	case ByPoints:
		f.Check(s.Max > 0 && s.Max <= MaxPoints, "max", fmt.Sprintf("Enter the most points, up to %s.", MaxPoints))
		s.Rubric = Rubric{}
	case ByRubric:
		var err error
		if s.Rubric, err = s.Rubric.Clean("rubric"); err != nil {
			return s, err
		}
		s.Max = 0
	default:
		f.Check(false, "kind", "Choose how this is marked.")
	}
	f.Check(s.Pass >= 0 && s.Pass <= 100, "pass", "Enter a number from 0 to 100.")
	return s, f.Err()
}

// Most is the most points of the scheme: of passed or not, one.
func (s Scheme) Most() Points {
	switch s.Kind {
	case ByRubric:
		return s.Rubric.Max()
	case ByPoints:
		return s.Max
	case ByPass:
	}
	return One
}

// Judge works out the verdict. The same given twice is the same verdict. Fields: points, criteria.<place>.
func (s Scheme) Judge(g Given) (Verdict, error) {
	v := Verdict{Max: s.Most()}
	switch s.Kind {
	case ByRubric:
		sum, err := s.Rubric.Add(g.Picks)
		if err != nil {
			return Verdict{}, err
		}
		v.Points = sum
	case ByPoints:
		if g.Points < 0 || g.Points > s.Max {
			return Verdict{}, fault.Invalid(map[string]string{"points": fmt.Sprintf("Enter points from 0 to %s.", s.Max)})
		}
		v.Points = g.Points
	default:
		if v.Passed = g.Passed; g.Passed {
			v.Points, v.Percent = One, 100
		}
		if g.Percent != nil && (*g.Percent < 0 || *g.Percent > 100) {
			return Verdict{}, fault.Invalid(map[string]string{"percent": "Enter a number from 0 to 100, or nothing."})
		}
		return v, nil
	}
	return v.percent(s, Percent(v.Points, v.Max)), nil
}

func (v Verdict) percent(s Scheme, percent int) Verdict {
	v.Percent, v.Passed = percent, percent >= s.Pass
	return v
}

// Less takes percent off a verdict, as for work that came late, down to a floor but never up to it: a verdict that is
// below the floor by itself stays. Passed or not is not touched where the scheme has no points.
func (s Scheme) Less(v Verdict, off, floor int) Verdict {
	if off <= 0 || s.Kind != ByRubric && s.Kind != ByPoints {
		return v
	}
	left := max(v.Percent-off, min(v.Percent, floor), 0)
	v.Points = v.Max * Points(left) / 100
	return v.percent(s, left)
}

// Apart is how many percent lie between two verdicts; passed and not passed are 100 apart where there are no points.
func Apart(a, b Verdict) int {
	d := a.Percent - b.Percent
	return max(d, -d)
}

// Mean is the verdict between several, each counting the same. Without points most of them decide, and a draw passes.
func (s Scheme) Mean(all ...Verdict) Verdict {
	out := Verdict{Max: s.Most()}
	if len(all) == 0 {
		return out
	}
	sum, passed := Points(0), 0
	for _, v := range all {
		if sum += v.Points; v.Passed {
			passed++
		}
	}
	if s.Kind != ByRubric && s.Kind != ByPoints {
		if out.Passed = 2*passed >= len(all); out.Passed {
			out.Points, out.Percent = One, 100
		}
		return out
	}
	n := Points(len(all))
	out.Points = (2*sum + n) / (2 * n)
	return out.percent(s, Percent(out.Points, out.Max))
}
