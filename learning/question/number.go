package question

import (
	"math/big"
	"regexp"
	"strings"
	"unicode"
)

// number is what a written number looks like once signs and separators are in order. The power of ten is short, so that
// nobody makes the machine write a million zeros.
var number = regexp.MustCompile(`^([+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40}))(?:e([+-]?\d{1,3}))?`)

// maxPower is the greatest power of ten a number may have.
const maxPower = 300

// split parts what was typed into a number and the unit behind it. It takes 1.5, 1,5, 1 234.5, 1.234,5, 1'234.5, −2,
// 1e-3 and 2·10^3; where dot and comma both stand, the last is the decimal mark and the other parts thousands.
func split(typed string) (n *big.Rat, unit string, ok bool) {
	s := plain(typed)
	digits := strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) || r == '%' || r == '°' })
	if digits < 0 {
		digits = len(s)
	}
	head, tail := s[:digits], s[digits:]
	dot, comma := strings.LastIndexByte(head, '.'), strings.LastIndexByte(head, ',')
	switch {
	case dot >= 0 && comma > dot:
		head = strings.ReplaceAll(head, ".", "")
	case comma >= 0 && dot > comma, strings.Count(head, ",") > 1:
		head = strings.ReplaceAll(head, ",", "")
	}
	if strings.Count(head, ".") > 1 {
		head = strings.ReplaceAll(head, ".", "")
	}
	s = strings.ReplaceAll(head, ",", ".") + tail
	m := number.FindStringSubmatch(s)
	if m == nil {
		return nil, "", false
	}
	n, ok = decimal(m[1], m[2])
	return n, s[len(m[0]):], ok
}

// plain takes spaces out and writes signs and powers one way.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), r == '\'', r == '’', r == '\u202f':
			return -1
		case r == '−', r == '–':
			return '-'
		}
		return r
	}, s)
	for _, power := range []string{"·10^", "×10^", "*10^", "x10^"} {
		s = strings.Replace(s, power, "e", 1)
	}
	// A capital E before a digit is a power too; any other belongs to a unit.
	if i := strings.IndexByte(s, 'E'); i > 0 && i+1 < len(s) && strings.ContainsRune("+-0123456789", rune(s[i+1])) {
		s = s[:i] + "e" + s[i+1:]
	}
	return s
}

func decimal(digits, power string) (*big.Rat, bool) {
	n, ok := new(big.Rat).SetString(digits)
	if !ok || power == "" {
		return n, ok
	}
	p, ok := new(big.Int).SetString(power, 10)
	if !ok || p.CmpAbs(big.NewInt(maxPower)) > 0 {
		return nil, false
	}
	ten := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), new(big.Int).Abs(p), nil))
	if p.Sign() < 0 {
		ten.Inv(ten)
	}
	return n.Mul(n, ten), true
}

// exact reads a number that an author wrote, without a unit.
func exact(s string) (*big.Rat, bool) {
	n, unit, ok := split(s)
	return n, ok && unit == ""
}

// given reads an answer as a number in the first unit. Where the unit is chosen beside the number, it is not typed as well.
func (n Numbers) given(typed, chosen string) (*big.Rat, bool) {
	v, unit, ok := split(typed)
	if !ok {
		return nil, false
	}
	if chosen != "" {
		if unit != "" && plain(unit) != plain(chosen) {
			return nil, false
		}
		unit = chosen
	}
	if len(n.Units) == 0 {
		return v, unit == ""
	}
	if unit == "" {
		return v, n.UnitFree
	}
	for _, u := range n.Units {
		if plain(u.Name) == plain(unit) {
			factor, ok := exact(u.Factor)
			if !ok {
				return nil, false
			}
			return v.Mul(v, factor), true
		}
	}
	return nil, false
}

// bounds are the least and the greatest number that a range takes.
func (r Range) bounds() (low, high *big.Rat, ok bool) {
	v, ok := exact(r.Value)
	if !ok {
		return nil, nil, false
	}
	t := new(big.Rat)
	if r.Tolerance != "" {
		if t, ok = exact(r.Tolerance); !ok || t.Sign() < 0 {
			return nil, nil, false
		}
	}
	if r.Relative {
		t = new(big.Rat).Mul(t, new(big.Rat).Abs(v))
	}
	return new(big.Rat).Sub(v, t), new(big.Rat).Add(v, t), true
}

// first finds the first range that a number lies in.
func (n Numbers) first(typed, unit string) (r Range, found bool) {
	v, ok := n.given(typed, unit)
	if !ok {
		return Range{}, false
	}
	for _, r := range n.Ranges {
		if low, high, ok := r.bounds(); ok && v.Cmp(low) >= 0 && v.Cmp(high) <= 0 {
			return r, true
		}
	}
	return Range{}, false
}

// Between makes the range reach from one number to another, both included; false when they are none or the wrong way
// around.
func (r *Range) Between(low, high string) bool {
	l, ok1 := exact(low)
	h, ok2 := exact(high)
	if !ok1 || !ok2 || l.Cmp(h) > 0 {
		return false
	}
	two := big.NewRat(2, 1)
	middle := new(big.Rat).Quo(new(big.Rat).Add(l, h), two)
	half := new(big.Rat).Quo(new(big.Rat).Sub(h, l), two)
	r.Value, r.Tolerance, r.Relative = written(middle), written(half), false
	return true
}

// written is a number as a decimal without zeros that say nothing.
func written(n *big.Rat) string {
	s := n.FloatString(40)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Absolute is the tolerance as a number, whether it is written as one or as a part of the value; "" for none.
func (r Range) Absolute() string {
	low, high, ok := r.bounds()
	if !ok || low.Cmp(high) == 0 {
		return ""
	}
	return written(new(big.Rat).Quo(new(big.Rat).Sub(high, low), big.NewRat(2, 1)))
}

// Decimal is the value with a dot, as machines read it.
func (r Range) Decimal() string {
	n, ok := exact(r.Value)
	if !ok {
		return r.Value
	}
	return written(n)
}
